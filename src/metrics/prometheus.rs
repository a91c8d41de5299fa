//! The source behind `--prometheus URL`: which questions are asked, how many, and in which order.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, try_join, try_join3};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex as TokioMutex;

use super::access::{Access, Address};
use super::alerts::{self, Named};
use super::decode::{Answer, RawSeries};
use super::error::MetricError;
use super::history::{Grid, histories};
use super::increments;
use super::model::{Counts, History, Snapshot, Strain};
use super::provider::{Granularity, Providers};
use super::query::{self, Question};
use super::recognition::{Asked, Recognition};
use super::rows;
use super::samples::Samples;
use super::tally::{self, Tally};
use super::ticks;
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
/// What the scrape interval is taken for to tell how many samples there are, until it was measured.
const USUAL_INTERVAL: Duration = Duration::from_secs(15);
/// Samples that are read at one look at most: some 6 MiB.
const MOST_SAMPLES: f64 = 200_000.0;
/// How far they are read back at least once if one sample is all there is: scrapes may be that rare.
const RARE: Duration = Duration::from_mins(10);

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
    /// What was read of the split that was looked at last.
    samples: TokioMutex<Samples>,
}

impl PrometheusSource {
    /// A source for `url`. Asks nobody: a cockpit must open while Prometheus is away. A rustls crypto
    /// provider must be installed in the process.
    ///
    /// # Errors
    /// [`MetricError::BadUrl`] if `url` is no `http` or `https` URL.
    pub fn new(url: &str, providers: Providers) -> Result<Self, MetricError> {
        Self::with_timeout(url, providers, TIMEOUT)
    }

    /// As [`PrometheusSource::new`], with another time-out for each question than 10 s.
    ///
    /// # Errors
    /// As [`PrometheusSource::new`].
    pub fn with_timeout(url: &str, providers: Providers, timeout: Duration) -> Result<Self, MetricError> {
        Ok(Self::over(Transport::new(url, &Access::default(), None, timeout)?, providers))
    }

    /// A source for what `access` names, of which `cluster` is the one that its service proxy leads into; `None` where
    /// nothing is named. Reads certificates, and asks nobody.
    ///
    /// # Errors
    /// [`MetricError::BadUrl`], and [`MetricError::Unusable`] for what cannot be read.
    pub fn reach(
        access: &Access,
        cluster: &Cluster,
        providers: Providers,
    ) -> Result<Option<Self>, MetricError> {
        let Some(Address(url)) = &access.url else { return Ok(None) };
        Ok(Some(Self::over(Transport::new(url, access, Some(cluster), TIMEOUT)?, providers)))
    }

