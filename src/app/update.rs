//! (state, message) → (state, effects).

use super::changes::Change;
use super::dialog::{ChangeDialog, Outcome, Step, What};
use super::layers::Layer;
use super::msg::{Effect, Msg, Now};
use super::panes::panes;
use super::schedule;
use super::scroll::Scroll;
use super::state::{App, Tone};
use super::survey::Survey;
use super::watched::{recheck_dialog, routes_changed, watched};
use super::{actions, checklist, contexts, find, freeze, logs, names, object, palette, walk_view, word};
use crate::cluster::{Access, Scope, Trouble};
use crate::keys::{Action, Context, Key};
use crate::pilot::{Ending, NotWritten, Progress, Request, Stage};
use crate::rollout::{Intent, kubectl};
use crate::route::RouteId;

/// Takes one message. What is due by now is asked for as well.
pub fn update(app: &mut App, now: Now, msg: Msg) -> Vec<Effect> {
    app.now = now;
    let mut effects = match freeze::hold(app, msg) {
        Some(msg) => handle(app, msg),
        None => Vec::new(),
    };
    effects.extend(freeze::thaw_for_dialog(app));
    app.said.take_if(|said| said.ends().is_some_and(|end| end <= now.since_start));
    let height = usize::from(panes(app).list);
    app.list.scroll(height, &app.routes);
    names::widen(app);
    effects.extend(schedule::due(app));
    effects
}

pub(super) fn handle(app: &mut App, msg: Msg) -> Vec<Effect> {
    let now = app.now.since_start;
    match msg {
        Msg::Key(key) => return word::pressed(app, key),
        Msg::Paste(text) => match app.layers.top_mut() {
            Some(Layer::Change(dialog)) => dialog.paste(&text, now),
            Some(Layer::Filter(_)) => find::paste(app, &text),
            Some(Layer::Palette(_)) => palette::paste(app, &text),
            _ => {}
        },
        Msg::Resize(columns, rows) => app.size = (columns, rows),
        Msg::Watch { generation, update } if generation == app.generation => return watched(app, update),
        Msg::Numbers { generation, asked, answer } if generation == app.generation => {
            app.numbers.take(&asked, answer, now);
            app.rows_changed();
        }
        Msg::Found { generation, url } if generation == app.generation => {
            if app.numbers.found.as_ref() != Some(&url) {
                app.say(Tone::Plain, format!("numbers come from {url}, which was found in this cluster"));
                app.numbers.found = Some(url);
            }
        }
        Msg::History { generation, asked, answer } if generation == app.generation => {
            app.numbers.take_history(&asked, answer);
        }
        Msg::Facts { generation, found } if generation == app.generation => app.facts.take(found, now),
        Msg::EndpointsChanged { generation } if generation == app.generation => app.facts.stir(now),
        Msg::Counted { generation, backend, answer } if generation == app.generation => {
            app.take_counts(&backend, answer);
        }
        Msg::Logs { generation, read } if generation == app.generation => logs::take(app, read),
        Msg::InFlight { generation, backend, answer } if generation == app.generation => {
            app.take_in_flight(&backend, answer);
        }
        Msg::Ticked { generation, item, answer } if generation == app.generation => {
            return checklist::ticked(app, item, answer);
        }
        Msg::Alerts { generation, uid, firing } if generation == app.generation => {
            app.take_alerts(&uid, firing);
        }
        Msg::Past { generation, route, past } if generation == app.generation => app.take_past(route, past),
        Msg::Object { generation, route, answer } if generation == app.generation => {
            object::take(app, &route, answer.map_err(|trouble| trouble.to_string()));
        }
        Msg::Walked { generation, route, answer } if generation == app.generation => {
            walk_view::take(app, &route, answer);
        }
        Msg::Survey { generation, namespaces } if generation == app.generation => {
            app.survey = Some(namespaces.map_or(Survey::Unknown, Survey::Known));
            palette::refresh(app);
        }
        // What is due is asked for after every message; the others answer for a scope that is no longer shown.
        Msg::Tick
        | Msg::Watch { .. }
        | Msg::Numbers { .. }
        | Msg::Found { .. }
        | Msg::History { .. }
        | Msg::Facts { .. }
        | Msg::EndpointsChanged { .. }
        | Msg::Counted { .. }
        | Msg::Alerts { .. }
        | Msg::Past { .. }
        | Msg::Ticked { .. }
        | Msg::InFlight { .. }
        | Msg::Logs { .. }
        | Msg::Object { .. }
        | Msg::Walked { .. }
        | Msg::Survey { .. } => {}
        Msg::Context { ticket, answer } => return contexts::opened(app, ticket, answer),
        Msg::Theme { name, trouble: Some(trouble) } => {
            app.say(Tone::Warn, format!("not theme {name}: {trouble}"));
        }
        Msg::Theme { name, trouble: None } => app.theme = name,
        Msg::Access { namespace, answer } => reviewed(app, namespace, answer),
        Msg::User(user) => app.user = Some(user),
        Msg::Prepared { ticket, answer } => {
            let Some(dialog) = app.layers.dialog_mut() else { return Vec::new() };
            if dialog.ticket == ticket {
                let outcome = dialog.take(answer, now);
                let mut effects = follow(app, outcome);
                effects.extend(recheck_dialog(app));
                return effects;
            }
        }
        Msg::Rehearsed { ticket, answer } => app.lamps.take(ticket, answer, now),
        Msg::Progress { change, progress } => return progressed(app, change, progress),
        Msg::Ended { change, ending } => return ended(app, change, ending),
    }
    Vec::new()
}

