//! The change under way, and what was changed before: ours and others'.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::Part;
use super::part::LABEL;
use crate::app::Change;
use crate::pilot::{Ending, Stage};
use crate::rollout::{ChangeRecord, RuleWeights, weights_of};
use crate::route::Route;
use crate::ui::format;
use crate::ui::paint::cut;
use crate::ui::theme::Role;
use crate::ui::words;

/// Cells from which on all stages of a change fit on a line.
const WHOLE_LADDER: usize = 100;

/// The ladder of a change's stages, and what is seen.
pub(in crate::ui) fn under_way(part: &Part<'_>) -> Vec<Line<'static>> {
    let change = part.app.changes.of(&part.split.route.id);
    change.map(|change| stages(part, change)).unwrap_or_default()
}

fn stages(part: &Part<'_>, change: &Change) -> Vec<Line<'static>> {
    let (look, room) = (part.look, part.room);
    let stages = [Stage::Writing, Stage::Written, Stage::Observed, Stage::TrafficFollows, Stage::Proven];
    let mut line = vec![part.label("change"), look.span(Role::Text, format!("{}  ", change.what))];
    let unproven = change.ended.as_ref().is_some_and(|ending| !matches!(ending, Ending::Proven(_)));
    // Where there is no room for all, the stage that was reached, and how many there are.
    let narrow = room < WHOLE_LADDER;
    for (place, stage) in stages.into_iter().enumerate() {
        if narrow && stage != change.stage {
            continue;
        }
        if narrow {
            line.push(look.span(Role::Muted, format!("{}/{} ", place + 1, stages.len())));
        } else if place > 0 {
            line.push(look.span(Role::Border, " > "));
        }
        let style = match stage.cmp(&change.stage) {
            Ordering::Greater => look.style(Role::NoData),
            Ordering::Equal if change.is_running() => look.style(Role::Accent).add_modifier(Modifier::BOLD),
            Ordering::Equal if unproven => look.style(Role::Warn),
            Ordering::Less | Ordering::Equal => look.style(Role::Ok),
        };
        // Without colours, brackets tell how far it is.
        let word =
            if stage == change.stage { format!("[{}]", stage.word()) } else { stage.word().to_owned() };
        line.push(Span::styled(word, style));
    }
    if let Some(ending) = change.ended.as_ref().filter(|_| narrow) {
        let sign = words::ending(ending, look);
        line.push(look.span(sign.role, format!("  {} {}", sign.glyph, ending.word())));
    }
    let mut all = vec![Line::from(line)];
    let (role, text) = match &change.ended {
        Some(ending) => {
            let sign = words::ending(ending, look);
            (sign.role, format!("{} {ending}", sign.glyph))
        }
        None => (Role::Text, change.words.clone()),
    };
    if !text.is_empty() {
        let text = cut(&text, room.saturating_sub(LABEL));
        all.push(Line::from(vec![part.label(""), look.span(role, text)]));
    }
    all
}

/// The newest change, and who made it: ours by its record, others by who wrote the spec last.
pub(in crate::ui) fn changed(part: &Part<'_>) -> Line<'static> {
    let (app, route, look) = (part.app, part.split.route, part.look);
    let time = |at: &str| -> Option<Timestamp> { at.parse().ok() };
    let ago = |at: &str| {
        let age = time(at).and_then(|at| Duration::try_from(app.now.wall.duration_since(at)).ok());
        age.map_or_else(String::new, |age| match age.as_secs() {
            0..60 => "just now".to_owned(),
            _ => format!("{} ago", format::age(age)),
        })
    };
    let record = ChangeRecord::newest(route);
    let writer = route.last_writer.as_ref();
    let since = |record: &ChangeRecord| {
        let (ours, theirs) = (time(&record.at), writer.and_then(|writer| time(&writer.at)));
        writer.is_some_and(|writer| &*writer.manager != "tidegate") && theirs > ours
    };
    let mut line = vec![part.label("changed")];
    match (record.filter(|record| !since(record)), writer) {
        (Some(record), _) => {
            let done = format!("{} by {}: {}", ago(&record.at), record.actor, record.action);
            line.push(look.span(Role::Text, format!("{done}{}", moved(route, &record))));
            line.push(look.span(Role::Muted, format!("  {}", record.verdict)));
            if let Some(reason) = &record.reason {
                line.push(look.span(Role::Muted, format!("  reason: {reason}")));
            }
        }
        (None, Some(writer)) => {
            line.push(look.span(Role::Text, format!("{} with {}", ago(&writer.at), writer.manager)));
        }
        (None, None) => line.push(look.span(Role::NoData, "not known")),
    }
    Line::from(line)
}

/// The weights before and after, of the first rule that was changed, in its order: ` 95/5 -> 90/10`.
fn moved(route: &Route, record: &ChangeRecord) -> String {
    let Some(index) = record.after.keys().next() else { return String::new() };
    let list = |all: &BTreeMap<usize, RuleWeights>| {
        let weights = all.get(index).zip(route.rules.get(*index));
        let weights = weights.and_then(|(weights, rule)| weights_of(weights, rule, &route.id.namespace));
        let weights = weights.unwrap_or_default();
        if weights.is_empty() {
            return "?".to_owned();
        }
        weights.iter().map(ToString::to_string).collect::<Vec<_>>().join("/")
    };
    format!(" {} -> {}", list(&record.before), list(&record.after))
}

/// The newest changes that are known.
pub(super) fn newest(part: &Part<'_>) -> Vec<Line<'static>> {
    vec![changed(part)]
}
