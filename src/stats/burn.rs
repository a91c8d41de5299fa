//! The burn rate: how many times faster than its objective allows a version fails requests. 1 uses up the error budget of
//! 30 days in 30 days. Two windows and an e-process; the windows follow the Google SRE workbook.

use super::errors::{CONVICTS_GROSS, ErrorTests, SUSPECTS};
use super::evidence::{Evidence, Latch, Weighed};
use super::interval::interval;
use super::recent::{Recent, Window};
use super::setup::Limits;
use super::tick::{Pair, Trials};
use super::verdict::Verdict;

/// The burn rate that fails.
const FAILS: f64 = 8.0;
/// The burn rate that holds.
const WARNS: f64 = 2.0;
/// The short window, in seconds.
const SHORT: f64 = 300.0;
/// The longest window, in seconds.
const LONG: f64 = 3600.0;
/// Errors that the short window must be able to hold at the burn rate that fails, or it is widened.
const ERRORS_TO_JUDGE: f64 = 3.0;
/// Level of the intervals that are shown.
const SHOWN_LEVEL: f64 = 0.05;
/// Stable has traffic if it had this many requests,
const FEWEST_REQUESTS: f64 = 20.0;
/// in so many seconds.
const LATELY: f64 = 600.0;
/// The time for which an error budget is, in seconds.
const MONTH: f64 = 30.0 * 86_400.0;

/// Why the verdict is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BurnReason {
    /// The canary burns 8 times too fast, and stable does not; stays so.
    Failed,
    /// Both burn: the route does, not only the canary.
    RouteBurns,
    /// The canary may burn twice too fast.
    Warns,
    /// The last hour has too few requests of the canary to judge: left out.
    TooLittleTraffic,
    /// It does not burn.
    Fine,
}

/// How fast one version burned in one window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BurnRate {
    /// The window in seconds.
    pub seconds: f64,
    /// Errors a request, as a multiple of what the objective allows.
    pub rate: f64,
    /// Lower end of its interval (95 %, valid at any time).
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

/// The burn rate with the numbers it saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Burn {
    /// The answer.
    pub verdict: Verdict,
    /// Why.
    pub reason: BurnReason,
    /// The canary in the short window: 5 minutes, or as long as it takes to have enough requests.
    pub canary: BurnRate,
    /// Stable in the same window.
    pub stable: BurnRate,
    /// The canary since the rollout began, at most an hour.
    pub canary_long: BurnRate,
    /// Stable in the same window.
    pub stable_long: BurnRate,
    /// ln E that the canary burns 8 times too fast.
    pub fails: f64,
    /// ln E that stable does.
    pub stable_fails: f64,
    /// ln E that the canary burns twice too fast.
    pub warns: f64,
    /// The part of the error budget of 30 days, at the present traffic, that the canary has used beyond what stable would
    /// have. `None` without traffic.
    pub budget_used: Option<f64>,
}

/// Whether stable had enough traffic lately to be compared with at all.
pub(super) fn stable_has_traffic(recent: &Recent) -> bool {
    recent.window(LATELY).sums.errors.stable.requests >= FEWEST_REQUESTS
}

/// The tests. They run from the start of the rollout.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BurnTests {
    limits: Limits,
    fails: Evidence,
    stable_fails: Evidence,
    warns: Evidence,
    latch: Latch,
    /// All that was counted in the rollout.
    counted: Pair,
}

impl BurnTests {
    pub fn new(limits: Limits) -> Self {
        let times = |burn: f64| Evidence::new(0.0, burn * limits.error_budget);
        Self {
            limits,
            fails: times(FAILS),
            stable_fails: times(FAILS),
            warns: times(WARNS),
            latch: Latch::default(),
            counted: Pair::default(),
        }
    }

