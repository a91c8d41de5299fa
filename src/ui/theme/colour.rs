//! One colour on three kinds of terminals.

use ratatui::style::Color;
use serde::Deserialize;

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The sixteen named ones, whatever the user has made of them.
    Ansi16,
    /// The fixed cube and its greys.
    Ansi256,
    /// All of them.
    TrueColor,
}

impl Depth {
    /// What the environment says: `COLORTERM`, else the name of the terminal.
    #[must_use]
    pub fn detect(environment: impl Fn(&str) -> Option<String>) -> Self {
        let colorterm = environment("COLORTERM").unwrap_or_default();
        let term = environment("TERM").unwrap_or_default();
        if matches!(colorterm.as_str(), "truecolor" | "24bit") || term.ends_with("-direct") {
            Self::TrueColor
        } else if term.contains("256color") || KNOWN.iter().any(|known| term.starts_with(known)) {
            Self::Ansi256
        } else {
            Self::Ansi16
        }
    }
}

/// Terminals that do not count their colours in their name; COLORTERM seldom crosses ssh.
const KNOWN: [&str; 4] = ["alacritty", "foot", "xterm-ghostty", "xterm-kitty"];

/// An entry of a palette: its true colour, and what stands for it among sixteen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Colour {
    pub(super) rgb: Rgb,
    ansi: Ansi,
}

impl Colour {
    pub(super) fn at(self, depth: Depth) -> Color {
        match depth {
            Depth::Ansi16 => self.ansi.colour(),
            Depth::Ansi256 => Color::Indexed(self.rgb.nearest()),
            Depth::TrueColor => Color::Rgb(self.rgb.0[0], self.rgb.0[1], self.rgb.0[2]),
        }
    }
}

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Rgb(pub(super) [u8; 3]);

impl TryFrom<String> for Rgb {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = text
            .strip_prefix('#')
            .filter(|digits| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let [_, rgb @ ..] = number.ok_or(format!("{text:?} is not a colour like \"#82b1ff\""))?.to_be_bytes();
        Ok(Self(rgb))
    }
}

/// The levels of one channel in the colour cube.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

impl Rgb {
    /// The nearest of the 240 fixed colours; the first sixteen are anybody's guess.
    fn nearest(self) -> u8 {
        (16..=255).min_by_key(|&index| self.distance(Self::indexed(index))).unwrap_or(16)
    }

    fn indexed(index: u8) -> Self {
        match index.checked_sub(232) {
            Some(step) => Self([8 + 10 * step; 3]),
            None => Self([36, 6, 1].map(|place| CUBE[usize::from(index.saturating_sub(16) / place % 6)])),
        }
    }

    fn distance(self, other: Self) -> u32 {
        self.0.iter().zip(other.0).map(|(one, two)| u32::from(one.abs_diff(two)).pow(2)).sum()
    }
}

/// The sixteen by their ANSI names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Ansi {
    Black,
    Red,
    Green,
    Yellow,
    Blue,
    Magenta,
    Cyan,
    White,
    BrightBlack,
    BrightRed,
    BrightGreen,
    BrightYellow,
    BrightBlue,
    BrightMagenta,
    BrightCyan,
    BrightWhite,
}

impl Ansi {
    fn colour(self) -> Color {
        match self {
            Self::Black => Color::Black,
            Self::Red => Color::Red,
            Self::Green => Color::Green,
            Self::Yellow => Color::Yellow,
            Self::Blue => Color::Blue,
            Self::Magenta => Color::Magenta,
            Self::Cyan => Color::Cyan,
            Self::White => Color::Gray,
            Self::BrightBlack => Color::DarkGray,
            Self::BrightRed => Color::LightRed,
            Self::BrightGreen => Color::LightGreen,
            Self::BrightYellow => Color::LightYellow,
            Self::BrightBlue => Color::LightBlue,
            Self::BrightMagenta => Color::LightMagenta,
            Self::BrightCyan => Color::LightCyan,
            Self::BrightWhite => Color::White,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(term: &str, colorterm: &str) -> Depth {
        Depth::detect(|name| match name {
            "TERM" => Some(term.into()),
            "COLORTERM" => Some(colorterm.into()),
            _ => None,
        })
    }

    #[test]
    fn the_environment_tells_the_depth() {
        assert_eq!(depth("xterm-256color", "truecolor"), Depth::TrueColor);
        assert_eq!(depth("xterm-256color", ""), Depth::Ansi256);
        assert_eq!(depth("xterm-kitty", ""), Depth::Ansi256);
        assert_eq!(depth("linux", ""), Depth::Ansi16);
        assert_eq!(Depth::detect(|_| None), Depth::Ansi16);
    }

    #[test]
    fn the_nearest_of_256() {
        assert_eq!(Rgb([0, 0, 0]).nearest(), 16);
        assert_eq!(Rgb([255, 255, 255]).nearest(), 231);
        assert_eq!(Rgb([95, 135, 255]).nearest(), 69);
        assert_eq!(Rgb([49, 48, 47]).nearest(), 236);
    }
}
