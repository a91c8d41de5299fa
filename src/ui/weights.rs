//! The weight editor.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::format::{self, left, right};
use super::paint::{Look, cursor_at, lines, popup, width};
use super::theme::Role;
use crate::app::{App, WeightEditor, wrap};
use crate::rollout::Effect;

/// On narrower screens nothing beside it could be read.
const NARROW: u16 = 60;
/// Cells of what is typed, and of the other two numbers; the names take the rest.
const FIELD: usize = 9;
const NUMBER: usize = 8;

pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    app: &App,
    editor: &WeightEditor,
    look: &Look,
) -> Option<Position> {
    let height = u16::try_from(editor.fields.len() + 6).unwrap_or(u16::MAX);
    let title = format!("weights of {}  rule {}", editor.route.id, editor.route.rule_label(editor.rule));
    let beside = if area.width < NARROW { 0 } else { 4 };
    let inside = popup(buffer, area, (area.width.saturating_sub(beside).min(76), height), &title, look);
    let room = usize::from(inside.width);
    // The present weights are no wider than they must be where names need the room.
    let widest =
        (0..editor.fields.len()).map(|index| editor.now(index).to_string().len() + 1).max().unwrap_or(0);
    let (now, share) = if area.width < NARROW { (widest.max(4), 7) } else { (NUMBER, NUMBER) };
    let names = room.saturating_sub(FIELD + now + share).clamp(6, 32);
    let mut all = vec![Line::from(look.span(
        Role::Muted,
        format!(
            "{}{}{}{}",
            left("backend", names),
            right("now", now),
            right("weight", FIELD),
            right("share", share)
        ),
    ))];
    for (index, field) in editor.fields.iter().enumerate() {
        let focused = index == editor.focus;
        let (weight, sum) = editor.share(index);
        let role = if focused { Role::Accent } else { Role::Text };
        all.push(Line::from(vec![
            look.span(role, left(&field.name, names)),
            look.span(Role::Muted, right(&editor.now(index).to_string(), now)),
            look.span(role, right(field.input.value(), FIELD)),
            look.span(Role::Text, right(&format::share(weight, sum), share)),
        ]));
    }
    all.push(Line::default());
    let chosen = app.chosen_canary(&editor.route.uid);
    let (role, words) = if let Some(told) = &editor.told {
        (Role::Warn, told.clone())
    } else {
        match editor.plan(&app.start.conventions, chosen) {
            Ok(plan) => {
                let effect = match plan.effect {
                    Effect::Advance => "an advance: the gate will be asked",
                    Effect::Retreat | Effect::Rollback => "no gate: nobody new gets traffic",
                };
                let more = plan.changes().count().saturating_sub(1);
                let more = if more > 0 {
                    format!("; {more} more rules with this split move too")
                } else {
                    String::new()
                };
                (Role::Text, format!("{effect}{more}"))
            }
            Err(refusal) => (Role::Warn, refusal.to_string()),
        }
    };
    all.extend(wrap(&words, room).into_iter().take(2).map(|line| Line::from(look.span(role, line))));
    // Of many backends on a low screen, at least that one is in sight that is typed into.
    let hidden = (editor.focus + 2).saturating_sub(inside.height.into());
    lines(buffer, inside, all.get(hidden..).unwrap_or_default());
    let field = editor.fields.get(editor.focus)?;
    // The number ends where the column does.
    let behind = usize::from(width(field.input.value())).saturating_sub(field.input.visual_cursor());
    cursor_at(
        inside,
        u16::try_from((editor.focus + 1).checked_sub(hidden)?).ok()?,
        names + now + FIELD - behind.min(FIELD),
    )
}
