//! Raw samples of request counters, added up per backend since an instant.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::decode::{Labels, RawSeries};
use super::increments;
use super::model::{BackendCounts, Strain};
use super::provider::Provider;
use super::query::Question;
use crate::route::RuleBackend;

/// Raw samples that reach back before `since`, and what is found in them.
pub(super) struct Tally {
    provider: Arc<Provider>,
    series: Vec<RawSeries>,
}

impl Tally {
    /// Takes what the server stored, with the duplicates of an HA pair dropped.
    pub fn new(provider: &Arc<Provider>, series: Vec<RawSeries>) -> Self {
        Self { provider: Arc::clone(provider), series: increments::without_replicas(series, provider) }
    }

    /// All of them.
    pub fn series(&self) -> &[RawSeries] {
        &self.series
    }

    /// Whether there is no series at all.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// The measured scrape interval over all series.
    pub fn interval(&self) -> Option<Duration> {
        increments::interval(&self.series)
    }

    /// `job` and `instance` of every target, where it has both.
    pub fn targets(&self) -> (Vec<&str>, Vec<&str>) {
        let all = |name| {
            let values: HashSet<&str> = self.series.iter().map(|series| series.label(name)).collect();
            let mut values: Vec<&str> = values.into_iter().filter(|value| !value.is_empty()).collect();
            values.sort_unstable();
            values
        };
        (all("job"), all("instance"))
    }

    /// The counts of each backend that has a series. `up` is the answer to [`super::query::up`].
    pub fn counts(
        &self,
        question: &Question,
        since: Timestamp,
        up: &[RawSeries],
    ) -> HashMap<RuleBackend, BackendCounts> {
        let found = increments::increments(&self.series, &self.provider);
        let scrapes = increments::scrapes_by_target(&self.series, &self.provider, since);
        let up = up_by_target(up, &self.provider);

        let granularities = question.granularities(&self.series);
        let mut series_of: HashMap<&RuleBackend, Vec<usize>> = HashMap::new();
        for (index, series) in self.series.iter().enumerate() {
            for backend in question.backends_of(series) {
                series_of.entry(backend).or_default().push(index);
            }
        }
        let mut counts = HashMap::new();
        for (backend, indices) in series_of {
            let own: Vec<&RawSeries> = indices.iter().filter_map(|&i| self.series.get(i)).collect();
            let targets: HashSet<Labels> =
                own.iter().map(|series| increments::target(series, &self.provider)).collect();
            let mut sum = BackendCounts {
                newest: own.iter().filter_map(|series| series.samples.last()).map(|(at, _)| *at).max(),
                scrape_interval: increments::interval(own.iter().copied()),
                scrapes: targets.iter().filter_map(|target| scrapes.get(target)).copied().max().unwrap_or(0),
                target_up: targets.iter().filter_map(|target| up.get(target)).copied().reduce(|a, b| a && b),
                granularity: granularities.get(backend).copied().unwrap_or_default(),
                ..BackendCounts::default()
            };
            for increment in &found {
                if increment.at <= since || !indices.contains(&increment.series) {
                    continue;
                }
                let Some(series) = self.series.get(increment.series) else { continue };
                sum.requests += increment.amount;
                sum.reset |= increment.reset;
                if self.provider.is_error(series) {
                    sum.errors += increment.amount;
                }
            }
            counts.insert(backend.clone(), sum);
        }
        counts
    }
}

/// What the proxies of a question counted under strain since an instant.
pub(super) fn strains(question: &Question, series: Vec<RawSeries>, since: Timestamp) -> Vec<Strain> {
    let provider = question.provider();
    let series = increments::without_replicas(series, provider);
    let found = increments::increments(&series, provider);
    let strain = |(what, metric): &(&'static str, &str)| {
        let mut events: HashMap<RuleBackend, f64> = HashMap::new();
        for increment in found.iter().filter(|increment| increment.at > since) {
            let Some(series) =
                series.get(increment.series).filter(|series| series.label("__name__") == *metric)
            else {
                continue;
            };
            for place in question.backends_of(series) {
                *events.entry(place.clone()).or_default() += increment.amount;
            }
        }
        Strain { what, events }
    };
    provider.strain().unwrap_or_default().iter().map(strain).collect()
}

fn up_by_target(up: &[RawSeries], provider: &Provider) -> HashMap<Labels, bool> {
    let mut by_target = HashMap::new();
    for series in up {
        let Some((_, value)) = series.samples.last() else { continue };
        let up = by_target.entry(increments::target(series, provider)).or_insert(true);
        *up &= *value >= 1.0;
    }
    by_target
}
