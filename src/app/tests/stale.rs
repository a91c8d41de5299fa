//! What happens under an open dialog: it expires, and what it shows changes.

use super::*;

#[test]
fn a_dialog_expires_and_is_prepared_again_by_its_key() {
    let mut bench = armed(Verdict::Pass, Demand::Yes);
    bench.after(30_000).keys("y");
    assert!(!bench.carries());
    bench.keys("s");
    bench.prepared(Verdict::Pass, Demand::Yes).after(300).keys("y");
    assert!(bench.carries());
}

#[test]
fn nothing_is_typed_into_what_has_expired() {
    let mut bench = armed(Verdict::Fail, Demand::Name("checkout-canary".into()));
    bench.keys("checkout-canary").after(30_000).keys("y");
    assert!(!bench.carries());
    bench.keys("s").prepared(Verdict::Fail, Demand::Name("checkout-canary".into()));
    assert_eq!(bench.dialog().ready().unwrap().text.value(), "", "typed for what is no longer shown");
    bench.after(30_000).keys("n");
    assert!(bench.app.layers.is_empty());
}

#[test]
fn an_expired_rollback_is_still_two_keys() {
    let mut bench = bench();
    bench.keys("r").prepared(Verdict::NotApplicable, Demand::Yes).after(31_000).keys("y");
    bench.prepared(Verdict::NotApplicable, Demand::Yes);
    assert!(bench.carries());
}

#[test]
fn a_change_under_a_dialog_is_shown_and_confirmed_again() {
    let mut bench = armed(Verdict::Pass, Demand::Yes);
    bench.watch(Update::Applied(Ok(checkout(8, 90, 10))));
    let ticket = bench.ticket();
    bench.keys("y");
    assert!(!bench.carries(), "what is shown is no longer true");
    let intent = bench.dialog().ask.intent.clone().unwrap();
    let answer = Ok(Box::new(prepared(&checkout(8, 90, 10), &intent, Verdict::Pass, Demand::Yes)));
    bench.msg(Msg::Prepared { ticket, answer });
    assert!(bench.dialog().note.as_deref().unwrap().contains("changed"));
    bench.keys("y");
    assert!(!bench.carries(), "it arms anew");
    bench.after(2000).keys("y");
    assert!(bench.carries());
}

#[test]
fn a_change_under_a_rollback_does_not_stop_it() {
    let mut bench = bench();
    bench.keys("r").prepared(Verdict::NotApplicable, Demand::Yes);
    bench.watch(Update::Applied(Ok(checkout(8, 90, 10))));
    let (ticket, intent) = (bench.ticket(), bench.dialog().ask.intent.clone().unwrap());
    bench.keys("y");
    let answer = Ok(Box::new(prepared(&checkout(8, 90, 10), &intent, Verdict::NotApplicable, Demand::Yes)));
    bench.msg(Msg::Prepared { ticket, answer });
    assert!(bench.carries());
}

#[test]
fn a_rollback_that_cannot_be_read_again_is_carried_out_as_shown() {
    let mut bench = bench();
    bench.keys("r").prepared(Verdict::NotApplicable, Demand::Yes).after(31_000).keys("y");
    let ticket = bench.ticket();
    bench.msg(Msg::Prepared { ticket, answer: Err(PrepareError::Read("no route to host".into())) });
    assert!(bench.carries());
}

#[test]
fn an_answer_to_an_earlier_preparation_is_dropped() {
    let mut bench = bench();
    bench.keys("s");
    let (old, intent) = (bench.ticket(), bench.dialog().ask.intent.clone().unwrap());
    bench.keys("n").keys("s");
    let answer = Ok(Box::new(prepared(&checkout(7, 95, 5), &intent, Verdict::Pass, Demand::Yes)));
    bench.msg(Msg::Prepared { ticket: old, answer });
    assert!(!bench.is_ready());
}

