//! What a proof is about: which backends are counted, what they should show, and what counts cannot tell.

use crate::metrics::{Granularity, counted_with};
use crate::rollout::{
    ChangeRecord, Claim, Edit, Effect, Plan, RuleChange, shares, untouched_paths, weights_of,
};
use crate::route::{BackendRef, Path, PathKind, Route, RouteId, RuleBackend, declared_share};

use super::states::{Planned, Prepared};

/// What is to be proven of a change that was written.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The route that was selected.
    pub(super) route: RouteId,
    /// The routes that were written, with the generation that each then had.
    pub(super) routes: Vec<(RouteId, i64)>,
    /// The backends to count, in the order of the claim's shares.
    pub(super) backends: Vec<BackendRef>,
    /// Where they stand in the rules that the claim is about.
    pub(super) places: Vec<RuleBackend>,
    /// Their shares before and after.
    pub(super) claim: Claim,
    /// Why the counts cannot prove the claim, however many there are.
    pub(super) caveat: Option<String>,
    /// Other paths to the same backends: where series name Services and not splits, their requests are counted too.
    pub(super) beside: Vec<Path>,
    /// What could not be looked at, to be said beside a proof.
    pub(super) unseen: Option<String>,
    /// Whether sessions stick to a backend.
    pub(super) sticky: bool,
    /// Whether other requests than the split's are counted too, so that the old share must be measured.
    pub(super) shared: bool,
}

impl Subject {
    /// Of a drain the smallest share that any drained rule had, so that the power holds for all of them; else
    /// the shares of the split that was selected.
    pub(super) fn of(prepared: &Prepared, route: &RouteId, written: &[(ChangeRecord, Route)]) -> Self {
        let plans = || prepared.planned.iter().map(|planned| &planned.plan);
        let drained = plans().find_map(Plan::drained).cloned();
        let main = || prepared.planned.iter().find_map(|one| Some((&one.fresh, one.plan.main_change()?)));
        let (places, (backends, claim)) = match drained {
            Some(from) => (prepared.planned.iter().flat_map(places).collect(), drain_claim(prepared, &from)),
            None => main().map_or_else(
                || (Vec::new(), (Vec::new(), Claim { shares: Vec::new() })),
                |(route, change)| {
                    let share = |index| {
                        let (before, after) = change.shares(index);
                        (before.unwrap_or(0.0), after.unwrap_or(0.0))
                    };
                    let shares = (0..change.backends.len()).map(share).collect();
                    (changed(route, change).collect(), (change.backends.clone(), Claim { shares }))
                },
            ),
        };
        Self {
            route: route.clone(),
            routes: written.iter().map(|(_, route)| (route.id.clone(), route.generation)).collect(),
            backends,
            places,
            claim,
            caveat: remaining(prepared),
            beside: if is_rollback(prepared) { Vec::new() } else { prepared.shared.clone() },
            unseen: prepared.unseen.clone(),
            sticky: prepared
                .planned
                .iter()
                .any(|one| is_sticky(&one.fresh, one.plan.edits.iter().map(Edit::rule))),
            shared: !prepared.shared.is_empty(),
        }
    }

    /// From the journal, for a change whose program ended before its proof did. `None` when the route no longer
    /// has these weights or backends.
    ///
    /// Of a rollback the smallest share that any of its rules had, as [`Subject::of`] takes it.
    pub(super) fn taken_up(
        record: &ChangeRecord,
        route: &Route,
        others: &[Route],
        unseen: Option<String>,
    ) -> Option<Self> {
        let edited: Vec<usize> = record.after.keys().copied().collect();
        let rules: Vec<Moves> =
            edited.iter().map(|index| recorded(record, route, *index)).collect::<Option<_>>()?;
        let drain = Some(drained_in(&rules)).filter(|_| record.was_rollback());
        let (moves, edited) = match drain {
            Some(moves) if moves.iter().any(is_drained) => (moves, edited),
            _ => (rules.into_iter().next()?, edited.into_iter().take(1).collect()),
        };
        let (backends, shares) = moves.into_iter().unzip();
        let beside = other_paths(route, &edited, others);
        // What was drained may be reached by these, whatever is counted of the split.
        let (remaining, beside) =
            if record.was_rollback() { (beside, Vec::new()) } else { (Vec::new(), beside) };
        Some(Self {
            route: route.id.clone(),
            routes: vec![(route.id.clone(), route.generation)],
            places: edited.iter().flat_map(|rule| route.rule_backends(*rule)).collect(),
            backends,
            claim: Claim { shares },
            caveat: (!remaining.is_empty())
                .then(|| format!("other paths lead to the same backends: {}", list(&remaining))),
            beside,
            unseen,
            sticky: is_sticky(route, edited),
            shared: false,
        })
    }

