//! What a row, its headings, the hints and the messages say.

use super::*;
use crate::app::next_wake;

fn row(bench: &mut Bench, size: (u16, u16), words: &str) -> String {
    let text = text(bench, size);
    let row = text.lines().find(|line| line.contains(words));
    row.unwrap_or_else(|| panic!("no {words} in\n{text}")).to_owned()
}

/// The modifiers of the cell where `words` begin.
fn modifier(bench: &mut Bench, size: (u16, u16), row: &str, words: &str) -> Modifier {
    let shown = text(bench, size);
    let y = shown.lines().position(|line| line.contains(row)).unwrap();
    let line = shown.lines().nth(y).unwrap();
    let x = line[..line.find(words).unwrap_or_else(|| panic!("no {words} in {line}"))].chars().count();
    let buffer = render(bench, size, &look(false));
    buffer[(u16::try_from(x).unwrap(), u16::try_from(y).unwrap())].modifier
}

#[test]
fn errors_of_a_drained_backend_are_quiet() {
    let one = |stable, canary| {
        let mut bench = Bench::with(LARGE, vec![Ok(checkout(7, stable, canary))]);
        bench.numbers_with(0.12);
        bench
    };
    let mut hurts = one(95, 5);
    assert!(modifier(&mut hurts, SMALL, "95/5", "12.0 %").contains(Modifier::BOLD), "bad");
    assert!(row(&mut hurts, SMALL, "95/5").starts_with(" ✗ checkout"));
    assert!(row(&mut hurts, HUGE, "95/5").contains(" errors "), "the word says why");
    let mut drained = one(100, 0);
    assert!(modifier(&mut drained, SMALL, "100/0", "12.0 %").contains(Modifier::DIM), "no data");
    assert!(row(&mut drained, SMALL, "100/0").starts_with(" ✓ checkout"));
}

#[test]
fn settling_ends_with_the_proof() {
    let mut bench = step(Verdict::Pass, Demand::Yes);
    bench.keys("y");
    let change = bench.app.changes.running().next().unwrap().id;
    let fresh: Route = checkout(8, 90, 10);
    let progress = Progress {
        route: fresh.id.clone(),
        stage: Stage::Observed,
        words: String::new(),
        fresh: Some(fresh),
    };
    bench.msg(Msg::Progress { change, progress }).after(10_000).numbers();
    assert!(row(&mut bench, HUGE, "checkout").contains("settling"));
    assert!(row(&mut bench, SMALL, "checkout").contains("observed"), "the word has no other place");
    bench.msg(Msg::Ended { change, ending: Ending::Proven("9.6 % observed".into()) });
    assert!(row(&mut bench, SMALL, "checkout").contains("proven"));
    bench.after(20_000).watch(Update::Applied(Ok(checkout(9, 85, 15))));
    assert!(row(&mut bench, HUGE, "checkout").contains("settling"), "somebody has changed it since");
}

#[test]
fn what_nobody_counts_never_settles() {
    let mut bench = Bench::with(HUGE, vec![Ok(checkout(7, 95, 5))]);
    bench.watch(Update::Applied(Ok(checkout(8, 90, 10))));
    let row = row(&mut bench, HUGE, "90/10");
    assert!(!row.contains("settling"), "{row}");
}

#[test]
fn headings_name_windows_and_are_never_cut() {
    let mut bench = shop();
    let shown = text(&mut bench, SMALL);
    for words in ["observed 1m", "errors 1m", "p99 1m"] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    for order in ["worst first", "by share", "newest first"] {
        bench.keys("o");
        for width in [60, 80, 120] {
            let shown = text(&mut bench, (width, 24));
            assert!(shown.contains(order), "{width}: {order}\n{shown}");
        }
    }
}

#[test]
fn hints_are_whole_and_work_now() {
    let hints = |bench: &mut Bench, size| text(bench, size).lines().last().unwrap().to_owned();
    let mut bench = shop();
    assert!(hints(&mut bench, SMALL).starts_with(" r roll back  s step  Enter open"));
    for width in 40..130 {
        let line = hints(&mut bench, (width, 24));
        assert!(line.contains("? help"), "{width}: {line}");
    }
    bench.keys(".");
    assert!(hints(&mut bench, SMALL).starts_with(" Esc clear"));
    bench.key(Key::Esc).keys("/check").key(Key::Enter);
    assert!(hints(&mut bench, SMALL).starts_with(" Esc all routes"));
    bench
        .msg(Msg::Access { namespace: "shop".into(), answer: Ok(Access::Denied("patch httproutes".into())) });
    let line = hints(&mut bench, HUGE);
    assert!(!line.contains("roll back") && !line.contains("step") && line.contains("open"), "{line}");
    let mut empty = Bench::with(LARGE, Vec::new());
    let line = hints(&mut empty, HUGE);
    assert!(!line.contains("roll back") && !line.contains("open") && line.contains("a namespaces"), "{line}");
}

#[test]
fn routes_without_a_split_say_where_splits_are() {
    let mut bench = Bench::with(SMALL, vec![Ok(split("static", 1, &[("static", 1)]))]);
    let generation = bench.app.generation;
    bench.msg(Msg::Survey { generation, namespaces: Some(vec![("a".into(), 3), ("b".into(), 9)]) });
    let shown = text(&mut bench, SMALL);
    assert!(shown.contains("no splits in shop; a = all namespaces (12 in 2)"), "{shown}");
    assert!(shown.contains(" static"), "{shown}");
}

