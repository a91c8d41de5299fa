//! Keys on the list of routes, and in the weight editor.

use super::actions::{self, open};
use super::dialog::{Ask, Step, What};
use super::layers::Layer;
use super::msg::Effect;
use super::panes::panes;
use super::scroll::Scroll;
use super::split_view;
use super::state::{App, Tone};
use super::update::switch_scope;
use super::{contexts, find, freeze, object, palette, walk_view};
use crate::keys::{Action, Context, Key};

pub(super) fn press(app: &mut App, key: Key) -> Vec<Effect> {
    let lookup = |context| app.start.keymap.lookup(context, key);
    let here = if app.open_split().is_some() { Context::View } else { Context::Routes };
    let action = lookup(Context::Split).or_else(|| lookup(here));
    action.map_or_else(Vec::new, |action| act(app, action, key))
}

/// Does what a key asks for in the list, or in an open split.
pub(super) fn act(app: &mut App, action: Action, key: Key) -> Vec<Effect> {
    if app.open_split().is_some() {
        return on_open_split(app, action, key);
    }
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
        app.has_moved();
        return Vec::new();
    }
    let had_message = app.said.take().is_some();
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
        Action::Filter => find::open_filter(app),
        Action::Sort => {
            app.arrange(|arrangement| arrangement.sort = arrangement.sort.next());
            Vec::new()
        }
        Action::Quiet => {
            app.arrange(|arrangement| arrangement.hides_quiet = !arrangement.hides_quiet);
            let text = if app.arrangement.hides_quiet { "hidden" } else { "shown" };
            app.say(Tone::Plain, format!("routes without a split are {text}"));
            Vec::new()
        }
        Action::Close if !had_message => {
            app.arrange(|arrangement| arrangement.filter.clear());
            Vec::new()
        }
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
    let writes = app.start.keymap.iter().any(|binding| binding.action == action && binding.writes);
    if writes {
        // What is decided is decided on what is so now.
        let mut effects = freeze::thaw(app);
        match app.list.take_gone(&app.routes).filter(|_| app.open_split().is_none()) {
            Some(gone) => {
                app.say(Tone::Warn, format!("{gone} is gone, and this is another one: press again"));
            }
            None => effects.extend(actions::begin(app, action, key)),
        }
        return effects;
    }
    match action {
        Action::Palette => palette::open(app),
        Action::Reconnect => contexts::reconnect(app),
        Action::Freeze => freeze::toggle(app),
        Action::Yaml => object::open(app),
        Action::Diagnose => walk_view::open(app),
        Action::Messages => {
            let mut scroll = Scroll::default();
            scroll.end();
            app.layers.push(Layer::Messages(scroll));
            Vec::new()
        }
        Action::Theme => next_theme(app),
        Action::Quit if app.changes.running().next().is_some() => {
            app.layers.push(Layer::Quit);
            Vec::new()
        }
        Action::Quit => vec![Effect::Quit],
        _ => actions::begin(app, action, key),
    }
}

/// The theme after this one.
fn next_theme(app: &mut App) -> Vec<Effect> {
    let themes = &app.start.themes;
    let after = themes.iter().position(|name| *name == app.theme).map_or(0, |at| at + 1);
    let Some(name) = themes.get(after).or_else(|| themes.first()).cloned() else { return Vec::new() };
    use_theme(app, name)
}

/// Asks for a theme. One that cannot be used counts as tried, so that the next key goes on.
pub(super) fn use_theme(app: &mut App, name: String) -> Vec<Effect> {
    app.theme.clone_from(&name);
    app.say(Tone::Plain, format!("theme {name}"));
    vec![Effect::Theme(name)]
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
            // Not `chosen_canary`: the editor is borrowed from the layers.
            let chosen = app.chosen.get(&*editor.route.uid).map(String::as_str);
            // A refusal is on the screen already.
            if editor.plan(&app.start.conventions, chosen).is_ok() {
                let opening = app.start.keymap.key_of(Action::SetWeights, Context::Split);
                let ask = Ask {
                    what: What::Set,
                    opened_by: opening.unwrap_or(Key::Enter),
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
