//! Which other ways lead to the backends of a split, before and after a plan.

use super::plan::{Edit, Plan};
use super::planner::same_split;
use crate::route::{BackendRef, Path, PathKind, Route, Rule, paths_to};

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
                let same_as = |r: &Rule| rule.backends.iter().all(|b| same_split(rule, r, &b.to));
                let same = path.route == route.id
                    && path.kind != PathKind::Mirror
                    && (path.rule == index || other.rules.get(path.rule).is_some_and(same_as));
                if !same && !found.contains(&path) {
                    found.push(path);
                }
            }
        }
    }
    found
}
