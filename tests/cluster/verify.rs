//! `verify`, by the gateway's metrics and by requests of its own, beside the client's own count.

use serde_json::{Value, json};

use crate::load::Load;
use crate::program::{Person, Verb};
use crate::rig::{Space, now_ms, var};

/// The flags of a probe that goes through the gateway; the host is what the route is for.
fn probe(space: &Space, requests: &str, more: &[&str]) -> Vec<String> {
    let host = format!("Host: {}", space.host);
    let url = var("RIG_GATEWAY_URL");
    let all = ["verify", "checkout", "--probe", url, "--requests", requests, "--header", &host];
    let all = all.iter().chain(&["--version-from", "header:X-Version", "-o", "json"]).chain(more);
    all.map(|argument| (*argument).to_owned()).collect()
}

fn run(person: &Person, arguments: &[String]) -> Verb {
    person.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn answers(found: &Value, backend: usize) -> i64 {
    found["probe"]["backends"][backend]["answers"].as_i64().expect("a count")
}

#[test]
fn counts_prove_and_disprove() {
    let space = Space::new("90/10");
    let load = Load::on(&space);
    let person = Person::oncall(&space);
    let began = now_ms();
    let found = person.run(&["verify", "checkout", "--expect", "90/10", "-o", "json"]).exits(0).json();
    let counted = load.since(began);
    println!("{}\nthe client counted {counted:?}", found["words"]);
    assert!(counted.agrees_with(0.10), "{counted:?}");
    let other = person.run(&["verify", "checkout", "--expect", "50/50", "-o", "json"]).exits(6).json();
    assert_eq!(other["ending"], json!("disproven"));
}

#[test]
fn a_probe_proves_a_split_and_a_rollback_without_other_traffic() {
    let space = Space::new("90/10");
    let person = Person::oncall(&space);
    let found = run(&person, &probe(&space, "1200", &["--expect", "90/10"])).exits(0).json();
    println!("{}", found["words"]);
    let (stable, canary) = (answers(&found, 0), answers(&found, 1));
    assert_eq!(stable + canary, 1200, "{found}");
    assert!((60..=180).contains(&canary), "{canary} of 1200");

    let by_counts = person.run(&["rollback", "checkout", "--yes", "--wait"]).exits(5);
    assert!(by_counts.said().contains("no traffic to judge"), "{by_counts:?}");
    let found = run(&person, &probe(&space, "140", &[])).exits(0).json();
    println!("{}", found["words"]);
    assert_eq!((answers(&found, 0), answers(&found, 1)), (140, 0));

    let shown = person.run(&["show", "checkout", "-o", "json"]).exits(0).json();
    let after = &shown["afterRollback"];
    println!("{}", after["brief"]);
    let items = after["items"].as_array().expect("ten items");
    let state = |name: &str| items.iter().find(|item| item["item"] == name).map(|item| &item["state"]);
    for seen in ["weight 0", "status", "in flight", "other paths", "audit"] {
        assert_eq!(state(seen), Some(&json!("seen")), "{seen}: {after}");
    }
    assert_eq!(state("data plane"), Some(&json!("not seen")), "the counts had no traffic to judge");
}

#[test]
fn a_probe_shows_another_path_to_a_drained_backend() {
    let space = Space::new("100/0");
    let mut rules = space.route()["spec"]["rules"].clone();
    let by_header = json!({
        "matches": [{"path": {"type": "PathPrefix", "value": "/"}, "headers": [{"name": "x-qa", "value": "1"}]}],
        "backendRefs": [{"name": "checkout-canary", "port": 8080}],
    });
    rules.as_array_mut().expect("rules").push(by_header);
    space.set_rules(&rules);
    space.settled();
    let header = Some(("x-qa", "1"));
    Space::wait_served(&space.host, header, |_, version| version == Some(var("RIG_CANARY_VERSION")));
    let person = Person::oncall(&space);
    let plain = run(&person, &probe(&space, "140", &[])).exits(0).json();
    println!("{}", plain["words"]);
    let found = run(&person, &probe(&space, "140", &["--header", "x-qa: 1"])).exits(6).json();
    println!("{}", found["words"]);
    assert_eq!((&found["ending"], answers(&found, 1)), (&json!("disproven"), 140));
}