    fn over(transport: Transport, providers: Providers) -> Self {
        let (recognition, apart) = (Recognition::new(providers), Mutex::default());
        Self {
            transport,
            recognition,
            apart,
            interval: AtomicU64::new(0),
            found: false,
            samples: TokioMutex::default(),
        }
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

    /// A question whose answer is nothing where there is nothing to ask.
    async fn instant(&self, promql: Option<String>) -> Result<Answer, MetricError> {
        match promql {
            Some(promql) => self.transport.instant(&promql).await,
            None => Ok(Answer::default()),
        }
    }

    async fn range(&self, promql: Option<String>, grid: Grid) -> Result<Answer, MetricError> {
        match promql {
            Some(promql) => self.transport.range(&promql, grid.start, grid.end, grid.step).await,
            None => Ok(Answer::default()),
        }
    }

    /// The measured scrape interval, if it was measured.
    fn interval(&self) -> Option<Duration> {
        match self.interval.load(Ordering::Relaxed) {
            0 => None,
            milliseconds => Some(Duration::from_millis(milliseconds)),
        }
    }

    fn remember(&self, interval: Option<Duration>) {
        if let Some(interval) = interval {
            self.interval.store(u64::try_from(interval.as_millis()).unwrap_or(0), Ordering::Relaxed);
        }
    }

    async fn ask_numbers(&self, backends: &[RuleBackend], window: Duration) -> Result<Snapshot, MetricError> {
        let mut snapshot = Snapshot {
            evaluated_at: Timestamp::now(),
            window,
            backends: HashMap::new(),
            used: HashMap::new(),
            warnings: Vec::new(),
        };
        if backends.is_empty() {
            return Ok(snapshot);
        }
        let mut asked = self.recognition.deal(&self.transport, backends).await?;
        let mut questions = asked.next(self.transport.most_backends());
        while let Some(question) = questions.pop() {
            let (rates, newest) = (question.rates(window), question.newest());
            let (rates, buckets, newest) = try_join3(
                self.transport.instant(&rates),
                self.instant(question.buckets(window)),
                self.transport.instant(&newest),
            )
            .await?;
            self.unambiguous(&question, &newest.series)?;
            self.unambiguous(&question, &rates.series)?;
            if let Some((at, _)) = newest.series.first().and_then(|series| series.samples.first()) {
                snapshot.evaluated_at = *at;
            }
            let found = rows::numbers(&question, window, &rates.series, &buckets.series, &newest.series);
            snapshot.backends.extend(found);
            asked.counted_whole(&question, rates.series.iter().chain(&newest.series));
            questions.extend(asked.next(self.transport.most_backends()));
            snapshot.warnings.extend([rates, buckets, newest].into_iter().flat_map(|answer| answer.warnings));
        }
        self.tell_apart(&asked, snapshot.backends.iter().map(|(place, found)| (place, found.granularity)));
        snapshot.used = asked.used;
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
        let mut asked = self.recognition.deal(&self.transport, backends).await?;
        // A rate needs two samples in its window, and four to survive a missed scrape.
        let window = grid.step.max(self.interval().map_or(ASSUMED_INTERVAL * 2, |interval| interval * 4));
        let mut questions = asked.next(self.transport.most_backends());
        while let Some(question) = questions.pop() {
            let (rates, buckets) = try_join(
                self.range(Some(question.rates(window)), grid),
                self.range(question.buckets(window), grid),
            )
            .await?;
            self.unambiguous(&question, &rates.series)?;
            history.backends.extend(histories(&question, grid, &rates.series, &buckets.series));
            asked.counted_whole(&question, &rates.series);
            questions.extend(asked.next(self.transport.most_backends()));
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
        let mut asked = self.recognition.deal(&self.transport, backends).await?;
        asked.uncounted().map_or(Ok(()), Err)?;
        let mut questions = asked.next(self.transport.most_backends());
        while let Some(question) = questions.pop() {
            let tally = self.samples(&question, since, asked_at).await?;
            if let Some(backend) = asked.counted_whole(&question, tally.series()).first() {
                return Err(MetricError::counted_whole(question.provider(), backend));
            }
            questions.extend(asked.next(self.transport.most_backends()));
            let up = match query::up(&tally.targets()) {
                Some(up) => self.transport.whole(&up).await?.series,
                None => Vec::new(),
            };
            counts.backends.extend(tally.counts(&question, since, &up));
        }
        self.tell_apart(&asked, counts.backends.iter().map(|(place, found)| (place, found.granularity)));
        Ok(counts)
    }

    async fn ask_ticks(&self, backends: &[RuleBackend], since: Timestamp) -> Result<Ticks, MetricError> {
        let mut asked = self.recognition.deal(&self.transport, backends).await?;
        asked.uncounted().map_or(Ok(()), Err)?;
        let mut ticks = Ticks { newest: vec![None; backends.len()], ..Ticks::default() };
        let mut questions = asked.next(self.transport.most_backends());
        while let Some(question) = questions.pop() {
            // One look at a time: another one would read the same again.
            let mut samples = self.samples.lock().await;
            self.read(&question, &mut samples, backends, since).await?;
            let provider = question.provider();
            if let Some(backend) = asked.counted_whole(&question, samples.series()).first() {
                return Err(MetricError::counted_whole(provider, backend));
            }
            let granularities = question.granularities(samples.series());
            self.tell_apart(&asked, granularities.into_iter().filter(|(_, of)| *of != Granularity::Rule));
            let series = increments::without_replicas(samples.series().to_vec(), provider);
            let of = |series: &RawSeries| {
                let place = |backend| backends.iter().position(|other| other == backend);
                question.backends_of(series).into_iter().filter_map(place).collect()
            };
            ticks = ticks::ticks(&series, provider, backends.len(), of);
            questions.extend(asked.next(self.transport.most_backends()));
        }
        let interval = ticks.scrape_seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        self.remember(interval);
        Ok(ticks)
    }

    /// Reads what is missing of the samples since an instant.
    async fn read(
        &self,
        question: &Question,
        samples: &mut Samples,
        backends: &[RuleBackend],
        since: Timestamp,
    ) -> Result<(), MetricError> {
        let provider = &question.provider().name;
        if !samples.cover(provider, backends, since) {
            *samples = Samples::new(provider, backends, self.affordable(question, since).await?);
        }
        samples.forget_before(since);
        let now = Timestamp::now();
        let overlap = LOOK_BACK.max(self.interval().unwrap_or(ASSUMED_INTERVAL) * 2);
        let window = samples.missing(now, overlap);
        let buckets = async {
            match question.raw_buckets(window) {
                Some(buckets) => self.transport.whole(&buckets).await,
                None => Ok(Answer::default()),
            }
        };
        let raw = question.raw(window);
        let (raw, buckets) = try_join(self.transport.whole(&raw), buckets).await?;
        self.unambiguous(question, &raw.series)?;
        samples.add(now, raw.series);
        samples.add(now, buckets.series);
        Ok(())
    }

    async fn ask_strain(
        &self,
        backends: &[RuleBackend],
        since: Timestamp,
    ) -> Result<Option<Vec<Strain>>, MetricError> {
        let mut asked = self.recognition.deal(&self.transport, backends).await?;
        let mut all: Option<Vec<Strain>> = None;
        for question in asked.next(self.transport.most_backends()) {
            let now = Timestamp::now();
            let since_then = Duration::try_from(now.duration_since(since)).unwrap_or_default();
            let before = LOOK_BACK.max(self.interval().unwrap_or(ASSUMED_INTERVAL) * 2);
            let Some(raw) = question.raw_strain(since_then + before) else { continue };
            let answer = self.transport.whole(&raw).await?;
            self.unambiguous(&question, &answer.series)?;
            all.get_or_insert_default().extend(tally::strains(&question, answer.series, since));
        }
        Ok(all)
    }

    /// `since`, or as long ago as there are samples that can be read at one look.
    async fn affordable(&self, question: &Question, since: Timestamp) -> Result<Timestamp, MetricError> {
        let answer = self.transport.whole(&question.how_many()).await?;
        let series = answer.series.first().and_then(|series| series.samples.first()).map_or(0.0, |(_, n)| *n);
        let each = self.interval().unwrap_or(USUAL_INTERVAL).as_secs_f64();
        let longest = SignedDuration::try_from_secs_f64(each * MOST_SAMPLES / series.max(1.0));
        let earliest = Timestamp::now().saturating_sub(longest.unwrap_or(SignedDuration::MAX));
        Ok(since.max(earliest.unwrap_or(Timestamp::MIN)))
    }

    async fn ask_in_flight(&self, backends: &[RuleBackend]) -> Result<Option<f64>, MetricError> {
        let mut asked = self.recognition.deal(&self.transport, backends).await?;
        let mut questions = asked.next(self.transport.most_backends());
        let mut known: HashMap<RuleBackend, f64> = HashMap::new();
        while let Some(question) = questions.pop() {
            let Some(promql) = question.in_flight() else { continue };
            let answer = self.transport.instant(&promql).await?;
            self.unambiguous(&question, &answer.series)?;
            known.extend(rows::in_flight(&question, &answer.series));
            questions.extend(asked.next(self.transport.most_backends()));
        }
        // Of some only is of none: the others may have any number.
        let whole = !backends.is_empty() && backends.iter().all(|backend| known.contains_key(backend));
        Ok(whole.then(|| {
            // Two places that are counted as one have the same requests.
            let of: HashMap<_, _> = known.iter().map(|(place, count)| (&place.to, *count)).collect();
            of.values().sum()
        }))
    }

    /// All samples from two scrapes before `since`, so that the first increment has its baseline and
    /// a birth its earlier scrape. The interval is only known from samples: if it turns out longer
    /// than was taken for granted, the question is put once more.
    async fn samples(
        &self,
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
            let tally = Tally::new(question.provider(), answer.series);
            let needed = match tally.interval() {
                Some(interval) => interval * 2,
                None if tally.is_empty() => Duration::ZERO,
                None => RARE,
            };
            if needed <= before || retried {
                self.remember(tally.interval());
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
