//! The palette.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::paint::{Look, Pen, cursor_at, cut, popup, width};
use super::theme::Role;
use crate::app::Palette;

/// Most items in sight.
const MOST: usize = 12;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, palette: &Palette, look: &Look) -> Option<Position> {
    let (text, muted) = (look.style(Role::Text), look.style(Role::Muted));
    let height = u16::try_from(MOST + 4).unwrap_or(u16::MAX);
    let inside = popup(buffer, area, (area.width.min(90), height), "go to or do", look);
    if inside.height < 3 {
        return None;
    }
    let count = palette.fitting.to_string();
    let mut pen = Pen::new(buffer, inside.x, inside.y, inside.width.saturating_sub(width(&count) + 1));
    pen.put(":", look.style(Role::Accent)).put(palette.input.value(), text);
    let x = inside.right().saturating_sub(width(&count));
    Pen::new(buffer, x, inside.y, width(&count)).put(&count, muted);
    let rows = Rect { y: inside.y + 2, height: inside.height - 2, ..inside };
    let top = (palette.cursor + 1).saturating_sub(rows.height.into());
    let reasons = reasons_at(palette, top, rows);
    for (y, (index, (item, marks))) in (rows.y..rows.bottom()).zip(palette.found().enumerate().skip(top)) {
        if index == palette.cursor {
            buffer.set_style(Rect { y, height: 1, ..inside }, look.style(Role::Selection));
        }
        let key = width(&item.key);
        let x = inside.right().saturating_sub(key);
        Pen::new(buffer, x, y, key).put(&item.key, look.style(Role::Accent));
        let room = inside.width.saturating_sub(key + 2);
        let text_room = if item.refused.is_some() { reasons.saturating_sub(2).min(room) } else { room };
        let mut pen = Pen::new(buffer, inside.x, y, text_room);
        let base = if item.refused.is_some() { look.style(Role::NoData) } else { text };
        let marked = base.patch(look.style(Role::Accent)).add_modifier(Modifier::BOLD);
        let is_cut = usize::from(width(&item.text)) > pen.room();
        for (place, letter) in item.text.chars().enumerate() {
            if is_cut && pen.room() <= 1 {
                pen.put("~", base);
                break;
            }
            let is_marked = u32::try_from(place).is_ok_and(|place| marks.binary_search(&place).is_ok());
            pen.put(letter.encode_utf8(&mut [0; 4]), if is_marked { marked } else { base });
        }
        if let Some(why) = &item.refused {
            let room = room.saturating_sub(reasons);
            let why = cut(why, room.into());
            Pen::new(buffer, inside.x + reasons, y, room).put(&why, look.style(Role::Warn));
        }
    }
    if palette.found().len() == 0 {
        let mut pen = Pen::new(buffer, rows.x, rows.y, rows.width);
        pen.put("nothing fits; `namespace NAME` goes to any namespace", muted);
    }
    cursor_at(inside, 0, 1 + palette.input.visual_cursor())
}

/// Cells before the reasons why something cannot be done now: one column for all that are in sight. Where not both fit,
/// the reason matters more than what cannot be done.
fn reasons_at(palette: &Palette, top: usize, rows: Rect) -> u16 {
    let shown = || palette.found().skip(top).take(rows.height.into()).map(|(item, _)| item);
    let refused = || shown().filter_map(|item| Some((width(&item.text), width(item.refused.as_ref()?))));
    let text = refused().map(|(text, _)| text).max().unwrap_or_default();
    let reason = refused().map(|(_, reason)| reason).max().unwrap_or_default();
    let key = shown().map(|item| width(&item.key)).max().unwrap_or_default();
    let left = rows.width.saturating_sub(reason + key + 2).max(rows.width / 3);
    left.min(text + 2)
}
