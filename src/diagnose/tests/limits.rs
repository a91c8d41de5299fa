//! Retries and time-outs.

use serde_json::json;

use super::*;

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
fn retries_of_the_canary_beside_those_of_stable() {
    let with = |retried: &[f64]| {
        let mut world = checkout(90, 10);
        world.retried = Ok(Some(retried.to_vec()));
        world
    };
    let said = with(&[45.0, 300.0]).said(Place::Limits);
    let [(verdict, worse), (_, stable), (_, canary)] = &said[..] else { panic!("{said:?}") };
    assert_eq!(
        (*verdict, &**worse),
        (
            Verdict::Warning,
            "more retries of checkout-canary than of checkout-stable: 300 for 5000 requests, 45 for 45000 requests"
        )
    );
    assert_eq!(stable, "checkout-stable: 45000 requests, retries 45 (0.1 %)");
    assert_eq!(canary, "checkout-canary: 5000 requests, retries 300 (6 %)");
    // as many for stable, and as many for so few that it may be chance
    assert_eq!(with(&[2700.0, 300.0]).of(Place::Limits), Verdict::Ok);
    assert_eq!(with(&[0.0, 2.0]).counted(&[450.0, 50.0]).of(Place::Limits), Verdict::Ok);
    assert_eq!(with(&[0.0, 0.0]).said(Place::Limits)[1].1, "checkout-canary: 5000 requests, no retries");
}

#[test]
fn retries_that_nobody_counts_are_missed_where_the_route_sets_them() {
    let rule = json!({ "retry": { "attempts": 2 },
        "backendRefs": [backend("checkout-stable", 90), backend("checkout-canary", 10)] });
    let mut world = world(&json!([rule]));
    let told = |world: &World| world.said(Place::Limits)[0].clone();
    let of = |why: &str| (Verdict::Unknown, format!("how many requests were retried: {why}"));
    assert_eq!(told(&world), of("this metrics provider does not count it"));
    world.retried = Err("503".to_owned());
    assert_eq!(told(&world), of("503"));
    world.retried = Ok(Some(vec![0.0, 0.0]));
    assert_eq!(world.of(Place::Limits), Verdict::Warning, "the route sets retries, and they are counted");
    world.age = 60;
    assert_eq!(told(&world), of("the newest sample is 60 s old, scrapes are 2 s apart"));
    let mut neither = checkout(90, 10);
    neither.retried = Err("503".to_owned());
    assert_eq!(neither.of(Place::Limits), Verdict::Ok);
}

#[test]
fn what_is_counted_for_a_service_is_of_no_rule_and_told_once() {
    let header = json!({ "matches": [{ "headers": [{ "name": "x-beta", "value": "yes" }] }],
        "backendRefs": [backend("checkout-canary", 1)] });
    let split = json!({ "backendRefs": [backend("checkout-stable", 90), backend("checkout-canary", 10)] });
    let mut world = world(&json!([header, split])).counted(&[5000.0, 45_000.0, 5000.0]);
    world.retried = Ok(Some(vec![0.0; 3]));
    let said =
        |world: &World| world.said(Place::Limits).into_iter().map(|(_, seen)| seen).collect::<Vec<_>>();
    let (canary, stable) =
        ("checkout-canary: 5000 requests, no retries", "checkout-stable: 45000 requests, no retries");
    assert_eq!(said(&world), [canary, stable]);
    world.granularity = Granularity::Split;
    let said = said(&world);
    assert!(said.len() == 3 && said.iter().all(|seen| seen.starts_with("rule ")), "{said:?}");
}
