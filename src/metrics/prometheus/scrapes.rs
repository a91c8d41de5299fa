//! What was counted in every scrape, for the statistics: a later look at the same split asks only for what is new.

use std::time::Duration;

use futures::future::try_join;
use jiff::{SignedDuration, Timestamp};

use super::super::decode::{Answer, RawSeries};
use super::super::error::MetricError;
use super::super::increments;
use super::super::provider::Granularity;
use super::super::query::Question;
use super::super::samples::Samples;
use super::super::ticks;
use super::PrometheusSource;
use crate::route::RuleBackend;
use crate::stats::Ticks;

/// What the scrape interval is taken for to tell how many samples there are, until it was measured.
const USUAL_INTERVAL: Duration = Duration::from_secs(15);
/// Samples that are read at one look at most: some 6 MiB.
const MOST_SAMPLES: f64 = 200_000.0;

impl PrometheusSource {
    pub(super) async fn ask_ticks(
        &self,
        backends: &[RuleBackend],
        since: Timestamp,
    ) -> Result<Ticks, MetricError> {
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
            *samples = Samples::new(provider, backends, since, self.affordable(question, since).await?);
        }
        samples.forget_before(since);
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
        Ok(())
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
}
