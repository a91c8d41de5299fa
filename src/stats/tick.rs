//! A tick: what every backend of a split counted between two scrapes. All statistics are functions of ticks.

use jiff::Timestamp;

/// Counts above are taken for this many, so that no sum can leave the numbers of an `f64`.
const MOST: f64 = 1e15;
/// Counts below are taken for none: a billionth of a request is a rounding error.
const LEAST: f64 = 1e-9;
/// Times beyond are taken for this one, in seconds; 30,000 years.
const FAR: f64 = 1e12;
/// Two times are the same if they differ by less, in seconds.
pub(super) const SAME: f64 = 1e-3;

/// What one backend counted in a tick. Counts need not be integers: counters may be read between two scrapes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counts {
    /// Requests, ≥ 0.
    pub requests: f64,
    /// Those of them that failed, `0..=requests`.
    pub errors: f64,
    /// Those of them that were slower than each edge of the histogram, in the order of
    /// [`Setup::edges_ms`](crate::stats::Setup::edges_ms). Of another length: not counted in this tick.
    pub slow: Vec<f64>,
}

/// Increments of all backends of a split over one stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// When it ends, in seconds; any origin will do, if all ticks have the same.
    pub end: f64,
    /// How long it is, in seconds, ≥ 0.
    pub seconds: f64,
    /// Which scraped target counted it. Ticks of one target follow each other.
    pub target: u32,
    /// What its evidence counts for, above 0 to 1: below 1 where the increments were extrapolated, by `increase()`
    /// from three scrape intervals to four for example (¾).
    pub scale: f64,
    /// What each backend counted.
    pub backends: Vec<Counts>,
}

/// What was counted of a split: all that a [`Judge`](crate::stats::Judge) is fed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ticks {
    /// All ticks that came in one scrape interval, in order of time; only intervals that are over. Times are seconds since
    /// 1970, by the clock of who scraped.
    pub rounds: Vec<Vec<Tick>>,
    /// Edges of the histograms in ms, rising: those that all backends with a histogram have.
    pub edges_ms: Vec<f64>,
    /// One target counts several backends: all numbers of a tick are of one instant.
    pub paired: bool,
    /// Measured distance of the samples in seconds (their median); `None` below two samples.
    pub scrape_seconds: Option<f64>,
    /// Time of the newest sample of each backend, as ticks have it; `None` without series.
    pub newest: Vec<Option<f64>>,
    /// When somebody began to count anew last, as ticks have it: a counter fell, or a target came later than others. What was
    /// counted just before is lost.
    pub restarted: Option<f64>,
    /// Where there were too many samples to read each: the server added up what all targets counted in so many seconds.
    pub summed_seconds: Option<f64>,
}

/// A time as [`Ticks`] have it: seconds since 1970, to the millisecond.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "milliseconds are below 2^53")]
pub fn unix_seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}

impl Counts {
    /// With `edges` numbers of slow requests or none, and everything in its range.
    fn cleaned(&self, edges: usize) -> Self {
        let requests = count(self.requests, MOST);
        let known = self.slow.len() == edges && self.slow.iter().all(|slow| slow.is_finite());
        let slow =
            if known { self.slow.iter().map(|slow| count(*slow, requests)).collect() } else { Vec::new() };
        Self { requests, errors: count(self.errors, requests), slow }
    }
}

fn count(value: f64, most: f64) -> f64 {
    // NaN is below nothing and above nothing: no count.
    if value >= LEAST { value.min(most) } else { 0.0 }
}

impl Tick {
    /// When it begins.
    pub(super) fn start(&self) -> f64 {
        self.end - self.seconds
    }

    /// The middle of it.
    pub(super) fn middle(&self) -> f64 {
        self.end - self.seconds / 2.0
    }

    /// Index of the block of time that its middle lies in; blocks are so many seconds long, and number 0 begins at `origin`.
    #[expect(clippy::cast_possible_truncation, reason = "times are below 2^53")]
    pub(super) fn block(&self, origin: f64, seconds: f64) -> i64 {
        ((self.middle() - origin) / seconds).floor() as i64
    }

