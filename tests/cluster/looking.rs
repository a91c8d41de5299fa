//! What can be found out without writing: whether a split is served, and whether a rollback would work.

use serde_json::{Value, json};

use crate::api;
use crate::changes::{PROOF, line};
use crate::cockpit::Cockpit;
use crate::load::Load;
use crate::program::Person;
use crate::rig::{DEADLINE, Space, now_ms, wait_for};

/// Demands that nobody has written to the route since `before`.
#[track_caller]
fn unwritten(space: &Space, before: &Value) {
    let after = space.route();
    assert_eq!(after["metadata"], before["metadata"], "its resourceVersion and its annotations");
    assert_eq!(after["spec"], before["spec"]);
}

#[test]
fn a_standing_split_is_verified_once_there_is_traffic() {
    let space = Space::new("90/10");
    let before = space.settled();
    let mut cockpit = Cockpit::open(Person::oncall(&space));
    cockpit.wait_for("90/10");
    let pressed = now_ms();
    cockpit.send("v");
    cockpit.wait_shown("verify 90/10 [counting] > proven", pressed, DEADLINE);
    let shown = cockpit.wait_shown("still watching", pressed, PROOF);
    println!("{}", line(&shown.text, "still watching"));
    assert!(shown.text.contains("unproven: "), "{}", shown.text);
    assert!(cockpit.shown("✓ proven: ", pressed).is_none(), "nobody came\n{cockpit}");

    let load = Load::on(&space);
    let shown = cockpit.wait_shown("✓ proven: ", pressed, PROOF);
    println!("{}", line(&shown.text, "✓ proven: "));
    cockpit.wait_for("verify 90/10 counting > [proven]");
    let counted = load.since(pressed);
    println!("the client counted {counted:?}, {:.2} %", counted.share() * 100.0);
    assert!(counted.agrees_with(0.10) && counted.failed == 0, "{counted:?}");
    unwritten(&space, &before);
}

#[test]
fn the_lamp_is_ready_after_a_dry_run_that_writes_nothing() {
    let space = Space::new("95/5");
    let before = space.settled();
    let mut cockpit = Cockpit::open(Person::oncall(&space));
    cockpit.wait_for("95/5");
    cockpit.send("\r");
    let screen = cockpit.wait_for("ready: destination, right, owner and a dry run were looked at");
    println!("{}", line(&screen, "ready: "));
    unwritten(&space, &before);
}

#[test]
fn the_lamp_is_off_where_the_server_refuses_and_says_why() {
    let space = Space::new("95/5");
    let before = space.settled();
    let frozen = Freeze::on(&space);
    let mut cockpit = Cockpit::open(Person::oncall(&space));
    cockpit.wait_for("95/5");
    cockpit.send("\r");
    let screen = cockpit.wait_until("why", DEADLINE, |screen| {
        screen.contains("not ready: ") && screen.contains(Freeze::WORDS)
    });
    println!("{}", line(&screen, "not ready: "));
    unwritten(&space, &before);
    drop(frozen);
}

#[test]
fn the_lamp_of_who_may_only_look_is_off_and_names_the_right() {
    let space = Space::new("95/5");
    let before = space.settled();
    let mut cockpit = Cockpit::open(Person::viewer(&space));
    cockpit.wait_for("95/5");
    cockpit.send("\r");
    let screen = cockpit.wait_for("not ready: you lack the right to patch httproutes");
    println!("{}", line(&screen, "not ready: "));
    unwritten(&space, &before);
}

/// A policy by which the server refuses to change routes of a namespace, for as long as this lives.
struct Freeze {
    name: String,
}

impl Freeze {
    const WORDS: &str = "no changes on release day";
    const POLICIES: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";

    fn on(space: &Space) -> Self {
        let frozen = Self { name: space.name.clone() };
        let policy = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": frozen.name},
            "spec": {
                "matchConstraints": {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": space.name}},
                    "resourceRules": [{
                        "apiGroups": ["gateway.networking.k8s.io"], "apiVersions": ["v1"],
                        "operations": ["UPDATE"], "resources": ["httproutes"],
                    }],
                },
                "validations": [{"expression": "false", "message": Self::WORDS}],
            },
        });
        let binding = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": frozen.name},
            "spec": {"policyName": frozen.name, "validationActions": ["Deny"]},
        });
        api::send("POST", Self::POLICIES, "application/json", &policy).expect("the policy is stored");
        api::send("POST", &Self::bindings(), "application/json", &binding).expect("the binding is stored");
        let dry_run = format!("{}?dryRun=All", space.route_path("checkout"));
        let change = json!({"metadata": {"labels": {"any": "change"}}});
        wait_for("the policy to be in force", || {
            api::send("PATCH", &dry_run, "application/merge-patch+json", &change).is_err().then_some(())
        });
        frozen
    }

    fn bindings() -> String {
        Self::POLICIES.replace("policies", "policybindings")
    }
}

impl Drop for Freeze {
    fn drop(&mut self) {
        for kind in [&Self::bindings(), Self::POLICIES] {
            let _ = api::send("DELETE", &format!("{kind}/{}", self.name), "application/json", &json!({}));
        }
    }
}
