//! A change that waits for its confirmation: which key does what, and when.
//!
//! An advance arms after a moment, expires, and is confirmed again whenever the route has changed. A rollback is two
//! keys, and both may arrive before it is even prepared.

use std::time::Duration;

use tui_input::{Input, InputRequest};

use super::scroll::Scroll;
use crate::keys::{Action, Context, Key, Keymap};
use crate::pilot::{Confirmed, PrepareError, Prepared};
use crate::rollout::{Confirmation, Demand, Intent, Refusal};
use crate::route::{BackendRef, RouteId};

/// Before that, `y` does not count: nobody has read it.
pub(super) const ARMING: Duration = Duration::from_millis(300);
/// After that, what is shown is too old to be confirmed.
pub(super) const LIFETIME: Duration = Duration::from_secs(30);
/// A key that comes again within this time is being held: the first repeat of a terminal takes half a second.
const HELD: Duration = Duration::from_millis(600);
/// Letters that come closer than this are of one word.
const WORD: Duration = Duration::from_millis(1500);
/// Lines of a page.
const PAGE: usize = 8;
/// The reasons that one key gives.
pub const REASONS: [&str; 2] = ["low traffic", "checked elsewhere"];

/// Which action asked for the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// To the next stage.
    StepNext,
    /// To the stage before.
    StepBack,
    /// To a given stage.
    Stage,
    /// Any weights.
    Set,
    /// Swap a pair.
    Flip,
    /// The inverse of the newest change.
    Undo,
    /// Drain.
    RollBack,
}

/// What was asked for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// By which action.
    pub what: What,
    /// By which key: it is swallowed while the dialog is open, and prepares again what has expired.
    pub opened_by: Key,
    /// Of which route.
    pub route: RouteId,
    /// What exactly; a rollback does not know until it was said what to drain.
    pub intent: Option<Intent>,
}

/// What is shown to be confirmed.
#[derive(Debug)]
pub struct Ready {
    /// The change.
    pub prepared: Box<Prepared>,
    /// Since when this is on the screen.
    pub shown_at: Duration,
    /// Whether it is being prepared again.
    pub refreshing: bool,
    /// The reason that was given.
    pub reason: Option<String>,
    /// The name or the reason being typed.
    pub text: Input,
    /// Whether a reason is being typed.
    pub typing: bool,
}

/// How far the dialog is.
#[derive(Debug)]
pub enum Step {
    /// It is asked which backend is meant: each with its weight.
    Choose(Vec<(BackendRef, u32)>),
    /// The route is being read and the change prepared.
    Preparing,
    /// It can be confirmed.
    Ready(Ready),
    /// There is nothing to confirm: why.
    Failed(String),
}

/// The dialog.
#[derive(Debug)]
pub struct ChangeDialog {
    /// Number of the preparation whose answer is awaited.
    pub ticket: u64,
    /// What was asked for.
    pub ask: Ask,
    /// How far it is.
    pub step: Step,
    /// Why this is not what was shown first.
    pub note: Option<String>,
    /// Why the last key did nothing.
    pub told: Option<&'static str>,
    /// How far the lines that scroll are.
    pub scroll: Scroll,
    /// `y` was pressed before there was anything to confirm.
    pub yes_waits: bool,
    /// Identity of the object that is meant, once it is known.
    pub(super) uid: Option<Box<str>>,
    /// When the opening key was pressed last, as long as it may still be held down.
    opening: Option<Duration>,
    /// When the last letter of a text came.
    lettered: Option<Duration>,
}

/// What a key led to.
#[derive(Debug)]
pub(super) enum Outcome {
    Nothing,
    Prepare,
    Confirm(Box<Confirmed>),
    Copy,
    Close,
}

impl ChangeDialog {
    /// A dialog that was just opened by a key.
    #[must_use]
    pub fn new(ask: Ask, step: Step, now: Duration) -> Self {
        Self {
            ticket: 0,
            ask,
            step,
            note: None,
            told: None,
            scroll: Scroll::default(),
            yes_waits: false,
            uid: None,
            opening: Some(now),
            lettered: None,
        }
    }

