//! The samples of one split as they were read so far, raw or in sums, so that a look asks only for what is new.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::decode::{Labels, RawSeries};
use crate::route::RuleBackend;

/// Samples of some backends from an instant on.
#[derive(Debug, Default)]
pub(super) struct Samples {
    /// Name of the provider.
    by: String,
    of: Vec<RuleBackend>,
    /// From when on they were wanted: as long as that is so, nothing older is read again.
    wanted: Timestamp,
    /// Everything later than this is here.
    since: Timestamp,
    /// When it was asked for last, by the clock of this machine.
    asked_at: Timestamp,
    /// How they were added up, if they were: a sample is then what was counted since the one before it.
    pub sums: Option<Sums>,
    series: Vec<RawSeries>,
    index: HashMap<Labels, usize>,
}

/// How the server adds up what all targets counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sums {
    /// In stretches of time so long, in whole seconds; they end at multiples of it.
    pub width: Duration,
    /// So many stretches in one question.
    pub at_once: u32,
    /// How far apart scrapes are, once that was measured.
    pub interval: Option<Duration>,
}

impl Samples {
    /// Nothing yet, of `backends` as the provider `by` counts them: wanted from an instant on, and read since a later one
    /// where that would be too much.
    pub fn new(by: &str, backends: &[RuleBackend], wanted: Timestamp, since: Timestamp) -> Self {
        let (by, of, asked_at) = (by.to_owned(), backends.to_vec(), Timestamp::MIN);
        Self { by, of, wanted, since, asked_at, ..Self::default() }
    }

    /// Whether all of these are here that can be read of those later than `since`, and were stored when it was asked for last.
    pub fn cover(&self, by: &str, backends: &[RuleBackend], since: Timestamp) -> bool {
        self.by == by && self.of == backends && self.wanted <= since && self.asked_at > Timestamp::MIN
    }

    /// How far back it must be read to miss nothing; `overlap` is for what was on its way.
    pub fn missing(&self, now: Timestamp, overlap: Duration) -> Duration {
        let from = self.asked_at.max(self.since);
        Duration::try_from(now.duration_since(from)).unwrap_or_default() + overlap
    }

    /// Adds what was read of the time up to `until`. What is here already is replaced: it may have been late.
    pub fn add(&mut self, until: Timestamp, batch: Vec<RawSeries>) {
        self.asked_at = until;
        for mut series in batch {
            let known = self.index.get(&series.labels).and_then(|known| self.series.get_mut(*known));
            let Some(known) = known else {
                self.index.insert(series.labels.clone(), self.series.len());
                self.series.push(series);
                continue;
            };
            let Some((first, _)) = series.samples.first() else { continue };
            known.samples.truncate(known.samples.partition_point(|(at, _)| at < first));
            known.samples.append(&mut series.samples);
        }
    }

    /// Forgets what is older than `since`, and series of which nothing is left.
    pub fn forget_before(&mut self, since: Timestamp) {
        if since <= self.since {
            return;
        }
        (self.wanted, self.since) = (since, since);
        for series in &mut self.series {
            let old = series.samples.partition_point(|(at, _)| *at < since);
            series.samples.drain(..old);
        }
        self.series.retain(|series| !series.samples.is_empty());
        let labels = self.series.iter().map(|series| series.labels.clone());
        self.index = labels.zip(0..).collect();
    }

    /// All of them.
    pub fn series(&self) -> &[RawSeries] {
        &self.series
    }
}

#[cfg(test)]
mod tests {
    use super::super::provider::fixture::place;
    use super::*;
    use crate::stats::unix_seconds;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn series(name: &str, seconds: std::ops::RangeInclusive<i64>) -> RawSeries {
        let labels = [("name".to_owned(), name.to_owned())].into();
        RawSeries { labels, samples: seconds.map(|second| (at(second), unix_seconds(at(second)))).collect() }
    }

    fn seconds(samples: &Samples) -> Vec<(String, i64, i64)> {
        let ends = |series: &RawSeries| {
            let second = |sample: Option<&(Timestamp, f64)>| sample.unwrap().0.as_second();
            let (first, last) = (second(series.samples.first()), second(series.samples.last()));
            let whole = (first..=last).map(at);
            assert!(whole.eq(series.samples.iter().map(|(at, _)| *at)), "none twice, none lost");
            (series.label("name").to_owned(), first, last)
        };
        samples.series().iter().map(ends).collect()
    }

    #[test]
    fn looks_that_overlap_make_one_series() {
        let mut samples = Samples::new("app", &[], at(0), at(0));
        assert!(!samples.cover("app", &[], at(0)), "nothing was read yet");
        samples.add(at(10), vec![series("a", 0..=9)]);
        assert!(samples.cover("app", &[], at(5)) && !samples.cover("app", &[], at(-5)));
        assert!(
            !samples.cover("contour", &[], at(5))
                && !samples.cover("app", &[place("shop", "a", 80, 0)], at(5))
        );
        assert_eq!(samples.missing(at(14), Duration::from_secs(3)), Duration::from_secs(7));
        samples.add(at(14), vec![series("a", 7..=13), series("b", 12..=13)]);
        let expected = [("a".to_owned(), 0, 13), ("b".to_owned(), 12, 13)];
        assert_eq!(seconds(&samples), expected);
    }

    #[test]
    fn what_came_late_replaces_what_was_there() {
        let mut samples = Samples::new("app", &[], at(0), at(0));
        let sums = |second: i64, sums: &[f64]| {
            let samples = (second..).zip(sums).map(|(second, sum)| (at(second), *sum)).collect();
            vec![RawSeries { labels: Labels::new(), samples }]
        };
        samples.add(at(3), sums(1, &[7.0, 7.0, 0.0]));
        samples.add(at(4), sums(3, &[5.0, 7.0]));
        let values: Vec<f64> = samples.series()[0].samples.iter().map(|(_, value)| *value).collect();
        assert_eq!(values, [7.0, 7.0, 5.0, 7.0]);
    }

    #[test]
    fn a_past_that_is_too_long_is_not_asked_for_again_and_again() {
        let mut samples = Samples::new("app", &[], at(0), at(100));
        samples.add(at(120), vec![series("a", 100..=119)]);
        assert!(samples.cover("app", &[], at(0)) && !samples.cover("app", &[], at(-5)));
        assert_eq!(samples.missing(at(125), Duration::ZERO), Duration::from_secs(5));
    }

    #[test]
    fn what_is_too_old_is_forgotten() {
        let mut samples = Samples::new("app", &[], at(0), at(0));
        samples.add(at(20), vec![series("a", 0..=5), series("b", 0..=19)]);
        samples.forget_before(at(10));
        samples.add(at(22), vec![series("b", 15..=21)]);
        assert_eq!(seconds(&samples), [("b".to_owned(), 10, 21)]);
        assert!(!samples.cover("app", &[], at(5)) && samples.cover("app", &[], at(10)));
    }
}
