//! From raw samples to ticks: what each backend of a split counted between two scrapes, for the statistics.
//!
//! Where one target counts several backends (a proxy), each of its scrapes is a tick: all numbers of it are of one instant.
//! Where every version counts for itself (apps), increments are laid on a common grid of time by linear interpolation.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::decode::{Labels, RawSeries};
use super::increments::{self, Increment};
use super::provider::Provider;
use super::rows::edge;
use crate::stats::{Counts, Tick, Ticks, unix_seconds};

pub(super) use summed::{Beside, summed};

/// Narrowest cell of the grid, in seconds.
const NARROWEST: f64 = 5.0;
/// A target without a sample for so many scrape intervals is not waited for.
const LIVE: f64 = 3.0;
/// A stretch of time is closed so many scrape intervals after its end, whoever has not been scraped by then.
pub(super) const PATIENCE: f64 = 1.5;

/// Ticks of `backends` backends; `of` tells which of them a series counts.
pub(super) fn ticks<'a>(
    series: &'a [RawSeries],
    provider: &Provider,
    backends: usize,
    of: impl Fn(&RawSeries) -> BTreeSet<usize>,
) -> Ticks {
    let found: Vec<Described<'a>> =
        series.iter().map(|series| Described::new(series, provider, of(series))).collect();
    let scrape_interval = increments::interval(series);
    let edges_ms = common_edges(&found, backends);
    let newest = |index: usize| {
        let own = found.iter().filter(|series| series.backends.contains(&index));
        own.filter_map(|described| described.series.samples.last().map(|(at, _)| *at)).max().map(unix_seconds)
    };
    let newest = (0..backends).map(newest).collect();
    let paired = is_paired(&found);
    let increments = increments::increments(series, provider);
    let sheet = Sheet { found: &found, edges_ms: &edges_ms, backends };
    let clock = Clock::of(&found, scrape_interval);
    let rounds = match &clock {
        None => Vec::new(),
        Some(clock) if paired => clock.rounds(sheet.scrapes(&increments)),
        Some(clock) => sheet.cells(&increments, clock).into_iter().map(|tick| vec![tick]).collect(),
    };
    let restarted = restarted(&found, &increments, scrape_interval);
    let scrape_seconds = scrape_interval.map(|interval| interval.as_secs_f64());
    Ticks { rounds, edges_ms, paired, scrape_seconds, newest, restarted, summed_seconds: None }
}

/// When a counter fell last, or a target was seen first that was not there from the start.
fn restarted(found: &[Described<'_>], increments: &[Increment], interval: Option<Duration>) -> Option<f64> {
    let falls =
        increments.iter().filter(|increment| increment.reset).map(|increment| unix_seconds(increment.at));
    let mut first: BTreeMap<&Labels, f64> = BTreeMap::new();
    for series in found {
        let Some((at, _)) = series.series.samples.first() else { continue };
        let known = first.entry(&series.target).or_insert(f64::INFINITY);
        *known = known.min(unix_seconds(*at));
    }
    let start = first.values().copied().reduce(f64::min)?;
    let late = start + LIVE * interval.map_or(0.0, |interval| interval.as_secs_f64());
    falls.chain(first.into_values().filter(|at| *at > late)).reduce(f64::max)
}

/// A series, and what it counts.
struct Described<'a> {
    series: &'a RawSeries,
    target: Labels,
    backends: BTreeSet<usize>,
    counts: What,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    Requests {
        failed: bool,
    },
    /// Requests that took at most so many ms.
    Within(f64),
    Nothing,
}

impl<'a> Described<'a> {
    fn new(series: &'a RawSeries, provider: &Provider, backends: BTreeSet<usize>) -> Self {
        let counts = match series.label("le") {
            "" => What::Requests { failed: provider.is_error(series) },
            _ => edge(provider, series).map_or(What::Nothing, |seconds| What::Within(seconds * 1000.0)),
        };
        Self { series, target: increments::target(series, provider), backends, counts }
    }
}

