//! From an intent and a fresh route to a plan: exactly which fields would be written, and what that does.

use std::fmt;

use thiserror::Error;

use super::ladder::{Ladder, Stage};
use super::roles::{Role, Roles, roles};
use super::weights::set_share;
use crate::route::{BackendRef, Path, PathKind, Route, RouteId, Rule, paths_to, weight_sum};

/// Up or down the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the next stage: more traffic for the canary.
    Next,
    /// To the previous stage.
    Back,
}

/// What a person wants. An advance confirms *weights*; a drain is an intent that may be planned again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// One stage up or down, in every rule where the same backends stand at the same share.
    Step {
        /// Index of the rule that was selected.
        rule: usize,
        /// Which way.
        direction: Direction,
        /// The canary, where a person was asked because the role was guessed.
        canary: Option<Box<str>>,
    },
    /// These weights in one rule, and in every rule where the same backends stand at the same shares.
    Set {
        /// Index of the rule.
        rule: usize,
        /// Weight by backend name; every backend of the rule must be named.
        weights: Vec<(Box<str>, u32)>,
    },
    /// A rollback: no more requests for `from`, in every rule in which another backend can take its share.
    Drain {
        /// The backend to drain.
        from: BackendRef,
        /// Who gets the share where nobody else has any; others keep their proportions.
        into: BackendRef,
        /// Whether rules with `from` alone and mirrors to it are taken as well.
        other_paths: bool,
    },
}

/// One rule with the weights before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleChange {
    /// Index of the rule.
    pub rule: usize,
    /// How a person calls it.
    pub label: String,
    /// Its backends, in order.
    pub backends: Vec<BackendRef>,
    /// Weights before, in the same order.
    pub before: Vec<u32>,
    /// Weights after.
    pub after: Vec<u32>,
}

impl RuleChange {
    /// Shares before and after of backend `index`, 0 to 1; `None` where all weights are 0.
    #[must_use]
    pub fn shares(&self, index: usize) -> (Option<f64>, Option<f64>) {
        let share = |weights: &[u32]| {
            let sum: u32 = weights.iter().sum();
            weights.get(index).filter(|_| sum > 0).map(|w| f64::from(*w) / f64::from(sum))
        };
        (share(&self.before), share(&self.after))
    }
}

/// One thing that would be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// The weights of one rule.
    Weights(RuleChange),
    /// The only backend of a rule is replaced: its weight cannot be 0, since gateways disagree on that.
    Redirect {
        /// Index of the rule.
        rule: usize,
        /// How a person calls it.
        label: String,
        /// Index of the backend.
        backend: usize,
        /// What it points to now.
        from: BackendRef,
        /// What it will point to.
        to: BackendRef,
    },
    /// A mirror filter is removed.
    Unmirror {
        /// Index of the rule.
        rule: usize,
        /// How a person calls it.
        label: String,
        /// JSON pointer to the filter, relative to the rule.
        pointer: Box<str>,
        /// Where it sent copies.
        to: BackendRef,
    },
}

impl Edit {
    /// Index of the rule it is in.
    #[must_use]
    pub fn rule(&self) -> usize {
        match self {
            Self::Weights(change) => change.rule,
            Self::Redirect { rule, .. } | Self::Unmirror { rule, .. } => *rule,
        }
    }
}

/// What a change does to those who use the route, by its effect and not by the key that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Raises the share of a canary, or of a backend that did not have more than half: the gate is asked.
    Advance,
    /// Lowers the canary, or changes nothing that matters: no gate.
    Retreat,
    /// Drains a canary, or returns to the previous version: never blocked.
    Rollback,
}

/// A change that was planned on one version of one route. Nothing is written yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The route.
    pub route: RouteId,
    /// Identity of the object it was planned on.
    pub uid: Box<str>,
    /// Version of the spec it was planned on.
    pub generation: i64,
    /// Whether the object had annotations.
    pub has_annotations: bool,
    /// What was asked for.
    pub intent: Intent,
    /// What would be written, by rule. Never empty.
    pub edits: Vec<Edit>,
    /// What that does.
    pub effect: Effect,
    /// The canary of the split, as far as roles are known.
    pub canary: Option<BackendRef>,
    /// Backends that fall from some traffic to none, other than the target of a rollback.
    pub silenced: Vec<BackendRef>,
    /// What a person should know about the plan.
    pub notes: Vec<String>,
}