    /// The same with every number in its range; all that comes after may rely on it.
    pub(super) fn cleaned(&self, edges: usize) -> Self {
        let finite = |value: f64| if value.is_finite() { value } else { 0.0 };
        Self {
            end: finite(self.end).clamp(-FAR, FAR),
            seconds: finite(self.seconds).clamp(0.0, FAR),
            target: self.target,
            scale: if self.scale > 0.0 { self.scale.min(1.0) } else { 0.0 },
            backends: self.backends.iter().map(|counts| counts.cleaned(edges)).collect(),
        }
    }

    /// Requests of all backends.
    pub(super) fn requests(&self) -> f64 {
        self.backends.iter().map(|counts| counts.requests).sum()
    }

    /// Requests of this backend, and the events of this signal among them; none where they were not counted.
    pub(super) fn of(&self, backend: usize, signal: Signal) -> Trials {
        self.counted(backend, signal).unwrap_or_default()
    }

    /// The same; `None` where they were not counted.
    pub(super) fn counted(&self, backend: usize, signal: Signal) -> Option<Trials> {
        let counts = self.backends.get(backend)?;
        let events = match signal {
            Signal::Errors => counts.errors,
            Signal::Slow(edge) => *counts.slow.get(edge)?,
        };
        Some(Trials { requests: counts.requests, events })
    }
}

/// What is counted as an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// Failed requests.
    Errors,
    /// Requests slower than the edge with this index.
    Slow(usize),
}

/// Requests, and the events among them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Trials {
    /// Requests, ≥ 0.
    pub requests: f64,
    /// Events, `0..=requests`.
    pub events: f64,
}

impl Trials {
    /// Events a request, 0 without any request.
    #[must_use]
    pub fn rate(self) -> f64 {
        if self.requests > 0.0 { self.events / self.requests } else { 0.0 }
    }

    /// The same, drawn towards ½ by one request: what is expected of the next ones.
    pub(super) fn expected_rate(self) -> f64 {
        (self.events + 0.5) / (self.requests + 1.0)
    }
}

impl std::ops::AddAssign for Trials {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.events += other.events;
    }
}

impl std::ops::Sub for Trials {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { requests: self.requests - other.requests, events: self.events - other.events }
    }
}

/// The two that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Pair {
    pub canary: Trials,
    pub stable: Trials,
}

impl Pair {
    /// With the roles changed: to ask the same of stable.
    pub fn swapped(self) -> Self {
        Self { canary: self.stable, stable: self.canary }
    }
}

impl std::ops::AddAssign for Pair {
    fn add_assign(&mut self, other: Self) {
        self.canary += other.canary;
        self.stable += other.stable;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_count_is_none_and_events_are_among_the_requests() {
        let odd = Counts { requests: 10.0, errors: 11.0, slow: vec![f64::MAX, -1.0] };
        assert_eq!(odd.cleaned(2), Counts { requests: 10.0, errors: 10.0, slow: vec![10.0, 0.0] });
        assert!(odd.cleaned(3).slow.is_empty(), "other buckets are not these");
        let none = Counts { requests: f64::NAN, errors: 1.0, slow: vec![] };
        assert_eq!(none.cleaned(0), Counts::default());
        let huge = Counts { requests: f64::MAX, errors: 1e-300, slow: vec![] }.cleaned(0);
        assert!(huge.requests < 1e16 && huge.errors == 0.0);
    }

    #[test]
    fn a_tick_counts_at_most_for_itself() {
        for (scale, cleaned) in [(0.75, 0.75), (2.0, 1.0), (-1.0, 0.0), (f64::NAN, 0.0)] {
            let tick = Tick { end: 5.0, seconds: 5.0, target: 0, scale, backends: vec![] }.cleaned(0);
            assert!((tick.scale - cleaned).abs() < 1e-12, "{scale}");
        }
    }

    #[test]
    fn a_backend_that_was_not_counted_has_no_trials() {
        let counts = Counts { requests: 10.0, errors: 1.0, slow: vec![] };
        let tick = Tick { end: 5.0, seconds: 5.0, target: 0, scale: 1.0, backends: vec![counts] };
        assert_eq!(tick.of(0, Signal::Errors), Trials { requests: 10.0, events: 1.0 });
        assert_eq!(tick.of(1, Signal::Errors), Trials::default());
        assert_eq!(tick.of(0, Signal::Slow(0)), Trials::default(), "without a histogram nothing is fast");
    }
}