    /// Whether this is a rollback.
    #[must_use]
    pub fn is_rollback(&self) -> bool {
        self.ask.what == What::RollBack
    }

    /// What is shown to be confirmed, if there is something.
    #[must_use]
    pub fn ready(&self) -> Option<&Ready> {
        match &self.step {
            Step::Ready(ready) => Some(ready),
            _ => None,
        }
    }

    /// Whether an answer is awaited.
    #[must_use]
    pub fn is_preparing(&self) -> bool {
        matches!(self.step, Step::Preparing) || self.ready().is_some_and(|ready| ready.refreshing)
    }

    /// Whether `y` counts by now.
    #[must_use]
    pub fn is_armed(&self, now: Duration) -> bool {
        self.ready().is_some_and(|ready| {
            self.is_rollback() || (!ready.refreshing && now.saturating_sub(ready.shown_at) >= ARMING)
        })
    }

    /// Whether what is shown has become too old.
    #[must_use]
    pub fn is_expired(&self, now: Duration) -> bool {
        self.ready().is_some_and(|ready| now.saturating_sub(ready.shown_at) >= LIFETIME)
    }

    /// Whether keys are letters of a text now. Nothing is typed for what has expired.
    #[must_use]
    pub fn is_typing(&self, now: Duration) -> bool {
        !self.is_expired(now)
            && self
                .ready()
                .is_some_and(|ready| ready.typing || matches!(ready.prepared.demand, Demand::Name(_)))
    }

    pub(super) fn key(&mut self, keymap: &Keymap, key: Key, now: Duration) -> Outcome {
        self.told = None;
        if key == self.ask.opened_by {
            let held = self.opening.is_some_and(|at| now.saturating_sub(at) < HELD);
            let typed = !held && self.is_typing(now);
            // Once it was let go it is a letter like others, and may come twice.
            self.opening = (!typed).then_some(now);
            if !typed {
                let again = matches!(self.step, Step::Failed(_)) || self.is_expired(now);
                return if again && !held { Outcome::Prepare } else { Outcome::Nothing };
            }
        } else {
            self.opening = None;
        }
        if self.is_typing(now) {
            return self.letter(keymap, key, now);
        }
        // What asked for the word may be gone in the middle of it; its last letters are no commands.
        if matches!(key, Key::Char(_)) && self.lettered.is_some_and(|at| now.saturating_sub(at) < WORD) {
            self.lettered = Some(now);
            self.told = Some("a letter of a word that is no longer asked for: it did nothing");
            return Outcome::Nothing;
        }
        let rollback = || self.is_rollback().then(|| keymap.lookup(Context::Rollback, key)).flatten();
        match keymap.lookup(Context::Dialog, key).or_else(rollback) {
            Some(action) => self.act(action, now),
            None => Outcome::Nothing,
        }
    }

    fn act(&mut self, action: Action, now: Duration) -> Outcome {
        match action {
            Action::Confirm => return self.confirm(now),
            Action::Decline => return Outcome::Close,
            Action::Copy => return self.copy(),
            Action::Choose(number) => return self.choose(usize::from(number)),
            Action::OtherPaths => {
                if let Some(Intent::Drain { other_paths, .. }) = &mut self.ask.intent {
                    *other_paths = !*other_paths;
                    // what is remembered was meant for what was shown
                    self.yes_waits = false;
                    return Outcome::Prepare;
                }
            }
            _ => self.scroll_by(action),
        }
        Outcome::Nothing
    }

    fn copy(&mut self) -> Outcome {
        if self.ready().is_none() {
            self.told = Some("there is no kubectl command yet");
            return Outcome::Nothing;
        }
        self.told = Some("the kubectl command was sent to your terminal");
        Outcome::Copy
    }

