//! Words that were typed into the wrong window, or pasted where the terminal does not tell it: `every` holds `r` `y`.
//!
//! A letter close behind another one still opens a dialog; only its first `y` is taken for a letter of the same word.

use std::time::Duration;

use super::msg::Effect;
use super::state::App;
use super::update::press;
use crate::keys::{Action, Context, Key};

/// Letters that come closer than this are of one word. Who looks at one dialog before asking for another takes longer.
const CLOSE: Duration = Duration::from_millis(300);

/// Letters as they come.
#[derive(Debug, Default)]
pub(super) struct Word {
    last: Option<Duration>,
    /// Whether the newest key is a letter close behind another one.
    pub(super) goes_on: bool,
}

/// Takes a key, and notes whether it may be of a word. Going down the list to what is then rolled back is none.
pub(super) fn pressed(app: &mut App, key: Key) -> Vec<Effect> {
    let now = app.now.since_start;
    let letter = matches!(key, Key::Char(letter) if letter.is_alphabetic());
    let action = app.start.keymap.lookup(Context::Routes, key);
    let moves = matches!(action, Some(Action::Down | Action::Up));
    let close = app.word.last.is_some_and(|last| now.saturating_sub(last) < CLOSE);
    app.word = Word { last: (letter && !moves).then_some(now), goes_on: letter && close };
    press(app, key)
}
