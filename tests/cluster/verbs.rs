//! The verbs that write, as a script runs them: exit codes, the object, and the client's own count.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::changes::{DRAINED_WITHIN_MS, line};
use crate::load::Load;
use crate::program::{Person, Verb};
use crate::rig::{Space, now_ms};

/// Until a gate lets a step through: it wants some hundred requests of the canary and, of a split whose sessions may stick,
/// some ten thousand in all.
const PASSES_WITHIN: Duration = Duration::from_mins(3);

/// Waits until the gate lets a step through.
fn wait_gate(person: &Person) {
    let end = Instant::now() + PASSES_WITHIN;
    loop {
        let dry = person.run(&["step", "checkout", "--dry-run"]).exits(0);
        if !dry.stdout.contains("to write it:") {
            return;
        }
        assert!(Instant::now() < end, "the gate still does not pass:\n{}", dry.stdout);
        // There is nothing to wait on but the next scrape.
        thread::sleep(Duration::from_millis(200));
    }
}

/// The last line of a verb that was waited for: it must be the proof.
#[track_caller]
fn proof(verb: Verb) -> String {
    line(&verb.exits(0).stdout, "proven: ")
}

#[test]
fn step_flip_and_undo_end_with_their_exit_codes() {
    let space = Space::new("95/5");
    let load = Load::on(&space);
    let person = Person::oncall(&space);
    space.annotate("tidegate.dev/gate.bake", "5s");
    wait_gate(&person);
    assert_eq!(space.weights(), [95, 5], "a dry run writes nothing");
    println!("step: {}", proof(person.run(&["step", "checkout", "--yes", "--wait"])));
    assert_eq!(space.weights(), [90, 10]);
    let counted = load.wait_requests(2000, now_ms());
    println!("the client counted {counted:?}");
    assert!(counted.agrees_with(0.10) && counted.failed == 0, "{counted:?}");
    let undone = person.run(&["undo", "checkout", "--yes", "--wait", "-o", "json"]).exits(0).json();
    println!("undo: {undone}");
    assert_eq!(undone["ending"], json!("proven"));
    assert_eq!(undone["generation"], space.route()["metadata"]["generation"]);
    assert_eq!(space.weights(), [95, 5]);

    let space = Space::pair();
    let load = Load::on(&space);
    let person = Person::oncall(&space);
    for unconfirmed in
        [&["flip", "checkout", "--yes"][..], &["flip", "checkout", "--yes", "--confirm", "checkout-blue"]]
    {
        let refused = person.run(unconfirmed).exits(3);
        println!("flip: {}", line(&refused.stderr, "checkout-green"));
    }
    let viewer =
        Person::viewer(&space).run(&["flip", "checkout", "--yes", "--confirm", "checkout-green"]).exits(7);
    println!("flip: {}", line(&viewer.stderr, "patch httproutes"));
    assert_eq!(space.weights(), [100, 0], "nothing was written");
    let began = now_ms();
    let flip = ["flip", "checkout", "--yes", "--wait", "--confirm", "checkout-green"];
    println!("flip: {}", proof(person.run(&flip)));
    assert_eq!(space.weights(), [0, 100]);
    let counted = load.wait_requests(1000, now_ms().max(began + DRAINED_WITHIN_MS));
    println!("the client counted {counted:?}");
    assert_eq!((counted.stable, counted.failed), (0, 0));
    println!("undo: {}", proof(person.run(&["undo", "checkout", "--yes", "--wait"])));
    assert_eq!(space.weights(), [100, 0]);
    let counted = load.wait_requests(1000, now_ms());
    println!("the client counted {counted:?}");
    assert_eq!((counted.canary, counted.failed), (0, 0));
}
