//! What the judge is given: limits, what does not change in the course of a rollout, and what happens.

use super::stage::Stage;
use super::tick::Tick;

/// Shortest block of time for dispersion, in seconds.
const BLOCK: f64 = 60.0;

/// What a team may set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Error probability above which a canary fails, 0 to 1.
    pub errors: f64,
    /// Error probability that the objective allows, 0 to 1: 0.001 for 99.9 %.
    pub error_budget: f64,
    /// How many times slower a canary may be, above 1,
    pub latency_ratio: f64,
    /// or by how many ms, if that is more; ≥ 0.
    pub latency_floor_ms: f64,
    /// Youngest age of a stage that passes, in seconds.
    pub bake: f64,
    /// How long after a change was reported its stage begins, in seconds.
    pub settle: f64,
    /// Canaries that are judged at the same time: each needs so many times the evidence.
    pub canaries: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            errors: 0.01,
            error_budget: 0.001,
            latency_ratio: 1.2,
            latency_floor_ms: 5.0,
            bake: 120.0,
            settle: 15.0,
            canaries: 1,
        }
    }
}

impl Limits {
    /// ln of an E that convicts.
    pub(super) fn threshold(&self, e: f64) -> f64 {
        (e * f64::from(self.canaries.max(1))).ln()
    }
}

/// What does not change in the course of a rollout.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    /// Index of the canary among the backends of a tick.
    pub canary: usize,
    /// Index of stable.
    pub stable: usize,
    /// Edges of the histogram in ms, rising; those that both versions have. Empty: latency is not judged.
    pub edges_ms: Vec<f64>,
    /// When the rollout began, in seconds as ticks have them: the canary's share rose from 0, its revision changed, or a
    /// person overrode a fail.
    pub began: f64,
    /// The scrape interval in seconds.
    pub scrape_seconds: f64,
    /// One target counts both versions, so that all numbers of a tick are of one instant. Else a tick is compared only
    /// while stable does not change, one tick late.
    pub paired: bool,
    /// The history is made of single scrapes, so that clusters of events can be seen in it.
    pub raw_history: bool,
    /// Sessions stick to a backend: cookies, hashed headers, streams.
    pub sticky: bool,
    /// What a team may set.
    pub limits: Limits,
}

impl Setup {
    /// How long a block of time is, in seconds.
    pub(super) fn block_seconds(&self) -> f64 {
        self.scrape_seconds.max(BLOCK)
    }

    /// Index of the block that a tick lies in; number 0 begins with the rollout.
    pub(super) fn block(&self, tick: &Tick) -> i64 {
        tick.block(self.began, self.block_seconds())
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The shares were changed.
    Stage(Stage),
    /// All ticks that came in one scrape interval, in order of time. Verdicts change at its end; without ticks they do
    /// not.
    Round(Vec<Tick>),
}
