//! Scenarios that another implementation recorded with `record.py`: every number must be the same, tick by tick.

use serde::Deserialize;
use std::collections::BTreeMap;

use tidegate::stats::{
    Counts, ErrorsReason, Input, Judge, LatencyReason, Movement, Rule, Setup, ShareWord, Tick, Verdict,
};

const RECORDED: &str = include_str!("recorded.jsonl");
/// Largest difference, as a part of the value.
const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Line {
    Errors(Rollout),
    Latency(Rollout),
    Shares(Split),
}

#[derive(Deserialize)]
struct Rollout {
    name: String,
    seconds: f64,
    targets: u32,
    scale: f64,
    paired: bool,
    scrape: f64,
    canaries: u32,
    raw: bool,
    edges: Vec<f64>,
    stages: Vec<(usize, f64, f64, f64)>,
    history: [Vec<f64>; 2],
    #[serde(default)]
    history_slow: Vec<Vec<f64>>,
    ticks: [Vec<f64>; 4],
    #[serde(default)]
    slow: [Vec<Vec<f64>>; 2],
    failed: serde_json::Value,
    #[serde(default)]
    passes: Vec<u8>,
    burn_failed: Option<usize>,
    expected: BTreeMap<String, Vec<Option<f64>>>,
}

#[derive(Deserialize)]
struct Split {
    name: String,
    old: f64,
    new: f64,
    sticky: bool,
    hits: Vec<f64>,
    requests: Vec<f64>,
    expected: Vec<(f64, String, String, f64, f64, f64)>,
}

fn lines() -> impl Iterator<Item = Line> {
    RECORDED.lines().map(|line| serde_json::from_str(line).unwrap())
}

fn same(got: f64, expected: f64) -> bool {
    (got - expected).abs() <= TOLERANCE * expected.abs() + 1e-13
}

fn at(series: &[Vec<f64>], index: usize) -> Vec<f64> {
    series.iter().map(|edge| edge[index]).collect()
}

impl Rollout {
    fn setup(&self) -> Setup {
        let mut setup = Setup {
            scrape_seconds: self.scrape,
            paired: self.paired,
            raw_history: self.raw,
            ..super::setup(&self.edges)
        };
        setup.limits.canaries = self.canaries;
        setup
    }

    /// Index of the round in which this tick comes, and its target.
    fn place(&self, index: usize) -> (u32, u32) {
        let index = u32::try_from(index).unwrap();
        (index / self.targets, index % self.targets)
    }

    fn history(&self) -> Vec<Tick> {
        let [requests, errors] = &self.history;
        let rounds = self.place(requests.len()).0;
        let tick = |index: usize| {
            let (round, target) = self.place(index);
            let slow = at(&self.history_slow, index);
            let stable = Counts { requests: requests[index], errors: errors[index], slow };
            self.tick(f64::from(round) - f64::from(rounds), target, stable, Counts::default())
        };
        (0..requests.len()).map(tick).collect()
    }

    fn tick(&self, round: f64, target: u32, stable: Counts, canary: Counts) -> Tick {
        let (seconds, scale) = (self.seconds, self.scale);
        Tick { end: (round + 1.0) * seconds, seconds, target, scale, backends: vec![stable, canary] }
    }

    /// What is fed until each round, in order.
    fn inputs(&self) -> Vec<Vec<Input>> {
        let [nc, ec, ns, es] = &self.ticks;
        let mut rounds: Vec<Vec<Input>> = Vec::new();
        for index in 0..nc.len() {
            let (round, target) = self.place(index);
            if target == 0 {
                let mut inputs = Vec::new();
                if let Some((_, share, before, next)) = self.stages.iter().find(|stage| stage.0 == index) {
                    inputs.push(super::stage(f64::from(round) * self.seconds, *before, *share, *next));
                }
                inputs.push(Input::Round(Vec::new()));
                rounds.push(inputs);
            }
            let [slow_c, slow_s] = &self.slow;
            let canary = Counts { requests: nc[index], errors: ec[index], slow: at(slow_c, index) };
            let stable = Counts { requests: ns[index], errors: es[index], slow: at(slow_s, index) };
            let tick = self.tick(f64::from(round), target, stable, canary);
            if let Some(Input::Round(ticks)) = rounds.last_mut().unwrap().last_mut() {
                ticks.push(tick);
            }
        }
        rounds
    }

    fn next(&self, index: usize) -> f64 {
        self.stages.iter().rfind(|stage| stage.0 <= index).unwrap().3
    }

    /// Whether `got` is what was recorded under this name in this round.
    fn demand(&self, key: &str, round: usize, got: f64) {
        let Some(expected) = self.expected[key][round] else { return };
        assert!(same(got, expected), "{}, round {round}, {key}: {got}, not {expected}", self.name);
    }
}

fn rule(reason: &ErrorsReason) -> Option<&'static str> {
    match reason {
        ErrorsReason::Failed(Rule::WorseThanStable) => Some("a"),
        ErrorsReason::Failed(Rule::TwiceAsBad) => Some("b"),
        ErrorsReason::Failed(Rule::AboveLimit) => Some("c"),
        _ => None,
    }
}

