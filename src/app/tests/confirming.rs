//! What confirms, and what does not.

use serde_json::json;

use super::*;
use crate::app::What;
use crate::route::Route;

#[test]
fn y_confirms_an_armed_dialog() {
    let mut bench = armed(Verdict::Pass, Demand::Yes);
    bench.keys("y");
    assert!(bench.carries() && bench.app.layers.is_empty());
    assert_eq!(bench.app.changes.running().count(), 1);
}

#[test]
fn a_rollback_takes_the_place_of_a_dialog_that_gives_more_traffic() {
    let mut bench = armed(Verdict::Pass, Demand::Yes);
    bench.keys("r");
    assert_eq!(bench.dialog().ask.what, What::RollBack);
    bench.prepared(Verdict::NotApplicable, Demand::Yes);
    assert!(!bench.carries());
    bench.keys("y");
    assert!(bench.carries());
    let mut named = armed(Verdict::Fail, Demand::Name("checkout-canary".into()));
    named.keys("r");
    assert_eq!(named.dialog().ask.what, What::StepNext, "a letter of the name");
}

#[test]
fn what_is_prepared_again_is_not_called_expired() {
    let mut bench = armed(Verdict::Pass, Demand::Yes);
    bench.after(31_000).keys("y");
    assert!(bench.dialog().told.is_some_and(|told| told.contains("expired")));
    bench.keys("s").prepared(Verdict::Pass, Demand::Yes);
    assert_eq!(bench.dialog().told, None);
}

#[test]
fn enter_confirms_nothing_anywhere() {
    for demand in [Demand::Yes, Demand::Reason, Demand::Name("checkout-canary".into())] {
        let mut bench = armed(Verdict::Pass, demand.clone());
        if let Demand::Name(name) = &demand {
            bench.keys(name);
        }
        if demand == Demand::Reason {
            bench.keys("1");
        }
        for _ in 0..5 {
            bench.key(Key::Enter);
            assert!(!bench.carries() && bench.is_ready(), "{demand:?}");
        }
    }
    let mut bench = bench();
    bench.keys("r").prepared(Verdict::NotApplicable, Demand::Yes).key(Key::Enter);
    assert!(!bench.carries());
}

#[test]
fn a_key_that_came_too_early_is_told_in_every_dialog() {
    let told = "not armed yet, it was still being read: press y again";
    let mut bench = bench();
    bench.keys("sy");
    assert_eq!(bench.dialog().told, Some(told), "before it is prepared");
    let (ticket, intent) = (ticket_of(&bench), bench.dialog().ask.intent.clone().unwrap());
    let answer = Ok(Box::new(prepared(&checkout(7, 95, 5), &intent, Verdict::Pass, Demand::Yes)));
    bench.msg(Msg::Prepared { ticket, answer });
    assert_eq!(bench.dialog().told, Some(told), "and still when it is");
    bench.keys("s");
    assert_eq!(bench.dialog().told, Some(told), "a held key takes nothing away");
    bench.after(300).keys("y");
    assert!(bench.carries());

    let mut bench = super::bench();
    bench.keys("s").prepared(Verdict::Hold, Demand::Reason).keys("y");
    let told = "not armed yet, it was shown a moment ago: press y again";
    assert_eq!(bench.dialog().told, Some(told));

    let mut bench = super::bench();
    bench.keys("s").prepared(Verdict::Fail, Demand::Name("yes-canary".into())).keys("y");
    assert_eq!(bench.dialog().told, Some("not armed yet: the name is asked for, then y"));
    assert_eq!(bench.dialog().ready().unwrap().text.value(), "", "it is no letter of the name");
    bench.after(300).keys("yes-canary");
    assert!(!bench.carries());
    bench.after(600).keys("y");
    assert!(bench.carries());
}

#[test]
fn a_dialog_is_not_armed_before_300_ms() {
    let mut bench = bench();
    bench.keys("s").prepared(Verdict::Pass, Demand::Yes).after(299).keys("y");
    assert!(!bench.carries());
    assert!(bench.dialog().told.is_some_and(|told| told.starts_with("not armed yet")));
    let wake = next_wake(&bench.app);
    assert_eq!(wake, Some(bench.app.now.since_start + Duration::from_millis(1)), "drawn again when it arms");
    bench.after(1);
    assert!(bench.dialog().is_armed(bench.now().since_start));
    bench.after(600).keys("y");
    assert!(bench.carries());
}

