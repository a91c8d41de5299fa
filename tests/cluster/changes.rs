//! Changes made in the cockpit: from the key to the proof, against the client's own count.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::api;
use crate::cockpit::{Cockpit, dialog};
use crate::load::Load;
use crate::program::Person;
use crate::rig::{DEADLINE, Space, kubectl, now_ms, spec_with_weights};

/// Time that a proof may take: settling, counting, and a machine with other work.
pub const PROOF: Duration = Duration::from_mins(1);

/// Until when the gateway must have stopped sending requests to a drained backend.
pub const DRAINED_WITHIN_MS: u64 = 5000;

/// Waits until the API server has these weights.
#[track_caller]
pub fn wait_weights(space: &Space, wanted: &[i64]) {
    let end = Instant::now() + DEADLINE;
    loop {
        let weights = space.weights();
        if weights == wanted {
            return;
        }
        assert!(Instant::now() < end, "the weights are {weights:?} and not {wanted:?}");
        // There is nothing to wait on but the next answer.
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Tells when the change `what` came to each stage on the way to its proof. A stage that lasts for less than a
/// frame has no screen of its own: it shows as one that was passed.
#[track_caller]
pub fn wait_stages(cockpit: &Cockpit, what: &str, since: u64) {
    const STAGES: [&str; 4] = ["written", "observed", "traffic follows", "proven"];
    // Under a dialog the stages of an older change may still be on the screen.
    let ladders = STAGES.map(|stage| {
        format!("{what} writing > {}", STAGES.join(" > ").replace(stage, &format!("[{stage}]")))
    });
    let mut last = since;
    for (passed, stage) in STAGES.iter().enumerate() {
        let wanted: Vec<&str> = ladders[passed..].iter().map(String::as_str).collect();
        let shown = cockpit.wait_any(&wanted, last, PROOF);
        let stage = format!("[{stage}]");
        let own = if shown.text.contains(&stage) { "" } else { " (passed within a frame)" };
        println!("{:6} ms: {stage}{own}", shown.at - since);
        last = shown.at;
    }
    let message = |screen: &str| {
        screen.lines().any(|line| line.trim_start().starts_with("proven: ") && line.contains(what))
    };
    cockpit.wait_until("the message of the proof", DEADLINE, message);
    println!("{}", line(&cockpit.screen(), " proven: "));
}

/// The line of a screen that has `text`.
#[track_caller]
pub fn line(screen: &str, text: &str) -> String {
    let found = screen.lines().find(|line| line.contains(text));
    found.unwrap_or_else(|| panic!("no `{text}` in\n{screen}")).trim().to_owned()
}

#[test]
fn a_step_writes_the_weights_alone_and_is_proven() {
    let space = Space::new("95/5");
    let load = Load::on(&space);
    let before = space.route();
    let mut cockpit = Cockpit::open(Person::oncall(&space));
    cockpit.wait_rates("checkout");
    load.wait_requests(1000, now_ms());

    println!("{}", dialog(&cockpit.open_step("checkout-canary")));
    let pressed = now_ms();
    cockpit.send("y");
    wait_stages(&cockpit, "step 95/5 -> 90/10", pressed);

    let after = space.route();
    assert_eq!(after["spec"], spec_with_weights(&before, &[90, 10]), "only the weights");
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"]);
    let generation = |route: &serde_json::Value| route["metadata"]["generation"].as_i64();
    assert_eq!(generation(&after), generation(&before).map(|g| g + 1), "one write");
    let counted = load.wait_requests(4000, pressed + 3000);
    println!("the client counted {counted:?}, {:.2} %", counted.share() * 100.0);
    assert!(counted.agrees_with(0.10) && !counted.agrees_with(0.05), "{counted:?}");
    assert_eq!(counted.failed, 0);
}

#[test]
fn fields_that_are_not_known_survive_and_sessions_that_may_stick_need_more_requests() {
    let space = Space::sticky("95/5");
    let _load = Load::on(&space);
    let before = space.route();
    assert!(before["spec"]["rules"][0]["retry"].is_object(), "{before:#}");
    assert!(before["spec"]["rules"][0]["sessionPersistence"].is_object(), "{before:#}");
    let set = [
        "set",
        "checkout",
        "checkout-stable=90",
        "checkout-canary=10",
        "--yes",
        "--wait",
        "--reason",
        "a test",
    ];
    let unproven = Person::oncall(&space).run(&set).exits(5);
    println!("{}", line(&unproven.said(), "unproven"));
    assert!(unproven.said().contains(" of 30500 needed"), "ten times as many: {unproven:?}");
    let after = space.route();
    assert_eq!(after["spec"], spec_with_weights(&before, &[90, 10]), "only the weights");
}

#[test]
fn a_rollback_by_two_keys_in_one_write_is_proven() {
    let space = Space::new("90/10");
    let load = Load::on(&space);
    let mut cockpit = Cockpit::open(Person::oncall(&space));
    cockpit.wait_for("90/10");
    let pressed = now_ms();
    cockpit.send("ry");
    wait_stages(&cockpit, "rollback 90/10 -> 100/0", pressed);
    assert_eq!(space.weights(), [100, 0]);
    load.wait_until(pressed + DRAINED_WITHIN_MS + 5000);
    let last = load.canary_last_seen().expect("the canary had answered");
    println!("the canary answered last {} ms after the keys", last.saturating_sub(pressed));
    assert!(last <= pressed + DRAINED_WITHIN_MS, "{} ms after the keys", last - pressed);
    let counted = load.since(pressed + DRAINED_WITHIN_MS);
    println!("since then: {counted:?}");
    assert_eq!((counted.canary, counted.failed), (0, 0));
}

#[test]
fn an_advance_confirmed_on_an_old_state_writes_nothing() {
    let space = Space::new("95/5");
    let load = Load::on(&space);
    let mut cockpit = Cockpit::open(Person::oncall(&space));
    cockpit.wait_rates("checkout");
    load.wait_requests(1000, now_ms());
    cockpit.open_step("checkout-canary");
    // While it is stopped the spec changes, and `y` waits in the terminal: it was pressed on the old state.
    cockpit.signal("STOP");
    change_with_kubectl(&space, 60, 40);
    cockpit.send("y");
    cockpit.signal("CONT");
    let screen = cockpit.wait_until("the new state", DEADLINE, |screen| screen.contains("60/40"));
    println!("{}", dialog(&screen));
    cockpit.send("\x1b");
    let screen = cockpit.wait_for("nothing was written");
    println!("{}", line(&screen, "nothing was written"));
    assert_eq!(space.weights(), [60, 40], "nothing was written");
    assert_eq!(space.route()["metadata"]["annotations"]["tidegate.dev/last-change"], json!(null));
}

#[test]
fn a_rollback_confirmed_on_an_old_state_is_planned_again() {
    let space = Space::new("95/5");
    let load = Load::on(&space);
    let mut cockpit = Cockpit::open(Person::oncall(&space));
    cockpit.wait_for("95/5");
    cockpit.send("r");
    cockpit.wait_for("ALL TRAFFIC -> checkout-stable");
    cockpit.signal("STOP");
    change_with_kubectl(&space, 60, 40);
    let pressed = now_ms();
    cockpit.send("y");
    cockpit.signal("CONT");
    wait_weights(&space, &[100, 0]);
    // Whether the key or the watch is heard first is not ours to say: then it is planned again before or after.
    wait_stages(&cockpit, "-> 100/0", pressed);
    load.wait_until(pressed + DRAINED_WITHIN_MS + 1000);
    assert_eq!(load.since(pressed + DRAINED_WITHIN_MS).canary, 0);
}

#[test]
fn a_verb_that_was_answered_too_late() {
    let space = Space::new("95/5");
    let answer_late = |arguments: &[&str], (stable, canary): (u32, u32)| {
        let mut verb = Cockpit::ask(Person::oncall(&space), arguments);
        verb.wait_for("write this? [y/N]");
        change_with_kubectl(&space, stable, canary);
        verb.send("y\r");
        verb.wait_end()
    };
    let set = ["set", "checkout", "checkout-stable=99", "checkout-canary=1"];
    let end = answer_late(&set, (60, 40));
    println!("set: exit code {}: {}", end.code, line(&end.screen, "nothing was written"));
    assert_eq!((end.code, space.weights()), (4, vec![60, 40]), "{}", end.screen);

    let end = answer_late(&["rollback", "checkout"], (50, 50));
    println!("rollback: exit code {}: {}", end.code, line(&end.screen, "planned again"));
    assert_eq!((end.code, space.weights()), (0, vec![100, 0]), "{}", end.screen);
}

fn change_with_kubectl(space: &Space, stable: u32, canary: u32) {
    let patch = json!([
        {"op": "replace", "path": "/spec/rules/0/backendRefs/0/weight", "value": stable},
        {"op": "replace", "path": "/spec/rules/0/backendRefs/1/weight", "value": canary},
    ]);
    kubectl(&["-n", &space.name, "patch", "httproute", "checkout", "--type=json", "-p", &patch.to_string()]);
}

#[test]
fn a_guessed_canary_is_asked_for_and_remembered() {
    let space = Space::new("95/5");
    space.add_service("app-a", "checkout-stable");
    space.add_service("app-b", "checkout-canary");
    let mut rules = space.route()["spec"]["rules"].clone();
    rules[0]["backendRefs"][0]["name"] = json!("app-a");
    rules[0]["backendRefs"][1]["name"] = json!("app-b");
    space.set_rules(&rules);
    Space::wait_served(&space.host, None, |status, _| status == 200);
    let load = Load::on(&space);
    let mut cockpit = Cockpit::open(Person::oncall(&space));
    cockpit.wait_rates("checkout");
    load.wait_requests(1000, now_ms());
    cockpit.send("s");
    println!("{}", dialog(&cockpit.wait_for("Which backend is the canary?")));
    cockpit.send("2");
    println!("{}", dialog(&cockpit.arm("app-b")));
    cockpit.send("y");
    wait_weights(&space, &[90, 10]);
    let route = api::get(&space.route_path("checkout"));
    assert_eq!(route["metadata"]["annotations"]["tidegate.dev/canary"], json!("app-b"), "{route:#}");
}
