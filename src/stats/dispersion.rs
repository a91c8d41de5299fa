//! Dispersion D: how much more events vary than independent ones. Evidence divided by a D ≥ 1 that was known before the
//! tick keeps its guarantee, and keeps it for events that come in clusters of D as well (retries, bursts).

use std::collections::{BTreeMap, VecDeque};

use super::tick::{Pair, Trials};

/// Fewest blocks of history from which the variance beyond Poisson is read.
const FEWEST_BLOCKS: usize = 10;
/// Cluster size where the history does not tell.
const UNKNOWN_CLUSTER: f64 = 2.0;
/// Largest cluster size read from the history.
const MOST_CLUSTER: f64 = 10.0;
/// Events that the expectation of no clusters counts for.
const PRIOR_EVENTS: f64 = 10.0;
/// Blocks that the history counts for, beside those of the rollout.
const PRIOR_BLOCKS: f64 = 5.0;
/// Blocks of the rollout that count.
const BLOCKS: usize = 60;
/// Largest D.
const MOST: f64 = 1000.0;
/// Largest D for the gross checks: they must work even where D is wrong.
const MOST_GROSS: f64 = 10.0;

/// What one target counted of a backend in one tick, and the block of time it lies in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub target: u32,
    pub block: i64,
    pub trials: Trials,
}

/// How events of stable came before the rollout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bursts {
    /// c, cluster size from one tick to the next: 1 for independent events, up to 10.
    pub cluster: f64,
    /// φ ≥ 0, variance of the rate from block to block: `Var = μ + φ μ²`.
    pub phi: f64,
    /// Events a request.
    pub rate: f64,
}

impl Bursts {
    /// From `samples` in order of time. `raw`: they are single scrapes, so that neighbours show clusters.
    pub fn of(samples: &[Sample], raw: bool) -> Self {
        let mut blocks: BTreeMap<i64, Trials> = BTreeMap::new();
        let mut all = Trials::default();
        for sample in samples {
            *blocks.entry(sample.block).or_default() += sample.trials;
            all += sample.trials;
        }
        let blocks: Vec<Trials> = blocks.into_values().collect();
        let known = blocks.len() >= FEWEST_BLOCKS && all.requests > 0.0;
        Self {
            cluster: if known && raw { cluster(samples) } else { UNKNOWN_CLUSTER },
            phi: if known { phi(&blocks, all.rate()) } else { 0.0 },
            rate: all.rate(),
        }
    }

    /// D before the rollout has shown anything, for a stage that plans `requests` of the canary in a block, which
    /// is `share` of all.
    fn expected(self, requests: f64, share: f64) -> f64 {
        let from_volume = 1.0 + 2.0 * self.phi * requests * self.rate * (1.0 - share);
        self.cluster.max(from_volume).clamp(1.0, MOST)
    }
}

/// c: squared differences of neighbouring counts of a target, which are those of independent events for c = 1.
fn cluster(samples: &[Sample]) -> f64 {
    let mut before: BTreeMap<u32, f64> = BTreeMap::new();
    let (mut squares, mut sum) = (PRIOR_EVENTS, PRIOR_EVENTS);
    for sample in samples {
        let now = sample.trials.events;
        if let Some(before) = before.insert(sample.target, now) {
            squares += (now - before).powi(2);
            sum += now + before;
        }
    }
    (squares / sum).clamp(1.0, MOST_CLUSTER)
}

/// φ: what the variance of blocks is beyond that of independent events.
fn phi(blocks: &[Trials], rate: f64) -> f64 {
    let (mut squares, mut means, mut mean_squares) = (0.0, 0.0, 0.0);
    for block in blocks {
        let mean = block.requests * rate;
        squares += (block.events - mean).powi(2);
        means += mean;
        mean_squares += mean * mean;
    }
    if mean_squares <= 0.0 {
        return 0.0;
    }
    ((squares * unbiased(blocks.len()) - means) / mean_squares).max(0.0)
}

/// B/(B − 1), for a mean that was taken from the same `B` blocks.
fn unbiased(blocks: usize) -> f64 {
    let blocks = number(blocks);
    blocks / (blocks - 1.0)
}

