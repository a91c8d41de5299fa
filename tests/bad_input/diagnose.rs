//! `diagnose` where little can be known, and `explain`, which needs nothing at all.

use serde_json::{Value, json};

use crate::program::Home;
use crate::server::{Answer, Server, forbidden, healthy, status};

fn with_a_parent(route: Answer) -> Answer {
    let Answer::Say(code, text) = route else { panic!("no route") };
    let mut route: Value = serde_json::from_str(&text).unwrap();
    route["spec"]["parentRefs"] = json!([{ "name": "edge" }]);
    Answer::Say(code, route.to_string())
}

#[test]
fn what_may_not_be_looked_at_is_not_known_and_not_broken() {
    let home = Home::with(Server::start(|method, path| match path {
        _ if method != "GET" => status(500, "the test wrote something"),
        path if path.ends_with("/v1/httproutes") => forbidden("list", None),
        path if path.ends_with("/httproutes/checkout") => with_a_parent(healthy(method, path)),
        path if path.contains("/gateways/") => status(403, "not allowed to look"),
        path => healthy(method, path),
    }));
    let run = home.run(&["diagnose", "checkout", "-o", "json", "--prometheus", "none"]);
    assert_eq!((run.exit, &*run.err), (Some(0), ""), "{run:?}");
    let walk: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&walk["verdict"], &walk["firstBroken"]), (&"unknown".into(), &Value::Null));
    let verdict = |name: &str| {
        let steps = walk["steps"].as_array().unwrap();
        steps.iter().find(|step| step["step"] == name).unwrap()["verdict"].clone()
    };
    for step in ["route", "parents", "backends", "split", "errors"] {
        assert_eq!(verdict(step), "unknown", "{step}: {walk:#}");
    }
    let told = home.run(&["diagnose", "checkout", "--no-metrics"]).out;
    for words in [
        "only routes of namespace shop are known: no right to list httproutes.gateway.networking.k8s.io in all namespaces",
        "no data: --no-metrics was given",
        "7 what to do: nothing that could be seen is broken; not known: ",
    ] {
        assert!(told.contains(words), "{words:?} is not in\n{told}");
    }
}

#[test]
fn a_route_that_does_not_exist_is_an_error_of_its_own() {
    let home = Home::with(Server::start(healthy));
    let run = home.run(&["diagnose", "absent", "-o", "json"]);
    assert_eq!((run.exit, &*run.out), (Some(1), ""), "a script sees it by the empty output");
    assert!(run.err.contains("no route absent in namespace shop"), "{run:?}");
}

#[test]
fn the_catalogue_is_read_without_a_cluster() {
    let home = Home::empty();
    let all = home.run(&["explain"]);
    assert_eq!((all.exit, &*all.err, all.out.lines().count()), (Some(0), "", 12), "{all:?}");
    let one = home.run(&["explain", "metrics-down"]);
    assert_eq!(one.exit, Some(0));
    assert!(
        one.out.starts_with("metrics-down: Nobody counts any more\n\nWhat it looks like\n  "),
        "{}",
        one.out
    );
    assert!(one.out.lines().all(|line| line.chars().count() <= 96), "{}", one.out);
    home.refuses(
        &["explain", "metric-down"],
        2,
        "there is no failure called metric-down; did you mean metrics-down?",
    );
    home.refuses(
        &["explain", "zzz"],
        2,
        "there is no failure called zzz; tidegate explain lists what there is",
    );
}
