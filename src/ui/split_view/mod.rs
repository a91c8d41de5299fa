//! One open split: what it is set to, what is seen of it, and what may be done next.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::detail;
use super::paint::{Look, lines, ruler};
use super::theme::Role;
use crate::app::{App, SplitView};

pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, view: &SplitView, look: &Look) {
    if area.height == 0 {
        return;
    }
    let inside =
        Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(2), height: area.height - 1 };
    let Some(split) = app.selected() else {
        ruler(buffer, area, &[look.span(Role::Accent, view.id.to_string())], look);
        let why = app.gone(view).unwrap_or_default();
        let back = Line::from(look.span(Role::Muted, "Esc goes back to the list"));
        return lines(buffer, inside, &[Line::from(look.span(Role::Bad, why)), back]);
    };
    detail::draw_split(buffer, area, inside, app, &split, look);
}
