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
