//! A rollback is never blocked; an advance is, with the reason.

use std::time::Duration;

use serde_json::json;

use crate::api;
use crate::changes::{PROOF, line, wait_weights};
use crate::cockpit::{Cockpit, dialog};
use crate::load::Load;
use crate::program::Person;
use crate::rig::{self, DEADLINE, Space, kubectl, now_ms, request, weights};

#[test]
fn a_rollback_without_prometheus_is_written_and_unproven() {
    let space = Space::new("90/10");
    let load = Load::on(&space);
    let mut cockpit = Cockpit::open(Person::oncall(&space));
    cockpit.wait_for("90/10");
    let stopped = rig::stop("prometheus");
    let pressed = now_ms();
    cockpit.send("ry");
    wait_weights(&space, &[100, 0]);
    println!("100/0 after {} ms", now_ms() - pressed);
    cockpit.wait_any(&["[written]", "[observed]"], pressed, DEADLINE);
    let shown = cockpit.wait_shown("unproven: ", pressed, PROOF);
    println!("after {} ms: {}", shown.at - pressed, line(&shown.text, "unproven: "));
    assert!(cockpit.shown("✓ proven: ", pressed).is_none(), "it was not proven\n{cockpit}");
    load.wait_until(pressed + 6000);
    assert_eq!(load.since(pressed + 5000).canary, 0);
    stopped.start();
}

#[test]
fn a_rollback_to_nobody_needs_the_name_typed() {
    let space = Space::new("90/10");
    let mut cockpit = Cockpit::open(Person::oncall(&space));
    cockpit.wait_for("90/10");
    space.scale_to_nothing("checkout-stable");
    cockpit.send("r");
    let screen = cockpit.wait_for("0 READY -> 503 FOR ALL");
    println!("{}", dialog(&screen));
    // No letter of the name, and no confirmation.
    cockpit.send("y");
    cockpit.wait_until("the name", DEADLINE, |screen| dialog(screen).contains("asked for"));
    cockpit.send("\x1b");
    cockpit.wait_for("nothing was written");
    assert_eq!(space.weights(), [90, 10]);

    cockpit.send("r");
    cockpit.wait_for("0 READY -> 503 FOR ALL");
    let pressed = now_ms();
    cockpit.send("checkout-stable");
    cockpit.send("y");
    wait_weights(&space, &[100, 0]);
    cockpit.wait_any(&["[written]", "[observed]"], pressed, DEADLINE);
}

#[test]
fn other_paths_to_the_canary_are_named_and_can_be_drained_too() {
    const HEADER: (&str, &str) = ("x-canary", "1");
    let space = Space::new("90/10");
    let split = space.route()["spec"]["rules"][0].clone();
    let alone = json!([{"name": "checkout-canary", "port": 8080, "weight": 1}]);
    let by_header = json!({
        "matches": [{"path": {"type": "PathPrefix", "value": "/"},
                     "headers": [{"type": "Exact", "name": HEADER.0, "value": HEADER.1}]}],
        "backendRefs": alone,
    });
    space.set_rules(&json!([split, by_header]));
    let second = format!("beta-{}", space.host);
    space.add_route("beta", &[&second], &json!([{"backendRefs": alone}]));
    let canary = |_: u16, version: Option<&str>| version == Some(rig::var("RIG_CANARY_VERSION"));
    Space::wait_served(&second, None, canary);
    Space::wait_served(&space.host, Some(HEADER), canary);
    let load = Load::on(&space);
    let with_header = Load::start(&space.host, 50, &["--header", "x-canary=1"]);
    let other_host = Load::start(&second, 50, &[]);

    let mut cockpit = Cockpit::open(Person::oncall(&space));
    cockpit.wait_for("90/10");
    cockpit.send("r");
    println!("{}", dialog(&cockpit.wait_for("2 other paths remain")));
    let pressed = now_ms();
    cockpit.send("y");
    wait_weights(&space, &[100, 0]);
    let shown = cockpit.wait_shown("split drained, 2 other paths remain", pressed, PROOF);
    println!("{}", line(&shown.text, "split drained"));
    assert_eq!(request(&second, None).1.as_deref(), Some(rig::var("RIG_CANARY_VERSION")));
    assert_eq!(request(&space.host, Some(HEADER)).1.as_deref(), Some(rig::var("RIG_CANARY_VERSION")));

    cockpit.send("r");
    cockpit.wait_for("2 other paths remain");
    cockpit.send("a");
    let planned = |screen: &str| screen.contains("+1 more routes") && screen.contains("y confirm");
    println!("{}", dialog(&cockpit.wait_until("all paths in the plan", DEADLINE, planned)));
    let pressed = now_ms();
    cockpit.send("y");
    // Right after a letter it may be of a word, and is asked for again.
    let again = |screen: &str| screen.contains("press y again");
    let answered = |screen: &str| again(screen) || !screen.contains("n decline");
    if again(&cockpit.wait_until("an answer to y", DEADLINE, answered)) {
        cockpit.send("y");
    }
    for load in [&load, &with_header, &other_host] {
        load.wait_until(pressed + 7000);
        let counted = load.since(pressed + 5000);
        println!("{counted:?}");
        assert_eq!((counted.canary, counted.failed), (0, 0));
        assert!(counted.stable > 0);
    }
}

