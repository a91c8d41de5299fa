//! What a pass means: it is shown that the next step is affordable. Not that nothing was found.

use super::bet::Hypothesis;
use super::evidence::Weighed;
use super::mixture::{Better, ln_sum};
use super::tick::{Pair, Trials};

/// E from which it is shown: 95 %.
const ENOUGH: f64 = 20.0;
/// The canary may add this part of the route's requests as failures,
const AFFORDABLE: f64 = 0.001;
/// or this many failures,
const AFFORDABLE_FAILURES: f64 = 30.0;
/// in this time, in seconds: the larger of the two.
pub(super) const HORIZON: f64 = 600.0;
/// But no more than this, as a probability.
const MOST_MARGIN: f64 = 0.2;
/// How many times as many errors as stable a canary may have all the same.
pub(super) const SAME_RATIO: f64 = 1.25;

/// m: by how much the canary's error probability may be above stable's for a move to share `target`, 0 to 1, of a
/// route with `rate` requests a second. 0 to 0.2.
pub(super) fn margin(rate: f64, target: f64) -> f64 {
    let by_requests = AFFORDABLE / target;
    let by_failures = AFFORDABLE_FAILURES / (rate * target * HORIZON);
    by_requests.max(by_failures).min(MOST_MARGIN)
}

/// Evidence since the start of a stage that the canary is better than some hypotheses say. One of them is enough, so the
/// mean of their evidence counts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GoodEnough {
    parts: Vec<(Hypothesis, Better)>,
}

impl GoodEnough {
    fn of(hypotheses: impl IntoIterator<Item = Hypothesis>) -> Self {
        Self { parts: hypotheses.into_iter().map(|hypothesis| (hypothesis, Better::new())).collect() }
    }

    /// Against "at least `margin` worse than stable, and 1.25 times as bad".
    pub fn beside_stable(margin: f64) -> Self {
        Self::of([Hypothesis { ratio: 1.0, slack: margin }, Hypothesis { ratio: SAME_RATIO, slack: 0.0 }])
    }

    /// Against "at least `limit`", where there is no stable traffic.
    pub fn alone(limit: f64) -> Self {
        Self::of([Hypothesis { ratio: 0.0, slack: limit }])
    }

    /// Against "at least `ratio` times stable's share, and `slack`".
    pub fn within(ratio: f64, slack: f64) -> Self {
        Self::of([Hypothesis { ratio, slack }])
    }

    /// A tick.
    pub fn weigh(&mut self, tick: Weighed) {
        for (hypothesis, mixture) in &mut self.parts {
            mixture.weigh(*hypothesis, tick.pair, tick.factor);
        }
    }

    /// ln E.
    pub fn ln_e(&self) -> f64 {
        ln_sum(self.parts.iter().map(|(_, mixture)| mixture.ln_e(0.0))) - self.number().ln()
    }

    /// Whether it is shown.
    pub fn is_shown(&self) -> bool {
        self.ln_e() >= ENOUGH.ln()
    }

    fn number(&self) -> f64 {
        if self.parts.len() == 1 { 1.0 } else { 2.0 }
    }

    /// Requests of the canary that are still missing, if it is as good as stable: `rate` events a request for both,
    /// `stable` requests of stable for each of the canary, dispersion D. `None` if no bet would ever win.
    pub fn missing(&self, rate: f64, stable: f64, dispersion: f64) -> Option<f64> {
        let trials = |requests| Trials { requests, events: requests * rate };
        let expected = Pair { canary: trials(1.0), stable: trials(stable) };
        let enough = (ENOUGH * self.number()).ln();
        let mut least: Option<f64> = None;
        for (hypothesis, mixture) in &self.parts {
            let Some(stakes) = hypothesis.stakes(expected) else { continue };
            for (g, ln_g, ln_wealth) in mixture.bets() {
                let gain = stakes.ln_bet(g, ln_g);
                if gain > 0.0 {
                    let need = ((enough - ln_wealth) * dispersion / gain).max(0.0);
                    least = Some(least.map_or(need, |least| least.min(need)));
                }
            }
        }
        // A gain of next to nothing would need more than a number can say.
        least.filter(|need| need.is_finite())
    }

