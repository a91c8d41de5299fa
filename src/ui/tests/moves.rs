//! What a dialog shows of the backends that a change moves.

use super::*;
use crate::app::fixture::backend;
use crate::rollout::Intent;

/// The dialog of `intent` on `changed`, opened by `key`.
fn asked(changed: &Route, key: &str, intent: &Intent) -> Bench {
    let mut bench = Bench::with(LARGE, vec![Ok(changed.clone())]);
    bench.keys(key);
    let answer = prepared(changed, intent, Verdict::NotApplicable, Demand::Yes);
    let ticket = bench.ticket();
    bench.msg(Msg::Prepared { ticket, answer: Ok(Box::new(answer)) }).after(400);
    bench
}

fn inside(bench: &mut Bench) -> Vec<String> {
    let text = text(bench, SMALL);
    let lines = text.lines().filter_map(|line| line.strip_prefix("│ "));
    lines.map(|line| line.trim_end_matches([' ', '│']).to_owned()).collect()
}

fn set(weights: &[(&str, u32)]) -> Intent {
    Intent::Set { rule: 0, weights: weights.iter().map(|(name, weight)| ((*name).into(), *weight)).collect() }
}

#[test]
fn who_loses_everything_is_the_first_of_those_that_move() {
    let three = split("checkout", 7, &[("a-stable", 80), ("a-canary", 10), ("a-next", 10)]);
    let shown = inside(&mut asked(&three, "s", &set(&[("a-stable", 10), ("a-canary", 90), ("a-next", 0)])));
    let row = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    assert_eq!(row(&shown[2]), "a-next 10 -> 0 10 % -> 0 % 3/3 ready", "{shown:#?}");
    assert_eq!(row(&shown[3]), "a-stable 80 -> 10 80 % -> 10 % 3/3 ready", "{shown:#?}");
    assert_eq!(row(&shown[4]), "canary a-canary 10 -> 90 10 % -> 90 % 3/3 ready", "{shown:#?}");
    assert!(shown[7].contains("y confirm"), "{shown:#?}");
}

#[test]
fn of_many_that_move_the_number_is_told() {
    let names = ["a-stable", "a-canary", "b", "c"];
    let four = split("checkout", 7, &[(names[0], 70), (names[1], 10), (names[2], 10), (names[3], 10)]);
    let to = [(names[0], 10), (names[1], 60), (names[2], 30), (names[3], 0)];
    let shown = inside(&mut asked(&four, "s", &set(&to)));
    assert!(shown[2].contains(" c ") && shown[4].trim() == "and 2 more move", "{shown:#?}");
    assert!(shown[7].contains("y confirm"), "{shown:#?}");
}

#[test]
fn a_pair_has_no_canary() {
    let pair = || split("checkout", 7, &[("web-blue", 0), ("web-green", 100)]);
    let (from, into) = (backend("web-green"), backend("web-blue"));
    let drain = Intent::Drain { from, into, other_paths: false };
    for (key, intent) in [("f", Intent::Flip { rule: 0 }), ("f", drain)] {
        let shown = inside(&mut asked(&pair(), key, &intent));
        assert!(shown[2].starts_with("previous   web-blue "), "{shown:#?}");
        assert!(shown[3].starts_with("active     web-green "), "{shown:#?}");
    }
}

#[test]
fn that_requests_would_fail_is_the_first_word() {
    let first = |stable: u32, old: u32| {
        let three = split("checkout", 7, &[("a-stable", stable), ("a-old", old), ("a-canary", 20)]);
        let drain =
            Intent::Drain { from: backend("a-canary"), into: backend("a-stable"), other_paths: false };
        let mut bench = Bench::with(LARGE, vec![Ok(three.clone())]);
        bench.keys("r");
        let mut answer = prepared(&three, &drain, Verdict::NotApplicable, Demand::Name("a-old".into()));
        for known in answer.backends.iter_mut().filter(|known| &*known.backend.name == "a-old") {
            known.facts.endpoints = Ok(crate::cluster::Endpoints { ready: 0, total: 2 });
        }
        let ticket = bench.ticket();
        bench.msg(Msg::Prepared { ticket, answer: Ok(Box::new(answer)) });
        inside(&mut bench)[0].clone()
    };
    let most = first(20, 60);
    assert!(most.starts_with("0 READY -> 503 FOR 75 %   75 % -> a-old"), "{most}");
    let some = first(60, 20);
    assert!(some.starts_with("503 FROM a-old   75 % -> a-stable"), "{some}");
}

#[test]
fn weights_that_change_under_the_editor_are_shown_as_they_are_now() {
    let mut bench = shop();
    bench.keys("w").watch(crate::cluster::Update::Applied(Ok(checkout(8, 81, 19))));
    let shown = text(&mut bench, (120, 40));
    let row = shown.lines().find(|line| line.contains("checkout-canary") && line.contains("  5 ")).unwrap();
    assert!(row.contains(" 19 "), "what stands there now, beside what would be written: {row}");
}
