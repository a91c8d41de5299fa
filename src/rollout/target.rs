//! What a rollback of a split means: whom to drain, and who takes over.

use super::conventions::RoleNames;
use super::roles::{Role, roles};
use crate::route::{BackendRef, Route};

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
    names: &RoleNames,
    chosen: Option<&str>,
    previous: Option<&str>,
) -> RollbackTarget {
    let Some(rule) = route.rules.get(index) else { return RollbackTarget::Ask(Vec::new()) };
    let known = roles(route, index, names, chosen);
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
