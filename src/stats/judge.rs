//! The judge of one rollout: is fed rounds of ticks and the stages, and can be asked for the verdict of every check. All
//! that it knows is a function of what it was fed, so it can be had again by replay.

mod reading;

use super::burn::{BurnTests, stable_has_traffic};
use super::comparable::is_one_rate;
use super::dispersion::{Bursts, Dispersion, Sample, gross};
use super::errors::ErrorTests;
use super::evidence::Weighed;
use super::latency::LatencyTests;
use super::mixture::StartWeights;
use super::recent::{Recent, Sums};
use super::reference::{Bounds, bounds};
use super::setup::{Input, Setup};
use super::share::ShareTests;
use super::stage::{Entry, Running, Stage};
use super::tick::{Pair, SAME, Signal, Tick, Trials};

/// The mean rate of requests is that of the last minutes, in seconds.
const RATE_OVER: f64 = 600.0;
/// Stable's latency is that of the last minutes, in seconds.
const REFERENCE_OVER: f64 = 1800.0;

/// A tick that has come, and what it is the first of.
#[derive(Debug, Clone, PartialEq)]
struct Arrived {
    tick: Tick,
    /// The rollout, or a stage with a higher share, begins with it.
    opens: bool,
    /// The number of the stage it lies in, if that has begun.
    stage: Option<u64>,
}

/// D of every signal in the present block.
#[derive(Debug, Clone, PartialEq, Default)]
struct Spread {
    errors: f64,
    slow: Vec<f64>,
}

/// A stage, which may not have begun.
#[derive(Debug, Clone, PartialEq)]
struct Staged {
    stage: Stage,
    running: Option<Running>,
}

/// The judge of one rollout.
#[derive(Debug, Clone, PartialEq)]
pub struct Judge {
    setup: Setup,
    dispersion: Dispersion,
    slow_dispersion: Vec<Dispersion>,
    spread: Spread,
    /// The present block of time.
    block: i64,
    recent: Recent,
    /// λ, requests a second, as of the start of the stage.
    rate: f64,
    starts: StartWeights,
    errors: ErrorTests,
    latency: LatencyTests,
    burn: BurnTests,
    bounds: Option<[Bounds; 2]>,
    is_new: bool,
    stages: u64,
    staged: Option<Staged>,
    /// With separate targets: the newest tick, which waits for the one after it, and the one before.
    waiting: Option<Arrived>,
    before: Option<Tick>,
}

impl Judge {
    /// A rollout begins. `history`: ticks of the 30 minutes before, in order of time; may be empty.
    #[must_use]
    pub fn new(setup: Setup, history: &[Tick]) -> Self {
        let edges = setup.edges_ms.len();
        let history: Vec<Tick> = history.iter().map(|tick| tick.cleaned(edges)).collect();
        let mut recent = Recent::new(edges);
        for tick in &history {
            recent.add(tick, (setup.canary, setup.stable));
        }
        let dispersion = |signal| Dispersion::new(bursts(&setup, &history, signal));
        let mut judge = Self {
            dispersion: dispersion(Signal::Errors),
            slow_dispersion: (0..edges).map(|edge| dispersion(Signal::Slow(edge))).collect(),
            spread: Spread::default(),
            block: 0,
            rate: recent.rate(RATE_OVER),
            starts: StartWeights::new(),
            errors: ErrorTests::new(setup.limits),
            latency: LatencyTests::new(setup.limits),
            burn: BurnTests::new(setup.limits),
            bounds: None,
            is_new: true,
            stages: 0,
            staged: None,
            waiting: None,
            before: None,
            setup,
            recent,
        };
        judge.disperse();
        judge.bound();
        judge
    }

