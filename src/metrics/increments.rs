//! From raw samples to exact increments: resets, births, baselines, duplicates. No rates, no guessing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use super::decode::{Labels, RawSeries};
use super::provider::Provider;
use super::query::REPLICA_LABELS;

/// A series or target unseen for this long is forgotten, unless scrapes are rarer than that.
pub(super) const FORGET: Duration = Duration::from_mins(5);

/// Labels that name a scraped target.
pub(super) const IDENTITY: [&str; 4] = ["cluster", "job", "instance", "pod"];

/// What one counter rose by between two scrapes. The first scrape of a target gives none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Increment {
    /// Index of the series.
    pub series: usize,
    /// When the earlier one was: where the series is born, when its target was scraped last.
    pub since: Timestamp,
    /// When the later of the two samples was taken.
    pub at: Timestamp,
    /// ≥ 0.
    pub amount: f64,
    /// The counter began again at 0 in between: what it counted before that is lost.
    pub reset: bool,
}

/// What all counters rose by from scrape to scrape, in order of time.
///
/// A series seen for the first time was born between two scrapes if its target was scraped before: its whole value counts
/// (the first 503 of a pod). If its target is new as well, nobody knows when it began, and its value is only a baseline.
pub(super) fn increments(all: &[RawSeries], provider: &Provider) -> Vec<Increment> {
    let forget = interval(all).map_or(FORGET, |interval| FORGET.max(interval * 3));
    let known = |before: Timestamp, at: Timestamp| {
        Duration::try_from(at.duration_since(before)).is_ok_and(|passed| passed <= forget)
    };
    let targets: Vec<Labels> = all.iter().map(|series| target(series, provider)).collect();
    let mut scrapes: HashMap<&Labels, BTreeSet<Timestamp>> = HashMap::new();
    for (target, series) in targets.iter().zip(all) {
        scrapes.entry(target).or_default().extend(finite(series).map(|(at, _)| at));
    }
    let mut found = Vec::new();
    for (index, (target, series)) in targets.iter().zip(all).enumerate() {
        let mut last: Option<(Timestamp, f64)> = None;
        for (at, value) in finite(series) {
            let rise = match last.replace((at, value)).filter(|(before, _)| known(*before, at)) {
                Some((since, before)) if value < before => Some((since, value, true)),
                Some((since, before)) => Some((since, value - before, false)),
                None => {
                    let earlier = scrapes.get(target).and_then(|scrapes| scrapes.range(..at).next_back());
                    earlier.filter(|since| known(**since, at)).map(|since| (*since, value, false))
                }
            };
            let rise =
                rise.map(|(since, amount, reset)| Increment { series: index, since, at, amount, reset });
            found.extend(rise);
        }
    }
    found.sort_by_key(|increment| (increment.at, increment.series));
    found
}

fn finite(series: &RawSeries) -> impl Iterator<Item = (Timestamp, f64)> + '_ {
    series.samples.iter().copied().filter(|(_, value)| value.is_finite())
}

