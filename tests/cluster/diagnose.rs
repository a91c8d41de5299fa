//! The debugging walk on the real gateway: what is broken is named, at the first step at which it is.

use serde_json::{Value, json};

use crate::api;
use crate::load::Load;
use crate::program::Person;
use crate::rig::{Space, now_ms, var, wait_for};

/// Walks until `first` is the first broken step, since the gateway needs a moment, and says all of these words.
#[track_caller]
fn first_broken(person: &Person, first: &str, words: &[&str]) {
    let step = wait_for(&format!("{first} as the first broken step, with {words:?}"), || {
        let verb = person.run(&["diagnose", "checkout", "-o", "json"]);
        let walk = verb.json();
        assert_eq!(verb.code, i32::from(!walk["firstBroken"].is_null()), "{walk:#}");
        let step = walk["steps"].as_array()?.iter().find(|step| step["step"] == walk["firstBroken"])?;
        let broken = step["findings"].as_array()?.iter().filter(|finding| finding["verdict"] == "broken");
        let said: Vec<&str> = broken.filter_map(|finding| finding["seen"].as_str()).collect();
        let all = words.iter().all(|words| said.iter().any(|said| said.contains(words)));
        (walk["firstBroken"] == first && all).then(|| format!("{said:#?} {}", walk["whatToDo"]))
    });
    println!("{first}: {step}");
}

/// A rule that sends everything to these backends.
fn to(backends: &[(&str, u32)]) -> Value {
    let backend = |(name, weight): &(&str, u32)| json!({ "name": name, "port": 8080, "weight": weight });
    json!({
        "matches": [{ "path": { "type": "PathPrefix", "value": "/" } }],
        "backendRefs": backends.iter().map(backend).collect::<Vec<_>>(),
    })
}

#[test]
fn what_works_is_not_called_broken_and_its_share_is_seen() {
    let space = Space::new("90/10");
    let load = Load::on(&space);
    load.wait_requests(4000, now_ms());
    let person = Person::viewer(&space);
    let walk = wait_for("enough requests", || {
        let walk = person.run(&["diagnose", "checkout", "-o", "json"]).exits(0).json();
        let split = walk["steps"].as_array()?.iter().find(|step| step["step"] == "split")?.clone();
        let said = split["findings"].as_array()?.iter().find(|finding| finding["verdict"] == "ok")?.clone();
        said["seen"].as_str().map(ToOwned::to_owned)
    });
    println!("{walk}");
    assert!(walk.contains("10.0 % declared"), "{walk}");
}

#[test]
fn all_weights_0_and_backends_that_cannot_answer() {
    let space = Space::new("90/10");
    let person = Person::oncall(&space);
    space.set_rules(&json!([to(&[("checkout-stable", 0), ("checkout-canary", 0)])]));
    first_broken(&person, "route", &["every request gets 500"]);

    space.set_rules(&json!([to(&[("checkout-stable", 90), ("checkout-canray", 10)])]));
    first_broken(&person, "backends", &["/checkout-canray", "ResolvedRefs=False BackendNotFound"]);

    space.set_rules(&json!([to(&[("checkout-stable", 90), ("checkout-canary", 10)])]));
    space.settled();
    space.scale_to_nothing("checkout-canary");
    first_broken(&person, "backends", &["/checkout-canary has no ready endpoint (0 of 0): its 10 %"]);
}

/// Times of creation have whole seconds.
fn next_second() {
    let now = now_ms() / 1000;
    wait_for("the next second", || (now_ms() / 1000 > now).then_some(()));
}

#[test]
fn an_equal_match_on_an_older_route() {
    let space = Space::new("90/10");
    let person = Person::oncall(&space);
    let old = space.route();
    space.add_route("another", &[&space.host], &json!([to(&[("checkout-stable", 1)])]));
    let path = space.route_path("checkout");
    api::send("DELETE", &path, "application/json", &json!({})).expect("it is deleted");
    next_second();
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": { "name": "checkout" }, "spec": old["spec"],
    });
    api::send("POST", &space.route_path(""), "application/json", &route).expect("it is stored again");
    first_broken(&person, "route", &["/another has the same match (/) for"]);
}

#[test]
fn an_edit_that_the_gateway_refuses() {
    let space = Space::new("90/10");
    let person = Person::oncall(&space);
    let mut rule = to(&[("checkout-stable", 90), ("checkout-canary", 10)]);
    rule["matches"][0]["headers"] = json!([{ "type": "RegularExpression", "name": "x-tier", "value": "(" }]);
    space.set_rules(&json!([rule]));
    first_broken(&person, "parents", &["Accepted=False UnsupportedValue"]);
    let gone = json!([{ "name": "nowhere", "namespace": "gateway-system" }]);
    api::merge(&space.route_path("checkout"), &json!({ "spec": { "parentRefs": gone } }));
    first_broken(&person, "parents", &["there is no Gateway gateway-system/nowhere"]);
}

/// Versions that fail for one host for as long as this lives.
pub struct Failing<'a> {
    space: &'a Space,
    versions: &'static [&'static str],
}

impl<'a> Failing<'a> {
    /// The canary.
    pub fn on(space: &'a Space) -> Self {
        Self::with(space, &["RIG_CANARY_ADMIN_URL"])
    }

    /// Stable, and at once the canary as well.
    pub fn both(space: &'a Space) -> Self {
        Self::with(space, &["RIG_STABLE_ADMIN_URL", "RIG_CANARY_ADMIN_URL"])
    }

    fn with(space: &'a Space, versions: &'static [&'static str]) -> Self {
        let failing = Self { space, versions };
        for version in versions {
            let url = format!("{}/admin?error=0.3&host={}", var(version), space.host);
            let answer = api::block_on(api::http().post(url).send()).expect("it answers");
            assert!(answer.status().is_success(), "{answer:?}");
        }
        failing
    }
}

impl Drop for Failing<'_> {
    fn drop(&mut self) {
        for version in self.versions.iter().rev() {
            let url = format!("{}/admin?host={}", var(version), self.space.host);
            let _ = api::block_on(api::http().delete(url).send());
        }
    }
}

#[test]
fn a_canary_that_fails_is_named_and_told_to_be_rolled_back() {
    let space = Space::new("80/20");
    let _failing = Failing::on(&space);
    let _load = Load::on(&space);
    let person = Person::oncall(&space);
    first_broken(&person, "errors", &["checkout-canary: ", "failed"]);
    let told = person.run(&["diagnose", "checkout"]).exits(1).stdout;
    println!("{told}");
    let advice = format!(
        "what to do: first broken: errors by version; roll it back: tidegate rollback {}/checkout",
        space.name
    );
    assert!(told.contains(&advice), "{told}");
}
