//! Every way out leaves a sane terminal.

use crate::cockpit::{Cockpit, End};
use crate::program::Person;
use crate::rig::Space;

#[track_caller]
fn assert_sane(way: &str, code: i32, end: &End) {
    println!("{way}: exit code {}", end.code);
    assert_eq!(end.code, code, "{way}: {end:#?}");
    assert_eq!(end.after, end.before, "{way}: stty");
    assert!(!end.alternate_screen, "{way}: the alternate screen is left");
    assert!(!end.cursor_hidden, "{way}: the cursor shows");
    assert!(!end.bracketed_paste, "{way}: paste is plain");
}

#[test]
fn every_way_out_leaves_a_sane_terminal() {
    let space = Space::new("95/5");
    let opened = || {
        let cockpit = Cockpit::open(Person::oncall(&space));
        cockpit.wait_for("95/5");
        cockpit
    };
    for (way, keys, code) in [("q", "q", 0), ("ctrl-c", "\x03", 0)] {
        let mut cockpit = opened();
        cockpit.send(keys);
        assert_sane(way, code, &cockpit.wait_end());
    }
    for (signal, code) in [("TERM", 143), ("HUP", 129)] {
        let cockpit = opened();
        cockpit.signal(signal);
        assert_sane(signal, code, &cockpit.wait_end());
    }
    let cockpit = Cockpit::open_with(Person::oncall(&space), &[("TIDEGATE_TEST_PANIC", "draw")]);
    let end = cockpit.wait_end();
    assert!(end.screen.contains("panic"), "the report is on the screen: {}", end.screen);
    assert_sane("a panic in a draw", 101, &end);
}