fn reviewed(app: &mut App, namespace: Box<str>, answer: Result<Access, Trouble>) {
    // Without an answer the write itself will tell; asked again when the connection is back.
    app.access.insert(namespace, answer.ok());
}

fn progressed(app: &mut App, id: u64, progress: Progress) -> Vec<Effect> {
    app.changes.progress(id, &progress);
    if progress.stage >= Stage::Written
        && let Some((uid, canary)) = app.changes.get(id).and_then(|change| change.canary.clone())
    {
        app.chosen.insert(uid.into(), canary);
    }
    match progress.fresh {
        Some(fresh) if app.changes.get(id).is_none_or(|change| change.elsewhere.is_none()) => {
            app.routes.apply_fresh(fresh, app.now);
            routes_changed(app)
        }
        _ => Vec::new(),
    }
}

fn ended(app: &mut App, id: u64, ending: Ending) -> Vec<Effect> {
    let now = app.now.since_start;
    let Some(change) = app.changes.end(id, ending, now) else { return Vec::new() };
    let Some(ending) = change.ending() else { return Vec::new() };
    let tone = match ending {
        Ending::Proven(_) => Tone::Good,
        Ending::Unproven(_) => Tone::Warn,
        Ending::Disproven(_) | Ending::NotWritten(_) => Tone::Bad,
    };
    let (place, what) = (change.place(), &change.what);
    let whole = format!("{place} {what}: {ending}");
    // Below the list there may be no room for why: only of a proof is the word enough.
    let is_proven = matches!(ending, Ending::Proven(_));
    let is_read_below = app.open_split().is_some() || is_proven && panes(app).detail > 0;
    // A short row cuts what comes last.
    let brief = match ending {
        _ if tone != Tone::Bad && is_read_below && app.looked_at() == Some(&change.route) => {
            format!("{}: {place} {what}", ending.word())
        }
        Ending::Proven(words) | Ending::Unproven(words) | Ending::Disproven(words) => {
            format!("{}: {place} {what}: {words}", ending.word())
        }
        Ending::NotWritten(why) => format!("{why}: {place} {what}"),
    };
    app.say_briefly(tone, brief, whole);
    match (ending, &change.ask) {
        // Show what it would be now, to be confirmed again: over another route it would be taken for one about that.
        (Ending::NotWritten(why @ NotWritten::Changed { .. }), Some(ask))
            if ask.what != What::RollBack
                && change.elsewhere.is_none()
                && app.layers.is_empty()
                && app.looked_at() == Some(&change.route) =>
        {
            let mut dialog = ChangeDialog::new(ask.clone(), Step::Preparing, app.now.since_start);
            dialog.note = Some(why.to_string());
            app.layers.push(Layer::Change(Box::new(dialog)));
            prepare(app)
        }
        _ => Vec::new(),
    }
}

pub(super) fn press(app: &mut App, key: Key) -> Vec<Effect> {
    let keymap = &app.start.keymap;
    match keymap.lookup(Context::Anywhere, key) {
        Some(Action::QuitNow) => return vec![Effect::Quit],
        Some(Action::Suspend) => return vec![Effect::Suspend],
        Some(Action::Help) if !app.is_typing() => {
            toggle_help(app);
            return Vec::new();
        }
        _ => {}
    }
    let now = app.now.since_start;
    match app.layers.top_mut() {
        None => super::routes_keys::press(app, key),
        Some(Layer::Change(dialog)) => {
            let outcome = dialog.key(keymap, key, now);
            follow(app, outcome)
        }
        Some(Layer::Weights(_)) => super::routes_keys::edit(app, key),
        Some(Layer::Filter(_)) => find::press(app, key),
        Some(Layer::Palette(_)) => palette::press(app, key),
        Some(Layer::Help(_) | Layer::Messages(_) | Layer::Object(_) | Layer::Walk(_)) => {
            let contexts = app.contexts();
            let action = contexts.iter().find_map(|context| app.start.keymap.lookup(*context, key));
            read(app, action);
            Vec::new()
        }
        Some(Layer::Quit) => match keymap.lookup(Context::Quit, key) {
            Some(Action::Confirm) => vec![Effect::Quit],
            Some(Action::Decline) => {
                app.layers.pop();
                Vec::new()
            }
            _ => Vec::new(),
        },
    }
}

