//! Whoever counts begins anew in mid-rollout, under load: nothing is counted twice, and nobody is blamed.

use std::thread;
use std::time::{Duration, Instant};

use crate::load::Load;
use crate::program::Person;
use crate::rig::{self, DEADLINE, Space, now_ms};
use crate::trouble::{judged, verdict};

const ANEW: &str = "began to count anew";

/// Asks the gate until it has fresh counts of errors and does not hold for who began anew; it must not fail. All that it
/// said.
#[track_caller]
fn until_it_counts(person: &Person, provider: &str) -> Vec<String> {
    let end = Instant::now() + DEADLINE;
    let mut all = Vec::new();
    loop {
        let said = person.run(&["step", "checkout", "--dry-run", "--provider", provider]).exits(0).stdout;
        assert_ne!(verdict(&said), Some("fail"), "{said}");
        all.push(said);
        let is_fresh = |said: &String| said.contains("  freshness   pass ") && judged(said).is_some();
        if all.last().is_some_and(is_fresh) {
            return all;
        }
        assert!(Instant::now() < end, "the gate does not count: {:?}", all.last());
        // There is nothing to wait on but the next scrape.
        thread::sleep(Duration::from_millis(500));
    }
}

/// Requests of the canary that the newest of the gate's answers is about.
fn newest(all: &[String]) -> u64 {
    all.last().and_then(|said| judged(said)).expect("a count")
}

#[test]
fn a_restarted_gateway_and_a_replaced_pod_hold_the_gate_and_are_not_blamed() {
    let space = Space::new("90/10");
    space.annotate("tidegate.dev/gate.bake", "5s");
    let load = Load::start(&space.host, 150, &[]);
    let person = Person::oncall(&space);
    let before = newest(&until_it_counts(&person, "contour"));

    let proof = person.start(&["verify", "checkout", "--provider", "contour"]);
    println!("{}", proof.wait_for(" needed: "));
    let restarted = now_ms();
    rig::restart("envoy");
    println!("{}", proof.wait_for(ANEW));
    let said = until_it_counts(&person, "contour");
    assert!(said.iter().any(|said| said.contains(ANEW) && verdict(said) == Some("hold")), "{said:#?}");
    let (code, told) = proof.wait_end();
    println!("{told}");
    assert_eq!(code, 0, "{told}");
    let proven = told.lines().last().expect("a last line");
    let counted = proven.split(" of ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
    let counted = counted.expect("a count of requests");
    let [since, all] = [load.since(restarted), load.since(0)];
    println!("{proven}\nof {since:?} since the restart; the gate counted {before}, then {}", newest(&said));
    assert!(counted <= since.total(), "{counted} of {since:?}: some are of before");
    assert!((before..=all.canary).contains(&newest(&said)), "of {all:?}");

    let before = newest(&until_it_counts(&person, "app"));
    rig::restart("canary");
    let held = rig::wait_for("a gate that knows of it", || {
        let said = person.run(&["step", "checkout", "--dry-run", "--provider", "app"]).exits(0).stdout;
        assert_ne!(verdict(&said), Some("fail"), "{said}");
        said.contains(ANEW).then_some(said)
    });
    assert_eq!(verdict(&held), Some("hold"), "{held}");
    let after = newest(&until_it_counts(&person, "app"));
    let all = load.since(0);
    println!("of the pods' own counts {before} were judged, then {after} of {all:?}");
    assert!((before..=all.canary).contains(&after), "{before}, then {after} of {all:?}");
}