#[test]
fn a_screen_that_is_too_small_says_so() {
    assert!(text(&mut shop(), (20, 10)).starts_with("too small: 20x10"));
    assert!(text(&mut shop(), (29, 40)).starts_with("too small"));
    assert!(text(&mut shop(), (30, 6)).contains("checkout"));
}

#[test]
fn a_frozen_screen_does_not_count_from_zero() {
    let mut bench = shop();
    bench.keys(" ");
    assert!(text(&mut bench, SMALL).lines().next().unwrap().ends_with(" FROZEN"));
    bench.after(5000);
    assert!(text(&mut bench, SMALL).lines().next().unwrap().ends_with(" FROZEN 5 s"));
    assert!(next_wake(&bench.app).is_some());
}

#[test]
fn a_frozen_screen_stands_still_however_old_it_gets() {
    for size in [(40, 12), SMALL, HUGE] {
        let mut bench = shop();
        let rows = |shown: &str| shown.lines().skip(1).take(6).map(str::to_owned).collect::<Vec<_>>();
        let before = rows(&text(&mut bench, size));
        bench.keys(" ").after(240_000);
        let shown = text(&mut bench, size);
        assert!(shown.lines().next().unwrap().contains(" FROZEN 4 min"), "{shown}");
        assert_eq!(rows(&shown), before, "{shown}");
    }
}

#[test]
fn a_proof_does_not_stand_beside_what_somebody_wrote_after_it() {
    let mut bench = running();
    let change = bench.app.changes.running().next().unwrap().id;
    bench.msg(Msg::Ended { change, ending: Ending::Proven("9.6 % observed".into()) });
    let told = "proven: 9.6 % observed";
    assert!(text(&mut bench, LARGE).contains(told));
    bench.after(1000).watch(Update::Applied(Ok(checkout(9, 85, 15))));
    assert!(!text(&mut bench, LARGE).contains(told), "{}", text(&mut bench, LARGE));
}

/// One row each, whatever goes on.
#[test]
fn what_is_under_way_and_what_was_said_have_a_row_each() {
    let mut bench = running();
    bench.keys(".");
    let shown = text(&mut bench, SMALL);
    let last: Vec<&str> = shown.lines().rev().take(3).collect();
    assert!(last[2].starts_with(" ~ observed: shop/checkout step 95/5 -> 90/10: settling"), "{shown}");
    assert!(last[1].starts_with(" routes without a split are hidden"), "{shown}");
    bench.keys("?");
    assert!(text(&mut bench, SMALL).contains(" routes without a split are hidden"), "whole, below a layer");
    bench.key(Key::Esc);
    assert!(text(&mut bench, SMALL).contains(" Esc clear  r roll back"));
    bench.keys("c");
    assert!(text(&mut bench, SMALL).contains(" Esc clear  m all of it  r roll back"), "half is not the end");
}

#[test]
fn old_numbers_stay_and_missing_ones_are_never_zero() {
    let mut bench = shop();
    let style = |bench: &mut Bench, what: &str| {
        let buffer = render(bench, LARGE, &look(false));
        let row = text(bench, LARGE).lines().position(|line| line.contains("checkout ")).unwrap();
        let line: String = (0..LARGE.0).map(|x| buffer[(x, u16::try_from(row).unwrap())].symbol()).collect();
        let x = line
            .chars()
            .collect::<Vec<_>>()
            .windows(what.len())
            .position(|w| w.iter().collect::<String>() == what);
        let x = x.unwrap_or_else(|| panic!("no {what} in {line}"));
        buffer[(u16::try_from(x).unwrap(), u16::try_from(row).unwrap())].modifier
    };
    assert!(!style(&mut bench, "1.23").contains(Modifier::DIM));
    bench.after(11_000);
    assert!(style(&mut bench, "1.23").contains(Modifier::DIM), "older than two refreshes");
    let mut fresh = Bench::with(LARGE, vec![Ok(checkout(7, 95, 5))]);
    let shown = text(&mut fresh, LARGE);
    let row = shown.lines().find(|line| line.contains("checkout")).unwrap();
    assert!(!row.contains("0 %") && row.contains("no data") && row.contains(" - "), "{row}");
}

#[test]
fn only_what_may_be_claimed_is() {
    let mut bench = shop();
    assert!(text(&mut bench, LARGE).contains("5.00 % 4."), "200/s for a minute: an interval around 5 %");
    let premium: &[(&str, u32)] = &[("checkout-stable", 1)];
    bench.watch(Update::Applied(Ok(route("premium", 1, &[("/p", premium)]))));
    assert!(text(&mut bench, (200, 40)).contains("shared with 1 path"));
    bench.watch(Update::Deleted(RouteId::new("shop", "premium")));
    bench.watch(Update::Applied(Ok(checkout(8, 90, 10))));
    let shown = text(&mut bench, LARGE);
    assert!(shown.lines().any(|line| line.contains("90/10") && line.contains("settling")), "{shown}");
}
