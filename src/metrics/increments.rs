//! From raw samples to exact increments: resets, births, baselines, duplicates. No rates, no guessing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use super::decode::{Labels, RawSeries};
use super::provider::Provider;
use super::query::REPLICA_LABELS;

/// What one counter rose by between two scrapes. The first scrape of a target gives none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Increment {
    /// Index of the series in what was fed.
    pub series: usize,
    /// When the later of the two samples was taken.
    pub at: Timestamp,
    /// ≥ 0.
    pub amount: f64,
    /// The counter began again at 0 in between: what it counted before that is lost.
    pub reset: bool,
}

/// Follows counters from scrape to scrape. What is fed may overlap with what was fed before.
#[derive(Debug, Clone)]
pub(super) struct Follower {
    /// A series or target unseen for longer is forgotten.
    forget: Duration,
    series: HashMap<Labels, Sample>,
    targets: HashMap<Labels, Seen>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Timestamp,
    value: f64,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    first: Timestamp,
    last: Timestamp,
}

impl Follower {
    /// Knows nothing yet; `forget` is 5 min, or longer where scrapes are rare.
    pub fn new(forget: Duration) -> Self {
        Self { forget, series: HashMap::new(), targets: HashMap::new() }
    }

    /// The increments of all samples that are newer than those fed before, in order of time.
    ///
    /// A series seen for the first time was born between two scrapes if its target was scraped before:
    /// its whole value counts (the first 503 of a pod). If its target is new as well, nobody knows
    /// when it began, and its value is only a baseline.
    pub fn feed(&mut self, batch: &[RawSeries], provider: &Provider) -> Vec<Increment> {
        let targets: Vec<Labels> = batch.iter().map(|series| target(series, provider)).collect();
        let mut samples: BTreeMap<Timestamp, Vec<(usize, f64)>> = BTreeMap::new();
        for (index, series) in batch.iter().enumerate() {
            for &(at, value) in &series.samples {
                if value.is_finite() {
                    samples.entry(at).or_default().push((index, value));
                }
            }
        }
        let mut increments = Vec::new();
        for (at, scraped) in samples {
            for (index, value) in scraped {
                let (Some(series), Some(target)) = (batch.get(index), targets.get(index)) else { continue };
                let target_seen_since = self.saw(target, at);
                let found = self.follow(&series.labels, at, value, target_seen_since);
                increments.extend(found.map(|(amount, reset)| Increment {
                    series: index,
                    at,
                    amount,
                    reset,
                }));
            }
        }
        increments
    }

    /// Notes that `target` was scraped; since when it has been seen without a long pause.
    fn saw(&mut self, target: &Labels, at: Timestamp) -> Timestamp {
        let forget = self.forget;
        let seen = self.targets.entry(target.clone()).or_insert(Seen { first: at, last: at });
        if later_by_more(at, seen.last, forget) {
            seen.first = at;
        }
        seen.last = seen.last.max(at);
        seen.first
    }

    fn follow(
        &mut self,
        labels: &Labels,
        at: Timestamp,
        value: f64,
        target_seen_since: Timestamp,
    ) -> Option<(f64, bool)> {
        let before = self.series.get(labels).copied();
        if before.is_some_and(|before| at <= before.at) {
            return None;
        }
        self.series.insert(labels.clone(), Sample { at, value });
        match before.filter(|before| !later_by_more(at, before.at, self.forget)) {
            Some(before) if value < before.value => Some((value, true)),
            Some(before) => Some((value - before.value, false)),
            None if target_seen_since < at => Some((value, false)),
            None => None,
        }
    }
}

fn later_by_more(at: Timestamp, before: Timestamp, than: Duration) -> bool {
    Duration::try_from(at.duration_since(before)).is_ok_and(|passed| passed > than)
}

/// Labels of the scraped target: one target exposes many backends and classes, and once one of them
/// was seen, the others were 0. Prometheus identifies a target by `job` and `instance`; without them,
/// it is whatever names neither backend nor class.
pub(super) fn target(series: &RawSeries, provider: &Provider) -> Labels {
    const IDENTITY: [&str; 4] = ["cluster", "job", "instance", "pod"];
    const CLASSES: [&str; 5] = ["__name__", "le", "method", "status", "code"];
    let identified = !series.label("instance").is_empty();
    let keep = |name: &str| {
        if identified {
            return IDENTITY.contains(&name);
        }
        name != provider.class_label
            && !CLASSES.contains(&name)
            && !REPLICA_LABELS.contains(&name)
            && !provider.naming.iter().any(|(label, _)| *label == name)
    };
    series
        .labels
        .iter()
        .filter(|(name, _)| keep(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Of the series that differ only in the labels of an HA pair, the one with most samples. Those
/// labels are dropped, so that a series stays the same when the other half takes over.
pub(super) fn without_replicas(batch: Vec<RawSeries>) -> Vec<RawSeries> {
    let mut best: BTreeMap<Labels, RawSeries> = BTreeMap::new();
    for mut series in batch {
        series.labels.retain(|name, _| !REPLICA_LABELS.contains(&name.as_str()));
        match best.get(&series.labels) {
            Some(other) if other.samples.len() >= series.samples.len() => {}
            _ => {
                best.insert(series.labels.clone(), series);
            }
        }
    }
    best.into_values().collect()
}

/// The median distance of neighbouring samples: the scrape interval as it really is.
pub(super) fn interval<'a>(batch: impl IntoIterator<Item = &'a RawSeries>) -> Option<Duration> {
    let mut gaps: Vec<Duration> = Vec::new();
    for series in batch {
        for pair in series.samples.windows(2) {
            if let [(before, _), (after, _)] = pair {
                gaps.extend(Duration::try_from(after.duration_since(*before)).ok());
            }
        }
    }
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied()
}

/// Distinct scrapes after `since` of each target among `batch`.
pub(super) fn scrapes_by_target(
    batch: &[RawSeries],
    provider: &Provider,
    since: Timestamp,
) -> HashMap<Labels, usize> {
    let mut times: HashMap<Labels, HashSet<Timestamp>> = HashMap::new();
    for series in batch {
        let times = times.entry(target(series, provider)).or_default();
        times.extend(series.samples.iter().map(|(at, _)| *at).filter(|at| *at > since));
    }
    times.into_iter().map(|(target, times)| (target, times.len())).collect()
}
