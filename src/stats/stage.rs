//! One stage of a rollout: what pass tests know since it began, and a log of it, so that a pass can be asked for any share.

use std::collections::VecDeque;

use super::evidence::Weighed;
use super::pass::{GoodEnough, margin};
use super::recent::Sums;
use super::reference::Bounds;
use super::share::ShareTests;

/// The shares between which a rollout moves, and when that was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// When the controllers reported the change, in seconds as ticks have them. The stage begins with the first tick that
    /// begins [`Limits::settle`](crate::stats::Limits::settle) later.
    pub observed: f64,
    /// Declared share of each backend, 0 to 1.
    pub shares: Vec<f64>,
    /// Shares before.
    pub before: Vec<f64>,
    /// The canary's share of the step that would come next, above 0 to 1: a pass is for that.
    pub next: f64,
}

/// Entries are kept apart for so many blocks of time, and after that merged by block: 6 hours of minutes.
const KEPT_APART: i64 = 360;
/// How many times the margin of errors the canary's share of slow requests may be larger, as a probability,
const SLOW_MARGINS: f64 = 5.0;
/// and at most this.
const MOST_SLOW_MARGIN: f64 = 0.5;

/// A tick as the pass tests see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Entry {
    /// Index of its block of time.
    pub block: i64,
    pub errors: Weighed,
    /// At the upper edge of each quantile; of factor 0 while there are no bounds.
    pub slow: [Weighed; 2],
}

impl Entry {
    /// Adds `other`, if it is of the same block and weighs the same.
    #[expect(clippy::float_cmp, reason = "the same factors, not similar ones")]
    fn merge(&mut self, other: &Self) -> bool {
        let factors = |entry: &Self| [entry.errors.factor, entry.slow[0].factor, entry.slow[1].factor];
        let same = self.block == other.block && factors(self) == factors(other);
        if same {
            self.errors.pair += other.errors.pair;
            for (mine, other) in self.slow.iter_mut().zip(&other.slow) {
                mine.pair += other.pair;
            }
        }
        same
    }
}

/// The ticks of a stage.
#[derive(Debug, Clone, PartialEq, Default)]
struct Log {
    merged: Vec<Entry>,
    apart: VecDeque<Entry>,
}

impl Log {
    fn push(&mut self, entry: Entry) {
        self.apart.push_back(entry);
        while let Some(old) = self.apart.pop_front_if(|first| first.block < entry.block - KEPT_APART) {
            if !self.merged.last_mut().is_some_and(|last| last.merge(&old)) {
                self.merged.push(old);
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.merged.iter().chain(&self.apart)
    }
}

/// The pass tests for one target share.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Passes {
    /// m of the errors.
    pub margin: f64,
    pub errors: GoodEnough,
    /// For each quantile, once there are bounds.
    pub slow: Option<[GoodEnough; 2]>,
}

impl Passes {
    fn weigh(&mut self, entry: &Entry) {
        self.errors.weigh(entry.errors);
        if let Some(slow) = &mut self.slow {
            for (test, tick) in slow.iter_mut().zip(entry.slow) {
                test.weigh(tick);
            }
        }
    }
}

/// What a stage knows since it began.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Running {
    /// When it began.
    pub began: f64,
    /// λ, requests a second of the split, as of that time.
    pub rate: f64,
    /// The canary is judged by this limit alone, since there is no stable traffic to compare with.
    pub alone: Option<f64>,
    bounds: Option<[Bounds; 2]>,
    /// Everything that was counted.
    pub counted: Sums,
    pub shares: ShareTests,
    next: f64,
    planned: Passes,
    log: Log,
}

impl Running {
    pub fn new(
        began: f64,
        rate: f64,
        alone: Option<f64>,
        bounds: Option<[Bounds; 2]>,
        shares: ShareTests,
        next: f64,
        edges: usize,
    ) -> Self {
        let planned = passes(next, rate, alone, bounds.as_ref());
        let counted = Sums::new(edges);
        Self { began, rate, alone, bounds, counted, shares, next, planned, log: Log::default() }
    }

