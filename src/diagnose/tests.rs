use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::cluster::{Endpoints, Known, Ports};
use crate::metrics::{BackendCounts, Counts, Granularity};
use crate::rollout::{ChangeRecord, RoleNames};
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
        ports: Ok(Some(Ports([8080].into()))),
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
            let places = route.rule_backends(0).zip(counted);
            let backends = places.filter_map(|(place, counted)| Some((place, one(counted?)))).collect();
            Traffic {
                counts: Counts { since, asked_at: now(), backends },
                p99: self.p99.map(|p99| (service("checkout-canary"), p99)).into_iter().collect(),
            }
        });
        walk(&Facts {
            route: &route,
            around: &self.others.iter().collect::<Vec<_>>(),
            around_note: self.note,
            gateways: &HashMap::from([(("infra".into(), "edge".into()), gateway)]),
            behind: &self.behind,
            traffic,
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
        include_str!("backends.rs"),
        include_str!("hazards.rs"),
        include_str!("limits.rs"),
        include_str!("parents.rs"),
        include_str!("precedence.rs"),
        include_str!("split.rs"),
        include_str!("traffic.rs"),
        include_str!("weights.rs"),
    ];
    let mut named = 0;
    for text in sources.iter().flat_map(|source| source.split("explained(\"").skip(1)) {
        let name = text.split('"').next().unwrap();
        assert!(failure(name).is_some(), "{name}");
        named += 1;
    }
    assert!(named > 12, "{named}");
}

#[test]
fn all_weights_0_are_found_at_the_route() {
    let (place, seen) = checkout(0, 0).broken();
    assert_eq!(
        (place, &*seen),
        (Place::Route, "all weights are 0 (checkout-stable, checkout-canary): every request gets 500")
    );
    let advice = checkout(0, 0).walk().what_to_do();
    assert!(advice.ends_with("tidegate set shop/checkout checkout-stable=100 checkout-canary=0"), "{advice}");
}

#[test]
fn the_older_of_two_equal_matches_gets_all() {
    let rules = json!([{ "matches": [{ "path": { "type": "PathPrefix", "value": "/" } }], "backendRefs": [backend("other", 1)] }]);
    let beside = |created: &str| {
        let mut world = checkout(90, 10);
        world.others = vec![read(&object("another", created, &rules))];
        world
    };
    let (place, seen) = beside("2026-03-01T00:00:00Z").broken();
    assert_eq!(place, Place::Route);
    assert!(seen.contains("route shop/another has the same match") && seen.contains("is older"), "{seen}");
    let younger = beside("2026-03-14T08:30:00Z");
    assert_eq!((younger.of(Place::Route), younger.walk().first_broken()), (Verdict::Warning, None));
    // created in the same second: the name decides, and `another` comes before `checkout`
    assert_eq!(beside("2026-03-14T08:00:00Z").broken().0, Place::Route);
    let mut elsewhere = object("another", "2026-03-01T00:00:00Z", &rules);
    elsewhere["spec"]["hostnames"] = json!(["other.example"]);
    let mut world = checkout(90, 10);
    world.others = vec![read(&elsewhere)];
    assert_eq!(world.of(Place::Route), Verdict::Ok);
    // what is not accepted takes nothing
    let mut refused = object("another", "2026-03-01T00:00:00Z", &rules);
    refused["status"]["parents"][0]["conditions"][0]["status"] = json!("False");
    world.others = vec![read(&refused)];
    assert_eq!(world.of(Place::Route), Verdict::Ok);
    world.note = Some("only routes of namespace shop are known");
    assert_eq!(world.of(Place::Route), Verdict::Unknown);
}

#[test]
fn a_route_that_names_the_host_comes_before_one_that_does_not() {
    let rules = json!([{ "backendRefs": [backend("other", 1)] }]);
    let mut world = checkout(90, 10);
    world.others = vec![read(&object("another", NOW, &rules))];
    for (hosts, taken) in [(json!([]), true), (json!(["*.example"]), true), (json!(["*.test"]), false)] {
        world.object["spec"]["hostnames"] = hosts;
        let said = world.said(Place::Route);
        let told = said.iter().any(|(_, seen)| seen.contains("checkout.example (route shop/another)"));
        assert_eq!(told, taken, "{said:?}");
    }
}