#[test]
fn a_viewer_is_told_which_right_is_missing() {
    let space = Space::new("90/10");
    let mut cockpit = Cockpit::open(Person::viewer(&space));
    cockpit.wait_for("90/10");
    // Until the server has told, a step may be asked for.
    cockpit.wait_for("READ-ONLY");
    let began = now_ms();
    cockpit.send("s");
    let shown = cockpit.wait_shown("you lack the right to patch httproutes", began, DEADLINE);
    println!("s: {}", line(&shown.text, "you lack the right"));
    cockpit.send("r");
    let screen = cockpit.wait_until("a dialog that names the right", DEADLINE, |screen| {
        dialog(screen).contains("ALL TRAFFIC -> checkout-stable") && screen.contains("patch httproutes")
    });
    println!("r: {}\n{}", dialog(&screen), line(&screen, "patch httproutes"));

    let viewer = Person::viewer(&space);
    for verb in [
        ["set", "checkout", "checkout-stable=100", "checkout-canary=0", "--yes"].as_slice(),
        ["rollback", "checkout", "--yes"].as_slice(),
    ] {
        let refused = viewer.run(verb).exits(7);
        println!("{}: {}", verb[0], refused.said().trim());
        assert!(refused.said().contains("patch httproutes"), "{}", refused.said());
    }
    viewer.run(&["list"]).exits(0);
    viewer.run(&["show", "checkout"]).exits(0);
    assert_eq!(space.weights(), [90, 10]);
}

#[test]
fn half_a_minute_without_the_api_server() {
    const OUTAGE_MS: u64 = 30_000;
    let space = Space::new("90/10");
    let load = Load::on(&space);
    let mut cockpit = Cockpit::open(Person::oncall(&space));
    cockpit.wait_for("90/10");
    let began = now_ms();
    let stopped = rig::stop("apiserver");
    let screen = cockpit.wait_until("the age of the routes", DEADLINE, |screen| {
        screen.contains("90/10") && screen.contains("connection lost 5 s ago")
    });
    println!("{}", line(&screen, "connection lost"));
    cockpit.send("s");
    println!("{}", line(&cockpit.wait_for("not sent: what is shown may be "), "not sent"));
    load.wait_until(began + OUTAGE_MS);
    assert!(cockpit.screen().contains("90/10"), "the last known data stays\n{cockpit}");
    println!("after {} ms: {}", now_ms() - began, line(&cockpit.screen(), "connection lost"));
    stopped.start();
    let back = now_ms();
    // Contour waits ever longer between its tries.
    rig::restart("contour");
    let patch = r#"[{"op":"replace","path":"/spec/rules/0/backendRefs/1/weight","value":11}]"#;
    kubectl(&["-n", &space.name, "patch", "httproute", "checkout", "--type=json", "-p", patch]);
    let shown = cockpit.wait_shown("90/11", back, Duration::from_mins(1));
    println!("back after {} ms", shown.at - back);
    let pressed = now_ms();
    cockpit.send("ry");
    let shown = cockpit.wait_shown("✓ proven: ", pressed, PROOF);
    println!("{}", line(&shown.text, "✓ proven: "));
    assert_eq!(weights(&api::get(&space.route_path("checkout")), 0)[1], 0);
}
