//! Two writers at once: nobody's change is lost, and what was not written says so.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::api;
use crate::program::Person;
use crate::rig::{Space, weights};

const ROUNDS: i64 = 100;
const DONE: i32 = 0;
const CONFLICT: i32 = 4;

fn generation(route: &Value) -> i64 {
    route["metadata"]["generation"].as_i64().expect("a generation")
}

/// How the rounds of a race ended for `tidegate set`.
#[derive(Debug, Default)]
struct Rounds {
    written: Vec<i64>,
    conflicts: usize,
}

/// Sets the weights `ROUNDS` times, each time to others: a canary at a hair's breadth, always less than before.
fn set_weights(person: &Person) -> Rounds {
    let mut rounds = Rounds::default();
    for round in 1..=ROUNDS {
        let stable = 1000 + round;
        let weight = format!("checkout-stable={stable}");
        let verb = person.run(&["set", "checkout", "--rule", "0", &weight, "checkout-canary=1", "--yes"]);
        match verb.code {
            DONE => rounds.written.push(stable),
            CONFLICT => {
                assert!(verb.said().contains("nothing was written"), "{}", verb.said());
                rounds.conflicts += 1;
            }
            code => panic!("round {round}: exit code {code}: {}", verb.said()),
        }
    }
    rounds
}

/// One write to the route: what the writer believed to change, and what it made of it.
#[derive(Debug, PartialEq, Eq)]
struct Write {
    who: &'static str,
    before: Vec<i64>,
    after: Vec<i64>,
}

/// Our writes by generation, from the journal of this machine.
fn journalled(person: &Person) -> BTreeMap<i64, Write> {
    let weights = |record: &Value, when: &str| {
        let weight = |name: &str| record[when]["0"][name].as_i64().expect("a weight");
        vec![weight("checkout-stable"), weight("checkout-canary")]
    };
    let mut intents = BTreeMap::new();
    let mut writes = BTreeMap::new();
    for line in person.traces().lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let (intent, written) = (&line["intent"], &line["written"]);
        if let Some(id) = intent["id"].as_str() {
            intents.insert(id.to_owned(), intent.clone());
        } else if let Some(id) = written["id"].as_str() {
            let intent = &intents[id];
            let (before, after) = (weights(intent, "before"), weights(intent, "after"));
            let generation = written["generation"].as_i64().expect("a generation");
            writes.insert(generation, Write { who: "tidegate", before, after });
        }
    }
    writes
}

/// Another writer of weights, as careful as we are: it locks on the resourceVersion. It writes to the rule that
/// we write to and to another one in turns, until `over`. Its writes by generation, and how often it was late.
fn write_weights(space: &Space, over: &AtomicBool) -> (BTreeMap<i64, Write>, usize) {
    let route_path = space.route_path("checkout");
    let (mut writes, mut late) = (BTreeMap::new(), 0);
    for round in 1..900 {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let route = api::get(&route_path);
        let patch = json!([
            {"op": "test", "path": "/metadata/resourceVersion", "value": route["metadata"]["resourceVersion"]},
            {"op": "replace", "path": format!("/spec/rules/{}/backendRefs/0/weight", round % 2), "value": 100 + round},
        ]);
        match api::send("PATCH", &route_path, "application/json-patch+json", &patch) {
            Ok(new) => {
                let (before, after) = (weights(&route, 0), weights(&new, 0));
                writes.insert(generation(&new), Write { who: "the other", before, after });
            }
            Err(409 | 422) => late += 1,
            Err(code) => panic!("the other writer: {code}"),
        }
        // Slower than a round trip of a whole process, or our side would never get its turn.
        thread::sleep(Duration::from_millis(60));
    }
    (writes, late)
}

#[test]
fn two_writers_of_weights_lose_nothing() {
    let space = Space::new("1000/1");
    let mut rules = space.route()["spec"]["rules"].clone();
    let mut other = rules[0].clone();
    other["matches"] = json!([{"path": {"type": "PathPrefix", "value": "/other"}}]);
    other["backendRefs"][0]["weight"] = json!(7);
    rules.as_array_mut().expect("rules").push(other);
    space.set_rules(&rules);
    let first = space.route();

    let person = Person::oncall(&space);
    let over = AtomicBool::new(false);
    let (ours, (theirs, late)) = thread::scope(|scope| {
        let theirs = scope.spawn(|| write_weights(&space, &over));
        let ours = set_weights(&person);
        over.store(true, Ordering::Relaxed);
        (ours, theirs.join().expect("the other writer ends well"))
    });
    println!(
        "of {ROUNDS} of our writes {} were made and {} met a change; the other writer made {} and met {late}",
        ours.written.len(),
        ours.conflicts,
        theirs.len()
    );
    assert!(!ours.written.is_empty() && !theirs.is_empty(), "both came to write");

    let mut writes = journalled(&person);
    assert_eq!(writes.len(), ours.written.len(), "the journal has every write");
    let both = writes.len() + theirs.len();
    writes.extend(theirs);
    assert_eq!(writes.len(), both, "no generation has two writers");
    let (mut at, mut now) = (generation(&first), weights(&first, 0));
    for (generation, write) in &writes {
        at += 1;
        assert_eq!(*generation, at, "every generation has its writer");
        assert_eq!(write.before, now, "generation {at}, {}: a write that it had not seen is lost", write.who);
        now.clone_from(&write.after);
    }
    let last = space.route();
    assert_eq!((generation(&last), weights(&last, 0)), (at, now), "and that is all");
}

#[test]
fn annotations_of_others_survive() {
    let space = Space::new("1000/1");
    let path = space.route_path("checkout");
    assert_eq!(space.route()["metadata"]["annotations"], json!(null), "it begins without any");

    let person = Person::oncall(&space);
    let over = AtomicBool::new(false);
    let (mine, (checked, lost)) = thread::scope(|scope| {
        // Takes all annotations away, adds one, and looks whether it stays, over and over.
        let theirs = scope.spawn(|| {
            let (mut checked, mut lost) = (0, Vec::new());
            for round in 1.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let key = format!("race.example/k{round}");
                api::merge(&path, &json!({"metadata": {"annotations": null}}));
                // Long enough for our side to read the route without any, and to write after the next line.
                thread::sleep(Duration::from_millis(5 + round % 30));
                api::merge(&path, &json!({"metadata": {"annotations": {key.as_str(): "here"}}}));
                // Long enough for a write to arrive that was made on the state of before.
                thread::sleep(Duration::from_millis(40));
                checked += 1;
                if api::get(&path)["metadata"]["annotations"][&key] != json!("here") {
                    lost.push(key);
                }
            }
            (checked, lost)
        });
        let mine = set_weights(&person);
        over.store(true, Ordering::Relaxed);
        (mine, theirs.join().expect("the other writer ends well"))
    });
    println!(
        "of {ROUNDS} of our writes {} were made and {} met a change; {checked} annotations were written meanwhile",
        mine.written.len(),
        mine.conflicts
    );
    assert_eq!(lost, Vec::<String>::new(), "annotations of the other writer that vanished");
    assert_eq!(Some(&space.weights()[0]), mine.written.last(), "our last write stands");
}
