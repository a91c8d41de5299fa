//! The change under way, and what was changed before: ours and others'.

use std::cmp::Ordering;
use std::time::Duration;

use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::Part;
use super::part::LABEL;
use crate::app::{Change, Event};
use crate::keys::{Action, Context};
use crate::pilot::Ending;
use crate::ui::fold::fold;
use crate::ui::format::{self, left};
use crate::ui::theme::Role;
use crate::ui::words;

/// Cells from which on all stages of a change fit on a line.
const WHOLE_LADDER: usize = 100;
/// Cells of the moment of a change, and of how long ago that is.
const WHEN: usize = 22;
const AGO: usize = 9;
/// Rows of what is changed now.
pub(in crate::ui) const ROWS: usize = 2;
/// Rows of the changes before where there is little room.
pub(super) const NEWEST: usize = 3;

/// What is changed, or was changed last: always [`ROWS`] rows, so that nothing moves when a change begins or ends. What
/// is seen of a change that goes on stands at the foot of the screen.
pub(in crate::ui) fn under_way(part: &Part<'_>) -> [Line<'static>; ROWS] {
    let change = part.app.changes.standing(&part.split.route.id, part.split.changed);
    change.map_or_else(
        || [changed(part), Line::default()],
        |change| [stages(part, change), ending(part, change)],
    )
}

/// The ladder of its stages; where there is no room for all, the one that was reached, and how many there are.
fn stages(part: &Part<'_>, change: &Change) -> Line<'static> {
    let look = part.look;
    let stages = change.stages();
    let mut line = vec![part.label("change"), look.span(Role::Text, format!("{}  ", change.what))];
    let narrow = part.room < WHOLE_LADDER;
    if let Some(ending) = change.ending().filter(|_| narrow) {
        let sign = words::ending(ending, look);
        line.push(look.span(sign.role, format!("{} {}", sign.glyph, ending.word())));
        return Line::from(line);
    }
    for (place, &stage) in stages.iter().enumerate() {
        if narrow && stage != change.stage {
            continue;
        }
        if narrow {
            line.push(look.span(Role::Muted, format!("{}/{} ", place + 1, stages.len())));
        } else if place > 0 {
            line.push(look.span(Role::Border, " > "));
        }
        let unproven = change.ending().is_some_and(|ending| !matches!(ending, Ending::Proven(_)));
        let disproven = matches!(change.ending(), Some(Ending::Disproven(_)));
        let style = match stage.cmp(&change.stage) {
            Ordering::Greater => look.style(Role::NoData),
            Ordering::Equal if change.is_running() => look.style(Role::Accent).add_modifier(Modifier::BOLD),
            Ordering::Equal if disproven => look.style(Role::Bad),
            Ordering::Equal if unproven => look.style(Role::Warn),
            Ordering::Less | Ordering::Equal => look.style(Role::Ok),
        };
        // Without colours, brackets tell how far it is.
        let word =
            if stage == change.stage { format!("[{}]", stage.word()) } else { stage.word().to_owned() };
        line.push(Span::styled(word, style));
    }
    Line::from(line)
}

/// How it ended.
fn ending(part: &Part<'_>, change: &Change) -> Line<'static> {
    let Some(ending) = change.ending() else { return Line::default() };
    let sign = words::ending(ending, part.look);
    let text = match ending {
        // Where it is narrow, its word stands above.
        Ending::Proven(words) | Ending::Unproven(words) | Ending::Disproven(words)
            if part.room < WHOLE_LADDER =>
        {
            words.clone()
        }
        _ => format!("{} {ending}", sign.glyph),
    };
    let text = part.cut(&text, part.room.saturating_sub(LABEL));
    Line::from(vec![part.label(""), part.look.span(sign.role, text)])
}

/// The newest change, and who made it.
fn changed(part: &Part<'_>) -> Line<'static> {
    let look = part.look;
    let Some(event) = part.app.timeline(part.split).into_iter().next() else {
        return Line::from(vec![part.label("changed"), look.span(Role::NoData, "not known")]);
    };
    let done = format!("{} by {}: {}", ago(part, &event), event.who, event.what);
    let more = event.more.iter().map(|more| look.span(Role::Muted, format!("  {more}")));
    let line = [part.label("changed"), look.span(Role::Text, done)];
    Line::from(line.into_iter().chain(more).collect::<Vec<_>>())
}

fn ago(part: &Part<'_>, event: &Event) -> String {
    let age = event.at.and_then(|at| Duration::try_from(part.app.now.wall.duration_since(at)).ok());
    age.map_or_else(
        || "at an unknown time".to_owned(),
        |age| match age.as_secs() {
            0..60 => "just now".to_owned(),
            _ => format!("{} ago", format::age(age)),
        },
    )
}

/// The newest changes, in exactly `height` rows: one more change moves nothing.
pub(super) fn newest(part: &Part<'_>, height: usize) -> Vec<Line<'static>> {
    let events = part.app.timeline(part.split);
    let indent = AGO.min(part.room / 3);
    let mut all = Vec::new();
    let mut shown = 0;
    for event in &events {
        let rows = fold(&brief(part, event), part.room, indent);
        let last = usize::from(shown + 1 < events.len());
        if shown > 0 && all.len() + rows.len() + last > height {
            break;
        }
        all.extend(rows);
        shown += 1;
    }
    if events.is_empty() {
        all.push(Line::from(part.look.span(Role::NoData, "nothing is known yet")));
    } else if events.len() > shown {
        let key = part.app.start.keymap.key_of(Action::Timeline, Context::Split);
        let key = key.map(|key| format!(": {key}")).unwrap_or_default();
        let more = format!("{} more{key}", events.len() - shown);
        all.truncate(height.saturating_sub(1));
        all.push(Line::from(part.look.span(Role::Muted, more)));
    }
    all.resize_with(height, Line::default);
    all
}

fn brief(part: &Part<'_>, event: &Event) -> Line<'static> {
    let look = part.look;
    let who = if event.ours { Role::Accent } else { Role::Warn };
    let mut line = vec![
        look.span(Role::Muted, left(&ago(part, event), AGO)),
        look.span(who, format!("{}  ", format::middle(&event.who, 24))),
        look.span(Role::Text, event.what.clone()),
    ];
    if let Some(last) = event.more.last() {
        line.push(look.span(Role::Muted, format!("  {last}")));
    }
    Line::from(line)
}

/// All of them, each with everything that is known of it.
pub(super) fn all(part: &Part<'_>) -> Vec<Line<'static>> {
    let look = part.look;
    let mut all = Vec::new();
    for event in part.app.timeline(part.split) {
        let who = if event.ours { Role::Accent } else { Role::Warn };
        let at = event
            .at
            .map_or_else(|| format::NONE.to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string());
        let line = Line::from(vec![
            look.span(Role::Muted, left(&at, WHEN)),
            look.span(Role::Muted, left(&ago(part, &event), AGO)),
            look.span(who, format!("{}  ", event.who)),
            look.span(Role::Text, event.what.clone()),
        ]);
        let indent = (WHEN + AGO).min(part.room / 3);
        all.extend(fold(&line, part.room, indent));
        for more in &event.more {
            let more = Line::from(look.span(Role::Muted, format!("{}{more}", " ".repeat(indent))));
            all.extend(fold(&more, part.room, indent));
        }
    }
    if all.is_empty() {
        all.push(Line::from(look.span(Role::NoData, "nothing is known yet")));
    }
    all
}
