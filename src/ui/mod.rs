//! Draws the state of `app`: theme, layout, one file a view.
//!
//! Lives here: how things look. A frame is made from `&App` alone and changes nothing; only rows in sight are built.
//! Does not live here: what is known and decided (`app/`), how a frame reaches the terminal (`term/`).
//! Called by the runner in `cli/`, once a frame.

mod columns;
mod detail;
mod dialog;
mod fold;
mod footer;
pub mod format;
mod header;
mod headings;
mod help;
mod more;
mod paint;
mod palette;
mod reader;
mod routes;
mod split_view;
pub mod theme;
mod walk;
mod weights;
mod words;

#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::{App, Layer, panes, wrap};
pub use paint::Look;
use paint::Pen;

/// Columns and rows below which there is no list. Dialogs are drawn at any size.
const SMALLEST: (u16, u16) = (30, 6);

/// Rows below which every one is needed for what must be read before a change is confirmed.
const LOW: u16 = 20;

fn too_small(buffer: &mut Buffer, area: Rect, look: &Look) {
    let words = format!("too small: {}x{}, {}x{} at least", area.width, area.height, SMALLEST.0, SMALLEST.1);
    for (line, y) in wrap(&words, area.width.into()).iter().zip(area.y..area.bottom()) {
        Pen::new(buffer, area.x, y, area.width).put(line, look.style(theme::Role::Warn));
    }
}

/// Draws one frame.
pub fn draw(frame: &mut Frame<'_>, app: &App, look: &Look) {
    let area = frame.area();
    let panes = panes(app);
    let mut top = area.y;
    let mut take = |height: u16| {
        let height = height.min(area.bottom().saturating_sub(top));
        let part = Rect { y: top, height, ..area };
        top += height;
        part
    };
    let header = take(panes.header);
    let columns = take(panes.columns);
    let list = take(panes.list);
    let detail = take(panes.detail);
    let footer = take(panes.footer);
    let buffer = frame.buffer_mut();
    let ground = look.ground();
    for cell in &mut buffer.content {
        cell.set_style(ground);
    }
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        too_small(buffer, area, look);
    } else if let Some(view) = app.open_split() {
        let body = Rect { y: columns.y, height: panes.body(), ..area }.intersection(area);
        header::draw(buffer, header, app, look);
        split_view::draw(buffer, body, app, view, look);
        footer::draw(buffer, footer, app, look);
    } else {
        header::draw(buffer, header, app, look);
        routes::draw(buffer, columns, list, app, look);
        detail::draw(buffer, detail, app, look);
        footer::draw(buffer, footer, app, look);
    }
    let above = Rect { height: area.height.saturating_sub(footer.height), ..area };
    // A dialog has its own keys: where it is low, it takes the rows of the footer as well.
    let asking = if area.height < LOW { area } else { above };
    let mut cursor = None;
    for layer in app.layers.iter() {
        cursor = None;
        match layer {
            Layer::Help(scroll) => help::draw(buffer, above, app, scroll, look),
            Layer::Messages(scroll) => reader::messages(buffer, above, app, scroll, look),
            Layer::Object(view) => reader::object(buffer, above, app, view, look),
            Layer::Walk(view) => walk::draw(buffer, above, app, view, look),
            Layer::Quit => help::draw_quit(buffer, above, app, look),
            Layer::Palette(palette) => cursor = palette::draw(buffer, above, palette, look),
            Layer::Filter(input) => cursor = footer::filter(buffer, footer, app, input, look),
            Layer::Change(dialog) => cursor = dialog::draw(buffer, asking, app, dialog, look),
            Layer::Weights(editor) => cursor = weights::draw(buffer, above, app, editor, look),
        }
    }
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}
