//! A frame as text that a person can compare: its rows, and below them which style is where.

use std::collections::BTreeMap;
use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Color;

use super::cockpit::rows;

/// The rows, then one line a row with the runs of styles, `12a 5b`, then what the letters stand for.
pub fn pinned(buffer: &Buffer) -> String {
    let mut letters: BTreeMap<String, char> = BTreeMap::new();
    let mut told = rows(buffer) + "\n\n";
    for y in buffer.area.top()..buffer.area.bottom() {
        let styles: Vec<String> =
            (buffer.area.left()..buffer.area.right()).map(|x| style(&buffer[(x, y)])).collect();
        let runs = styles.chunk_by(|one, two| one == two).map(|run| {
            let next = char::from(b'a' + u8::try_from(letters.len() % 26).unwrap());
            let letter = letters.entry(run[0].clone()).or_insert(next);
            format!("{}{letter}", run.len())
        });
        let _ = writeln!(told, "{}", runs.collect::<Vec<_>>().join(" "));
    }
    let mut legend: Vec<_> = letters.iter().map(|(style, letter)| format!("{letter}: {style}")).collect();
    legend.sort();
    told + "\n" + &legend.join("\n")
}

fn style(cell: &Cell) -> String {
    let colour = |colour: Color| if colour == Color::Reset { "-".to_owned() } else { colour.to_string() };
    let modifier = if cell.modifier.is_empty() { String::new() } else { format!(" {:?}", cell.modifier) };
    format!("{} on {}{modifier}", colour(cell.fg), colour(cell.bg))
}
