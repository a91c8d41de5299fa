//! How busy the proxies are: requests under way, retries, time-outs.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::super::error::MetricError;
use super::super::model::Strain;
use super::super::{rows, tally};
use super::PrometheusSource;
use crate::route::RuleBackend;

impl PrometheusSource {
    pub(super) async fn ask_in_flight(&self, backends: &[RuleBackend]) -> Result<Option<f64>, MetricError> {
        let mut asked = self.recognition.deal(&self.transport, backends).await?;
        let mut known: HashMap<RuleBackend, f64> = HashMap::new();
        for question in asked.next(self.transport.most_backends()) {
            let Some(promql) = question.in_flight() else { continue };
            let answer = self.transport.instant(&promql).await?;
            self.unambiguous(&question, &answer.series)?;
            known.extend(rows::in_flight(&question, &answer.series));
        }
        // Of some only is of none: the others may have any number.
        let whole = !backends.is_empty() && backends.iter().all(|backend| known.contains_key(backend));
        Ok(whole.then(|| {
            // Two places that are counted as one have the same requests.
            let of: HashMap<_, _> = known.iter().map(|(place, count)| (&place.to, *count)).collect();
            of.values().sum()
        }))
    }

    pub(super) async fn ask_strain(
        &self,
        backends: &[RuleBackend],
        since: Timestamp,
    ) -> Result<Option<Vec<Strain>>, MetricError> {
        let mut asked = self.recognition.deal(&self.transport, backends).await?;
        let mut all: Option<Vec<Strain>> = None;
        for question in asked.next(self.transport.most_backends()) {
            let now = Timestamp::now();
            let since_then = Duration::try_from(now.duration_since(since)).unwrap_or_default();
            let before = self.baseline();
            let Some(raw) = question.raw_strain(since_then + before) else { continue };
            let answer = self.transport.samples(&raw).await?;
            self.unambiguous(&question, &answer.series)?;
            let all = all.get_or_insert_default();
            for strain in tally::strains(&question, answer.series, since) {
                match all.iter_mut().find(|known| known.what == strain.what) {
                    Some(known) => known.events.extend(strain.events),
                    None => all.push(strain),
                }
            }
        }
        Ok(all)
    }
}
