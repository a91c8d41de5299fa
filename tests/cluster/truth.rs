//! Whether what the gate and the proof say is what the load client saw.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::changes::line;
use crate::diagnose::Failing;
use crate::load::Load;
use crate::program::Person;
use crate::rig::{DEADLINE, Space, now_ms};
use crate::watching::split;

/// Asks the gate of the next step until its answer is as wanted.
#[track_caller]
fn gate(person: &Person, wanted: impl Fn(&str) -> bool) -> String {
    let end = Instant::now() + DEADLINE * 2;
    loop {
        let said = person.run(&["step", "checkout", "--dry-run"]).exits(0).stdout;
        if wanted(&said) {
            return said;
        }
        assert!(Instant::now() < end, "the gate does not say so:\n{said}");
        // There is nothing to wait on but the next scrape.
        thread::sleep(Duration::from_millis(500));
    }
}

/// The line of one check.
#[track_caller]
fn check(said: &str, name: &str) -> String {
    line(said, &format!("  {name} "))
}

#[test]
fn a_canary_with_errors_fails_is_rolled_back_and_that_is_proven() {
    let space = Space::new("90/10");
    let person = Person::oncall(&space);
    let load = Load::on(&space);
    {
        let _failing = Failing::on(&space);
        let said = gate(&person, |said| said.contains("gate: fail"));
        println!("{said}");
        assert!(check(&said, "errors").contains("stable's errors"), "{said}");
        let refused = person.run(&["step", "checkout", "--yes"]).exits(3);
        assert!(refused.stderr.contains("--confirm checkout-canary"), "{refused:?}");
    }
    let proven = person.run(&["rollback", "checkout", "--yes", "--wait"]).exits(0).stdout;
    let words = line(&proven, "proven: ");
    println!("{words}");
    // 66 requests would do, which is one scrape; another one must confirm it.
    let scrapes = words.split(' ').rev().nth(1).and_then(|number| number.parse::<u32>().ok());
    assert!(scrapes.is_some_and(|scrapes| scrapes <= 3), "{words}");
    let counted = load.wait_requests(500, now_ms());
    assert_eq!(counted.canary, 0, "{counted:?}");
}

/// `[share, lower end, upper end]` of the canary as `verify` tells them, of 1.
fn seen(words: &str) -> [f64; 3] {
    // `50.2 % observed (47.9 to 52.5) of 4003 requests, ...`
    let number = |text: &str| text.trim_matches(['(', ')']).parse::<f64>().expect("a number") / 100.0;
    let words: Vec<&str> = words.split(' ').collect();
    let at = words.iter().position(|word| *word == "observed").expect("an observed share");
    [number(words[at - 2]), number(words[at + 1]), number(words[at + 3])]
}

#[test]
fn both_splits_are_what_the_client_counted() {
    let space = Space::new("95/5");
    let person = Person::oncall(&space);
    let load = Load::on(&space);
    let verify = |expected: &str, share: f64| {
        let since = now_ms();
        let found = person.run(&["verify", "checkout", "--expect", expected, "-o", "json"]).exits(0).json();
        let words = found["words"].as_str().expect("words").to_owned();
        let counted = load.since(since);
        let [shown, lo, hi] = seen(&words);
        println!("{words}\nthe client counted {counted:?}");
        assert!(counted.agrees_with(share) && counted.agrees_with(shown), "{counted:?}: {words}");
        assert!(lo <= share && share <= hi, "{words}");
    };
    load.wait_requests(10_000, 0);
    verify("95/5", 0.05);
    let set = ["set", "checkout", "checkout-stable=50", "checkout-canary=50", "--yes", "--wait"];
    let reason = ["--reason", "a test", "--confirm", "checkout-canary"];
    let proven = person.run(&[&set[..], &reason].concat()).exits(0).stdout;
    println!("{}", line(&proven, "proven: "));
    verify("50/50", 0.5);
}

#[test]
fn a_premium_rule_makes_the_share_shared_and_not_wrong() {
    let space = Space::new("90/10");
    let mut rules = space.route()["spec"]["rules"].clone();
    let premium = json!({
        "matches": [{"path": {"type": "PathPrefix", "value": "/"}, "headers": [{"name": "x-premium", "value": "1"}]}],
        "backendRefs": [{"name": "checkout-stable", "port": 8080}],
    });
    rules.as_array_mut().expect("rules").push(premium);
    space.set_rules(&rules);
    space.settled();
    let _load = Load::on(&space);
    let person = Person::oncall(&space);
    let said = gate(&person, |said| said.contains("shared with 1 other path"));
    assert!(check(&said, "share").contains("not applicable"), "{said}");
    let split = split(&person, "checkout");
    println!("{split}");
    let canary = &split["backends"][1];
    assert_eq!(canary["observedShare"], Value::Null, "{canary}");
}

#[test]
fn a_gate_asks_a_teams_own_query_and_looks_at_retries() {
    let space = Space::new("90/10");
    let person = Person::oncall(&space);
    let _load = Load::on(&space);
    let query =
        "sum(rate(envoy_cluster_upstream_rq_xx{envoy_cluster_name=~\"{{namespace}}_{{canary}}_.*\"}[10s]))";
    space.annotate("tidegate.dev/gate.check.traffic", &format!("{query} > 1"));
    space.annotate("tidegate.dev/gate.check.nothing", "vector(1) > 2");
    space.annotate("tidegate.dev/gate.latency-floor", "much");
    let said = gate(&person, |said| {
        said.contains("own check") && said.contains("traffic: ") && !said.contains("no data")
    });
    println!("{said}");
    assert!(line(&said, "traffic: ").contains("pass"), "{said}");
    let held = line(&said, "nothing: ");
    assert!(held.contains(" hold ") && held.ends_with("nothing: 1, wanted > 2"), "{said}");
    assert!(check(&said, "rules").contains("gate.latency-floor: 'much' is no time"), "{said}");
    assert!(check(&said, "saturation").contains("no retries, no time-outs"), "{said}");
}
