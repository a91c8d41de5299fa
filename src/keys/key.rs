//! A key, apart from the terminal library that reported it.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use thiserror::Error;

/// A key that means something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// A character as typed; capitals are characters of their own.
    Char(char),
    /// A letter with ctrl.
    Ctrl(char),
    /// Cursor up.
    Up,
    /// Cursor down.
    Down,
    /// Cursor left.
    Left,
    /// Cursor right.
    Right,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tabulator.
    Tab,
    /// Tabulator with shift.
    BackTab,
    /// Deletes to the left.
    Backspace,
    /// Deletes to the right.
    Delete,
}

impl Key {
    /// The key of an event; `None` for keys that mean nothing here, and for those with alt.
    #[must_use]
    pub fn from_event(event: &KeyEvent) -> Option<Self> {
        let with = |modifier| event.modifiers.contains(modifier);
        if with(KeyModifiers::ALT) || with(KeyModifiers::SUPER) {
            return None;
        }
        Some(match event.code {
            KeyCode::Char(letter) if with(KeyModifiers::CONTROL) => Self::Ctrl(letter.to_ascii_lowercase()),
            KeyCode::Char(letter) => Self::Char(letter),
            KeyCode::Up => Self::Up,
            KeyCode::Down => Self::Down,
            KeyCode::Left => Self::Left,
            KeyCode::Right => Self::Right,
            KeyCode::PageUp => Self::PageUp,
            KeyCode::PageDown => Self::PageDown,
            KeyCode::Home => Self::Home,
            KeyCode::End => Self::End,
            KeyCode::Enter => Self::Enter,
            KeyCode::Esc => Self::Esc,
            KeyCode::Tab => Self::Tab,
            KeyCode::BackTab => Self::BackTab,
            KeyCode::Backspace => Self::Backspace,
            KeyCode::Delete => Self::Delete,
            _ => return None,
        })
    }
}

/// The keys that have a name, as it is shown and as the settings file has it.
const NAMED: [(Key, &str); 15] = [
    (Key::Up, "up"),
    (Key::Down, "down"),
    (Key::Left, "left"),
    (Key::Right, "right"),
    (Key::PageUp, "PgUp"),
    (Key::PageDown, "PgDn"),
    (Key::Home, "Home"),
    (Key::End, "End"),
    (Key::Enter, "Enter"),
    (Key::Esc, "Esc"),
    (Key::Tab, "Tab"),
    (Key::BackTab, "shift-Tab"),
    (Key::Backspace, "Backspace"),
    (Key::Delete, "Del"),
    (Key::Char(' '), "Space"),
];

impl Key {
    /// The names of keys that are no characters.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(_, name)| *name)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (NAMED.iter().find(|(key, _)| key == self), self) {
            (Some((_, name)), _) => f.write_str(name),
            (None, Self::Char(letter)) => write!(f, "{letter}"),
            (None, Self::Ctrl(letter)) => write!(f, "ctrl-{letter}"),
            (None, _) => Ok(()),
        }
    }
}

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadKey {
    /// Nothing is called so.
    #[error("there is no key '{0}'; keys are characters as typed, ctrl-a to ctrl-z, and: {names}", names = Key::names().collect::<Vec<_>>().join(", "))]
    Unknown(String),
    /// A terminal cannot tell it from another.
    #[error("a terminal sends ctrl-{0} as {1}: bind {1} instead")]
    Same(char, Key),
}

impl FromStr for Key {
    type Err = BadKey;

    /// Reads a key as it is displayed. Names may be in capitals or not; a single character is as typed.
    fn from_str(text: &str) -> Result<Self, BadKey> {
        let mut letters = text.chars();
        if let (Some(letter), None) = (letters.next(), letters.next())
            && !letter.is_control()
        {
            return Ok(Self::Char(letter));
        }
        if let Some((key, _)) = NAMED.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)) {
            return Ok(*key);
        }
        let lower = text.to_ascii_lowercase();
        match lower.strip_prefix("ctrl-").map(str::as_bytes) {
            Some([b'i']) => Err(BadKey::Same('i', Self::Tab)),
            Some([b'm']) => Err(BadKey::Same('m', Self::Enter)),
            Some([letter]) if letter.is_ascii_lowercase() => Ok(Self::Ctrl(char::from(*letter))),
            _ => Err(BadKey::Unknown(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_shows() {
        let letters = ('!'..='~').map(Key::Char);
        let with_ctrl = ('a'..='z').filter(|letter| !"im".contains(*letter)).map(Key::Ctrl);
        for key in NAMED.iter().map(|(key, _)| *key).chain(letters).chain(with_ctrl) {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        assert_eq!("ENTER".parse(), Ok(Key::Enter));
        assert_eq!("Ctrl-R".parse(), Ok(Key::Ctrl('r')));
        assert_eq!("G".parse(), Ok(Key::Char('G')));
    }

    #[test]
    fn refuses_what_no_terminal_sends() {
        assert_eq!("ctrl-m".parse::<Key>(), Err(BadKey::Same('m', Key::Enter)));
        for bad in ["", "escape", "alt-x", "ctrl-", "ctrl-1", "\n", "ss"] {
            assert_eq!(bad.parse::<Key>(), Err(BadKey::Unknown(bad.to_owned())));
        }
    }
}
