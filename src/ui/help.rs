//! The keys, from the table; and the question whether to quit.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::paint::{Look, Pen, lines, popup};
use super::theme::Role;
use crate::app::{App, Scroll};
use crate::keys::{Context, Keymap, sheet};

/// Cells of the keys before what they do; more keys push it to the right.
const KEYS: usize = 11;
/// Cells of what they do, before the mark of those that write.
const HELP: usize = 54;
/// Cells of one column, and of the gap between two.
const COLUMN: u16 = 74;
const GAP: u16 = 2;

pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    app: &App,
    scroll: &Scroll,
    look: &Look,
) -> Option<Position> {
    let sections = sections(&app.start.keymap, &app.contexts_below_help(), look);
    let columns = if area.width >= 2 * COLUMN + GAP + 4 { 2 } else { 1 };
    let columns = side_by_side(sections, columns);
    let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
    let width = u16::try_from(columns.len()).unwrap_or(1) * (COLUMN + GAP) - GAP + 4;
    let height = u16::try_from(longest + 2).unwrap_or(u16::MAX).min(area.height);
    let inside = popup(buffer, area, (width, height), "keys", look);
    let shown = usize::from(inside.height);
    let at = scroll.within(longest, shown);
    for (place, column) in (0u16..).zip(&columns) {
        let x = inside.x + place * (COLUMN + GAP);
        let part = Rect { x, width: COLUMN.min(inside.right().saturating_sub(x)), ..inside };
        lines(buffer, part, column.get(at..).unwrap_or_default());
    }
    if longest > shown && shown > 0 {
        let told = format!(" {}-{} of {longest} ", at + 1, (at + shown).min(longest));
        let x = inside.right().saturating_sub(super::paint::width(&told));
        Pen::new(buffer, x, inside.bottom(), inside.width).put(&told, look.style(Role::Muted));
    }
    None
}

/// The keys under the heading of their context; where one is comes first.
pub(super) fn sections(keymap: &Keymap, here: &[Context], look: &Look) -> Vec<Vec<Line<'static>>> {
    let others = Context::ALL.into_iter().filter(|context| !here.contains(context));
    let section = |context: Context| {
        let mut all = vec![Line::from(look.span(Role::Muted, context.title()))];
        all.extend(sheet(keymap, context).into_iter().map(|entry| {
            let mark = if entry.writes { "writes" } else { "" };
            Line::from(vec![
                look.span(Role::Accent, format!("{:KEYS$} ", entry.keys.join(" "))),
                look.span(Role::Text, format!("{:HELP$}", entry.help)),
                look.span(Role::Muted, mark),
            ])
        }));
        all
    };
    here.iter().copied().chain(others).map(section).filter(|section| section.len() > 1).collect()
}

/// Puts sections below each other, a blank line between them, in columns of about the same height.
fn side_by_side(sections: Vec<Vec<Line<'static>>>, columns: usize) -> Vec<Vec<Line<'static>>> {
    let all: usize = sections.iter().map(|section| section.len() + 1).sum();
    let mut placed: Vec<Vec<Line<'static>>> = vec![Vec::new()];
    for section in sections {
        let full = placed.last().is_some_and(|column| column.len() + section.len() / 2 > all / columns);
        if full && placed.len() < columns {
            placed.push(Vec::new());
        }
        let Some(column) = placed.last_mut() else { continue };
        if !column.is_empty() {
            column.push(Line::default());
        }
        column.extend(section);
    }
    placed
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