#[test]
fn narrower_rules_are_told() {
    let premium = json!({ "matches": [{ "path": { "type": "PathPrefix", "value": "/" },
        "headers": [{ "name": "x-tier", "value": "premium" }] }], "backendRefs": [backend("checkout-stable", 1)] });
    let split = json!({ "backendRefs": [backend("checkout-stable", 90), backend("checkout-canary", 10)] });
    let world = world(&json!([split, premium]));
    let said = world.said(Place::Route);
    let (verdict, seen) = &said[0];
    assert_eq!(*verdict, Verdict::Warning);
    assert!(seen.contains("/ x-tier: premium to checkout-stable 100 %"), "{seen}");
    assert!(!world.warns_of("spoofed-header"), "the stable one may be chosen by anybody");
}

#[test]
fn hazards_are_warned_of() {
    let split = || json!({ "backendRefs": [backend("checkout-stable", 90), backend("checkout-canary", 10)] });
    let testers = json!({ "matches": [{ "headers": [{ "name": "x-beta", "value": "1" }] }],
        "backendRefs": [backend("checkout-canary", 1)] });
    assert!(world(&json!([split(), testers])).warns_of("spoofed-header"));

    let mirrored = |method: Option<&str>, percent: Option<u32>| {
        let mut rule = split();
        let mut mirror = json!({ "backendRef": { "name": "shadow", "port": 8080 } });
        mirror["percent"] = percent.map_or(Value::Null, Value::from);
        rule["filters"] = json!([{ "type": "RequestMirror", "requestMirror": mirror }]);
        rule["matches"] = json!([{ "method": method }]);
        world(&json!([rule])).behind("shadow", standing(1, 1))
    };
    assert!(mirrored(None, None).warns_of("mirrored-writes"));
    assert!(mirrored(Some("POST"), None).warns_of("mirrored-writes"));
    assert!(!mirrored(Some("GET"), None).warns_of("mirrored-writes"));
    assert!(mirrored(Some("GET"), None).warns_of("shadow-overload"));
    assert!(!mirrored(Some("GET"), Some(10)).warns_of("shadow-overload"));

    let mut sticky = split();
    sticky["sessionPersistence"] = json!({ "sessionName": "s" });
    assert!(world(&json!([sticky])).warns_of("broken-sessions"));
    let twice = json!([{ "backendRefs": [backend("checkout-stable", 50), backend("checkout-stable", 50)] }]);
    assert!(world(&twice).said(Place::Route)[0].1.contains("stands there more than once: it gets 100 %"));
}

#[test]
fn a_drained_canary_that_is_still_reached() {
    let mut world = checkout(100, 0);
    assert!(!world.warns_of("ineffective-rollback"));
    let rules = json!([{ "matches": [{ "path": { "type": "PathPrefix", "value": "/beta" } }], "backendRefs": [backend("checkout-canary", 1)] }]);
    world.others = vec![read(&object("beta", NOW, &rules))];
    assert!(world.warns_of("ineffective-rollback"));
}

#[test]
fn retries_and_a_time_out_that_requests_run_into() {
    let rule = |timeout: &str| {
        json!({ "retry": { "attempts": 2 }, "timeouts": { "request": timeout },
            "backendRefs": [backend("checkout-stable", 90), backend("checkout-canary", 10)] })
    };
    let with = |timeout: &str, p99: Option<f64>| {
        let mut world = world(&json!([rule(timeout)]));
        world.p99 = p99;
        world
    };
    assert!(with("0s", None).warns_of("too-much"));
    assert_eq!(with("0s", None).of(Place::Limits), Verdict::Unknown);
    let said = |world: &World| world.said(Place::Limits)[0].clone();
    let (verdict, seen) = said(&with("1s", Some(0.97)));
    assert_eq!(verdict, Verdict::Broken);
    assert!(
        seen.contains("time-out 1s; 99 % of the requests to checkout-canary take less than 0.970 s"),
        "{seen}"
    );
    let all = with("1s", Some(0.4)).said(Place::Limits);
    assert!(
        all.iter().any(|(verdict, seen)| *verdict == Verdict::Ok && seen.contains("time-out 1s")),
        "{all:?}"
    );
    let all = with("1s", None).said(Place::Limits);
    assert!(all.iter().any(|(_, seen)| seen.contains("no latency is known")), "{all:?}");
}

