//! What was counted in every scrape, for the statistics: a later look at the same split asks only for what is new.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::try_join;
use jiff::Timestamp;

use super::super::decode::{Answer, RawSeries};
use super::super::error::MetricError;
use super::super::increments;
use super::super::provider::Granularity;
use super::super::query::Question;
use super::super::samples::{Samples, Sums};
use super::super::ticks::{self, Beside};
use super::PrometheusSource;
use super::sums::plan;
use crate::route::{RuleBackend, destinations};
use crate::stats::Ticks;

/// What the scrape interval is taken for to tell how many samples there are, until it was measured.
const USUAL_INTERVAL: Duration = Duration::from_secs(15);

impl PrometheusSource {
    pub(super) async fn ask_ticks(
        &self,
        backends: &[RuleBackend],
        since: Timestamp,
    ) -> Result<Ticks, MetricError> {
        let mut asked = self.recognition.deal(&self.transport, backends).await?;
        asked.uncounted().map_or(Ok(()), Err)?;
        let destinations = destinations(backends);
        let mut ticks = Ticks { newest: vec![None; destinations.len()], ..Ticks::default() };
        let mut questions = asked.next(self.transport.most_backends());
        while let Some(question) = questions.pop() {
            // One look at a time: another one would read the same again.
            let mut samples = self.samples.lock().await;
            let beside = self.read(&question, &mut samples, backends, since).await?;
            let provider = question.provider();
            if let Some(backend) = asked.counted_whole(&question, samples.series()).first() {
                return Err(MetricError::counted_whole(provider, backend));
            }
            let granularities = question.granularities(samples.series());
            let apart = granularities.into_iter().filter(|(_, of)| *of != Granularity::Rule);
            let apart: Vec<_> = apart.collect();
            let is_counted = !apart.is_empty();
            self.tell_apart(&asked, apart);
            let of = |series: &RawSeries| {
                let place = |backend: &RuleBackend| destinations.iter().position(|to| *to == backend.to);
                // A series that does not tell places apart is counted once.
                question.backends_of(series).into_iter().filter_map(place).collect::<BTreeSet<_>>()
            };
            ticks = if let Some(beside) = beside {
                ticks::summed(samples.series(), &beside, provider, destinations.len(), of)
            } else {
                let series = increments::without_replicas(samples.series().to_vec(), provider);
                ticks::ticks(&series, provider, destinations.len(), of)
            };
            questions.extend(asked.next(self.transport.most_backends()));
            if is_counted && !questions.is_empty() {
                return Err(MetricError::counted_in_parts(provider, backends.len()));
            }
        }
        let interval = ticks.scrape_seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        self.remember(interval);
        Ok(ticks)
    }

    /// Reads what is missing of the samples since an instant; what is known beside them, where they are sums.
    async fn read(
        &self,
        question: &Question,
        samples: &mut Samples,
        backends: &[RuleBackend],
        since: Timestamp,
    ) -> Result<Option<Beside>, MetricError> {
        if !samples.cover(&question.provider().name, backends, since) {
            *samples = self.begin(question, backends, since).await?;
        }
        samples.forget_before(since);
        if let Some(sums) = samples.sums {
            return self.sum_up(question, samples, sums).await.map(Some);
        }
        let now = Timestamp::now();
        let overlap = self.baseline();
        let window = samples.missing(now, overlap);
        let buckets = async {
            match question.raw_buckets(window) {
                Some(buckets) => self.transport.samples(&buckets).await,
                None => Ok(Answer::default()),
            }
        };
        let raw = question.raw(window);
        let (raw, buckets) = try_join(self.transport.samples(&raw), buckets).await?;
        self.unambiguous(question, &raw.series)?;
        samples.add(now, raw.series);
        samples.add(now, buckets.series);
        Ok(None)
    }

    /// Nothing yet of what is wanted, to be read in the way that there are not too many samples for.
    async fn begin(
        &self,
        question: &Question,
        backends: &[RuleBackend],
        since: Timestamp,
    ) -> Result<Samples, MetricError> {
        let answer = self.transport.whole(&question.how_many()).await?;
        let series = answer.series.first().and_then(|series| series.samples.first()).map_or(0.0, |(_, n)| *n);
        let now = Timestamp::now();
        let past = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        let by = |interval| plan(series, interval, past, self.most_samples);
        let mut plan = by(self.interval().unwrap_or(USUAL_INTERVAL));
        if plan.sums.is_some() {
            let interval = self.measured(question).await?;
            plan = interval.map_or(plan, by);
            plan.sums = plan.sums.map(|sums| Sums { interval, ..sums });
        }
        let earliest = now.checked_sub(plan.past).unwrap_or(Timestamp::MIN);
        let mut samples = Samples::new(&question.provider().name, backends, since, since.max(earliest));
        samples.sums = plan.sums;
        Ok(samples)
    }
}
