//! What must hold for whatever is fed.

use proptest::prelude::*;

use tidegate::stats::{
    Burn, BurnRate, Counts, Errors, Input, Judge, Latency, Setup, Shares, Stage, Tick, Verdict,
};

const EDGES: [f64; 3] = [50.0, 100.0, 500.0];

fn backend() -> impl Strategy<Value = Counts> {
    let count = prop_oneof![
        4 => (0u32..2000).prop_map(f64::from),
        1 => Just(0.0),
        1 => 0.0..1.0f64,
        1 => prop_oneof![Just(f64::MAX), Just(-1.0), Just(f64::MIN_POSITIVE), 0.0..1e300f64],
    ];
    let part = prop_oneof![Just(0.0), Just(1.0), 0.0..0.05f64, 0.0..1.0f64];
    let slow = prop_oneof![8 => Just(EDGES.len()), 1 => 0usize..4];
    (count, part, slow, 0.0..1.0f64).prop_map(|(requests, part, edges, slower)| Counts {
        requests,
        errors: requests * part,
        slow: (1..).take(edges).map(|edge| requests * slower.powi(edge)).collect(),
    })
}

fn tick(backends: usize) -> impl Strategy<Value = Tick> {
    let seconds = prop_oneof![6 => Just(5.0), 1 => Just(0.0), 1 => 0.0..500.0f64, 1 => Just(f64::MAX)];
    let late = prop_oneof![8 => Just(0.0), 1 => -100.0..100.0f64, 1 => -1e308..1e308f64];
    let scale = prop_oneof![4 => Just(1.0), 1 => 0.0..1.0f64, 1 => Just(0.0)];
    (seconds, late, 0u32..3, scale, prop::collection::vec(backend(), 0..=backends))
        .prop_map(|(seconds, end, target, scale, backends)| Tick { end, seconds, target, scale, backends })
}

fn input() -> impl Strategy<Value = Input> {
    let shares = || prop::collection::vec(prop_oneof![Just(0.0), Just(1.0), 0.0..1.0f64], 0..=3);
    let stage = (-100.0..500.0f64, shares(), shares(), 0.0..=1.0f64)
        .prop_map(|(observed, shares, before, next)| Input::Stage(Stage { observed, shares, before, next }));
    prop_oneof![1 => stage, 12 => prop::collection::vec(tick(3), 0..4).prop_map(Input::Round)]
}

/// Ticks follow each other at 5 s, but for those that are odd.
fn in_order(inputs: &mut [Input]) {
    for (round, input) in (1u32..).zip(inputs) {
        if let Input::Round(ticks) = input {
            for tick in ticks {
                tick.end += 5.0 * f64::from(round);
            }
        }
    }
}

fn setup(paired: bool, sticky: bool) -> Setup {
    Setup { paired, sticky, ..super::setup(&EDGES) }
}

fn history() -> impl Strategy<Value = Vec<Tick>> {
    prop::collection::vec(tick(1), 0..60).prop_map(|mut ticks| {
        for (index, tick) in (0u32..).zip(&mut ticks) {
            tick.end += 30.0 * f64::from(index) - 1800.0;
        }
        ticks
    })
}

fn are_probabilities(lo: f64, hi: f64) -> bool {
    (0.0..=1.0).contains(&lo) && lo <= hi && hi <= 1.0
}

/// Evidence may be of nothing at all: ln 0. It is never without bound above, and never no number.
fn is_evidence(ln_e: f64) -> bool {
    ln_e < f64::INFINITY
}

fn errors_are_numbers(errors: &Errors) -> bool {
    let all = [
        errors.evidence.worse,
        errors.evidence.twice_as_bad,
        errors.evidence.above_limit,
        errors.evidence.stable_above_limit,
        errors.evidence.twice_stable,
        errors.evidence.good_enough,
    ];
    all.into_iter().all(is_evidence)
        && (1.0..=1000.0).contains(&errors.dispersion)
        && (0.0..=0.2).contains(&errors.margin)
        && errors.canary.rate() <= 1.0
        && errors.stable.rate() <= 1.0
        && missing_is_a_number(errors)
}

fn missing_is_a_number(errors: &Errors) -> bool {
    use tidegate::stats::ErrorsReason::{Baking, Undecided};
    match errors.reason {
        Undecided(Some(missing)) => {
            missing.requests.is_finite()
                && missing.requests >= 0.0
                && missing.seconds.is_none_or(|seconds| seconds.is_finite() && seconds > 0.0)
                && missing.share.is_none_or(|share| (0.0..1.0).contains(&share))
        }
        Baking(seconds) => seconds.is_finite() && seconds > 0.0,
        _ => true,
    }
}

