//! The source behind `--prometheus URL`: which questions are asked, how many, and in which order.

mod counts;
mod load;
mod rates;
mod scrapes;
mod sums;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::Mutex as TokioMutex;

use super::access::Access;
use super::alerts::{self, Named};
use super::decode::RawSeries;
use super::error::MetricError;
use super::model::{Counts, History, Snapshot, Strain};
use super::provider::{Granularity, Providers};
use super::query::Question;
use super::recognition::{Asked, Recognition};
use super::samples::Samples;
use super::transport::Transport;
use super::{MetricSource, Origin};
use crate::cluster::Cluster;
use crate::route::{RouteId, RuleBackend};
use crate::stats::Ticks;

/// How long one question may take, connecting included.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What the scrape interval is taken for until it was measured: Prometheus' own default, the longest usual.
const ASSUMED_INTERVAL: Duration = Duration::from_mins(1);
/// How far samples are read back before the instant asked about, at least: two clocks that differ by
/// some seconds then lose nothing.
const LOOK_BACK: Duration = Duration::from_secs(30);

/// Numbers from a Prometheus, or from anything that speaks its query API.
#[derive(Debug)]
pub struct PrometheusSource {
    transport: Transport,
    recognition: Recognition,
    /// What was told apart of each route in the last answer.
    apart: Mutex<HashMap<RouteId, Granularity>>,
    /// The last measured scrape interval in milliseconds; 0 is not measured yet.
    interval: AtomicU64,
    /// Nobody named it.
    found: bool,
    /// So many samples are read one by one at most.
    most_samples: f64,
    /// What was read of the split that was looked at last.
    samples: TokioMutex<Samples>,
}

impl PrometheusSource {
    /// A source for an `http` or `https` URL, with another time-out for each question than 10 s. A rustls crypto provider must
    /// be installed in the process.
    ///
    /// # Errors
    /// [`MetricError::BadUrl`].
    pub fn with_timeout(url: &str, providers: Providers, timeout: Duration) -> Result<Self, MetricError> {
        Ok(Self::over(Transport::new(url, &Access::default(), None, timeout)?, providers))
    }

    /// A source for `url`, reached as `access` says; `cluster` is the one that its service proxy leads into. Reads certificates,
    /// and asks nobody: a cockpit must open while Prometheus is away.
    ///
    /// # Errors
    /// [`MetricError::BadUrl`], and [`MetricError::Unusable`] for what cannot be read.
    pub fn reach(
        url: &str,
        access: &Access,
        cluster: &Cluster,
        providers: Providers,
    ) -> Result<Self, MetricError> {
        Ok(Self::over(Transport::new(url, access, Some(cluster), TIMEOUT)?, providers))
    }

    fn over(transport: Transport, providers: Providers) -> Self {
        let (recognition, apart) = (Recognition::new(providers), Mutex::default());
        Self {
            transport,
            recognition,
            apart,
            interval: AtomicU64::new(0),
            found: false,
            most_samples: sums::MOST_SAMPLES,
            samples: TokioMutex::default(),
        }
    }

    /// The same, but at most so many samples are read one by one, instead of 200,000; where there are more, the server is
    /// asked for sums.
    #[must_use]
    pub fn with_most_samples(self, most_samples: f64) -> Self {
        Self { most_samples, ..self }
    }

    /// The same, as one that nobody named.
    pub(super) fn found(self) -> Self {
        Self { found: true, ..self }
    }

    /// Asks whether a Prometheus answers at the URL, by a query that every server of its API can answer
    /// (Thanos and others do not serve `/status/buildinfo` everywhere).
    async fn ask_check(&self) -> Result<(), MetricError> {
        let answer = self.transport.instant("vector(1)").await?;
        match answer.series.as_slice() {
            [one] if one.samples.iter().map(|(_, value)| *value).eq([1.0]) => Ok(()),
            _ => Err(MetricError::NotPrometheus {
                url: self.url(),
                what: "the query vector(1) gave something else than 1".to_owned(),
            }),
        }
    }