#[test]
fn y_before_a_step_is_prepared_does_not_count() {
    let mut bench = bench();
    bench.keys("sy");
    let ticket = ticket_of(&bench);
    let route = checkout(7, 95, 5);
    let intent = bench.dialog().ask.intent.clone().unwrap();
    let answer = Ok(Box::new(prepared(&route, &intent, Verdict::Pass, Demand::Yes)));
    bench.msg(Msg::Prepared { ticket, answer });
    assert!(!bench.carries() && bench.is_ready());
}

#[test]
fn r_and_y_in_one_write_roll_back() {
    let mut bench = bench();
    bench.keys("r");
    let intent = bench.dialog().ask.intent.clone().unwrap();
    bench.keys("y");
    assert!(!bench.carries() && bench.dialog().yes_waits);
    let answer = Ok(Box::new(prepared(&checkout(7, 95, 5), &intent, Verdict::NotApplicable, Demand::Yes)));
    let ticket = ticket_of(&bench);
    bench.msg(Msg::Prepared { ticket, answer });
    assert!(bench.carries() && bench.app.layers.is_empty());
}

#[test]
fn a_rollback_that_wants_a_name_shows_it_instead() {
    let mut bench = bench();
    bench.keys("ry");
    let ticket = ticket_of(&bench);
    let intent = bench.dialog().ask.intent.clone().unwrap();
    let demand = Demand::Name("checkout-stable".into());
    let answer = Ok(Box::new(prepared(&checkout(7, 95, 5), &intent, Verdict::NotApplicable, demand)));
    bench.msg(Msg::Prepared { ticket, answer });
    assert!(!bench.carries() && bench.is_ready() && bench.dialog().told.is_some());
    bench.keys("checkout-stable");
    assert!(!bench.carries());
    bench.keys("y");
    assert!(bench.carries());
}

#[test]
fn a_wrong_name_is_not_enough() {
    let mut bench = armed(Verdict::Fail, Demand::Name("pay".into()));
    bench.keys("pa").keys("y");
    assert!(!bench.carries(), "this y is the last letter of the name");
    bench.keys("x").keys("y");
    assert!(!bench.carries());
    bench.key(Key::Backspace).keys("y");
    assert!(bench.carries());
}

#[test]
fn a_reason_is_one_key_and_then_y() {
    let mut bench = armed(Verdict::Hold, Demand::Reason);
    bench.keys("y");
    assert!(!bench.carries());
    bench.keys("2y");
    assert!(bench.carries());
}

#[test]
fn a_typed_reason_may_hold_any_letter() {
    let mut bench = armed(Verdict::NoData, Demand::Reason);
    bench.keys("3").keys("yes, nobody uses it").key(Key::Enter);
    assert!(!bench.carries());
    assert_eq!(bench.dialog().ready().unwrap().reason.as_deref(), Some("yes, nobody uses it"));
    bench.keys("y");
    assert!(bench.carries());
}

#[test]
fn a_held_key_opens_one_dialog_and_types_nothing() {
    let mut bench = bench();
    bench.keys("s").prepared(Verdict::Fail, Demand::Name("stable".into()));
    for pause in [500, 33, 33, 33, 33] {
        bench.after(pause).keys("s");
        assert!(!bench.effects.iter().any(|effect| matches!(effect, Effect::Prepare { .. })));
    }
    assert_eq!(bench.dialog().ready().unwrap().text.value(), "");
    bench.after(700).keys("stable").keys("y");
    assert!(bench.carries(), "later it is a letter like any other");
}

#[test]
fn closing_a_dialog_says_that_nothing_was_written() {
    for close in [Key::Char('n'), Key::Esc] {
        let mut bench = armed(Verdict::Pass, Demand::Yes);
        bench.key(close);
        assert!(bench.app.layers.is_empty());
        assert_eq!(bench.said(), "nothing was written");
    }
}

#[test]
fn a_guessed_role_is_asked_about() {
    let mut bench = Bench::with((80, 24), vec![Ok(split("api", 1, &[("api-v1", 90), ("api-v2", 10)]))]);
    bench.keys("s");
    assert!(matches!(bench.dialog().step, Step::Choose(_)));
    bench.keys("y");
    assert!(bench.effects.is_empty());
    bench.keys("2");
    let ticket = bench.ticket();
    assert!(matches!(&bench.dialog().ask.intent,
        Some(Intent::Step { canary: Some(name), .. }) if &**name == "api-v2"));
    assert_eq!(bench.dialog().ticket, ticket);
    bench.keys("n").keys("r1");
    assert!(matches!(&bench.dialog().ask.intent,
        Some(Intent::Drain { from, into, .. }) if &*from.name == "api-v1" && &*into.name == "api-v2"));
}