impl Plan {
    /// What the plan writes, in words.
    #[must_use]
    pub fn edits_in_words(&self) -> String {
        self.edits.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    /// The rules whose weights change.
    pub fn changes(&self) -> impl Iterator<Item = &RuleChange> {
        self.edits.iter().filter_map(|edit| match edit {
            Edit::Weights(change) => Some(change),
            _ => None,
        })
    }

    /// The split that the person looked at (the first that changes).
    #[must_use]
    pub fn main_change(&self) -> Option<&RuleChange> {
        self.changes().next()
    }

    /// The backends that gain share, with their shares after, the largest first.
    #[must_use]
    pub fn gaining(&self) -> Vec<(BackendRef, f64)> {
        let mut gaining: Vec<(BackendRef, f64)> = Vec::new();
        let mut gain = |to: &BackendRef, share: f64| match gaining.iter_mut().find(|(b, _)| b == to) {
            Some((_, most)) => *most = most.max(share),
            None => gaining.push((to.clone(), share)),
        };
        for edit in &self.edits {
            match edit {
                Edit::Weights(change) => {
                    for (index, backend) in change.backends.iter().enumerate() {
                        let (before, after) = change.shares(index);
                        if let Some(after) = after.filter(|after| *after > before.unwrap_or(0.0)) {
                            gain(backend, after);
                        }
                    }
                }
                Edit::Redirect { to, .. } => gain(to, 1.0),
                Edit::Unmirror { .. } => {}
            }
        }
        gaining.sort_by(|a, b| b.1.total_cmp(&a.1));
        gaining
    }

    /// Every backend whose endpoints matter to the plan.
    #[must_use]
    pub fn backends(&self) -> Vec<BackendRef> {
        let mut all: Vec<BackendRef> = self.changes().flat_map(|c| c.backends.clone()).collect();
        all.extend(self.gaining().into_iter().map(|(backend, _)| backend));
        all.sort();
        all.dedup();
        all
    }
}

/// Why there is no plan. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The rule is gone or has one backend.
    #[error("rule {0} of this route is no split: it has fewer than two backends")]
    NoSplit(usize),
    /// A name that is not in the rule.
    #[error("no backend '{name}' in this rule; it has {}", known.join(", "))]
    UnknownBackend {
        /// The name that was given.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// Not all backends were named.
    #[error("no weight given for {}; name every backend of the rule", .0.join(", "))]
    MissingBackend(Vec<String>),
    /// A name that stands for two backends.
    #[error("backend '{0}' stands twice in this rule, so its weight cannot be set by name")]
    AmbiguousBackend(String),
    /// The same name was given twice.
    #[error("two weights given for '{0}'")]
    Repeated(String),
    /// All weights 0: every request would get a 500.
    #[error("all weights would be 0: every request would get a 500")]
    AllZero,
    /// Above the maximum of the API.
    #[error("weight {weight} for '{name}' is out of range; weights go from 0 to 1000000")]
    OutOfRange {
        /// The backend.
        name: String,
        /// The weight that was given.
        weight: u32,
    },
    /// The top or the foot of the ladder.
    #[error("{name} is at {share} already; the ladder ends there")]
    EndOfLadder {
        /// The canary.
        name: String,
        /// Its share.
        share: String,
    },
    /// A pair has no ladder.
    #[error("a blue-green pair is not stepped; set weights instead")]
    Pair,
    /// The role was only guessed: ask which of these is the canary.
    #[error("it is not known which backend is the canary; choose one of {}", .0.join(", "))]
    AskCanary(Vec<String>),
    /// Nothing would change.
    #[error("{0}")]
    Nothing(String),
    /// Nobody else could take the share.
    #[error("no weights of up to 1000000 give this share and keep the other backends' proportions")]
    TooFine,
}

/// Plans `intent` on `route`. `chosen` is the canary that a person named on this machine, if any.
///
/// # Errors
/// [`Refusal`] with the reason; nothing is written then.
pub fn plan(route: &Route, intent: &Intent, ladder: &Ladder, chosen: Option<&str>) -> Result<Plan, Refusal> {
    match intent {
        Intent::Step { rule, direction, canary } => {
            step(route, intent, *rule, *direction, ladder, canary.as_deref(), chosen)
        }
        Intent::Set { rule, weights } => set(route, intent, *rule, weights, chosen),
        Intent::Drain { from, into, other_paths } => drain(route, intent, from, into, *other_paths),
    }
}

fn split(route: &Route, rule: usize) -> Result<&Rule, Refusal> {
    route.rules.get(rule).filter(|r| r.is_split()).ok_or(Refusal::NoSplit(rule))
}

fn step(
    route: &Route,
    intent: &Intent,
    index: usize,
    direction: Direction,
    ladder: &Ladder,
    asked: Option<&str>,
    chosen: Option<&str>,
) -> Result<Plan, Refusal> {
    let rule = split(route, index)?;
    let known = roles(route, index, asked.or(chosen));
    if asked.is_none() && known.is_pair() {
        return Err(Refusal::Pair);
    }
    let canary = canary_of(rule, &known, asked)?;
    let (weight, sum) = share_of(rule, &canary);
    let stage = match direction {
        Direction::Next => ladder.next(weight, sum),
        Direction::Back => ladder.back(weight, sum),
    };
    let stage = stage
        .ok_or_else(|| Refusal::EndOfLadder { name: canary.name.to_string(), share: percent(weight, sum) })?;
    let mut edits = Vec::new();
    let mut notes = Vec::new();
    for (other_index, other) in route.splits() {
        if same_split(rule, other, &canary) {
            edits.push(Edit::Weights(move_to(route, other_index, other, &canary, stage, &mut notes)?));
        } else if other.backends.iter().any(|b| b.to.same_object(&canary)) {
            notes.push(format!(
                "rule {} stands at another share and is not moved",
                route.rule_label(other_index)
            ));
        }
    }
    edits.sort_by_key(|edit| edit.rule() != index);
    Ok(finish(route, intent, edits, Some(canary), notes))
}

fn canary_of(rule: &Rule, known: &Roles, asked: Option<&str>) -> Result<BackendRef, Refusal> {
    let names = || rule.backends.iter().map(|b| b.to.name.to_string()).collect::<Vec<_>>();
    let index = match asked {
        Some(name) => rule.backends.iter().position(|b| &*b.to.name == name),
        None if known.guessed() => None,
        None => known.canary(),
    };
    index.and_then(|i| rule.backends.get(i)).map(|b| b.to.clone()).ok_or_else(|| Refusal::AskCanary(names()))
}

/// The weight of all references to `target` in `rule`, and the rule's sum.
fn share_of(rule: &Rule, target: &BackendRef) -> (u64, u64) {
    let mine = rule.backends.iter().filter(|b| b.to.same_object(target)).map(|b| u64::from(b.weight)).sum();
    (mine, weight_sum(rule))
}

fn percent(weight: u64, sum: u64) -> String {
    if sum == 0 {
        return "no share (all weights are 0)".to_owned();
    }
    #[expect(clippy::cast_precision_loss, reason = "weights of one rule sum to less than 2^24")]
    let share = weight as f64 / sum as f64 * 100.0;
    format!("{} %", (share * 100.0).round() / 100.0)
}

/// Whether both rules split between the same backends and `target` has the same share in both.
fn same_split(a: &Rule, b: &Rule, target: &BackendRef) -> bool {
    let names = |rule: &Rule| {
        let mut names: Vec<BackendRef> = rule.backends.iter().map(|b| b.to.clone()).collect();
        names.sort();
        names
    };
    let ((wa, sa), (wb, sb)) = (share_of(a, target), share_of(b, target));
    names(a) == names(b) && wa * sb == wb * sa && (sa == 0) == (sb == 0)
}

fn move_to(
    route: &Route,
    index: usize,
    rule: &Rule,
    target: &BackendRef,
    stage: Stage,
    notes: &mut Vec<String>,
) -> Result<RuleChange, Refusal> {
    let others: Vec<usize> = (0..rule.backends.len())
        .filter(|i| !rule.backends.get(*i).is_some_and(|b| b.to.same_object(target)))
        .collect();
    let receiver = if others.len() == 1 { others.first().copied() } else { None };
    change_share(route, index, rule, target, stage.share(), receiver, notes)
}

fn change_share(
    route: &Route,
    index: usize,
    rule: &Rule,
    target: &BackendRef,
    share: u32,
    receiver: Option<usize>,
    notes: &mut Vec<String>,
) -> Result<RuleChange, Refusal> {
    let before: Vec<u32> = rule.backends.iter().map(|b| b.weight).collect();
    let moving: Vec<bool> = rule.backends.iter().map(|b| b.to.same_object(target)).collect();
    let after = set_share(&before, &moving, share, receiver).ok_or(Refusal::TooFine)?;
    let change = rule_change(route, index, rule, after);
    let (old, new) = (weight_sum(rule), change.after.iter().map(|w| u64::from(*w)).sum::<u64>());
    if old != new {
        notes.push(format!("the weights of rule {} now sum to {new} instead of {old}", change.label));
    }
    Ok(change)
}

fn rule_change(route: &Route, index: usize, rule: &Rule, after: Vec<u32>) -> RuleChange {
    RuleChange {
        rule: index,
        label: route.rule_label(index),
        backends: rule.backends.iter().map(|b| b.to.clone()).collect(),
        before: rule.backends.iter().map(|b| b.weight).collect(),
        after,
    }
}

fn set(
    route: &Route,
    intent: &Intent,
    index: usize,
    weights: &[(Box<str>, u32)],
    chosen: Option<&str>,
) -> Result<Plan, Refusal> {
    let rule = split(route, index)?;
    let names: Vec<&str> = rule.backends.iter().map(|b| &*b.to.name).collect();
    for (position, (name, weight)) in weights.iter().enumerate() {
        let found = names.iter().filter(|n| **n == &**name).count();
        if found == 0 {
            let known = names.iter().map(ToString::to_string).collect();
            return Err(Refusal::UnknownBackend { name: name.to_string(), known });
        }
        if found > 1 {
            return Err(Refusal::AmbiguousBackend(name.to_string()));
        }
        if weights.iter().take(position).any(|(earlier, _)| earlier == name) {
            return Err(Refusal::Repeated(name.to_string()));
        }
        if *weight > 1_000_000 {
            return Err(Refusal::OutOfRange { name: name.to_string(), weight: *weight });
        }
    }
    let wanted = |name: &str| weights.iter().find(|(n, _)| &**n == name).map(|(_, weight)| *weight);
    let missing: Vec<String> =
        names.iter().filter(|n| wanted(n).is_none()).map(ToString::to_string).collect();
    if !missing.is_empty() {
        return Err(Refusal::MissingBackend(missing));
    }
    if weights.iter().all(|(_, weight)| *weight == 0) {
        return Err(Refusal::AllZero);
    }
    let mut edits = Vec::new();
    for (other_index, other) in route.splits() {
        if rule.backends.iter().all(|b| same_split(rule, other, &b.to)) {
            let after: Vec<u32> = other.backends.iter().filter_map(|b| wanted(&b.to.name)).collect();
            let change = rule_change(route, other_index, other, after);
            if change.before != change.after {
                edits.push(Edit::Weights(change));
            }
        }
    }
    if edits.is_empty() {
        return Err(Refusal::Nothing("the route has these weights already".to_owned()));
    }
    edits.sort_by_key(|edit| edit.rule() != index);
    let known = roles(route, index, chosen);
    let canary = known.canary().filter(|_| !known.guessed()).and_then(|i| rule.backends.get(i));
    Ok(finish(route, intent, edits, canary.map(|b| b.to.clone()), Vec::new()))
}

fn drain(
    route: &Route,
    intent: &Intent,
    from: &BackendRef,
    into: &BackendRef,
    other_paths: bool,
) -> Result<Plan, Refusal> {
    let mut edits = Vec::new();
    let mut notes = Vec::new();
    for (index, rule) in route.rules.iter().enumerate() {
        let (weight, _) = share_of(rule, from);
        let others = rule.backends.iter().any(|b| !b.to.same_object(from));
        if weight > 0 && others {
            let receiver = rule
                .backends
                .iter()
                .position(|b| b.to.same_object(into))
                .or_else(|| rule.backends.iter().position(|b| !b.to.same_object(from)));
            edits.push(Edit::Weights(change_share(route, index, rule, from, 0, receiver, &mut notes)?));
        } else if weight > 0 && other_paths {
            edits.extend(rule.backends.iter().enumerate().map(|(backend, b)| Edit::Redirect {
                rule: index,
                label: route.rule_label(index),
                backend,
                from: b.to.clone(),
                to: into.clone(),
            }));
        }
        if other_paths {
            edits.extend(rule.mirrors.iter().filter(|m| m.to.same_object(from)).map(|mirror| {
                Edit::Unmirror {
                    rule: index,
                    label: route.rule_label(index),
                    pointer: mirror.pointer.clone(),
                    to: mirror.to.clone(),
                }
            }));
        }
    }
    if edits.is_empty() {
        return Err(Refusal::Nothing(format!(
            "{from} gets no traffic from the splits of this route already"
        )));
    }
    let mut plan = finish(route, intent, edits, Some(from.clone()), notes);
    plan.effect = Effect::Rollback;
    plan.silenced.retain(|backend| !backend.same_object(from));
    Ok(plan)
}

fn finish(
    route: &Route,
    intent: &Intent,
    edits: Vec<Edit>,
    canary: Option<BackendRef>,
    notes: Vec<String>,
) -> Plan {
    let effect = effect(&edits, canary.as_ref());
    let silenced = silenced(&edits);
    let silenced = match &canary {
        // Taking a known canary to 0 is what a rollback does, whatever key did it.
        Some(canary) => silenced.into_iter().filter(|b| !b.same_object(canary)).collect(),
        None => silenced,
    };
    Plan {
        route: route.id.clone(),
        uid: route.uid.clone(),
        generation: route.generation,
        has_annotations: route.has_annotations,
        intent: intent.clone(),
        edits,
        effect,
        canary,
        silenced,
        notes,
    }
}

/// An advance raises the canary where it is known, else any backend that did not have more than half.
fn effect(edits: &[Edit], canary: Option<&BackendRef>) -> Effect {
    let raises = |change: &RuleChange| {
        change.backends.iter().enumerate().any(|(index, backend)| {
            let (before, after) = change.shares(index);
            let (before, after) = (before.unwrap_or(0.0), after.unwrap_or(0.0));
            let guarded = canary.map_or(before <= 0.5, |canary| backend.same_object(canary));
            after > before && guarded
        })
    };
    let advances = edits.iter().any(|edit| matches!(edit, Edit::Weights(change) if raises(change)));
    if advances { Effect::Advance } else { Effect::Retreat }
}

fn silenced(edits: &[Edit]) -> Vec<BackendRef> {
    let mut silenced = Vec::new();
    for edit in edits {
        if let Edit::Weights(change) = edit {
            let pairs = change.backends.iter().zip(change.before.iter().zip(&change.after));
            silenced
                .extend(pairs.filter(|(_, (b, a))| **b > 0 && **a == 0).map(|(backend, _)| backend.clone()));
        }
    }
    silenced.sort();
    silenced.dedup();
    silenced
}

/// The paths to `target` that are still open once `plans` are written.
pub fn remaining_paths<'a>(
    plans: &[&Plan],
    target: &BackendRef,
    routes: impl IntoIterator<Item = &'a Route>,
) -> Vec<Path> {
    let closed = |path: &Path| {
        let mirrored = path.kind == PathKind::Mirror;
        let drains = |edit: &Edit| match edit {
            Edit::Unmirror { to, .. } => mirrored && to.same_object(target),
            Edit::Redirect { from, .. } => !mirrored && from.same_object(target),
            Edit::Weights(change) => {
                let left = |(backend, after): (&BackendRef, &u32)| *after > 0 && backend.same_object(target);
                !mirrored && !change.backends.iter().zip(&change.after).any(left)
            }
        };
        plans.iter().any(|plan| {
            plan.route == path.route && plan.edits.iter().any(|edit| edit.rule() == path.rule && drains(edit))
        })
    };
    let all = routes.into_iter().flat_map(|route| paths_to(target, route).collect::<Vec<_>>());
    all.filter(|path| !closed(path)).collect()
}

