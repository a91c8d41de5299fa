//! What the gate says of the next stage: each check with its verdict and its numbers.

use ratatui::text::{Line, Span};

use super::Part;
use super::part::LABEL;
use crate::app::SplitView;
use crate::rollout::Verdict;
use crate::ui::format::left;
use crate::ui::theme::Role;
use crate::ui::words;

/// Cells of the name of a check.
const NAME: usize = 11;
/// Cells that breaking between words may leave empty at the end of a row.
const SLACK: usize = 12;

pub(super) fn title(part: &Part<'_>, view: &SplitView) -> Vec<Span<'static>> {
    let look = part.look;
    match part.app.preview(part.split) {
        Ok(preview) => {
            let verdict = preview.gate.verdict();
            let sign = words::verdict(verdict, look);
            vec![
                look.span(Role::Muted, "gate  "),
                look.span(sign.role, format!("{} {verdict}", sign.glyph)),
                look.span(Role::Muted, format!("  for {}{}", preview.to, other(part, view, &preview.to))),
            ]
        }
        Err(_) => vec![look.span(Role::Muted, "gate")],
    }
}

/// What the heading adds while another stage than the next one is marked: nobody has looked at that one.
fn other(part: &Part<'_>, view: &SplitView, next: &str) -> String {
    let ladder = part.app.start.conventions.ladder.of(part.split.route);
    let marked = view.stage(&ladder).and_then(|index| ladder.stages().get(index)).map(ToString::to_string);
    match marked {
        Some(marked) if marked != next => format!(" (next), not for {marked}"),
        Some(_) => " (next)".to_owned(),
        None => String::new(),
    }
}

/// One line a check, and more where its reason is long: of one that does not pass always, of the others as far as there
/// are `spare` rows. The dialog has all of every one.
pub(super) fn lines(part: &Part<'_>, mut spare: usize) -> Vec<Line<'static>> {
    let look = part.look;
    let preview = match part.app.preview(part.split) {
        Ok(preview) => preview,
        Err(why) => return part.wrapped(Role::Muted, "", &why),
    };
    let mut all = Vec::new();
    for check in &preview.gate.checks {
        let sign = words::verdict(check.verdict, look);
        let room = part.room.saturating_sub(NAME + 3);
        let mut rows = crate::app::wrap(&check.words, room);
        if matches!(check.verdict, Verdict::Pass | Verdict::NotApplicable) {
            match spare.checked_sub(rows.len().saturating_sub(1)) {
                Some(left) => spare = left,
                None => rows = vec![part.cut(&check.words, room)],
            }
        }
        for (place, words) in rows.into_iter().enumerate() {
            let (glyph, name) = if place == 0 { (sign.glyph, check.name) } else { (" ", "") };
            all.push(Line::from(vec![
                look.span(sign.role, format!("{glyph} ")),
                look.span(Role::Text, left(name, NAME)),
                look.span(Role::Muted, format!(" {words}")),
            ]));
        }
    }
    all
}

/// The verdict. Its reason takes two rows where one is too short.
pub(super) fn verdict(part: &Part<'_>, view: &SplitView) -> Line<'static> {
    let look = part.look;
    let room = part.room.saturating_sub(LABEL);
    let mut line = vec![part.label("gate")];
    match part.app.preview(part.split) {
        Ok(preview) => {
            let verdict = preview.gate.verdict();
            let sign = words::verdict(verdict, look);
            let said =
                format!("{} {verdict} for {}{}", sign.glyph, preview.to, other(part, view, &preview.to));
            let why = preview.gate.words();
            let room = (2 * room).saturating_sub(SLACK + said.chars().count() + 2);
            line.push(look.span(sign.role, said));
            if !why.is_empty() {
                line.push(look.span(Role::Muted, format!(": {}", part.cut(&why, room))));
            }
        }
        Err(why) => line.push(look.span(Role::Muted, part.cut(&why, room))),
    }
    Line::from(line)
}