/// Whether some target counts more than one backend. One that does not may not have sent the other a request yet.
fn is_paired(found: &[Described<'_>]) -> bool {
    let mut of: BTreeMap<&Labels, BTreeSet<usize>> = BTreeMap::new();
    for series in found {
        of.entry(&series.target).or_default().extend(&series.backends);
    }
    of.into_values().any(|backends| backends.len() > 1)
}

fn common_edges(found: &[Described<'_>], backends: usize) -> Vec<f64> {
    let of = |backend: usize| {
        let mut edges: Vec<f64> = found
            .iter()
            .filter(|series| series.backends.contains(&backend))
            .filter_map(|series| match series.counts {
                What::Within(edge) if edge.is_finite() => Some(edge),
                _ => None,
            })
            .collect();
        edges.sort_by(f64::total_cmp);
        edges.dedup_by(|a, b| same(*a, *b));
        edges
    };
    let all = (0..backends).map(of).filter(|edges| !edges.is_empty());
    let common = |mine: Vec<f64>, other: Vec<f64>| {
        mine.into_iter().filter(|edge| other.iter().any(|other| same(*edge, *other))).collect()
    };
    all.reduce(common).unwrap_or_default()
}

/// Whether two edges are one: `0.1` s is `100` ms but for rounding.
fn same(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs())
}

/// One stretch of time while it is added up.
#[derive(Debug, Clone)]
struct Sum {
    requests: f64,
    errors: f64,
    /// Requests with a histogram; `None` where there is none.
    timed: Option<f64>,
    within: Vec<f64>,
}

/// What the series of a split are, to add their increments up by.
struct Sheet<'a> {
    found: &'a [Described<'a>],
    edges_ms: &'a [f64],
    backends: usize,
}

impl Sheet<'_> {
    fn empty(&self) -> Vec<Sum> {
        let edges = self.edges_ms.len();
        vec![Sum { requests: 0.0, errors: 0.0, timed: None, within: vec![0.0; edges] }; self.backends]
    }

    /// Adds `part` of an increment.
    fn add(&self, sums: &mut [Sum], increment: &Increment, part: f64) {
        let Some(series) = self.found.get(increment.series) else { return };
        let amount = increment.amount * part;
        for index in &series.backends {
            let Some(sum) = sums.get_mut(*index) else { continue };
            match series.counts {
                What::Requests { failed } => {
                    sum.requests += amount;
                    sum.errors += if failed { amount } else { 0.0 };
                }
                What::Within(edge) if edge.is_infinite() => *sum.timed.get_or_insert(0.0) += amount,
                What::Within(edge) => {
                    let own = self.edges_ms.iter().position(|common| same(*common, edge));
                    own.and_then(|own| sum.within.get_mut(own)).into_iter().for_each(|sum| *sum += amount);
                }
                What::Nothing => {}
            }
        }
    }

    fn tick(sums: Vec<Sum>, end: f64, seconds: f64, target: u32) -> Tick {
        let counts = |sum: Sum| Counts {
            requests: sum.requests,
            errors: sum.errors,
            slow: sum.timed.map_or_else(Vec::new, |timed| {
                sum.within.into_iter().map(|within| (timed - within).max(0.0)).collect()
            }),
        };
        Tick { end, seconds, target, scale: 1.0, backends: sums.into_iter().map(counts).collect() }
    }

    /// Every scrape of every target.
    fn scrapes(&self, increments: &[Increment]) -> Vec<Tick> {
        let targets: BTreeSet<&Labels> = self.found.iter().map(|series| &series.target).collect();
        let number = |increment: &Increment| {
            let target = &self.found.get(increment.series)?.target;
            u32::try_from(targets.iter().position(|other| *other == target)?).ok()
        };
        let mut scrapes: BTreeMap<(Timestamp, u32), (Timestamp, Vec<Sum>)> = BTreeMap::new();
        for increment in increments {
            let Some(target) = number(increment) else { continue };
            let scrape = scrapes.entry((increment.at, target));
            let (since, sums) = scrape.or_insert_with(|| (increment.since, self.empty()));
            *since = (*since).min(increment.since);
            self.add(sums, increment, 1.0);
        }
        let tick = |((at, target), (since, sums))| {
            Self::tick(sums, unix_seconds(at), unix_seconds(at) - unix_seconds(since), target)
        };
        scrapes.into_iter().map(tick).collect()
    }

    /// The increments of all targets on a common grid.
    fn cells(&self, increments: &[Increment], clock: &Clock) -> Vec<Tick> {
        let width = clock.interval.max(NARROWEST);
        let cell = |at: f64| (at / width).floor();
        let Some(first) = increments.iter().map(|increment| increment.since).min() else { return Vec::new() };
        // The cell in which counting begins is not covered from its start.
        let mut start = (unix_seconds(first) / width).ceil();
        let mut ticks = Vec::new();
        let mut sums: BTreeMap<u64, Vec<Sum>> = BTreeMap::new();
        for increment in increments {
            let (from, to) = (unix_seconds(increment.since), unix_seconds(increment.at));
            let mut index = cell(from).max(start);
            while index * width < to {
                let covered = to.min((index + 1.0) * width) - from.max(index * width);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "whole, and not below start"
                )]
                let own = sums.entry((index - start) as u64).or_insert_with(|| self.empty());
                self.add(own, increment, covered / (to - from));
                index += 1.0;
            }
        }
        while clock.is_over((start + 1.0) * width) {
            let own = sums.remove(&(ticks.len() as u64)).unwrap_or_else(|| self.empty());
            start += 1.0;
            ticks.push(Self::tick(own, start * width, width, 0));
        }
        ticks
    }
}

