//! A frame as a picture: what is in the cells, drawn as shapes and runs of text in a window.
//!
//! Lines and blocks are shapes, so that they join in every viewer; each run of text is stretched to its cells, so
//! that columns stand below each other in every font.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use tidegate::ui::theme::Background;

/// Width and height of a cell, and the size of its font, whose letters are as wide as the cell.
const CELL: (f32, f32) = (8.43, 18.0);
const FONT_SIZE: f32 = 14.0;
/// From a cell's upper edge to the line that letters stand on.
const BASELINE: f32 = 13.5;
const MARGIN: f32 = 12.0;
const TITLE_BAR: f32 = 30.0;

/// What is around and below the theme.
struct Window {
    ground: &'static str,
    text: &'static str,
    edge: &'static str,
    dots: &'static str,
}

impl Window {
    fn of(background: Option<Background>) -> Self {
        match background {
            Some(Background::Light) => {
                Self { ground: "#ffffff", text: "#24292f", edge: "#d0d5dd", dots: "#c4cad3" }
            }
            _ => Self { ground: "#11141b", text: "#ccd5e3", edge: "#2a303c", dots: "#3a4150" },
        }
    }
}

/// The frame in a window titled `title`.
pub fn draw(buffer: &Buffer, background: Option<Background>, title: &str) -> String {
    let window = Window::of(background);
    let area = buffer.area;
    let width = 2.0 * MARGIN + f32::from(area.width) * CELL.0;
    let height = TITLE_BAR + MARGIN + f32::from(area.height) * CELL.1;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{}\">\n",
        escaped(title)
    );
    let Window { ground, text, edge, dots } = window;
    let (right, bottom) = (width - 1.0, height - 1.0);
    let _ = writeln!(
        svg,
        "<rect x=\"0.5\" y=\"0.5\" width=\"{right}\" height=\"{bottom}\" rx=\"8\" fill=\"{ground}\" stroke=\"{edge}\"/>"
    );
    for x in [18, 36, 54] {
        let _ = writeln!(svg, "<circle cx=\"{x}\" cy=\"16\" r=\"5\" fill=\"{dots}\"/>");
    }
    let _ = writeln!(
        svg,
        "<g font-family=\"'DejaVu Sans Mono',ui-monospace,Menlo,Consolas,monospace\" font-size=\"{FONT_SIZE}\" \
         xml:space=\"preserve\">"
    );
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"20\" text-anchor=\"middle\" font-size=\"12\" fill=\"{text}\" fill-opacity=\"0.6\">{}</text>",
        width / 2.0,
        escaped(title)
    );
    for y in area.top()..area.bottom() {
        row(&mut svg, buffer, y, &window);
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// What a cell looks like once reverse and the like are resolved.
#[derive(Clone, PartialEq)]
struct Ink {
    fg: String,
    bg: Option<String>,
    bold: bool,
    underlined: bool,
    faint: bool,
}

impl Ink {
    fn of(cell: &Cell, window: &Window) -> Self {
        let (fg, bg) = (hex(cell.fg), hex(cell.bg));
        let has = |modifier| cell.modifier.contains(modifier);
        let (fg, bg) = if has(Modifier::REVERSED) {
            (bg.or(Some(window.ground.into())), fg.or(Some(window.text.into())))
        } else {
            (fg, bg)
        };
        Self {
            fg: fg.unwrap_or_else(|| window.text.into()),
            bg,
            bold: has(Modifier::BOLD),
            underlined: has(Modifier::UNDERLINED),
            faint: has(Modifier::DIM),
        }
    }

    /// The attributes of a shape or a text in this ink.
    fn paint(&self, what: &str) -> String {
        let faint = if self.faint { format!(" {what}-opacity=\"0.6\"") } else { String::new() };
        format!("{what}=\"{}\"{faint}", self.fg)
    }
}

fn hex(colour: Color) -> Option<String> {
    match colour {
        Color::Reset => None,
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        other => panic!("pictures are drawn in true colours, not {other}"),
    }
}

fn row(svg: &mut String, buffer: &Buffer, y: u16, window: &Window) {
    let cells: Vec<(&str, Ink)> = (buffer.area.left()..buffer.area.right())
        .map(|x| (buffer[(x, y)].symbol(), Ink::of(&buffer[(x, y)], window)))
        .collect();
    let top = TITLE_BAR + f32::from(y) * CELL.1;
    for (start, run) in runs(&cells, |one, two| one.1.bg == two.1.bg) {
        if let Some(bg) = &run[0].1.bg {
            rect(svg, (left(start), top, left(run.len()) - MARGIN, CELL.1), &format!("fill=\"{bg}\""));
        }
    }
    for (start, run) in runs(&cells, |one, two| one.1 == two.1 && is_text(one.0) && is_text(two.0)) {
        let (symbol, ink) = &run[0];
        if !is_text(symbol) {
            shape(svg, symbol, (left(start), top), ink);
            continue;
        }
        // Words apart by more than one space are texts of their own.
        let mut words: Vec<(usize, usize)> = Vec::new();
        for (index, (symbol, _)) in run.iter().enumerate() {
            let blank = symbol.trim().is_empty();
            match words.last_mut() {
                Some((from, to)) if !blank && index - *to <= 1 => *to = index + 1,
                _ if !blank => words.push((index, index + 1)),
                _ => {}
            }
        }
        for (from, to) in words {
            let said: String = run[from..to].iter().map(|(symbol, _)| *symbol).collect();
            text(svg, (left(start + from), top + BASELINE), to - from, &said, ink);
        }
    }
}

/// Neighbours that belong together, with the place of the first.
fn runs<'a, T>(
    all: &'a [T],
    together: impl Fn(&T, &T) -> bool + 'a,
) -> impl Iterator<Item = (usize, &'a [T])> {
    all.chunk_by(together).scan(0, |start, run| {
        *start += run.len();
        Some((*start - run.len(), run))
    })
}

