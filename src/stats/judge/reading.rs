//! What the judge knows at the end of a round: the verdict of every check, with the numbers behind it.

use super::{Judge, RATE_OVER};
use crate::stats::burn::Burn;
use crate::stats::errors::{Errors, ErrorsReason, Missing};
use crate::stats::latency::{Latency, LatencyReason, QuantileCheck};
use crate::stats::pass::{HORIZON, margin};
use crate::stats::reference::{Bounds, QUANTILES, bucket};
use crate::stats::share::Shares;
use crate::stats::stage::{Passes, Running};
use crate::stats::tick::{Pair, SAME, Trials};
use crate::stats::verdict::Verdict;

/// Fewest requests of each that a pass takes.
const FEWEST_REQUESTS: f64 = 20.0;
/// A pass that takes longer asks for another share, in seconds.
const TOO_LONG: f64 = 1800.0;
/// The shares that are offered then.
const SHARES: [f64; 16] =
    [0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

impl Judge {
    /// The error check, for a step to share `target`, above 0 to 1.
    #[must_use]
    pub fn errors(&self, target: f64) -> Errors {
        let passes = self.running().map(|running| running.passes(target));
        let counted = self.running().map(|running| running.counted.errors).unwrap_or_default();
        let (verdict, reason) = self.judge_errors(passes.as_ref());
        Errors {
            verdict,
            reason,
            canary: counted.canary,
            stable: counted.stable,
            evidence: self.errors.evidence(passes.as_ref().map_or(0.0, |passes| passes.errors.ln_e())),
            margin: passes.map_or_else(|| margin(self.rate, target), |passes| passes.margin),
            dispersion: self.spread.errors,
        }
    }

    fn judge_errors(&self, passes: Option<&Passes>) -> (Verdict, ErrorsReason) {
        if let Some(rule) = self.errors.failed() {
            return (Verdict::Fail, ErrorsReason::Failed(rule));
        }
        let (Some(running), Some(passes)) = (self.running(), passes) else {
            return (Verdict::Hold, ErrorsReason::Settling);
        };
        let Pair { canary, stable } = running.counted.errors;
        if canary.requests <= 0.0 {
            return (Verdict::NoData, ErrorsReason::NoCanaryRequests);
        }
        let is_compared = running.alone.is_none();
        if is_compared && stable.requests <= 0.0 {
            return (Verdict::NoData, ErrorsReason::NoStableRequests);
        }
        if let Some(reason) = self.errors.holds() {
            return (Verdict::Hold, reason);
        }
        if !passes.errors.is_shown() {
            return (Verdict::Hold, ErrorsReason::Undecided(self.missing(running, passes)));
        }
        if canary.requests < FEWEST_REQUESTS || (is_compared && stable.requests < FEWEST_REQUESTS) {
            return (Verdict::Hold, ErrorsReason::TooFewRequests);
        }
        let left = running.began + self.setup.limits.bake - self.recent.now;
        if left > SAME {
            return (Verdict::Hold, ErrorsReason::Baking(left));
        }
        (Verdict::Pass, ErrorsReason::GoodEnough)
    }

    fn missing(&self, running: &Running, passes: &Passes) -> Option<Missing> {
        let Pair { canary, stable } = running.counted.errors;
        let rate = if running.alone.is_some() { canary } else { stable }.expected_rate();
        let dispersion = self.spread.errors;
        let requests = passes.errors.missing(rate, stable.requests / canary.requests, dispersion)?;
        let seconds = (self.recent.now - running.began) * requests / canary.requests;
        let afresh = passes.errors.afresh();
        let within_horizon = |share: &f64| {
            let need = afresh.missing(rate, (1.0 - share) / share, dispersion);
            need.is_some_and(|need| need <= running.rate * share * HORIZON)
        };
        let share = if seconds > TOO_LONG { SHARES.into_iter().find(within_horizon) } else { None };
        Some(Missing { requests, seconds: (seconds > 0.0).then_some(seconds), share })
    }

    /// The latency check, for a step to share `target`, above 0 to 1.
    #[must_use]
    pub fn latency(&self, target: f64) -> Latency {
        let slow = self.running().and_then(|running| running.passes(target).slow);
        let (verdict, reason) =
            self.judge_latency(slow.as_ref().map(|[p95, p99]| p95.is_shown() && p99.is_shown()));
        let good_enough = slow.map_or([0.0; 2], |slow| slow.map(|test| test.ln_e()));
        let of_each =
            self.bounds.iter().flatten().zip(QUANTILES).zip(self.latency.ln_worse()).zip(good_enough);
        let quantiles = of_each.map(|(((bounds, quantile), worse), good_enough)| {
            self.quantile(quantile, bounds, worse, good_enough)
        });
        Latency { verdict, reason, quantiles: quantiles.collect() }
    }

    fn judge_latency(&self, is_shown: Option<bool>) -> (Verdict, LatencyReason) {
        if self.errors.failed().is_some() {
            return (Verdict::NotApplicable, LatencyReason::ErrorsFailed);
        }
        if let Some(quantile) = self.latency.failed() {
            return (Verdict::Fail, LatencyReason::Failed(quantile));
        }
        if self.setup.edges_ms.is_empty() {
            return (Verdict::NoData, LatencyReason::NoHistogram);
        }
        let Some(running) = self.running() else { return (Verdict::Hold, LatencyReason::Settling) };
        if self.bounds.is_none() {
            return (Verdict::Hold, LatencyReason::NoReference);
        }
        let lacks = |pair: &Pair| pair.canary.requests <= 0.0 || pair.stable.requests <= 0.0;
        match is_shown {
            _ if running.counted.slow.iter().any(lacks) => (Verdict::NoData, LatencyReason::NoRequests),
            Some(true) => (Verdict::Pass, LatencyReason::GoodEnough),
            Some(false) | None => (Verdict::Hold, LatencyReason::Undecided),
        }
    }

    fn quantile(&self, quantile: f64, bounds: &Bounds, worse: f64, good_enough: f64) -> QuantileCheck {
        let edges = &self.setup.edges_ms;
        let up = bounds.up.edge;
        let slow = self.running().map(|running| running.counted.slow.as_slice()).unwrap_or_default();
        let counted = slow.get(up).copied().unwrap_or_default();
        let bucket_of =
            |side: fn(&Pair) -> Trials| bucket(edges, &slow.iter().map(side).collect::<Vec<_>>(), quantile);
        QuantileCheck {
            edge_ms: edges.get(up).copied().unwrap_or(f64::INFINITY),
            quantile,
            allowed: bounds.up.ratio,
            canary: counted.canary,
            stable: counted.stable,
            worse,
            good_enough,
            dispersion: self.spread.slow.get(up).copied().unwrap_or(1.0),
            canary_bucket_ms: bucket_of(|pair| pair.canary),
            stable_bucket_ms: bucket_of(|pair| pair.stable),
        }
    }

    /// The share check; `None` until the stage has begun.
    #[must_use]
    pub fn shares(&self) -> Option<Shares> {
        self.running().map(|running| running.shares.read(self.recent.rate(RATE_OVER)))
    }

    /// The burn rate.
    #[must_use]
    pub fn burn(&self) -> Burn {
        self.burn.read(&self.recent, self.setup.began)
    }
}