    /// A tick; `factor` is that of the gross checks.
    pub fn weigh(&mut self, start: f64, pair: Pair, factor: f64) {
        self.counted += pair;
        self.fails.weigh(start, Weighed { pair, factor });
        self.warns.weigh(start, Weighed { pair, factor });
        self.stable_fails.weigh(start, Weighed { pair: pair.swapped(), factor });
    }

    /// A round is over.
    pub fn end_round(&mut self, cash: f64, recent: &Recent, errors: &ErrorTests) {
        for evidence in [&mut self.fails, &mut self.stable_fails, &mut self.warns] {
            evidence.end_round(cash);
        }
        let is_shown =
            self.fails.ln_now >= self.limits.threshold(CONVICTS_GROSS) && errors.has_enough_errors();
        // Looking back costs more than the rest.
        let convicts = is_shown
            && (!stable_has_traffic(recent) || errors.points_at_canary(&self.stable_fails))
            && self.short(recent).is_some_and(|window| self.burns(&window, FAILS));
        self.latch.end_round(convicts);
    }

    /// The short window, if it can be judged.
    fn short(&self, recent: &Recent) -> Option<Window> {
        recent.window_with(ERRORS_TO_JUDGE / (FAILS * self.limits.error_budget), SHORT)
    }

    fn burns(&self, window: &Window, times: f64) -> bool {
        window.sums.errors.canary.rate() >= times * self.limits.error_budget
    }

    /// What is known at the end of this round. `since`: when the rollout began.
    pub fn read(&self, recent: &Recent, since: f64) -> Burn {
        let short = self.short(recent);
        let is_burning = |times| short.as_ref().is_some_and(|window| self.burns(window, times));
        let (verdict, reason) = if self.latch.closed {
            (Verdict::Fail, BurnReason::Failed)
        } else if short.is_none() {
            (Verdict::NotApplicable, BurnReason::TooLittleTraffic)
        } else if self.fails.ln_now >= self.limits.threshold(CONVICTS_GROSS)
            && is_burning(FAILS)
            && self.stable_fails.ln_most >= SUSPECTS.ln()
        {
            (Verdict::Hold, BurnReason::RouteBurns)
        } else if self.warns.ln_now >= SUSPECTS.ln() && is_burning(WARNS) {
            (Verdict::Hold, BurnReason::Warns)
        } else {
            (Verdict::Pass, BurnReason::Fine)
        };
        let shown = short.unwrap_or_else(|| recent.window(LONG));
        let long = recent.window((recent.now - since).clamp(0.0, LONG));
        let rates = |window: &Window| {
            let Pair { canary, stable } = window.sums.errors;
            [canary, stable].map(|trials| self.rate(trials, window.seconds))
        };
        let ([canary, stable], [canary_long, stable_long]) = (rates(&shown), rates(&long));
        Burn {
            verdict,
            reason,
            canary,
            stable,
            canary_long,
            stable_long,
            fails: self.fails.ln_now,
            stable_fails: self.stable_fails.ln_now,
            warns: self.warns.ln_now,
            budget_used: self.budget_used(recent.rate(LATELY)),
        }
    }

    fn rate(&self, trials: Trials, seconds: f64) -> BurnRate {
        let found = interval(trials.events, trials.requests, SHOWN_LEVEL);
        let times = |probability: f64| probability / self.limits.error_budget;
        BurnRate { seconds, rate: times(trials.rate()), lo: times(found.lo), hi: times(found.hi) }
    }

