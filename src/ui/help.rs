//! The keys, from the table; and the question whether to quit.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::format::left;
use super::paint::{Look, lines, popup};
use super::theme::Role;
use crate::app::{App, Scroll};
use crate::keys::{Context, Keymap};

pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    keymap: &Keymap,
    scroll: &Scroll,
    look: &Look,
) -> Option<Position> {
    let all = text(keymap, look);
    let height = u16::try_from(all.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let inside = popup(buffer, area, (78, height), "keys", look);
    let at = scroll.within(all.len(), inside.height.into());
    lines(buffer, inside, &all[at..]);
    None
}

/// Every row of the table under the heading of its context.
pub(super) fn text(keymap: &Keymap, look: &Look) -> Vec<Line<'static>> {
    let mut all = Vec::new();
    for context in Context::ALL {
        if !all.is_empty() {
            all.push(Line::default());
        }
        all.push(Line::from(look.span(Role::Muted, context.title())));
        for binding in keymap.iter().filter(|row| row.context == context && !row.keys.is_empty()) {
            let mark = if binding.writes { "writes" } else { "" };
            all.push(Line::from(vec![
                look.span(Role::Accent, left(&binding.keys_text(), 12)),
                look.span(Role::Text, left(binding.help, 54)),
                look.span(Role::Muted, mark),
            ]));
        }
    }
    all
}

pub(super) fn draw_quit(buffer: &mut Buffer, area: Rect, app: &App, look: &Look) -> Option<Position> {
    let running: Vec<_> = app.changes.running().collect();
    let height = u16::try_from(running.len() + 6).unwrap_or(u16::MAX);
    let inside = popup(buffer, area, (72, height), "quit", look);
    let mut all = vec![Line::from(
        look.span(Role::Text, "Not all changes are proven yet. What was written stays written;"),
    )];
    all.push(Line::from(look.span(Role::Text, "only whether the traffic follows will not be seen.")));
    for change in running {
        let line = format!("{}  {}  {}", change.route(), change.what, change.stage.word());
        all.push(Line::from(look.span(Role::Accent, line)));
    }
    all.push(Line::default());
    all.push(Line::from(look.span(Role::Text, "y quit   n stay")));
    lines(buffer, inside, &all);
    None
}
