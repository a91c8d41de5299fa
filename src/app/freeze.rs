//! A frozen screen: data that comes meanwhile is held back and taken in order when it thaws. What becomes of changes
//! under way is still told.

use std::time::Duration;

use super::msg::{Effect, Msg, Now};
use super::panes::{FIRST_STEP, steps};
use super::state::{App, Tone};
use super::update::handle;
use crate::cluster::Update;

/// Most answers held back, apart from what the watch says: a long freeze loses the oldest numbers.
const MOST: usize = 500;

/// Since when the screen stands still, and what has come since.
#[derive(Debug)]
pub struct Frozen {
    /// Since when.
    pub since: Duration,
    held: Vec<(Now, Msg)>,
}

impl App {
    /// For how long the screen stands still, in words that may follow others; empty at first.
    #[must_use]
    pub fn frozen_for(&self) -> Option<String> {
        let age = self.now.since_start.saturating_sub(self.frozen.as_ref()?.since);
        Some(if age < FIRST_STEP { String::new() } else { format!(" {}", steps(age)) })
    }
}

/// Freezes the screen, or lets it go on.
pub(super) fn toggle(app: &mut App) -> Vec<Effect> {
    if app.frozen.is_some() {
        return thaw(app);
    }
    app.frozen = Some(Frozen { since: app.now.since_start, held: Vec::new() });
    Vec::new()
}

/// Takes what was held back, as of when it came.
pub(super) fn thaw(app: &mut App) -> Vec<Effect> {
    let Some(frozen) = app.frozen.take() else { return Vec::new() };
    let (now, asking) = (app.now, app.numbers.in_flight);
    let mut effects = Vec::new();
    for (at, msg) in frozen.held {
        app.now = at;
        effects.extend(handle(app, msg));
    }
    app.now = now;
    app.numbers.in_flight = asking;
    effects
}

/// Holds `msg` back if the screen is frozen and it is data.
pub(super) fn hold(app: &mut App, msg: Msg) -> Option<Msg> {
    let (now, generation) = (app.now, app.generation);
    let Some(frozen) = &mut app.frozen else { return Some(msg) };
    match &msg {
        Msg::Watch { generation: of, update: Update::Reset(_) } if *of == generation => {
            frozen.held.retain(|(_, held)| !matches!(held, Msg::Watch { .. }));
        }
        Msg::Watch { .. }
        | Msg::History { .. }
        | Msg::Facts { .. }
        | Msg::Counted { .. }
        | Msg::InFlight { .. }
        | Msg::Alerts { .. } => {}
        // The next question is asked as ever.
        Msg::Numbers { generation: of, .. } if *of == generation => app.numbers.in_flight = false,
        _ => return Some(msg),
    }
    frozen.held.push((now, msg));
    let is_answer = |msg: &Msg| !matches!(msg, Msg::Watch { .. });
    if frozen.held.len() > MOST
        && let Some(oldest) = frozen.held.iter().position(|(_, msg)| is_answer(msg))
    {
        frozen.held.remove(oldest);
    }
    None
}

/// A dialog is never about an old picture.
pub(super) fn thaw_for_dialog(app: &mut App) -> Vec<Effect> {
    if app.frozen.is_none() || !app.layers.asks() {
        return Vec::new();
    }
    let effects = thaw(app);
    app.say(Tone::Plain, "the screen goes on: a dialog is open");
    effects
}
