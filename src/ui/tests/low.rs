//! What must be in sight where there is little room.

use super::*;

const LOW: (u16, u16) = (40, 12);

/// A step of a route that Argo CD writes as well.
fn owned() -> Bench {
    let mut bench = shop();
    bench.keys("s");
    let (ticket, intent) = (bench.ticket(), bench.dialog().ask.intent.clone().unwrap());
    let mut route = checkout(7, 95, 5);
    route.owners = [crate::route::Owner::ArgoCd].into();
    let answer = prepared(&route, &intent, Verdict::Pass, Demand::Yes);
    bench.msg(Msg::Prepared { ticket, answer: Ok(Box::new(answer)) });
    bench
}

#[test]
fn nothing_is_confirmed_without_gate_owner_and_weights_in_sight() {
    let shown = text(&mut owned(), LOW);
    for wanted in
        ["10 % -> checkout-canary", "gate       ✓ pass", "Argo CD tracks this route", "95/5 -> 90/10"]
    {
        assert!(shown.contains(wanted), "{wanted}\n{shown}");
    }
}

#[test]
fn what_is_not_as_usual_stands_above_the_keys_and_never_over_them() {
    let mut bench = owned();
    bench.keys("y");
    for size in [SMALL, LOW] {
        let shown = text(&mut bench, size);
        assert!(shown.contains("not armed yet") && shown.contains("y (wait)"), "{shown}");
    }
    bench.keys("c").after(400);
    let shown = text(&mut bench, SMALL);
    let told = shown.lines().position(|line| line.contains("sent to your terminal")).unwrap();
    assert!(shown.lines().nth(told + 1).unwrap().contains("y confirm"), "{shown}");
}

#[test]
fn the_word_of_a_message_comes_first() {
    let mut bench = running();
    let change = bench.app.changes.running().next().unwrap().id;
    assert!(text(&mut bench, LOW).contains(" ~ observed: shop/checkout step"));
    bench.msg(Msg::Ended { change, ending: Ending::Proven("9.6 % observed".into()) });
    assert!(text(&mut bench, LOW).contains(" proven: shop/checkout step"));
}

#[test]
fn a_reason_of_the_gate_is_in_sight_whole_where_one_is_asked_for() {
    let mut bench = shop();
    bench.keys("s").prepared(Verdict::Hold, Demand::Reason).after(400);
    let shown = text(&mut bench, LOW);
    for wanted in
        ["1.22 % of 1234", "(0.61-2.10)", "95/5 -> 90/10", "reason     1 low traffic", "y (after a reason)"]
    {
        assert!(shown.contains(wanted), "{wanted}\n{shown}");
    }
}

#[test]
fn why_a_change_is_not_proven_is_in_sight_below_the_list_as_well() {
    for size in [SMALL, LARGE] {
        let mut bench = running();
        text(&mut bench, size);
        let change = bench.app.changes.running().next().unwrap().id;
        let why = "superseded: shop/checkout was changed again by kubectl-edit (generation 8 -> 9)";
        bench.msg(Msg::Ended { change, ending: Ending::Unproven(why.to_owned()) });
        let shown = text(&mut bench, size);
        assert!(shown.contains("unproven: shop/checkout step") && shown.contains("superseded: "), "{shown}");
        assert!(shown.contains("kubectl-edit"), "{shown}");
    }
}

#[test]
fn a_frozen_screen_says_how_it_goes_on() {
    for size in [LOW, SMALL, LARGE] {
        let mut bench = shop();
        bench.keys(" ");
        let shown = text(&mut bench, size);
        assert!(shown.lines().last().unwrap().contains("Space go on"), "{shown}");
    }
}

#[test]
fn a_split_says_how_much_of_it_is_below_and_which_keys_lead_there() {
    let mut bench = open(shop(), "checkout");
    let last = |bench: &mut Bench| text(bench, SMALL).lines().nth(20).unwrap().to_owned();
    let first = last(&mut bench);
    assert!(first.contains(" more below  j k ─"), "{first}");
    bench.keys("G");
    let end = last(&mut bench);
    assert!(end.contains(" more above  j k ─") && !end.contains("below"), "{end}");
    bench.key(Key::Tab);
    assert!(text(&mut bench, SMALL).contains(">10 %"), "the ladder that the keys go to is in sight");
    let ladder = last(&mut bench);
    assert!(ladder.contains(" more below ─"), "j and k go along the ladder: {ladder}");
}

#[test]
fn without_metrics_and_with_two_notes_there_is_room_for_what_can_be_done() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let routes = names.map(|name| Ok(split(name, 1, &[("app-stable", 95), ("app-canary", 5)])));
    let mut bench = Bench::with(SMALL, routes.into());
    bench.app.numbers.has_source = false;
    bench.app.start.note = Some("nothing is real");
    let shown = text(&mut bench, SMALL);
    assert!(shown.contains("\n state    ✓ accepted") && shown.contains("\n rollback ? "), "{shown}");
}
