//! Rates, for looking at: rows and sparklines.

use std::collections::HashMap;
use std::time::Duration;

use futures::future::{try_join, try_join3};
use jiff::Timestamp;

use super::super::decode::Answer;
use super::super::error::MetricError;
use super::super::history::{Grid, histories};
use super::super::model::{History, Snapshot};
use super::super::rows;
use super::{ASSUMED_INTERVAL, PrometheusSource};
use crate::route::RuleBackend;

impl PrometheusSource {
    pub(super) async fn ask_numbers(
        &self,
        backends: &[RuleBackend],
        window: Duration,
    ) -> Result<Snapshot, MetricError> {
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

    pub(super) async fn ask_history(
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
}

/// Each warning once: three questions to one server bring the same three times.
fn distinct(warnings: &mut Vec<String>) {
    warnings.sort();
    warnings.dedup();
}
