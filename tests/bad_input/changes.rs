//! Bad input to the verbs that write, and writes that the server refuses.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::program::{Home, Run};
use crate::server::{Answer, Server, forbidden, healthy, route, routes, status};

const ADVANCE: [&str; 4] = ["set", "checkout", "checkout-stable=80", "checkout-canary=20"];
const RETREAT: [&str; 4] = ["set", "checkout", "checkout-stable=95", "checkout-canary=5"];

/// A home before a server that answers a patch by `patch`, which is told whether it is a dry run.
fn home(patch: impl Fn(bool) -> Option<Answer> + Send + Sync + 'static) -> Home {
    Home::with(Server::start(move |method, path| {
        let answer = (method == "PATCH").then(|| patch(path.contains("dryRun"))).flatten();
        answer.unwrap_or_else(|| healthy(method, path))
    }))
}

/// A server on which a test that writes anything fails.
fn read_only() -> Home {
    home(|dry| (!dry).then(|| status(500, "the test wrote something")))
}

fn ending(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("no JSON: {run:?}"))
}

#[test]
fn weights_that_are_none() {
    let home = Home::with(Server::closed());
    let range = "weights are whole numbers from 0 to 1000000";
    for (weight, why) in [
        ("a", "it has no weight; give it as a=90".to_owned()),
        ("=5", "it names no backend; give it as BACKEND=WEIGHT".to_owned()),
        ("a=x", format!("'x' is no weight; {range}")),
        ("a=", format!("'' is no weight; {range}")),
        ("a=1.5", format!("'1.5' is no weight; {range}")),
        ("a=10%", format!("'10%' is no weight; {range}")),
        ("a=-1", format!("weight -1 for 'a' is out of range; {range}")),
        ("a=1000001", format!("weight 1000001 for 'a' is out of range; {range}")),
        ("a=99999999999", format!("weight 99999999999 for 'a' is out of range; {range}")),
    ] {
        home.refuses_argument(
            &["set", "checkout", weight],
            &format!("invalid value '{weight}' for '<BACKEND=WEIGHT>...': {why}"),
        );
    }
    home.refuses(&["set", "checkout", "a=1", "a=2"], 2, "two weights given for 'a'");
    home.refuses(
        &["set", "checkout", "a=0", "b=0"],
        2,
        "all weights would be 0: every request would get a 500",
    );
}

#[test]
fn weights_that_do_not_fit_the_route() {
    let home = read_only();
    home.refuses(
        &["set", "checkout", "checkout-stable=90", "checkout-canry=10", "--yes"],
        2,
        "no backend 'checkout-canry' in this rule; it has checkout-stable, checkout-canary",
    );
    home.refuses(
        &["set", "checkout", "checkout-stable=90", "--yes"],
        2,
        "no weight given for checkout-canary; name every backend of the rule",
    );
    home.refuses(
        &["set", "alone", "alone=90", "--yes"],
        2,
        "route shop/alone has no rule with two backends, so there are no weights to change",
    );
    home.refuses(
        &["set", "checkout", "checkout-stable=1", "checkout-canary=1", "--rule", "7"],
        2,
        "--rule 7: route shop/checkout has no such split; there are: 0 (/)",
    );
}

#[test]
fn a_rollback_must_know_what_to_drain() {
    let home = read_only();
    home.refuses(
        &["rollback", "search", "--yes"],
        2,
        "nothing says which backend of route shop/search, rule / is to be drained; \
         name it with --canary NAME: one or two",
    );
    home.refuses(
        &["rollback", "search", "--canary", "three"],
        2,
        "--canary: no backend 'three' in this rule; it has one, two",
    );
    home.refuses(
        &["rollback", "two", "--yes"],
        2,
        "route shop/two has several splits that differ; choose one with --rule INDEX: 0 (/), 1 (/)",
    );
}

#[test]
fn shares_to_step_to_that_are_none() {
    let home = Home::with(Server::closed());
    let hint = "give a canary share in percent from 0 to 100 with at most two decimals, for example 25";
    for share in ["x", "", "-1", "101", "2.345"] {
        home.refuses_argument(
            &["step", "checkout", &format!("--to={share}")],
            &format!("invalid value '{share}' for '--to <SHARE>': it is no share; {hint}"),
        );
    }
    let both = home.run(&["step", "checkout", "--back", "--to", "5"]);
    assert!(
        both.err.starts_with("error: the argument '--back' cannot be used with '--to <SHARE>'"),
        "{both:?}"
    );
    assert_eq!(both.exit, Some(2));
}

