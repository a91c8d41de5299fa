//! The gate: may this backend get more traffic? A verdict for each check, the worst one wins.

use std::fmt;

use jiff::Timestamp;

use super::alerts::{Firing, alerts_check};
use super::change::ChangeRecord;
use super::plan::{Effect, Plan};
use super::restart;
use crate::route::{BackendRef, Owner, OwnerRule, ParentState, Route, RouteState};
use crate::stats::{Interval, Verdict, interval};

/// Level of the interval by which the error check judges: 0.1 % for all looks together.
pub const ALPHA_ERRORS: f64 = 0.001;
/// The share of failed requests above which a canary fails.
pub const ERROR_LIMIT: f64 = 0.01;
/// Below this many requests nothing is said about errors.
const FEWEST_REQUESTS: f64 = 20.0;
/// Samples older than this many scrape intervals are stale.
const FRESH_INTERVALS: f64 = 3.0;

/// How the reason begins where a backend never ran and nothing would be counted of it.
pub const BLIND: &str = "errors cannot be judged";

/// One check with the numbers that it saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// A short name.
    pub name: &'static str,
    /// The answer.
    pub verdict: Verdict,
    /// The reason, with numbers.
    pub words: String,
}

/// All checks of one planned change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// The checks, in the order they are shown.
    pub checks: Vec<Check>,
    /// Whether another controller moves this route: an advance needs a typed name then.
    pub owner_refuses: bool,
}

impl Gate {
    /// The worst verdict; `not applicable` when there is nothing to check.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::NotApplicable)
    }

    /// The checks that speak against the change: those that fail; where none does, all that do not pass. What is not
    /// served is not counted either, so the words of a check that holds may be why another has no data.
    pub fn against(&self) -> impl Iterator<Item = &Check> {
        let least = if self.verdict() == Verdict::Fail { Verdict::Fail } else { Verdict::Hold };
        self.checks.iter().filter(move |check| check.verdict >= least)
    }

    /// Why the verdict is what it is, as one line.
    #[must_use]
    pub fn words(&self) -> String {
        let worst = self.verdict();
        let of = |name: &str| self.checks.iter().find(|check| check.name == name);
        if worst == Verdict::Pass {
            // What a person wants to know of a pass is whether errors were judged, and by what.
            return match (of("errors"), of("endpoints")) {
                (Some(errors), _) if errors.verdict == Verdict::Pass => errors.words.clone(),
                (Some(errors), Some(endpoints)) => {
                    format!("{}; errors not judged: {}", endpoints.words, errors.words)
                }
                _ => String::new(),
            };
        }
        let mut words: Vec<&str> = self.against().map(|check| check.words.as_str()).collect();
        words.dedup();
        words.join("; ")
    }
}

/// Ready endpoints of a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// Ready endpoints, and all.
    Known {
        /// Ready to serve.
        ready: u32,
        /// All there are.
        total: u32,
    },
    /// Why it is not known.
    Unknown(String),
}

impl Readiness {
    /// Whether it is known that nobody would answer.
    #[must_use]
    pub fn is_none_ready(&self) -> bool {
        matches!(self, Self::Known { ready: 0, .. })
    }
}

impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known { ready, total } => write!(f, "{ready}/{total} ready"),
            Self::Unknown(_) => f.write_str("readiness unknown"),
        }
    }
}

/// What was counted for the canary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErrorCount {
    /// Requests.
    pub requests: f64,
    /// Those of them that failed.
    pub errors: f64,
    /// The time over which they were counted, in seconds.
    pub seconds: f64,
    /// Age of the newest sample in seconds, if there is any.
    pub age_seconds: Option<f64>,
    /// The scrape interval in seconds, as measured.
    pub interval_seconds: Option<f64>,
}

impl ErrorCount {
    /// The interval of the error share, at the level of the error check.
    #[must_use]
    pub fn interval(&self) -> Interval {
        interval(self.errors, self.requests, ALPHA_ERRORS)
    }

    /// Whether it is evidence of more errors than the gate lets pass.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.interval().lo > ERROR_LIMIT
    }
}

