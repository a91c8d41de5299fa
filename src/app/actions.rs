//! What can be asked for of a split: the question to confirm it, or why it cannot be done.

use super::changes::{Change, list};
use super::checklist::tick;
use super::dialog::{Ask, ChangeDialog, Step, What};
use super::layers::Layer;
use super::logs;
use super::msg::Effect;
use super::split::Split;
use super::state::{App, Link, Tone};
use super::update::prepare;
use super::weights::WeightEditor;
use crate::keys::{Action, Context, Key};
use crate::pilot::{Stage, Verify};
use crate::rollout::{self, Direction, Intent, Refusal, RollbackTarget, plan, rollback_target, undoable};
use crate::route::{BackendRef, weight_sum};

/// Does what `action` asks for, or says why not. `key` opened it: a dialog swallows it while it is held.
pub(super) fn begin(app: &mut App, action: Action, key: Key) -> Vec<Effect> {
    if let Some(why) = app.cannot(action) {
        return refuse(app, why);
    }
    match action {
        Action::RollBack => roll_back(app, key),
        Action::SetWeights => open_editor(app),
        Action::Verify => verify(app),
        Action::Tick(item) => tick(app, item),
        Action::LogErrors => logs::read(app),
        _ => change(app, action, key),
    }
}

impl App {
    /// Why `action` cannot be done to the selected split; `None` where it can be, and for every other action.
    #[must_use]
    pub fn cannot(&self, action: Action) -> Option<String> {
        match action {
            // Tried whatever is known: it is never refused here.
            Action::RollBack | Action::LogErrors => {
                self.selected().is_none().then(|| self.refused()).flatten()
            }
            Action::SetWeights => self.refused(),
            Action::Verify => self.not_verifiable(),
            Action::Tick(item) => self.cannot_tick(item),
            Action::Copy => {
                let key = self.start.keymap.key_of(Action::Copy, Context::Dialog);
                let key = key.map(|key| format!(", and {key} sends the kubectl command that makes it"));
                Some(format!("there is no change on the screen: open one{}", key.unwrap_or_default()))
            }
            _ if is_change(action) => self.refused().or_else(|| self.cannot_change(action)),
            _ => None,
        }
    }

    /// Why there is no plan for what `action` asks for.
    fn cannot_change(&self, action: Action) -> Option<String> {
        let split = self.selected()?;
        let refusal = match wanted(&split, action)? {
            Ok((_, intent)) => self.plan(&split, &intent).err()?,
            Err(refusal) => refusal,
        };
        // Which backend is the canary is asked then.
        (!matches!(refusal, Refusal::AskCanary(_))).then(|| self.in_words(&refusal))
    }

    /// Why something is refused, with the key of what may be done instead.
    fn in_words(&self, refusal: &Refusal) -> String {
        match (refusal, self.start.keymap.key_of(Action::Flip, Context::Split)) {
            (Refusal::Pair, Some(key)) => format!("{key} flips it: a blue-green pair is not stepped"),
            _ => refusal.to_string(),
        }
    }

    /// What `intent` would do to a split as it is known.
    pub(super) fn plan(&self, split: &Split<'_>, intent: &Intent) -> Result<rollout::Plan, Refusal> {
        plan(split.route, intent, &self.start.conventions, self.chosen_canary(&split.route.uid))
    }

    /// What a rollback of a split means.
    pub(super) fn rollback_target(&self, split: &Split<'_>) -> RollbackTarget {
        let chosen = self.chosen_canary(&split.route.uid);
        rollback_target(split.route, split.index, &self.start.conventions.names, chosen)
    }

    fn not_verifiable(&self) -> Option<String> {
        let Some(split) = self.selected() else { return self.refused() };
        if !self.numbers.has_source {
            return Some(format!("there is nothing to count by: {}", self.numbers.without_source()));
        }
        if weight_sum(split.rule) == 0 {
            return Some("all weights are 0: there are no shares to look for".to_owned());
        }
        let running = self.changes.of(&split.route.id).filter(|change| change.is_running());
        running.map(|change| format!("requests are counted already: {} {}", change.what, change.words))
    }
}

/// Whether `action` asks for a change that is planned beforehand.
fn is_change(action: Action) -> bool {
    matches!(action, Action::StepNext | Action::StepBack | Action::Promote | Action::Flip | Action::Undo)
}

/// What an action would ask for; `None` for those that plan nothing beforehand.
fn wanted(split: &Split<'_>, action: Action) -> Option<Result<(What, Intent), Refusal>> {
    let rule = split.index;
    let step = |direction| Intent::Step { rule, direction, canary: None };
    Some(Ok(match action {
        Action::StepNext => (What::StepNext, step(Direction::Next)),
        Action::StepBack => (What::StepBack, step(Direction::Back)),
        Action::Promote => (What::Stage, Intent::Stage { rule, stage: rollout::Stage::ALL, canary: None }),
        Action::Flip => (What::Flip, Intent::Flip { rule }),
        Action::Undo => match undoable(split.route) {
            Ok(record) => (What::Undo, Intent::Undo { change: record.id.into() }),
            Err(refusal) => return Some(Err(refusal)),
        },
        _ => return None,
    }))
}

