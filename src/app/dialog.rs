//! A change that waits for its confirmation: which key does what, and when.
//!
//! An advance arms after a moment, expires, and is confirmed again whenever the route has changed. A rollback is two
//! keys, and both may arrive before it is even prepared.

mod press;

use std::time::Duration;

use tui_input::Input;

use super::scroll::Scroll;
use crate::keys::Key;
use crate::pilot::{PrepareError, Prepared};
use crate::rollout::{BLIND, Demand, Intent, SHOWN_FOR};
use crate::route::{BackendRef, RouteId};

pub(super) use press::Outcome;

/// Before that, `y` does not count: nobody has read it.
const ARMING: Duration = Duration::from_millis(300);
/// The same where something else was to be confirmed a moment ago: `y` may be on its way.
const READING: Duration = Duration::from_secs(2);

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
    /// From when on `y` counts, unless it is a rollback.
    pub(super) arms_at: Duration,
    /// Whether it is being prepared again.
    pub refreshing: bool,
    /// The reason that was given.
    pub reason: Option<String>,
    /// The name or the reason being typed.
    pub text: Input,
    /// Whether a reason is being typed.
    pub typing: bool,
}

impl Ready {
    /// The reasons that one key gives. The first one answers what the gate holds against the change.
    #[must_use]
    pub fn reasons(&self) -> [&'static str; 2] {
        let against = self.prepared.gate.against().next();
        let answer = match against.map(|check| check.name) {
            Some("accepted") => "state is known",
            Some("endpoints") => "pods are ready",
            Some("owner") => "owner agreed",
            // Nothing was counted: whether there is little traffic is not known either.
            Some("freshness") => "no metrics",
            _ if against.is_some_and(|check| check.words.starts_with(BLIND)) => "no metrics",
            _ if self.prepared.main().is_some_and(|main| main.plan.starts()) => "mended since",
            _ => "low traffic",
        };
        [answer, "checked elsewhere"]
    }
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
    /// Why what is shown is older than the last try to read it.
    pub unread: Option<String>,
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
    /// When `y` came last, as long as it may be held down since before it counted.
    early: Option<Duration>,
    /// When the last letter came that is not to confirm: the next may be of the same word.
    stray: Option<Duration>,
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
            unread: None,
            told: None,
            scroll: Scroll::default(),
            yes_waits: false,
            uid: None,
            opening: Some(now),
            lettered: None,
            early: None,
            stray: None,
        }
    }

    /// It was opened by a key that may be a letter of a word: the next may be as well.
    pub(super) fn follow_letters(&mut self, now: Duration) {
        self.stray = Some(now);
    }

    /// Whether this is a rollback.
    #[must_use]
    pub fn is_rollback(&self) -> bool {
        self.ask.what == What::RollBack
    }

    /// Whether the other paths are to be taken as well.
    #[must_use]
    pub fn takes_other_paths(&self) -> bool {
        matches!(self.ask.intent, Some(Intent::Drain { other_paths: true, .. }))
    }

    /// Whether it makes a difference that other paths are taken, or left, as far as that is known.
    #[must_use]
    pub fn has_other_paths(&self) -> bool {
        self.takes_other_paths() || self.ready().is_none_or(|ready| !ready.prepared.remaining.is_empty())
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
        self.ready().is_some_and(|ready| self.is_rollback() || (!ready.refreshing && now >= ready.arms_at))
    }

    /// Whether what is shown has become too old.
    #[must_use]
    pub fn is_expired(&self, now: Duration) -> bool {
        self.ready().is_some_and(|ready| now.saturating_sub(ready.shown_at) >= SHOWN_FOR)
    }

    /// Why the last key did nothing, as long as that is so: what has expired is not confirmed by another `y`.
    #[must_use]
    pub fn told_at(&self, now: Duration) -> Option<&'static str> {
        self.told.filter(|told| !(self.is_expired(now) && press::asks_again(told)))
    }

    /// Whether keys are letters of a text now. Nothing is typed for what has expired.
    #[must_use]
    pub fn is_typing(&self, now: Duration) -> bool {
        !self.is_expired(now)
            && self
                .ready()
                .is_some_and(|ready| ready.typing || matches!(ready.prepared.demand, Demand::Name(_)))
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

    /// When `prepared` may be confirmed. What is not what a person was about to confirm is to be read first.
    fn arms_at(&self, prepared: &Prepared, now: Duration) -> Duration {
        let writes_as = |old: &Prepared| {
            let edits = prepared.planned.iter().map(|planned| &planned.plan.edits);
            old.planned.iter().map(|planned| &planned.plan.edits).eq(edits)
        };
        match &self.step {
            Step::Ready(old) if writes_as(&old.prepared) => old.arms_at.max(now + ARMING),
            Step::Ready(_) => now + READING,
            _ if self.note.is_some() => now + READING,
            _ => now + ARMING,
        }
    }

    /// Only what is shown can be written: what was asked for besides is given up.
    fn mean(&mut self, shown: Intent) {
        if self.ask.intent.as_ref() == Some(&shown) {
            return;
        }
        self.yes_waits = false;
        self.told = Some(match shown {
            Intent::Drain { other_paths: true, .. } => {
                "not read again: what is shown is as it was, with all other paths"
            }
            _ => "not read again: what is shown is as it was, without other paths",
        });
        self.ask.intent = Some(shown);
    }

    /// Takes the answer of a preparation.
    pub(super) fn take(&mut self, answer: Result<Box<Prepared>, PrepareError>, now: Duration) -> Outcome {
        match answer {
            Ok(prepared) => {
                if self.unread.take().is_some() {
                    self.told = None;
                }
                self.meet(prepared.main().map(|main| main.plan.uid.clone()));
                let arms_at = self.arms_at(&prepared, now);
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
                    arms_at,
                    refreshing: false,
                    reason,
                    text,
                    typing: false,
                });
            }
            // A rollback that was shown is tried even if the route cannot be read again.
            Err(error) => match &mut self.step {
                Step::Ready(ready) if self.ask.what == What::RollBack && may_pass(&error) => {
                    (ready.refreshing, ready.shown_at) = (false, now);
                    self.unread = Some(format!("not read again: {error}"));
                    if let Some(shown) = ready.prepared.main().map(|main| main.plan.intent.clone()) {
                        self.mean(shown);
                    }
                }
                step => {
                    *step = Step::Failed(error.to_string());
                    self.told = None;
                }
            },
        }
        if std::mem::take(&mut self.yes_waits) { self.confirm_now() } else { Outcome::Nothing }
    }
}

/// Whether the same preparation may work a moment later.
fn may_pass(error: &PrepareError) -> bool {
    matches!(error, PrepareError::Read(_))
}
