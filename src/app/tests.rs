//! The update loop, key by key.

use std::time::Duration;

use super::fixture::{Bench, backend, checkout, prepared, split, start};
use super::{App, Effect, Layer, Link, Msg, Now, Step, next_wake};
use crate::cluster::{Access, Scope, Update};
use crate::keys::{Action, Binding, Context, Key, Keymap};
use crate::pilot::{DryRun, Ending, NotWritten, PrepareError, Progress, Rehearsed, Stage};
use crate::rollout::{Demand, Intent, Verdict};
use crate::route::{BadRoute, RouteId};

fn bench() -> Bench {
    Bench::with((120, 40), vec![Ok(checkout(7, 95, 5))])
}

/// A step that is shown and armed.
fn armed(verdict: Verdict, demand: Demand) -> Bench {
    let mut bench = bench();
    bench.keys("s").prepared(verdict, demand).after(300);
    bench
}

#[test]
fn y_confirms_an_armed_dialog() {
    let mut bench = armed(Verdict::Pass, Demand::Yes);
    bench.keys("y");
    assert!(bench.carries() && bench.app.layers.is_empty());
    assert_eq!(bench.app.changes.running().count(), 1);
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
fn a_dialog_is_not_armed_before_300_ms() {
    let mut bench = bench();
    bench.keys("s").prepared(Verdict::Pass, Demand::Yes).after(299).keys("y");
    assert!(!bench.carries());
    assert_eq!(bench.dialog().told, Some("not armed yet"));
    let wake = next_wake(&bench.app);
    assert_eq!(wake, Some(bench.app.now.since_start + Duration::from_millis(1)), "drawn again when it arms");
    bench.after(1).keys("y");
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

/// The ticket of the open dialog, whatever happened since it was asked for.
fn ticket_of(bench: &Bench) -> u64 {
    bench.dialog().ticket
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
    bench.key(Key::Backspace).key(Key::Backspace).keys("y");
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
    bench.after(300).keys("y");
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
    bench.keys("r").prepared(Verdict::NotApplicable, Demand::Yes).keys("a");
    assert!(matches!(&bench.dialog().ask.intent, Some(Intent::Drain { other_paths: true, .. })));
    bench.prepared(Verdict::NotApplicable, Demand::Yes).keys("y");
    assert!(bench.carries());
}

#[test]
fn a_lost_connection_refuses_an_advance_and_tries_a_rollback() {
    let mut bench = bench();
    bench.watch(lost()).after(25_000).keys("s");
    assert!(bench.app.layers.is_empty());
    assert!(bench.said().contains("25 s old"), "{}", bench.said());
    bench.keys("r");
    assert!(!bench.is_ready());
    assert_eq!(bench.app.routes.len(), 1, "what was known stays");
    bench.keys("n").watch(Update::Started).keys("s");
    assert!(!bench.app.layers.is_empty());
}

fn lost() -> Update {
    use crate::cluster::{Trouble, Why};
    Update::Lost(Trouble {
        what: "watch routes".into(),
        why: Why::Unreachable("connection refused".into()),
        advice: None,
    })
}

#[test]
fn a_missing_right_is_named_and_asked_about_again() {
    let mut bench = bench();
    let right = "patch httproutes.gateway.networking.k8s.io in namespace shop";
    bench.msg(Msg::Access { namespace: "shop".into(), answer: Ok(Access::Denied(right.into())) });
    bench.keys("s");
    assert_eq!(bench.said(), format!("you lack the right to {right}"));
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::Access { .. })));
}

/// Whatever the table says leads to a write is refused by its key; a rollback is tried all the same.
#[test]
fn every_action_that_writes_is_refused_without_the_right() {
    let keymap = Keymap::default();
    let writing = |row: &&Binding| {
        row.writes && !row.keys.is_empty() && !row.context.asks() && row.action != Action::RollBack
    };
    assert!(keymap.iter().filter(writing).count() >= 3);
    for row in keymap.iter().filter(writing) {
        let mut bench = bench();
        bench.msg(Msg::Access { namespace: "shop".into(), answer: Ok(Access::Denied("patch".into())) });
        bench.key(row.keys[0]);
        assert_eq!(bench.said(), "you lack the right to patch", "{row:?}");
        assert!(bench.app.layers.is_empty(), "{row:?}");
        let harmless = |effect: &Effect| !matches!(effect, Effect::Prepare { .. } | Effect::Carry { .. });
        assert!(bench.effects.iter().all(harmless), "{row:?}");
    }
    let mut bench = bench();
    bench.msg(Msg::Access { namespace: "shop".into(), answer: Ok(Access::Denied("patch".into())) });
    bench.key(keymap.keys_of(Action::RollBack, Context::Split)[0]);
    bench.ticket();
}