/// Keys of a text that is read.
fn read(app: &mut App, action: Option<Action>) {
    let page = usize::from(app.size.1).saturating_sub(6).max(1);
    let Some(layer) = app.layers.top_mut() else { return };
    if let (Layer::Object(view), Some(Action::ManagedFields)) = (&mut *layer, action) {
        view.shows_managed = !view.shows_managed;
    }
    let scroll = match layer {
        Layer::Help(scroll) | Layer::Messages(scroll) => scroll,
        Layer::Object(view) => &mut view.scroll,
        Layer::Walk(view) => &mut view.scroll,
        _ => return,
    };
    match action {
        Some(Action::Down) => scroll.down(1),
        Some(Action::Up) => scroll.up(1),
        Some(Action::PageDown) => scroll.down(page),
        Some(Action::PageUp) => scroll.up(page),
        Some(Action::Top) => scroll.top(),
        Some(Action::Bottom) => scroll.bottom(),
        Some(Action::Close) => drop(app.layers.pop()),
        _ => {}
    }
}

/// Help lies over anything, and going back leads to where one was.
fn toggle_help(app: &mut App) {
    if matches!(app.layers.top(), Some(Layer::Help(_))) {
        app.layers.pop();
    } else {
        app.layers.push(Layer::Help(Scroll::default()));
    }
}

/// Does what a key in the dialog led to.
fn follow(app: &mut App, outcome: Outcome) -> Vec<Effect> {
    match outcome {
        Outcome::Nothing => Vec::new(),
        Outcome::Close => {
            if let Some(dialog) = app.layers.take_dialog() {
                let brief = "nothing was written".to_owned();
                let whole = format!("{brief} to {}", dialog.ask.route);
                app.say_briefly(Tone::Plain, brief, whole);
            }
            Vec::new()
        }
        Outcome::Prepare => prepare(app),
        Outcome::RollBack(key) => {
            let Some(asked) = app.layers.take_dialog().map(|dialog| dialog.ask.route) else {
                return Vec::new();
            };
            if app.looked_at() == Some(&asked) {
                return actions::begin(app, Action::RollBack, key);
            }
            // What is selected instead of a route that is gone was nobody's choice.
            app.say(Tone::Warn, format!("nothing was written: {asked} is not selected any more"));
            Vec::new()
        }
        Outcome::Copy => {
            let ready = app.layers.dialog().and_then(ChangeDialog::ready);
            let plans = ready.into_iter().flat_map(|ready| &ready.prepared.planned);
            let commands: Vec<String> =
                plans.map(|planned| kubectl(&app.place.context, &planned.plan)).collect();
            vec![Effect::Copy(commands.join(" && "))]
        }
        Outcome::Confirm(confirmed) => {
            let Some(dialog) = app.layers.take_dialog() else { return Vec::new() };
            let id = app.next_number();
            let Some(main) = dialog.ready().and_then(|ready| ready.prepared.main()) else {
                return Vec::new();
            };
            let change = Change::new(id, dialog.ask.clone(), &main.plan, app.now.since_start);
            app.said = None;
            app.changes.begin(change);
            vec![Effect::Carry { change: id, confirmed: *confirmed }]
        }
    }
}

/// Prepares what the open dialog asks for.
pub(super) fn prepare(app: &mut App) -> Vec<Effect> {
    let ticket = app.next_number();
    let Some(dialog) = app.layers.dialog_mut() else { return Vec::new() };
    let Some(intent) = dialog.ask.intent.clone() else { return Vec::new() };
    dialog.preparing(ticket);
    let route = dialog.ask.route.clone();
    vec![Effect::Prepare { ticket, request: request(app, route, intent) }]
}

/// What the pilot is to know of a change.
pub(super) fn request(app: &App, route: RouteId, intent: Intent) -> Request {
    let backends = app
        .routes
        .get(&route)
        .map(|route| {
            route.rules.iter().flat_map(|rule| &rule.backends).map(|b| b.to.clone()).collect::<Vec<_>>()
        })
        .unwrap_or_default();
    let mut related = app.routes.related(&backends);
    related.retain(|other| other.id != route);
    Request { route, intent, related, everywhere: app.sees_everywhere() }
}

/// Watches all namespaces, or the one that is looked at.
pub(super) fn switch_scope(app: &mut App) -> Vec<Effect> {
    let scope = match &app.scope {
        Scope::All => Scope::Namespace(app.namespace().into()),
        Scope::Namespace(_) => Scope::All,
    };
    contexts::watch_scope(app, scope)
}
