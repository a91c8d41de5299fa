//! Who is blamed: not the canary for what both do, a canary alone for what it does, and a route for what is its own.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::changes::line;
use crate::diagnose::Failing;
use crate::load::Load;
use crate::program::Person;
use crate::rig::{DEADLINE, Space};
use crate::trouble::{judged, verdict};

/// Asks the gate of the next step until its answer is as wanted; it must never have one of the `forbidden` verdicts.
#[track_caller]
fn gate(person: &Person, forbidden: &[&str], wanted: impl Fn(&str) -> bool) -> String {
    gate_to(person, "12", forbidden, wanted)
}

/// As [`gate`], of a step to another share.
#[track_caller]
fn gate_to(person: &Person, share: &str, forbidden: &[&str], wanted: impl Fn(&str) -> bool) -> String {
    let end = Instant::now() + DEADLINE;
    loop {
        let said = person.run(&["step", "checkout", "--to", share, "--dry-run"]).exits(0).stdout;
        assert!(!verdict(&said).is_some_and(|verdict| forbidden.contains(&verdict)), "{said}");
        if wanted(&said) {
            return said;
        }
        assert!(Instant::now() < end, "the gate does not say so:\n{said}");
        // There is nothing to wait on but the next scrape.
        thread::sleep(Duration::from_millis(500));
    }
}

/// What the walk says of errors, by the name of the finding's verdict.
fn errors(person: &Person) -> (Vec<String>, String) {
    let walk = person.run(&["diagnose", "checkout", "-o", "json"]).json();
    let steps = walk["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["step"] == "errors").expect("errors");
    let findings = step["findings"].as_array().expect("findings").iter();
    let broken = findings.filter(|finding| finding["verdict"] == "broken");
    let words = |finding: &Value| finding["seen"].as_str().unwrap_or_default().to_owned();
    (broken.map(words).collect(), walk["whatToDo"].to_string())
}

#[test]
fn what_both_do_is_not_the_canarys_fault_and_what_it_does_alone_is() {
    let space = Space::new("95/5");
    space.annotate("tidegate.dev/gate.bake", "5s");
    let second = format!("beta-{}", space.host);
    let rules = json!([{"backendRefs": [
        {"name": "checkout-stable", "port": 8080, "weight": 50},
        {"name": "checkout-canary", "port": 8080, "weight": 50},
    ]}]);
    space.add_route("beta", &[&second], &rules);
    Space::wait_served(&second, None, |status, _| status == 200);
    let load = Load::start(&space.host, 200, &[]);
    let other = Load::start(&second, 150, &[]);
    let person = Person::oncall(&space);
    // A rollout that goes further back than to the override below.
    person.run(&["step", "checkout", "--to", "10", "--yes", "--reason", "a test"]).exits(0);

    // Two routes to the same Services.
    let said = gate(&person, &["fail"], |said| verdict(said) == Some("pass"));
    println!("{said}");
    assert!(line(&said, "  share ").contains("not applicable  shared with 1 other path"), "{said}");
    assert!(line(&said, "  errors ").contains("pass"), "{said}");

    // Both fail at the same time.
    {
        let _both = Failing::both(&space);
        let failing = |said: &str| said.contains("both versions are above");
        let said = gate(&person, &["fail"], failing);
        println!("{said}");
        assert_eq!(verdict(&said), Some("hold"), "{said}");
        let before = judged(&said).unwrap_or_default();
        gate(&person, &["fail", "pass"], |said| judged(said).is_some_and(|all| all > before + 500));
        let (broken, what_to_do) = errors(&person);
        println!("{broken:#?} {what_to_do}");
        assert_eq!(broken.len(), 2, "{broken:#?}");
        assert!(what_to_do.contains("2 versions fail") && !what_to_do.contains("roll"), "{what_to_do}");
    }

    // The canary fails alone, and is blamed for it after it has stopped.
    let failing = Failing::on(&space);
    let said = gate(&person, &[], |said| verdict(said) == Some("fail"));
    drop(failing);
    let before = judged(&said).unwrap_or_default();
    let rest = ["hold", "pass", "no data"];
    let said = gate(&person, &rest, |said| judged(said).is_some_and(|all| all > before + 500));
    println!("after it has stopped: {}", line(&said, "  errors "));
    assert!(line(&said, "  errors ").contains(" fail "), "{said}");
    // Stable's errors of before are counted, too.
    assert!(said.contains("stable's errors for a time; in all: "), "{said}");

    // Somebody takes it upon them: from then on it is judged anew, by what it does from then on.
    let step = ["step", "checkout", "--to", "12", "--yes", "--reason", "a known fault"];
    person.run(&step).exits(3);
    let written = person.run(&[&step[..], &["--confirm", "checkout-canary"]].concat()).exits(0).stdout;
    assert!(written.contains("gate: fail"), "{written}");
    assert_eq!(space.weights(), [88, 12]);
    let anew = |said: &str| judged(said).is_some_and(|requests| requests > 100);
    let said = gate_to(&person, "15", &["fail"], anew);
    println!("after the override: {}", line(&said, "  errors "));
    assert!(line(&said, "  errors ").contains(" 0 % of "), "{said}");
    let failing = Failing::on(&space);
    let said = gate_to(&person, "15", &[], |said| verdict(said) == Some("fail"));
    println!("and again: {}", line(&said, "  errors "));

    // Its own split is drained, which is not all that leads there.
    let quick = Person::oncall(&space).patient("1s");
    let told = quick.run(&["rollback", "checkout", "--yes", "--wait"]).exits(5).stdout;
    drop(failing);
    println!("{}", line(&told, "unproven: "));
    let remains = format!("unproven: split drained, 1 other path remains: {}/beta ", space.name);
    assert!(line(&told, "unproven: ").starts_with(&remains), "{told}");
    assert_eq!(space.weights(), [100, 0]);
    assert!(other.since(0).canary > 0 && load.since(0).canary > 0);
}
