//! An e-process: bets of several sizes, begun at several times, mixed. Evidence against a hypothesis, valid at all looks
//! together: `E ≥ 1/α` at any time at all has a probability of at most α if the hypothesis is true (Ville).
//!
//! Mixing over start times (Shin, Ramdas and Rinaldo: e-detectors) keeps old good behaviour from hiding what begins late.

use super::bet::Hypothesis;
use super::tick::Pair;

/// Sizes of the bets on "worse", and their weights.
const FAIL: [(f64, f64); 7] = {
    const SEVENTH: f64 = 1.0 / 7.0;
    [
        (1.3, SEVENTH),
        (1.6, SEVENTH),
        (2.2, SEVENTH),
        (3.5, SEVENTH),
        (7.0, SEVENTH),
        (20.0, SEVENTH),
        (100.0, SEVENTH),
    ]
};
/// Sizes of the bets on "good enough", and their weights.
const PASS: [(f64, f64); 5] = [(0.85, 0.15), (0.7, 0.2), (0.5, 0.2), (0.25, 0.2), (0.03, 0.25)];

/// Evidence that the canary is worse than the hypothesis allows. Shares its [`StartWeights`] with others.
pub(super) type Worse = Mixture<7>;
/// Evidence that it is better than the hypothesis says, from one start.
pub(super) type Better = Mixture<5>;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Bet {
    g: f64,
    ln_g: f64,
    ln_weight: f64,
    /// Log of what has been won so far; −∞ before the first start.
    ln_wealth: f64,
}

/// A mixture of `N` bets against one hypothesis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mixture<const N: usize> {
    bets: [Bet; N],
}

impl Worse {
    pub fn new() -> Self {
        Self::of(FAIL)
    }
}

impl Better {
    /// All of it is bet at once.
    pub fn new() -> Self {
        let mut new = Self::of(PASS);
        new.start(1.0);
        new
    }
}

impl<const N: usize> Mixture<N> {
    fn of(grid: [(f64, f64); N]) -> Self {
        let bet = |(g, weight): (f64, f64)| Bet {
            g,
            ln_g: g.ln(),
            ln_weight: weight.ln(),
            ln_wealth: f64::NEG_INFINITY,
        };
        Self { bets: grid.map(bet) }
    }

    /// Puts `weight` of the start money on all bets, as of the next tick.
    pub fn start(&mut self, weight: f64) {
        if weight <= 0.0 {
            return;
        }
        let ln_weight = weight.ln();
        for bet in &mut self.bets {
            bet.ln_wealth = ln_add(bet.ln_wealth, bet.ln_weight + ln_weight);
        }
    }

    /// A tick. `factor`, 0 to 1, tempers its evidence: 1/D for events that come in clusters of D.
    pub fn weigh(&mut self, hypothesis: Hypothesis, pair: Pair, factor: f64) {
        let Some(stakes) = hypothesis.stakes(pair) else { return };
        for bet in &mut self.bets {
            bet.ln_wealth += stakes.ln_bet(bet.g, bet.ln_g) * factor;
        }
    }

    /// Log of the evidence, with `cash` of the start money not bet yet.
    pub fn ln_e(&self, cash: f64) -> f64 {
        ln_sum(self.bets.iter().map(|bet| bet.ln_wealth).chain([cash.max(0.0).ln()]))
    }

    /// `(g, ln g, log of the wealth)` of each bet.
    pub fn bets(&self) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
        self.bets.iter().map(|bet| (bet.g, bet.ln_g, bet.ln_wealth))
    }
}

/// ln(eᵃ + eᵇ), for a `b` above −∞.
fn ln_add(a: f64, b: f64) -> f64 {
    let (less, more) = if a < b { (a, b) } else { (b, a) };
    more + (less - more).exp().ln_1p()
}

/// ln of the sum of all eˣ; −∞ for a sum of nothing.
pub(super) fn ln_sum(all: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = all.clone().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY {
        return most;
    }
    most + all.map(|ln| (ln - most).exp()).sum::<f64>().ln()
}

/// How the start money of the tests for "worse" is spent: half of what is left where something begins, and else
/// a sixtieth a minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct StartWeights {
    /// What has not been bet, 1 at first.
    pub cash: f64,
}

impl StartWeights {
    pub fn new() -> Self {
        Self { cash: 1.0 }
    }

    /// The weight of a start at a tick of this length; `opens`: the rollout or a stage with a higher share begins.
    pub fn take(&mut self, opens: bool, seconds: f64) -> f64 {
        let part = if opens { 0.5 } else { 1.0 - (59.0_f64 / 60.0).powf(seconds / 60.0) };
        let weight = self.cash * part;
        self.cash -= weight;
        weight
    }
}

#[cfg(test)]
mod tests {
    use super::super::tick::Trials;
    use super::*;

    fn pair(nc: f64, xc: f64, ns: f64, xs: f64) -> Pair {
        let trials = |requests, events| Trials { requests, events };
        Pair { canary: trials(nc, xc), stable: trials(ns, xs) }
    }

    fn close(got: f64, expected: f64) {
        assert!((got - expected).abs() < 1e-6, "{got}, not {expected}");
    }

    #[test]
    fn start_weights_have_the_reference_values() {
        let mut starts = StartWeights::new();
        for (index, expected) in [0.5, 0.000_699_81, 0.000_698_83, 0.000_697_85].into_iter().enumerate() {
            let weight = starts.take(index == 0, 5.0);
            assert!((weight - expected).abs() < 5e-9, "{weight}");
        }
        assert!((starts.cash - 0.497_903_518).abs() < 1e-9);
    }

