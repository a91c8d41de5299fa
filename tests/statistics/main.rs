//! Statistics: what another implementation says, tick by tick, and what must hold for whatever is fed.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod properties;
mod replays;
#[path = "../../benches/support/sample.rs"]
mod sample;
#[path = "../../benches/support/simulated.rs"]
mod simulated;
mod simulation;

use tidegate::stats::{Counts, Input, Judge, Limits, Setup, Stage, Tick};

/// Two backends, stable and canary, in ticks of one target.
fn setup(edges_ms: &[f64]) -> Setup {
    Setup {
        canary: 1,
        stable: 0,
        edges_ms: edges_ms.to_vec(),
        began: 0.0,
        scrape_seconds: 5.0,
        paired: true,
        raw_history: true,
        sticky: false,
        limits: Limits::default(),
    }
}

/// A tick of 5 s that ends at `end`.
fn tick(end: f64, stable: Counts, canary: Counts) -> Tick {
    Tick { end, seconds: 5.0, target: 0, scale: 1.0, backends: vec![stable, canary] }
}

fn counts(requests: f64, errors: f64) -> Counts {
    Counts { requests, errors, slow: Vec::new() }
}

/// The canary goes from one share to another, and the stage begins at `began`.
fn stage(began: f64, before: f64, share: f64, next: f64) -> Input {
    let settle = Limits::default().settle;
    let split = |canary: f64| vec![1.0 - canary, canary];
    Input::Stage(Stage { observed: began - settle, shares: split(share), before: split(before), next })
}

#[test]
fn a_rollout_is_told_apart_by_what_is_missing() {
    use tidegate::stats::{ErrorsReason, Rule, Verdict};

    let history: Vec<Tick> =
        (0..360).map(|i| tick(f64::from(i - 359) * 5.0, counts(450.0, 1.0), counts(0.0, 0.0))).collect();
    let mut judge = Judge::new(setup(&[]), &history);
    assert_eq!(judge.errors(0.25).reason, ErrorsReason::Settling);
    judge.feed(&stage(0.0, 0.0, 0.1, 0.25));
    assert_eq!(judge.errors(0.25).reason, ErrorsReason::Settling, "no tick has come");
    judge.feed(&Input::Round(vec![tick(5.0, counts(450.0, 1.0), counts(0.0, 0.0))]));
    assert_eq!(judge.errors(0.25).reason, ErrorsReason::NoCanaryRequests);
    assert_eq!(judge.errors(0.25).verdict, Verdict::NoData);
    let mut end = 5.0;
    let mut feed = |judge: &mut Judge, errors| {
        end += 5.0;
        judge.feed(&Input::Round(vec![tick(end, counts(450.0, 1.0), counts(50.0, errors))]));
    };
    feed(&mut judge, 0.0);
    let ErrorsReason::Undecided(Some(missing)) = judge.errors(0.25).reason else { unreachable!() };
    assert!((1000.0..6000.0).contains(&missing.requests) && missing.share.is_none(), "{missing:?}");
    assert!((missing.seconds.unwrap() - missing.requests / 5.0).abs() < 1e-6, "10 seconds, 50 requests");
    let passes = |judge: &Judge| judge.errors(0.25).verdict == Verdict::Pass;
    for _ in 0..200 {
        if !passes(&judge) {
            feed(&mut judge, 0.0);
        }
    }
    assert!(passes(&judge));
    assert_eq!(judge.errors(1.0).verdict, Verdict::Hold, "a larger step takes more");
    feed(&mut judge, 8.0);
    assert_eq!(judge.errors(0.25).reason, ErrorsReason::Suspicious);
    feed(&mut judge, 8.0);
    feed(&mut judge, 8.0);
    assert_eq!(judge.errors(0.25).reason, ErrorsReason::Failed(Rule::WorseThanStable));
    assert_eq!(judge.errors(0.25).verdict, Verdict::Fail);
}

#[test]
fn a_stage_begins_with_the_first_tick_that_begins_15_seconds_after_the_change_was_reported() {
    let mut judge = Judge::new(setup(&[]), &[]);
    let shares = |canary: f64| vec![1.0 - canary, canary];
    judge.feed(&Input::Stage(Stage { observed: 2.0, shares: shares(0.1), before: shares(0.0), next: 0.5 }));
    for end in [5.0, 10.0, 15.0, 20.0] {
        judge.feed(&Input::Round(vec![tick(end, counts(90.0, 0.0), counts(10.0, 0.0))]));
        assert!(judge.shares().is_none(), "settling at {end}");
    }
    judge.feed(&Input::Round(vec![tick(22.0, counts(90.0, 0.0), counts(10.0, 0.0))]));
    let found = judge.shares().unwrap();
    assert!((found.backends[0].since - 17.0).abs() < 1e-9);
    assert!((found.backends[0].counted.requests - 100.0).abs() < 1e-9, "what came before does not count");
}

#[test]
fn a_pass_waits_for_the_bake_time_and_for_twenty_requests() {
    use tidegate::stats::{ErrorsReason, Verdict};

    let mut judge = Judge::new(setup(&[]), &[]);
    judge.feed(&stage(0.0, 0.0, 0.5, 1.0));
    judge.feed(&Input::Round(vec![tick(5.0, counts(1e5, 10.0), counts(1e5, 10.0))]));
    let ErrorsReason::Baking(left) = judge.errors(1.0).reason else { unreachable!() };
    assert!((left - 115.0).abs() < 1e-9);
    judge.feed(&Input::Round(vec![tick(120.0, counts(1e5, 10.0), counts(1e5, 10.0))]));
    assert_eq!(judge.errors(1.0).verdict, Verdict::Pass);
}

#[test]
fn a_pass_that_would_take_long_names_the_share_that_is_quicker() {
    use tidegate::stats::ErrorsReason;

    let history: Vec<Tick> =
        (0..360).map(|i| tick(f64::from(i - 359) * 5.0, counts(50.0, 0.0), counts(0.0, 0.0))).collect();
    let mut judge = Judge::new(setup(&[]), &history);
    judge.feed(&stage(0.0, 0.0, 0.01, 0.5));
    for i in 1..=10 {
        judge.feed(&Input::Round(vec![tick(f64::from(i) * 5.0, counts(49.5, 0.0), counts(0.5, 0.0))]));
    }
    let ErrorsReason::Undecided(Some(missing)) = judge.errors(0.5).reason else { unreachable!() };
    assert!(missing.seconds.unwrap() > 1800.0);
    let share = missing.share.unwrap();
    assert!((0.05..0.2).contains(&share), "some 600 requests of 10 a second in 10 minutes: {share}");
}
