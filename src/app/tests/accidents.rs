//! Keys that nobody meant for what they met: held down, of a word, or a moment late.

use super::*;
use crate::route::Route;

const NOT_ARMED: &str = "not armed yet, it was shown a moment ago: press y again";

/// The route is another one by now, and the open dialog is prepared again.
fn patched(bench: &mut Bench, route: Route) {
    bench.watch(Update::Applied(Ok(route)));
    bench.prepared(Verdict::Pass, Demand::Yes);
}

#[test]
fn what_has_become_another_change_is_to_be_read_before_it_is_confirmed() {
    let mut bench = armed(Verdict::Pass, Demand::Yes);
    patched(&mut bench, checkout(8, 75, 25));
    bench.after(500).keys("y");
    assert!(!bench.carries(), "meant for 5 -> 10");
    assert_eq!(bench.dialog().told, Some("this has changed: read it, then press y"));
    let wake = next_wake(&bench.app).unwrap();
    assert!(wake <= bench.now().since_start + Duration::from_millis(1500), "drawn again when it arms");
    bench.after(1499);
    assert!(!bench.dialog().is_armed(bench.now().since_start));
    bench.after(1).keys("y");
    assert!(bench.carries());
}

#[test]
fn what_is_prepared_again_and_stays_the_same_arms_as_ever() {
    let mut bench = armed(Verdict::Pass, Demand::Yes);
    patched(&mut bench, checkout(8, 95, 5));
    bench.after(300).keys("y");
    assert!(bench.carries());
}

#[test]
fn a_second_preparation_takes_no_time_to_read_away() {
    let mut bench = armed(Verdict::Pass, Demand::Yes);
    patched(&mut bench, checkout(8, 75, 25));
    bench.after(100);
    patched(&mut bench, checkout(9, 75, 25));
    bench.after(1000).keys("y");
    assert!(!bench.carries());
    bench.after(900).keys("y");
    assert!(bench.carries());
}

#[test]
fn an_object_made_anew_and_a_write_that_met_another_one_are_to_be_read() {
    let mut bench = armed(Verdict::Pass, Demand::Yes);
    let mut other = checkout(8, 75, 25);
    other.uid = "another".into();
    patched(&mut bench, other);
    bench.after(1000).keys("y");
    assert!(!bench.carries());

    let mut bench = armed(Verdict::Pass, Demand::Yes);
    bench.keys("y");
    let change = bench.app.changes.running().next().unwrap().id;
    let words = "the route has changed meanwhile".to_owned();
    bench.msg(Msg::Ended { change, ending: Ending::NotWritten(NotWritten::Changed { words, fresh: None }) });
    bench.prepared(Verdict::Pass, Demand::Yes).after(1000).keys("y");
    assert!(!bench.carries());
}

/// A rollback arms at once, whatever has become of the route.
#[test]
fn a_rollback_waits_for_no_reader() {
    let mut bench = bench();
    bench.keys("r").prepared(Verdict::NotApplicable, Demand::Yes);
    bench.watch(Update::Applied(Ok(checkout(8, 75, 25))));
    bench.prepared(Verdict::NotApplicable, Demand::Yes).keys("y");
    assert!(bench.carries());
}

#[test]
fn a_held_y_confirms_no_advance() {
    let mut bench = bench();
    bench.keys("s").prepared(Verdict::Pass, Demand::Yes).keys("y");
    for pause in [500].into_iter().chain([33].repeat(300)) {
        bench.after(pause).keys("y");
        assert!(!bench.carries());
        assert_eq!(bench.dialog().told, Some(NOT_ARMED));
    }
    bench.after(600).keys("y");
    assert!(bench.carries(), "let go and pressed again");
}

#[test]
fn a_y_held_from_before_the_preparation_confirms_no_advance() {
    let mut bench = bench();
    bench.keys("s");
    let prepare = std::mem::take(&mut bench.effects);
    bench.keys("y");
    bench.effects = prepare;
    bench.prepared(Verdict::Pass, Demand::Yes);
    for _ in 0..100 {
        bench.after(33).keys("y");
        assert!(!bench.carries());
    }
}

/// A backend may have a name of which a held `y` types every letter.
#[test]
fn a_held_y_types_no_name_and_confirms_it() {
    let mut bench = bench();
    bench.keys("s").prepared(Verdict::Fail, Demand::Name("yy".into())).keys("y");
    for _ in 0..100 {
        bench.after(33).keys("y");
        assert!(!bench.carries());
    }
}

