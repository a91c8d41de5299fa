//! A split that somebody changes while its requests are counted: nothing is said of what is no longer there.

use serde_json::json;

use crate::load::Load;
use crate::program::{Person, Running};
use crate::rig::{Space, kubectl};

fn change(space: &Space, stable: u32, canary: u32) {
    let patch = json!([
        {"op": "replace", "path": "/spec/rules/0/backendRefs/0/weight", "value": stable},
        {"op": "replace", "path": "/spec/rules/0/backendRefs/1/weight", "value": canary},
    ]);
    kubectl(&["-n", &space.name, "patch", "httproute", "checkout", "--type=json", "-p", &patch.to_string()]);
}

/// Demands that it ends with who changed what, and proves nothing.
#[track_caller]
fn is_superseded(verb: Running, by: &str) {
    let (code, told) = verb.wait_end();
    let last = told.lines().last().unwrap_or_default();
    println!("{last}");
    assert_eq!(code, 5, "{told}");
    assert!(last.starts_with("unproven: superseded: ") && last.contains(by), "{told}");
    assert!(!told.contains("proven  "), "{told}");
}

#[test]
fn while_it_is_verified_and_while_a_change_is_proven() {
    let space = Space::new("95/5");
    let _load = Load::start(&space.host, 100, &[]);
    let person = Person::oncall(&space);
    let verify = person.start(&["verify", "checkout"]);
    println!("{}", verify.wait_for(" needed: "));
    change(&space, 60, 40);
    is_superseded(verify, "was changed again by kubectl-patch (generation 1 -> 2)");

    let set = ["set", "checkout", "checkout-stable=70", "checkout-canary=30", "--yes", "--wait"];
    let change_of_ours = person.start(&[&set[..], &["--reason", "a test"]].concat());
    println!("{}", change_of_ours.wait_for("settling for"));
    change(&space, 60, 40);
    is_superseded(change_of_ours, "was changed again by kubectl-patch (generation 3 -> 4)");

    // Back to what was verified is another generation, too.
    let verify = person.start(&["verify", "checkout"]);
    println!("{}", verify.wait_for("counting requests"));
    change(&space, 1, 99);
    change(&space, 60, 40);
    is_superseded(verify, "(generation 4 -> 6)");
    assert_eq!(space.weights(), [60, 40]);
}
