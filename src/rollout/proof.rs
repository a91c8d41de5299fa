//! Proof: whether counted requests show that the declared split is served.
//!
//! Share test from OLD to NEW, weight-0 rule and power: an interval valid at all looks (`stats/interval.rs`), level
//! 0.001/4 a backend; zero hits prove only once the old share would have shown itself with 99.9 %, and after one
//! of more than half only once a leak of 5 % would have.

use super::served::{LEAK, judge_served};
use crate::stats::{Interval, interval, needed};

/// Probability with which the old share would have been seen by now, had it gone on.
pub(super) const POWER_MISS: f64 = 0.001;
/// Level of the share test, 0.1 % for four runs.
pub const ALPHA_SHARE: f64 = 0.001 / 4.0;
/// Probability with which it would have been seen, to say that traffic follows.
const FOLLOWS_MISS: f64 = 0.05;
/// Fewest scrapes after settling.
pub(super) const FEWEST_SCRAPES: u32 = 2;

/// What is to be proven of one split: for each backend its share before and after, 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// `(before, after)` of each backend, in the order of the counts.
    pub shares: Vec<(f64, f64)>,
}

impl Claim {
    /// That these shares are served, whatever was before.
    #[must_use]
    pub fn served(declared: &[f64]) -> Self {
        Self { shares: declared.iter().map(|share| (*share, *share)).collect() }
    }

    /// Whether no share changes: then all of them are to be shown.
    #[must_use]
    pub fn is_standing(&self) -> bool {
        self.shares.iter().all(|(old, new)| (old - new).abs() <= f64::EPSILON)
    }
}

/// What was counted since the change had settled.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observed {
    /// Requests of each backend.
    pub requests: Vec<f64>,
    /// Scrapes since then.
    pub scrapes: u32,
    /// How often the count was started again. Each start is another try, so it must show twice as much.
    pub restarts: u32,
    /// How much more the shares vary than those of independent requests, where sessions stick to a backend for example.
    /// Below 1 it is taken for 1.
    pub dispersion: f64,
}

impl Observed {
    /// D ≥ 1: so many requests tell as much as one that is independent of the others.
    pub(super) fn dispersion(&self) -> f64 {
        self.dispersion.max(1.0)
    }

    /// The interval of the share of `hits` requests, at a level.
    pub(super) fn interval(&self, hits: f64, alpha: f64) -> Interval {
        let total: f64 = self.requests.iter().sum();
        interval(hits / self.dispersion(), total / self.dispersion(), alpha)
    }
}

/// What the counts say.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// Nothing to judge by.
    NoTraffic,
    /// Not decided: this many requests were seen, and about that many are needed.
    Undecided {
        /// Requests of the split so far.
        seen: f64,
        /// Requests that decide, if traffic follows.
        needed: f64,
        /// What is known so far, in words.
        words: String,
    },
    /// The traffic has left the old split on the way to the new one.
    Follows {
        /// Requests of the split so far.
        seen: f64,
        /// Requests that decide.
        needed: f64,
        /// In words.
        words: String,
    },
    /// The declared split is served.
    Proven(String),
    /// Something else is served.
    Contradicted {
        /// In words.
        words: String,
        /// The share that a drained backend still got: a clean count must be able to show it gone.
        leak: Option<f64>,
    },
}

/// The share that must be shown gone: of more than half a leak of 5 %, since nobody doubts then that most requests have
/// left, only that all have.
fn telling(old: f64) -> f64 {
    if old > 0.5 { LEAK } else { old }
}

/// Requests of the split after which zero hits on a backend whose share was `old` show that it is gone: the smallest n
/// with `(1 − old)^n ≤ miss`. For 0.001 that is 66 from 10 %, 135 from 5 %, 688 from 1 %.
pub(super) fn requests_to_miss(old: f64, miss: f64) -> f64 {
    (miss.ln() / (-old).ln_1p()).ceil()
}

/// A level shared out over starts: the whole is spent once, however often the count starts again.
pub(super) fn spent(level: f64, restarts: u32) -> f64 {
    level / 2.0_f64.powi(i32::try_from(restarts).unwrap_or(i32::MAX).min(500))
}

