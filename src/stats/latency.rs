//! The latency check. It compares shares of requests above an edge of the histogram, not quantiles: wide buckets cost power,
//! but never honesty, and a slow-down of both versions cancels.

use super::evidence::{Evidence, Latch, Weighed};
use super::mixture::ln_sum;
use super::reference::{Bound, Bounds, QUANTILES};
use super::setup::Limits;
use super::tick::Trials;
use super::verdict::Verdict;

/// E from which a quantile convicts.
const CONVICTS: f64 = 200.0;
/// The canary's share above an edge may be larger by this without any meaning, as a probability.
const NOTHING: f64 = 0.002;

/// Why the verdict is what it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LatencyReason {
    /// This quantile was shown to be slower; stays so until the share is 0, the revision changes, or a person overrides.
    Failed(f64),
    /// The canary failed by its errors, and failures are quick.
    ErrorsFailed,
    /// There is no histogram with the same edges of both.
    NoHistogram,
    /// The stage has not begun yet.
    Settling,
    /// Stable has fewer than 500 requests with a histogram.
    NoReference,
    /// No request of the canary since the stage began, or none of stable.
    NoRequests,
    /// Not shown to be fast enough yet.
    Undecided,
    /// Shown to be fast enough for the next step.
    GoodEnough,
}

/// The latency check with the numbers it saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Latency {
    /// The answer.
    pub verdict: Verdict,
    /// Why.
    pub reason: LatencyReason,
    /// One for each quantile, as soon as there is a reference.
    pub quantiles: Vec<QuantileCheck>,
}

/// One quantile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantileCheck {
    /// 0.95 or 0.99.
    pub quantile: f64,
    /// R: how many times stable's share above the edge the canary may have.
    pub allowed: f64,
    /// The edge of the histogram that is looked at, in ms.
    pub edge_ms: f64,
    /// The canary's requests since the stage began, and those above that edge.
    pub canary: Trials,
    /// The same of stable.
    pub stable: Trials,
    /// ln E that the canary is slower.
    pub worse: f64,
    /// ln E that it is fast enough.
    pub good_enough: f64,
    /// D ≥ 1 at that edge.
    pub dispersion: f64,
    /// The bucket of the canary's quantile since the stage began: its edges in ms, the upper one +∞ above the last.
    pub canary_bucket_ms: Option<(f64, f64)>,
    /// The same of stable.
    pub stable_bucket_ms: Option<(f64, f64)>,
}

/// The fail tests of one quantile: at the edge below it and at the one above.
#[derive(Debug, Clone, PartialEq)]
struct QuantileTests {
    low: Evidence,
    up: Evidence,
    latch: Latch,
}

impl QuantileTests {
    fn new() -> Self {
        Self { low: Evidence::new(1.0, NOTHING), up: Evidence::new(1.0, NOTHING), latch: Latch::default() }
    }

    /// The mean of both edges.
    fn ln_worse(&self) -> f64 {
        ln_sum([self.low.ln_now, self.up.ln_now].into_iter()) - 2.0_f64.ln()
    }
}

/// The fail tests. They run from the start of the rollout.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LatencyTests {
    limits: Limits,
    quantiles: [QuantileTests; 2],
}

impl LatencyTests {
    pub fn new(limits: Limits) -> Self {
        Self { limits, quantiles: [QuantileTests::new(), QuantileTests::new()] }
    }

    /// What is allowed from the next tick on.
    pub fn allow(&mut self, bounds: &[Bounds; 2]) {
        for (tests, bounds) in self.quantiles.iter_mut().zip(bounds) {
            tests.low.allow(bounds.low.ratio);
            tests.up.allow(bounds.up.ratio);
        }
    }

    /// A tick; `at` says what it counted at each bound. Without bounds only the start money is put on the table.
    pub fn weigh(&mut self, start: f64, bounds: Option<&[Bounds; 2]>, at: impl Fn(Bound) -> Weighed) {
        for (index, tests) in self.quantiles.iter_mut().enumerate() {
            let bounds = bounds.and_then(|bounds| bounds.get(index));
            tests.low.weigh(start, bounds.map(|bounds| at(bounds.low)).unwrap_or_default());
            tests.up.weigh(start, bounds.map(|bounds| at(bounds.up)).unwrap_or_default());
        }
    }

    /// A round is over.
    pub fn end_round(&mut self, cash: f64) {
        for tests in &mut self.quantiles {
            tests.low.end_round(cash);
            tests.up.end_round(cash);
            let is_slower = tests.ln_worse() >= self.limits.threshold(CONVICTS);
            tests.latch.end_round(is_slower);
        }
    }

    /// The quantile that failed.
    pub fn failed(&self) -> Option<f64> {
        let mut pairs = self.quantiles.iter().zip(QUANTILES);
        pairs.find_map(|(tests, quantile)| tests.latch.closed.then_some(quantile))
    }

    /// ln E of each quantile.
    pub fn ln_worse(&self) -> [f64; 2] {
        [self.quantiles[0].ln_worse(), self.quantiles[1].ln_worse()]
    }
}
