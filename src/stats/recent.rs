//! What was counted lately: sums over the last minutes.

use std::collections::VecDeque;

use super::tick::{Pair, SAME, Signal, Tick};

/// Ticks are kept for so long, in seconds: the longest window of any check.
const KEPT: f64 = 3600.0;

/// Sums over some ticks.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Sums {
    /// Requests of all backends.
    pub requests: f64,
    /// Failed requests of canary and stable.
    pub errors: Pair,
    /// Requests of canary and stable slower than each edge, among those with a histogram.
    pub slow: Vec<Pair>,
}

impl Sums {
    pub fn new(edges: usize) -> Self {
        Self { slow: vec![Pair::default(); edges], ..Self::default() }
    }

    pub fn add(&mut self, tick: &Tick, (canary, stable): (usize, usize)) {
        let pair = |signal| Pair { canary: tick.of(canary, signal), stable: tick.of(stable, signal) };
        self.requests += tick.requests();
        self.errors += pair(Signal::Errors);
        for (edge, sum) in self.slow.iter_mut().enumerate() {
            *sum += pair(Signal::Slow(edge));
        }
    }

    /// Without what was already there at `earlier`.
    fn since(&self, earlier: &Self) -> Self {
        let pair = |a: &Pair, b: &Pair| Pair { canary: a.canary - b.canary, stable: a.stable - b.stable };
        Self {
            requests: self.requests - earlier.requests,
            errors: pair(&self.errors, &earlier.errors),
            slow: self.slow.iter().zip(&earlier.slow).map(|(a, b)| pair(a, b)).collect(),
        }
    }
}

/// A tick, and the sums of all before it.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    start: f64,
    middle: f64,
    before: Sums,
}

/// The ticks of the last hour, as running sums: a window is a difference of two.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Recent {
    entries: VecDeque<Entry>,
    total: Sums,
    /// End of the newest tick.
    pub now: f64,
}

/// Sums over a window.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Window {
    pub sums: Sums,
    /// How long it really is, in seconds.
    pub seconds: f64,
}

impl Recent {
    pub fn new(edges: usize) -> Self {
        Self { entries: VecDeque::new(), total: Sums::new(edges), now: f64::NEG_INFINITY }
    }

    pub fn add(&mut self, tick: &Tick, pair: (usize, usize)) {
        // In order, even where ticks of several targets are not.
        let middle = self.entries.back().map_or(tick.middle(), |last| last.middle.max(tick.middle()));
        self.entries.push_back(Entry { start: tick.start(), middle, before: self.total.clone() });
        self.total.add(tick, pair);
        self.now = self.now.max(tick.end);
        while self.entries.front().is_some_and(|first| first.middle < self.now - KEPT) {
            self.entries.pop_front();
        }
    }

    /// Everything that was ever counted.
    pub fn total(&self) -> &Sums {
        &self.total
    }

    /// The last `seconds`, at most an hour, by whole ticks.
    pub fn window(&self, seconds: f64) -> Window {
        let from = self.now - seconds - SAME;
        self.from(self.entries.partition_point(|entry| entry.middle < from))
    }

    /// The shortest window of at least `seconds` in which the canary had this many requests; `None` if the last hour had
    /// fewer.
    pub fn window_with(&self, requests: f64, seconds: f64) -> Option<Window> {
        let from = self.now - seconds - SAME;
        let by_time = self.entries.partition_point(|entry| entry.middle < from);
        let most = self.total.errors.canary.requests - requests;
        let by_requests = self.entries.partition_point(|entry| entry.before.errors.canary.requests <= most);
        by_requests.checked_sub(1).map(|last| self.from(last.min(by_time)))
    }

    fn from(&self, index: usize) -> Window {
        match self.entries.get(index) {
            Some(first) => {
                Window { sums: self.total.since(&first.before), seconds: (self.now - first.start).max(0.0) }
            }
            None => Window { sums: Sums::new(self.total.slow.len()), seconds: 0.0 },
        }
    }

    /// Requests a second of all backends over the last `seconds`; 0 if nothing is known.
    pub fn rate(&self, seconds: f64) -> f64 {
        let window = self.window(seconds);
        if window.seconds > 0.0 { window.sums.requests / window.seconds } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tick::Counts;
    use super::*;

    fn recent(ticks: u32, requests: f64) -> Recent {
        let mut recent = Recent::new(1);
        for index in 1..=ticks {
            let counts = |requests| Counts { requests, errors: 1.0, slow: vec![2.0] };
            let tick = Tick {
                end: f64::from(index) * 5.0,
                seconds: 5.0,
                target: 0,
                scale: 1.0,
                backends: vec![counts(9.0 * requests), counts(requests)],
            };
            recent.add(&tick, (1, 0));
        }
        recent
    }

    #[test]
    fn a_window_has_whole_ticks_and_no_more_than_there_are() {
        let recent = recent(1000, 10.0);
        let minute = recent.window(60.0);
        assert!((minute.seconds - 60.0).abs() < 1e-9);
        assert!((minute.sums.requests - 1200.0).abs() < 1e-9);
        assert!((minute.sums.slow[0].stable.events - 24.0).abs() < 1e-9);
        assert!((recent.rate(600.0) - 20.0).abs() < 1e-9);
        let hour = recent.window(3600.0);
        assert!((hour.seconds - 3600.0).abs() < 1e-9);
        assert!((recent.total().requests - 100_000.0).abs() < 1e-9);
    }

    #[test]
    fn a_window_grows_until_it_holds_enough_requests() {
        let recent = recent(1000, 1.0);
        let found = |requests| recent.window_with(requests, 300.0).map(|window| window.seconds);
        assert_eq!(found(60.0), Some(300.0));
        assert_eq!(found(100.0), Some(500.0));
        assert_eq!(found(720.0), Some(3600.0));
        assert_eq!(found(721.0), None);
    }

    #[test]
    fn ticks_that_begin_long_ago_do_not_hide_the_others() {
        let mut recent = recent(20, 10.0);
        let one = || Counts { requests: 1.0, ..Counts::default() };
        for target in 1..=20 {
            let tick = Tick { end: 100.0, seconds: 60.0, target, scale: 1.0, backends: vec![one(), one()] };
            recent.add(&tick, (1, 0));
        }
        assert!((recent.window(10.0).sums.requests - 240.0).abs() < 1e-9, "{:?}", recent.window(10.0));
    }

    #[test]
    fn of_nothing_there_is_no_rate() {
        assert!(Recent::new(0).rate(600.0) <= 0.0);
        assert!(Recent::new(0).window_with(1.0, 300.0).is_none());
    }
}