#[test]
fn a_rollback_takes_the_other_paths_on_request() {
    let mut bench = bench();
    bench.keys("r").prepared_beside(1).keys("a");
    assert!(bench.dialog().takes_other_paths());
    bench.prepared(Verdict::NotApplicable, Demand::Yes).after(1500).keys("y");
    assert!(bench.carries());
}

#[test]
fn a_question_mark_in_a_reason_is_a_letter() {
    let mut bench = armed(Verdict::NoData, Demand::Reason);
    bench.keys("3why?").key(Key::Enter);
    assert_eq!(bench.dialog().ready().unwrap().reason.as_deref(), Some("why?"));
}

#[test]
fn a_confirmed_canary_is_remembered_once_it_is_written() {
    let mut bench = armed(Verdict::Pass, Demand::Yes);
    bench.keys("y");
    let change = bench.app.changes.running().next().unwrap().id;
    let progress = |stage, fresh| Progress {
        route: RouteId::new("shop", "checkout"),
        stage,
        words: String::new(),
        fresh,
    };
    bench.msg(Msg::Progress { change, progress: progress(Stage::Writing, None) });
    assert_eq!(bench.app.chosen_canary("uid-checkout"), None);
    bench.msg(Msg::Progress { change, progress: progress(Stage::Written, Some(checkout(8, 90, 10))) });
    assert_eq!(bench.app.chosen_canary("uid-checkout"), Some("checkout-canary"));
    assert_eq!(bench.app.selected().unwrap().route.generation, 8, "shown before the watch tells it");
}

#[test]
fn the_editor_refuses_with_reasons_and_asks_like_any_change() {
    let mut bench = bench();
    bench.keys("w").keys("0").key(Key::Tab).keys("0");
    let Some(Layer::Weights(editor)) = bench.app.layers.top() else { panic!("no editor") };
    let why = editor.plan(&bench.app.start.conventions, None).unwrap_err().to_string();
    assert!(why.contains("500"), "{why}");
    bench.key(Key::Enter);
    assert!(matches!(bench.app.layers.top(), Some(Layer::Weights(_))), "a refused plan opens nothing");
    bench.keys("20").key(Key::BackTab).keys("80").key(Key::Enter);
    let weights = vec![("checkout-stable".into(), 80), ("checkout-canary".into(), 20)];
    assert_eq!(bench.dialog().ask.intent, Some(Intent::Set { rule: 0, weights }));
    bench.prepared(Verdict::Pass, Demand::Yes).after(300).keys("y");
    assert!(bench.carries());
}

/// The dialog that asks for a name goes in the middle of it: what follows may not decline, open or confirm anything.
#[test]
fn the_end_of_a_word_that_is_no_longer_asked_for_is_no_command() {
    let mut bench = bench();
    bench.keys("s").prepared(Verdict::Fail, Demand::Name("checkout-canary".into()));
    bench.after(29_900).keys("checkout-c").after(200);
    assert!(bench.dialog().is_expired(bench.app.now.since_start));
    bench.keys("anary");
    assert!(bench.app.layers.dialog().is_some() && !bench.carries());
    assert!(bench.dialog().told.is_some_and(|told| told.contains("letter")));
    bench.after(1500).keys("n");
    assert!(bench.app.layers.is_empty(), "a letter that comes alone is a key again");
}

/// A pair: all traffic goes to blue.
fn pair() -> Route {
    split("web", 1, &[("web-blue", 100), ("web-green", 0)])
}

/// A canary that was stepped with tidegate, so that there is something to undo.
fn stepped() -> Route {
    let weights =
        |stable: u32, canary: u32| json!({"0": {"checkout-stable": stable, "checkout-canary": canary}});
    let record = json!({
        "id": "1", "namespace": "shop", "route": "checkout", "uid": "uid-checkout", "actor": "anna",
        "at": "2026-03-01T11:00:00Z", "action": "step", "before": weights(99, 1), "after": weights(95, 5),
        "verdict": "pass",
    });
    let mut route = checkout(7, 95, 5);
    route.last_change = Some(record.to_string().into());
    route
}

/// Every way to ask for a change: on which route, and by which keys.
fn ways() -> Vec<(Route, &'static [Key])> {
    use Key::{Char, Enter, Tab};
    vec![
        (checkout(7, 95, 5), &[Char('s')]),
        (checkout(7, 95, 5), &[Char('b')]),
        (checkout(7, 95, 5), &[Char('r')]),
        (checkout(7, 95, 5), &[Char('w'), Char('7'), Enter]),
        (checkout(7, 95, 5), &[Enter, Tab, Char('j'), Enter]),
        (checkout(7, 95, 5), &[Char(':'), Char('p'), Char('r'), Char('o'), Char('m'), Char('o'), Enter]),
        (stepped(), &[Char('u')]),
        (pair(), &[Char('f')]),
    ]
}

