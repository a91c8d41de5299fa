//! The keys, from the table; and the question whether to quit.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::fold::fold;
use super::paint::{Look, lines, popup, section};
use super::reader;
use super::theme::Role;
use crate::app::{App, Scroll};
use crate::keys::{Context, Keymap, sheet};

/// Cells of the keys before what they do; more keys push it to the right.
const KEYS: usize = 11;
/// Cells of what they do, before the mark of those that write.
const HELP: usize = 38;
/// Cells of one column, and of the gap between two.
const COLUMN: u16 = 57;
const GAP: u16 = 2;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, scroll: &Scroll, look: &Look) {
    let room = COLUMN.min(area.width.saturating_sub(4)).into();
    let sections = sections(&app.start.keymap, &app.contexts_below_help(), room, look);
    let columns = side_by_side(&sections, if area.width >= 2 * COLUMN + GAP + 4 { 2 } else { 1 });
    let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
    let width = u16::try_from(columns.len()).unwrap_or(1) * (COLUMN + GAP) - GAP + 4;
    let height = u16::try_from(longest + 2).unwrap_or(u16::MAX).min(area.height);
    let inside = popup(buffer, area, (width, height), "keys", look);
    let at = scroll.within(longest, inside.height.into());
    for (place, column) in (0u16..).zip(&columns) {
        let x = inside.x + place * (COLUMN + GAP);
        let part = Rect { x, width: COLUMN.min(inside.right().saturating_sub(x)), ..inside };
        lines(buffer, part, column.get(at..).unwrap_or_default());
    }
    reader::place(buffer, inside, at, longest, app, look);
}

/// The keys under the heading of their context; where one is comes first.
pub(super) fn sections(
    keymap: &Keymap,
    here: &[Context],
    room: usize,
    look: &Look,
) -> Vec<Vec<Line<'static>>> {
    let others = Context::ALL.into_iter().filter(|context| !here.contains(context));
    let entries = |context: Context| {
        let title = [look.span(Role::Text, context.title())];
        let mut all = vec![section(room, &title, look)];
        all.extend(sheet(keymap, context).into_iter().flat_map(|entry| {
            let (help, mark) = if entry.writes {
                (format!("{:HELP$} ", entry.help), "writes")
            } else {
                (entry.help.to_owned(), "")
            };
            let line = Line::from(vec![
                look.span(Role::Accent, format!("{:KEYS$} ", entry.keys.join(" "))),
                look.span(Role::Text, help),
                look.span(Role::Muted, mark),
            ]);
            fold(&line, room, KEYS + 1)
        }));
        all
    };
    here.iter().copied().chain(others).map(entries).filter(|section| section.len() > 1).collect()
}

/// Puts sections below each other, in one column or in two of about the same height.
fn side_by_side(sections: &[Vec<Line<'static>>], columns: usize) -> Vec<Vec<Line<'static>>> {
    let height = |sections: &[Vec<Line<'_>>]| sections.iter().map(Vec::len).sum::<usize>();
    let highest = |at: &usize| height(&sections[..*at]).max(height(&sections[*at..]));
    let at = if columns == 1 { None } else { (0..=sections.len()).min_by_key(highest) };
    let (left, right) = sections.split_at(at.unwrap_or(sections.len()));
    [left, right].into_iter().filter(|part| !part.is_empty()).map(<[Vec<Line<'_>>]>::concat).collect()
}

pub(super) fn draw_quit(buffer: &mut Buffer, area: Rect, app: &App, look: &Look) {
    let running: Vec<_> = app.changes.running().collect();
    let columns = area.width.min(72);
    let room = usize::from(columns.saturating_sub(4));
    let words = "Not all changes are proven yet. What was written stays written; only whether the traffic follows \
                 will not be seen.";
    let keys = [look.span(Role::Accent, "y "), look.span(Role::Text, "quit    ")];
    let keys = keys.into_iter().chain([look.span(Role::Accent, "n "), look.span(Role::Text, "stay")]);
    // The keys come before what may not fit.
    let mut all = fold(&Line::from(look.span(Role::Text, words)), room, 0);
    all.push(Line::from(keys.collect::<Vec<_>>()));
    all.push(Line::default());
    for change in running {
        let line = format!("{}  {}  {}", change.route, change.what, change.stage.word());
        all.extend(fold(&Line::from(look.span(Role::Accent, line)), room, 2));
    }
    let height = u16::try_from(all.len() + 2).unwrap_or(u16::MAX);
    let inside = popup(buffer, area, (columns, height), "quit", look);
    lines(buffer, inside, &all);
}
