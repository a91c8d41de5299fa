//! Plain columns, as kubectl prints them: aligned, three spaces apart, no colour.

use std::fmt;

use unicode_width::UnicodeWidthStr;

const GAP: usize = 3;

/// A header and rows of the same number of cells.
pub struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; an empty cell is shown as `-`, so that columns can be counted.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut widths: Vec<usize> = self.header.iter().map(|cell| cell.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        line(f, &widths, self.header.iter().copied())?;
        self.rows.iter().try_for_each(|row| line(f, &widths, row.iter().map(String::as_str)))
    }
}

fn line<'a>(
    f: &mut fmt::Formatter<'_>,
    widths: &[usize],
    cells: impl Iterator<Item = &'a str>,
) -> fmt::Result {
    let mut owed = 0;
    for (width, cell) in widths.iter().zip(cells) {
        let cell = if cell.is_empty() { "-" } else { cell };
        write!(f, "{:owed$}{cell}", "")?;
        owed = width.saturating_sub(cell.width()) + GAP;
    }
    writeln!(f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_nothing_trails() {
        let mut table = Table::new(&["NAME", "STATE"]);
        table.row(vec!["checkout".to_owned(), "accepted".to_owned()]);
        table.row(vec!["日本".to_owned(), String::new()]);
        assert_eq!(table.to_string(), "NAME       STATE\ncheckout   accepted\n日本       -\n");
    }
}