fn demands() -> [(Verdict, Demand); 3] {
    [
        (Verdict::Pass, Demand::Yes),
        (Verdict::Hold, Demand::Reason),
        (Verdict::Fail, Demand::Name("name".into())),
    ]
}

/// Whatever was asked for, whatever is demanded, and however far it is: `Enter` writes nothing, and `y` does.
#[test]
fn enter_confirms_no_kind_of_change_in_no_state() {
    let mut kinds = Vec::new();
    for (route, keys) in ways() {
        for (verdict, demand) in demands() {
            let mut bench = Bench::with((120, 40), vec![Ok(route.clone())]);
            for key in keys {
                bench.key(*key);
            }
            let what = bench.dialog().ask.what;
            kinds.push(format!("{what:?}"));
            let enter = |bench: &mut Bench, state: &str| {
                let effects = std::mem::take(&mut bench.effects);
                for _ in 0..3 {
                    bench.key(Key::Enter);
                    assert!(!bench.carries(), "{what:?}, {demand:?}, {state}");
                }
                bench.effects = effects;
            };
            enter(&mut bench, "being prepared");
            bench.prepared_of(&route.id.name, verdict, demand.clone()).after(1000);
            enter(&mut bench, "shown");
            match &demand {
                Demand::Yes => {}
                Demand::Reason => drop(bench.keys("1")),
                Demand::Name(name) => drop(bench.keys(name)),
            }
            enter(&mut bench, "with all that is asked for");
            assert!(bench.is_ready(), "{what:?}, {demand:?}");
            bench.keys("y");
            assert!(bench.carries(), "{what:?}, {demand:?}: it was only the y that was missing");
        }
    }
    kinds.sort();
    kinds.dedup();
    // One of each; a new kind has no place here until it has one above.
    let all = |what| match what {
        What::StepNext
        | What::StepBack
        | What::Stage
        | What::Set
        | What::Flip
        | What::Undo
        | What::RollBack => 7,
    };
    assert_eq!(kinds.len(), all(What::Set), "{kinds:?}");
}

/// A key that is held down for longer than a dialog lives.
#[test]
fn a_held_key_prepares_once_and_confirms_nothing() {
    for (route, keys) in ways() {
        let [held] = keys else { continue };
        for (verdict, demand) in demands() {
            let mut bench = Bench::with((120, 40), vec![Ok(route.clone())]);
            bench.key(*held).prepared_of(&route.id.name, verdict, demand.clone());
            for pause in [500].into_iter().chain([33].repeat(1200)) {
                bench.after(pause).key(*held);
                let quiet =
                    |effect: &Effect| !matches!(effect, Effect::Prepare { .. } | Effect::Carry { .. });
                assert!(bench.effects.iter().all(quiet), "{held:?}, {demand:?}");
            }
            assert!(bench.dialog().is_expired(bench.app.now.since_start));
            assert_eq!(bench.dialog().ready().unwrap().text.value(), "", "{held:?}, {demand:?}");
        }
    }
}

#[test]
fn a_typed_name_scrolls_and_copies_without_letters() {
    let mut bench = armed(Verdict::Fail, Demand::Name("checkout-canary".into()));
    bench.keys("check");
    let _ = bench.dialog().scroll.within(40, 10);
    bench.key(Key::Down).key(Key::PageDown).key(Key::Up);
    assert_eq!(bench.dialog().scroll.at(), 8);
    bench.key(Key::Ctrl('k'));
    assert!(matches!(&bench.effects[..], [Effect::Copy(command)] if command.starts_with("kubectl")));
    assert_eq!(bench.dialog().ready().unwrap().text.value(), "check");
}

#[test]
fn a_y_that_is_no_letter_of_the_name_is_told_what_is_asked_for() {
    let mut bench = bench();
    bench.keys("s").prepared(Verdict::Fail, Demand::Name("yes-canary".into())).after(400).keys("yy");
    assert_eq!(bench.dialog().ready().unwrap().text.value(), "y", "the first one is a letter of it");
    assert!(bench.dialog().told.is_some_and(|told| told.ends_with("type it, then y")));
    bench.after(700).keys("es-canary");
    assert_eq!(bench.dialog().ready().unwrap().text.value(), "yes-canary");
    assert!(!bench.carries());
    bench.after(700).keys("y");
    assert!(bench.carries());
}
