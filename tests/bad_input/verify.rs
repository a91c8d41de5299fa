//! `verify` where nothing can be shown, or nothing is asked that could be.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::program::{Home, Run};
use crate::server::{Answer, Server, healthy, status};

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
    let words = found(&run)["words"].to_string();
    assert!(words.contains("no Prometheus was found in this cluster"), "{words}");
    let run = read_only().run(&["verify", "checkout", "--prometheus", "none", "-o", "json"]);
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

/// A gateway whose n-th answer is of `answers(n)`.
fn gateway(answers: impl Fn(usize) -> &'static str + Send + Sync + 'static) -> Server {
    let count = AtomicUsize::new(0);
    Server::start(move |_, _| {
        let backend = answers(count.fetch_add(1, Ordering::SeqCst));
        Answer::Say(200, json!({"build": {"of": backend}}).to_string())
    })
}

const BY_NAME: [&str; 4] = ["--version-from", "json:build.of", "-o", "json"];

#[test]
fn a_probe_counts_who_answers() {
    let home = read_only();
    let url = gateway(|_| "web-blue").url();
    let run = home.run(&[&["verify", "web", "--probe", &url, "--requests", "140"][..], &BY_NAME].concat());
    assert_eq!((run.exit, &found(&run)["ending"]), (Some(0), &json!("proven")), "{run:?}");
    let words = "0 of 140 requests reached a backend of weight 0: leak < 3.3 % (99 %)";
    assert_eq!(found(&run)["words"], words);
    assert_eq!(
        found(&run)["probe"]["backends"],
        json!([
            {"name": "web-blue", "answers": 140, "errors5xx": 0},
            {"name": "web-green", "answers": 0, "errors5xx": 0},
        ])
    );
    let url = gateway(|number| if number == 7 { "web-green" } else { "web-blue" }).url();
    let run = home.run(&[&["verify", "web", "--probe", &url, "--requests", "20"][..], &BY_NAME].concat());
    assert_eq!((run.exit, &found(&run)["ending"]), (Some(6), &json!("disproven")), "{run:?}");
    let run = home.run(&[
        "verify",
        "web",
        "--probe",
        &url,
        "--requests",
        "5",
        "--version-from",
        "json:build.of",
        "--version-of",
        "web-green=web-blue",
    ]);
    assert_eq!(run.exit, Some(6), "what a person says of a version comes first: {run:?}");
}

#[test]
fn a_probe_without_what_it_needs_sends_nothing() {
    let home = read_only();
    let closed = Server::closed().url();
    home.refuses(
        &["verify", "web", "--probe", "shop.example", "--version-from", "json:v"],
        2,
        "--probe: 'shop.example' is no URL to send requests to; give one that begins with http:// or https://",
    );
    home.refuses(
        &["verify", "web", "--probe", &closed, "--version-from", "json:v", "--version-of", "web-red=v1"],
        2,
        "--version-of web-red: rule 0 of route shop/web has no such backend; there are: web-blue, web-green",
    );
    for (argument, value, why) in [
        ("--requests", "10001", "10001 is not in 1..=10000"),
        ("--header", "nonsense", "give it as 'Name: value'"),
        ("--version-of", "web-blue", "give it as BACKEND=VERSION"),
    ] {
        let run =
            home.run(&["verify", "web", "--probe", &closed, "--version-from", "json:v", argument, value]);
        assert!(run.exit == Some(2) && run.err.contains(why), "{argument} {value}: {run:?}");
    }
    let run = home.run(&["verify", "web", "--probe", &closed, "--version-from", "X-Version"]);
    assert!(
        run.exit == Some(2) && run.err.contains("say header:NAME, json:FIELD or regex:EXPRESSION"),
        "{run:?}"
    );
    let run = home.run(&["verify", "web", "--probe", &closed, "--version-from", "json:v"]);
    assert_eq!(run.exit, Some(5), "{run:?}");
    assert!(run.out.contains("20 requests had no answer"), "{run:?}");
}

#[test]
fn the_url_of_a_probe_may_stand_in_the_settings() {
    let home = read_only();
    home.refuses(
        &["verify", "web", "--probe"],
        2,
        "--probe: no [[probe]] of the settings covers route shop/web; give it a URL",
    );
    let url = gateway(|_| "web-blue").url();
    let probe = "[[probe]]\nroutes = [\"shop/w*\"]\nversion-from = \"json:build.of\"\nrequests = 140\n";
    home.write(".config/tidegate/config.toml", &format!("{probe}url = \"{url}\"\n"));
    let run = home.run(&["verify", "web", "--probe", "-o", "json"]);
    assert_eq!((run.exit, &found(&run)["probe"]["requests"]), (Some(0), &json!(140)), "{run:?}");
    let other = home.run(&["verify", "web", "--probe", &url]);
    assert_eq!(other.exit, Some(2), "what is set for one URL is not meant for another: {other:?}");
}
