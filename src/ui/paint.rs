//! Small tools to put styled text into cells.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::fold::fold;
use super::format;
use super::theme::{Background, Role, Theme};

/// How everything looks.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// Colours by meaning.
    pub theme: Theme,
    /// What the terminal is taken to be. A theme for the other kind paints its own background.
    pub terminal: Option<Background>,
    /// Only ASCII for bars, borders and glyphs.
    pub ascii: bool,
}

impl Look {
    pub(super) fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// What is below everything: the text's style, on the theme's own background where the terminal has another.
    pub(super) fn ground(&self) -> Style {
        self.terminal
            .map_or(Style::new(), |terminal| self.theme.ground(terminal))
            .patch(self.style(Role::Text))
    }

    pub(super) fn span(&self, role: Role, text: impl Into<String>) -> Span<'static> {
        Span::styled(text.into(), self.style(role))
    }

    /// A share as a line of `cells`: its part, and the rest as quiet as a border.
    pub(super) fn bar(&self, share: f64, cells: usize, fill: Style) -> [Span<'static>; 2] {
        let (part, rest) = format::bar(share, cells, self.ascii);
        [Span::styled(part, fill), self.span(Role::Border, rest)]
    }
}

/// Writes from left to right in one row, never beyond its end.
pub(super) struct Pen<'a> {
    buffer: &'a mut Buffer,
    x: u16,
    y: u16,
    end: u16,
}

impl<'a> Pen<'a> {
    pub(super) fn new(buffer: &'a mut Buffer, x: u16, y: u16, width: u16) -> Self {
        let area = buffer.area;
        let end = if y < area.bottom() { x.saturating_add(width).min(area.right()) } else { x };
        Self { buffer, x, y, end }
    }

    /// What fills a text up to its column is not underlined with it.
    pub(super) fn put(&mut self, text: &str, style: Style) -> &mut Self {
        if !style.add_modifier.contains(Modifier::UNDERLINED) {
            self.put_all(text, style);
            return self;
        }
        let (front, rest) = text.split_at(text.len() - text.trim_start_matches(' ').len());
        let (words, back) = rest.split_at(rest.trim_end_matches(' ').len());
        let blank = style.remove_modifier(Modifier::UNDERLINED);
        for (text, style) in [(front, blank), (words, style), (back, blank)] {
            self.put_all(text, style);
        }
        self
    }

    fn put_all(&mut self, text: &str, style: Style) {
        if self.x >= self.end {
            return;
        }
        if text.chars().all(fills_a_cell) {
            self.put_cells(text, style);
        } else {
            self.x = self.buffer.set_stringn(self.x, self.y, text, self.room(), style).0;
        }
    }

    /// Where each character is a cell, nobody has to look for clusters of them: that took a sixth of a frame.
    fn put_cells(&mut self, text: &str, style: Style) {
        let first = self.buffer.index_of(self.x, self.y);
        let beyond = first + self.room();
        for (cell, letter) in self.buffer.content[first..beyond].iter_mut().zip(text.chars()) {
            cell.set_char(letter).set_style(style);
            self.x += 1;
        }
    }

    pub(super) fn skip(&mut self, cells: u16) -> &mut Self {
        self.x = self.x.saturating_add(cells).min(self.end);
        self
    }

    /// Cells that are left.
    pub(super) fn room(&self) -> usize {
        usize::from(self.end.saturating_sub(self.x))
    }
}

/// Whether a character is one cell whatever stands beside it: ASCII, lines, blocks.
fn fills_a_cell(letter: char) -> bool {
    matches!(letter, ' '..='~' | '\u{2500}'..='\u{259f}')
}

/// Writes lines below each other, as far as there is room. What does not fit into its row ends with a mark.
pub(super) fn lines(buffer: &mut Buffer, area: Rect, lines: &[Line<'_>]) {
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        let mark = u16::from(shown(line) > area.width.into()).min(area.width);
        let mut pen = Pen::new(buffer, area.x, y, area.width - mark);
        for span in &line.spans {
            pen.put(&span.content, span.style);
        }
        let style = line.spans.last().map_or(Style::new(), |span| span.style);
        Pen::new(buffer, area.right() - mark, y, mark).put("~", style);
    }
}

/// Cells of a line without the blanks at its end.
fn shown(line: &Line<'_>) -> usize {
    let letters = line.spans.iter().rev().flat_map(|span| span.content.chars().rev());
    line.width() - letters.take_while(|letter| *letter == ' ').count()
}

/// Width of a text in cells, as the buffer counts.
pub(super) fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// A sentence in at most `room` cells: names are cut in the middle, words at the end.
pub(super) fn cut(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let fits = |end: &usize| text[..*end].width() < room;
    let end = text.char_indices().map(|(at, _)| at).take_while(fits).last().unwrap_or(0);
    if room == 0 { String::new() } else { format!("{}~", &text[..end]) }
}

