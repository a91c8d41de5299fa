//! Parents, Gateways, Services and endpoints.

use serde_json::json;

use super::*;

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
    let ports = Behind { ports: Ok(Some([80].into())), ..standing(3, 3) };
    let (_, seen) = checkout(90, 10).behind("checkout-canary", ports).broken();
    assert!(seen.contains("has no port 8080, it has 80"), "{seen}");
    let denied = Behind { ports: Err("no right".into()), endpoints: Err("no right".into()), version: None };
    assert_eq!(checkout(90, 10).behind("checkout-canary", denied).of(Place::Backends), Verdict::Unknown);

    let unresolved =
        checkout(90, 10).condition("ResolvedRefs", "False", "RefNotPermitted", "not permitted", 7);
    assert_eq!(unresolved.broken().0, Place::Backends);
    assert!(unresolved.walk().what_to_do().contains("ReferenceGrant"));
}
