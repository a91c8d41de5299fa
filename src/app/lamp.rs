//! Rollback ready: whether `r` would work right now, found out without writing.
//!
//! Of a row what is known anyway; of the selected split also what stands behind it and what the server says to a dry
//! run. That is asked for once the selection rests, and again when the route has changed or the answer is old.

use std::collections::HashMap;
use std::time::Duration;

use super::msg::Effect;
use super::split::Split;
use super::state::{App, Link};
use super::update::request;
use crate::cluster::Access;
use crate::pilot::{DryRun, PrepareError, Rehearsed};
use crate::rollout::{Intent, Plan, Readiness, RollbackTarget, large_enough};
use crate::route::{BackendRef, Owner, OwnerRule, weight_sum};

/// The selection must have rested for this long before the server is asked.
const REST: Duration = Duration::from_secs(1);
/// A question that was not answered by then never will be.
const LOST: Duration = Duration::from_secs(30);
/// An answer counts for so long: policies and webhooks change seldom.
const LASTS: Duration = Duration::from_mins(5);

/// Whether a rollback would work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lamp {
    /// It would.
    On,
    /// It would not, or not for long: why.
    Off(String),
    /// What is not known.
    Unknown(String),
    /// There is nothing to roll back: why.
    Nothing(String),
}

impl Lamp {
    /// In words, as in `ready`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::On => "ready: destination, right, owner and a dry run were looked at".to_owned(),
            Self::Off(why) => format!("not ready: {why}"),
            Self::Unknown(what) => format!("not known: {what}"),
            Self::Nothing(why) => format!("nothing to roll back: {why}"),
        }
    }
}

/// What the server has said to rollbacks that nobody meant to make.
#[derive(Debug, Default)]
pub struct Lamps {
    /// By uid and rule.
    known: HashMap<(Box<str>, usize), Known>,
    /// The question under way, and since when.
    asked: Option<(u64, Subject, Duration)>,
    /// What is selected, and since when.
    wanted: Option<(Subject, Duration)>,
}

/// Which rollback was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Subject {
    uid: Box<str>,
    rule: usize,
    generation: i64,
}

#[derive(Debug)]
struct Known {
    generation: i64,
    at: Duration,
    answer: DryRun,
}

impl Lamps {
    /// Takes the answer to question `ticket`.
    pub(super) fn take(&mut self, ticket: u64, answer: Result<Rehearsed, PrepareError>, now: Duration) {
        let Some((_, subject, _)) = self.asked.take_if(|(asked, ..)| *asked == ticket) else { return };
        let (generation, answer) = match answer {
            Ok(rehearsed) if rehearsed.uid == subject.uid => (rehearsed.generation, rehearsed.dry_run),
            // The watch will tell.
            Ok(_) => return,
            Err(error) => (subject.generation, DryRun::Unknown(error.to_string())),
        };
        self.known.insert((subject.uid, subject.rule), Known { generation, at: now, answer });
    }

    fn get(&self, split: &Split<'_>) -> Option<&Known> {
        let known = self.known.get(&(split.route.uid.clone(), split.index))?;
        (known.generation == split.route.generation).then_some(known)
    }
}

impl App {
    /// Whether a rollback of `split` would work, by all that is known.
    #[must_use]
    pub fn rollback_ready(&self, split: &Split<'_>) -> Lamp {
        let (from, into) = match self.before_asking(split) {
            Ok(target) => target,
            Err(lamp) => return lamp,
        };
        if let Some(lamp) = self.destinations(split, &from, &into) {
            return lamp;
        }
        let fresh = |known: &&Known| self.shown_at().saturating_sub(known.at) < LASTS + LOST;
        match self.lamps.get(split).filter(fresh).map(|known| &known.answer) {
            None => Lamp::Unknown("the server was not asked yet".to_owned()),
            Some(DryRun::Accepted) => Lamp::On,
            Some(DryRun::Refused(why) | DryRun::Forbidden(why)) => Lamp::Off(why.clone()),
            Some(DryRun::Unknown(why)) => Lamp::Unknown(why.clone()),
        }
    }

    /// Whether those who would take the traffic can: in every rule that the rollback changes. `None` if they can.
    fn destinations(&self, split: &Split<'_>, from: &BackendRef, into: &BackendRef) -> Option<Lamp> {
        if !self.facts.known.contains_key(into) {
            return Some(Lamp::Unknown("it was not looked at: select it".to_owned()));
        }
        let plan = match self.plan(split, &drain(from, into)) {
            Ok(plan) => plan,
            Err(refusal) => return Some(Lamp::Off(refusal.to_string())),
        };
        let mut unknown = None;
        for edit in &plan.edits {
            let place = match edit.rule() {
                own if own == split.index => String::new(),
                other => format!(" in rule {}", split.route.rule_label(other)),
            };
            for backend in edit.receivers() {
                match self.readiness(&backend) {
                    Readiness::Known { ready: 0, .. } => {
                        return Some(Lamp::Off(format!("{backend} has no ready endpoint{place}")));
                    }
                    Readiness::Known { .. } => {}
                    Readiness::Unknown(why) => {
                        unknown.get_or_insert(Lamp::Unknown(format!("endpoints of {backend}{place}: {why}")));
                    }
                }
            }
        }
        let ready = |backend: &BackendRef| match self.readiness(backend) {
            Readiness::Known { ready, .. } => Some(ready),
            Readiness::Unknown(_) => None,
        };
        let mut rules = plan.edits.iter().filter_map(|edit| split.route.rules.get(edit.rule()));
        let small = rules.find_map(|rule| large_enough(rule, from, into, ready).err());
        small.map(|small| Lamp::Off(small.to_string())).or(unknown)
    }

