//! A machine whose clock does not show the time of Prometheus: what was counted cannot be matched with what was written.

use std::thread;

use crate::changes::line;
use crate::load::Load;
use crate::program::Person;
use crate::rig::{Space, now_ms, var};
use crate::trouble::verdict;

/// Somebody at a machine whose clock is so far off.
fn off(space: &Space, by: &str) -> Person {
    // Waiting is not to be faked.
    let library = ("LD_PRELOAD", var("RIG_FAKETIME"));
    let variables = [library, ("FAKETIME", by), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")];
    let person = Person::oncall(space);
    variables.into_iter().fold(person, |person, (name, value)| person.with(name, value))
}

#[test]
fn two_minutes_ahead_or_behind_nothing_is_decided() {
    let [space, drained] = [Space::new("90/10"), Space::new("90/10")];
    let [load, _other] = [Load::start(&space.host, 200, &[]), Load::start(&drained.host, 100, &[])];
    load.wait_requests(1000, now_ms());
    let [ahead, behind] = ["s ahead of that of Prometheus", "s behind that of Prometheus"];
    let rollback = ["rollback", "checkout", "--yes", "--wait"];
    let proofs: [(&Space, &str, &str, &[&str]); 4] = [
        (&space, "+120s", ahead, &["verify", "checkout"]),
        (&space, "-120s", behind, &["verify", "checkout"]),
        // It is written all the same.
        (&drained, "-120s", behind, &rollback),
        // Some seconds are nothing.
        (&space, "-3s", "proven: ", &["verify", "checkout"]),
    ];
    thread::scope(|scope| {
        for (space, by, words, verb) in proofs {
            scope.spawn(move || {
                let (code, ending) = if words == "proven: " { (0, words) } else { (5, "unproven: ") };
                let told = off(space, by).run(verb).exits(code).stdout;
                println!("{by} {}", line(&told, ending));
                assert!(line(&told, ending).contains(words), "{told}");
            });
        }
        for (by, words) in [("+120s", ahead), ("-120s", behind)] {
            let said = off(&space, by).run(&["step", "checkout", "--dry-run"]).exits(0).stdout;
            println!("{by} {}", line(&said, "  freshness "));
            assert_eq!(verdict(&said), Some("no data"), "{said}");
            assert!(line(&said, "  freshness ").contains(words), "{said}");
            assert!(line(&said, "  alerts ").contains(" pass "), "those of now are known: {said}");
        }
    });
    assert_eq!(drained.weights(), [100, 0]);
}
