//! What comes of the watch: other routes than before, and what an earlier run left unfinished of them.

use super::changes::Change;
use super::layers::Layer;
use super::msg::Effect;
use super::state::{App, Link, Tone};
use super::update::prepare;
use crate::cluster::Update;
use crate::route::{Route, RouteId};

/// Takes what the watch of the routes told.
pub(super) fn watched(app: &mut App, update: Update) -> Vec<Effect> {
    let now = app.now;
    match update {
        Update::Started => {
            app.link = Link::Live;
            // What could not be answered is asked again.
            app.access.retain(|_, known| known.is_some());
        }
        Update::Reset(listed) => {
            app.routes.reset(listed, now);
            app.link = Link::Live;
            app.listed = app.generation;
            let mut effects = take_up(app);
            effects.extend(routes_changed(app));
            return effects;
        }
        Update::Applied(listed) => app.routes.apply(listed, now),
        Update::Deleted(id) => app.routes.delete(&id),
        Update::Lost(trouble) => {
            let since = match app.link {
                Link::Lost { since, .. } => since,
                _ => now.since_start,
            };
            app.link = Link::Lost { since, trouble };
            return Vec::new();
        }
    }
    routes_changed(app)
}

/// Goes on with what an earlier run left unfinished, as far as it was done to these very routes.
fn take_up(app: &mut App) -> Vec<Effect> {
    let unfinished = std::mem::take(&mut app.unfinished);
    let (ours, others): (Vec<_>, Vec<_>) = unfinished.into_iter().partition(|record| {
        let id = RouteId::new(&record.namespace, &record.route);
        app.routes.get(&id).is_some_and(|route| *route.uid == *record.uid)
    });
    app.unfinished = others;
    let mut effects = Vec::new();
    for record in ours {
        let change = app.next_number();
        app.changes.begin(Change::taken_up(change, &record, app.now.since_start));
        effects.push(Effect::Resume { change, record: Box::new(record) });
    }
    effects
}

/// The rows are other ones than before.
pub(super) fn routes_changed(app: &mut App) -> Vec<Effect> {
    app.rows_changed();
    app.follow_open_split();
    if let Some(editor) = app.layers.editor_mut()
        && let Some(route) = app.routes.get(&editor.route.id)
        && route.uid == editor.route.uid
    {
        let names = |route: &Route| -> Option<Vec<Box<str>>> {
            let rule = route.rules.get(editor.rule)?;
            Some(rule.backends.iter().map(|backend| backend.to.name.clone()).collect())
        };
        let label = |route: &Route| route.rule_label(editor.rule);
        if names(route) != names(&editor.route) || label(route) != label(&editor.route) {
            // Another rule stands at this place now.
            app.layers.remove(|layer| matches!(layer, Layer::Weights(_)));
            app.say(
                Tone::Warn,
                "nothing was written: the rules of the route changed; open the editor again".to_owned(),
            );
        } else {
            editor.route = route.clone();
        }
    }
    recheck_dialog(app)
}

/// Prepares an open dialog again if its route is no longer what it shows.
pub(super) fn recheck_dialog(app: &mut App) -> Vec<Effect> {
    let Some(dialog) = app.layers.dialog_mut() else { return Vec::new() };
    let Some(ready) = dialog.ready().filter(|ready| !ready.refreshing) else { return Vec::new() };
    let shown = |route: &Route| (route.uid.clone(), route.generation);
    let changed = ready.prepared.planned.iter().any(|planned| {
        let known = app.routes.get(&planned.plan.route).map(|route| shown(route));
        known.is_none_or(|(uid, generation)| uid != planned.plan.uid || generation > planned.plan.generation)
    });
    // Without a watch nothing is known to have changed.
    if !changed || app.link != Link::Live {
        return Vec::new();
    }
    if !dialog.is_rollback() {
        dialog.note = Some("the route has changed meanwhile: this is its new state".to_owned());
    }
    prepare(app)
}
