//! Numbers of the simulated traffic, as a Prometheus would give them that reads the counters every two seconds.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, ready};
use jiff::{SignedDuration, Timestamp};

use super::shop::CONTROLLER;
use super::traffic::{Counters, EDGES, SCRAPE, Sample, Traffic};
use crate::clock::Clock;
use crate::metrics::{
    BackendCounts, BackendHistory, Counts, Granularity, History, MetricError, MetricSource, Named, Naming,
    Numbers, Provider, Quantile, Snapshot, Strain, Unit, Used, quantile,
};
use crate::route::{BackendRef, RouteId, RuleBackend, destinations};
use crate::stats::{self, Tick, Ticks, unix_seconds};

/// Like Contour's series: what the gateway saw, by Service.
static PROVIDER: LazyLock<Arc<Provider>> = LazyLock::new(|| {
    Arc::new(Provider {
        name: "demo".to_owned(),
        controllers: vec![CONTROLLER.to_owned()],
        recognise: None,
        requests: String::new(),
        errors: Vec::new(),
        latency: None,
        latency_unit: Unit::Milliseconds,
        matchers: Vec::new(),
        labels: Vec::new(),
        namings: vec![Naming { values: Vec::new(), granularity: Granularity::Service }],
    })
});

fn used() -> Used {
    Used::of(Arc::clone(&PROVIDER))
}

/// A rate needs a few samples.
const SHORTEST_WINDOW: Duration = Duration::from_secs(8);

/// An alert fires where more requests fail than this, over this time.
const ALERT_ABOVE: f64 = 0.05;
/// So many of the requests that fail were given up by the gateway.
const TIMED_OUT: f64 = 0.25;
const ALERT_WINDOW: Duration = Duration::from_mins(1);

/// The source. Shares the simulator with whoever tells it what is served.
pub struct DemoMetrics {
    traffic: Arc<Mutex<Traffic>>,
    clock: Clock,
}

impl DemoMetrics {
    /// Numbers of `traffic`.
    pub fn new(traffic: Arc<Mutex<Traffic>>, clock: Clock) -> Self {
        Self { traffic, clock }
    }

    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn snapshot(&self, backends: &[RuleBackend], window: Duration) -> Snapshot {
        let now = self.clock.now();
        let mut traffic = self.traffic();
        let samples = traffic.samples(now);
        let of = |backend: &RuleBackend| Some((backend.clone(), numbers(samples, &backend.to, now, window)?));
        Snapshot {
            evaluated_at: now,
            window,
            backends: backends.iter().filter_map(of).collect(),
            used: backends.iter().map(|place| (place.route.clone(), Ok(used()))).collect(),
            warnings: Vec::new(),
        }
    }

