//! The pure core on hand-made routes and on real ones: what a plan writes, and that it writes nothing else.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod corpora;
mod counted;
mod diagnose;
mod flip;
mod gates;
mod plans;
mod routes;
mod undo;

use serde_json::{Value, json};
use tidegate::route::Route;

/// A route in namespace `shop` with these rules.
fn document(rules: &Value) -> Value {
    json!({
        "metadata": {"name": "checkout", "namespace": "shop", "uid": "u-1", "generation": 7},
        "spec": {
            "hostnames": ["checkout.example"],
            "parentRefs": [{"name": "edge", "namespace": "infra"}],
            "rules": rules,
        },
    })
}

fn backend(name: &str, weight: u32) -> Value {
    json!({"name": name, "port": 8080, "weight": weight})
}

/// A split between stable and canary.
fn split(stable: u32, canary: u32) -> Value {
    json!({"backendRefs": [backend("checkout-stable", stable), backend("checkout-canary", canary)]})
}

/// The weights of every rule.
fn weights(document: &Value) -> Vec<Vec<u64>> {
    let rule = |rule: &Value| {
        rule["backendRefs"].as_array().unwrap().iter().map(|b| b["weight"].as_u64().unwrap_or(1)).collect()
    };
    document["spec"]["rules"].as_array().unwrap().iter().map(rule).collect()
}

fn route(document: &Value) -> Route {
    Route::from_json(&document.to_string()).unwrap()
}

/// Applies a plan's patch as the API server does, where `test` for `null` passes on what is absent.
fn apply(document: &Value, patch: &json_patch::Patch) -> Result<Value, json_patch::PatchError> {
    let mut patched = document.clone();
    let mut patch = patch.clone();
    patch.0.retain(|operation| match operation {
        json_patch::PatchOperation::Test(test) if test.value.is_null() => {
            document.pointer(test.path.as_str()).is_some()
        }
        _ => true,
    });
    json_patch::patch(&mut patched, &patch).map(|()| patched)
}
