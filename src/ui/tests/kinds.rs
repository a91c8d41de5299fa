//! Whether every kind of screen, layer and dialog is among those that are drawn at every size.

use super::*;
use crate::app::{App, Layer, Page, Step};

/// What gets the keys, in a word or two. A new kind has no word until it is written here, and no screen until the
/// test below fails.
fn kind(app: &App) -> &'static str {
    let Some(layer) = app.layers.top() else {
        return match app.open_split().map(|view| view.page) {
            None => "routes",
            Some(Page::Overview) => "split",
            Some(Page::Timeline { .. }) => "timeline",
        };
    };
    match layer {
        Layer::Help(_) => "help",
        Layer::Messages(_) => "messages",
        Layer::Object(_) => "yaml",
        Layer::Walk(_) => "walk",
        Layer::Filter(_) => "filter",
        Layer::Palette(_) => "palette",
        Layer::Weights(_) => "weights",
        Layer::Quit => "quit",
        Layer::Change(dialog) => match &dialog.step {
            Step::Choose(_) => "choose",
            Step::Preparing => "preparing",
            Step::Failed(_) => "failed",
            Step::Ready(ready) => match ready.prepared.demand {
                _ if dialog.is_expired(app.now.since_start) => "expired",
                Demand::Yes if dialog.is_rollback() => "rollback",
                Demand::Yes => "confirm",
                Demand::Reason if ready.typing => "typing a reason",
                Demand::Reason => "reason",
                Demand::Name(_) => "name",
            },
        },
    }
}

#[test]
fn every_kind_is_among_the_screens() {
    let shown: Vec<_> = screens().iter().map(|(_, bench)| kind(&bench.app)).collect();
    for wanted in [
        "routes",
        "split",
        "timeline",
        "help",
        "messages",
        "yaml",
        "walk",
        "filter",
        "palette",
        "weights",
        "quit",
        "choose",
        "preparing",
        "failed",
        "expired",
        "rollback",
        "confirm",
        "typing a reason",
        "reason",
        "name",
    ] {
        assert!(shown.contains(&wanted), "no screen shows {wanted}");
    }
}

/// At 40x12 too everything can be read: by scrolling, with the keys always in sight.
#[test]
fn a_low_and_narrow_dialog_scrolls_above_its_keys() {
    let mut bench = rollback();
    let mut seen = String::new();
    for _ in 0..60 {
        let shown = text(&mut bench, (40, 12));
        assert!(shown.contains("y confirm"), "{shown}");
        seen += &shown;
        bench.keys("j");
    }
    for words in ["ALL TRAFFIC", "prod-eu", "5 -> 0", "3/3 ready", "never blocked", "kubectl"] {
        assert!(seen.contains(words), "{words} was never in sight:\n{seen}");
    }
    let shown = text(&mut bench, (23, 12));
    assert!(shown.contains("too small for this"), "{shown}");
}

/// The gate's reasons take the lines that nothing else needs.
#[test]
fn the_reasons_of_the_gate_are_whole_at_80x24() {
    let mut bench = shop();
    bench.keys("s");
    let (ticket, intent) = (bench.ticket(), bench.dialog().ask.intent.clone().unwrap());
    let mut answer = prepared(&checkout(7, 95, 5), &intent, Verdict::Fail, Demand::Reason);
    let words = "12.0 % of 1658 failed in 10m, limit 1 % (8.6-16.0); checkout-canary has no ready endpoint";
    answer.gate.checks.last_mut().unwrap().words = words.to_owned();
    bench.msg(Msg::Prepared { ticket, answer: Ok(Box::new(answer)) }).after(400);
    let shown = text(&mut bench, SMALL);
    let lines: Vec<&str> = shown.lines().skip(1).take(8).map(|line| line.trim_matches([' ', '│'])).collect();
    assert_eq!(lines[4], "gate       ✗ fail  12.0 % of 1658 failed in 10m, limit 1 % (8.6-16.0);", "{shown}");
    assert_eq!(lines[5], "checkout-canary has no ready endpoint");
    assert!(lines[7].starts_with("y (after a reason)"), "{shown}");
}

#[test]
fn what_has_expired_asks_for_no_name() {
    let mut bench = step(Verdict::Fail, Demand::Name("checkout-canary".into()));
    bench.keys("check");
    assert!(text(&mut bench, SMALL).contains("type checkout-canary: check"));
    bench.after(30_000);
    let shown = text(&mut bench, SMALL);
    assert!(!shown.contains("type checkout-canary") && shown.contains("EXPIRED"), "{shown}");
}
