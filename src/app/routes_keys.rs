//! Keys on the list of routes, and in the weight editor.

use super::actions::{self, open};
use super::dialog::{Ask, Step, What};
use super::layers::Layer;
use super::msg::Effect;
use super::panes::panes;
use super::split_view;
use super::state::{App, Tone};
use super::update::switch_scope;
use crate::keys::{Action, Context, Key};

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
        Action::Quit if app.changes.running().next().is_some() => {
            app.layers.push(Layer::Quit);
            Vec::new()
        }
        Action::Quit => vec![Effect::Quit],
        _ => actions::begin(app, action, key),
    }
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