#[expect(clippy::cast_precision_loss, reason = "a number of blocks is far below 2^53")]
fn number(blocks: usize) -> f64 {
    blocks as f64
}

/// D of one signal in the course of a rollout.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Dispersion {
    bursts: Bursts,
    finished: VecDeque<Pair>,
    current: Pair,
}

impl Dispersion {
    pub fn new(bursts: Bursts) -> Self {
        Self { bursts, finished: VecDeque::new(), current: Pair::default() }
    }

    /// c: size of the clusters in which events of stable came before the rollout, 1 to 10.
    pub fn cluster(&self) -> f64 {
        self.bursts.cluster
    }

    /// Counts of the present block.
    pub fn count(&mut self, pair: Pair) {
        self.current += pair;
    }

    /// The present block is over.
    pub fn end_block(&mut self) {
        self.finished.push_back(self.current);
        self.current = Pair::default();
        if self.finished.len() > BLOCKS {
            self.finished.pop_front();
        }
    }

    /// D from the finished blocks, 1 to 1000, at a stage that plans `requests` of the canary in a block, which is
    /// `share` of all.
    pub fn value(&self, requests: f64, share: f64) -> f64 {
        let expected = self.bursts.expected(requests, share);
        if self.finished.len() < 2 {
            return expected;
        }
        let seen = self.seen(expected);
        let more_blocks = number(self.finished.len()) - 1.0;
        let ln = (PRIOR_BLOCKS * expected.ln() + more_blocks * seen.ln()) / (PRIOR_BLOCKS + more_blocks);
        ln.exp().clamp(1.0, MOST)
    }

    /// How much the canary's part of the events varied from block to block around one ratio of rates, which is that
    /// of Mantel and Haenszel: what hits both versions does not count.
    fn seen(&self, expected: f64) -> f64 {
        let (mut canary, mut stable) = (0.5, 0.5);
        for pair in &self.finished {
            let all = pair.canary.requests + pair.stable.requests;
            if all > 0.0 {
                canary += pair.canary.events * pair.stable.requests / all;
                stable += pair.stable.events * pair.canary.requests / all;
            }
        }
        let ratio = canary / stable;
        let (mut variance, mut squares) = (0.0, 0.0);
        for Pair { canary, stable } in &self.finished {
            let weight = ratio * canary.requests;
            if weight + stable.requests <= 0.0 {
                continue;
            }
            let part = weight / (weight + stable.requests);
            let events = canary.events + stable.events;
            variance += events * part * (1.0 - part);
            squares += (canary.events - events * part).powi(2);
        }
        let squares = squares * unbiased(self.finished.len());
        ((PRIOR_EVENTS * expected + squares) / (PRIOR_EVENTS + variance)).clamp(1.0, MOST)
    }
}