    /// The address without credentials.
    fn url(&self) -> String {
        self.transport.url().to_owned()
    }

    fn unambiguous(&self, question: &Question, series: &[RawSeries]) -> Result<(), MetricError> {
        match question.clusters(series) {
            Some(clusters) => Err(MetricError::Ambiguous { url: self.url(), clusters }),
            None => Ok(()),
        }
    }

    /// Remembers what was told apart of each route: the coarsest of its backends.
    fn tell_apart<'a>(&self, asked: &Asked, known: impl IntoIterator<Item = (&'a RuleBackend, Granularity)>) {
        let mut apart: HashMap<RouteId, Granularity> = HashMap::new();
        for (backend, granularity) in known {
            let of_route = apart.entry(backend.route.clone()).or_insert(granularity);
            *of_route = granularity.max(*of_route);
        }
        for route in asked.used.keys() {
            if let Some(granularity) = asked.granularity(route) {
                apart.entry(route.clone()).or_insert(granularity);
            }
        }
        self.apart.lock().unwrap_or_else(PoisonError::into_inner).extend(apart);
    }

    /// The measured scrape interval, if it was measured.
    fn interval(&self) -> Option<Duration> {
        match self.interval.load(Ordering::Relaxed) {
            0 => None,
            milliseconds => Some(Duration::from_millis(milliseconds)),
        }
    }

    /// How far samples are read back before an instant, so that what was counted after it has its baseline.
    fn baseline(&self) -> Duration {
        LOOK_BACK.max(self.interval().unwrap_or(ASSUMED_INTERVAL) * 2)
    }

    fn remember(&self, interval: Option<Duration>) {
        if let Some(interval) = interval {
            self.interval.store(u64::try_from(interval.as_millis()).unwrap_or(0), Ordering::Relaxed);
        }
    }
}

impl MetricSource for PrometheusSource {
    fn numbers<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        window: Duration,
    ) -> BoxFuture<'a, Result<Snapshot, MetricError>> {
        Box::pin(self.ask_numbers(backends, window))
    }

    fn history<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        span: Duration,
        step: Duration,
    ) -> BoxFuture<'a, Result<History, MetricError>> {
        Box::pin(self.ask_history(backends, span, step))
    }

    fn counts<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Counts, MetricError>> {
        Box::pin(self.ask_counts(backends, since))
    }

    fn firing<'a>(
        &'a self,
        about: &'a [Named],
    ) -> BoxFuture<'a, Result<Vec<BTreeMap<String, String>>, MetricError>> {
        Box::pin(async move {
            let Some(question) = alerts::firing(about, &self.recognition.providers.matchers) else {
                return Ok(Vec::new());
            };
            let answer = self.transport.whole(&question).await?;
            Ok(answer.series.into_iter().map(|series| series.labels).collect())
        })
    }

    fn ticks<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Ticks, MetricError>> {
        Box::pin(self.ask_ticks(backends, since))
    }

    fn in_flight<'a>(
        &'a self,
        backends: &'a [RuleBackend],
    ) -> BoxFuture<'a, Result<Option<f64>, MetricError>> {
        Box::pin(self.ask_in_flight(backends))
    }

    fn strain<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Option<Vec<Strain>>, MetricError>> {
        Box::pin(self.ask_strain(backends, since))
    }

    fn values<'a>(&'a self, promql: &'a str) -> BoxFuture<'a, Result<Vec<f64>, MetricError>> {
        Box::pin(async move {
            let answer = self.transport.whole(promql).await?;
            let last = |series: RawSeries| series.samples.last().map(|(_, value)| *value);
            Ok(answer.series.into_iter().filter_map(last).collect())
        })
    }

    fn check(&self) -> BoxFuture<'_, Result<(), MetricError>> {
        Box::pin(self.ask_check())
    }

    fn origin(&self) -> Option<Origin> {
        Some(Origin { url: self.url(), found: self.found })
    }

    fn granularity(&self, route: &RouteId) -> Option<Granularity> {
        self.apart.lock().unwrap_or_else(PoisonError::into_inner).get(route).copied()
    }
}