/// The newest sample of every target: what is over by now.
struct Clock {
    interval: f64,
    newest: f64,
    /// Of the live target that was scraped the longest ago.
    last: f64,
    targets: usize,
}

impl Clock {
    fn of(found: &[Described<'_>], interval: Option<Duration>) -> Option<Self> {
        // As it was configured: what is measured jitters, and stretches of time must not move with it.
        let interval = (interval?.as_secs_f64() * 10.0).round().max(1.0) / 10.0;
        let mut of: BTreeMap<&Labels, f64> = BTreeMap::new();
        for series in found {
            let Some((at, _)) = series.series.samples.last() else { continue };
            let newest = of.entry(&series.target).or_insert(f64::NEG_INFINITY);
            *newest = newest.max(unix_seconds(*at));
        }
        let newest = of.values().copied().reduce(f64::max)?;
        let live = of.values().copied().filter(|at| *at >= newest - LIVE * interval);
        Some(Self { interval, newest, last: live.reduce(f64::min)?, targets: of.len() })
    }

    fn is_over(&self, end: f64) -> bool {
        self.last >= end || self.newest >= end + PATIENCE * self.interval
    }

    /// Of one target each tick is a round; of several, those that came in one interval.
    fn rounds(&self, ticks: Vec<Tick>) -> Vec<Vec<Tick>> {
        if self.targets == 1 {
            return ticks.into_iter().map(|tick| vec![tick]).collect();
        }
        let mut rounds: Vec<Vec<Tick>> = Vec::new();
        let number = |tick: &Tick| (tick.end / self.interval).ceil();
        for tick in ticks {
            if !self.is_over(number(&tick) * self.interval) {
                break;
            }
            match rounds.last_mut() {
                #[expect(clippy::float_cmp, reason = "both are whole")]
                Some(round) if round.last().is_some_and(|last| number(last) == number(&tick)) => {
                    round.push(tick);
                }
                _ => rounds.push(vec![tick]),
            }
        }
        rounds
    }
}

mod summed;
#[cfg(test)]
mod tests;
