//! What a rollback of a split means: whom to drain, and who takes over.

use super::change::ChangeRecord;
use super::conventions::RoleNames;
use super::roles::{Role, Roles, roles};
use crate::route::{BackendRef, Route, Rule};

/// The backend that a rollback of rule `index` would drain, and the one that takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RollbackTarget {
    /// Known roles: drain the first into the second.
    Known(BackendRef, BackendRef),
    /// Ask which of these to drain.
    Ask(Vec<BackendRef>),
}

/// What a rollback of rule `index` means: drain the canary into stable, or return to the one of a pair that was
/// active before the newest change, as far as the route tells.
#[must_use]
pub fn rollback_target(
    route: &Route,
    index: usize,
    names: &RoleNames,
    chosen: Option<&str>,
) -> RollbackTarget {
    let Some(rule) = route.rules.get(index) else { return RollbackTarget::Ask(Vec::new()) };
    let known = roles(route, index, names, chosen);
    let at = |i: Option<usize>| i.and_then(|i| rule.backends.get(i)).map(|b| b.to.clone());
    // Only a pair needs to know who was active before, and reading that takes longer than a row may.
    let was_active = |other: &BackendRef| {
        let newest = ChangeRecord::newest(route);
        newest.as_ref().and_then(ChangeRecord::previously_active) == Some(&*other.name)
    };
    let pair = match (at(known.index(Role::Active)), at(known.index(Role::Previous))) {
        (Some(active), Some(other)) if was_active(&other) => Some((active, other)),
        _ => None,
    };
    let canary = at(known.canary()).filter(|_| !known.guessed());
    let drained = |canary: BackendRef| takes_over(rule, &known, &canary).map(|into| (canary, into));
    match pair.or_else(|| canary.and_then(drained)) {
        Some((from, into)) => RollbackTarget::Known(from, into),
        None => RollbackTarget::Ask(rule.backends.iter().map(|b| b.to.clone()).collect()),
    }
}

/// Who takes over from `from`: stable, else the heaviest of the others.
#[must_use]
pub fn takes_over(rule: &Rule, known: &Roles, from: &BackendRef) -> Option<BackendRef> {
    let stable = known.index(Role::Stable).and_then(|index| rule.backends.get(index));
    let stable = stable.map(|backend| &backend.to).filter(|stable| !stable.same_object(from));
    let all = || rule.backends.iter().map(|backend| (&backend.to, backend.weight));
    stable.or_else(|| heaviest_but(from, all())).cloned()
}

/// The heaviest of `backends`, each with its weight, that is not `from`.
#[must_use]
pub fn heaviest_but<'a>(
    from: &BackendRef,
    backends: impl IntoIterator<Item = (&'a BackendRef, u32)>,
) -> Option<&'a BackendRef> {
    let others = backends.into_iter().filter(|(backend, _)| !backend.same_object(from));
    others.max_by_key(|(_, weight)| *weight).map(|(backend, _)| backend)
}