fn latency_is_numbers(latency: &Latency) -> bool {
    latency.quantiles.iter().all(|quantile| {
        is_evidence(quantile.worse)
            && is_evidence(quantile.good_enough)
            && (1.0..=1000.0).contains(&quantile.dispersion)
            && (1.0..=10.0).contains(&quantile.allowed)
    })
}

fn shares_are_numbers(shares: &Shares) -> bool {
    let is_count = |missing: Option<f64>| missing.is_none_or(|missing| missing.is_finite() && missing >= 0.0);
    shares.rate.is_finite()
        && is_count(shares.missing)
        && shares.verdict != Verdict::Fail
        && shares.backends.iter().all(|backend| {
            are_probabilities(backend.interval.lo, backend.interval.hi)
                && is_count(backend.missing)
                && (1.0..=50.0).contains(&backend.dispersion)
        })
        && shares.leaks.iter().all(|leak| {
            are_probabilities(leak.interval.lo, leak.interval.hi)
                && leak.excluded.is_none_or(|excluded| (0.0..=1.0).contains(&excluded))
        })
}

fn burn_is_numbers(burn: &Burn) -> bool {
    let is_rate = |rate: &BurnRate| {
        [rate.seconds, rate.rate, rate.lo, rate.hi].into_iter().all(|value| value.is_finite() && value >= 0.0)
            && rate.lo <= rate.hi
    };
    [burn.fails, burn.stable_fails, burn.warns].into_iter().all(is_evidence)
        && [burn.canary, burn.stable, burn.canary_long, burn.stable_long].iter().all(is_rate)
        && burn.budget_used.is_none_or(|used| used.is_finite() && used >= 0.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn every_number_is_a_number_and_a_replay_knows_the_same(
        mut inputs in prop::collection::vec(input(), 1..80), history in history(),
        paired: bool, sticky: bool, target in 0.0..=1.0f64,
    ) {
        in_order(&mut inputs);
        let mut judge = Judge::new(setup(paired, sticky), &history);
        for input in &inputs {
            judge.feed(input);
            let (errors, latency, burn) = (judge.errors(target), judge.latency(target), judge.burn());
            prop_assert!(errors_are_numbers(&errors), "{errors:?}");
            prop_assert!(latency_is_numbers(&latency), "{latency:?}");
            prop_assert!(burn_is_numbers(&burn), "{burn:?}");
            if let Some(shares) = judge.shares() {
                prop_assert!(shares_are_numbers(&shares), "{shares:?}");
            }
        }
        let replayed = Judge::replay(setup(paired, sticky), &history, &inputs);
        prop_assert_eq!(judge.errors(target), replayed.errors(target));
        prop_assert_eq!(&judge, &replayed);
    }

    #[test]
    fn more_failures_of_the_canary_never_look_better(
        mut rounds in prop::collection::vec((100u32..500, 0u32..3, 10u32..50, 0u32..3), 1..40),
        worse in 0usize..40, more in 1u32..8,
    ) {
        let known = |rounds: &[(u32, u32, u32, u32)]| {
            let mut judge = Judge::new(super::setup(&[]), &[]);
            judge.feed(&super::stage(0.0, 0.0, 0.1, 0.25));
            for (index, (ns, es, nc, ec)) in (1u32..).zip(rounds) {
                let counts = |n: &u32, e: &u32| super::counts(f64::from(*n), f64::from(*e));
                let tick = super::tick(5.0 * f64::from(index), counts(ns, es), counts(nc, ec));
                judge.feed(&Input::Round(vec![tick]));
            }
            judge.errors(0.25).evidence
        };
        // In the last block, so that dispersion, which is known before, is the same.
        let last = rounds.len() - 1;
        let index = worse.clamp(last / 12 * 12, last);
        let before = known(&rounds);
        rounds[index].3 += more;
        let after = known(&rounds);
        for (less, more) in [
            (before.worse, after.worse),
            (before.twice_as_bad, after.twice_as_bad),
            (before.above_limit, after.above_limit),
            (before.twice_stable, after.twice_stable),
        ] {
            prop_assert!(less <= more + 1e-12, "{less} {more}");
        }
        prop_assert!(after.good_enough <= before.good_enough + 1e-12);
    }
}
