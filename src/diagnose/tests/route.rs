//! What the route itself says, and who takes its requests.

use serde_json::{Value, json};

use super::*;

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
