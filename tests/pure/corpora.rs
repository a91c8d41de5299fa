//! Real routes and statuses: every one is read, and every split can be planned without touching anything else.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use tidegate::rollout::{Conventions, Direction, Intent, json_patch, plan};
use tidegate::route::{Route, RouteState};

const FILES: [&str; 5] = [
    "gateway-api-routes.jsonl",
    "envoy-gateway-status.jsonl",
    "argocd-route-status.jsonl",
    "argo-plugin.jsonl",
    "flagger.jsonl",
];

/// The `HTTPRoutes` of one corpus, with the line that each stands on.
pub fn routes(file: &str) -> Vec<(usize, Value)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpora/routes").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let objects = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["object"].clone());
    (1..).zip(objects).filter(|(_, object)| object["kind"] == "HTTPRoute").collect()
}

fn all() -> impl Iterator<Item = (String, Value)> {
    FILES.into_iter().flat_map(|file| {
        routes(file).into_iter().map(move |(line, object)| (format!("{file}:{line}"), object))
    })
}

#[test]
fn every_route_is_read() {
    let mut read = 0;
    for (place, object) in all() {
        let route =
            Route::from_json(&object.to_string()).map_err(|bad| format!("{place}: {}", bad.why)).unwrap();
        assert_eq!(route.status_problem, None, "{place}");
        let rules = object["spec"]["rules"].as_array().map_or(0, Vec::len);
        assert_eq!(route.rules.len(), rules, "{place}");
        read += 1;
    }
    assert!(read > 400, "only {read} routes were read");
}

#[test]
fn states_are_those_that_the_controllers_wrote() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, object) in routes("envoy-gateway-status.jsonl") {
        let route = Route::from_json(&object.to_string()).unwrap();
        *seen.entry(route.state().word()).or_default() += 1;
        let refused = |kind: &str| {
            object["status"]["parents"].as_array().into_iter().flatten().any(|parent| {
                let conditions = parent["conditions"].as_array().into_iter().flatten();
                conditions.into_iter().any(|c| c["type"] == kind && c["status"] == "False")
            })
        };
        match route.state() {
            RouteState::NotAccepted(_) => assert!(refused("Accepted")),
            RouteState::Accepted => assert!(!refused("Accepted") && !refused("ResolvedRefs")),
            _ => {}
        }
    }
    assert!(seen.get("not accepted").is_some_and(|n| *n > 10), "{seen:?}");
    assert!(seen.get("degraded").is_some_and(|n| *n > 10), "{seen:?}");
    assert!(seen.get("accepted").is_some_and(|n| *n > 100), "{seen:?}");
}

/// The document with every weight taken out, since these alone may differ.
fn without_weights(mut object: Value) -> Value {
    for rule in object["spec"]["rules"].as_array_mut().into_iter().flatten() {
        for backend in rule["backendRefs"].as_array_mut().into_iter().flatten() {
            backend.as_object_mut().unwrap().remove("weight");
        }
    }
    object
}

#[test]
fn a_step_of_any_real_split_changes_weights_alone() {
    let mut planned = 0;
    for (place, mut object) in all() {
        // What the server would have filled in.
        object["metadata"]["uid"] = "u".into();
        object["metadata"]["generation"] = 1.into();
        let route = Route::from_json(&object.to_string()).unwrap();
        for (rule, split) in route.splits() {
            for backend in &split.backends {
                let canary = Some(backend.to.name.clone());
                let intent = Intent::Step { rule, direction: Direction::Next, canary };
                let Ok(plan) = plan(&route, &intent, &Conventions::default(), None) else { continue };
                let mut patched = object.clone();
                json_patch::patch(&mut patched, &json_patch(&plan, &[]))
                    .map_err(|e| format!("{place}: {e}"))
                    .unwrap();
                assert_ne!(patched, object, "{place}");
                assert_eq!(without_weights(patched), without_weights(object.clone()), "{place}");
                planned += 1;
            }
        }
    }
    assert!(planned > 50, "only {planned} steps were planned");
}
