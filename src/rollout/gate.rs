//! The gate: may this backend get more traffic? A verdict for each check, the worst one wins.
//!
//! Here: the checks of the route itself. `entry` judges a backend without traffic, `traffic` one that has some.

mod entry;
mod own;
mod pressure;
mod release;
mod traffic;

use std::fmt;

use jiff::Timestamp;

use super::alerts::{Firing, alerts_check};
use super::change::ChangeRecord;
use super::gates::{GateRules, Switchable};
use super::judged::Judged;
use super::plan::{Effect, Plan};
use super::release::Release;
use crate::route::{BackendRef, Owner, OwnerRule, ParentState, Route, RouteState};
use crate::stats::Verdict;

pub use entry::{ALPHA_ERRORS, BLIND, ERROR_LIMIT, ErrorCount};
pub use own::{Names, OwnAnswer, OwnCheck, Want};
pub use pressure::Pressure;

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

    /// The checks that speak against the change, the worst first: those that fail; where none does, all that do not pass.
    /// What is not served is not counted either, so the words of a check that holds may be why another has no data.
    pub fn against(&self) -> impl Iterator<Item = &Check> {
        let least = if self.verdict() == Verdict::Fail { Verdict::Fail } else { Verdict::Hold };
        let mut against: Vec<&Check> = self.checks.iter().filter(|check| check.verdict >= least).collect();
        against.sort_by_key(|check| std::cmp::Reverse(check.verdict));
        against.into_iter()
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

/// What was counted of the backend that gains.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Its requests.
    pub seen: Seen,
    /// What came of a team's own checks.
    pub own: Vec<OwnAnswer>,
}

/// The requests of the backend that gains.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// It has no traffic now: what there was in the last minutes.
    Entry(ErrorCount),
    /// Those that advance and have traffic; never empty.
    Running(Vec<Running>),
}

/// What was counted of a backend that has traffic, in all rules that change with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    /// The backend.
    pub backend: BackendRef,
    /// What the statistics say of it.
    pub judged: Judged,
    /// The pressure that its proxies saw; `None` where that is not counted.
    pub pressure: Result<Option<Vec<Pressure>>, String>,
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
    /// What the backends' pods run, as far as it is known.
    pub releases: &'a [(BackendRef, Release)],
    /// What was counted for the backends that advance, or why nothing can be. That nothing has reached one yet is a count.
    pub counted: Result<Evidence, String>,
    /// The alerts that fire on the route.
    pub alerts: Firing,
    /// How the canary's errors in logs compare with stable's, where that was asked for and it has traffic.
    pub logs: Option<Check>,
    /// What this route's backends must show.
    pub rules: &'a GateRules,
    /// Why the observed share cannot be tested, if so: other paths lead to the same Services, and the series do not tell
    /// them apart.
    pub shared: Option<String>,
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
    let mut checks = vec![accepted(input.route), endpoints(input), owned(input.route, owner)];
    checks.extend(unreadable(input.rules));
    checks.extend(release::check(input));
    checks.extend(match &input.counted {
        _ if input.plan.starts() => entry::checks(input),
        Err(why) => traffic::unknown(why),
        Ok(Evidence { seen: Seen::Running(all), .. }) => worst_of_each(all, input),
        // It was counted when it had no traffic yet.
        Ok(Evidence { seen: Seen::Entry(_), .. }) => traffic::unknown("requests are being counted"),
    });
    checks.extend(own_checks(input));
    checks.extend(input.logs.clone());
    let alerts = alerts_check(&input.alerts);
    checks.push(match (&input.alerts, &input.counted) {
        // One reason is said once.
        (Firing::Unknown(why), Err(same)) if why == same => {
            Check { words: "nor is it known which alerts fire".to_owned(), ..alerts }
        }
        _ => alerts,
    });
    Gate { checks, owner_refuses: owner == OwnerRule::Refuse }
}

/// The checks of every backend that advances: of each check the worst, with the name where there are several.
fn worst_of_each(all: &[Running], input: &GateInput<'_>) -> Vec<Check> {
    let of = |running: &Running| {
        let mut checks = traffic::checks(&running.judged, input);
        checks.push(switched(input.rules, Switchable::Saturation, pressure::check(&running.pressure)));
        if all.len() > 1 {
            for check in &mut checks {
                check.words = format!("{}: {}", running.backend, check.words);
            }
        }
        checks
    };
    let worse = |mine: Vec<Check>, other: Vec<Check>| {
        let pairs = mine.into_iter().zip(other);
        pairs.map(|(one, other)| if other.verdict > one.verdict { other } else { one }).collect()
    };
    let mut checks = all.iter().map(of).reduce(worse).unwrap_or_default();
    let mut unseen =
        input.plan.advancing.iter().filter(|to| all.iter().all(|running| running.backend != **to));
    checks.extend(unseen.next().map(|idle| Check {
        name: "counted",
        verdict: Verdict::Hold,
        words: format!("nothing was counted of {idle}, and it would advance as well"),
    }));
    checks
}

fn own_checks(input: &GateInput<'_>) -> Vec<Check> {
    match &input.counted {
        Ok(evidence) => evidence.own.iter().map(OwnAnswer::check).collect(),
        Err(why) => {
            let unanswered =
                |check: &OwnCheck| OwnAnswer { check: check.clone(), value: Err(why.clone()) }.check();
            input.rules.own.iter().map(unanswered).collect()
        }
    }
}

fn switched(rules: &GateRules, of: Switchable, check: Check) -> Check {
    if !rules.is_off(of) {
        return check;
    }
    Check { verdict: Verdict::NotApplicable, words: "switched off".to_owned(), ..check }
}

/// Rules that nobody can read are not rules that were kept.
fn unreadable(rules: &GateRules) -> Option<Check> {
    let words = rules.faults.join("; ");
    (!words.is_empty()).then_some(Check { name: "rules", verdict: Verdict::Hold, words })
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
