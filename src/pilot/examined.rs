//! What the gate says of the traffic of each canary, for who asks what is broken.

use futures::future::join_all;

use super::Pilot;
use super::prepare::{PATIENCE, releases};
use crate::rollout::{Check, Direction, Effect, Firing, GateInput, Intent, gate};
use crate::route::{BackendRef, Route};

/// The checks that judge requests of a version.
const OF_REQUESTS: [&str; 3] = ["errors", "latency", "burn rate"];

impl Pilot {
    /// The checks of requests that the gate of the next stage makes, for each canary of `route` that has traffic and could
    /// get more. Never fails: a check that nobody can make says so.
    pub async fn examined(&self, route: &Route) -> Vec<(BackendRef, Vec<Check>)> {
        let mut examined: Vec<(BackendRef, Vec<Check>)> = Vec::new();
        for (rule, _) in route.splits() {
            let next = Intent::Step { rule, direction: Direction::Next, canary: None };
            let Ok(plan) = self.plan(route, &next) else { continue };
            let Some(canary) = plan.advancing.first().cloned() else { continue };
            let known = examined.iter().any(|(known, _)| known.same_object(&canary));
            if known || plan.effect != Effect::Advance || plan.starts() {
                continue;
            }
            let facts = plan.advancing.iter().map(|to| self.facts(to.clone(), PATIENCE));
            let releases = releases(&join_all(facts).await);
            let counted = self.evidence(route, &plan, &releases).await;
            let mut checks = gate(&GateInput {
                route,
                plan: &plan,
                readiness: &[],
                releases: &releases,
                counted,
                alerts: Firing::NobodyToAsk,
                logs: None,
                rules: &self.conventions.gates.of(route, self.timing.settle),
                shared: None,
                earlier: &[],
                now: self.clock.now(),
            })
            .checks;
            checks.retain(|check| OF_REQUESTS.contains(&check.name));
            examined.push((canary, checks));
        }
        examined
    }
}
