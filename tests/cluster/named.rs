//! A canary that nothing tells: named by a person, in a verb or in the cockpit.

use serde_json::json;

use crate::changes::{PROOF, line};
use crate::cockpit::Cockpit;
use crate::load::Load;
use crate::program::Person;
use crate::rig::{Space, now_ms};

#[test]
fn by_a_flag_it_is_stepped_and_rolled_back_and_its_split_verified_in_the_cockpit() {
    let space = Space::new("90/10");
    space.add_service("app-a", "checkout-stable");
    space.add_service("app-b", "checkout-canary");
    let mut rules = space.route()["spec"]["rules"].clone();
    rules[0]["backendRefs"][0]["name"] = json!("app-a");
    rules[0]["backendRefs"][1]["name"] = json!("app-b");
    space.set_rules(&rules);
    space.settled();
    Space::wait_served(&space.host, None, |status, _| status == 200);
    let _load = Load::start(&space.host, 200, &[]);
    let person = Person::oncall(&space);

    // Without a name nothing is stepped, and nothing drained.
    for verb in ["step", "rollback"] {
        let refused = person.run(&[verb, "checkout", "--yes"]).exits(2);
        println!("{verb}: {}", refused.stderr.trim());
        assert!(refused.stderr.contains("name it with --canary NAME: app-a or app-b"), "{refused:?}");
        let unknown = person.run(&[verb, "checkout", "--canary", "app-c", "--yes"]).exits(2);
        println!("{verb}: {}", unknown.stderr.trim());
        assert!(
            unknown.stderr.contains("no backend 'app-c' in this rule; it has app-a, app-b"),
            "{unknown:?}"
        );
    }
    let named = ["--canary", "app-b", "--yes", "--wait"];
    let step = ["step", "checkout", "--reason", "a test"];
    let proven = person.run(&[&step[..], &named].concat()).exits(0).stdout;
    println!("{}", line(&proven, "proven: "));
    assert!(proven.contains("25 % of traffic -> app-b"), "{proven}");

    let mut cockpit = Cockpit::open(Person::oncall(&space));
    cockpit.wait_for("75/25");
    cockpit.send("\r");
    cockpit.wait_rates("app-b");
    let pressed = now_ms();
    cockpit.send("v");
    let verified = cockpit.wait_shown("✓ proven: ", pressed, PROOF);
    println!("{}", line(&verified.text, "verify 75/25"));
    println!("{}", line(&verified.text, "✓ proven: "));
    cockpit.wait_for(&format!("proven: {}/checkout verify 75/25", space.name));
    assert_eq!(space.weights(), [75, 25], "it wrote nothing");

    let proven = person.run(&[&["rollback", "checkout"], &named[..]].concat()).exits(0).stdout;
    println!("{}", line(&proven, "proven: "));
    assert_eq!(space.weights(), [100, 0]);
}