fn change(app: &mut App, action: Action, key: Key) -> Vec<Effect> {
    let Some(split) = app.selected() else { return Vec::new() };
    let Some(Ok((what, intent))) = wanted(&split, action) else { return Vec::new() };
    ask(app, what, intent, key)
}

/// Opens the dialog for `intent`, which first asks for the canary where that is only guessed.
pub(super) fn ask(app: &mut App, what: What, intent: Intent, key: Key) -> Vec<Effect> {
    let Some(split) = app.selected() else { return Vec::new() };
    let planned = app.plan(&split, &intent);
    let ask = Ask { what, opened_by: key, route: split.route.id.clone(), intent: Some(intent) };
    match planned {
        Ok(_) => open(app, ask, Step::Preparing),
        Err(Refusal::AskCanary(_)) => {
            let choices = choices(&split);
            open(app, ask, Step::Choose(choices))
        }
        Err(refusal) => {
            let words = app.in_words(&refusal);
            app.say(Tone::Warn, words);
            Vec::new()
        }
    }
}

/// Counts requests from now on. Nothing is written, so nothing is asked.
fn verify(app: &mut App) -> Vec<Effect> {
    let Some(split) = app.selected() else { return Vec::new() };
    let (route, generation, rule) = (split.route.id.clone(), split.route.generation, split.index);
    let mut related = app.routes.related(split.rule.backends.iter().map(|backend| &backend.to));
    related.retain(|other| other.id != route);
    let ask = Verify { route, generation, rule, related, everywhere: app.sees_everywhere() };
    let (what, looked_at) = (format!("verify {}", list(&split.rule.weights())), split.route.clone());
    let change = app.next_number();
    app.changes.begin(Change::verify(change, &looked_at, what, app.now.since_start));
    vec![Effect::Verify { change, ask }]
}

impl App {
    /// Why the selected split cannot be changed now; a rollback is tried all the same.
    #[must_use]
    pub fn refused(&self) -> Option<String> {
        let split = match self.selected() {
            Some(split) => split,
            None if let Some(view) = self.open_split() => return self.gone(view),
            None if self.routes.is_empty() => return Some("there is no route here".to_owned()),
            None => return Some("this is no split: there is nothing to move".to_owned()),
        };
        let rollback = "; a rollback is still tried";
        match &self.link {
            Link::Live => {}
            Link::Connecting => return Some(format!("not sent: still connecting{rollback}")),
            Link::Lost { since, trouble } => {
                let age = self.now.since_start.saturating_sub(*since).as_secs();
                return Some(format!("not sent: what is shown may be {age} s old ({trouble}){rollback}"));
            }
        }
        if let Some(right) = self.missing_right(&split.route.id.namespace) {
            return Some(format!("you lack the right to {right}"));
        }
        let writing = self
            .changes
            .of(&split.route.id)
            .filter(|change| change.is_running() && change.stage == Stage::Writing);
        writing.map(|change| format!("{} is being written just now", change.what))
    }
}

/// Refuses in words. A missing right may have been granted meanwhile, so it is asked about again.
pub(super) fn refuse(app: &mut App, why: String) -> Vec<Effect> {
    let namespace: Box<str> = app.namespace().into();
    let missing = app.missing_right(&namespace).is_some();
    app.say(Tone::Warn, why);
    if missing { vec![Effect::Access { namespace }] } else { Vec::new() }
}

fn open_editor(app: &mut App) -> Vec<Effect> {
    let Some(split) = app.selected() else { return Vec::new() };
    let editor = WeightEditor::new(split.route.clone(), split.index);
    app.layers.push(Layer::Weights(Box::new(editor)));
    Vec::new()
}

fn roll_back(app: &mut App, key: Key) -> Vec<Effect> {
    let Some(split) = app.selected() else { return Vec::new() };
    let mut ask = Ask { what: What::RollBack, opened_by: key, route: split.route.id.clone(), intent: None };
    match app.rollback_target(&split) {
        RollbackTarget::Known(from, into) => {
            ask.intent = Some(Intent::Drain { from, into, other_paths: false });
            open(app, ask, Step::Preparing)
        }
        RollbackTarget::Ask(_) => {
            let choices = choices(&split);
            open(app, ask, Step::Choose(choices))
        }
    }
}

/// The backends to choose from, each with its weight.
fn choices(split: &Split<'_>) -> Vec<(BackendRef, u32)> {
    let mut choices: Vec<(BackendRef, u32)> = Vec::new();
    for backend in &split.rule.backends {
        match choices.iter_mut().find(|(known, _)| known.same_object(&backend.to)) {
            Some((_, weight)) => *weight += backend.weight,
            None => choices.push((backend.to.clone(), backend.weight)),
        }
    }
    choices
}

pub(super) fn open(app: &mut App, ask: Ask, step: Step) -> Vec<Effect> {
    let known = ask.intent.is_some() && !matches!(step, Step::Choose(_));
    let mut dialog = ChangeDialog::new(ask, step, app.now.since_start);
    if app.word.goes_on {
        dialog.follow_letters(app.now.since_start);
    }
    dialog.uid = app.routes.get(&dialog.ask.route).map(|route| route.uid.clone());
    app.layers.push(Layer::Change(Box::new(dialog)));
    if known { prepare(app) } else { Vec::new() }
}

#[cfg(test)]
mod tests;
