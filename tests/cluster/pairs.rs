//! A blue-green pair: flipped, and back, against the client's own count.

use serde_json::Value;

use crate::changes::{DRAINED_WITHIN_MS, wait_stages, wait_weights};
use crate::cockpit::{Cockpit, dialog};
use crate::load::Load;
use crate::program::Person;
use crate::rig::{DEADLINE, Space, now_ms, spec_with_weights};

/// Presses `y` in a dialog that takes it, and tells when.
fn confirm(cockpit: &mut Cockpit) -> u64 {
    let pressed = now_ms();
    cockpit.send("y");
    pressed
}

#[test]
fn a_flip_and_its_undo_move_all_traffic_and_are_proven() {
    let space = Space::pair();
    let load = Load::on(&space);
    let before = space.route();
    let generation = |route: &Value| route["metadata"]["generation"].as_i64().expect("a generation");
    let mut cockpit = Cockpit::open(Person::oncall(&space));
    cockpit.wait_rates("checkout");
    let counted = load.wait_requests(1000, now_ms());
    assert_eq!((counted.canary, counted.failed), (0, 0), "blue has it all: {counted:?}");

    // Here `y` alone is a letter of the name: whoever flips types where the traffic goes.
    cockpit.send("f");
    cockpit.wait_for("type checkout-green:");
    cockpit.send("checkout-green");
    let named = |screen: &str| {
        dialog(screen).contains("type checkout-green: checkout-green") && screen.contains("y confirm")
    };
    println!("{}", dialog(&cockpit.wait_until("the name, and y", DEADLINE, named)));
    assert_eq!(space.weights(), [100, 0], "nothing is written before y");
    let pressed = confirm(&mut cockpit);
    wait_stages(&cockpit, "flip 100/0 -> 0/100", pressed);
    let flipped = space.route();
    assert_eq!(flipped["spec"], spec_with_weights(&before, &[0, 100]), "only the weights");
    assert_eq!(generation(&flipped), generation(&before) + 1, "one write");
    let counted = load.wait_requests(2000, pressed + DRAINED_WITHIN_MS);
    println!("the client counted {counted:?} after the flip");
    assert_eq!((counted.stable, counted.failed), (0, 0), "green has it all: {counted:?}");

    // Back to the version that was active before is a rollback: two keys.
    cockpit.send("u");
    let armed = |screen: &str| {
        screen.contains("ALL TRAFFIC -> checkout-blue") && screen.contains("y confirm    n decline")
    };
    println!("{}", dialog(&cockpit.wait_until("an armed dialog", DEADLINE, armed)));
    let pressed = confirm(&mut cockpit);
    wait_weights(&space, &[100, 0]);
    wait_stages(&cockpit, "undo 0/100 -> 100/0", pressed);
    let undone = space.route();
    assert_eq!(undone["spec"], before["spec"], "as before the flip");
    assert_eq!(generation(&undone), generation(&flipped) + 1, "one write");
    let counted = load.wait_requests(2000, pressed + DRAINED_WITHIN_MS);
    println!("the client counted {counted:?} after the undo");
    assert_eq!((counted.canary, counted.failed), (0, 0), "blue has it all: {counted:?}");
}
