//! What the statistics say of a rollout: its course and its ticks, and the verdicts that come of them.

use jiff::{SignedDuration, Timestamp};

use super::course::Course;
use super::proof::Claim;
use crate::stats::{
    Burn, Errors, Input, Judge, Latency, Limits, Setup, Shares, Stage, Tick, Ticks, unix_seconds,
};

/// What was counted so long before a rollout tells how events come, and how quick stable is.
pub const HISTORY: SignedDuration = SignedDuration::from_mins(30);
/// What the scrape interval is taken for while it is not known, in seconds.
const ASSUMED_INTERVAL: f64 = 15.0;

/// The split that is judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// Index of the backend that is looked at.
    pub canary: usize,
    /// Index of the one that it is compared with.
    pub stable: usize,
    /// The canary's share after the step that is asked about, above 0 to 1.
    pub target: f64,
    /// Sessions stick to a backend.
    pub sticky: bool,
}

/// What counted requests say.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Errors.
    pub errors: Errors,
    /// Latency.
    pub latency: Latency,
    /// Shares; `None` until the stage has begun.
    pub shares: Option<Shares>,
    /// Burn rate.
    pub burn: Burn,
    /// Limits that these were judged by.
    pub limits: Limits,
    /// How long the present shares have been declared, in seconds.
    pub stage_seconds: f64,
    /// Age of the newest sample of the canary in seconds; `None` without one.
    pub age_seconds: Option<f64>,
    /// Measured distance of the samples in seconds.
    pub interval_seconds: Option<f64>,
    /// Width of the sums that stand for samples where there are too many, in seconds.
    pub summed_seconds: Option<f64>,
    /// How long ago somebody began to count anew, in seconds.
    pub restarted_seconds: Option<f64>,
}

/// Judges `split` by what was counted of it. `ticks` may begin [`HISTORY`] before the course does.
#[must_use]
pub fn judged(ticks: &Ticks, course: &Course, split: Split, limits: Limits, now: Timestamp) -> Judged {
    let began = unix_seconds(course.began);
    let scrape_seconds = ticks.scrape_seconds.unwrap_or(ASSUMED_INTERVAL);
    let (history, rounds) = halves(ticks, began);
    let setup = Setup {
        canary: split.canary,
        stable: split.stable,
        edges_ms: ticks.edges_ms.clone(),
        began,
        scrape_seconds,
        paired: ticks.paired,
        raw_history: ticks.summed_seconds.is_none(),
        sticky: split.sticky,
        // How long a stage lasts is a check of its own.
        limits: Limits { bake: 0.0, ..limits },
    };
    let mut judge = Judge::new(setup, &history);
    let mut turns = course.turns.iter().peekable();
    for round in rounds {
        let end = round.iter().map(|tick| tick.end).fold(f64::NEG_INFINITY, f64::max);
        while let Some(turn) = turns.next_if(|turn| unix_seconds(turn.at) < end) {
            judge.feed(&stage(turn, split.target));
        }
        judge.feed(&Input::Round(round.clone()));
    }
    for turn in turns {
        judge.feed(&stage(turn, split.target));
    }
    let newest = ticks.newest.get(split.canary).copied().flatten();
    let staged = course.turns.last().map_or(began, |turn| unix_seconds(turn.at));
    Judged {
        errors: judge.errors(split.target),
        latency: judge.latency(split.target),
        shares: judge.shares(),
        burn: judge.burn(),
        limits,
        stage_seconds: (unix_seconds(now) - staged).max(0.0),
        age_seconds: newest.map(|newest| (unix_seconds(now) - newest).max(0.0)),
        interval_seconds: ticks.scrape_seconds,
        summed_seconds: ticks.summed_seconds,
        restarted_seconds: ticks.restarted.map(|at| (unix_seconds(now) - at).max(0.0)),
    }
}

/// D of the shares of `claim`, the largest of its backends, by what was counted since an instant; `None` before that. One
/// tick for each scrape, with the backends in the order of the claim.
#[must_use]
pub fn share_dispersion(ticks: &Ticks, claim: &Claim, since: Timestamp, sticky: bool) -> Option<f64> {
    let setup = Setup {
        canary: claim.shares.len().checked_sub(1)?,
        stable: 0,
        edges_ms: Vec::new(),
        began: unix_seconds(since),
        scrape_seconds: ticks.scrape_seconds?,
        paired: ticks.paired,
        raw_history: ticks.summed_seconds.is_none(),
        sticky,
        limits: Limits { settle: 0.0, ..Limits::default() },
    };
    let (before, shares) = claim.shares.iter().copied().unzip();
    let stage = Input::Stage(Stage { observed: unix_seconds(since), shares, before, next: 1.0 });
    let rounds = halves(ticks, unix_seconds(since)).1.map(|round| Input::Round(round.clone()));
    let inputs: Vec<Input> = std::iter::once(stage).chain(rounds).collect();
    let shares = Judge::replay(setup, &[], &inputs).shares()?;
    shares.backends.iter().map(|share| share.dispersion).reduce(f64::max)
}

fn stage(turn: &super::course::Turn, next: f64) -> Input {
    let (shares, before) = (turn.after.clone(), turn.before.clone());
    Input::Stage(Stage { observed: unix_seconds(turn.at), shares, before, next })
}

/// The ticks before the rollout, and the rounds of it.
fn halves(ticks: &Ticks, began: f64) -> (Vec<Tick>, impl Iterator<Item = &Vec<Tick>>) {
    let is_before = |round: &Vec<Tick>| round.iter().all(|tick| tick.end <= began);
    let rounds = ticks.rounds.iter().take_while(|round| is_before(round)).count();
    let (before, since) = ticks.rounds.split_at(rounds);
    (before.iter().flatten().cloned().collect(), since.iter())
}
