//! Ticks of sums that the server made over all targets.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::super::decode::RawSeries;
use super::super::increments::Increment;
use super::super::provider::Provider;
use super::{Clock, Described, Sheet, common_edges};
use crate::stats::{Ticks, unix_seconds};

/// What is known beside the sums.
pub(in crate::metrics) struct Beside {
    /// Width of the sums, in whole seconds.
    pub width: Duration,
    /// How far apart scrapes are.
    pub interval: Option<Duration>,
    /// By backend, when the newest sample was taken, as seconds since 1970.
    pub newest: Vec<RawSeries>,
    /// Until when it is known what was counted.
    pub over: Option<Timestamp>,
    /// When somebody began to count anew last.
    pub anew: Option<Timestamp>,
}

impl Beside {
    /// When the newest sample of all was taken.
    pub fn last(&self) -> Option<Timestamp> {
        let seconds =
            self.newest.iter().filter_map(|series| series.samples.last().map(|(_, seconds)| *seconds));
        let newest = SignedDuration::try_from_secs_f64(seconds.reduce(f64::max)?).ok()?;
        Timestamp::from_duration(newest).ok()
    }
}

/// Ticks of `backends` backends; `of` tells which of them a series counts, each sample of which is what was counted since
/// the `width` before it. Several targets in one sum were scraped at
/// several moments, so the versions count as apart even where each target counts both.
pub(in crate::metrics) fn summed(
    series: &[RawSeries],
    beside: &Beside,
    provider: &Provider,
    backends: usize,
    of: impl Fn(&RawSeries) -> BTreeSet<usize>,
) -> Ticks {
    let found: Vec<Described<'_>> =
        series.iter().map(|series| Described::new(series, provider, of(series))).collect();
    let edges_ms = common_edges(&found, backends);
    let rises = |(index, series): (usize, &RawSeries)| {
        let finite = series.samples.iter().filter(|(_, amount)| amount.is_finite());
        let increment = |&(at, amount): &(Timestamp, f64)| {
            let since = at.checked_sub(beside.width).unwrap_or(at);
            Increment { series: index, since, at, amount, reset: false }
        };
        finite.map(increment).collect::<Vec<_>>()
    };
    let increments: Vec<Increment> = series.iter().enumerate().flat_map(rises).collect();
    let clock = beside.over.map(unix_seconds).map(|over| Clock {
        interval: beside.width.as_secs_f64(),
        newest: over,
        last: over,
        targets: 1,
    });
    let sheet = Sheet { found: &found, edges_ms: &edges_ms, backends };
    let cells = clock.map(|clock| sheet.cells(&increments, &clock)).unwrap_or_default();
    let newest = |index: usize| {
        let own = beside.newest.iter().filter(|series| of(series).contains(&index));
        own.filter_map(|series| series.samples.last().map(|(_, seconds)| *seconds)).reduce(f64::max)
    };
    Ticks {
        rounds: cells.into_iter().map(|tick| vec![tick]).collect(),
        edges_ms,
        paired: false,
        scrape_seconds: beside.interval.map(|interval| interval.as_secs_f64()),
        newest: (0..backends).map(newest).collect(),
        restarted: beside.anew.map(unix_seconds),
        summed_seconds: Some(beside.width.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::decode::Labels;
    use super::super::super::provider::PROVIDERS;
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn sums(cluster: &str, label: (&str, &str), samples: &[(i64, f64)]) -> RawSeries {
        let labels = [("envoy_cluster_name", cluster), label];
        let labels: Labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        RawSeries { labels, samples: samples.iter().map(|&(second, sum)| (at(second), sum)).collect() }
    }

    #[test]
    fn each_sum_that_is_over_is_a_tick() {
        let class = |class| ("envoy_response_code_class", class);
        let series = [
            sums("stable", class("2"), &[(1020, 100.0), (1080, 110.0), (1140, 90.0)]),
            sums("canary", class("2"), &[(1020, 10.0), (1140, 11.0)]),
            sums("canary", class("5"), &[(1080, 3.0), (1140, f64::NAN)]),
            sums("canary", ("le", "10"), &[(1020, 8.0), (1080, 1.0)]),
            sums("canary", ("le", "+Inf"), &[(1020, 10.0), (1080, 3.0)]),
        ];
        let beside = Beside {
            width: Duration::from_mins(1),
            interval: Some(Duration::from_secs(15)),
            newest: vec![
                sums("stable", ("a", "b"), &[(1200, 1199.5)]),
                sums("canary", ("a", "b"), &[(1200, 1190.0)]),
            ],
            over: Some(at(1080)),
            anew: Some(at(1070)),
        };
        assert_eq!(beside.last(), Some(Timestamp::from_millisecond(1_199_500).unwrap()));
        let of = |series: &RawSeries| [usize::from(series.label("envoy_cluster_name") == "canary")].into();
        let ticks = summed(&series, &beside, &PROVIDERS[0], 2, of);
        let numbers: Vec<_> = ticks
            .rounds
            .iter()
            .flatten()
            .map(|tick| {
                let [stable, canary] = tick.backends.as_slice() else { panic!() };
                (tick.end, tick.seconds, stable.requests, canary.requests, canary.errors, canary.slow.clone())
            })
            .collect();
        let expected =
            [(1020.0, 60.0, 100.0, 10.0, 0.0, vec![2.0]), (1080.0, 60.0, 110.0, 3.0, 3.0, vec![2.0])];
        assert_eq!(numbers, expected, "the third is not over");
        assert!(!ticks.paired, "targets were scraped at several moments");
        assert_eq!((ticks.newest, ticks.edges_ms), (vec![Some(1199.5), Some(1190.0)], vec![10.0]));
        assert_eq!(
            (ticks.scrape_seconds, ticks.summed_seconds, ticks.restarted),
            (Some(15.0), Some(60.0), Some(1070.0))
        );
    }
}
