//! Which key does what in a dialog.

use std::time::Duration;

use super::{ARMING, ChangeDialog, Step, What};
use crate::app::typing::{input_request, pasted};
use crate::keys::{Action, Context, Key, Keymap};
use crate::pilot::Confirmed;
use crate::rollout::{Confirmation, Demand, Intent, heaviest_but};

/// A key that comes again within this time is being held: the first repeat of a terminal takes half a second.
const HELD: Duration = Duration::from_millis(600);
/// Letters that come closer than this are of one word.
const WORD: Duration = Duration::from_millis(1500);
/// Lines of a page.
const PAGE: usize = 8;
const NOT_ARMED: &str = "not armed yet, it was shown a moment ago: press y again";
const UNREAD: &str = "not armed yet, it was still being read: press y again";
const CHANGED: &str = "this has changed: read it, then press y";

/// Whether `told` asks for `y` once more.
pub(super) fn asks_again(told: &str) -> bool {
    [NOT_ARMED, UNREAD, CHANGED].contains(&told)
}

/// What a key led to.
#[derive(Debug)]
pub(in crate::app) enum Outcome {
    Nothing,
    Prepare,
    Confirm(Box<Confirmed>),
    Copy,
    Close,
    RollBack(Key),
}

impl ChangeDialog {
    pub(in crate::app) fn key(&mut self, keymap: &Keymap, key: Key, now: Duration) -> Outcome {
        if key == self.ask.opened_by {
            self.early = None;
            let held = self.opening.is_some_and(|at| now.saturating_sub(at) < HELD);
            let typed = !held && self.is_typing(now);
            // Once it was let go it is a letter like others, and may come twice.
            self.opening = (!typed).then_some(now);
            if !typed {
                let again = matches!(self.step, Step::Failed(_)) || self.is_expired(now);
                if again && !held {
                    self.told = None;
                    return Outcome::Prepare;
                }
                return Outcome::Nothing;
            }
        } else {
            self.opening = None;
        }
        // What a held key repeats must not take the words away.
        self.told = None;
        let is_yes = confirms(keymap, key);
        let held = is_yes && self.early.is_some_and(|at| now.saturating_sub(at) < HELD);
        self.early = held.then_some(now);
        if self.is_typing(now) {
            self.stray = None;
            return self.letter(keymap, key, now);
        }
        // What asked for the word may be gone in the middle of it; its last letters are no commands.
        if matches!(key, Key::Char(_)) && self.lettered.is_some_and(|at| now.saturating_sub(at) < WORD) {
            self.lettered = Some(now);
            self.told = Some("a letter of a word that is no longer asked for: it did nothing");
            return Outcome::Nothing;
        }
        if is_yes && self.stray.take().is_some_and(|at| now.saturating_sub(at) < WORD) {
            self.early = Some(now);
            self.told = Some("letters came just before it: press y again");
            return Outcome::Nothing;
        }
        if !is_yes && matches!(key, Key::Char(letter) if letter.is_alphabetic()) {
            self.stray = Some(now);
        }
        let rollback = || self.is_rollback().then(|| keymap.lookup(Context::Rollback, key)).flatten();
        match keymap.lookup(Context::Dialog, key).or_else(rollback) {
            Some(action) => self.act(action, now),
            // Nobody in need of a rollback has to close another dialog first.
            None if !self.is_rollback() && keymap.lookup(Context::Split, key) == Some(Action::RollBack) => {
                Outcome::RollBack(key)
            }
            None => Outcome::Nothing,
        }
    }

    fn act(&mut self, action: Action, now: Duration) -> Outcome {
        match action {
            Action::Confirm => return self.confirm(now),
            Action::Decline => return Outcome::Close,
            Action::Copy => return self.copy(),
            Action::Choose(number) => return self.choose(usize::from(number)),
            Action::OtherPaths if !self.has_other_paths() => {
                self.told = Some("no other path leads there: there is nothing more to take");
            }
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
        let armed = self.is_armed(now);
        let Step::Ready(ready) = &mut self.step else { return Outcome::Nothing };
        let wanted = match &ready.prepared.demand {
            Demand::Name(name) => Some(&**name),
            _ => None,
        };
        let early = confirms(keymap, key) && !armed && !ready.refreshing;
        match (action, wanted) {
            // It was meant for a dialog that asks for nothing; the name itself is not begun so soon.
            (_, Some(_)) if early => {
                self.early = Some(now);
                self.told = Some("not armed yet: the name is asked for, then y");
            }
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
            // No letter of the name comes here: it was meant to confirm.
            (_, Some(name)) if confirms(keymap, key) && !goes_on(name, ready.text.value(), key) => {
                self.early = Some(now);
                self.told = Some("the receiving backend's name is asked for: type it, then y");
            }
            _ => {
                if let Some(request) = input_request(key) {
                    ready.text.handle(request);
                    self.lettered = Some(now);
                    // The last letter of a name may be held down, and would confirm what it completes.
                    self.early = confirms(keymap, key).then_some(now);
                }
            }
        }
        Outcome::Nothing
    }

    /// Pasted text goes where text is typed, and nowhere else.
    pub(in crate::app) fn paste(&mut self, text: &str, now: Duration) {
        if self.is_typing(now)
            && let Step::Ready(ready) = &mut self.step
        {
            for request in pasted(text) {
                ready.text.handle(request);
            }
        }
    }

    fn choose(&mut self, number: usize) -> Outcome {
        match &mut self.step {
            Step::Choose(backends) => {
                let Some((chosen, _)) = backends.get(number - 1) else { return Outcome::Nothing };
                let chosen = chosen.clone();
                let all = backends.iter().map(|(backend, weight)| (backend, *weight));
                let heaviest = heaviest_but(&chosen, all).cloned();
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
                let reasons = ready.reasons();
                match reasons.get(number - 1) {
                    Some(reason) => ready.reason = Some((*reason).to_owned()),
                    None if number == reasons.len() + 1 => ready.typing = true,
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
            Step::Preparing => {
                self.early = Some(now);
                self.told = Some(UNREAD);
            }
            Step::Choose(_) => self.told = Some("choose the backend first"),
            Step::Failed(_) => self.told = Some("there is nothing to confirm"),
            Step::Ready(ready) => {
                let named = matches!(ready.prepared.demand, Demand::Name(_));
                if ready.refreshing && rollback {
                    self.yes_waits = true;
                } else if expired && rollback {
                    self.yes_waits = true;
                    return Outcome::Prepare;
                } else if expired {
                    self.told = Some("expired: prepare it again first");
                } else if !armed || (self.early.is_some() && (!rollback || named)) {
                    let differs = !armed && !ready.refreshing && ready.arms_at > ready.shown_at + ARMING;
                    self.early = Some(now);
                    self.told = Some(match (ready.refreshing, differs) {
                        (true, _) => UNREAD,
                        (false, true) => CHANGED,
                        (false, false) => NOT_ARMED,
                    });
                } else {
                    return self.confirm_now();
                }
            }
        }
        Outcome::Nothing
    }

    pub(super) fn confirm_now(&mut self) -> Outcome {
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
}

/// Whether `key` may be the next letter of `name` behind what is `typed` of it.
fn goes_on(name: &str, typed: &str, key: Key) -> bool {
    matches!(key, Key::Char(letter) if name.strip_prefix(typed).is_some_and(|rest| rest.starts_with(letter)))
}

fn confirms(keymap: &Keymap, key: Key) -> bool {
    keymap.lookup(Context::Dialog, key) == Some(Action::Confirm)
}