    fn six_ticks() -> [Pair; 6] {
        [
            pair(25.0, 0.0, 480.0, 1.0),
            pair(24.0, 0.0, 470.0, 0.0),
            pair(27.0, 0.0, 490.0, 2.0),
            pair(26.0, 2.0, 475.0, 1.0),
            pair(25.0, 2.0, 481.0, 0.0),
            pair(23.0, 1.0, 466.0, 1.0),
        ]
    }

    fn worse(ratio: f64, slack: f64) -> Vec<f64> {
        let (mut mixture, mut starts) = (Worse::new(), StartWeights::new());
        let ln_e = |(index, pair)| {
            mixture.start(starts.take(index == 0, 5.0));
            mixture.weigh(Hypothesis { ratio, slack }, pair, 1.0);
            mixture.ln_e(starts.cash)
        };
        six_ticks().into_iter().enumerate().map(ln_e).collect()
    }

    #[test]
    fn evidence_of_six_ticks_has_the_reference_values() {
        let expected = [-0.161_511, -0.184_807, -0.282_752, 0.670_086, 3.526_835, 4.873_930];
        for (got, expected) in worse(1.0, 0.001).into_iter().zip(expected) {
            close(got, expected);
        }
        close(worse(1.25, 0.0)[5], 5.096_786);
        close(worse(2.0, 0.005)[5], 1.330_453);
        close(worse(0.0, 0.01)[5], 0.978_784);
    }

    #[test]
    fn a_canary_that_fails_every_request_is_named_soon() {
        for (n, expected) in [(1.0, 1.820), (2.0, 5.237), (3.0, 9.008), (5.0, 16.705)] {
            let mut mixture = Worse::new();
            mixture.start(0.5);
            mixture.weigh(Hypothesis { ratio: 1.0, slack: 0.001 }, pair(n, n, 99.0 * n, 0.0), 1.0);
            assert!((mixture.ln_e(0.5) - expected).abs() < 5e-4, "{n}: {}", mixture.ln_e(0.5));
        }
    }

    #[test]
    fn a_tempered_tick_says_as_much_less() {
        let hypothesis = Hypothesis { ratio: 1.0, slack: 0.001 };
        let [mut one, mut other] = [Worse::new(), Worse::new()];
        for mixture in [&mut one, &mut other] {
            mixture.start(1.0);
        }
        one.weigh(hypothesis, pair(100.0, 8.0, 1000.0, 2.0), 1.0);
        other.weigh(hypothesis, pair(100.0, 8.0, 1000.0, 2.0), 0.25);
        for ((.., full), (.., tempered)) in one.bets().zip(other.bets()) {
            let start = (1.0_f64 / 7.0).ln();
            close(tempered - start, (full - start) / 4.0);
        }
    }

    #[test]
    fn evidence_of_what_never_began_is_the_cash() {
        close(Worse::new().ln_e(1.0), 0.0);
        assert!(Worse::new().ln_e(0.0) < f64::MIN);
    }

    /// One rollout of a healthy canary: the largest evidence it ever showed, and the last.
    fn healthy(rng: &mut fastrand::Rng, hypothesis: Hypothesis, rate: f64) -> (f64, f64) {
        let (mut mixture, mut starts) = (Worse::new(), StartWeights::new());
        let (mut most, mut last) = (0.0_f64, 1.0);
        for tick in 0..60 {
            mixture.start(starts.take(tick % 30 == 0, 20.0));
            let mut trials = |n: u32, p: f64| Trials {
                requests: f64::from(n),
                events: (0..n).map(|_| if rng.f64() < p { 1.0 } else { 0.0 }).sum(),
            };
            let canary = trials(10, hypothesis.ratio * rate + hypothesis.slack);
            let stable = trials(30, rate);
            mixture.weigh(hypothesis, Pair { canary, stable }, 1.0);
            last = mixture.ln_e(starts.cash).exp();
            most = most.max(last);
        }
        (most, last)
    }

    #[test]
    fn a_canary_at_the_limit_shows_much_evidence_as_seldom_as_promised() {
        const ROLLOUTS: u32 = 2000;
        let mut rng = fastrand::Rng::with_seed(1);
        for (hypothesis, rate) in [
            (Hypothesis { ratio: 1.0, slack: 0.0 }, 0.05),
            (Hypothesis { ratio: 1.25, slack: 0.01 }, 0.02),
            (Hypothesis { ratio: 0.0, slack: 0.03 }, 0.0),
        ] {
            let runs: Vec<(f64, f64)> = (0..ROLLOUTS).map(|_| healthy(&mut rng, hypothesis, rate)).collect();
            for threshold in [4.0, 20.0] {
                let above: u32 = runs.iter().map(|(most, _)| u32::from(*most >= threshold)).sum();
                let expected = f64::from(ROLLOUTS) / threshold;
                assert!(f64::from(above) <= expected + 4.0 * expected.sqrt(), "{threshold}: {above}");
            }
            // The mean is at most 1; capped, since few large ones make it jump.
            let mean = runs.iter().map(|(_, last)| last.min(50.0)).sum::<f64>() / f64::from(ROLLOUTS);
            assert!(mean < 1.2, "{mean}");
        }
    }
}