/// D for the gross checks.
pub(super) fn gross(dispersion: f64) -> f64 {
    dispersion.min(MOST_GROSS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(got: f64, expected: f64) {
        assert!((got - expected).abs() < 1e-6, "{got}, not {expected}");
    }

    fn samples(requests: f64, events: &[f64]) -> Vec<Sample> {
        let sample = |(block, events): (i64, &f64)| Sample {
            target: 0,
            block,
            trials: Trials { requests, events: *events },
        };
        (0..).zip(events).map(sample).collect()
    }

    #[test]
    fn the_cluster_size_has_the_reference_values() {
        let clustered = samples(100.0, &[0.0, 3.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 3.0, 0.0]);
        close(Bursts::of(&clustered, true).cluster, 2.285_714);
        let single = samples(100.0, &[1.0, 0.0, 1.0, 2.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
        close(Bursts::of(&single, true).cluster, 1.0);
    }

    #[test]
    fn neighbours_are_of_one_target() {
        let mut two = samples(100.0, &[0.0, 3.0].repeat(10));
        for (target, sample) in (0..).zip(&mut two) {
            sample.target = target % 2;
        }
        close(Bursts::of(&two, true).cluster, 1.0);
    }

    #[test]
    fn variance_beyond_poisson_has_the_reference_value() {
        let events = [12.0, 9.0, 15.0, 30.0, 11.0, 8.0, 13.0, 2.0, 12.0, 14.0];
        let found = Bursts::of(&samples(6000.0, &events), true);
        close(found.phi, 0.242_854);
        let bursts = Bursts { cluster: 1.2, ..found };
        close(bursts.expected(7.5 / bursts.rate, 0.5), 2.821_408);
    }

    #[test]
    fn too_short_a_history_is_not_trusted() {
        let nine = Bursts::of(&samples(100.0, &[1.0; 9]), true);
        assert_eq!(nine, Bursts { cluster: 2.0, phi: 0.0, rate: 0.01 });
        let by_minutes = Bursts::of(&samples(100.0, &[1.0; 30]), false);
        close(by_minutes.cluster, 2.0);
        for nothing in [samples(0.0, &[]), samples(0.0, &[0.0; 30])] {
            assert_eq!(Bursts::of(&nothing, true), Bursts { cluster: 2.0, phi: 0.0, rate: 0.0 });
        }
    }

    #[test]
    fn dispersion_of_blocks_has_the_reference_values() {
        let canary = [1.0, 2.0, 9.0, 0.0, 1.0, 2.0, 0.0, 1.0];
        let stable = [10.0, 12.0, 11.0, 9.0, 10.0, 13.0, 12.0, 10.0];
        let expected = [1.108, 1.108, 1.089_222, 1.373_584, 1.532_087, 1.612_243, 1.625_194, 1.775_269];
        let mut dispersion = Dispersion::new(Bursts { cluster: 1.0, phi: 0.05, rate: 0.002 });
        for ((canary, stable), expected) in canary.into_iter().zip(stable).zip(expected) {
            close(dispersion.value(600.0, 0.1), expected);
            let trials = |requests, events| Trials { requests, events };
            dispersion.count(Pair { canary: trials(600.0, canary), stable: trials(5400.0, stable) });
            dispersion.end_block();
        }
    }

    #[test]
    fn gross_checks_are_tempered_by_ten_at_most() {
        close(gross(3.0), 3.0);
        close(gross(11.0), 10.0);
    }

    #[test]
    fn what_hits_both_versions_is_no_dispersion() {
        let mut dispersion = Dispersion::new(Bursts { cluster: 1.0, phi: 0.0, rate: 0.002 });
        for minute in 0..20 {
            let outage = if minute % 5 == 0 { 100.0 } else { 1.0 };
            let trials = |requests, events| Trials { requests, events };
            let pair = Pair { canary: trials(1000.0, 2.0 * outage), stable: trials(9000.0, 18.0 * outage) };
            dispersion.count(pair);
            dispersion.end_block();
        }
        close(dispersion.value(1000.0, 0.1), 1.0);
    }

    proptest! {
        #[test]
        fn it_is_a_number_of_at_least_1_and_forgets_after_sixty_blocks(
            blocks in prop::collection::vec((0.0..1e15f64, 0.0..=1.0f64, 0.0..1e15f64, 0.0..=1.0f64), 60..70),
            old in (0.0..1e15f64, 0.0..=1.0f64), phi in 0.0..10.0f64, share in 0.0..=1.0f64,
        ) {
            let bursts = Bursts { cluster: 1.0, phi, rate: 0.01 };
            let [mut long, mut short] = [Dispersion::new(bursts), Dispersion::new(bursts)];
            let trials = |requests: f64, part: f64| Trials { requests, events: requests * part };
            long.count(Pair { canary: trials(old.0, old.1), stable: trials(old.0, 0.0) });
            long.end_block();
            for (nc, pc, ns, ps) in blocks {
                let pair = Pair { canary: trials(nc, pc), stable: trials(ns, ps) };
                for dispersion in [&mut long, &mut short] {
                    dispersion.count(pair);
                    dispersion.end_block();
                }
                let found = long.value(nc, share);
                prop_assert!((1.0..=1000.0).contains(&found), "{}", found);
            }
            prop_assert_eq!(long, short);
        }
    }
}
