//! The line of messages, and hints of the keys that work now.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Clear, Widget};
use tui_input::Input;

use super::paint::{Look, Pen, cursor_at, width};
use super::theme::Role;
use super::words;
use crate::app::{App, Layer, wrap};
use crate::keys::Binding;

/// Most lines of a message.
const MOST_LINES: usize = 4;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, look: &Look) {
    if area.height == 0 {
        return;
    }
    if area.height > 1 {
        message(buffer, area, app, look);
    }
    let y = area.bottom() - 1;
    let place = match app.routes.len() {
        _ if app.open_split().is_some() => String::new(),
        0 => String::new(),
        rows => format!("{}/{rows}", app.list.cursor() + 1),
    };
    let room = area.width.saturating_sub(width(&place) + 3);
    let mut pen = Pen::new(buffer, area.x + 1, y, room);
    for binding in hints(app) {
        let keys = binding.keys.first().map(ToString::to_string).unwrap_or_default();
        if pen.room() < usize::from(width(&keys) + width(binding.hint) + 1) {
            break;
        }
        let works = !app.layers.is_empty() || app.cannot(binding.action).is_none();
        let key = if works { Role::Accent } else { Role::NoData };
        let word = if works { Role::Text } else { Role::NoData };
        pen.put(&keys, look.style(key)).put(" ", Style::new());
        pen.put(binding.hint, look.style(word)).put("  ", Style::new());
    }
    let x = area.right().saturating_sub(width(&place) + 1);
    Pen::new(buffer, x, y, width(&place)).put(&place, look.style(Role::Muted));
}

/// The filter being typed, where messages stand.
pub(super) fn filter(
    buffer: &mut Buffer,
    area: Rect,
    app: &App,
    input: &Input,
    look: &Look,
) -> Option<Position> {
    let y = area.bottom().checked_sub(2)?;
    let line = Rect { y, height: 1, ..area };
    Clear.render(line, buffer);
    let text = look.style(Role::Text);
    buffer.set_style(line, text);
    let found = format!("{} of {} routes", app.routes.routes_shown(), app.routes.entries().len());
    let mut pen = Pen::new(buffer, area.x + 1, y, area.width.saturating_sub(width(&found) + 4));
    pen.put("/", look.style(Role::Accent)).put(input.value(), text);
    let x = area.right().saturating_sub(width(&found) + 1);
    Pen::new(buffer, x, y, width(&found)).put(&found, look.style(Role::Muted));
    cursor_at(
        Rect { x: area.x + 2, y, width: area.width.saturating_sub(2), height: 1 },
        0,
        input.visual_cursor(),
    )
}

/// What was said last. What does not fit into one line takes more, from what is above.
fn message(buffer: &mut Buffer, area: Rect, app: &App, look: &Look) {
    let Some(said) = &app.said else { return };
    let lines = wrap(&said.text, usize::from(area.width).saturating_sub(2));
    let rows = lines.iter().take(MOST_LINES).rev().zip((0..=area.y).rev());
    for (line, y) in rows {
        Clear.render(Rect { y, height: 1, ..area }, buffer);
        Pen::new(buffer, area.x + 1, y, area.width.saturating_sub(2))
            .put(line, look.style(words::tone(said.tone)));
    }
}

/// The rows of the table that have a hint and mean something now.
fn hints(app: &App) -> impl Iterator<Item = &Binding> {
    // A dialog says itself which keys count now.
    let contexts =
        if matches!(app.layers.top(), Some(Layer::Change(_))) { Vec::new() } else { app.contexts() };
    let shown = |binding: &&Binding| !binding.hint.is_empty() && !binding.keys.is_empty();
    app.start.keymap.iter().filter(shown).filter(move |binding| contexts.contains(&binding.context))
}