/// Most names that are typed end in `y`.
#[test]
fn the_last_letter_of_a_name_held_down_confirms_nothing() {
    for keys in ["s", "r"] {
        let mut bench = bench();
        bench.keys(keys).prepared(Verdict::Fail, Demand::Name("checkout-canary".into())).after(1000);
        bench.keys("checkout-canary");
        for pause in [500].into_iter().chain([33].repeat(100)) {
            bench.after(pause).keys("y");
            assert!(!bench.carries());
        }
        assert_eq!(bench.dialog().told, Some(NOT_ARMED));
        bench.after(600).keys("y");
        assert!(bench.carries(), "let go and pressed again");
    }
}

#[test]
fn a_held_y_rolls_back_at_once() {
    let mut bench = bench();
    bench.keys("r").prepared(Verdict::NotApplicable, Demand::Yes).keys("y");
    assert!(bench.carries());
}

#[test]
fn a_word_is_no_rollback() {
    for early in [true, false] {
        let mut bench = bench();
        bench.keys("r");
        let prepare = std::mem::take(&mut bench.effects);
        if early {
            bench.keys("etry");
            assert!(!bench.dialog().yes_waits);
            bench.effects = prepare;
            bench.prepared(Verdict::NotApplicable, Demand::Yes);
        } else {
            bench.effects = prepare;
            bench.prepared(Verdict::NotApplicable, Demand::Yes).keys("etry");
        }
        assert!(!bench.carries() && bench.is_ready());
        assert_eq!(bench.dialog().told, Some("letters came just before it: press y again"));
        bench.keys("y");
        assert!(bench.carries(), "pressed again");
    }
}

/// Typed into the wrong window, or pasted where the terminal does not say so.
#[test]
fn a_word_that_ends_in_ry_is_no_rollback() {
    for word in ["every", "story", "angry", "recovery"] {
        for pause in [0, 250] {
            let mut bench = bench();
            for letter in word.chars() {
                bench.after(pause).keys(&letter.to_string());
                if bench.effects.iter().any(|effect| matches!(effect, Effect::Prepare { .. })) {
                    bench.prepared(Verdict::NotApplicable, Demand::Yes);
                }
                assert!(!bench.carries(), "{word}");
            }
            assert!(bench.dialog().is_rollback(), "{word}");
            bench.after(700).keys("y");
            assert!(bench.carries(), "{word}, and y pressed again");
        }
    }
    let mut bench = bench();
    bench.keys("jjkr").prepared(Verdict::NotApplicable, Demand::Yes).keys("y");
    assert!(bench.carries(), "who goes to a route and rolls it back types no word");
}

#[test]
fn a_letter_disarms_a_rollback_for_a_moment_only() {
    let mut bench = bench();
    bench.keys("r").prepared(Verdict::NotApplicable, Demand::Yes).keys("e").after(1500).keys("y");
    assert!(bench.carries());
    let mut bench = super::bench();
    bench.keys("r").prepared(Verdict::NotApplicable, Demand::Yes).key(Key::Down).keys("rry");
    assert!(bench.carries(), "no letter but its own came between");
}

#[test]
fn a_word_is_no_step() {
    let mut bench = armed(Verdict::Pass, Demand::Yes);
    bench.keys("ta").after(400).keys("y");
    assert!(!bench.carries());
    bench.after(500).keys("y");
    assert!(!bench.carries(), "its last letter is held down");
}

/// `a` takes other paths, the server goes away, and `a` leaves them: what is written is what is said.
#[test]
fn a_rollback_that_cannot_be_prepared_otherwise_stays_as_it_is_shown() {
    let gone = || Err(PrepareError::Read("connection refused".into()));
    let takes_others = |bench: &Bench| {
        let Some(Intent::Drain { other_paths, .. }) = &bench.dialog().ask.intent else { panic!("no drain") };
        *other_paths
    };
    let mut bench = bench();
    bench.keys("r").prepared_beside(1);
    bench.keys("a").prepared(Verdict::NotApplicable, Demand::Yes).after(2000).keys("a");
    let ticket = bench.ticket();
    bench.keys("y").after(2000).keys("y");
    bench.msg(Msg::Prepared { ticket, answer: gone() });
    assert!(!bench.carries(), "this y was meant for a rollback without the other paths");
    assert!(takes_others(&bench), "as in what is shown");
    assert_eq!(bench.dialog().told, Some("not read again: what is shown is as it was, with all other paths"));
    bench.keys("y");
    assert!(bench.carries());

    let mut bench = super::bench();
    bench.keys("r").prepared_beside(1).keys("a");
    let ticket = bench.ticket();
    bench.msg(Msg::Prepared { ticket, answer: gone() });
    assert!(!takes_others(&bench));
    assert_eq!(bench.dialog().told, Some("not read again: what is shown is as it was, without other paths"));
    assert!(bench.dialog().unread.is_some());
    bench.after(31_000).keys("r").prepared_beside(1);
    assert_eq!((&bench.dialog().unread, bench.dialog().told), (&None, None), "it was read since");
}