/// The paths to any backend of a split by which requests come that the split did not send: with metrics by
/// Service, an observed share can then not be claimed. Rules that split the same way at the same shares
/// are the same split.
pub fn untouched_paths<'a>(
    route: &Route,
    index: usize,
    routes: impl IntoIterator<Item = &'a Route>,
) -> Vec<Path> {
    let Some(rule) = route.rules.get(index) else { return Vec::new() };
    let mut found: Vec<Path> = Vec::new();
    for other in routes {
        for backend in &rule.backends {
            for path in paths_to(&backend.to, other) {
                let same = path.route == route.id
                    && path.kind != PathKind::Mirror
                    && other
                        .rules
                        .get(path.rule)
                        .is_some_and(|r| rule.backends.iter().all(|b| same_split(rule, r, &b.to)));
                if !same && !found.contains(&path) {
                    found.push(path);
                }
            }
        }
    }
    found
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weights(RuleChange { rule, backends, before, after, .. }) => {
                write!(f, "rule {rule}: ")?;
                for (index, (backend, (before, after))) in
                    backends.iter().zip(before.iter().zip(after)).enumerate()
                {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{backend} {before} -> {after}")?;
                }
                Ok(())
            }
            Self::Redirect { rule, from, to, .. } => write!(f, "rule {rule}: {from} replaced by {to}"),
            Self::Unmirror { rule, to, .. } => write!(f, "rule {rule}: mirror to {to} removed"),
        }
    }
}