/// Judges `claim` by what was observed.
#[must_use]
pub fn judge(claim: &Claim, observed: &Observed) -> Finding {
    let total: f64 = observed.requests.iter().sum();
    if total <= 0.0 {
        return Finding::NoTraffic;
    }
    if claim.is_standing() {
        let declared: Vec<f64> = claim.shares.iter().map(|(_, share)| *share).collect();
        return judge_served(&declared, observed);
    }
    let drained: Vec<(usize, f64)> = drained(claim);
    if drained.is_empty() {
        return judge_moved(claim, observed, total);
    }
    let gone = judge_drained(&drained, observed, total);
    let moves = |(old, new): &&(f64, f64)| *new > 0.0 && (old - new).abs() > f64::EPSILON;
    // One that takes everything over is told by the zero; how several share it is not.
    if claim.shares.iter().filter(moves).count() < 2 {
        return gone;
    }
    weaker(gone, judge_moved(claim, observed, total))
}

/// What can be said of two claims together.
fn weaker(one: Finding, other: Finding) -> Finding {
    use Finding::{Contradicted, Follows, NoTraffic, Proven, Undecided};
    let join = |a: String, b: String| format!("{a}; {b}");
    match (one, other) {
        (wrong @ Contradicted { .. }, _) | (_, wrong @ Contradicted { .. }) => wrong,
        (NoTraffic, _) | (_, NoTraffic) => NoTraffic,
        (Proven(a), Proven(b)) => Proven(join(a, b)),
        (Proven(a), Follows { seen, needed, words }) | (Follows { seen, needed, words }, Proven(a)) => {
            Follows { seen, needed, words: join(a, words) }
        }
        (Proven(a), Undecided { seen, needed, words }) | (Undecided { seen, needed, words }, Proven(a)) => {
            Undecided { seen, needed, words: join(a, words) }
        }
        (Follows { seen, needed: a, words: one }, Follows { needed: b, words: other, .. }) => {
            Follows { seen, needed: a.max(b), words: join(one, other) }
        }
        (
            Follows { seen, needed: a, words: one } | Undecided { seen, needed: a, words: one },
            Follows { needed: b, words: other, .. } | Undecided { needed: b, words: other, .. },
        ) => Undecided { seen, needed: a.max(b), words: join(one, other) },
    }
}

fn drained(claim: &Claim) -> Vec<(usize, f64)> {
    let zero = |(_, (old, new)): &(usize, (f64, f64))| *new <= 0.0 && *old > 0.0;
    claim.shares.iter().copied().enumerate().filter(zero).map(|(i, (old, _))| (i, old)).collect()
}

fn judge_drained(drained: &[(usize, f64)], observed: &Observed, total: f64) -> Finding {
    let hits: f64 = drained.iter().filter_map(|(i, _)| observed.requests.get(*i)).sum();
    if hits > 0.0 {
        let words = format!("{hits:.0} of {total:.0} requests still reached the drained backend");
        return Finding::Contradicted { words, leak: Some(hits / total) };
    }
    let smallest = telling(drained.iter().map(|(_, old)| *old).fold(1.0, f64::min));
    let dispersion = observed.dispersion();
    let needed = dispersion * requests_to_miss(smallest, spent(POWER_MISS, observed.restarts));
    let leak = 1.0 - 0.01_f64.powf(dispersion / total);
    if total >= needed && observed.scrapes >= FEWEST_SCRAPES {
        // A bound is rounded up: rounded down it would claim what was not shown.
        let leak = (leak * 10_000.0).ceil() / 100.0;
        return Finding::Proven(format!(
            "0 of {total:.0} requests reached the drained backend: leak < {leak:.2} % (99 %), {} scrapes",
            observed.scrapes
        ));
    }
    let words = format!("0 of {total:.0} requests reached the drained backend");
    let follows = dispersion * requests_to_miss(smallest, spent(FOLLOWS_MISS, observed.restarts));
    if observed.scrapes >= 1 && total >= follows {
        Finding::Follows { seen: total, needed, words }
    } else {
        Finding::Undecided { seen: total, needed, words }
    }
}

/// Whether what was seen is another share than the declared one: off by more than a tenth of the smaller part, which is
/// at least 0.1 points and at most 2.
pub(super) fn is_off(seen: Interval, declared: f64) -> bool {
    let tolerance = (0.1 * declared.min(1.0 - declared)).clamp(0.001, 0.02);
    seen.lo > declared + tolerance || seen.hi < declared - tolerance
}

pub(super) fn in_words(hits: f64, total: f64, seen: Interval, declared: f64) -> String {
    let [share, lo, hi, declared] = [hits / total, seen.lo, seen.hi, declared].map(|share| share * 100.0);
    format!("{share:.1} % observed ({lo:.1} to {hi:.1}) of {total:.0} requests, {declared:.1} % declared")
}

