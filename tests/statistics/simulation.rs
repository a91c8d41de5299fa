//! A few simulated rollouts. `cargo bench --bench statistics` has thousands, beside published figures.

use fastrand::Rng;
use tidegate::stats::{BackendShare, Judge, ShareWord, Verdict};

use crate::sample;
use crate::simulated::{Case, Errors, repeat};

/// The time of the first tick at which something is so, for each rollout, in seconds; in order, and ∞ where it never is.
fn times(case: &Case, rollouts: u64, is: impl Fn(&Judge) -> bool + Sync) -> Vec<f64> {
    let mut times = repeat(rollouts, 1, |rng: &mut Rng| {
        let mut found = f64::INFINITY;
        case.run(rng, |judge, seconds| {
            let now = is(judge);
            if now {
                found = seconds;
            }
            !now
        });
        found
    });
    times.sort_by(f64::total_cmp);
    times
}

fn fails(judge: &Judge) -> bool {
    judge.errors(1.0).verdict == Verdict::Fail || judge.latency(1.0).verdict == Verdict::Fail
}

#[test]
fn random_numbers_have_the_right_means_and_variances() {
    assert!(sample::is_sound());
}

#[test]
fn healthy_canaries_do_not_fail() {
    let found = times(&Case::ladder(100.0, 0.002, 0.002), 60, fails);
    assert_eq!(found.iter().filter(|time| time.is_finite()).count(), 0);
    for errors in [Errors::InThrees, Errors::InCommonBursts] {
        let bursts = Case { errors, ..Case::ladder(100.0, 0.002, 0.002) };
        let found = times(&bursts, 20, fails);
        assert_eq!(found.iter().filter(|time| time.is_finite()).count(), 0, "{errors:?}");
    }
}

/// 1,440 looks each, at every check. Stated are 1 false fail in 250 rollouts for a check of errors, 1 in 1,000 for a share
/// that is called another: of 16 rollouts at most one may have any.
#[test]
fn two_hours_of_a_healthy_canary_looked_at_every_five_seconds() {
    let two_hours = Case { ticks: 1440, slower: Some(1.0), ..Case::stage(100.0, 0.1, 0.25, 0.002, 0.002) };
    let cries_wolf = |judge: &Judge| {
        let shares = judge.shares();
        let another = |share: &BackendShare| share.word == ShareWord::Inconsistent;
        fails(judge)
            || judge.burn().verdict == Verdict::Fail
            || shares.is_some_and(|shares| shares.backends.iter().any(another))
    };
    let found = times(&two_hours, 16, cries_wolf);
    let wrong = found.iter().filter(|time| time.is_finite()).count();
    assert!(wrong <= 1, "{wrong} of 16: {found:?}");
}

#[test]
fn five_percent_of_errors_are_found_in_half_a_minute() {
    let found = times(&Case::stage(100.0, 0.05, 0.1, 0.002, 0.05), 61, fails);
    assert!((15.0..=40.0).contains(&found[30]), "{found:?}");
}

#[test]
fn twice_the_latency_is_found_in_half_a_minute() {
    let slow = Case { slower: Some(2.0), plain_history: true, ..Case::stage(100.0, 0.05, 0.1, 0.0, 0.0) };
    let found = times(&slow, 21, fails);
    assert!((15.0..=60.0).contains(&found[10]), "{found:?}");
}

#[test]
fn a_healthy_canary_passes_within_minutes_and_one_that_is_worse_by_m_hardly_ever() {
    let passes = |judge: &Judge| judge.errors(0.25).verdict == Verdict::Pass;
    let healthy = times(&Case::stage(100.0, 0.1, 0.25, 0.002, 0.002), 61, passes);
    assert!((180.0..=330.0).contains(&healthy[30]), "{healthy:?}");
    let worse = times(&Case::stage(100.0, 0.1, 0.25, 0.002, 0.006), 60, passes);
    let found = worse.iter().filter(|time| time.is_finite()).count();
    assert!(found <= 6, "promised are 5 %, seen {found} of 60");
}
