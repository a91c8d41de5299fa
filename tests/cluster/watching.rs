//! What is seen while nothing is changed by tidegate.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cockpit::{Cockpit, row};
use crate::load::Load;
use crate::program::Person;
use crate::rig::{DEADLINE, Space, kubectl, now_ms};

/// The first split of a route, as `list -o json` has it.
pub fn split(person: &Person, route: &str) -> Value {
    let list = person.run(&["list", "-o", "json"]).exits(0).json();
    let splits = list["splits"].as_array().expect("splits");
    let found = splits.iter().find(|split| split["route"] == route);
    found.unwrap_or_else(|| panic!("no {route} in {list:#}")).clone()
}

/// The observed share in a row, with its interval, as shares of 1: ` 4.9% 4.2-5.8`.
fn observed_in(row: &str) -> Option<(f64, f64, f64)> {
    let words: Vec<&str> = row.split_whitespace().collect();
    let share = |text: &str| text.parse::<f64>().ok().map(|percent| percent / 100.0);
    (0..words.len()).find_map(|at| {
        let (lo, hi) = words[at].trim_end_matches('!').split_once('-')?;
        let seen = words[..at].join(" ");
        let seen = seen.trim_end_matches(['%', ' ']).rsplit(' ').next()?;
        Some((share(seen)?, share(lo)?, share(hi)?))
    })
}

#[test]
fn declared_and_observed_shares_agree_with_the_clients_own_count() {
    let space = Space::demo();
    let load = Load::on(&space);
    let since = now_ms();
    let cockpit = Cockpit::open(Person::oncall(&space));
    load.wait_requests(6000, since);
    // A rig that has just started counts as settling for a while.
    let screen = cockpit.wait_until("95/5 with an observed share", DEADLINE * 3, |screen| {
        let row = row(screen, "checkout");
        row.contains("95/5") && observed_in(row).is_some()
    });
    let counted = load.since(since);
    let (shown, lo, hi) = observed_in(row(&screen, "checkout")).expect("it was seen just now");
    let split = split(cockpit.person(), "checkout");
    println!(
        "the client counted {counted:?}, {:.2} %\n{}",
        counted.share() * 100.0,
        row(&screen, "checkout")
    );
    println!("list: {}", split["backends"][1]);
    assert!(counted.agrees_with(0.05), "{counted:?}");
    assert!(lo <= counted.share() && counted.share() <= hi, "{counted:?} is not within {lo} and {hi}");
    assert!(lo <= shown && shown <= hi && counted.agrees_with(shown), "{counted:?} and {shown}");
    let canary = &split["backends"][1];
    assert_eq!((&canary["name"], &canary["weight"]), (&json!("checkout-canary"), &json!(5)));
    let listed = canary["observedShare"].as_f64().unwrap_or_else(|| panic!("no share in {split:#}"));
    assert!(lo <= listed && listed <= hi, "{listed} is not within {lo} and {hi}");
}

#[test]
fn a_change_by_somebody_else_shows_at_once() {
    let space = Space::new("95/5");
    let cockpit = Cockpit::open(Person::oncall(&space));
    cockpit.wait_for("95/5");
    let began = now_ms();
    let patch = r#"[{"op":"replace","path":"/spec/rules/0/backendRefs/1/weight","value":20}]"#;
    kubectl(&["-n", &space.name, "patch", "httproute", "checkout", "--type=json", "-p", patch]);
    let shown = cockpit.wait_shown("95/20", began, DEADLINE);
    println!("on the screen {} ms after kubectl was started", shown.at - began);
}

#[test]
fn a_route_that_no_gateway_takes_says_so_in_words() {
    let space = Space::new("95/5");
    let rules = space.route()["spec"]["rules"].clone();
    space.add_route_to("missing", "lost", &["lost.example"], &rules);
    let cockpit = Cockpit::open(Person::oncall(&space));
    let screen = cockpit
        .wait_until("the state of `lost`", DEADLINE, |screen| row(screen, "lost").contains("no status"));
    println!("{}", row(&screen, "lost"));
    let shown = cockpit.person().run(&["show", "lost"]).exits(0);
    println!("{}", shown.stdout);
    assert!(shown.stdout.contains("no status"), "{}", shown.stdout);
}

#[test]
fn an_idle_cockpit_writes_next_to_nothing() {
    let space = Space::demo();
    let cockpit = Cockpit::open(Person::oncall(&space));
    cockpit.wait_for("95/5");
    // What is measured is this time itself. The first seconds bring history and conditions. What it costs in
    // processor time is for benches/cockpit.rs.
    thread::sleep(Duration::from_secs(5));
    let before = cockpit.bytes();
    thread::sleep(Duration::from_secs(60));
    let bytes = cockpit.bytes() - before;
    assert!(bytes <= 4096, "{bytes} bytes in a minute\n{cockpit}");
}
