//! One bet on one tick: the log factor by which evidence grows.
//!
//! A two-sample e-value after Turner, Ly and Grünwald, for Poisson or Bernoulli counts: the expectation of the factor is
//! at most 1 under the hypothesis, whatever stable's own rate is in that tick.

use super::tick::Pair;

/// What is to be rejected: "the canary's probability of an event is at most `ratio` × stable's + `slack`" with bets
/// above 1, "at least" with bets below 1. `ratio` ≥ 0; 0 leaves stable out. `slack` is a probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hypothesis {
    pub ratio: f64,
    pub slack: f64,
}

/// A hypothesis at one tick: what all bets on it have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stakes {
    hypothesis: Hypothesis,
    pair: Pair,
    /// Expected events of the canary for one of stable, if the hypothesis just holds.
    odds: f64,
    ln_1p_odds: f64,
}

impl Hypothesis {
    /// `None` if this tick says nothing about it.
    pub fn stakes(self, pair: Pair) -> Option<Stakes> {
        let compares = self.ratio > 0.0;
        if pair.canary.requests <= 0.0 || (compares && pair.stable.requests <= 0.0) {
            return None;
        }
        let odds = if compares { self.ratio * pair.canary.requests / pair.stable.requests } else { 0.0 };
        Some(Stakes { hypothesis: self, pair, odds, ln_1p_odds: odds.ln_1p() })
    }
}

impl Stakes {
    /// Log factors for one event of the canary and for one of stable, with a bet that events of the canary are
    /// `g` = exp(`ln_g`) times as frequent as the hypothesis allows.
    fn ln_factors(&self, g: f64, ln_g: f64) -> (f64, f64) {
        let stable = self.ln_1p_odds - (g * self.odds).ln_1p();
        (ln_g + stable, stable)
    }

    /// The log factor of the whole tick.
    pub fn ln_bet(&self, g: f64, ln_g: f64) -> f64 {
        let (canary, stable) = self.ln_factors(g, ln_g);
        let mut bet = self.pair.canary.events * canary;
        if self.hypothesis.ratio > 0.0 {
            bet += self.pair.stable.events * stable;
        }
        if self.hypothesis.slack > 0.0 {
            bet -= self.pair.canary.requests * self.hypothesis.slack * canary.exp_m1();
        }
        bet
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tick::Trials;
    use super::*;

    fn ln_bet(g: f64, ratio: f64, slack: f64, [nc, xc, ns, xs]: [f64; 4]) -> f64 {
        let canary = Trials { requests: nc, events: xc };
        let stable = Trials { requests: ns, events: xs };
        let stakes = Hypothesis { ratio, slack }.stakes(Pair { canary, stable });
        stakes.map_or(0.0, |stakes| stakes.ln_bet(g, g.ln()))
    }

    #[test]
    fn it_has_the_reference_values() {
        let cases = [
            (2.2, 1.0, 0.001, [100.0, 2.0, 9900.0, 20.0], 1.197_094_857),
            (2.2, 1.25, 0.0, [100.0, 2.0, 9900.0, 20.0], 1.250_176_042),
            (100.0, 2.0, 0.005, [50.0, 50.0, 950.0, 2.0], 106.194_685_837),
            (7.0, 0.0, 0.01, [60.0, 3.0, 0.0, 0.0], 2.237_730_447),
            (0.5, 1.0, 0.02, [200.0, 0.0, 19800.0, 40.0], 2.190_451_422),
            (0.03, 1.0, 0.001, [3000.0, 6.0, 3000.0, 6.0], -10.251_044_126),
            (1.3, 1.0, 0.001, [1000.0, 0.0, 0.0, 0.0], 0.0),
            (3.5, 1.0, 0.001, [0.0, 0.0, 500.0, 3.0], 0.0),
        ];
        for (g, ratio, slack, counts, expected) in cases {
            let got = ln_bet(g, ratio, slack, counts);
            assert!((got - expected).abs() < 1e-9, "{g} {ratio} {slack} {counts:?}: {got}, not {expected}");
        }
    }

    /// Probabilities of 0 to n events.
    fn binomial(n: u32, p: f64) -> Vec<f64> {
        let mut all = vec![1.0];
        for _ in 0..n {
            let mut next = vec![0.0; all.len() + 1];
            for (k, mass) in all.iter().enumerate() {
                next[k] += mass * (1.0 - p);
                next[k + 1] += mass * p;
            }
            all = next;
        }
        all
    }

    /// The expectation of the factor where the hypothesis just holds, by adding up all that can happen.
    fn expectation(g: f64, ratio: f64, slack: f64, (nc, ns): (u32, u32), ps: f64) -> f64 {
        let pc = (ratio * ps + slack).min(1.0);
        let stable = binomial(ns, ps);
        let mut sum = 0.0;
        for (xc, of_canary) in (0u32..).zip(binomial(nc, pc)) {
            for (xs, of_stable) in (0u32..).zip(&stable) {
                let counts = [nc, xc, ns, xs].map(f64::from);
                sum += of_canary * of_stable * ln_bet(g, ratio, slack, counts).exp();
            }
        }
        sum
    }

    #[test]
    fn its_expectation_has_the_reference_values() {
        let cases = [
            (2.2, 1.0, 0.001, (30, 300), 0.01, 0.998_113),
            (0.25, 1.0, 0.02, (30, 300), 0.01, 0.992_612),
            (20.0, 2.0, 0.005, (10, 40), 0.2, 0.093_706),
        ];
        for (g, ratio, slack, n, ps, expected) in cases {
            let got = expectation(g, ratio, slack, n, ps);
            assert!((got - expected).abs() < 1e-6, "{got}, not {expected}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn its_expectation_is_never_above_1(
            g in prop_oneof![1.01..100.0, 0.01..0.99],
            ratio in prop_oneof![Just(0.0), 0.5..3.0],
            slack in prop_oneof![Just(0.0), 0.0..0.3],
            nc in 0u32..25, ns in 0u32..60, ps in 0.0..0.5,
        ) {
            // "at least" is about probabilities below 1 only
            prop_assume!(g > 1.0 || ratio * ps + slack <= 1.0);
            let got = expectation(g, ratio, slack, (nc, ns), ps);
            prop_assert!(got <= 1.0 + 1e-9, "{}", got);
        }

        #[test]
        fn events_of_the_canary_speak_for_worse_and_events_of_stable_against_it(
            g in 1.01..100.0, ratio in 0.5..3.0, slack in 0.0..0.05, nc in 1u32..1000, ns in 1u32..1000,
            xc in 0u32..100, xs in 0u32..100,
        ) {
            let [nc, ns, xc, xs] = [nc, ns, xc, xs].map(f64::from);
            let bet = |g, xc, xs| ln_bet(g, ratio, slack, [nc, xc, ns, xs]);
            prop_assert!(bet(g, xc + 1.0, xs) > bet(g, xc, xs));
            prop_assert!(bet(g, xc, xs + 1.0) < bet(g, xc, xs));
            prop_assert!(bet(1.0 / g, xc + 1.0, xs) < bet(1.0 / g, xc, xs));
            prop_assert!(bet(1.0 / g, xc, xs + 1.0) > bet(1.0 / g, xc, xs));
        }
    }
}
