//! Keys on the list of routes, and in the weight editor.

use super::dialog::{Ask, ChangeDialog, Step, What};
use super::layers::Layer;
use super::msg::Effect;
use super::panes::panes;
use super::split::Split;
use super::split_view;
use super::state::{App, Link, Tone};
use super::update::{prepare, switch_scope};
use super::weights::WeightEditor;
use crate::keys::{Action, Context, Key};
use crate::pilot::Stage;
use crate::rollout::{ChangeRecord, Direction, Intent, Refusal, RollbackTarget, plan, rollback_target};
use crate::route::BackendRef;

pub(super) fn press(app: &mut App, key: Key) -> Vec<Effect> {
    let lookup = |context| app.start.keymap.lookup(context, key);
    if app.open_split().is_some() {
        let action = lookup(Context::Split).or_else(|| lookup(Context::View));
        return action.map_or_else(Vec::new, |action| on_open_split(app, action, key));
    }
    let action = lookup(Context::Split).or_else(|| lookup(Context::Routes));
    let Some(action) = action else { return Vec::new() };
    let page = usize::from(panes(app).list).saturating_sub(1).max(1);
    let cursor = app.list.cursor();
    let target = match action {
        Action::Down => Some(cursor + 1),
        Action::Up => Some(cursor.saturating_sub(1)),
        Action::Top => Some(0),
        Action::Bottom => Some(usize::MAX),
        Action::PageDown => Some(cursor + page),
        Action::PageUp => Some(cursor.saturating_sub(page)),
        _ => None,
    };
    if let Some(target) = target {
        app.list.go(target, &app.routes);
        return Vec::new();
    }
    app.said = None;
    match action {
        Action::Open => {
            split_view::open_selected(app);
            Vec::new()
        }
        Action::Timeline => {
            split_view::open_timeline(app);
            Vec::new()
        }
        Action::AllNamespaces => switch_scope(app),
        _ => on_split(app, action, key),
    }
}

fn on_open_split(app: &mut App, action: Action, key: Key) -> Vec<Effect> {
    app.said = None;
    let mut effects = split_view::act(app, action, key);
    effects.extend(on_split(app, action, key));
    effects
}

/// What a key does in the list and in an open split alike.
fn on_split(app: &mut App, action: Action, key: Key) -> Vec<Effect> {
    match action {
        Action::StepNext => step(app, key, Direction::Next),
        Action::StepBack => step(app, key, Direction::Back),
        Action::RollBack => roll_back(app, key),
        Action::SetWeights => open_editor(app),
        Action::Quit if app.changes.running().next().is_some() => {
            app.layers.push(Layer::Quit);
            Vec::new()
        }
        Action::Quit => vec![Effect::Quit],
        _ => Vec::new(),
    }
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

fn step(app: &mut App, key: Key, direction: Direction) -> Vec<Effect> {
    if let Some(why) = app.refused() {
        return refuse(app, why);
    }
    let Some(split) = app.selected() else { return Vec::new() };
    let intent = Intent::Step { rule: split.index, direction, canary: None };
    let chosen = app.chosen_canary(&split.route.uid);
    let what = match direction {
        Direction::Next => What::StepNext,
        Direction::Back => What::StepBack,
    };
    let ask = Ask { what, opened_by: key, route: split.route.id.clone(), intent: Some(intent.clone()) };
    match plan(split.route, &intent, &app.start.conventions, chosen) {
        Ok(_) => open(app, ask, Step::Preparing),
        Err(Refusal::AskCanary(_)) => {
            let choices = choices(&split);
            open(app, ask, Step::Choose(choices))
        }
        Err(refusal) => {
            app.say(Tone::Warn, refusal.to_string());
            Vec::new()
        }
    }
}

fn roll_back(app: &mut App, key: Key) -> Vec<Effect> {
    let Some(split) = app.selected() else {
        let why = app.refused().unwrap_or_default();
        return refuse(app, why);
    };
    let record = ChangeRecord::newest(split.route);
    let previous = record.as_ref().and_then(|record| record.previously_active());
    let chosen = app.chosen_canary(&split.route.uid);
    let mut ask = Ask { what: What::RollBack, opened_by: key, route: split.route.id.clone(), intent: None };
    match rollback_target(split.route, split.index, &app.start.conventions.names, chosen, previous) {
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
    app.layers.push(Layer::Change(Box::new(ChangeDialog::new(ask, step, app.now.since_start))));
    if known { prepare(app) } else { Vec::new() }
}

fn open_editor(app: &mut App) -> Vec<Effect> {
    if let Some(why) = app.refused() {
        return refuse(app, why);
    }
    let Some(split) = app.selected() else { return Vec::new() };
    let editor = WeightEditor::new(split.route.clone(), split.index);
    app.layers.push(Layer::Weights(Box::new(editor)));
    Vec::new()
}

pub(super) fn edit(app: &mut App, key: Key) -> Vec<Effect> {
    let Some(Layer::Weights(editor)) = app.layers.top_mut() else { return Vec::new() };
    match app.start.keymap.lookup(Context::Weights, key) {
        Some(Action::NextField) => editor.move_focus(true),
        Some(Action::PreviousField) => editor.move_focus(false),
        Some(Action::Close) => {
            app.layers.pop();
            app.say(Tone::Plain, "nothing was written");
        }
        Some(Action::Done) => {
            let chosen = app.chosen.get(&*editor.route.uid).map(String::as_str);
            // A refusal is on the screen already.
            if editor.plan(&app.start.conventions, chosen).is_ok() {
                let opening = app.start.keymap.keys_of(Action::SetWeights, Context::Split).first();
                let ask = Ask {
                    what: What::Set,
                    opened_by: opening.copied().unwrap_or(Key::Enter),
                    route: editor.route.id.clone(),
                    intent: Some(editor.intent()),
                };
                app.layers.pop();
                return open(app, ask, Step::Preparing);
            }
        }
        _ => editor.key(key),
    }
    Vec::new()
}