#[test]
fn steps_and_flips_that_do_not_fit_the_route() {
    let home = read_only();
    home.refuses(
        &["step", "search", "--yes"],
        2,
        "nothing says which backend of route shop/search, rule / is the canary; \
         name it with --canary NAME: one or two",
    );
    home.refuses(
        &["step", "two", "--yes"],
        2,
        "route shop/two has several splits that differ; choose one with --rule INDEX: 0 (/), 1 (/)",
    );
    home.refuses(&["step", "web", "--yes"], 2, "a blue-green pair is not stepped: flip it, or set weights");
    home.refuses(
        &["flip", "checkout", "--yes"],
        2,
        "checkout-canary is a canary: it is stepped or promoted, not flipped",
    );
    home.refuses(
        &["flip", "alone", "--yes"],
        2,
        "route shop/alone has no rule with two backends, so there are no weights to change",
    );
    let there = home.run(&["step", "checkout", "--to", "10", "--yes"]);
    assert_eq!((there.exit, &*there.out), (Some(0), "nothing to do: checkout-canary is at 10 % already\n"));
}

#[test]
fn a_flip_wants_the_receiver_typed() {
    let home = read_only();
    let run = home.run(&["flip", "web", "--yes"]);
    assert!(run.out.starts_with("ALL TRAFFIC -> web-green  "), "{run:?}");
    assert!(run.out.contains("web-blue   100 -> 0"), "{run:?}");
    assert_eq!(
        run.err,
        "error: nothing was written: web-blue would get no more traffic; confirm it with --confirm web-green\n"
    );
    assert_eq!(run.exit, Some(3));
    let wrong = home.run(&["flip", "web", "--yes", "--confirm", "web-blue"]);
    assert!(wrong.err.contains("--confirm web-blue is not the receiving backend"), "{wrong:?}");
}

#[test]
fn what_cannot_be_undone() {
    let home = read_only();
    home.refuses(
        &["undo", "checkout", "--yes"],
        1,
        "there is no change to undo: this route carries no note of one made with tidegate",
    );
    home.refuses(
        &["undo", "edited", "--yes"],
        4,
        "not undone: rule / has s-stable 90, s-canary 10 now, and the change left s-stable 90, s-canary 12; \
         the change was step by anna at 2026-03-01T12:00:00Z",
    );
    let run = home.run(&["undo", "stepped", "--dry-run"]);
    assert!(
        run.out.contains("s-stable  90 -> 95") && run.out.contains("note: undoes step by anna"),
        "{run:?}"
    );
}