#[test]
fn other_keys_do_what_the_settings_say() {
    let swap = |row: &Binding| match row.action {
        Action::StepNext => Binding { keys: vec![Key::Char('x')].into(), ..row.clone() },
        _ => row.clone(),
    };
    let mut bench = bench();
    bench.app.start.keymap = Keymap::default().iter().map(swap).collect();
    bench.keys("s");
    assert!(bench.app.layers.is_empty());
    bench.keys("x");
    bench.ticket();
}

#[test]
fn the_end_of_the_ladder_is_said_without_a_dialog() {
    let mut bench = Bench::with((80, 24), vec![Ok(checkout(1, 0, 100))]);
    bench.keys("s");
    assert!(bench.app.layers.is_empty() && bench.said().contains("the ladder ends there"));
}

#[test]
fn answers_for_another_scope_are_dropped() {
    let mut bench = bench();
    let old = bench.app.generation;
    bench.keys("a");
    assert_eq!(bench.app.scope, Scope::All);
    assert!(bench.effects.iter().any(|e| matches!(e, Effect::Watch { scope: Scope::All, .. })));
    bench.msg(Msg::Watch { generation: old, update: Update::Reset(Vec::new()) });
    bench.msg(Msg::Watch { generation: old, update: Update::Deleted(RouteId::new("shop", "checkout")) });
    assert_eq!(bench.app.routes.len(), 1);
    assert_eq!(bench.app.link, Link::Connecting);
    bench.keys("a");
    assert_eq!(bench.app.scope, Scope::Namespace("shop".into()));
}

#[test]
fn the_selection_follows_the_object() {
    let names = ["a", "b", "c", "d"];
    let all = |names: &[&str]| names.iter().map(|n| Ok(split(n, 1, &[("x", 1), ("y", 1)]))).collect();
    let mut bench = Bench::with((80, 24), all(&names));
    let selected = |bench: &Bench| bench.app.selected().unwrap().route.id.name.to_string();
    bench.keys("jj");
    assert_eq!(selected(&bench), "c");
    bench.watch(Update::Reset(all(&["0", "1", "a", "b", "c", "d"])));
    assert_eq!((selected(&bench).as_str(), bench.app.list.cursor()), ("c", 4));
    bench.watch(Update::Deleted(RouteId::new("shop", "a")));
    assert_eq!(selected(&bench), "c");
    bench.watch(Update::Deleted(RouteId::new("shop", "c")));
    assert_eq!(selected(&bench), "d", "the row below comes up");
}

#[test]
fn a_bad_object_is_one_row() {
    let bad = BadRoute { id: RouteId::new("shop", "bad"), why: "invalid type".into() };
    let mut bench = Bench::with((80, 24), vec![Ok(checkout(1, 95, 5)), Err(bad)]);
    assert_eq!(bench.app.routes.len(), 2);
    bench.keys("g").keys("s");
    assert!(bench.said().contains("no split"), "{}", bench.said());
}

#[test]
fn help_lies_over_anything_and_leads_back() {
    let mut bench = armed(Verdict::Pass, Demand::Yes);
    bench.keys("?").keys("y");
    assert!(!bench.carries(), "y means nothing in the help");
    bench.after(60_000).keys("?");
    assert!(bench.dialog().is_expired(bench.app.now.since_start));
    bench.keys("s").keys("?");
    bench.key(Key::Esc).keys("n").keys("w?");
    assert!(matches!(bench.app.layers.top(), Some(Layer::Help(_))));
    bench.keys("q");
    assert!(matches!(bench.app.layers.top(), Some(Layer::Weights(_))));
}

