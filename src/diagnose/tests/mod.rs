//! The walk over a world made by hand.

mod around;
mod limits;
mod route;
mod traffic;

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::cluster::{Endpoints, Known};
use crate::metrics::{BackendCounts, Counts, Granularity, Strain};
use crate::rollout::{ChangeRecord, Check, RoleNames};
use crate::route::{BackendRef, Gateway, Route};

const NOW: &str = "2026-03-14T09:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A route of an hour ago that its gateway has taken up, and everything around it, which is fine.
struct World {
    object: Value,
    others: Vec<Route>,
    note: Option<&'static str>,
    gateway: Known<Option<Value>>,
    behind: HashMap<BackendRef, Behind>,
    /// Requests and errors of each backend of rule 0, or why nothing was counted.
    counted: Result<Vec<Option<(f64, f64)>>, String>,
    granularity: Granularity,
    age: i64,
    changes: Vec<ChangeRecord>,
    /// Of the canary, in seconds.
    p99: Option<f64>,
    /// Of each backend of rule 0; `None` inside where the provider does not count them.
    retried: Result<Option<Vec<f64>>, String>,
    /// What the gate says of the requests of the canary; `None` where it judges none.
    gate: Option<Check>,
}

fn backend(name: &str, weight: u32) -> Value {
    json!({ "name": name, "port": 8080, "weight": weight })
}

fn object(name: &str, created: &str, rules: &Value) -> Value {
    let parent = json!({ "name": "edge", "namespace": "infra" });
    let condition =
        |kind: &str| json!({ "type": kind, "status": "True", "reason": kind, "observedGeneration": 7 });
    json!({
        "metadata": { "name": name, "namespace": "shop", "uid": name, "generation": 7, "creationTimestamp": created },
        "spec": { "hostnames": ["checkout.example"], "parentRefs": [parent], "rules": rules },
        "status": { "parents": [{ "parentRef": parent, "controllerName": "c.example/controller",
            "conditions": [condition("Accepted"), condition("ResolvedRefs")] }] },
    })
}

fn read(object: &Value) -> Route {
    Route::from_json(&object.to_string()).unwrap()
}

fn standing(ready: u32, total: u32) -> Behind {
    Behind {
        ports: Ok(Some([8080].into())),
        endpoints: Ok(Endpoints { ready, total }),
        version: Some("v1.4.1".into()),
    }
}

fn service(name: &str) -> BackendRef {
    BackendRef::service("shop", name, 8080)
}

fn programmed(listeners: &Value) -> Value {
    json!({ "metadata": { "generation": 1 }, "spec": { "gatewayClassName": "c", "listeners": listeners },
        "status": { "conditions": [{ "type": "Programmed", "status": "True", "observedGeneration": 1 }] } })
}

fn checkout(stable: u32, canary: u32) -> World {
    let rules =
        json!([{ "backendRefs": [backend("checkout-stable", stable), backend("checkout-canary", canary)] }]);
    world(&rules)
}

fn world(rules: &Value) -> World {
    let listeners =
        json!([{ "name": "http", "port": 80, "allowedRoutes": { "namespaces": { "from": "All" } } }]);
    let names = ["checkout-stable", "checkout-canary"];
    World {
        object: object("checkout", "2026-03-14T08:00:00Z", rules),
        others: Vec::new(),
        note: None,
        gateway: Ok(Some(programmed(&listeners))),
        behind: names.into_iter().map(|name| (service(name), standing(3, 3))).collect(),
        counted: Ok(vec![Some((45_000.0, 0.0)), Some((5000.0, 0.0))]),
        granularity: Granularity::Service,
        age: 1,
        changes: Vec::new(),
        p99: None,
        retried: Ok(None),
        gate: None,
    }
}

