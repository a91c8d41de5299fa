//! The judge of one rollout: is fed rounds of ticks and the stages, and can be asked for the verdict of every check. All
//! that it knows is a function of what it was fed, so it can be had again by replay.

use super::burn::{Burn, BurnTests, stable_has_traffic};
use super::comparable::is_one_rate;
use super::dispersion::{Bursts, Dispersion, Sample, gross};
use super::errors::{ErrorTests, Errors, ErrorsReason, Missing};
use super::evidence::Weighed;
use super::latency::{Latency, LatencyReason, LatencyTests, QuantileCheck};
use super::mixture::StartWeights;
use super::pass::{HORIZON, margin};
use super::recent::Recent;
use super::reference::{Bounds, QUANTILES, bounds, bucket};
use super::share::{ShareTests, Shares};
use super::stage::{Entry, Passes, Running, Stage};
use super::tick::{Pair, SAME, Signal, Tick, Trials};
use super::verdict::Verdict;

/// The mean rate of requests is that of the last minutes, in seconds.
const RATE_OVER: f64 = 600.0;
/// Stable's latency is that of the last minutes, in seconds.
const REFERENCE_OVER: f64 = 1800.0;
/// Shortest block of time for dispersion, in seconds.
const BLOCK: f64 = 60.0;
/// Fewest requests of each that a pass takes.
const FEWEST_REQUESTS: f64 = 20.0;
/// A pass that takes longer asks for another share, in seconds.
const TOO_LONG: f64 = 1800.0;
/// The shares that are offered then.
const SHARES: [f64; 16] =
    [0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

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

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The shares were changed.
    Stage(Stage),
    /// All ticks that came in one scrape interval, in order of time. Verdicts change at its end; without ticks they do
    /// not.
    Round(Vec<Tick>),
}

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
    bursts: Bursts,
    slow_bursts: Vec<Bursts>,
    dispersion: Dispersion,
    slow_dispersion: Vec<Dispersion>,
    spread: Spread,
    block: f64,
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
        let bursts = |signal| bursts(&setup, &history, signal);
        let slow_bursts: Vec<Bursts> = (0..edges).map(|edge| bursts(Signal::Slow(edge))).collect();
        let bursts = bursts(Signal::Errors);
        let rate = recent.rate(RATE_OVER);
        let mut judge = Self {
            dispersion: Dispersion::new(bursts),
            slow_dispersion: slow_bursts.iter().map(|bursts| Dispersion::new(*bursts)).collect(),
            spread: Spread::default(),
            block: 0.0,
            rate,
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
            bursts,
            slow_bursts,
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

    fn block_seconds(&self) -> f64 {
        self.setup.scrape_seconds.max(BLOCK)
    }

    /// The canary's declared share.
    fn share(&self) -> f64 {
        let shares = self.staged.as_ref().map(|staged| &staged.stage.shares);
        shares.and_then(|shares| shares.get(self.setup.canary)).copied().unwrap_or(0.0)
    }

    /// D of the present block, from the finished ones.
    fn disperse(&mut self) {
        let share = self.share();
        let requests = self.rate * share * self.block_seconds();
        self.spread = Spread {
            errors: self.dispersion.value(requests, share),
            slow: self.slow_dispersion.iter().map(|slow| slow.value(requests, share)).collect(),
        };
    }

    /// Takes stable's latency of now for what it is.
    fn bound(&mut self) {
        let of = |sums: &super::recent::Sums| {
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
        self.recent.add(tick, (self.setup.canary, self.setup.stable));
        if self.bounds.is_none() && !self.setup.edges_ms.is_empty() {
            self.bound();
            if let (Some(bounds), Some(running)) = (self.bounds, self.running_mut()) {
                running.bound(bounds);
            }
        }
        let pair = (self.setup.canary, self.setup.stable);
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
        let (began, block) = (tick.start(), self.block_seconds());
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
        let block = ((tick.middle() - self.setup.began) / self.block_seconds()).floor();
        if block > self.block {
            self.block = block;
            self.dispersion.end_block();
            self.slow_dispersion.iter_mut().for_each(Dispersion::end_block);
            self.disperse();
        }
        let compared = |signal, bursts: &Bursts| {
            let is_comparable = neighbours
                .is_none_or(|ticks| is_one_rate(ticks.map(|tick| tick.of(stable, signal)), bursts.cluster));
            let pair = Pair { canary: tick.of(canary, signal), stable: tick.of(stable, signal) };
            if is_comparable { pair } else { Pair::default() }
        };
        let pair = compared(Signal::Errors, &self.bursts);
        let slow: Vec<Pair> =
            (0..).zip(&self.slow_bursts).map(|(edge, bursts)| compared(Signal::Slow(edge), bursts)).collect();
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

    /// The error check, for a step to share `target`, above 0 to 1.
    #[must_use]
    pub fn errors(&self, target: f64) -> Errors {
        let passes = self.running().map(|running| running.passes(target));
        let counted = self.running().map(|running| running.counted.errors).unwrap_or_default();
        let (verdict, reason) = self.judge_errors(passes.as_ref());
        Errors {
            verdict,
            reason,
            canary: counted.canary,
            stable: counted.stable,
            evidence: self.errors.evidence(passes.as_ref().map_or(0.0, |passes| passes.errors.ln_e())),
            margin: passes.map_or_else(|| margin(self.rate, target), |passes| passes.margin),
            dispersion: self.spread.errors,
        }
    }

    fn judge_errors(&self, passes: Option<&Passes>) -> (Verdict, ErrorsReason) {
        if let Some(rule) = self.errors.failed() {
            return (Verdict::Fail, ErrorsReason::Failed(rule));
        }
        let (Some(running), Some(passes)) = (self.running(), passes) else {
            return (Verdict::Hold, ErrorsReason::Settling);
        };
        let Pair { canary, stable } = running.counted.errors;
        if canary.requests <= 0.0 {
            return (Verdict::NoData, ErrorsReason::NoCanaryRequests);
        }
        let is_compared = running.alone.is_none();
        if is_compared && stable.requests <= 0.0 {
            return (Verdict::NoData, ErrorsReason::NoStableRequests);
        }
        if let Some(reason) = self.errors.holds() {
            return (Verdict::Hold, reason);
        }
        if !passes.errors.is_shown() {
            return (Verdict::Hold, ErrorsReason::Undecided(self.missing(running, passes)));
        }
        if canary.requests < FEWEST_REQUESTS || (is_compared && stable.requests < FEWEST_REQUESTS) {
            return (Verdict::Hold, ErrorsReason::TooFewRequests);
        }
        let left = running.began + self.setup.limits.bake - self.recent.now;
        if left > SAME {
            return (Verdict::Hold, ErrorsReason::Baking(left));
        }
        (Verdict::Pass, ErrorsReason::GoodEnough)
    }

    fn missing(&self, running: &Running, passes: &Passes) -> Option<Missing> {
        let Pair { canary, stable } = running.counted.errors;
        let rate = if running.alone.is_some() { canary } else { stable }.expected_rate();
        let dispersion = self.spread.errors;
        let requests = passes.errors.missing(rate, stable.requests / canary.requests, dispersion)?;
        let seconds = (self.recent.now - running.began) * requests / canary.requests;
        let afresh = passes.errors.afresh();
        let within_horizon = |share: &f64| {
            let need = afresh.missing(rate, (1.0 - share) / share, dispersion);
            need.is_some_and(|need| need <= running.rate * share * HORIZON)
        };
        let share = if seconds > TOO_LONG { SHARES.into_iter().find(within_horizon) } else { None };
        Some(Missing { requests, seconds: (seconds > 0.0).then_some(seconds), share })
    }

    /// The latency check, for a step to share `target`, above 0 to 1.
    #[must_use]
    pub fn latency(&self, target: f64) -> Latency {
        let slow = self.running().and_then(|running| running.passes(target).slow);
        let (verdict, reason) =
            self.judge_latency(slow.as_ref().map(|[p95, p99]| p95.is_shown() && p99.is_shown()));
        let mut quantiles = Vec::new();
        for (index, worse) in self.latency.ln_worse().into_iter().enumerate() {
            let (Some(bounds), Some(quantile)) =
                (self.bounds.as_ref().and_then(|bounds| bounds.get(index)), QUANTILES.get(index))
            else {
                continue;
            };
            let test = slow.as_ref().and_then(|slow| slow.get(index));
            quantiles.push(self.quantile(*quantile, bounds, worse, test.map_or(0.0, |test| test.ln_e())));
        }
        Latency { verdict, reason, quantiles }
    }

    fn judge_latency(&self, is_shown: Option<bool>) -> (Verdict, LatencyReason) {
        if self.errors.failed().is_some() {
            return (Verdict::NotApplicable, LatencyReason::ErrorsFailed);
        }
        if let Some(quantile) = self.latency.failed() {
            return (Verdict::Fail, LatencyReason::Failed(quantile));
        }
        if self.setup.edges_ms.is_empty() {
            return (Verdict::NoData, LatencyReason::NoHistogram);
        }
        let Some(running) = self.running() else { return (Verdict::Hold, LatencyReason::Settling) };
        if self.bounds.is_none() {
            return (Verdict::Hold, LatencyReason::NoReference);
        }
        let lacks = |pair: &Pair| pair.canary.requests <= 0.0 || pair.stable.requests <= 0.0;
        match is_shown {
            _ if running.counted.slow.iter().any(lacks) => (Verdict::NoData, LatencyReason::NoRequests),
            Some(true) => (Verdict::Pass, LatencyReason::GoodEnough),
            Some(false) | None => (Verdict::Hold, LatencyReason::Undecided),
        }
    }

    fn quantile(&self, quantile: f64, bounds: &Bounds, worse: f64, good_enough: f64) -> QuantileCheck {
        let edges = &self.setup.edges_ms;
        let up = bounds.up.edge;
        let slow = self.running().map(|running| running.counted.slow.as_slice()).unwrap_or_default();
        let counted = slow.get(up).copied().unwrap_or_default();
        let bucket_of =
            |side: fn(&Pair) -> Trials| bucket(edges, &slow.iter().map(side).collect::<Vec<_>>(), quantile);
        QuantileCheck {
            quantile,
            edge_ms: edges.get(up).copied().unwrap_or_default(),
            allowed: bounds.up.ratio,
            canary: counted.canary,
            stable: counted.stable,
            worse,
            good_enough,
            dispersion: self.spread.slow.get(up).copied().unwrap_or(1.0),
            canary_bucket_ms: bucket_of(|pair| pair.canary),
            stable_bucket_ms: bucket_of(|pair| pair.stable),
        }
    }

    /// The share check; `None` until the stage has begun.
    #[must_use]
    pub fn shares(&self) -> Option<Shares> {
        self.running().map(|running| running.shares.read(self.recent.rate(RATE_OVER)))
    }

    /// The burn rate.
    #[must_use]
    pub fn burn(&self) -> Burn {
        self.burn.read(&self.recent, self.setup.began)
    }
}

/// How events of this signal came before the rollout.
fn bursts(setup: &Setup, history: &[Tick], signal: Signal) -> Bursts {
    let sample = |tick: &Tick| {
        let trials = tick.counted(setup.stable, signal)?;
        #[expect(clippy::cast_possible_truncation, reason = "times are below 2^53")]
        let block = ((tick.middle() - setup.began) / setup.scrape_seconds.max(BLOCK)).floor() as i64;
        Some(Sample { target: tick.target, block, trials })
    };
    let samples: Vec<Sample> = history.iter().filter_map(sample).collect();
    Bursts::of(&samples, setup.raw_history)
}