    /// What a rollback of `split` would write, where it is known what that means.
    pub(super) fn planned_rollback(&self, split: &Split<'_>) -> Option<Plan> {
        match self.rollback_target(split) {
            RollbackTarget::Known(from, into) => self.plan(split, &drain(&from, &into)).ok(),
            RollbackTarget::Ask(_) => None,
        }
    }

    /// Whom a rollback drains into whom, where nothing that is known already speaks against it.
    fn before_asking(&self, split: &Split<'_>) -> Result<(BackendRef, BackendRef), Lamp> {
        let RollbackTarget::Known(from, into) = self.rollback_target(split) else {
            let why = "a rollback asks first which backend it drains";
            return Err(Lamp::Unknown(why.to_owned()));
        };
        let drained = split.rule.backends.iter().filter(|backend| backend.to.same_object(&from));
        if drained.map(|backend| u64::from(backend.weight)).sum::<u64>() == 0 {
            if weight_sum(split.rule) == 0 {
                return Err(Lamp::Off(
                    "all weights are 0, and every request gets 500: set weights".to_owned(),
                ));
            }
            return Err(Lamp::Nothing(format!("{from} has no traffic here")));
        }
        if let Some(owner) = reverting(split) {
            return Err(owner);
        }
        match self.access.get(&split.route.id.namespace) {
            Some(Some(Access::Denied(right))) => {
                return Err(Lamp::Off(format!("you lack the right to {right}")));
            }
            Some(Some(Access::Granted)) => {}
            _ => return Err(Lamp::Unknown("the right to patch it was not asked about yet".to_owned())),
        }
        if self.link != Link::Live {
            return Err(Lamp::Unknown("there is no connection".to_owned()));
        }
        Ok((from, into))
    }
}

/// What `r` asks for first.
fn drain(from: &BackendRef, into: &BackendRef) -> Intent {
    Intent::Drain { from: from.clone(), into: into.clone(), other_paths: false }
}

/// Who would take the rollback back. A release that may one day be upgraded takes nothing back by itself.
fn reverting(split: &Split<'_>) -> Option<Lamp> {
    let owner = split.route.owners.iter().find(|owner| owner.rule() != OwnerRule::Free)?;
    match owner {
        Owner::ArgoRollouts | Owner::Flagger { .. } | Owner::Flux { .. } => {
            Some(Lamp::Off(owner.to_string()))
        }
        Owner::ArgoCd | Owner::Controller { .. } => Some(Lamp::Unknown(owner.to_string())),
        Owner::Helm { .. } => None,
    }
}

/// The rollback to ask the server about, if it is one that nothing else speaks against.
fn wanted(app: &App) -> Option<(Subject, Intent)> {
    let split = app.selected()?;
    let (from, into) = app.before_asking(&split).ok()?;
    let subject =
        Subject { uid: split.route.uid.clone(), rule: split.index, generation: split.route.generation };
    Some((subject, drain(&from, &into)))
}

/// When the server is to be asked next.
pub(super) fn lamp_due(app: &App) -> Option<Duration> {
    let lamps = &app.lamps;
    let (subject, since) = lamps.wanted.as_ref().filter(|_| app.layers.is_empty())?;
    if let Some((.., at)) = lamps.asked {
        return Some(at + LOST);
    }
    let known = lamps.known.get(&(subject.uid.clone(), subject.rule));
    let again = known.filter(|known| known.generation == subject.generation).map(|known| known.at + LASTS);
    Some(again.unwrap_or(*since + REST))
}

/// Asks the server if that is due.
pub(super) fn ask_lamp(app: &mut App) -> Option<Effect> {
    let now = app.now.since_start;
    let wanted = wanted(app);
    let known = app.lamps.wanted.as_ref().map(|(subject, _)| subject);
    if known != wanted.as_ref().map(|(subject, _)| subject) {
        app.lamps.wanted = wanted.as_ref().map(|(subject, _)| (subject.clone(), now));
    }
    let (subject, intent) = wanted.filter(|_| lamp_due(app).is_some_and(|due| due <= now))?;
    let route = app.selected()?.route.id.clone();
    let ticket = app.next_number();
    app.lamps.asked = Some((ticket, subject, now));
    Some(Effect::Rehearse { ticket, request: request(app, route, intent) })
}

#[cfg(test)]
mod tests;