    /// Bounds that were not known when the stage began.
    pub fn bound(&mut self, bounds: [Bounds; 2]) {
        self.bounds = Some(bounds);
        self.planned.slow = passes(self.next, self.rate, self.alone, self.bounds.as_ref()).slow;
    }

    /// A comparable tick.
    pub fn weigh(&mut self, entry: Entry) {
        self.planned.weigh(&entry);
        self.log.push(entry);
    }

    /// The pass tests for this share: at hand for the planned one, else replayed.
    pub fn passes(&self, target: f64) -> Passes {
        #[expect(clippy::float_cmp, reason = "the planned share itself")]
        if target == self.next { self.planned.clone() } else { self.replayed(target) }
    }

    fn replayed(&self, target: f64) -> Passes {
        let mut passes = passes(target, self.rate, self.alone, self.bounds.as_ref());
        for entry in self.log.iter() {
            passes.weigh(entry);
        }
        passes
    }
}

fn passes(target: f64, rate: f64, alone: Option<f64>, bounds: Option<&[Bounds; 2]>) -> Passes {
    let margin = margin(rate, target);
    let slow_margin = (SLOW_MARGINS * margin).min(MOST_SLOW_MARGIN);
    Passes {
        margin,
        errors: alone.map_or_else(|| GoodEnough::beside_stable(margin), GoodEnough::alone),
        slow: bounds.map(|bounds| bounds.map(|bounds| GoodEnough::within(bounds.up.ratio, slow_margin))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::reference::Bound;
    use super::super::tick::{Pair, Trials};
    use super::*;

    fn running(next: f64) -> Running {
        let bounds = Bounds { low: Bound { edge: 0, ratio: 2.0 }, up: Bound { edge: 1, ratio: 1.5 } };
        let shares = ShareTests::new(0.0, 60.0, (&[0.9, 0.1], &[1.0, 0.0]), 1, false);
        Running::new(0.0, 50.0, None, Some([bounds; 2]), shares, next, 2)
    }

    fn weighed(events: f64, factor: f64) -> Weighed {
        let trials = |requests, events| Trials { requests, events };
        Weighed { pair: Pair { canary: trials(10.0, events), stable: trials(90.0, 1.0) }, factor }
    }

    fn entry(block: i64, events: f64, factor: f64) -> Entry {
        Entry {
            block,
            errors: weighed(events, factor),
            slow: [weighed(2.0 * events, 1.0), weighed(events, 0.5)],
        }
    }

    proptest! {
        #[test]
        fn a_replay_is_what_was_known_all_along(
            ticks in prop::collection::vec((0.0..5.0f64, 0.1..=1.0f64), 1..200), next in 0.01..=1.0f64,
        ) {
            let mut planned = running(next);
            for (block, (events, factor)) in (0..).zip(ticks) {
                planned.weigh(entry(block / 12, events, factor));
            }
            let replayed = planned.replayed(next);
            prop_assert_eq!(planned.passes(next), replayed);
        }
    }

    #[test]
    fn another_target_has_another_margin_and_a_smaller_step_passes_sooner() {
        let mut planned = running(0.25);
        for block in 0..20 {
            planned.weigh(entry(block, 0.0, 1.0));
        }
        let (small, large) = (planned.passes(0.25), planned.passes(1.0));
        assert!(small.margin > large.margin);
        assert!(small.errors.ln_e() > large.errors.ln_e());
        let [p95, _] = small.slow.unwrap();
        assert!(p95.ln_e() > large.slow.unwrap()[0].ln_e());
    }

    #[test]
    fn what_is_older_than_six_hours_is_merged_by_minute() {
        let mut log = Log::default();
        for tick in 0..12_000 {
            let factor = if tick == 5 { 0.5 } else { 1.0 };
            log.push(entry(tick / 12, 1.0, factor));
        }
        assert_eq!(log.apart.len(), 361 * 12);
        // 639 minutes, and one of them in three parts.
        assert_eq!(log.merged.len(), 639 + 2);
        let requests: f64 = log.iter().map(|entry| entry.errors.pair.canary.requests).sum();
        assert!((requests - 120_000.0).abs() < 1e-6);
    }
}
