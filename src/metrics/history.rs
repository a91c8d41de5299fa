//! From the answers to two range queries to the series of each backend.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;

use super::decode::RawSeries;
use super::model::{BackendHistory, Numbers};
use super::quantile::quantile;
use super::query::Question;
use super::rows::{Rates, edge};
use crate::route::RuleBackend;

/// The instants a history has values for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    pub start: Timestamp,
    pub end: Timestamp,
    pub step: Duration,
}

impl Grid {
    /// The last `span` before `now`, on whole steps, so that the same instants are asked for again
    /// and again. Prometheus refuses more than 11,000 values a series: the step grows instead.
    pub fn new(now: Timestamp, span: Duration, step: Duration) -> Self {
        // Whole seconds: that is what the client library can send.
        let step = step.max(span / 10_000).as_secs_f64().ceil().max(1.0);
        let step = Duration::from_secs_f64(step);
        #[expect(
            clippy::cast_possible_wrap,
            reason = "a step of 292 thousand million years is not asked for"
        )]
        let seconds = step.as_secs() as i64;
        let end = now.as_second().div_euclid(seconds) * seconds;
        let end = Timestamp::from_second(end).unwrap_or(now);
        Self { start: end.checked_sub(span).unwrap_or(end), end, step }
    }

    fn instants(self) -> impl Iterator<Item = Timestamp> {
        let mut next = Some(self.start);
        std::iter::from_fn(move || {
            let at = next.filter(|at| *at <= self.end)?;
            next = at.checked_add(self.step).ok();
            Some(at)
        })
    }
}

#[derive(Default)]
struct Points {
    rates: BTreeMap<Timestamp, Rates>,
    histograms: BTreeMap<Timestamp, Vec<(f64, f64)>>,
}

/// The series of each backend that has any, with a value or a gap for every instant of `grid`.
pub(super) fn histories(
    question: &Question,
    grid: Grid,
    rates: &[RawSeries],
    buckets: &[RawSeries],
) -> HashMap<RuleBackend, BackendHistory> {
    let provider = question.provider();
    let mut points: HashMap<&RuleBackend, Points> = HashMap::new();
    for series in rates {
        for backend in question.backends_of(series) {
            let points = points.entry(backend).or_default();
            for &(at, rate) in &series.samples {
                points.rates.entry(at).or_default().add(provider.is_error(series), rate);
            }
        }
    }
    for series in buckets {
        let Some(edge) = edge(provider, series) else { continue };
        for backend in question.backends_of(series) {
            let points = points.entry(backend).or_default();
            for &(at, rate) in &series.samples {
                points.histograms.entry(at).or_default().push((edge, rate));
            }
        }
    }
    let capacity = grid.instants().count();
    points
        .into_iter()
        .map(|(backend, points)| {
            let mut history = BackendHistory::empty(grid.step, capacity);
            for at in grid.instants() {
                let rates = points.rates.get(&at);
                let below = |part| quantile(part, points.histograms.get(&at)?);
                let numbers = Numbers {
                    requests_per_second: rates.and_then(|rates| rates.per_second()),
                    error_rate: rates.and_then(|rates| rates.error_rate()),
                    p50: below(0.50),
                    p95: below(0.95),
                    p99: below(0.99),
                    ..Numbers::default()
                };
                history.push(at, &numbers);
            }
            (backend.clone(), history)
        })
        .collect()
}
