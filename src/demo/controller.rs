//! The gateway's controller: reports each new generation after a while, and serves it a while later.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::api::ApiServer;
use super::scenario::Scenario;
use super::shop::CONTROLLER;
use super::traffic::Traffic;
use crate::clock::Clock;
use crate::route::Route;

/// The controller, and the gateway that it configures.
#[derive(Clone)]
pub struct Controller {
    /// Where the routes are.
    pub api: ApiServer,
    /// What is served.
    pub traffic: Arc<Mutex<Traffic>>,
    /// What time it is.
    pub clock: Clock,
    /// How slow it is.
    pub scenario: Scenario,
}

impl Controller {
    /// Works until it is dropped. Sleeps while nothing changes.
    pub async fn work(self) {
        let mut version = 0;
        // Dropped with this: nothing goes on in a demo that was left.
        let mut takings_up = JoinSet::new();
        loop {
            for route in self.api.changed_routes(&mut version).await {
                if !is_observed(&route) {
                    takings_up.spawn(self.clone().take_up(route));
                }
            }
            while takings_up.try_join_next().is_some() {}
        }
    }

    async fn take_up(self, route: Arc<Value>) {
        let text = |field: &str| route["metadata"][field].as_str().unwrap_or_default();
        let (namespace, name) = (text("namespace"), text("name"));
        sleep(self.scenario.observe_delay()).await;
        self.api.edit_route(namespace, name, CONTROLLER, observe);
        let Some(route) = self.api.object("httproutes", namespace, name) else { return };
        let Ok(route) = Route::from_json(&route.to_string()) else { return };
        if !matches!(route.state(), crate::route::RouteState::NotAccepted(_)) {
            sleep(self.scenario.serve_delay()).await;
            let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
            traffic.serve(self.clock.now(), Arc::new(route));
        }
    }
}

/// Says of every condition that it speaks of the present generation.
fn observe(route: &mut Value) {
    let generation = route["metadata"]["generation"].clone();
    for condition in conditions(route) {
        condition["observedGeneration"] = generation.clone();
    }
}

fn conditions(route: &mut Value) -> impl Iterator<Item = &mut Value> {
    let parents = route["status"]["parents"].as_array_mut().into_iter().flatten();
    parents.filter_map(|parent| parent["conditions"].as_array_mut()).flatten()
}

fn is_observed(route: &Value) -> bool {
    let generation = json!(route["metadata"]["generation"]);
    let parents = route["status"]["parents"].as_array().into_iter().flatten();
    let mut conditions = parents.filter_map(|parent| parent["conditions"].as_array()).flatten();
    conditions.all(|condition| condition["observedGeneration"] == generation)
}
