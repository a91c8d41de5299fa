//! `verify` where nothing can be shown, or nothing is asked that could be.

use serde_json::{Value, json};

use crate::program::{Home, Run};
use crate::server::{Server, healthy, status};

/// A server on which a test that writes anything fails.
fn read_only() -> Home {
    Home::with(Server::start(|method, path| match method {
        "GET" | "POST" => healthy(method, path),
        _ => status(500, "the test wrote something"),
    }))
}

fn found(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("no JSON: {run:?}"))
}

#[test]
fn other_shares_than_expected_are_disproven_at_once() {
    let home = read_only();
    let run = home.run(&["verify", "checkout", "--expect", "95/5"]);
    assert_eq!(run.exit, Some(6), "{run:?}");
    let words = "declared is 90/10, not 95/5; nothing was counted";
    assert_eq!(run.out.trim(), format!("disproven: {words}"));
    let found = found(&home.run(&["verify", "checkout", "--expect", "95/5", "-o", "json"]));
    assert_eq!(
        found,
        json!({
            "ending": "disproven", "words": words, "namespace": "shop", "name": "checkout",
            "generation": 1, "ruleIndex": 0,
            "declared": [
                {"name": "checkout-stable", "weight": 90, "share": 0.9},
                {"name": "checkout-canary", "weight": 10, "share": 0.1},
            ],
        })
    );
}

#[test]
fn without_numbers_nothing_is_proven() {
    let run = read_only().run(&["verify", "checkout", "--expect", "90/10", "-o", "json"]);
    assert_eq!((run.exit, &found(&run)["ending"]), (Some(5), &json!("unproven")), "{run:?}");
    assert_eq!(found(&run)["words"], "no Prometheus is configured (--prometheus URL)");
}

#[test]
fn what_cannot_be_verified_is_said() {
    let home = read_only();
    home.refuses(
        &["verify", "two"],
        2,
        "route shop/two has several splits; choose one with --rule INDEX: 0 (/), 1 (/)",
    );
    home.refuses(
        &["verify", "alone"],
        2,
        "route shop/alone has no rule with two backends, so there are no weights to change",
    );
    for bad in ["90", "90/x", "0/0", "90/-10", ""] {
        home.refuses_argument(
            &["verify", "checkout", "--expect", bad],
            &format!("invalid value '{bad}' for '--expect <SHARES>': give the share of each backend, for example 90/10"),
        );
    }
}