    fn scroll_by(&mut self, action: Action) {
        match action {
            Action::Down => self.scroll.down(1),
            Action::Up => self.scroll.up(1),
            Action::PageDown => self.scroll.down(PAGE),
            Action::PageUp => self.scroll.up(PAGE),
            _ => {}
        }
    }

    /// A key while text is typed. `y` is a letter until nothing more is asked for.
    fn letter(&mut self, keymap: &Keymap, key: Key, now: Duration) -> Outcome {
        let action = keymap.lookup(Context::Text, key);
        if action == Some(Action::Copy) {
            return self.copy();
        }
        if matches!(action, Some(Action::Down | Action::Up | Action::PageDown | Action::PageUp)) {
            self.scroll_by(action.unwrap_or(Action::Down));
            return Outcome::Nothing;
        }
        let Step::Ready(ready) = &mut self.step else { return Outcome::Nothing };
        let wanted = match &ready.prepared.demand {
            Demand::Name(name) => Some(&**name),
            _ => None,
        };
        match (action, wanted) {
            (Some(Action::Done), None) => {
                ready.typing = false;
                self.lettered = None;
                let reason = ready.text.value().trim();
                ready.reason = (!reason.is_empty()).then(|| reason.to_owned());
            }
            (Some(Action::Done), Some(name)) if ready.text.value() == name => {
                self.told = Some("Enter confirms nothing: press y");
            }
            (Some(Action::Done), Some(_)) => self.told = Some("this is not the name"),
            (Some(Action::Close), Some(_)) if ready.text.value().is_empty() => return Outcome::Close,
            (Some(Action::Close), _) => {
                self.lettered = None;
                ready.typing = false;
                ready.text.reset();
                ready.reason = None;
            }
            (_, Some(name)) if ready.text.value() == name && confirms(keymap, key) => {
                return self.confirm(now);
            }
            _ => {
                if let Some(request) = input_request(key) {
                    ready.text.handle(request);
                    self.lettered = Some(now);
                }
            }
        }
        Outcome::Nothing
    }

    /// Pasted text goes where text is typed, and nowhere else.
    pub(super) fn paste(&mut self, text: &str, now: Duration) {
        if self.is_typing(now)
            && let Step::Ready(ready) = &mut self.step
        {
            for letter in text.chars().filter(|letter| !letter.is_control()).take(200) {
                ready.text.handle(InputRequest::InsertChar(letter));
            }
        }
    }

    fn choose(&mut self, number: usize) -> Outcome {
        match &mut self.step {
            Step::Choose(backends) => {
                let Some((chosen, _)) = backends.get(number - 1) else { return Outcome::Nothing };
                let chosen = chosen.clone();
                let others = backends.iter().filter(|(backend, _)| !backend.same_object(&chosen));
                let heaviest = others.max_by_key(|(_, weight)| *weight).map(|(backend, _)| backend.clone());
                match (&mut self.ask.intent, heaviest) {
                    (Some(Intent::Step { canary, .. } | Intent::Stage { canary, .. }), _) => {
                        *canary = Some(chosen.name);
                    }
                    (intent, Some(into)) if self.ask.what == What::RollBack => {
                        *intent = Some(Intent::Drain { from: chosen, into, other_paths: false });
                    }
                    _ => return Outcome::Nothing,
                }
                Outcome::Prepare
            }
            Step::Ready(ready) if ready.prepared.demand == Demand::Reason => {
                match REASONS.get(number - 1) {
                    Some(reason) => ready.reason = Some((*reason).to_owned()),
                    None if number == REASONS.len() + 1 => ready.typing = true,
                    None => {}
                }
                Outcome::Nothing
            }
            _ => Outcome::Nothing,
        }
    }