#[test]
fn a_question_mark_in_a_reason_is_a_letter() {
    let mut bench = armed(Verdict::NoData, Demand::Reason);
    bench.keys("3why?").key(Key::Enter);
    assert_eq!(bench.dialog().ready().unwrap().reason.as_deref(), Some("why?"));
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
fn quitting_asks_only_while_a_proof_runs() {
    let quits = |bench: &Bench| bench.effects.iter().any(|effect| matches!(effect, Effect::Quit));
    let mut bench = armed(Verdict::Pass, Demand::Yes);
    bench.keys("y").keys("q");
    assert!(!quits(&bench) && matches!(bench.app.layers.top(), Some(Layer::Quit)));
    bench.keys("n").keys("q").keys("y");
    assert!(quits(&bench));
    bench.keys("n");
    let change = bench.app.changes.running().next().unwrap().id;
    bench.msg(Msg::Ended { change, ending: Ending::Proven("seen".into()) }).keys("q");
    assert!(quits(&bench));
    bench.key(Key::Ctrl('c'));
    assert!(quits(&bench));
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

#[test]
fn numbers_are_asked_for_every_five_seconds_and_never_twice_at_once() {
    let asks = |bench: &Bench| bench.effects.iter().any(|e| matches!(e, Effect::Numbers { .. }));
    let mut bench = Bench::with((80, 24), vec![Ok(checkout(1, 95, 5))]);
    for _ in 0..5 {
        bench.after(5_000);
        assert!(!asks(&bench), "the question before has no answer yet");
    }
    bench.numbers();
    assert!(asks(&bench), "that one came late, so the next is due");
    bench.numbers().after(4_900);
    assert!(!asks(&bench));
    bench.after(100);
    assert!(asks(&bench));
    assert!(bench.app.numbers.get(&backend("checkout-canary")).unwrap().latest.is_some());
}

#[test]
fn an_idle_cockpit_without_metrics_wakes_only_to_ask_whether_a_rollback_would_work() {
    let mut bench = Bench::new(super::Start { has_metrics: false, ..start() }, (80, 19));
    bench.watch(Update::Reset(vec![Ok(checkout(1, 95, 5))])).watch(Update::Started);
    bench.msg(Msg::Access { namespace: "shop".into(), answer: Ok(Access::Granted) }).after(1000);
    let ticket = bench.effects.iter().find_map(|effect| match effect {
        Effect::Rehearse { ticket, .. } => Some(*ticket),
        _ => None,
    });
    let answer = Ok(Rehearsed { uid: "uid-checkout".into(), generation: 1, dry_run: DryRun::Accepted });
    bench.msg(Msg::Rehearsed { ticket: ticket.unwrap(), answer });
    let wait = next_wake(&bench.app).unwrap().saturating_sub(bench.now().since_start);
    assert_eq!(wait, Duration::from_mins(5));
}

#[test]
fn a_tick_that_is_due_changes_when_the_next_one_is() {
    let mut bench = bench();
    bench.keys("s").prepared(Verdict::Pass, Demand::Yes);
    for _ in 0..100 {
        let Some(wake) = next_wake(&bench.app) else { break };
        let before = bench.app.now.since_start;
        let wait = wake.saturating_sub(before);
        bench.after(u64::try_from(wait.as_millis()).unwrap());
        assert!(
            next_wake(&bench.app).is_none_or(|next| next > bench.app.now.since_start),
            "spins at {before:?}"
        );
    }
}

#[test]
fn what_was_left_unfinished_is_taken_up_for_the_same_object_only() {
    let record = |uid: &str| {
        let json = serde_json::json!({
            "id": "1", "namespace": "shop", "route": "checkout", "uid": uid, "actor": "anna",
            "at": "2026-03-01T11:00:00Z", "action": "step", "before": {}, "after": {}, "verdict": "pass",
        });
        serde_json::from_value(json).unwrap()
    };
    let unfinished = vec![record("uid-checkout"), record("of another cluster")];
    let mut bench = Bench::new(super::Start { unfinished, ..start() }, (80, 24));
    bench.watch(Update::Reset(vec![Ok(checkout(1, 95, 5))]));
    assert_eq!(bench.effects.iter().filter(|e| matches!(e, Effect::Resume { .. })).count(), 1);
}

/// `App` is moved between threads by the runner's runtime.
#[test]
fn the_state_is_plain_data() {
    fn plain<T: Send>() {}
    plain::<App>();
    plain::<Now>();
}

fn shop() -> Bench {
    let pair = |name: &str| -> Vec<(String, u32)> {
        vec![(format!("{name}-stable"), 90), (format!("{name}-canary"), 10)]
    };
    let made = ["api", "cart", "checkout", "search"].map(|name| {
        let backends = pair(name);
        let backends: Vec<(&str, u32)> = backends.iter().map(|(name, weight)| (&**name, *weight)).collect();
        Ok(split(name, 1, &backends))
    });
    let mut all: Vec<_> = made.into();
    all.push(Ok(split("static", 1, &[("static", 1)])));
    Bench::with((80, 24), all)
}

fn names(bench: &Bench) -> Vec<String> {
    let routes = &bench.app.routes;
    let name = |row| match routes.shown(row) {
        Some(super::Shown::Split { route, .. } | super::Shown::Whole(route)) => route.id.name.to_string(),
        _ => "?".to_owned(),
    };
    (0..routes.len()).map(name).collect()
}

fn selected(bench: &Bench) -> String {
    bench.app.looked_at().map(|id| id.name.to_string()).unwrap_or_default()
}

#[test]
fn a_filter_narrows_with_each_letter_and_the_selection_survives_it() {
    let mut bench = shop();
    bench.keys("jj");
    assert_eq!(selected(&bench), "checkout");
    bench.keys("/ca");
    assert_eq!(names(&bench), ["api", "cart", "checkout", "search"], "backends count: canary");
    bench.keys("rt");
    assert_eq!(names(&bench), ["cart"]);
    assert_eq!(selected(&bench), "cart");
    bench.key(Key::Esc);
    assert_eq!((names(&bench).len(), selected(&bench).as_str()), (5, "checkout"), "where one was");
    bench.keys("/SHOP/s accepted").key(Key::Enter);
    assert_eq!(names(&bench), ["search", "static"]);
    bench.keys("j");
    assert_eq!(selected(&bench), "static", "keys move again");
    bench.key(Key::Esc);
    assert_eq!((names(&bench).len(), selected(&bench).as_str()), (5, "static"));
    bench.keys("/zzz").watch(Update::Applied(Ok(split("zzz", 1, &[("a", 1), ("b", 1)]))));
    assert_eq!(names(&bench), ["zzz"], "what comes later is filtered too");
}

#[test]
fn rows_are_sorted_and_the_selection_follows() {
    let mut bench = shop();
    let mut refused = split("search", 2, &[("search-stable", 50), ("search-canary", 50)]);
    refused.status[0].conditions[0].status = crate::route::Truth::False;
    bench.watch(Update::Applied(Ok(refused))).keys("j");
    assert_eq!(selected(&bench), "cart");
    bench.keys("o");
    assert_eq!((names(&bench)[0].as_str(), selected(&bench).as_str()), ("search", "cart"));
    bench.watch(Update::Deleted(RouteId::new("shop", "api")));
    assert_eq!(names(&bench), ["search", "cart", "checkout", "static"], "sorted again");
    assert_eq!(selected(&bench), "cart");
    bench.keys("o");
    assert_eq!(names(&bench)[0], "search", "the largest share");
    bench.watch(Update::Reset(vec![Ok(checkout(2, 10, 90)), Ok(split("cart", 1, &[("a", 1), ("b", 1)]))]));
    assert_eq!((names(&bench)[0].as_str(), selected(&bench).as_str()), ("checkout", "cart"));
    bench.keys("oo");
    assert_eq!(names(&bench), ["cart", "checkout"]);
}

#[test]
fn routes_without_a_split_can_be_hidden() {
    let mut bench = shop();
    bench.keys("G");
    assert_eq!(selected(&bench), "static");
    bench.keys(".");
    assert!(!names(&bench).contains(&"static".to_owned()));
    bench.keys(".");
    assert_eq!(selected(&bench), "static");
}

#[test]
fn a_frozen_screen_holds_data_back_and_a_dialog_thaws_it() {
    let mut bench = bench();
    bench.keys(" ").watch(Update::Applied(Ok(checkout(8, 50, 50)))).numbers();
    assert_eq!(bench.app.selected().unwrap().route.generation, 7);
    assert!(bench.app.numbers.get(&backend("checkout-canary")).is_none());
    let asked = bench.effects.iter().any(|effect| matches!(effect, Effect::Numbers { .. }));
    assert!(asked, "the data goes on meanwhile");
    bench.keys("s");
    assert!(bench.app.frozen.is_none());
    assert_eq!(bench.app.selected().unwrap().route.generation, 8);
    assert!(bench.app.numbers.get(&backend("checkout-canary")).is_some());
    bench.prepared(Verdict::Pass, Demand::Yes);
    bench.keys("n").keys(" ").watch(Update::Deleted(RouteId::new("shop", "checkout")));
    assert_eq!(bench.app.routes.len(), 1);
    bench.keys(" ");
    assert!(bench.app.routes.is_empty());
}

#[test]
fn a_frozen_screen_forgets_answers_for_another_scope() {
    let mut bench = bench();
    bench.keys(" ").watch(Update::Applied(Ok(split("other", 1, &[("a", 1), ("b", 1)])))).keys("a").keys(" ");
    assert_eq!(bench.app.routes.len(), 1);
}

#[test]
fn the_object_is_fetched_and_shown_without_managed_fields() {
    let mut bench = bench();
    bench.keys("d");
    let Some(Effect::Object { generation, route }) = bench.effects.first() else { panic!("not asked for") };
    let (generation, route) = (*generation, route.clone());
    let object = serde_json::json!({
        "kind": "HTTPRoute", "metadata": {"name": "checkout", "managedFields": [{"manager": "kubectl"}]},
    });
    let answer = Ok(Box::new(object));
    bench.msg(Msg::Object { generation, route, answer });
    let lines = |bench: &Bench| match bench.app.layers.top() {
        Some(Layer::Object(view)) => view.lines().unwrap().join("\n"),
        other => panic!("{other:?}"),
    };
    assert_eq!(lines(&bench), "kind: HTTPRoute\nmetadata:\n  name: checkout");
    bench.keys("m");
    assert!(lines(&bench).contains("manager: kubectl"));
    bench.key(Key::Esc);
    assert!(bench.app.layers.is_empty());
}

#[test]
fn what_was_said_is_kept() {
    let mut bench = bench();
    bench.keys("s").keys("n").keys(".").keys("j");
    assert!(bench.app.log.iter().any(|logged| logged.said.text == "nothing was written"));
    bench.keys("m");
    assert!(matches!(bench.app.layers.top(), Some(Layer::Messages(_))));
}

#[test]
fn themes_go_round_and_a_broken_one_is_passed() {
    let mut bench = bench();
    let asked = |bench: &Bench| {
        bench.effects.iter().find_map(|effect| match effect {
            Effect::Theme(name) => Some(name.clone()),
            _ => None,
        })
    };
    bench.keys("t");
    assert_eq!(asked(&bench).as_deref(), Some("light"));
    bench.msg(Msg::Theme { name: "light".into(), trouble: Some("line 3".into()) });
    assert_eq!(bench.said(), "not theme light: line 3");
    bench.keys("t");
    assert_eq!(asked(&bench).as_deref(), Some("dark"));
}

#[test]
fn the_palette_finds_by_a_few_letters_and_does_it() {
    let mut bench = shop();
    bench.keys(":srch").key(Key::Enter);
    assert_eq!(selected(&bench), "search");
    bench.keys(":themlight").key(Key::Enter);
    assert!(bench.effects.iter().any(|e| matches!(e, Effect::Theme(name) if name == "light")));
    bench.keys(":namespace billing").key(Key::Enter);
    assert_eq!(bench.app.scope, Scope::Namespace("billing".into()));
    bench.keys(":zzzz").key(Key::Enter);
    assert_eq!(bench.said(), "nothing is called zzzz");
    let mut bench = shop();
    bench.watch(lost()).keys(":step: the").key(Key::Enter);
    assert!(bench.app.layers.is_empty() && bench.said().starts_with("not sent"), "{}", bench.said());
}

#[test]
fn a_context_that_cannot_be_opened_leaves_one_where_one_was() {
    let mut bench = bench();
    bench.keys(":produs").key(Key::Enter);
    let ticket = bench.effects.iter().find_map(|effect| match effect {
        Effect::Context { ticket, name } if name == "prod-us" => Some(*ticket),
        _ => None,
    });
    let answer = Err("no answer within 20 s".to_owned());
    bench.msg(Msg::Context { ticket: ticket.unwrap(), answer });
    assert_eq!(bench.said(), "still on context prod-eu; prod-us: no answer within 20 s");
    assert_eq!((bench.app.routes.len(), &bench.app.link), (1, &Link::Live));
}

#[test]
fn an_empty_namespace_asks_once_where_the_splits_are() {
    let mut bench = Bench::with((80, 24), Vec::new());
    assert!(bench.app.survey.is_some() && bench.app.has_no_split());
    let generation = bench.app.generation;
    bench.msg(Msg::Survey {
        generation,
        namespaces: Some(vec![("a".into(), 3), ("b".into(), 0), ("c".into(), 9)]),
    });
    assert_eq!(bench.app.splits_elsewhere(), Some((12, 2)));
    bench.after(60_000);
    assert!(!bench.effects.iter().any(|effect| matches!(effect, Effect::Survey { .. })));
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