#[test]
fn rollbacks_in_turn() {
    let change = |id: u32, at: &str, action: &str| -> ChangeRecord {
        let record = json!({ "id": id.to_string(), "namespace": "shop", "route": "checkout", "uid": "checkout", "actor": "ann",
            "at": at, "action": action, "before": {}, "after": {}, "verdict": "none" });
        serde_json::from_value(record).unwrap()
    };
    let mut world = checkout(90, 10);
    world.changes =
        vec![change(1, "2026-03-14T08:10:00Z", "rollback"), change(2, "2026-03-14T08:20:00Z", "step")];
    assert!(!world.warns_of("failover-loop"));
    world.changes.push(change(3, "2026-03-14T08:40:00Z", "rollback"));
    assert!(world.warns_of("failover-loop"));
    assert!(world.said(Place::Route)[0].1.contains("rolled back 2 times in 50 min, the last time by ann"));
    world.changes[0].at = "2026-03-14T06:00:00Z".to_owned();
    assert!(!world.warns_of("failover-loop"), "that was another rollout");
}

#[test]
fn a_version_to_return_to_that_is_too_small() {
    let world = checkout(10, 90).counted(&[1000.0, 9000.0]);
    assert!(!world.warns_of("stale-failover"));
    assert!(world.behind("checkout-stable", standing(1, 1)).warns_of("stale-failover"));
}

#[test]
fn parents_that_do_not_serve_the_route() {
    let refused =
        checkout(90, 10).condition("Accepted", "False", "NoMatchingListenerHostname", "no listener", 7);
    let (place, seen) = refused.broken();
    assert_eq!(place, Place::Parents);
    assert!(seen.contains("Accepted=False NoMatchingListenerHostname: no listener"), "{seen}");

    let fallen_back = checkout(90, 10)
        .condition("Accepted", "True", "Accepted", "", 6)
        .condition("ResolvedRefs", "True", "ResolvedRefs", "", 6)
        .condition("PartiallyInvalid", "True", "UnsupportedValue", "Fall Back to the last valid state", 6);
    let (place, seen) = fallen_back.broken();
    assert_eq!(place, Place::Parents);
    assert!(seen.contains("refused generation 7 and still serves 6: UnsupportedValue: Fall Back"), "{seen}");

    let late = checkout(90, 10).condition("Accepted", "True", "Accepted", "", 6).condition(
        "ResolvedRefs",
        "True",
        "ResolvedRefs",
        "",
        6,
    );
    let (place, seen) = late.broken();
    assert_eq!(place, Place::Parents);
    assert!(
        seen.contains("has not taken up generation 7, it speaks of 6, 60 min after the newest write"),
        "{seen}"
    );
    let mut just_now = late;
    just_now.object["metadata"]["creationTimestamp"] = json!("2026-03-14T08:59:50Z");
    assert_eq!((just_now.walk().first_broken(), just_now.of(Place::Parents)), (None, Verdict::Unknown));

    let mut undecided = checkout(90, 10).condition("Accepted", "Unknown", "Pending", "waiting", 7);
    assert!(
        undecided.broken().1.contains("has not decided: Accepted=Unknown Pending: waiting, 60 min after")
    );
    undecided.object["metadata"]["creationTimestamp"] = json!("2026-03-14T08:59:50Z");
    assert_eq!((undecided.walk().first_broken(), undecided.of(Place::Parents)), (None, Verdict::Unknown));

    let mut silent = checkout(90, 10);
    silent.object["status"] = json!({ "parents": null });
    assert_eq!(silent.broken().0, Place::Parents);
    let mut orphan = checkout(90, 10);
    orphan.object["spec"]["parentRefs"] = json!([]);
    assert_eq!(orphan.broken().0, Place::Parents);
}