fn judge_moved(claim: &Claim, observed: &Observed, total: f64) -> Finding {
    // Of two backends one tells the other, so only one is tested.
    let tested = if claim.shares.len() == 2 { 1 } else { claim.shares.len() };
    #[expect(clippy::cast_precision_loss, reason = "at most 16 backends")]
    let alpha = spent(ALPHA_SHARE, observed.restarts) / tested as f64;
    let mut all_moved = true;
    let mut all_follow = true;
    let mut most_needed: f64 = 0.0;
    let mut words = Vec::new();
    // Zeros are judged by themselves.
    let drained: Vec<usize> = drained(claim).into_iter().map(|(index, _)| index).collect();
    let moves =
        |index: usize, (old, new): &(f64, f64)| !drained.contains(&index) && (old - new).abs() > f64::EPSILON;
    let moving = claim.shares.iter().enumerate().filter(|(index, shares)| moves(*index, shares));
    for (index, (old, new)) in moving.skip(claim.shares.len() - tested) {
        let hits = observed.requests.get(index).copied().unwrap_or(0.0);
        let seen = observed.interval(hits, alpha);
        let share = in_words(hits, total, seen, *new);
        if is_off(seen, *new) {
            let old_fits = seen.lo <= *old && *old <= seen.hi;
            let why = if old_fits { "not moved" } else { "neither the old split nor the new one" };
            return Finding::Contradicted { words: format!("{why}: {share}"), leak: None };
        }
        let past = |point: f64| if new > old { seen.lo > point } else { seen.hi < point };
        all_follow &= past(*old);
        // Near the new share is not enough: from 5 to 10 %, half way would be.
        all_moved &= past(f64::midpoint(*old, *new));
        #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
        let need = needed(*new, f64::midpoint(*old, *new), alpha).map_or(f64::INFINITY, |n| n as f64);
        most_needed = most_needed.max(observed.dispersion() * need);
        words.push(share);
    }
    let words = words.join("; ");
    if all_moved && observed.scrapes >= FEWEST_SCRAPES {
        Finding::Proven(words)
    } else if all_follow {
        Finding::Follows { seen: total, needed: most_needed, words }
    } else {
        Finding::Undecided { seen: total, needed: most_needed, words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(requests: &[f64], scrapes: u32) -> Observed {
        Observed { requests: requests.to_vec(), scrapes, ..Observed::default() }
    }

    #[test]
    fn power_of_a_rollback_has_the_reference_values() {
        let requests = [0.10, 0.05, 0.01].map(|old| format!("{}", requests_to_miss(old, POWER_MISS)));
        assert_eq!(requests, ["66", "135", "688"]);
    }

    #[test]
    fn half_way_is_not_moved_however_near_it_is() {
        let claim = Claim { shares: vec![(0.95, 0.90), (0.05, 0.10)] };
        let half = judge(&claim, &seen(&[1840.0, 160.0], 9));
        assert!(matches!(half, Finding::Follows { .. }), "the interval reaches below 7.5 %: {half:?}");
        let there = judge(&claim, &seen(&[2790.0, 310.0], 9));
        assert!(matches!(there, Finding::Proven(_)), "{there:?}");
    }

    #[test]
    fn zero_hits_prove_a_rollback_only_with_power_and_two_scrapes() {
        let claim = Claim { shares: vec![(0.9, 1.0), (0.1, 0.0)] };
        assert!(
            matches!(judge(&claim, &seen(&[65.0, 0.0], 9)), Finding::Follows { needed, .. } if (needed - 66.0).abs() < 0.5)
        );
        assert!(matches!(judge(&claim, &seen(&[66.0, 0.0], 2)), Finding::Proven(_)));
        assert!(!matches!(judge(&claim, &seen(&[66.0, 0.0], 1)), Finding::Proven(_)));
        assert!(matches!(
            judge(&claim, &seen(&[6000.0, 1.0], 9)),
            Finding::Contradicted { leak: Some(_), .. }
        ));
        assert_eq!(judge(&claim, &seen(&[0.0, 0.0], 9)), Finding::NoTraffic);
        assert!(
            matches!(judge(&claim, &seen(&[9.0, 0.0], 9)), Finding::Undecided { .. }),
            "nine show nothing"
        );
        let again = Observed { restarts: 1, ..seen(&[66.0, 0.0], 9) };
        assert!(!matches!(judge(&claim, &again), Finding::Proven(_)), "a second try must show more");
    }

    #[test]
    fn what_a_rollback_proves_is_said_first_and_never_more_than_was_shown() {
        let claim = Claim { shares: vec![(0.9, 1.0), (0.1, 0.0)] };
        let said = |requests| match judge(&claim, &seen(&[requests, 0.0], 2)) {
            Finding::Proven(words) => words,
            other => format!("{other:?}"),
        };
        let words = "0 of 1064 requests reached the drained backend: leak < 0.44 % (99 %), 2 scrapes";
        assert_eq!(said(1064.0), words, "0.432 % is excluded, 0.43 % is not");
        assert!(said(200_000.0).contains("leak < 0.01 %"), "no bound is zero");
    }

    #[test]
    fn a_version_that_had_most_must_show_a_small_leak_gone_too() {
        let claim = Claim { shares: vec![(0.0, 1.0), (1.0, 0.0)] };
        let of = |requests| judge(&claim, &seen(&[requests, 0.0], 9));
        assert!(matches!(of(1.0), Finding::Undecided { needed, .. } if (needed - 135.0).abs() < 0.5));
        assert!(matches!(of(134.0), Finding::Follows { .. }));
        assert!(matches!(of(135.0), Finding::Proven(_)));
    }

    #[test]
    fn who_is_drained_does_not_speak_for_those_who_moved() {
        let claim = Claim { shares: vec![(0.8, 0.1), (0.1, 0.9), (0.1, 0.0)] };
        let of = |requests: [f64; 3]| judge(&claim, &seen(&requests, 9));
        assert!(
            matches!(of([100.0, 43.0, 0.0]), Finding::Contradicted { words, .. } if words.contains("declared"))
        );
        assert!(matches!(of([1000.0, 9000.0, 1.0]), Finding::Contradicted { leak: Some(_), .. }));
        let proven = of([14.0, 129.0, 0.0]);
        assert!(
            matches!(&proven, Finding::Proven(words) if words.contains("0 of 143") && words.contains("90.0 % declared")),
            "{proven:?}"
        );
        let a_little = Claim { shares: vec![(0.8, 0.7), (0.1, 0.3), (0.1, 0.0)] };
        let follows = judge(&a_little, &seen(&[100.0, 43.0, 0.0], 9));
        assert!(
            matches!(&follows, Finding::Follows { needed, .. } | Finding::Undecided { needed, .. } if *needed > 143.0),
            "{follows:?}"
        );
        let one_takes_it = Claim { shares: vec![(0.8, 0.9), (0.1, 0.1), (0.1, 0.0)] };
        assert!(matches!(judge(&one_takes_it, &seen(&[60.0, 6.0, 0.0], 9)), Finding::Proven(_)));
    }

    #[test]
    fn a_step_is_proven_past_the_midpoint() {
        let claim = Claim { shares: vec![(0.95, 0.90), (0.05, 0.10)] };
        assert!(matches!(judge(&claim, &seen(&[90.0, 10.0], 5)), Finding::Undecided { .. }));
        assert!(matches!(judge(&claim, &seen(&[630.0, 70.0], 5)), Finding::Follows { .. }));
        assert!(matches!(judge(&claim, &seen(&[2745.0, 305.0], 5)), Finding::Proven(_)));
        let not_moved = judge(&claim, &seen(&[2850.0, 150.0], 5));
        assert!(
            matches!(&not_moved, Finding::Contradicted { words, .. } if words.starts_with("not moved")),
            "{not_moved:?}"
        );
    }

    #[test]
    fn requests_that_do_not_come_by_themselves_must_be_more() {
        let sticky = |requests: &[f64]| Observed { dispersion: 10.0, ..seen(requests, 9) };
        let drained = Claim { shares: vec![(0.9, 1.0), (0.1, 0.0)] };
        assert!(
            matches!(judge(&drained, &sticky(&[659.0, 0.0])), Finding::Follows { needed, .. } if (needed - 660.0).abs() < 0.5)
        );
        assert!(matches!(judge(&drained, &sticky(&[660.0, 0.0])), Finding::Proven(_)));
        let step = Claim { shares: vec![(0.95, 0.90), (0.05, 0.10)] };
        assert!(!matches!(judge(&step, &sticky(&[2745.0, 305.0])), Finding::Proven(_)), "3050 would do else");
        assert!(matches!(judge(&step, &sticky(&[27_450.0, 3050.0])), Finding::Proven(_)));
        let not_moved = judge(&step, &sticky(&[2850.0, 150.0]));
        assert!(matches!(not_moved, Finding::Undecided { .. }), "nor is it refuted so soon: {not_moved:?}");
    }

    #[test]
    fn a_first_hit_shows_that_a_new_canary_gets_traffic() {
        let claim = Claim { shares: vec![(1.0, 0.99), (0.0, 0.01)] };
        assert!(matches!(judge(&claim, &seen(&[99.0, 1.0], 5)), Finding::Follows { .. }));
        assert!(matches!(judge(&claim, &seen(&[100.0, 0.0], 5)), Finding::Undecided { .. }));
    }
}