fn left(cells: usize) -> f32 {
    MARGIN + f32::from(u16::try_from(cells).unwrap()) * CELL.0
}

fn rect(svg: &mut String, (x, y, width, height): (f32, f32, f32, f32), paint: &str) {
    let _ = writeln!(
        svg,
        "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" {paint} shape-rendering=\"crispEdges\"/>"
    );
}

fn text(svg: &mut String, (x, y): (f32, f32), cells: usize, said: &str, ink: &Ink) {
    let weight = if ink.bold { " font-weight=\"bold\"" } else { "" };
    let line = if ink.underlined { " text-decoration=\"underline\"" } else { "" };
    let length = left(cells) - MARGIN;
    let _ = writeln!(
        svg,
        "<text x=\"{x:.2}\" y=\"{y:.2}\" textLength=\"{length:.2}\" lengthAdjust=\"spacingAndGlyphs\" {}{weight}{line}>{}</text>",
        ink.paint("fill"),
        escaped(said)
    );
}

/// Whether a cell is drawn as a letter, not as a shape.
fn is_text(symbol: &str) -> bool {
    !symbol.chars().all(|letter| ('\u{2500}'..='\u{259f}').contains(&letter))
}

/// A line or a block: a shape of its own.
fn shape(svg: &mut String, symbol: &str, (x, y): (f32, f32), ink: &Ink) {
    let (width, height) = CELL;
    let letter = symbol.chars().next().unwrap_or(' ');
    let code = letter as u32;
    // Eighths: from below with 2581 to 2588, from the left with 2589 to 258f.
    let eighths = |count: u32| f32::from(u8::try_from(count).unwrap()) / 8.0;
    match letter {
        '▁'..='█' => {
            let part = height * eighths(code - 0x2580);
            return rect(svg, (x, y + height - part, width, part), &ink.paint("fill"));
        }
        '▉'..='▏' => {
            return rect(svg, (x, y, width * eighths(0x2590 - code), height), &ink.paint("fill"));
        }
        _ => {}
    }
    let (middle, centre, right, bottom) = (x + width / 2.0, y + height / 2.0, x + width, y + height);
    let bend = width / 2.0;
    let curve = |from: f32, to: f32| {
        let end = if to > middle { middle + bend } else { middle - bend };
        let start = if from > centre { centre + bend } else { centre - bend };
        format!("M{middle:.2} {from:.2}V{start:.2}Q{middle:.2} {centre:.2} {end:.2} {centre:.2}H{to:.2}")
    };
    let (across, down) =
        (format!("M{x:.2} {centre:.2}H{right:.2}"), format!("M{middle:.2} {y:.2}V{bottom:.2}"));
    let half =
        |from: (f32, f32), to: (f32, f32)| format!("M{:.2} {:.2}L{:.2} {:.2}", from.0, from.1, to.0, to.1);
    let path = match letter {
        '─' | '━' => across,
        '│' => down,
        '╭' => curve(bottom, right),
        '╮' => curve(bottom, x),
        '╰' => curve(y, right),
        '╯' => curve(y, x),
        '├' => down + &half((middle, centre), (right, centre)),
        '┤' => down + &half((middle, centre), (x, centre)),
        '┬' => across + &half((middle, centre), (middle, bottom)),
        '┴' => across + &half((middle, centre), (middle, y)),
        '┼' => across + &down,
        other => panic!("no shape is known for {other:?}: give it one here"),
    };
    let thick = if letter == '━' { " stroke-width=\"3\"" } else { "" };
    let _ = writeln!(svg, "<path d=\"{path}\" {}{thick} fill=\"none\"/>", ink.paint("stroke"));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
