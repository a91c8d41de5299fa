//! From the answers to the three questions of a refresh to the numbers of each row.

use std::collections::HashMap;
use std::time::Duration;

use super::decode::{self, RawSeries};
use super::model::Numbers;
use super::provider::Provider;
use super::quantile::quantile;
use super::query::Question;
use crate::route::RuleBackend;

/// Requests and errors a second, as two sums: a canary that fails every request shows 100 %, while
/// `not-5xx ÷ all` would find no series and show nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rates {
    pub requests: f64,
    pub errors: f64,
}

impl Rates {
    /// Adds one class. A rate that is no number makes the sums no numbers either, on purpose.
    pub fn add(&mut self, is_error: bool, rate: f64) {
        self.requests += rate;
        if is_error {
            self.errors += rate;
        }
    }

    /// Requests a second, if that is a number.
    pub fn per_second(self) -> Option<f64> {
        self.requests.is_finite().then_some(self.requests)
    }

    /// Errors ÷ requests, 0 to 1; `None` without requests.
    pub fn error_rate(self) -> Option<f64> {
        let usable = self.requests > 0.0 && self.requests.is_finite() && self.errors.is_finite();
        usable.then(|| (self.errors / self.requests).clamp(0.0, 1.0))
    }
}

/// The edge of a bucket in seconds.
pub(super) fn edge(provider: &Provider, series: &RawSeries) -> Option<f64> {
    series.label("le").parse().ok().map(|edge| provider.latency_unit.seconds(edge))
}

/// The numbers of each backend that has series.
pub(super) fn numbers(
    question: &Question,
    window: Duration,
    rates: &[RawSeries],
    buckets: &[RawSeries],
    newest: &[RawSeries],
) -> HashMap<RuleBackend, Numbers> {
    let provider = question.provider();
    let mut rows: HashMap<RuleBackend, Numbers> = HashMap::new();

    let mut sums: HashMap<&RuleBackend, Rates> = HashMap::new();
    for (series, rate) in last_values(rates) {
        for backend in question.backends_of(series) {
            sums.entry(backend).or_default().add(provider.is_error(series), rate);
        }
    }
    for (backend, sum) in sums {
        let row = rows.entry(backend.clone()).or_default();
        row.requests_per_second = sum.per_second();
        row.not_a_number = sum.per_second().is_none();
        row.requests = sum.per_second().map(|rate| rate * window.as_secs_f64());
        row.error_rate = sum.error_rate();
    }

    let mut histograms: HashMap<&RuleBackend, Vec<(f64, f64)>> = HashMap::new();
    for (series, rate) in last_values(buckets) {
        let Some(edge) = edge(provider, series) else { continue };
        for backend in question.backends_of(series) {
            histograms.entry(backend).or_default().push((edge, rate));
        }
    }
    for (backend, histogram) in histograms {
        let row = rows.entry(backend.clone()).or_default();
        row.p50 = quantile(0.50, &histogram);
        row.p95 = quantile(0.95, &histogram);
        row.p99 = quantile(0.99, &histogram);
    }

    for (series, seconds) in last_values(newest) {
        for backend in question.backends_of(series) {
            let row = rows.entry(backend.clone()).or_default();
            row.newest_sample = row.newest_sample.max(decode::timestamp(seconds));
        }
    }
    for (backend, granularity) in question.granularities([rates, buckets, newest].into_iter().flatten()) {
        rows.entry(backend.clone()).or_default().granularity = granularity;
    }
    rows
}

/// Requests under way at each backend that has the gauge.
pub(super) fn in_flight(question: &Question, series: &[RawSeries]) -> HashMap<RuleBackend, f64> {
    let mut counts: HashMap<RuleBackend, f64> = HashMap::new();
    for (series, count) in last_values(series).filter(|(_, count)| count.is_finite()) {
        for backend in question.backends_of(series) {
            *counts.entry(backend.clone()).or_default() += count;
        }
    }
    counts
}

fn last_values(series: &[RawSeries]) -> impl Iterator<Item = (&RawSeries, f64)> {
    series.iter().filter_map(|series| series.samples.last().map(|(_, value)| (series, *value)))
}