/// Labels of the scraped target: one target exposes many backends and classes, and once one of them
/// was seen, the others were 0. Prometheus identifies a target by `job` and `instance`; without them,
/// it is whatever names neither backend nor class.
pub(super) fn target(series: &RawSeries, provider: &Provider) -> Labels {
    const CLASSES: [&str; 5] = ["__name__", "le", "method", "status", "code"];
    let identified = !series.label("instance").is_empty();
    let keep = |name: &str| {
        if identified {
            return IDENTITY.contains(&name);
        }
        !provider.class_labels().any(|label| label == name)
            && !CLASSES.contains(&name)
            && !REPLICA_LABELS.contains(&name)
            && !provider.labels.iter().any(|label| label == name)
    };
    series
        .labels
        .iter()
        .filter(|(name, _)| keep(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Of the two halves of an HA pair, for each target the one with more samples. The halves scrape at
/// different moments, so no target may be put together from both. The labels that tell them apart
/// are dropped, so that a series stays the same when the other half takes over.
pub(super) fn without_replicas(batch: Vec<RawSeries>, provider: &Provider) -> Vec<RawSeries> {
    let half = |series: &RawSeries| REPLICA_LABELS.map(|name| series.label(name).to_owned());
    let mut samples: BTreeMap<Labels, BTreeMap<[String; 2], usize>> = BTreeMap::new();
    for series in &batch {
        let halves = samples.entry(target(series, provider)).or_default();
        *halves.entry(half(series)).or_default() += series.samples.len();
    }
    let fuller: BTreeMap<Labels, [String; 2]> = samples
        .into_iter()
        .filter_map(|(target, halves)| Some((target, halves.into_iter().max_by_key(|(_, count)| *count)?.0)))
        .collect();
    let mut kept: Vec<RawSeries> = batch
        .into_iter()
        .filter(|series| fuller.get(&target(series, provider)) == Some(&half(series)))
        .collect();
    for series in &mut kept {
        series.labels.retain(|name, _| !REPLICA_LABELS.contains(&name.as_str()));
    }
    kept
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
    let middle = gaps.len() / 2;
    (!gaps.is_empty()).then(|| *gaps.select_nth_unstable(middle).1)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::provider::PROVIDERS;
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// A series of Contour's, of one class, scraped from one Envoy.
    fn series(cluster: &str, class: &str, instance: &str, samples: &[(i64, f64)]) -> RawSeries {
        let labels = [
            ("__name__", "envoy_cluster_upstream_rq_xx"),
            ("envoy_cluster_name", cluster),
            ("envoy_response_code_class", class),
            ("instance", instance),
            ("job", "envoy"),
        ];
        RawSeries {
            labels: labels.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            samples: samples.iter().map(|&(second, value)| (at(second), value)).collect(),
        }
    }

    /// (series, second, amount, reset) of all increments.
    fn found(batch: &[RawSeries]) -> Vec<(usize, i64, f64, bool)> {
        increments(batch, &PROVIDERS[0])
            .iter()
            .map(|i| (i.series, i.at.as_second(), i.amount, i.reset))
            .collect()
    }

    #[test]
    fn a_new_targets_first_value_is_only_a_baseline() {
        let batch = [series("a", "2", "e1", &[(10, 500.0), (12, 503.0), (14, 503.0)])];
        assert_eq!(found(&batch), [(0, 12, 3.0, false), (0, 14, 0.0, false)]);
    }

    #[test]
    fn a_restart_counts_from_0() {
        let batch = [series("a", "2", "e1", &[(10, 500.0), (12, 4.0), (14, 5.0)])];
        assert_eq!(found(&batch), [(0, 12, 4.0, true), (0, 14, 1.0, false)]);
    }

    #[test]
    fn a_class_born_on_a_scraped_target_counts_in_full() {
        let batch =
            [series("a", "2", "e1", &[(10, 500.0), (12, 500.0)]), series("a", "5", "e1", &[(12, 7.0)])];
        assert_eq!(found(&batch), [(0, 12, 0.0, false), (1, 12, 7.0, false)]);
    }

    #[test]
    fn a_backend_born_on_a_scraped_target_counts_in_full() {
        let batch =
            [series("stable", "2", "e1", &[(10, 9.0), (12, 9.0)]), series("canary", "5", "e1", &[(12, 7.0)])];
        assert_eq!(found(&batch)[1], (1, 12, 7.0, false));
    }

    #[test]
    fn series_of_a_new_target_are_no_births() {
        // The other Envoy was scraped before; this one was not.
        let batch = [
            series("a", "2", "e1", &[(10, 9.0), (12, 9.0)]),
            series("a", "2", "e2", &[(12, 800.0), (14, 801.0)]),
        ];
        assert_eq!(found(&batch), [(0, 12, 0.0, false), (1, 14, 1.0, false)]);
    }

    #[test]
    fn what_is_no_number_is_skipped() {
        let batch = [series(
            "a",
            "2",
            "e1",
            &[(10, 5.0), (12, f64::NAN), (14, f64::INFINITY), (16, 8.0), (18, f64::NAN)],
        )];
        assert_eq!(found(&batch), [(0, 16, 3.0, false)]);
    }

    #[test]
    fn a_series_and_its_target_are_forgotten_after_a_long_pause() {
        let after = |pause: i64| {
            let samples = [(0, 5.0), (1, 5.0), (2, 8.0), (2 + pause, 90.0), (3 + pause, 91.0)];
            found(&[series("a", "2", "e1", &samples)]).iter().map(|found| found.2).collect::<Vec<_>>()
        };
        assert_eq!(after(300), [0.0, 3.0, 82.0, 1.0]);
        assert_eq!(after(301), [0.0, 3.0, 1.0]);
    }

    #[test]
    fn where_scrapes_are_rare_a_pause_is_not_long() {
        let batch = [series("a", "2", "e1", &[(0, 5.0), (301, 8.0), (602, 9.0), (1204, 10.0)])];
        assert_eq!(found(&batch).iter().map(|found| found.2).collect::<Vec<_>>(), [3.0, 1.0, 1.0]);
    }

    #[test]
    fn without_instance_a_target_is_what_names_neither_backend_nor_class() {
        let mut first = series("a", "2", "", &[(10, 5.0), (12, 5.0)]);
        let mut second = series("b", "5", "", &[(12, 3.0)]);
        for series in [&mut first, &mut second] {
            series.labels.remove("instance");
        }
        assert_eq!(target(&first, &PROVIDERS[0]), target(&second, &PROVIDERS[0]));
        assert_eq!(found(&[first, second])[1], (1, 12, 3.0, false));
    }

    fn half(replica: &str, mut series: RawSeries) -> RawSeries {
        series.labels.insert("prometheus_replica".to_owned(), replica.to_owned());
        series
    }

    #[test]
    fn of_a_high_availability_pair_the_fuller_half_counts() {
        let halves = vec![
            half("0", series("a", "2", "e1", &[(10, 5.0), (14, 9.0)])),
            half("1", series("a", "2", "e1", &[(10, 5.0), (12, 7.0), (14, 9.0)])),
        ];
        let one = without_replicas(halves, &PROVIDERS[0]);
        assert_eq!(found(&one), [(0, 12, 2.0, false), (0, 14, 2.0, false)]);
        assert!(!one[0].labels.contains_key("prometheus_replica"));
    }

    #[test]
    fn a_target_is_not_put_together_from_two_halves() {
        // By series, the 200s of half 0 and the 503s of half 1 have most samples; taken together, the
        // 503s would seem born a second after their target was first seen, and all 50 would count.
        let halves = vec![
            half("0", series("a", "2", "e1", &[(10, 5.0), (12, 5.0), (14, 5.0)])),
            half("0", series("a", "5", "e1", &[(10, 50.0), (12, 50.0), (14, 50.0)])),
            half("1", series("a", "2", "e1", &[(11, 5.0)])),
            half("1", series("a", "5", "e1", &[(11, 50.0), (13, 50.0), (15, 50.0), (17, 50.0)])),
        ];
        let sum: f64 = found(&without_replicas(halves, &PROVIDERS[0])).iter().map(|i| i.2).sum();
        assert!(sum.abs() < 1e-9, "{sum}");
    }

    #[test]
    fn the_interval_is_measured_and_a_missed_scrape_does_not_change_it() {
        let batch = [series("a", "2", "e1", &[(0, 0.0), (2, 0.0), (4, 0.0), (60, 0.0)])];
        assert_eq!(interval(&batch), Some(Duration::from_secs(2)));
        assert_eq!(interval(&[series("a", "2", "e1", &[(0, 0.0)])]), None);
    }

    #[test]
    fn scrapes_are_those_of_the_target_after_the_instant() {
        // The canary's series was born late: its target was scraped all the same.
        let batch = [
            series("s", "2", "e1", &[(10, 0.0), (12, 0.0), (14, 0.0)]),
            series("c", "2", "e1", &[(14, 1.0)]),
        ];
        let scrapes = scrapes_by_target(&batch, &PROVIDERS[0], at(10));
        assert_eq!(scrapes[&target(&batch[1], &PROVIDERS[0])], 2);
    }

    /// Rises of a counter between scrapes 2 s apart; a negative one is a restart.
    fn counter(rises: &[i32]) -> Vec<(i64, f64)> {
        let mut value = 0.0;
        rises
            .iter()
            .zip(0..)
            .map(|(&rise, i)| {
                value = if rise < 0 { 0.0 } else { value + f64::from(rise) };
                (i * 2, value)
            })
            .collect()
    }

    proptest! {
        #[test]
        fn increments_of_a_rising_counter_add_up_to_its_rise(rises in prop::collection::vec(0..1000, 1..60)) {
            let samples = counter(&rises);
            let sum: f64 = found(&[series("a", "2", "e1", &samples)]).iter().map(|(_, _, amount, _)| amount).sum();
            let (first, last) = (samples[0].1, samples[samples.len() - 1].1);
            prop_assert!((sum - (last - first)).abs() < 1e-9);
        }
    }
}