    /// The judge that all of this makes.
    #[must_use]
    pub fn replay<'a>(setup: Setup, history: &[Tick], inputs: impl IntoIterator<Item = &'a Input>) -> Self {
        let mut judge = Self::new(setup, history);
        for input in inputs {
            judge.feed(input);
        }
        judge
    }

    /// Something happened.
    pub fn feed(&mut self, input: &Input) {
        match input {
            Input::Stage(stage) => {
                self.stages += 1;
                self.staged = Some(Staged { stage: stage.clone(), running: None });
                self.disperse();
            }
            Input::Round(ticks) if ticks.is_empty() => {}
            Input::Round(ticks) => {
                for tick in ticks {
                    self.arrive(&tick.cleaned(self.setup.edges_ms.len()));
                }
                self.end_round();
            }
        }
    }

    /// The canary's declared share.
    fn share(&self) -> f64 {
        let shares = self.staged.as_ref().map(|staged| &staged.stage.shares);
        shares.and_then(|shares| shares.get(self.setup.canary)).copied().unwrap_or(0.0)
    }

    /// D of the present block, from the finished ones.
    fn disperse(&mut self) {
        let share = self.share();
        let requests = self.rate * share * self.setup.block_seconds();
        self.spread = Spread {
            errors: self.dispersion.value(requests, share),
            slow: self.slow_dispersion.iter().map(|slow| slow.value(requests, share)).collect(),
        };
    }

    /// Takes stable's latency of now for what it is.
    fn bound(&mut self) {
        let of = |sums: &Sums| {
            let slow: Vec<Trials> = sums.slow.iter().map(|pair| pair.stable).collect();
            bounds(&self.setup.edges_ms, &slow, &self.setup.limits)
        };
        let found = of(&self.recent.window(REFERENCE_OVER).sums).or_else(|| of(self.recent.total()));
        if let Some(found) = found {
            self.latency.allow(&found);
            self.bounds = Some(found);
        }
    }

    fn arrive(&mut self, tick: &Tick) {
        if let Some(waiting) = self.waiting.take() {
            let before = self.before.take().unwrap_or_else(|| waiting.tick.clone());
            self.weigh(&waiting, Some([&before, &waiting.tick, tick]));
            self.before = Some(waiting.tick);
        }
        let opens = self.begin_stage(tick) | std::mem::take(&mut self.is_new);
        // Before this tick is counted: what is allowed must not depend on it.
        if self.bounds.is_none() && !self.setup.edges_ms.is_empty() {
            self.bound();
            if let (Some(bounds), Some(running)) = (self.bounds, self.running_mut()) {
                running.bound(bounds);
            }
        }
        let pair = (self.setup.canary, self.setup.stable);
        self.recent.add(tick, pair);
        if let Some(running) = self.running_mut() {
            running.counted.add(tick, pair);
            running.shares.count(tick);
        }
        let stage = self.running().is_some().then_some(self.stages);
        let arrived = Arrived { tick: tick.clone(), opens, stage };
        if self.setup.paired {
            self.weigh(&arrived, None);
        } else {
            self.waiting = Some(arrived);
        }
    }

    fn running(&self) -> Option<&Running> {
        self.staged.as_ref().and_then(|staged| staged.running.as_ref())
    }

    fn running_mut(&mut self) -> Option<&mut Running> {
        self.staged.as_mut().and_then(|staged| staged.running.as_mut())
    }

    /// Whether a stage with a higher share begins with this tick.
    fn begin_stage(&mut self, tick: &Tick) -> bool {
        let Some(Staged { stage, running: None }) = &self.staged else { return false };
        if tick.start() < stage.observed + self.setup.limits.settle - SAME {
            return false;
        }
        let stage = stage.clone();
        self.rate = self.recent.rate(RATE_OVER);
        self.bound();
        self.disperse();
        let of = |shares: &[f64], backend: usize| shares.get(backend).copied().unwrap_or(0.0);
        let Setup { canary, stable, .. } = self.setup;
        let share = of(&stage.shares, canary);
        let alone = share <= 0.0 || of(&stage.shares, stable) <= 0.0;
        let (began, block) = (tick.start(), self.setup.block_seconds());
        let shares = ShareTests::new(began, block, (&stage.shares, &stage.before), canary, self.setup.sticky);
        let running = Running::new(
            began,
            self.rate,
            alone.then_some(self.setup.limits.errors),
            self.bounds,
            shares,
            stage.next,
            self.setup.edges_ms.len(),
        );
        let rises = share > of(&stage.before, canary);
        self.staged = Some(Staged { stage, running: Some(running) });
        rises
    }

    /// Weighs a tick; `neighbours`: the tick before it, itself and the one after, if it is to be comparable first.
    fn weigh(&mut self, arrived: &Arrived, neighbours: Option<[&Tick; 3]>) {
        let Arrived { tick, opens, stage } = arrived;
        let Setup { canary, stable, .. } = self.setup;
        let block = self.setup.block(tick);
        if block > self.block {
            self.block = block;
            self.dispersion.end_block();
            self.slow_dispersion.iter_mut().for_each(Dispersion::end_block);
            self.disperse();
        }
        let compared = |signal, dispersion: &Dispersion| {
            let is_comparable = neighbours.is_none_or(|ticks| {
                is_one_rate(ticks.map(|tick| tick.of(stable, signal)), dispersion.cluster())
            });
            let pair = Pair { canary: tick.of(canary, signal), stable: tick.of(stable, signal) };
            if is_comparable { pair } else { Pair::default() }
        };
        let pair = compared(Signal::Errors, &self.dispersion);
        let slow: Vec<Pair> = (0..)
            .zip(&self.slow_dispersion)
            .map(|(edge, dispersion)| compared(Signal::Slow(edge), dispersion))
            .collect();
        let at = |edge: usize| match (slow.get(edge), self.spread.slow.get(edge)) {
            (Some(pair), Some(dispersion)) => Weighed { pair: *pair, factor: tick.scale / dispersion },
            _ => Weighed::default(),
        };

        let start = self.starts.take(*opens, tick.seconds);
        let (factor, gross) = (tick.scale / self.spread.errors, tick.scale / gross(self.spread.errors));
        self.errors.weigh(start, pair, factor, gross);
        self.burn.weigh(start, pair, gross);
        self.latency.weigh(start, self.bounds.as_ref(), |bound| at(bound.edge));
        let upper = self.bounds.map(|bounds| bounds.map(|bounds| at(bounds.up.edge)));
        let entry =
            Entry { block: self.block, errors: Weighed { pair, factor }, slow: upper.unwrap_or_default() };
        self.dispersion.count(pair);
        for (dispersion, pair) in self.slow_dispersion.iter_mut().zip(slow) {
            dispersion.count(pair);
        }
        if *stage == Some(self.stages)
            && let Some(running) = self.running_mut()
        {
            running.weigh(entry);
        }
    }

    fn end_round(&mut self) {
        let cash = self.starts.cash;
        self.errors.end_round(cash, stable_has_traffic(&self.recent));
        self.latency.end_round(cash);
        self.burn.end_round(cash, &self.recent, &self.errors);
    }
}

/// How events of this signal came before the rollout.
fn bursts(setup: &Setup, history: &[Tick], signal: Signal) -> Bursts {
    let sample = |tick: &Tick| {
        let trials = tick.counted(setup.stable, signal)?;
        Some(Sample { target: tick.target, block: setup.block(tick), trials })
    };
    let samples: Vec<Sample> = history.iter().filter_map(sample).collect();
    Bursts::of(&samples, setup.raw_history)
}