impl Intent {
    /// The word for it, in the journal and on the screen.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Step { direction: Direction::Next, .. } => "step",
            Self::Step { direction: Direction::Back, .. } => "step back",
            Self::Set { .. } => "set weights",
            Self::Drain { .. } => "rollback",
        }
    }
}

/// The backend that a rollback of rule `index` would drain, and the one that takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RollbackTarget {
    /// Known roles: drain the first into the second.
    Known(BackendRef, BackendRef),
    /// Ask which of these to drain.
    Ask(Vec<BackendRef>),
}

/// What a rollback of rule `index` means: drain the canary into stable, or return to the previous one of a
/// pair. `previous` is the backend that was active before the newest change, if that is known.
#[must_use]
pub fn rollback_target(
    route: &Route,
    index: usize,
    chosen: Option<&str>,
    previous: Option<&str>,
) -> RollbackTarget {
    let Some(rule) = route.rules.get(index) else { return RollbackTarget::Ask(Vec::new()) };
    let known = roles(route, index, chosen);
    let at = |i: Option<usize>| i.and_then(|i| rule.backends.get(i)).map(|b| b.to.clone());
    let pair = match (at(known.index(Role::Active)), at(known.index(Role::Previous))) {
        (Some(active), Some(other)) if previous == Some(&*other.name) => Some((active, other)),
        _ => None,
    };
    let canary = at(known.canary()).filter(|_| !known.guessed());
    let heaviest = |canary: &BackendRef| {
        let others = rule.backends.iter().filter(|b| !b.to.same_object(canary));
        others.max_by_key(|b| b.weight).map(|b| b.to.clone())
    };
    let into = |canary: &BackendRef| at(known.index(Role::Stable)).or_else(|| heaviest(canary));
    let known = pair.or_else(|| canary.and_then(|canary| into(&canary).map(|into| (canary, into))));
    match known {
        Some((from, into)) => RollbackTarget::Known(from, into),
        None => RollbackTarget::Ask(rule.backends.iter().map(|b| b.to.clone()).collect()),
    }
}
