//! A server that applies patches to one route, and whom somebody else disturbs.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::cluster::{Answer, Asked};

/// One route behind a server that applies patches. Before a patch is applied, somebody else may write; after
/// it, the answer may be lost.
#[derive(Clone, Default)]
pub(super) struct Store(pub Arc<Mutex<Inner>>);

#[derive(Default)]
pub(super) struct Inner {
    pub route: Value,
    /// Route `shop/other`, if there is one.
    pub other: Value,
    /// Writes of this route are denied by a policy, though not their dry runs.
    pub denied: Option<&'static str>,
    pub races: Vec<fn(&mut Value)>,
    pub lose_answers: usize,
    pub drop_requests: usize,
    /// Whether an answer was lost.
    pub lost: bool,
    /// After a lost answer so many reads fail.
    pub fail_reads: usize,
    pub refuse: Option<(u16, &'static str)>,
    /// What admission makes of a write, dry or not.
    pub mutates: Option<fn(&mut Value)>,
    /// A policy that takes no annotations.
    pub no_annotations: bool,
}

pub(super) fn route(stable: u32, canary: u32) -> Value {
    json!({
        "metadata": {"namespace": "shop", "name": "checkout", "uid": "u-1", "generation": 1},
        "spec": {"rules": [{"backendRefs": [
            {"name": "checkout-stable", "port": 8080, "weight": stable},
            {"name": "checkout-canary", "port": 8080, "weight": canary},
        ]}]},
    })
}

impl Store {
    pub fn new(stable: u32, canary: u32) -> Self {
        let store = Self::default();
        store.0.lock().unwrap().route = route(stable, canary);
        store
    }

    pub fn with(self, change: impl FnOnce(&mut Inner)) -> Self {
        change(&mut self.0.lock().unwrap());
        self
    }

    pub fn weights(&self) -> (u64, u64) {
        let inner = self.0.lock().unwrap();
        let refs = &inner.route["spec"]["rules"][0]["backendRefs"];
        (refs[0]["weight"].as_u64().unwrap(), refs[1]["weight"].as_u64().unwrap())
    }

    pub fn annotations(&self) -> Value {
        self.0.lock().unwrap().route["metadata"]["annotations"].clone()
    }

    pub fn answer(&self, asked: &Asked) -> Answer {
        let mut inner = self.0.lock().unwrap();
        let dry_run = asked.line.contains("dryRun=All");
        let denied = inner.denied.filter(|name| asked.line.contains(&format!("/httproutes/{name}")));
        if denied.is_some() && asked.line.starts_with("PATCH") && !dry_run {
            let words = "ValidatingAdmissionPolicy 'guard' with binding 'guard' denied request: not now";
            return Answer::Say(422, status(422, words));
        }
        if asked.line.contains("/httproutes/other") {
            if asked.line.starts_with("PATCH") {
                let patched = apply(&inner.other, &asked.body).unwrap();
                let kept = if dry_run { &mut Value::Null } else { &mut inner.other };
                kept.clone_from(&patched);
                return Answer::Say(200, patched.to_string());
            }
            return Answer::Say(200, inner.other.to_string());
        }
        if !asked.line.contains("/httproutes/checkout") {
            return Answer::Say(403, status(403, "not allowed to look"));
        }
        if asked.line.starts_with("GET") {
            if inner.lost && inner.fail_reads > 0 {
                inner.fail_reads -= 1;
                return Answer::Break;
            }
            return Answer::Say(200, inner.route.to_string());
        }
        if let Some((code, message)) = inner.refuse {
            return Answer::Say(code, status(code, message));
        }
        if !dry_run && inner.drop_requests > 0 {
            inner.drop_requests -= 1;
            return Answer::Break;
        }
        if !dry_run && let Some(race) = inner.races.pop() {
            race(&mut inner.route);
        }
        let Some(mut patched) = apply(&inner.route, &asked.body) else {
            let words = "the server rejected our request due to an error in our request";
            return Answer::Say(422, status(422, words));
        };
        if inner.no_annotations
            && patched["metadata"]["annotations"] != inner.route["metadata"]["annotations"]
        {
            let words =
                "ValidatingAdmissionPolicy 'guard' with binding 'guard' denied request: no annotations";
            return Answer::Say(422, status(422, words));
        }
        if let Some(mutate) = inner.mutates {
            mutate(&mut patched);
            patched["metadata"]["generation"] = inner.route["metadata"]["generation"].clone();
            if patched["spec"] != inner.route["spec"] {
                bump(&mut patched);
            }
        }
        if dry_run {
            return Answer::Say(200, patched.to_string());
        }
        inner.route = patched;
        if inner.lose_answers > 0 {
            inner.lose_answers -= 1;
            inner.lost = true;
            return Answer::Break;
        }
        Answer::Say(200, inner.route.to_string())
    }
}

pub(super) fn status(code: u16, message: &str) -> String {
    json!({"kind": "Status", "status": "Failure", "code": code, "message": message, "reason": "Invalid"})
        .to_string()
}

/// As the API server: `test` for `null` passes on what is absent, and an edit of the spec bumps the generation.
pub(super) fn apply(route: &Value, body: &[u8]) -> Option<Value> {
    let mut patch: json_patch::Patch = serde_json::from_slice(body).unwrap();
    patch.0.retain(|operation| match operation {
        json_patch::PatchOperation::Test(test) if test.value.is_null() => {
            route.pointer(test.path.as_str()).is_some()
        }
        _ => true,
    });
    let mut patched = route.clone();
    json_patch::patch(&mut patched, &patch).ok()?;
    if patched["spec"] != route["spec"] {
        bump(&mut patched);
    }
    Some(patched)
}

pub(super) fn bump(route: &mut Value) {
    let generation = route["metadata"]["generation"].as_i64().unwrap();
    route["metadata"]["generation"] = json!(generation + 1);
}

pub(super) fn set(route: &mut Value, stable: u32, canary: u32) {
    route["spec"]["rules"][0]["backendRefs"][0]["weight"] = json!(stable);
    route["spec"]["rules"][0]["backendRefs"][1]["weight"] = json!(canary);
}

pub(super) fn reweigh(route: &mut Value) {
    set(route, 80, 20);
    bump(route);
}

pub(super) fn annotate(route: &mut Value) {
    let name =
        format!("racer-{}", route["metadata"]["annotations"].as_object().map_or(0, serde_json::Map::len));
    route["metadata"]["annotations"][name] = json!("kept");
}

/// Somebody else takes the canary out.
pub(super) fn drain(route: &mut Value) {
    route["spec"]["rules"][0]["backendRefs"][1]["weight"] = json!(0);
    bump(route);
}
