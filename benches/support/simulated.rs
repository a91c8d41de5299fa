//! Simulated rollouts, fed to the judge tick by tick.

use std::num::NonZero;
use std::thread;

use fastrand::Rng;
use tidegate::stats::{Counts, Input, Judge, Limits, Setup, Stage, Tick};

use crate::sample::{binomial, exponential, poisson};

/// How errors come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Errors {
    /// Each by itself.
    Alone,
    /// In threes, by retries.
    InThrees,
    /// With a rate that changes each minute by a factor of mean and variance 1, the same for both versions.
    InCommonBursts,
}

/// Median 40 ms, lognormal with σ = 0.8; the canary's is so many times longer. Edges are those of Envoy.
pub const EDGES_MS: [f64; 13] =
    [0.5, 1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10_000.0];

/// A kind of rollout.
#[derive(Debug, Clone)]
pub struct Case {
    /// Requests a second.
    pub rps: f64,
    /// `(first tick, share of the canary, share of the step that would come next)`.
    pub stages: Vec<(u32, f64, f64)>,
    /// Length of a tick in seconds.
    pub seconds: f64,
    /// How many there are.
    pub ticks: u32,
    /// Error probability of stable.
    pub stable: f64,
    /// Error probability of the canary.
    pub canary: f64,
    /// The tick from which the canary has it; before, that of stable.
    pub onset: u32,
    /// How errors come.
    pub errors: Errors,
    /// How many times slower the canary is, if latency is judged.
    pub slower: Option<f64>,
    /// The history has exactly what is expected, instead of drawn numbers.
    pub plain_history: bool,
}

impl Case {
    /// One stage of an hour, in ticks of 5 s.
    pub fn stage(rps: f64, share: f64, next: f64, stable: f64, canary: f64) -> Self {
        Self {
            rps,
            stages: vec![(0, share, next)],
            seconds: 5.0,
            ticks: 720,
            stable,
            canary,
            onset: 0,
            errors: Errors::Alone,
            slower: None,
            plain_history: false,
        }
    }

    /// 1, 5, 10, 25 and 50 %, 12 minutes each.
    pub fn ladder(rps: f64, stable: f64, canary: f64) -> Self {
        let stages =
            vec![(0, 0.01, 0.05), (144, 0.05, 0.1), (288, 0.1, 0.25), (432, 0.25, 0.5), (576, 0.5, 1.0)];
        Self { stages, ..Self::stage(rps, 0.0, 0.0, stable, canary) }
    }

    fn setup(&self) -> Setup {
        Setup {
            canary: 1,
            stable: 0,
            edges_ms: if self.slower.is_some() { EDGES_MS.to_vec() } else { Vec::new() },
            began: 0.0,
            scrape_seconds: self.seconds,
            paired: true,
            raw_history: true,
            sticky: false,
            limits: Limits::default(),
        }
    }

    fn ticks_a_minute(&self) -> f64 {
        (60.0 / self.seconds).round()
    }

    fn failed(&self, rng: &mut Rng, requests: f64, probability: f64) -> f64 {
        match self.errors {
            Errors::InThrees => (3.0 * binomial(rng, requests, probability / 3.0)).min(requests),
            Errors::Alone | Errors::InCommonBursts => binomial(rng, requests, probability.min(1.0)),
        }
    }

    fn slow(&self, rng: &mut Rng, requests: f64, slower: f64) -> Vec<f64> {
        if self.slower.is_none() {
            return Vec::new();
        }
        let (mut left, mut before) = (requests, 1.0);
        let mut above = |edge: &f64| {
            let part = slower_than(*edge, slower);
            left = binomial(rng, left, part / before);
            before = part;
            left
        };
        EDGES_MS.iter().map(&mut above).collect()
    }

    fn counts(&self, rng: &mut Rng, mean: f64, probability: f64, slower: f64) -> Counts {
        let requests = poisson(rng, mean);
        let errors = self.failed(rng, requests, probability);
        Counts { requests, errors, slow: self.slow(rng, requests, slower) }
    }

    fn tick(&self, index: f64, stable: Counts, canary: Counts) -> Tick {
        let end = (index + 1.0) * self.seconds;
        Tick { end, seconds: self.seconds, target: 0, scale: 1.0, backends: vec![stable, canary] }
    }

    /// The half hour before.
    fn history(&self, rng: &mut Rng) -> Vec<Tick> {
        let mut burst = 1.0;
        let mean = self.rps * self.seconds;
        let ticks = (1800.0 / self.seconds).round();
        let mut all = Vec::new();
        let mut index = -ticks;
        while index < 0.0 {
            if index.rem_euclid(self.ticks_a_minute()) == 0.0 {
                burst = self.burst(rng);
            }
            let stable = if self.plain_history {
                let slow = EDGES_MS.iter().map(|edge| mean * slower_than(*edge, 1.0)).collect();
                Counts { requests: mean, errors: mean * self.stable, slow }
            } else {
                self.counts(rng, mean, self.stable * burst, 1.0)
            };
            let slow = vec![0.0; stable.slow.len()];
            all.push(self.tick(index, stable, Counts { slow, ..Counts::default() }));
            index += 1.0;
        }
        all
    }

    fn burst(&self, rng: &mut Rng) -> f64 {
        if self.errors == Errors::InCommonBursts { exponential(rng) } else { 1.0 }
    }

    /// A rollout. `each` sees the judge at the end of every tick, with the seconds since the start, and says whether to
    /// go on.
    pub fn run(&self, rng: &mut Rng, mut each: impl FnMut(&Judge, f64) -> bool) -> Judge {
        let mut judge = Judge::new(self.setup(), &self.history(rng));
        let (mut share, mut burst) = (0.0, 1.0);
        for index in 0..self.ticks {
            let at = f64::from(index);
            if let Some((_, declared, next)) = self.stages.iter().find(|stage| stage.0 == index) {
                let split = |canary: f64| vec![1.0 - canary, canary];
                judge.feed(&Input::Stage(Stage {
                    observed: at * self.seconds - Limits::default().settle,
                    shares: split(*declared),
                    before: split(share),
                    next: *next,
                }));
                share = *declared;
            }
            if at % self.ticks_a_minute() == 0.0 {
                burst = self.burst(rng);
            }
            let mean = self.rps * self.seconds;
            let probability = if index < self.onset { self.stable } else { self.canary };
            let canary = self.counts(rng, mean * share, probability * burst, self.slower.unwrap_or(1.0));
            let stable = self.counts(rng, mean * (1.0 - share), self.stable * burst, 1.0);
            judge.feed(&Input::Round(vec![self.tick(at, stable, canary)]));
            if !each(&judge, (at + 1.0) * self.seconds) {
                break;
            }
        }
        judge
    }
}

/// The part of requests that take longer than this.
fn slower_than(ms: f64, slower: f64) -> f64 {
    libm::erfc((ms / (40.0 * slower)).ln() / 0.8 / std::f64::consts::SQRT_2) / 2.0
}

/// The same again, on all cores; the numbers do not depend on how many there are.
pub fn repeat<T: Send>(repetitions: u64, seed: u64, run: impl Fn(&mut Rng) -> T + Sync) -> Vec<T> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get) as u64;
    let run = &run;
    thread::scope(|scope| {
        let of = |thread: u64| {
            scope.spawn(move || {
                let mine = (0..repetitions).filter(|repetition| repetition % threads == thread);
                mine.map(|repetition| run(&mut Rng::with_seed(seed << 32 | repetition))).collect::<Vec<T>>()
            })
        };
        let running: Vec<_> = (0..threads).map(of).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}