#[test]
fn gateways_that_serve_nothing() {
    let mut world = checkout(90, 10);
    world.gateway = Ok(None);
    assert_eq!(world.broken(), (Place::Parents, "there is no Gateway infra/edge".to_owned()));
    world.gateway = Err("you lack the right to get gateways".into());
    assert_eq!((world.walk().first_broken(), world.of(Place::Parents)), (None, Verdict::Unknown));

    let mut gateway = programmed(&json!([{ "name": "https", "port": 443 }]));
    gateway["status"]["conditions"][0]["status"] = json!("False");
    gateway["status"]["conditions"][0]["reason"] = json!("AddressNotAssigned");
    world.gateway = Ok(Some(gateway.clone()));
    assert!(
        world.broken().1.contains("Gateway infra/edge serves nothing: Programmed=False AddressNotAssigned")
    );
    gateway["status"] = json!({ "conditions": [{ "type": "Programmed", "status": "True" }], "listeners": [
        { "name": "https", "conditions": [{ "type": "Conflicted", "status": "True", "reason": "HostnameConflict" }] }] });
    world.gateway = Ok(Some(gateway.clone()));
    assert!(
        world.broken().1.contains("listener https of Gateway infra/edge: Conflicted=True HostnameConflict")
    );
    gateway["status"]["listeners"] = json!([]);
    world.gateway = Ok(Some(gateway.clone()));
    assert_eq!(world.of(Place::Parents), Verdict::Ok);
    world.object["spec"]["parentRefs"][0]["sectionName"] = json!("http");
    world.object["status"]["parents"][0]["parentRef"]["sectionName"] = json!("http");
    let (_, seen) = world.broken();
    assert_eq!(seen, "Gateway infra/edge has no listener http; it has https (port 443)");

    let mut refused = checkout(90, 10).condition("Accepted", "False", "NotAllowedByListeners", "", 7);
    gateway["spec"]["listeners"][0]["allowedRoutes"] = json!({ "namespaces": { "from": "Same" } });
    refused.gateway = Ok(Some(gateway));
    assert!(refused.walk().what_to_do().contains("take routes of namespace infra only"));
}

#[test]
fn backends_that_cannot_answer() {
    let gone = Behind { ports: Ok(None), endpoints: Ok(Endpoints { ready: 0, total: 0 }), version: None };
    let (place, seen) = checkout(90, 10).behind("checkout-canary", gone.clone()).broken();
    assert_eq!(place, Place::Backends);
    assert!(seen.starts_with("there is no Service shop/checkout-canary: its 10 % gets 500"), "{seen}");
    let (_, seen) = checkout(90, 10).behind("checkout-canary", standing(0, 3)).broken();
    assert_eq!(seen, "Service shop/checkout-canary has no ready endpoint (0 of 3): its 10 % gets 503");
    let walk = checkout(90, 10).behind("checkout-canary", standing(0, 3)).walk();
    assert!(walk.what_to_do().contains("all traffic to checkout-stable: tidegate rollback shop/checkout"));
    let parked = checkout(100, 0).behind("checkout-canary", standing(0, 3)).counted(&[9000.0, 0.0]);
    assert_eq!((parked.walk().first_broken(), parked.of(Place::Backends)), (None, Verdict::Warning));
    let ports = Behind { ports: Ok(Some(Ports([80].into()))), ..standing(3, 3) };
    let (_, seen) = checkout(90, 10).behind("checkout-canary", ports).broken();
    assert!(seen.contains("has no port 8080, it has 80"), "{seen}");
    let denied = Behind { ports: Err("no right".into()), endpoints: Err("no right".into()), version: None };
    assert_eq!(checkout(90, 10).behind("checkout-canary", denied).of(Place::Backends), Verdict::Unknown);

    let unresolved =
        checkout(90, 10).condition("ResolvedRefs", "False", "RefNotPermitted", "not permitted", 7);
    assert_eq!(unresolved.broken().0, Place::Backends);
    assert!(unresolved.walk().what_to_do().contains("ReferenceGrant"));
}