#[test]
fn without_yes_and_without_a_terminal_nothing_is_written() {
    let home = read_only();
    for args in [&RETREAT[..], &["rollback", "checkout"]] {
        let run = home.run(args);
        assert!(run.out.starts_with(match args[0] {
            "set" => "95 % of traffic -> checkout-stable  ",
            _ => "ALL TRAFFIC -> checkout-stable  ",
        }));
        assert_eq!(
            run.err,
            "error: nothing was written: there is no terminal to ask on; add --yes to write without asking\n"
        );
        assert_eq!(run.exit, Some(2));
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    let run = read_only().run(&["set", "checkout", "checkout-stable=95", "checkout-canary=5", "--dry-run"]);
    assert_eq!((run.exit, &*run.err), (Some(0), ""));
    assert!(
        run.out.ends_with("dry run of shop/checkout: the server accepts it\ndry run: nothing was written\n")
    );
}

#[test]
fn the_gate_wants_a_reason() {
    let run = read_only().run(&[&ADVANCE[..], &["--yes"]].concat());
    assert_eq!(run.exit, Some(3), "{run:?}");
    assert!(run.err.starts_with("error: nothing was written: the gate says no data: "), "{}", run.err);
    assert!(run.err.ends_with("; give a reason with --reason TEXT\n"), "{}", run.err);
}

#[test]
fn silencing_a_backend_wants_its_heirs_name() {
    let home = read_only();
    let all = ["set", "checkout", "checkout-stable=0", "checkout-canary=100", "--yes"];
    let why = "checkout-stable would get no more traffic; confirm it with --confirm checkout-canary";
    home.refuses(&all, 3, &format!("nothing was written: {why}"));
    home.refuses(
        &[&all[..], &["--confirm", "checkout-stable"]].concat(),
        3,
        &format!("nothing was written: --confirm checkout-stable is not the receiving backend; {why}"),
    );
}

#[test]
fn a_missing_right_is_named() {
    let home = home(|_| Some(forbidden("patch", Some("shop"))));
    for args in [&RETREAT[..], &["rollback", "checkout"]] {
        home.refuses(
            &[args, &["--yes"]].concat(),
            7,
            "nothing was written: you lack the right to patch httproutes.gateway.networking.k8s.io \
             in namespace shop; ask for it, or choose another --context",
        );
    }
}

#[test]
fn a_conflict_is_told_with_the_new_state() {
    // Somebody writes between dry run and write: then the server refuses as it does when a `test` fails, with 422
    // and no causes.
    let written = AtomicBool::new(false);
    let home = Home::with(Server::start(move |method, path| {
        if method == "PATCH" && !path.contains("dryRun") {
            written.store(true, Ordering::SeqCst);
            return status(422, "the server rejected our request due to an error in our request");
        }
        if path.ends_with("/checkout") && written.load(Ordering::SeqCst) {
            let mut changed = route("checkout", &[&[("checkout-stable", 50), ("checkout-canary", 50)]]);
            changed["metadata"]["generation"] = 2.into();
            return Answer::Say(200, changed.to_string());
        }
        healthy(method, path)
    }));
    let run = home.run(&[&RETREAT[..], &["--yes", "-o", "json"]].concat());
    assert_eq!(run.exit, Some(4), "{run:?}");
    assert_eq!(ending(&run)["ending"], "not written");
    let last = run.err.lines().last().unwrap();
    assert!(last.starts_with("error: nothing was written: "), "{last}");
    assert!(
        last.ends_with("; now it has rule / checkout-stable=50 checkout-canary=50: look and repeat"),
        "{last}"
    );
}

#[test]
fn a_write_that_was_not_answered_is_not_called_unwritten() {
    let home = home(|dry| (!dry).then(|| status(504, "timeout")));
    let run = home.run(&[&RETREAT[..], &["--yes", "-o", "json"]].concat());
    assert_eq!((run.exit, &ending(&run)["ending"]), (Some(6), &json!("unknown")), "{run:?}");
    let last = run.err.lines().last().unwrap();
    assert!(last.starts_with("error: not known whether it was written: "), "{last}");
    assert!(last.ends_with("; look at it with tidegate show before you repeat"), "{last}");
}

#[test]
fn without_numbers_a_proof_ends_as_unproven() {
    let home = home(|_| None);
    let wait = ["--yes", "--wait", "--settle", "0s", "--observe-timeout", "50ms", "--proof-timeout", "50ms"];
    let run = home.run(&[&["rollback", "checkout", "-o", "json"], &wait[..]].concat());
    assert_eq!((run.exit, ending(&run)["ending"].as_str()), (Some(5), Some("unproven")), "{run:?}");
}

#[test]
fn a_rollback_without_a_journal_is_still_made() {
    let home = home(|_| None);
    home.write(".local/state/tidegate", "a file where the folder should be");
    let run = home.run(&["rollback", "checkout", "--yes"]);
    assert_eq!(run.exit, Some(0), "{run:?}");
}

/// A home whose API server also has route `shop/other`, with the same backends; `write` answers writes of it.
fn home_with_other(write: impl Fn(Value) -> Answer + Send + Sync + 'static) -> Home {
    let mut other = route("other", &[&[("checkout-stable", 60), ("checkout-canary", 40)]]);
    other["metadata"]["generation"] = 7.into();
    Home::with(Server::start(move |method, path| match (method, path) {
        ("PATCH", path) if path.contains("/other?") && !path.contains("dryRun") => write(other.clone()),
        (_, path) if path.contains("/httproutes/other") => Answer::Say(200, other.to_string()),
        (_, path) if path.split('?').next().is_some_and(|path| path.ends_with("/v1/httproutes")) => {
            let all: Vec<Value> = routes().into_iter().chain([other.clone()]).collect();
            Answer::Say(200, json!({"metadata": {"resourceVersion": "1"}, "items": all}).to_string())
        }
        _ => healthy(method, path),
    }))
}

#[test]
fn another_route_that_is_not_written_is_no_success() {
    let denied = "ValidatingAdmissionPolicy 'guard' with binding 'guard' denied request: not now";
    let home = home_with_other(move |_| status(422, denied));
    let run = home.run(&["rollback", "checkout", "--all-paths", "--yes"]);
    let failed = "shop/other: nothing was written: policy guard: not now";
    assert_eq!(run.exit, Some(5), "{run:?}");
    let last = run.out.lines().last().unwrap_or_default();
    assert_eq!(last, format!("unproven: {failed}; proof was not waited for; --wait does"));
    let run = home.run(&["rollback", "checkout", "--all-paths", "--yes", "-o", "json"]);
    assert_eq!((run.exit, &ending(&run)["ending"]), (Some(5), &json!("unproven")), "{run:?}");
}

#[test]
fn a_right_that_is_missing_for_the_selected_route_does_not_keep_the_others() {
    let other = route("other", &[&[("checkout-stable", 60), ("checkout-canary", 40)]]);
    let home = Home::with(Server::start(move |method, path| match (method, path) {
        ("PATCH", path) if path.contains("/httproutes/checkout?") => forbidden("patch", Some("shop")),
        (_, path) if path.contains("/httproutes/other") => Answer::Say(200, other.to_string()),
        (_, path) if path.split('?').next().is_some_and(|path| path.ends_with("/v1/httproutes")) => {
            let all: Vec<Value> = routes().into_iter().chain([other.clone()]).collect();
            Answer::Say(200, json!({"metadata": {"resourceVersion": "1"}, "items": all}).to_string())
        }
        _ => healthy(method, path),
    }));
    let run = home.run(&["rollback", "checkout", "--all-paths", "--yes"]);
    assert_eq!(run.exit, Some(5), "{run:?}");
    assert!(
        run.err.contains("warning: shop/checkout stays as it is: you lack the right to patch"),
        "{run:?}"
    );
    let last = run.out.lines().last().unwrap_or_default();
    assert!(last.starts_with("unproven: shop/checkout: nothing was written: you lack the right"), "{last}");
}

#[test]
fn the_generation_of_an_ending_is_that_of_the_route_asked_for() {
    let home = home_with_other(|other| Answer::Say(200, other.to_string()));
    let run = home.run(&["rollback", "checkout", "--all-paths", "--yes", "-o", "json"]);
    assert_eq!((run.exit, &ending(&run)["ending"]), (Some(0), &json!("written")), "{run:?}");
    assert_eq!(ending(&run)["generation"], 1, "7 is the other route's");
}

#[test]
fn what_is_refused_before_the_write_has_its_ending_in_json_too() {
    let forbidden = home(|_| Some(forbidden("patch", Some("shop"))));
    let json = ["--yes", "-o", "json"];
    for (run, exit, why) in [
        (forbidden.run(&[&RETREAT[..], &json].concat()), 7, "you lack the right to patch"),
        (read_only().run(&[&ADVANCE[..], &json].concat()), 3, "the gate says no data"),
        (read_only().run(&[&["flip", "checkout"], &json[..]].concat()), 2, "stepped or promoted"),
        (read_only().run(&[&["rollback", "nowhere"], &json[..]].concat()), 1, "nowhere"),
        (read_only().run(&[&RETREAT[..], &["-o", "json"]].concat()), 2, "no terminal"),
    ] {
        assert_eq!((run.exit, &ending(&run)["ending"]), (Some(exit), &json!("not written")), "{run:?}");
        let words = ending(&run)["words"].as_str().unwrap_or_default().to_owned();
        assert!(words.contains(why), "{words}");
        assert_eq!(run.err.lines().last(), Some(&*format!("error: {words}")));
    }
}

#[test]
fn an_answer_that_was_typed_before_the_question_is_none() {
    let home = read_only();
    let run = home.run_in_terminal(&RETREAT, "y\r", "write this?", "n\r");
    assert!(run.out.contains("error: nothing was written: you did not answer y"), "{run:?}");
    assert_eq!(run.exit, Some(1));
}

#[test]
fn an_answer_after_the_question_is_taken() {
    let run = home(|_| None).run_in_terminal(&RETREAT, "n\r", "write this?", "y\r");
    assert_eq!(run.exit, Some(0), "{run:?}");
}