impl World {
    fn walk(&self) -> Walk {
        let route = read(&self.object);
        let gateway = self
            .gateway
            .clone()
            .map(|known| known.map(|json| Gateway::from_json(&json.to_string()).unwrap()));
        let since = now().saturating_sub(SignedDuration::from_mins(5)).unwrap();
        let traffic = self.counted.clone().map(|counted| {
            let one = |(requests, errors): (f64, f64)| BackendCounts {
                requests,
                errors,
                newest: Some(now().saturating_sub(SignedDuration::from_secs(self.age)).unwrap()),
                scrape_interval: Some(Duration::from_secs(2)),
                scrapes: 150,
                reset: false,
                target_up: Some(true),
                granularity: self.granularity,
            };
            let places = || (0..route.rules.len()).flat_map(|index| route.rule_backends(index));
            let backends =
                places().zip(counted).filter_map(|(place, counted)| Some((place, one(counted?)))).collect();
            Traffic {
                counts: Counts { since, asked_at: now(), backends },
                p99: self.p99.map(|p99| (service("checkout-canary"), p99)).into_iter().collect(),
                strain: self.retried.clone().map(|known| {
                    let events = places().zip(known?).collect();
                    Some(vec![Strain { what: "retries", events }])
                }),
            }
        });
        let gated: Vec<_> =
            self.gate.iter().map(|check| (service("checkout-canary"), vec![check.clone()])).collect();
        walk(&Facts {
            route: &route,
            around: &self.others.iter().collect::<Vec<_>>(),
            around_note: self.note,
            gateways: &HashMap::from([(("infra".into(), "edge".into()), gateway)]),
            behind: &self.behind,
            traffic,
            gated: &gated,
            names: &RoleNames::default(),
            chosen: None,
            changes: &self.changes,
            patience: Duration::from_mins(1),
            now: now(),
        })
    }

    /// The first broken step, and what is said of it.
    #[track_caller]
    fn broken(&self) -> (Place, String) {
        let walk = self.walk();
        let (step, finding) = walk.first_broken().unwrap_or_else(|| panic!("nothing is broken: {walk:#?}"));
        assert!(finding.advice.is_some(), "{finding:?} says not what to do");
        (step.step, finding.seen.clone())
    }

    /// The verdict of a step.
    fn of(&self, place: Place) -> Verdict {
        self.walk().steps.iter().find(|step| step.step == place).unwrap().verdict
    }

    /// What is said at a step.
    fn said(&self, place: Place) -> Vec<(Verdict, String)> {
        let walk = self.walk();
        let step = walk.steps.iter().find(|step| step.step == place).unwrap();
        step.findings.iter().map(|finding| (finding.verdict, finding.seen.clone())).collect()
    }

    fn warns_of(&self, name: &str) -> bool {
        let all = self.walk().steps.into_iter().flat_map(|step| step.findings);
        let mut named = all.filter(|finding| finding.explain == Some(name));
        named.any(|finding| finding.verdict == Verdict::Warning)
    }

    fn behind(mut self, name: &str, behind: Behind) -> Self {
        self.behind.insert(service(name), behind);
        self
    }

    fn counted(mut self, requests: &[f64]) -> Self {
        self.counted = Ok(requests.iter().map(|requests| Some((*requests, 0.0))).collect());
        self
    }

    fn condition(mut self, kind: &str, status: &str, reason: &str, message: &str, generation: i64) -> Self {
        let conditions = self.object["status"]["parents"][0]["conditions"].as_array_mut().unwrap();
        conditions.retain(|condition| condition["type"] != kind);
        conditions.push(json!({ "type": kind, "status": status, "reason": reason, "message": message,
            "observedGeneration": generation }));
        self
    }
}

#[test]
fn what_is_fine_is_fine_at_every_step() {
    let walk = checkout(90, 10).walk();
    assert_eq!(walk.first_broken(), None);
    for step in &walk.steps {
        assert_eq!(step.verdict, Verdict::Ok, "{step:#?}");
    }
    assert_eq!(walk.what_to_do(), "nothing is broken");
}

#[test]
fn every_name_that_a_finding_gives_is_in_the_catalogue() {
    let sources = [
        include_str!("../backends.rs"),
        include_str!("../hazards.rs"),
        include_str!("../limits.rs"),
        include_str!("../parents.rs"),
        include_str!("../precedence.rs"),
        include_str!("../split.rs"),
        include_str!("../traffic.rs"),
        include_str!("../weights.rs"),
    ];
    let mut named = 0;
    for text in sources.iter().flat_map(|source| source.split("explained(\"").skip(1)) {
        let name = text.split('"').next().unwrap();
        assert!(failure(name).is_some(), "{name}");
        named += 1;
    }
    assert!(named > 12, "{named}");
}
