//! The source behind `--prometheus URL`: which questions are asked, how many, and in which order.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::{BoxFuture, try_join, try_join3};
use jiff::Timestamp;

use super::access::{Access, Address};
use super::decode::RawSeries;
use super::error::MetricError;
use super::history::{Grid, histories};
use super::model::{Counts, History, Snapshot};
use super::provider::{PROVIDERS, Provider, ProviderChoice};
use super::query::{self, Question};
use super::rows;
use super::tally::Tally;
use super::transport::Transport;
use super::{MetricSource, Origin};
use crate::cluster::Cluster;
use crate::route::RuleBackend;

/// How long one question may take, connecting included.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What the scrape interval is taken for until it was measured: Prometheus' own default, the longest usual.
const ASSUMED_INTERVAL: Duration = Duration::from_mins(1);
/// How far samples are read back before the instant asked about, at least: two clocks that differ by
/// some seconds then lose nothing.
const LOOK_BACK: Duration = Duration::from_secs(30);
/// How far they are read back at least once if one sample is all there is: scrapes may be that rare.
const RARE: Duration = Duration::from_mins(10);

/// Numbers from a Prometheus, or from anything that speaks its query API.
#[derive(Debug)]
pub struct PrometheusSource {
    transport: Transport,
    /// Set once, when it was named or found.
    provider: OnceLock<Arc<Provider>>,
    /// The last measured scrape interval in milliseconds; 0 is not measured yet.
    interval: AtomicU64,
    /// Nobody named it.
    found: bool,
}

impl PrometheusSource {
    /// A source for `url`. Asks nobody: a cockpit must open while Prometheus is away. A rustls crypto
    /// provider must be installed in the process.
    ///
    /// # Errors
    /// [`MetricError::BadUrl`] if `url` is no `http` or `https` URL.
    pub fn new(url: &str, choice: ProviderChoice) -> Result<Self, MetricError> {
        Self::with_timeout(url, choice, TIMEOUT)
    }

    /// As [`PrometheusSource::new`], with another time-out for each question than 10 s.
    ///
    /// # Errors
    /// As [`PrometheusSource::new`].
    pub fn with_timeout(url: &str, choice: ProviderChoice, timeout: Duration) -> Result<Self, MetricError> {
        Ok(Self::over(Transport::new(url, &Access::default(), None, timeout)?, choice))
    }

    /// A source for what `access` names, of which `cluster` is the one that its service proxy leads into; `None` where
    /// nothing is named. Reads certificates, and asks nobody.
    ///
    /// # Errors
    /// [`MetricError::BadUrl`], and [`MetricError::Unusable`] for what cannot be read.
    pub fn reach(
        access: &Access,
        cluster: &Cluster,
        choice: ProviderChoice,
    ) -> Result<Option<Self>, MetricError> {
        let Some(Address(url)) = &access.url else { return Ok(None) };
        Ok(Some(Self::over(Transport::new(url, access, Some(cluster), TIMEOUT)?, choice)))
    }