/// A horizontal line with a title in it.
pub(super) fn ruler(buffer: &mut Buffer, area: Rect, title: &[Span<'_>], look: &Look) {
    let dash = if look.ascii { "-" } else { "─" };
    let border = look.style(Role::Border);
    let mut pen = Pen::new(buffer, area.x, area.y, area.width);
    if !title.is_empty() {
        pen.put(dash, border).put(" ", border);
        for span in title {
            pen.put(&span.content, span.style);
        }
        pen.put(" ", border);
    }
    let rest = dash.repeat(pen.room());
    pen.put(&rest, border);
}

/// A line of `room` cells with a title in it, between the parts of a column.
pub(super) fn section(room: usize, title: &[Span<'static>], look: &Look) -> Line<'static> {
    let (dash, border) = (if look.ascii { "-" } else { "─" }, look.style(Role::Border));
    let used: usize = title.iter().map(|span| span.content.width()).sum();
    let mut line = vec![Span::styled(format!("{dash} "), border)];
    line.extend(title.iter().cloned());
    line.push(Span::styled(format!(" {}", dash.repeat(room.saturating_sub(used + 3))), border));
    Line::from(line)
}

/// A cleared box with a border and a title, in the middle of `area`; returns what is inside. What lies behind it
/// loses its colours, so that nothing competes with it.
pub(super) fn popup(buffer: &mut Buffer, area: Rect, size: (u16, u16), title: &str, look: &Look) -> Rect {
    popup_edged(buffer, area, size, size.1, title, Role::Accent, look)
}

/// Columns and rows below which no box can be read.
const LEAST: (u16, u16) = (24, 6);

/// Says so instead of drawing a box that nobody could read.
fn too_small(buffer: &mut Buffer, area: Rect, look: &Look) -> Rect {
    let words = format!("too small for this dialog: {}x{}", buffer.area.width, buffer.area.height);
    Clear.render(area.intersection(buffer.area), buffer);
    buffer.set_style(area, look.ground());
    lines(buffer, area, &fold(&Line::from(look.span(Role::Warn, words)), area.width.into(), 0));
    Rect { width: 0, height: 0, ..area }
}

/// A [`popup`] whose border says something. It begins where one of `middle` rows would: what is longer grows downwards.
pub(super) fn popup_edged(
    buffer: &mut Buffer,
    area: Rect,
    size: (u16, u16),
    middle: u16,
    title: &str,
    edge: Role,
    look: &Look,
) -> Rect {
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return too_small(buffer, area, look);
    }
    let width = size.0.min(area.width);
    let x = area.x + (area.width - width) / 2;
    let above = (area.height - middle.min(size.1).min(area.height)) / 2;
    let (y, height) = (area.y + above, size.1.min(area.height - above));
    let outer = Rect { x, y, width, height };
    buffer.set_style(area, Style::reset().patch(look.ground()).patch(look.style(Role::Border)));
    Clear.render(outer, buffer);
    buffer.set_style(outer, look.ground());
    let [horizontal, vertical, corners @ ..] =
        if look.ascii { ["-", "|", "+", "+", "+", "+"] } else { ["─", "│", "╭", "╮", "╰", "╯"] };
    let border = look.style(edge);
    let inner_width = usize::from(width - 2);
    let edge = |left: &str, right: &str| format!("{left}{}{right}", horizontal.repeat(inner_width));
    buffer.set_stringn(x, y, edge(corners[0], corners[1]), width.into(), border);
    buffer.set_stringn(x, y + height - 1, edge(corners[2], corners[3]), width.into(), border);
    for row in y + 1..y + height - 1 {
        buffer.set_string(x, row, vertical, border);
        buffer.set_string(x + width - 1, row, vertical, border);
    }
    let title = cut(title, usize::from(width).saturating_sub(6));
    Pen::new(buffer, x + 2, y, width - 4).put(" ", border).put(&title, border).put(" ", border);
    Rect { x: x + 2, y: y + 1, width: width - 4, height: height - 2 }
}

/// Where the cursor stands `cells` into a line, if that is in sight.
pub(super) fn cursor_at(area: Rect, row: u16, cells: usize) -> Option<Position> {
    let x = area.x.checked_add(u16::try_from(cells).ok()?)?;
    let y = area.y.checked_add(row)?;
    (x < area.right() && y < area.bottom()).then_some(Position { x, y })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fills_a_cell_does_so_for_the_buffer_too() {
        let letters: String = ('\0'..='\u{ffff}').filter(|letter| fills_a_cell(*letter)).collect();
        assert_eq!(letters.chars().count(), 95 + 160);
        let area = Rect::new(0, 0, 300, 1);
        let (mut ours, mut theirs) = (Buffer::empty(area), Buffer::empty(area));
        Pen::new(&mut ours, 0, 0, 300).put(&letters, Style::new());
        theirs.set_string(0, 0, &letters, Style::new());
        assert_eq!(ours, theirs);
    }

    #[test]
    fn what_does_not_fit_into_its_row_ends_with_a_mark() {
        let drawn = |text: &str, width: u16| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 1));
            lines(&mut buffer, Rect::new(0, 0, width, 1), &[Line::from(text)]);
            let cells: String = (0..8).map(|x| buffer[(x, 0)].symbol()).collect();
            cells.trim_end().to_owned()
        };
        assert_eq!([drawn("abcd", 4), drawn("abcd    ", 4)], ["abcd"; 2]);
        assert_eq!([drawn("abcdef", 4), drawn("日本語", 4), drawn("ab", 0)], ["abc~", "日  ~", ""]);
    }
}
