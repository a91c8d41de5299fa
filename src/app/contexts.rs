//! Another context of the kubeconfig, or the same one opened again. Until it has answered, nothing changes here.

use super::alerts::AlertsState;
use super::draining::DrainingState;
use super::facts::FactsState;
use super::freeze;
use super::layers::Layers;
use super::list::List;
use super::msg::Effect;
use super::numbers::NumbersState;
use super::object;
use super::place::Place;
use super::preview::CountsState;
use super::routes::Routes;
use super::split_view::Screen;
use super::state::{App, Link, Tone};
use super::survey::Survey;
use super::timeline::TimelineState;
use super::update::prepare;
use super::walk_view;
use crate::cluster::{Cluster, Scope};

/// A context that is being opened.
#[derive(Debug)]
pub struct Switching {
    ticket: u64,
    /// Its name.
    pub name: String,
    /// It has answered, and waits until nothing lies over the list: what is confirmed there is about this context.
    opened: Option<Cluster>,
}

/// Opens another context beside this one.
pub(super) fn switch(app: &mut App, name: String) -> Vec<Effect> {
    if name != app.place.context {
        app.say(Tone::Plain, format!("connecting to context {name}; this is still {}", app.place.context));
    }
    let ticket = app.next_number();
    app.switching = Some(Switching { ticket, name: name.clone(), opened: None });
    vec![Effect::Context { ticket, name }]
}

/// Drops the watch and opens it again, and reads the credentials anew.
pub(super) fn reconnect(app: &mut App) -> Vec<Effect> {
    let mut effects = freeze::thaw(app);
    app.say(Tone::Plain, "connecting again");
    effects.extend(watch_again(app));
    effects.extend(switch(app, app.place.context.clone()));
    effects
}

/// A context was opened, or cannot be.
pub(super) fn opened(app: &mut App, ticket: u64, answer: Result<Cluster, String>) -> Vec<Effect> {
    let Some(switching) = app.switching.take_if(|switching| switching.ticket == ticket) else {
        return Vec::new();
    };
    match answer {
        Err(why) => {
            let text = format!("still on context {}; {}: {why}", app.place.context, switching.name);
            app.say(Tone::Bad, text);
            Vec::new()
        }
        Ok(cluster) if is_shown(app, &cluster) || app.layers.is_empty() => enter(app, cluster),
        Ok(cluster) => {
            let name = switching.name;
            app.say(Tone::Plain, format!("context {name} is ready, and shown once this is closed"));
            app.switching = Some(Switching { ticket, name, opened: Some(cluster) });
            Vec::new()
        }
    }
}

/// Goes to a context that has answered, once nothing lies over the list.
pub(super) fn due(app: &mut App) -> Vec<Effect> {
    if !app.layers.is_empty() {
        return Vec::new();
    }
    let Some(cluster) = app.switching.as_mut().and_then(|switching| switching.opened.take()) else {
        return Vec::new();
    };
    app.switching = None;
    enter(app, cluster)
}

/// Whether it is the very one that is shown; a kubeconfig may give the same name to another server.
fn is_shown(app: &App, cluster: &Cluster) -> bool {
    cluster.context() == app.place.context && cluster.server() == app.place.server
}

fn enter(app: &mut App, cluster: Cluster) -> Vec<Effect> {
    let mut effects = freeze::thaw(app);
    if is_shown(app, &cluster) {
        app.say(Tone::Plain, "connected again, with credentials as they are now");
        // One that was not found may be there by now.
        app.numbers.look_again(has_metrics(app));
    } else {
        leave(app, &cluster);
    }
    effects.push(Effect::Use { cluster, with_metrics: has_metrics(app) });
    effects.extend(watch_again(app));
    // The answer to what was being prepared went with the old connection.
    if app.layers.dialog().is_some_and(super::ChangeDialog::is_preparing) {
        effects.extend(prepare(app));
    }
    effects
}

/// Nothing of the old context stays but the changes under way there.
fn leave(app: &mut App, cluster: &Cluster) {
    app.changes.leave(&app.place.context);
    app.place = Place::from(cluster);
    if app.scope != Scope::All {
        app.scope = Scope::Namespace(cluster.namespace().into());
    }
    app.changes.enter(&app.place.context);
    app.numbers = NumbersState::new(has_metrics(app), app.start.refresh);
    let arrangement = std::mem::take(&mut app.arrangement);
    app.routes = Routes::new(app.settling());
    app.list = List::default();
    app.facts = FactsState::default();
    app.timeline = TimelineState::default();
    app.survey = None;
    app.user = None;
    app.access.clear();
    app.screen = Screen::default();
    app.layers = Layers::default();
    app.arrange(|new| *new = super::Arrangement { filter: String::new(), ..arrangement });
    app.say(Tone::Good, format!("context {}", app.place.context));
}

/// A Prometheus that was named knows the cluster that it was named with, and no other.
fn has_metrics(app: &App) -> bool {
    if app.place.context == app.start.home.context {
        return app.start.has_metrics;
    }
    app.start.metered.contains(&app.place.context)
}

fn watch_again(app: &mut App) -> Vec<Effect> {
    app.generation += 1;
    app.link = Link::Connecting;
    app.numbers.abandon();
    app.counts = CountsState::default();
    app.alerts = AlertsState::default();
    app.draining = DrainingState::default();
    app.facts.abandon();
    app.timeline.abandon();
    // Its answer would be dropped.
    app.survey.take_if(|survey| *survey == Survey::Asked);
    let mut effects = vec![Effect::Watch { generation: app.generation, scope: app.scope.clone() }];
    effects.extend(object::ask_again(app));
    effects.extend(walk_view::ask_again(app));
    effects
}

/// Watches another namespace, or all.
pub(super) fn watch_scope(app: &mut App, scope: Scope) -> Vec<Effect> {
    // What comes now is to be seen.
    let mut effects = freeze::thaw(app);
    app.scope = scope;
    if let Scope::Namespace(namespace) = &app.scope {
        app.routes.keep(namespace);
    }
    app.screen = Screen::Routes;
    app.list.forget_width();
    app.rows_changed();
    effects.extend(watch_again(app));
    effects
}

#[cfg(test)]
mod tests;