    fn confirm(&mut self, now: Duration) -> Outcome {
        let rollback = self.is_rollback();
        let (expired, armed) = (self.is_expired(now), self.is_armed(now));
        match &mut self.step {
            Step::Preparing if rollback => self.yes_waits = true,
            Step::Preparing => self.told = Some("not armed yet: it is still being prepared"),
            Step::Choose(_) => self.told = Some("choose the backend first"),
            Step::Failed(_) => self.told = Some("there is nothing to confirm"),
            Step::Ready(ready) => {
                if ready.refreshing && rollback {
                    self.yes_waits = true;
                } else if expired && rollback {
                    self.yes_waits = true;
                    return Outcome::Prepare;
                } else if expired {
                    self.told = Some("expired: prepare it again first");
                } else if !armed {
                    self.told = Some("not armed yet");
                } else {
                    return self.confirm_now();
                }
            }
        }
        Outcome::Nothing
    }

    fn confirm_now(&mut self) -> Outcome {
        let Step::Ready(ready) = &mut self.step else { return Outcome::Nothing };
        let typed = matches!(ready.prepared.demand, Demand::Name(_)).then(|| ready.text.value().to_owned());
        let given = Confirmation { reason: ready.reason.clone(), typed };
        match (*ready.prepared).clone().confirm(given) {
            Ok(confirmed) => Outcome::Confirm(Box::new(confirmed)),
            Err(missing) => {
                self.told = Some(match missing.0 {
                    Demand::Reason => "a reason is asked for: 1, 2 or 3",
                    _ => "the receiving backend's name is asked for: type it",
                });
                Outcome::Nothing
            }
        }
    }

    /// The change is being prepared, for the first time or again.
    pub(super) fn preparing(&mut self, ticket: u64) {
        self.ticket = ticket;
        match &mut self.step {
            Step::Ready(ready) => ready.refreshing = true,
            step => *step = Step::Preparing,
        }
    }

    /// What was pressed or typed was meant for the object of before.
    fn meet(&mut self, uid: Option<Box<str>>) {
        if self.uid.is_some() && self.uid != uid {
            self.yes_waits = false;
            self.note =
                Some("the route was deleted and made again meanwhile: this is the new one".to_owned());
            self.step = Step::Preparing;
        }
        self.uid = uid;
    }

    /// Takes the answer of a preparation.
    pub(super) fn take(&mut self, answer: Result<Box<Prepared>, PrepareError>, now: Duration) -> Outcome {
        match answer {
            Ok(prepared) => {
                self.meet(prepared.main().map(|main| main.plan.uid.clone()));
                let typed = match std::mem::replace(&mut self.step, Step::Preparing) {
                    Step::Ready(old) if old.prepared.demand == prepared.demand && self.is_rollback() => {
                        Some((old.text, old.reason))
                    }
                    _ => None,
                };
                // What was typed for an advance was typed for what is no longer shown.
                let (text, reason) = typed.unwrap_or_default();
                self.step = Step::Ready(Ready {
                    prepared,
                    shown_at: now,
                    refreshing: false,
                    reason,
                    text,
                    typing: false,
                });
            }
            Err(PrepareError::Refused(Refusal::AskCanary(names))) => {
                self.step = Step::Failed(Refusal::AskCanary(names).to_string());
            }
            // A rollback that was shown is tried even if the route cannot be read again.
            Err(error) => match &mut self.step {
                Step::Ready(ready) if self.ask.what == What::RollBack && may_pass(&error) => {
                    (ready.refreshing, ready.shown_at) = (false, now);
                    self.note = Some(format!("not read again: {error}"));
                }
                step => *step = Step::Failed(error.to_string()),
            },
        }
        if std::mem::take(&mut self.yes_waits) { self.confirm_now() } else { Outcome::Nothing }
    }
}

/// Whether the same preparation may work a moment later.
fn may_pass(error: &PrepareError) -> bool {
    matches!(error, PrepareError::Read(_))
}

fn confirms(keymap: &Keymap, key: Key) -> bool {
    keymap.lookup(Context::Dialog, key) == Some(Action::Confirm)
}

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
