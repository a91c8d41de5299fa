//! The debugging walk of a route, gathered when somebody asks for it.

use super::layers::Layer;
use super::msg::Effect;
use super::scroll::Scroll;
use super::state::{App, Tone};
use crate::diagnose::Walk;
use crate::route::RouteId;

/// A walk, or the wait for it.
#[derive(Debug)]
pub struct WalkView {
    /// Of this route.
    pub id: RouteId,
    /// How far it is scrolled.
    pub scroll: Scroll,
    /// The walk, or why there is none; `None` while it is under way.
    pub walk: Option<Result<Box<Walk>, String>>,
}

/// Walks, and shows it when it comes.
pub(super) fn open(app: &mut App) -> Vec<Effect> {
    let Some(route) = app.looked_at().cloned() else {
        app.say(Tone::Plain, "there is no route here");
        return Vec::new();
    };
    let view = WalkView { id: route.clone(), scroll: Scroll::default(), walk: None };
    app.layers.push(Layer::Walk(Box::new(view)));
    vec![walk(app, route)]
}

/// Asks again for a walk whose answer will be dropped.
pub(super) fn ask_again(app: &mut App) -> Option<Effect> {
    let route = app.layers.walk_mut().filter(|view| view.walk.is_none())?.id.clone();
    Some(walk(app, route))
}

fn walk(app: &App, route: RouteId) -> Effect {
    let chosen = app.routes.get(&route).and_then(|route| app.chosen_canary(&route.uid));
    let chosen = chosen.map(ToOwned::to_owned);
    Effect::Walk { generation: app.generation, route, chosen }
}

pub(super) fn take(app: &mut App, route: &RouteId, answer: Result<Box<Walk>, String>) {
    if let Some(view) = app.layers.walk_mut()
        && view.id == *route
    {
        view.walk = Some(answer);
    }
}