/// What the gate looks at.
#[derive(Debug)]
pub struct GateInput<'a> {
    /// The route as it was just read.
    pub route: &'a Route,
    /// The planned change.
    pub plan: &'a Plan,
    /// Readiness of the backends.
    pub readiness: &'a [(BackendRef, Readiness)],
    /// What was counted for the first backend that advances, or why nothing can be. That nothing has reached it
    /// yet is a count.
    pub counted: Result<ErrorCount, String>,
    /// The alerts that fire on the route.
    pub alerts: Firing,
    /// Earlier changes of the route, as far as they were written down on this machine; the newest is also taken from
    /// the route itself.
    pub earlier: &'a [&'a ChangeRecord],
    /// The time of day.
    pub now: Timestamp,
}

/// Judges a planned change. Only an advance has a gate; for everything else there are no checks.
#[must_use]
pub fn gate(input: &GateInput<'_>) -> Gate {
    if input.plan.effect != Effect::Advance {
        return Gate { checks: Vec::new(), owner_refuses: false };
    }
    let owner = input.route.owners.iter().map(Owner::rule).max().unwrap_or(OwnerRule::Free);
    Gate {
        checks: vec![
            accepted(input.route),
            endpoints(input),
            owned(input.route, owner),
            freshness(input),
            errors(input),
            latency(),
            alerts_check(&input.alerts),
        ],
        owner_refuses: owner == OwnerRule::Refuse,
    }
}

fn accepted(route: &Route) -> Check {
    let state = route.state();
    let verdict = if state == RouteState::Accepted { Verdict::Pass } else { Verdict::Hold };
    let unknown = route.parent_views().any(|view| view.state == ParentState::NoGeneration);
    let words = match (&state, unknown) {
        (RouteState::Accepted, true) => "accepted; the controller reports no generation".to_owned(),
        (RouteState::Accepted, false) => "accepted, references resolved, generation observed".to_owned(),
        (other, _) => format!("route is {other}"),
    };
    Check { name: "accepted", verdict, words }
}

fn endpoints(input: &GateInput<'_>) -> Check {
    let name = "endpoints";
    let mut worst = Check { name, verdict: Verdict::NotApplicable, words: "no backend gains".to_owned() };
    for backend in &input.plan.advancing {
        let found = input.readiness.iter().find(|(b, _)| b == backend).map(|(_, readiness)| readiness);
        let (verdict, words) = match found {
            Some(Readiness::Known { ready: 0, .. }) => {
                (Verdict::Fail, format!("{backend} has no ready endpoint"))
            }
            Some(Readiness::Known { ready, total }) => {
                (Verdict::Pass, format!("{backend} {ready}/{total} ready"))
            }
            Some(Readiness::Unknown(why)) => {
                (Verdict::Hold, format!("readiness of {backend} is not known: {why}"))
            }
            None => (Verdict::Hold, format!("readiness of {backend} was not read")),
        };
        if verdict >= worst.verdict {
            worst = Check { name, verdict, words };
        }
    }
    worst
}

fn owned(route: &Route, rule: OwnerRule) -> Check {
    let verdict = if rule == OwnerRule::Refuse { Verdict::Hold } else { Verdict::Pass };
    let words: Vec<String> = route.owners.iter().map(ToString::to_string).collect();
    let words = if words.is_empty() { "nobody else owns this route".to_owned() } else { words.join("; ") };
    Check { name: "owner", verdict, words }
}

