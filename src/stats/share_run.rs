//! One count of a backend's share, from one start on.

use super::interval::{Interval, interval};
use super::tick::Trials;

/// Block sizes in which the share is looked at for dispersion, in blocks.
const SIZES: [usize; 3] = [1, 2, 4];
/// Blocks that the expectation counts for.
const PRIOR_BLOCKS: f64 = 3.0;
/// Largest D.
const MOST: f64 = 50.0;

/// Hits of one backend among the requests of the split.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ShareRun {
    /// D as it is expected.
    expected: f64,
    counted: Trials,
    blocks: Vec<Trials>,
    current: Trials,
    /// Index of the present block since the start.
    index: i64,
    /// D from the blocks before the present one, 1 to 50.
    pub dispersion: f64,
}

impl ShareRun {
    /// `expected`: D ≥ 1 before the run has shown anything.
    pub fn new(expected: f64) -> Self {
        Self {
            expected,
            counted: Trials::default(),
            blocks: Vec::new(),
            current: Trials::default(),
            index: 0,
            dispersion: expected,
        }
    }

    /// A tick in the block with this index: requests of the split, and the hits among them.
    pub fn count(&mut self, tick: Trials, index: i64) {
        if index > self.index {
            self.index = index;
            self.blocks.push(std::mem::take(&mut self.current));
            self.dispersion = dispersion(&self.blocks, self.expected);
        }
        self.current += tick;
        self.counted += tick;
    }

    /// Requests of the split, and the hits among them.
    pub fn counted(&self) -> Trials {
        self.counted
    }

    /// The interval of the share, at this level.
    pub fn interval(&self, level: f64) -> Interval {
        let Trials { requests, events } = self.counted;
        interval(events / self.dispersion, requests / self.dispersion, level)
    }
}

/// The largest dispersion of all block sizes of which there are two.
fn dispersion(blocks: &[Trials], expected: f64) -> f64 {
    let of_size = |size: usize| {
        let sums: Vec<Trials> = blocks.chunks_exact(size).map(sum).collect();
        (sums.len() >= 2).then(|| around_the_mean(&sums, expected))
    };
    SIZES.into_iter().filter_map(of_size).reduce(f64::max).unwrap_or(expected).clamp(1.0, MOST)
}

fn sum(blocks: &[Trials]) -> Trials {
    let mut all = Trials::default();
    for block in blocks {
        all += *block;
    }
    all
}

fn around_the_mean(blocks: &[Trials], expected: f64) -> f64 {
    let share = sum(blocks).rate();
    let (mut squares, mut variance, mut number) = (0.0, 0.0, 0.0);
    for block in blocks {
        squares += (block.events - block.requests * share).powi(2);
        variance += block.requests * share * (1.0 - share);
        number += 1.0;
    }
    let pearson = if variance > 0.0 { squares * number / variance } else { 0.0 };
    (PRIOR_BLOCKS * expected + pearson) / (PRIOR_BLOCKS - 1.0 + number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dispersion_of_blocks_has_the_reference_values() {
        let hits = [20.0, 22.0, 35.0, 9.0, 18.0, 21.0, 30.0, 12.0];
        let expected = [1.0, 1.0, 1.0, 1.785_965, 3.461_805, 3.117_568, 2.724_767, 2.719_365];
        let mut run = ShareRun::new(1.0);
        for ((index, hits), expected) in (0..).zip(hits).zip(expected) {
            run.count(Trials { requests: 200.0, events: hits }, index);
            assert!((run.dispersion - expected).abs() < 1e-6, "block {index}: {}", run.dispersion);
        }
    }

    #[test]
    fn dispersion_makes_the_interval_wider() {
        let interval = |expected| {
            let mut run = ShareRun::new(expected);
            run.count(Trials { requests: 1000.0, events: 100.0 }, 0);
            run.interval(0.001)
        };
        let (one, ten) = (interval(1.0), interval(10.0));
        assert!(ten.lo < one.lo && one.hi < ten.hi, "{one:?} {ten:?}");
    }

    proptest! {
        #[test]
        fn it_is_a_number_from_1_to_50_and_the_interval_contains_the_share(
            ticks in prop::collection::vec((prop_oneof![Just(0.0), 0.0..1e15f64], 0.0..=1.0f64, 0i64..3), 0..40),
        ) {
            let (mut run, mut index) = (ShareRun::new(1.0), 0);
            for (requests, part, step) in ticks {
                index += step;
                run.count(Trials { requests, events: requests * part }, index);
                prop_assert!((1.0..=50.0).contains(&run.dispersion), "{}", run.dispersion);
                let found = run.interval(0.001);
                if run.counted().requests > 0.0 {
                    let share = run.counted().rate();
                    prop_assert!(found.lo <= share * (1.0 + 1e-12) && share <= found.hi * (1.0 + 1e-12));
                }
            }
        }
    }
}
