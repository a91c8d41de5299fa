//! A line of text that is being typed: what keys and pasted text do to it.

use tui_input::InputRequest;

use crate::keys::Key;

/// Letters taken of a pasted text.
const MOST_PASTED: usize = 200;

/// What a key does to a line of text.
pub(super) fn input_request(key: Key) -> Option<InputRequest> {
    Some(match key {
        Key::Char(letter) => InputRequest::InsertChar(letter),
        Key::Backspace => InputRequest::DeletePrevChar,
        Key::Delete => InputRequest::DeleteNextChar,
        Key::Left => InputRequest::GoToPrevChar,
        Key::Right => InputRequest::GoToNextChar,
        Key::Home => InputRequest::GoToStart,
        Key::End => InputRequest::GoToEnd,
        Key::Ctrl('u') => InputRequest::DeleteLine,
        Key::Ctrl('w') => InputRequest::DeletePrevWord,
        _ => return None,
    })
}

/// What pasted text does to it: a letter after the other, without what would steer a terminal.
pub(super) fn pasted(text: &str) -> impl Iterator<Item = InputRequest> {
    text.chars().filter(|letter| !letter.is_control()).take(MOST_PASTED).map(InputRequest::InsertChar)
}
