//! A key, apart from the terminal library that reported it.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

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

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char(letter) => write!(f, "{letter}"),
            Self::Ctrl(letter) => write!(f, "ctrl-{letter}"),
            named => f.write_str(match named {
                Self::Up => "up",
                Self::Down => "down",
                Self::Left => "left",
                Self::Right => "right",
                Self::PageUp => "PgUp",
                Self::PageDown => "PgDn",
                Self::Home => "Home",
                Self::End => "End",
                Self::Enter => "Enter",
                Self::Esc => "Esc",
                Self::Tab => "Tab",
                Self::BackTab => "shift-Tab",
                Self::Backspace => "Backspace",
                _ => "Del",
            }),
        }
    }
}