#[test]
fn a_write_refused_by_a_race_shows_the_new_state() {
    let mut bench = armed(Verdict::Pass, Demand::Yes);
    bench.keys("y");
    let change = bench.app.changes.running().next().unwrap().id;
    let words = "the route has changed meanwhile".to_owned();
    bench.msg(Msg::Ended { change, ending: Ending::NotWritten(NotWritten::Changed { words, fresh: None }) });
    bench.prepared(Verdict::Pass, Demand::Yes);
    assert!(bench.dialog().note.as_deref().unwrap().starts_with("nothing was written"));
    bench.keys("y");
    assert!(!bench.carries());
}

#[test]
fn a_preparation_is_answered_under_the_help() {
    let mut bench = bench();
    bench.keys("s");
    let (ticket, intent) = (bench.ticket(), bench.dialog().ask.intent.clone().unwrap());
    bench.keys("?");
    let answer = Ok(Box::new(prepared(&checkout(7, 95, 5), &intent, Verdict::Pass, Demand::Yes)));
    bench.msg(Msg::Prepared { ticket, answer });
    bench.keys("?").after(300).keys("y");
    assert!(bench.carries());
}

#[test]
fn what_is_selected_instead_of_a_gone_split_is_not_rolled_back_unasked() {
    let other = split("zebra", 1, &[("zebra-stable", 90), ("zebra-canary", 10)]);
    let mut bench = Bench::with((120, 40), vec![Ok(checkout(7, 95, 5)), Ok(other)]);
    bench.keys(" ");
    bench.watch(Update::Deleted(RouteId::new("shop", "checkout")));
    bench.keys("ry");
    assert!(
        bench.app.layers.is_empty() && bench.said().contains("shop/checkout is gone"),
        "{}",
        bench.said()
    );
    bench.keys("r");
    assert_eq!(&*bench.dialog().ask.route.name, "zebra");
}

/// `r` `y`, and then the help, before it was prepared: it is carried out below the help.
#[test]
fn a_rollback_that_was_confirmed_is_not_lost_under_the_help() {
    let mut bench = bench();
    bench.keys("r");
    let prepare = std::mem::take(&mut bench.effects);
    bench.keys("y?");
    bench.effects = prepare;
    bench.prepared(Verdict::NotApplicable, Demand::Yes);
    assert!(bench.carries());
    assert!(matches!(bench.app.layers.top(), Some(Layer::Help(_))), "what is read stays");
    bench.keys("?");
    assert!(bench.app.layers.is_empty());
}

/// Two routes, and a step of the first that waits for `y`.
fn of_two() -> Bench {
    let other = split("zebra", 1, &[("zebra-stable", 90), ("zebra-canary", 10)]);
    let mut bench = Bench::with((120, 40), vec![Ok(checkout(7, 95, 5)), Ok(other)]);
    bench.keys("s").prepared(Verdict::Pass, Demand::Yes).after(300);
    bench
}

#[test]
fn a_rollback_asked_for_in_a_dialog_is_of_its_route_or_of_none() {
    let mut bench = of_two();
    bench.watch(Update::Deleted(RouteId::new("shop", "checkout")));
    bench.keys("ry");
    assert!(bench.app.layers.is_empty() && !bench.carries(), "zebra was selected by nobody");
    assert_eq!(bench.said(), "nothing was written: shop/checkout is not selected any more");
}

#[test]
fn a_write_refused_by_a_race_opens_nothing_over_another_route() {
    let mut bench = of_two();
    bench.keys("y");
    let change = bench.app.changes.running().next().unwrap().id;
    bench.keys("j");
    let words = "the route has changed meanwhile".to_owned();
    bench.msg(Msg::Ended { change, ending: Ending::NotWritten(NotWritten::Changed { words, fresh: None }) });
    assert!(bench.app.layers.is_empty());
    assert!(bench.said().contains("shop/checkout"), "{}", bench.said());
}