#[test]
fn shares_that_are_not_the_declared_ones() {
    let seen = |requests: &[f64]| {
        let (place, seen) = checkout(90, 10).counted(requests).broken();
        assert_eq!(place, Place::Split, "{seen}");
        seen
    };
    assert!(seen(&[5000.0, 5000.0]).contains("spread evenly, as by a gateway that ignores weights"));
    assert!(
        seen(&[10_000.0, 0.0]).contains("checkout-canary gets nothing: its share goes to checkout-stable")
    );
    assert!(seen(&[8000.0, 2000.0]).contains("possible causes: sticky sessions by cookie"));
    let by_endpoints = checkout(50, 50).behind("checkout-canary", standing(1, 1)).counted(&[7500.0, 2500.0]);
    assert!(by_endpoints.broken().1.contains("by the number of endpoints (75 %, 25 %)"));
    let gone = checkout(90, 10).behind("checkout-canary", standing(0, 0)).counted(&[10_000.0, 0.0]);
    let said = gone.said(Place::Split);
    assert!(
        said[0].1.contains("checkout-canary gets nothing: its share goes to checkout-stable"),
        "{said:?}"
    );
    let leak = checkout(100, 0).counted(&[10_000.0, 4.0]);
    assert!(leak.broken().1.contains("4 of 10004 requests reached a backend of weight 0"));
    // no series where the others have some is 0
    let mut never = checkout(90, 10);
    never.counted = Ok(vec![Some((10_000.0, 0.0)), None]);
    assert_eq!(never.broken().0, Place::Split);
}

#[test]
fn what_counts_cannot_tell_is_not_known() {
    let unknown = |world: &World| {
        let said = world.said(Place::Split);
        assert_eq!((world.walk().first_broken(), said[0].0), (None, Verdict::Unknown), "{said:?}");
        said[0].1.clone()
    };
    assert!(unknown(&checkout(90, 10).counted(&[20.0, 2.0])).contains("22 of about"));
    assert!(unknown(&checkout(90, 10).counted(&[0.0, 0.0])).contains("no request in 300 s"));
    let mut world = checkout(90, 10);
    world.counted = Err("connection refused".to_owned());
    assert_eq!(unknown(&world), "no data: connection refused");
    assert_eq!(world.of(Place::Errors), Verdict::Unknown);
    let mut old = checkout(90, 10);
    old.age = 60;
    assert_eq!(unknown(&old), "the newest sample is 60 s old, scrapes are 2 s apart");
    let mut by_rule = checkout(90, 10);
    by_rule.granularity = Granularity::Rule;
    assert!(unknown(&by_rule).contains("count per rule"));
    let mut shared = checkout(90, 10);
    let rules = json!([{ "matches": [{ "path": { "type": "PathPrefix", "value": "/x" } }], "backendRefs": [backend("checkout-stable", 1)] }]);
    shared.others = vec![read(&object("x", NOW, &rules))];
    assert!(unknown(&shared).contains("another path leads to the same Services"));
    shared.granularity = Granularity::Split;
    assert_eq!(shared.of(Place::Split), Verdict::Ok);
    assert!(checkout(99, 1).counted(&[9.0, 0.0]).warns_of("rare-path"));
    assert!(!checkout(90, 10).counted(&[900.0, 100.0]).warns_of("rare-path"));
}

#[test]
fn a_version_that_fails_is_named() {
    let mut world = checkout(90, 10);
    world.counted = Ok(vec![Some((9000.0, 9.0)), Some((1000.0, 120.0))]);
    let (place, seen) = world.broken();
    assert_eq!(place, Place::Errors);
    assert!(seen.starts_with("checkout-canary: 120 of 1000 requests failed in 300 s, 12 %"), "{seen}");
    assert!(world.walk().what_to_do().ends_with("roll it back: tidegate rollback shop/checkout"));
    world.counted = Ok(vec![Some((9000.0, 1000.0)), Some((1000.0, 120.0))]);
    assert!(world.walk().what_to_do().contains("2 versions fail: the cause is not one of them"));
    world.counted = Ok(vec![Some((9000.0, 9.0)), Some((1000.0, 8.0))]);
    assert_eq!(world.of(Place::Errors), Verdict::Unknown, "too few to tell is not fine");
}
