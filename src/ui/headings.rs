//! Headings of the list: whose numbers stand below, over which window, and in which order the rows are.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::columns::{Column, Placed};
use super::paint::{Look, Pen};
use super::theme::Role;
use crate::app::Sort;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, columns: &[Placed], sort: Sort, most: f64, look: &Look) {
    let muted = look.style(Role::Muted);
    let (stable, canary) = (look.style(Role::Stable), look.style(Role::Canary));
    // With one row there is no room for whose numbers they are.
    let below = area.y + area.height.saturating_sub(1);
    let has_two = area.height > 1;
    for placed in columns {
        let (x, room) = (placed.x, placed.width);
        let title = match placed.column {
            Column::Glyph => continue,
            Column::Name => {
                name_heading(&mut Pen::new(buffer, x, below, room), sort, look);
                continue;
            }
            Column::Weights => "weights",
            Column::Observed => "observed 1m",
            Column::Errors => "errors 1m",
            Column::P99 => "p99 1m",
            Column::ErrorTrend => &format!("0-{:.0} %", most * 100.0),
            Column::LatencyTrend => "",
            Column::Rate => " req/s",
            Column::Stage => "stage",
            Column::Lamp => "rollback",
            Column::Word => "state",
            Column::Owner => "owner",
        };
        let versions = match placed.column {
            Column::Observed => vec![("canary", canary)],
            Column::Errors | Column::P99 => vec![("stable ", stable), ("canary", canary)],
            Column::ErrorTrend | Column::LatencyTrend => match halves(room) {
                // It stands beside the canary's number.
                (0, _) => Vec::new(),
                _ => vec![("stable", stable), ("canary", canary)],
            },
            _ => Vec::new(),
        };
        let is_trend = matches!(placed.column, Column::ErrorTrend | Column::LatencyTrend);
        let y = if versions.is_empty() && !is_trend { below } else { area.y };
        Pen::new(buffer, x, y, room).put(title, muted);
        if !has_two {
            continue;
        }
        let mut pen = Pen::new(buffer, x, below, room);
        let (first, _) = halves(room);
        for (place, (word, style)) in versions.into_iter().enumerate() {
            if place > 0 && is_trend {
                pen = Pen::new(buffer, x, below, room);
                pen.skip(u16::try_from(first + 1).unwrap_or(u16::MAX));
            }
            pen.put(word, style);
        }
    }
}

/// The order of the rows, where it is not by name, in whole words.
fn name_heading(pen: &mut Pen<'_>, sort: Sort, look: &Look) {
    let accent = look.style(Role::Accent);
    match sort {
        Sort::Name => drop(pen.put("route", look.style(Role::Muted)).room()),
        _ if pen.room() < "route ".len() + sort.word().len() => drop(pen.put(sort.word(), accent).room()),
        _ => drop(pen.put("route ", look.style(Role::Muted)).put(sort.word(), accent).room()),
    }
}

/// Cells for the sparklines of stable and canary; with little room there is only the canary's.
pub(super) fn halves(width: u16) -> (usize, usize) {
    let width = usize::from(width);
    if width < 17 { (0, width) } else { ((width - 1) / 2, (width - 1) / 2) }
}