    fn over(transport: Transport, choice: ProviderChoice) -> Self {
        let provider = match choice {
            ProviderChoice::Auto => OnceLock::new(),
            ProviderChoice::Named(provider) => OnceLock::from(provider),
        };
        Self { transport, provider, interval: AtomicU64::new(0), found: false }
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

    /// The provider, found by one question if it was not named. Nothing found is not remembered: the
    /// gateway may get its first request, or its first scrape, a moment later.
    async fn known_provider(&self) -> Result<Arc<Provider>, MetricError> {
        if let Some(provider) = self.provider.get() {
            return Ok(Arc::clone(provider));
        }
        let answer = self.transport.instant(&query::recognise(&PROVIDERS)).await?;
        let found = |provider: &&Arc<Provider>| {
            answer.series.iter().any(|series| series.label(query::PROVIDER_LABEL) == provider.name)
        };
        let provider =
            PROVIDERS.iter().find(found).ok_or_else(|| MetricError::NoKnownMetrics { url: self.url() })?;
        Ok(Arc::clone(self.provider.get_or_init(|| Arc::clone(provider))))
    }

    fn unambiguous(&self, question: &Question, series: &[RawSeries]) -> Result<(), MetricError> {
        match question.clusters(series) {
            Some(clusters) => Err(MetricError::Ambiguous { url: self.url(), clusters }),
            None => Ok(()),
        }
    }

    /// The questions that cover all of `backends`.
    fn questions(&self, provider: &Arc<Provider>, backends: &[RuleBackend]) -> Vec<Question> {
        backends
            .chunks(self.transport.most_backends())
            .flat_map(|some| Question::all(provider, some))
            .collect()
    }

    /// The measured scrape interval, if it was measured.
    fn interval(&self) -> Option<Duration> {
        match self.interval.load(Ordering::Relaxed) {
            0 => None,
            milliseconds => Some(Duration::from_millis(milliseconds)),
        }
    }

    fn remember(&self, interval: Duration) {
        self.interval.store(u64::try_from(interval.as_millis()).unwrap_or(0), Ordering::Relaxed);
    }

    async fn ask_numbers(&self, backends: &[RuleBackend], window: Duration) -> Result<Snapshot, MetricError> {
        let mut snapshot = Snapshot {
            evaluated_at: Timestamp::now(),
            window,
            backends: HashMap::new(),
            warnings: Vec::new(),
        };
        if backends.is_empty() {
            return Ok(snapshot);
        }
        let provider = self.known_provider().await?;
        for question in self.questions(&provider, backends) {
            let (rates, buckets, newest) =
                (question.rates(window), question.buckets(window), question.newest());
            let (rates, buckets, newest) = try_join3(
                self.transport.instant(&rates),
                self.transport.instant(&buckets),
                self.transport.instant(&newest),
            )
            .await?;
            self.unambiguous(&question, &newest.series)?;
            self.unambiguous(&question, &rates.series)?;
            if let Some((at, _)) = newest.series.first().and_then(|series| series.samples.first()) {
                snapshot.evaluated_at = *at;
            }
            snapshot.backends.extend(rows::numbers(
                &provider,
                &question,
                window,
                &rates.series,
                &buckets.series,
                &newest.series,
            ));
            snapshot.warnings.extend([rates, buckets, newest].into_iter().flat_map(|answer| answer.warnings));
        }
        distinct(&mut snapshot.warnings);
        Ok(snapshot)
    }

    async fn ask_history(
        &self,
        backends: &[RuleBackend],
        span: Duration,
        step: Duration,
    ) -> Result<History, MetricError> {
        let grid = Grid::new(Timestamp::now(), span, step);
        let mut history = History { step: grid.step, backends: HashMap::new(), warnings: Vec::new() };
        if backends.is_empty() {
            return Ok(history);
        }
        let provider = self.known_provider().await?;
        // A rate needs two samples in its window, and four to survive a missed scrape.
        let window = grid.step.max(self.interval().map_or(ASSUMED_INTERVAL * 2, |interval| interval * 4));
        for question in self.questions(&provider, backends) {
            let (rates, buckets) = (question.rates(window), question.buckets(window));
            let (rates, buckets) = try_join(
                self.transport.range(&rates, grid.start, grid.end, grid.step),
                self.transport.range(&buckets, grid.start, grid.end, grid.step),
            )
            .await?;
            self.unambiguous(&question, &rates.series)?;
            history.backends.extend(histories(&provider, &question, grid, &rates.series, &buckets.series));
            history.warnings.extend([rates, buckets].into_iter().flat_map(|answer| answer.warnings));
        }
        distinct(&mut history.warnings);
        Ok(history)
    }

    async fn ask_counts(&self, backends: &[RuleBackend], since: Timestamp) -> Result<Counts, MetricError> {
        let asked_at = Timestamp::now();
        let mut counts = Counts { since, asked_at, backends: HashMap::new() };
        if backends.is_empty() {
            return Ok(counts);
        }
        let provider = self.known_provider().await?;
        for question in self.questions(&provider, backends) {
            let tally = self.samples(&provider, &question, since, asked_at).await?;
            let up = match query::up(&tally.targets()) {
                Some(up) => self.transport.whole(&up).await?.series,
                None => Vec::new(),
            };
            counts.backends.extend(tally.counts(&question, since, &up));
        }
        Ok(counts)
    }

    /// All samples from two scrapes before `since`, so that the first increment has its baseline and
    /// a birth its earlier scrape. The interval is only known from samples: if it turns out longer
    /// than was taken for granted, the question is put once more.
    async fn samples(
        &self,
        provider: &Arc<Provider>,
        question: &Question,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Tally, MetricError> {
        let since_then = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        let mut before = LOOK_BACK.max(self.interval().unwrap_or(ASSUMED_INTERVAL) * 2);
        let mut retried = false;
        loop {
            let answer = self.transport.whole(&question.raw(since_then + before)).await?;
            self.unambiguous(question, &answer.series)?;
            let tally = Tally::new(provider, answer.series);
            let needed = match tally.interval() {
                Some(interval) => interval * 2,
                None if tally.is_empty() => Duration::ZERO,
                None => RARE,
            };
            if needed <= before || retried {
                tally.interval().into_iter().for_each(|interval| self.remember(interval));
                return Ok(tally);
            }
            before = needed.mul_f64(1.5);
            retried = true;
        }
    }
}

/// Each warning once: three questions to one server bring the same three times.
fn distinct(warnings: &mut Vec<String>) {
    warnings.sort();
    warnings.dedup();
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

    fn check(&self) -> BoxFuture<'_, Result<(), MetricError>> {
        Box::pin(self.ask_check())
    }

    fn origin(&self) -> Option<Origin> {
        Some(Origin { url: self.url(), found: self.found })
    }

    fn provider(&self) -> Option<Arc<Provider>> {
        self.provider.get().cloned()
    }
}