    /// That rule `index` is served as it is declared. `None` when it has no shares.
    pub(super) fn served(
        route: &Route,
        index: usize,
        others: &[Route],
        unseen: Option<String>,
    ) -> Option<Self> {
        let rule = route.rules.get(index).filter(|rule| rule.is_split())?;
        let shares: Option<Vec<f64>> =
            (0..rule.backends.len()).map(|backend| declared_share(rule, backend)).collect();
        Some(Self {
            route: route.id.clone(),
            routes: vec![(route.id.clone(), route.generation)],
            backends: rule.backends.iter().map(|b| b.to.clone()).collect(),
            places: route.rule_backends(index).collect(),
            claim: Claim::served(&shares?),
            caveat: None,
            beside: other_paths(route, &[index], others),
            unseen,
            sticky: rule.sticky,
            shared: false,
        })
    }

    /// Why the counts cannot prove the claim where their series tell so much apart.
    pub(super) fn unprovable(&self, granularity: Option<Granularity>) -> Option<String> {
        let beside: Vec<_> = counted_with(granularity, &self.route, &self.beside).collect();
        let (count, paths) = (beside.len(), if beside.len() == 1 { "path" } else { "paths" });
        let shared =
            || format!("the share is shared with {count} other {paths}: {}", list(beside.iter().copied()));
        self.caveat.clone().or_else(|| (!beside.is_empty()).then(shared))
    }

    /// The drained backends had no more than `share` of what is counted.
    pub(super) fn lower_drained_shares(&mut self, share: f64) {
        let drained: Vec<usize> = self.drained().collect();
        for index in drained {
            if let Some((old, _)) = self.claim.shares.get_mut(index) {
                *old = old.min(share);
            }
        }
    }

    /// Indices of the backends that should get nothing any more.
    pub(super) fn drained(&self) -> impl Iterator<Item = usize> + '_ {
        let drained = |(_, (old, new)): &(usize, &(f64, f64))| *old > 0.0 && *new <= 0.0;
        self.claim.shares.iter().enumerate().filter(drained).map(|(index, _)| index)
    }
}

/// Whether sessions stick to a backend in one of these rules.
fn is_sticky(route: &Route, rules: impl IntoIterator<Item = usize>) -> bool {
    rules.into_iter().any(|index| route.rules.get(index).is_some_and(|rule| rule.sticky))
}

/// Backends with their shares before and after.
type Moves = Vec<(BackendRef, (f64, f64))>;

/// What a record says of one rule; `None` when the route has other weights or backends now.
fn recorded(record: &ChangeRecord, route: &Route, index: usize) -> Option<Moves> {
    let rule = route.rules.get(index)?;
    let of = |weights| weights_of(weights, rule, &route.id.namespace);
    let (before, after) = (of(record.before.get(&index)?)?, of(record.after.get(&index)?)?);
    if rule.weights() != after {
        return None;
    }
    let shares = shares(&before).into_iter().zip(shares(&after));
    Some(rule.backends.iter().map(|backend| backend.to.clone()).zip(shares).collect())
}

fn is_drained((_, (old, new)): &(BackendRef, (f64, f64))) -> bool {
    *old > 0.0 && *new <= 0.0
}

