//! What is asked for by itself, and when.

use std::collections::HashMap;

use super::*;

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
    assert!(bench.app.numbers.at(&places()[1]).unwrap().latest.is_some());
}

#[test]
fn an_idle_cockpit_without_metrics_wakes_only_to_ask_whether_a_rollback_would_work() {
    let mut bench = Bench::new(Start { has_metrics: false, ..start() }, (80, 12));
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
    let mut bench = Bench::new(Start { unfinished, ..start() }, (80, 24));
    bench.watch(Update::Reset(vec![Ok(checkout(1, 95, 5))]));
    assert_eq!(bench.effects.iter().filter(|e| matches!(e, Effect::Resume { .. })).count(), 1);
}

#[test]
fn endpoints_of_the_selected_split_are_watched_and_read_when_they_change() {
    let other = split("zebra", 1, &[("zebra-stable", 90), ("zebra-canary", 5), ("zebra-next", 5)]);
    let listed = vec![Ok(checkout(7, 95, 5)), Ok(other)];
    let mut bench = Bench::new(start(), (120, 40));
    bench.watch(Update::Reset(listed)).watch(Update::Started);
    let followed = |bench: &Bench| {
        bench.effects.iter().find_map(|effect| match effect {
            Effect::FollowEndpoints { backends, .. } => Some(backends.len()),
            _ => None,
        })
    };
    let read = |bench: &Bench| bench.effects.iter().any(|effect| matches!(effect, Effect::Facts { .. }));
    assert_eq!(followed(bench.keys("jk")), None, "rows that fly by are not watched");
    assert_eq!(followed(bench.after(250)), Some(2), "one that rests is");
    assert_eq!(followed(bench.keys("j")), None);
    assert_eq!(followed(bench.after(250)), Some(3));
    assert_eq!(followed(bench.keys("k").after(250)), Some(2));
    assert_eq!(followed(bench.key(Key::Enter)), None, "that goes on");
    bench.after(5000);
    let generation = bench.app.generation;
    assert!(!read(bench.msg(Msg::EndpointsChanged { generation })), "one seldom comes alone");
    assert!(next_wake(&bench.app).unwrap() <= bench.app.now.since_start + Duration::from_secs(1));
    assert!(read(bench.after(1000)));
    assert!(!read(bench.after(1000)), "once");
    assert!(
        !read(bench.msg(Msg::EndpointsChanged { generation: generation + 1 }).after(1000)),
        "another scope's"
    );
    assert_eq!(followed(bench.key(Key::Esc)), None);
    assert_eq!(followed(bench.msg(Msg::Resize(80, 12))), Some(0), "nothing of it is shown");
}

/// A row that was out of sight has no numbers of that time: they are fetched, so that its curve has no gap.
#[test]
fn the_past_of_what_comes_back_into_sight_is_asked_for_again() {
    let names: Vec<String> = (10..60).map(|n| format!("r{n}")).collect();
    let mut listed: Vec<_> = names.iter().map(|name| Ok(split(name, 1, &[("x", 1), ("y", 1)]))).collect();
    listed.push(Ok(checkout(7, 95, 5)));
    let mut bench = Bench::with((80, 24), listed);
    let asks_past = |bench: &Bench| {
        let canary = places().remove(1);
        bench
            .effects
            .iter()
            .any(|e| matches!(e, Effect::History { backends, .. } if backends.contains(&canary)))
    };
    let answered = |bench: &mut Bench| {
        let (generation, evaluated_at) = (bench.app.generation, bench.now().wall);
        let answer = crate::metrics::Snapshot {
            evaluated_at,
            window: crate::app::WINDOW,
            backends: HashMap::new(),
            used: HashMap::new(),
            warnings: Vec::new(),
        };
        let asked = Vec::new();
        bench.msg(Msg::Numbers { generation, asked, answer: Ok(answer) });
    };
    bench.keys("g");
    bench.numbers().keys("G");
    answered(&mut bench);
    bench.after(11_000);
    answered(&mut bench);
    assert!(!asks_past(bench.keys("g").after(11_000)), "one scroll is no gap");
    bench.numbers().keys("G");
    for _ in 0..5 {
        answered(&mut bench);
        bench.after(11_000);
    }
    answered(&mut bench);
    assert!(asks_past(bench.keys("g").after(11_000)));
}