    /// One rule of alerts for all Services, as most people have it.
    fn alerts(&self) -> Vec<BTreeMap<String, String>> {
        let now = self.clock.now();
        let mut traffic = self.traffic();
        let samples = traffic.samples(now);
        let fails = |backend: &&BackendRef| {
            let minute = numbers(samples, backend, now, ALERT_WINDOW);
            minute.and_then(|minute| minute.error_rate).is_some_and(|rate| rate > ALERT_ABOVE)
        };
        let all = samples.back().into_iter().flat_map(|newest| newest.counters.keys());
        let labels = |backend: &BackendRef| {
            [
                ("alertname", "HighErrorRate"),
                ("severity", "critical"),
                ("namespace", &backend.namespace),
                ("service", &backend.name),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
        };
        all.filter(fails).map(labels).collect()
    }

    fn past(&self, backends: &[RuleBackend], span: Duration, step: Duration) -> History {
        let now = self.clock.now();
        let step = Duration::from_secs(step.as_secs().max(1));
        let seconds = i64::try_from(step.as_secs()).unwrap_or(i64::MAX);
        let steps = i64::try_from(span.as_secs() / step.as_secs()).unwrap_or(0);
        let newest = now.as_second().div_euclid(seconds);
        let mut traffic = self.traffic();
        let samples = traffic.samples(now);
        let of = |backend: &RuleBackend| {
            samples.back()?.counters.get(&backend.to)?;
            let mut series = BackendHistory::empty(step, usize::try_from(steps + 1).unwrap_or(1));
            for slot in newest - steps..=newest {
                let at = Timestamp::from_second(slot * seconds).ok()?;
                let numbers = numbers(samples, &backend.to, at, step.max(SHORTEST_WINDOW));
                series.push(at, &numbers.unwrap_or_default());
            }
            Some((backend.clone(), series))
        };
        History { step, backends: backends.iter().filter_map(of).collect(), warnings: Vec::new() }
    }

    /// Every two seconds one gateway is scraped, which counts them all.
    fn ticked(&self, backends: &[RuleBackend], since: Timestamp) -> Ticks {
        let now = self.clock.now();
        let destinations = destinations(backends);
        let mut traffic = self.traffic();
        let samples = traffic.samples(now);
        let of =
            |sample: &Sample, backend: &BackendRef| sample.counters.get(backend).copied().unwrap_or_default();
        let counts = |first: &Counters, last: &Counters| stats::Counts {
            requests: float(last.requests - first.requests),
            errors: float(last.errors - first.errors),
            slow: slower(first, last),
        };
        let tick = |(first, last): (&Sample, &Sample)| {
            let end = unix_seconds(last.at);
            let backends = destinations.iter().map(|to| counts(&of(first, to), &of(last, to)));
            Tick {
                end,
                seconds: end - unix_seconds(first.at),
                target: 0,
                scale: 1.0,
                backends: backends.collect(),
            }
        };
        let pairs = samples.iter().zip(samples.iter().skip(1)).filter(|(first, _)| first.at >= since);
        let newest = samples.back();
        let has = |to: &BackendRef| newest.filter(|sample| sample.counters.contains_key(to));
        Ticks {
            rounds: pairs.map(|pair| vec![tick(pair)]).collect(),
            edges_ms: EDGES.to_vec(),
            paired: true,
            scrape_seconds: Some(SCRAPE.as_secs_f64()),
            newest: destinations.iter().map(|to| has(to).map(|sample| unix_seconds(sample.at))).collect(),
            ..Ticks::default()
        }
    }

    fn increments(&self, backends: &[RuleBackend], since: Timestamp) -> Counts {
        let now = self.clock.now();
        let mut traffic = self.traffic();
        let samples = traffic.samples(now);
        let of = |backend: &RuleBackend| {
            let newest = samples.back()?;
            let end = newest.counters.get(&backend.to)?;
            let before = samples.iter().rev().find(|sample| sample.at <= since).or(samples.front())?;
            let start = before.counters.get(&backend.to).copied().unwrap_or_default();
            let counts = BackendCounts {
                requests: float(end.requests - start.requests),
                errors: float(end.errors - start.errors),
                newest: Some(newest.at),
                scrape_interval: Some(SCRAPE),
                scrapes: samples.iter().filter(|sample| sample.at > since).count(),
                reset: false,
                target_up: Some(true),
                granularity: Granularity::Service,
            };
            Some((backend.clone(), counts))
        };
        Counts { since, asked_at: now, backends: backends.iter().filter_map(of).collect() }
    }
}

/// Requests slower than each edge.
fn slower(first: &Counters, last: &Counters) -> Vec<f64> {
    let mut slow = 0.0;
    let mut all: Vec<f64> = last
        .buckets
        .iter()
        .zip(&first.buckets)
        .rev()
        .map(|(last, first)| {
            slow += float(last - first);
            slow
        })
        .collect();
    all.reverse();
    // Those above the first edge are all but the first bucket's.
    all.into_iter().skip(1).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a demo counts no 2^52 requests")]
fn float(count: u64) -> f64 {
    count as f64
}

/// The numbers of one backend over the `window` before `at`; `None` when it has no series.
fn numbers(
    samples: &VecDeque<Sample>,
    backend: &BackendRef,
    at: Timestamp,
    window: Duration,
) -> Option<Numbers> {
    let end = samples.iter().rev().find(|sample| sample.at <= at)?;
    let last = end.counters.get(backend)?;
    let from = end.at.saturating_sub(SignedDuration::try_from(window).ok()?).ok()?;
    let start = samples.iter().find(|sample| sample.at >= from)?;
    let first = start.counters.get(backend).copied().unwrap_or_default();
    let seconds = end.at.duration_since(start.at).as_secs_f64();
    if seconds <= 0.0 {
        return Some(Numbers { newest_sample: Some(end.at), ..Numbers::default() });
    }
    let requests = float(last.requests - first.requests);
    let rate = requests / seconds;
    let latency = |q: f64| latency(q, &first, last);
    Some(Numbers {
        requests_per_second: Some(rate),
        requests: Some(rate * window.as_secs_f64()),
        error_rate: (requests > 0.0).then(|| float(last.errors - first.errors) / requests),
        p50: latency(0.5),
        p95: latency(0.95),
        p99: latency(0.99),
        newest_sample: Some(end.at),
        not_a_number: false,
        granularity: Granularity::Service,
    })
}

fn latency(q: f64, first: &Counters, last: &Counters) -> Option<Quantile> {
    let edges = EDGES.iter().map(|edge| edge / 1000.0).chain([f64::INFINITY]);
    let mut sum = 0.0;
    let buckets: Vec<(f64, f64)> = edges
        .zip(last.buckets.iter().zip(&first.buckets))
        .map(|(edge, (last, first))| {
            sum += float(last - first);
            (edge, sum)
        })
        .collect();
    quantile(q, &buckets)
}

impl MetricSource for DemoMetrics {
    fn numbers<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        window: Duration,
    ) -> BoxFuture<'a, Result<Snapshot, MetricError>> {
        Box::pin(ready(Ok(self.snapshot(backends, window))))
    }

    fn history<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        span: Duration,
        step: Duration,
    ) -> BoxFuture<'a, Result<History, MetricError>> {
        Box::pin(ready(Ok(self.past(backends, span, step))))
    }

    fn counts<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Counts, MetricError>> {
        Box::pin(ready(Ok(self.increments(backends, since))))
    }

    fn firing<'a>(
        &'a self,
        _: &'a [Named],
    ) -> BoxFuture<'a, Result<Vec<BTreeMap<String, String>>, MetricError>> {
        Box::pin(ready(Ok(self.alerts())))
    }

    fn ticks<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Ticks, MetricError>> {
        Box::pin(ready(Ok(self.ticked(backends, since))))
    }

    fn strain<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Option<Vec<Strain>>, MetricError>> {
        let counts = self.increments(backends, since).backends;
        let late = |(place, counts): (_, BackendCounts)| (place, (counts.errors * TIMED_OUT).floor());
        let none = |what| Strain { what, events: HashMap::new() };
        let time_outs = Strain { what: "time-outs", events: counts.into_iter().map(late).collect() };
        Box::pin(ready(Ok(Some(vec![none("retries"), time_outs, none("overflow")]))))
    }

    /// What is simulated is answered at once.
    fn in_flight<'a>(&'a self, _: &'a [RuleBackend]) -> BoxFuture<'a, Result<Option<f64>, MetricError>> {
        Box::pin(ready(Ok(Some(0.0))))
    }

    fn check(&self) -> BoxFuture<'_, Result<(), MetricError>> {
        Box::pin(ready(Ok(())))
    }

    fn granularity(&self, _: &RouteId) -> Option<Granularity> {
        Some(Granularity::Service)
    }
}