/// What is said of a backend that has no share yet.
fn idle(input: &GateInput<'_>) -> &'static str {
    let mut mirrors = input.route.rules.iter().flat_map(|rule| &rule.mirrors);
    let gets_copies = mirrors.any(|mirror| input.plan.advancing.iter().any(|to| mirror.to.same_object(to)));
    if gets_copies { "gets mirrored copies only" } else { "no traffic now" }
}

fn freshness(input: &GateInput<'_>) -> Check {
    let (verdict, words) = match &input.counted {
        _ if input.plan.starts() => (Verdict::NotApplicable, idle(input).to_owned()),
        Err(why) => (Verdict::NoData, why.clone()),
        Ok(ErrorCount { age_seconds: None, .. }) => {
            (Verdict::NoData, "no samples of this backend".to_owned())
        }
        Ok(ErrorCount { interval_seconds: None, .. }) => {
            (Verdict::NoData, "too few samples to tell the scrape interval".to_owned())
        }
        Ok(ErrorCount { age_seconds: Some(age), interval_seconds: Some(interval), .. }) => {
            let fresh = *age <= FRESH_INTERVALS * interval;
            let verdict = if fresh { Verdict::Pass } else { Verdict::NoData };
            (verdict, format!("newest sample is {age:.0} s old, one comes every {interval:.0} s"))
        }
    };
    Check { name: "freshness", verdict, words }
}

fn errors(input: &GateInput<'_>) -> Check {
    let judged = if input.plan.starts() { starting(input) } else { running(&input.counted) };
    let (verdict, words) = match (judged, input.plan.advancing.as_slice()) {
        // The others are known by nothing.
        ((Verdict::Pass | Verdict::NotApplicable, _), [counted, _, ..]) => {
            (Verdict::Hold, format!("requests were counted for {counted} alone, and others advance as well"))
        }
        (judged, _) => judged,
    };
    Check { name: "errors", verdict, words }
}

fn running(counted: &Result<ErrorCount, String>) -> (Verdict, String) {
    match counted {
        Err(why) => (Verdict::NoData, why.clone()),
        Ok(counted) if counted.requests <= 0.0 => {
            (Verdict::NoData, "no request was counted for this backend".to_owned())
        }
        Ok(counted) => judge_errors(counted),
    }
}

/// Nobody can be judged before the first request; but what was taken out before, and what could not be judged
/// afterwards either, is not started without a person's reason.
fn starting(input: &GateInput<'_>) -> (Verdict, String) {
    let newest = ChangeRecord::newest(input.route);
    let known = || input.earlier.iter().copied().chain(&newest);
    let drained = |backend| restart::drained_by(backend, &input.route.id.namespace, known());
    let drained = input.plan.advancing.iter().find_map(drained);
    let drained = drained.map(|record| restart::in_words(record, input.now));
    match (drained, &input.counted) {
        (None, Ok(counted)) => match judge_errors(counted) {
            // Errors of a moment ago are no reason to start again.
            (Verdict::Fail, words) => (Verdict::Hold, format!("before it was drained, {words}")),
            _ => (Verdict::NotApplicable, idle(input).to_owned()),
        },
        (None, Err(why)) => (Verdict::Hold, format!("{BLIND}: {why}")),
        (Some(drained), Ok(counted)) if counted.requests > 0.0 => {
            (Verdict::Hold, format!("{drained}; before that, {}", judge_errors(counted).1))
        }
        (Some(drained), Ok(_)) => (Verdict::Hold, format!("{drained}; nothing was counted since")),
        (Some(drained), Err(why)) => (Verdict::Hold, format!("{drained}; {BLIND}: {why}")),
    }
}

/// Said aloud, since a pass that is silent on latency reads as if it were fine.
fn latency() -> Check {
    let words = "not judged by this version: compare p99 yourself".to_owned();
    Check { name: "latency", verdict: Verdict::NotApplicable, words }
}

/// The share first, then of how many, then the limit: the ends of long lines are cut.
fn judge_errors(counted: &ErrorCount) -> (Verdict, String) {
    let ErrorCount { requests, errors, seconds, .. } = *counted;
    let share = if requests > 0.0 { errors / requests } else { 0.0 };
    let interval = counted.interval();
    let limit = ERROR_LIMIT * 100.0;
    let (verdict, judged) = if counted.fails() {
        (Verdict::Fail, format!("limit {limit} %"))
    } else if requests < FEWEST_REQUESTS {
        (Verdict::Hold, format!("fewer than {FEWEST_REQUESTS} requests"))
    } else if share > ERROR_LIMIT {
        (Verdict::Hold, format!("limit {limit} %, too few to tell"))
    } else {
        (Verdict::Pass, format!("limit {limit} %"))
    };
    let (share, minutes) = (digits(share), (seconds / 60.0).ceil());
    let (lo, hi) = (digits(interval.lo), digits(interval.hi));
    (verdict, format!("{share} % of {requests:.0} failed in {minutes}m, {judged} ({lo}-{hi})"))
}

/// A ratio in percent with three digits at most.
fn digits(ratio: f64) -> String {
    match ratio * 100.0 {
        none if none <= 0.0 => "0".to_owned(),
        percent if percent < 9.995 => format!("{percent:.2}"),
        percent if percent < 99.95 => format!("{percent:.1}"),
        percent => format!("{percent:.0}"),
    }
}