/// The backends of all rules; those that get nothing any more had the smallest share that any rule gave them.
fn drained_in(rules: &[Moves]) -> Moves {
    let smallest = rules
        .iter()
        .flatten()
        .filter(|moved| is_drained(moved))
        .map(|(_, (old, _))| *old)
        .fold(1.0, f64::min);
    let mut backends: Vec<BackendRef> = rules.iter().flatten().map(|(backend, _)| backend.clone()).collect();
    backends.sort();
    backends.dedup();
    let share = |backend: BackendRef| {
        let mine = || rules.iter().flatten().filter(|(other, _)| *other == backend);
        let gone = mine().any(is_drained) && mine().all(|(_, (_, new))| *new <= 0.0);
        let shares = if gone { (smallest, 0.0) } else { (0.0, 0.0) };
        (backend, shares)
    };
    backends.into_iter().map(share).collect()
}

/// The paths to the backends of these rules by which other requests come.
fn other_paths(route: &Route, rules: &[usize], others: &[Route]) -> Vec<Path> {
    let all = || others.iter().filter(|other| other.id != route.id).chain([route]);
    let edited =
        |path: &Path| path.kind != PathKind::Mirror && path.route == route.id && rules.contains(&path.rule);
    let mut paths: Vec<Path> = Vec::new();
    for path in rules.iter().flat_map(|rule| untouched_paths(route, *rule, all())) {
        if !edited(&path) && !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

/// The places of the backends in the rules that a plan edits, as they were and as they will be.
fn places(planned: &Planned) -> Vec<RuleBackend> {
    let of = |edit: &Edit| match edit {
        Edit::Weights(change) => changed(&planned.fresh, change).collect(),
        Edit::Redirect { rule, backend, from, to, .. } => {
            [from, to].map(|to| planned.fresh.place(*rule, *backend, to)).to_vec()
        }
        Edit::Unmirror { .. } => Vec::new(),
    };
    planned.plan.edits.iter().flat_map(of).collect()
}

fn changed<'a>(route: &'a Route, change: &'a RuleChange) -> impl Iterator<Item = RuleBackend> + 'a {
    change.backends.iter().enumerate().map(|(index, to)| route.place(change.rule, index, to))
}

fn drain_claim(prepared: &Prepared, from: &BackendRef) -> (Vec<BackendRef>, Claim) {
    let plans = || prepared.planned.iter().map(|planned| &planned.plan);
    let mut backends: Vec<BackendRef> = plans().flat_map(Plan::backends).collect();
    backends.extend(plans().flat_map(|plan| &plan.edits).filter_map(|edit| match edit {
        Edit::Redirect { from, .. } => Some(from.clone()),
        _ => None,
    }));
    backends.sort();
    backends.dedup();
    let smallest = plans().map(|plan| smallest_share(plan, from)).fold(1.0, f64::min);
    let share = |backend: &BackendRef| if backend.same_object(from) { (smallest, 0.0) } else { (0.0, 0.0) };
    let shares = backends.iter().map(share).collect();
    (backends, Claim { shares })
}

fn smallest_share(plan: &Plan, target: &BackendRef) -> f64 {
    let of = |edit: &Edit| match edit {
        Edit::Weights(change) => {
            let mine = change.backends.iter().enumerate().filter(|(_, backend)| backend.same_object(target));
            mine.filter_map(|(index, _)| change.shares(index).0).sum::<f64>()
        }
        Edit::Redirect { .. } | Edit::Unmirror { .. } => 1.0,
    };
    plan.edits.iter().map(of).fold(1.0, f64::min)
}

/// That a rollback leaves paths to what it drained.
fn remaining(prepared: &Prepared) -> Option<String> {
    let remaining = &prepared.remaining;
    let paths = if remaining.len() == 1 { "path remains" } else { "paths remain" };
    let is_said = is_rollback(prepared) && !remaining.is_empty();
    is_said.then(|| format!("split drained, {} other {paths}: {}", remaining.len(), list(remaining)))
}

fn is_rollback(prepared: &Prepared) -> bool {
    prepared.main().is_some_and(|main| main.plan.effect == Effect::Rollback)
}

fn list<'a>(paths: impl IntoIterator<Item = &'a Path>) -> String {
    paths.into_iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
