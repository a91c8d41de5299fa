//! What was counted since an instant, for gates and proofs.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::super::error::MetricError;
use super::super::model::Counts;
use super::super::query::{self, Question};
use super::super::tally::Tally;
use super::PrometheusSource;
use crate::route::RuleBackend;

/// How far they are read back at least once if one sample is all there is: scrapes may be that rare.
const RARE: Duration = Duration::from_mins(10);

impl PrometheusSource {
    pub(super) async fn ask_counts(
        &self,
        backends: &[RuleBackend],
        since: Timestamp,
    ) -> Result<Counts, MetricError> {
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
        let mut before = self.baseline();
        let mut retried = false;
        loop {
            let answer = self.transport.samples(&question.raw(since_then + before)).await?;
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