fn replay_errors(rollout: &Rollout) {
    let mut judge = Judge::new(rollout.setup(), &rollout.history());
    let (mut failed, mut burn_failed) = (None, None);
    // Separate targets are judged one tick late.
    let late = usize::from(!rollout.paired);
    for (index, inputs) in rollout.inputs().iter().enumerate() {
        for input in inputs {
            judge.feed(input);
        }
        let tick = index * rollout.targets as usize;
        let (errors, burn) = (judge.errors(rollout.next(tick)), judge.burn());
        let Some(round) = index.checked_sub(late) else { continue };
        for (key, got) in [
            ("worse", errors.evidence.worse),
            ("twice_as_bad", errors.evidence.twice_as_bad),
            ("above_limit", errors.evidence.above_limit),
            ("stable_above_limit", errors.evidence.stable_above_limit),
            ("twice_stable", errors.evidence.twice_stable),
            ("good_enough", errors.evidence.good_enough),
            ("margin", errors.margin),
            ("dispersion", errors.dispersion),
            ("burn_fails", burn.fails),
            ("stable_burn_fails", burn.stable_fails),
            ("burn_warns", burn.warns),
        ] {
            rollout.demand(key, round, got);
        }
        if let (None, Some(rule)) = (&failed, rule(&errors.reason)) {
            failed = Some((round, rule));
        }
        if burn_failed.is_none() && burn.verdict == Verdict::Fail {
            burn_failed = Some(round);
        }
        if late == 0 {
            let passes = u8::from(errors.verdict == Verdict::Pass);
            assert_eq!(passes, rollout.passes[round], "{}, round {round}: {:?}", rollout.name, errors.reason);
        }
    }
    assert_eq!(
        serde_json::json!([failed.map(|f| f.0), failed.map(|f| f.1)]),
        rollout.failed,
        "{}",
        rollout.name
    );
    if late == 0 {
        assert_eq!(burn_failed, rollout.burn_failed, "{}", rollout.name);
    }
}

fn replay_latency(rollout: &Rollout) {
    let mut judge = Judge::new(rollout.setup(), &rollout.history());
    let mut failed = None;
    for (round, inputs) in rollout.inputs().iter().enumerate() {
        for input in inputs {
            judge.feed(input);
        }
        let found = judge.latency(rollout.next(round));
        for (index, quantile) in found.quantiles.iter().enumerate() {
            for (key, got) in [
                ("worse", quantile.worse),
                ("good_enough", quantile.good_enough),
                ("dispersion", quantile.dispersion),
                ("allowed", quantile.allowed),
            ] {
                rollout.demand(&format!("{key}{index}"), round, got);
            }
        }
        assert_eq!(found.quantiles.len(), 2);
        if failed.is_none() && matches!(found.reason, LatencyReason::Failed(_)) {
            failed = Some(round);
        }
    }
    assert_eq!(serde_json::json!(failed), rollout.failed, "{}", rollout.name);
}

fn replay_shares(split: &Split) {
    let setup = Setup { sticky: split.sticky, ..super::setup(&[]) };
    let mut judge = Judge::new(setup, &[]);
    judge.feed(&super::stage(0.0, split.old, split.new, 1.0));
    let mut end = 0.0;
    for (round, (hits, requests)) in split.hits.iter().zip(&split.requests).enumerate() {
        end += 5.0;
        let tick = super::tick(end, super::counts(requests - hits, 0.0), super::counts(*hits, 0.0));
        judge.feed(&Input::Round(vec![tick]));
        let found = judge.shares().unwrap();
        let backend = &found.backends[0];
        let word = match backend.word {
            ShareWord::Consistent => "consistent",
            ShareWord::Inconsistent => "inconsistent",
            ShareWord::CannotTell => "unknown",
        };
        let movement = match found.movement.unwrap() {
            Movement::Undecided => "undecided",
            Movement::Follows => "follows",
            Movement::Moved => "moved",
            Movement::NotMoved => "stayed",
            Movement::InBetween => "between",
        };
        let (start, expected_word, expected_movement, lo, hi, dispersion) = &split.expected[round];
        let context = format!("{}, round {round}: {found:?}", split.name);
        assert_eq!((word, movement), (expected_word.as_str(), expected_movement.as_str()), "{context}");
        for (got, expected) in [
            (backend.since, start * 5.0),
            (backend.interval.lo, *lo),
            (backend.interval.hi, *hi),
            (backend.dispersion, *dispersion),
        ] {
            assert!(same(got, expected), "{got}, not {expected}; {context}");
        }
    }
}

#[test]
fn the_error_check_and_the_burn_rate_say_what_was_recorded() {
    let errors =
        lines().filter_map(|line| if let Line::Errors(rollout) = line { Some(rollout) } else { None });
    let replayed = errors.inspect(replay_errors).count();
    assert_eq!(replayed, 26);
}

#[test]
fn the_latency_check_says_what_was_recorded() {
    let latency =
        lines().filter_map(|line| if let Line::Latency(rollout) = line { Some(rollout) } else { None });
    let replayed = latency.inspect(replay_latency).count();
    assert_eq!(replayed, 5);
}

#[test]
fn the_share_check_says_what_was_recorded() {
    let shares = lines().filter_map(|line| if let Line::Shares(split) = line { Some(split) } else { None });
    let replayed = shares.inspect(replay_shares).count();
    assert_eq!(replayed, 11);
}