    fn budget_used(&self, requests_a_second: f64) -> Option<f64> {
        let Pair { canary, stable } = self.counted;
        let beyond = (canary.events - canary.requests * stable.rate()).max(0.0);
        let budget = self.limits.error_budget * requests_a_second * MONTH;
        (budget > 0.0).then(|| beyond / budget)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tick::{Counts, Tick};
    use super::*;

    /// Ticks of 5 s with these requests and errors of stable and canary.
    fn fed(ticks: u32, stable: (f64, f64), canary: (f64, f64)) -> (BurnTests, Recent) {
        let limits = Limits::default();
        let (mut burn, mut errors, mut recent) =
            (BurnTests::new(limits), ErrorTests::new(limits), Recent::new(0));
        for index in 1..=ticks {
            let backend = |(requests, errors)| Counts { requests, errors, slow: vec![] };
            let tick = Tick {
                end: 5.0 * f64::from(index),
                seconds: 5.0,
                target: 0,
                scale: 1.0,
                backends: vec![backend(stable), backend(canary)],
            };
            recent.add(&tick, (1, 0));
            let trials = |(requests, events)| Trials { requests, events };
            let pair = Pair { canary: trials(canary), stable: trials(stable) };
            let start = if index == 1 { 1.0 } else { 0.0 };
            errors.weigh(start, pair, 1.0, 1.0);
            burn.weigh(start, pair, 1.0);
            errors.end_round(0.0, stable_has_traffic(&recent));
            burn.end_round(0.0, &recent, &errors);
        }
        (burn, recent)
    }

    fn read(ticks: u32, stable: (f64, f64), canary: (f64, f64)) -> Burn {
        let (burn, recent) = fed(ticks, stable, canary);
        burn.read(&recent, 0.0)
    }

    #[test]
    fn a_canary_that_burns_alone_fails_and_one_of_two_holds() {
        let alone = read(120, (900.0, 1.0), (100.0, 2.0));
        assert_eq!((alone.verdict, alone.reason), (Verdict::Fail, BurnReason::Failed));
        assert!((alone.canary.rate - 20.0).abs() < 1e-9 && (alone.canary.seconds - 300.0).abs() < 1e-9);
        assert!(alone.canary.lo < 20.0 && 20.0 < alone.canary.hi);
        assert!((alone.canary_long.seconds - 600.0).abs() < 1e-9);
        let both = read(120, (900.0, 18.0), (100.0, 2.0));
        assert_eq!((both.verdict, both.reason), (Verdict::Hold, BurnReason::RouteBurns));
    }

    #[test]
    fn a_slow_burn_holds_and_none_passes() {
        let slow = read(200, (900.0, 0.0), (200.0, 1.0));
        assert_eq!((slow.verdict, slow.reason), (Verdict::Hold, BurnReason::Warns));
        let none = read(200, (900.0, 0.0), (200.0, 0.0));
        assert_eq!((none.verdict, none.reason), (Verdict::Pass, BurnReason::Fine));
    }

    #[test]
    fn too_little_traffic_is_left_out_and_some_widens_the_window() {
        let little = read(100, (9.0, 0.0), (1.0, 1.0));
        assert_eq!((little.verdict, little.reason), (Verdict::NotApplicable, BurnReason::TooLittleTraffic));
        let some = read(600, (9.0, 0.0), (1.0, 0.0));
        assert_eq!(some.verdict, Verdict::Pass);
        assert!((some.canary.seconds - 1875.0).abs() < 1e-9, "375 requests: {}", some.canary.seconds);
    }

    #[test]
    fn stable_has_traffic_if_it_had_twenty_requests_in_ten_minutes() {
        let has = |ticks, requests| {
            let (_, recent) = fed(ticks, (requests, 0.0), (1.0, 0.0));
            stable_has_traffic(&recent)
        };
        assert!(has(120, 0.17) && !has(120, 0.16), "20.4 and 19.2");
        assert!(!has(500, 0.16), "what is older does not count");
    }

    #[test]
    fn the_budget_is_what_stable_would_not_have_used() {
        // 100 ticks with 2 errors of which stable would have had 1 too: 1 beyond, of 0.001 × 200 a second × 30 days.
        let used = read(100, (900.0, 9.0), (100.0, 2.0)).budget_used.unwrap();
        assert!((used - 100.0 / (0.001 * 200.0 * 2_592_000.0)).abs() < 1e-12);
        assert_eq!(read(0, (0.0, 0.0), (0.0, 0.0)).budget_used, None);
    }
}