    /// The same before the first tick.
    pub fn afresh(&self) -> Self {
        Self::of(self.parts.iter().map(|(hypothesis, _)| *hypothesis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weighed(nc: f64, xc: f64, ns: f64, xs: f64) -> Weighed {
        let trials = |requests, events| Trials { requests, events };
        Weighed { pair: Pair { canary: trials(nc, xc), stable: trials(ns, xs) }, factor: 1.0 }
    }

    #[test]
    fn the_margin_has_the_reference_values() {
        let targets = [0.05, 0.1, 0.25, 0.5, 1.0];
        for (rate, expected) in [
            (1.0, [0.2, 0.2, 0.2, 0.1, 0.05]),
            (10.0, [0.1, 0.05, 0.02, 0.01, 0.005]),
            (100.0, [0.02, 0.01, 0.004, 0.002, 0.001]),
            (1000.0, [0.02, 0.01, 0.004, 0.002, 0.001]),
        ] {
            for (target, expected) in targets.into_iter().zip(expected) {
                assert!((margin(rate, target) - expected).abs() < 1e-12, "{rate} {target}");
            }
        }
        assert!((margin(0.0, 0.0) - 0.2).abs() < 1e-12);
    }

    #[test]
    fn evidence_of_six_ticks_has_the_reference_values() {
        let ticks = [
            weighed(25.0, 0.0, 480.0, 1.0),
            weighed(24.0, 0.0, 470.0, 0.0),
            weighed(27.0, 0.0, 490.0, 2.0),
            weighed(26.0, 2.0, 475.0, 1.0),
            weighed(25.0, 2.0, 481.0, 0.0),
            weighed(23.0, 1.0, 466.0, 1.0),
        ];
        let expected = [0.107_884, 0.188_123, 0.360_770, -1.036_663, -1.694_554, -1.932_518];
        let mut pass = GoodEnough::beside_stable(0.01);
        for (tick, expected) in ticks.into_iter().zip(expected) {
            pass.weigh(tick);
            assert!((pass.ln_e() - expected).abs() < 1e-6, "{}, not {expected}", pass.ln_e());
        }
    }

    /// The first number of requests without an error that shows enough; stable has far more, and none either.
    fn first(pass: &GoodEnough) -> u32 {
        let mut pass = pass.clone();
        let mut requests = 0;
        while !pass.is_shown() && requests < 10_000 {
            pass.weigh(weighed(1.0, 0.0, 1e9, 0.0));
            requests += 1;
        }
        requests
    }

    #[test]
    fn without_errors_it_is_shown_after_the_reference_numbers_of_requests() {
        let margins = [0.2, 0.1, 0.05, 0.02, 0.01, 0.004, 0.002, 0.001];
        let alone = [21, 41, 82, 205, 409, 1023, 2045, 4090];
        let both = [25, 49, 98, 244, 487, 1216, 2431, 4861];
        for ((margin, alone), both) in margins.into_iter().zip(alone).zip(both) {
            assert_eq!(first(&GoodEnough::within(1.0, margin)), alone);
            assert_eq!(first(&GoodEnough::beside_stable(margin)), both);
        }
    }

    #[test]
    fn what_is_missing_is_about_5_over_m_without_errors_and_nothing_once_it_is_shown() {
        let mut pass = GoodEnough::beside_stable(0.01);
        let need = pass.missing(0.0, 9.0, 1.0).unwrap();
        assert!((450.0..600.0).contains(&need), "{need}");
        assert!((pass.missing(0.0, 9.0, 2.0).unwrap() - 2.0 * need).abs() < 1e-9);
        pass.weigh(weighed(300.0, 0.0, 2700.0, 0.0));
        let left = pass.missing(0.0, 9.0, 1.0).unwrap();
        assert!((left - (need - 300.0)).abs() < 1e-6, "{left}");
        pass.weigh(weighed(5000.0, 0.0, 45_000.0, 0.0));
        assert!(pass.missing(0.0, 9.0, 1.0).unwrap() <= 0.0);
        assert!(pass.missing(0.0, 0.0, 1.0).is_none(), "nothing to compare with");
        assert!(GoodEnough::alone(0.01).missing(0.5, 0.0, 1.0).is_none(), "far above the limit");
    }

    #[test]
    fn a_canary_that_is_worse_by_m_passes_as_seldom_as_promised() {
        const STAGES: u32 = 2000;
        let mut rng = fastrand::Rng::with_seed(2);
        let mut passes = 0;
        for _ in 0..STAGES {
            let mut pass = GoodEnough::beside_stable(0.05);
            for _ in 0..30 {
                let mut hits =
                    |n: u32, p: f64| (0..n).map(|_| if rng.f64() < p { 1.0 } else { 0.0 }).sum::<f64>();
                pass.weigh(weighed(10.0, hits(10, 0.06), 40.0, hits(40, 0.01)));
                if pass.is_shown() {
                    passes += 1;
                    break;
                }
            }
        }
        let most = f64::from(STAGES) / ENOUGH;
        assert!(f64::from(passes) <= most + 4.0 * most.sqrt(), "{passes}");
    }
}
