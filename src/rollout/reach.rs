//! Which other ways lead to the backends of a split, before and after a plan.

use super::plan::{Edit, Plan};
use super::planner::same_split;
use crate::route::{BackendRef, Path, PathKind, Route, kinds_to, paths_to};

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
        let is_own = other.id == route.id;
        for (at, theirs) in other.rules.iter().enumerate() {
            let is_same =
                is_own && (at == index || rule.backends.iter().all(|b| same_split(rule, theirs, &b.to)));
            let kinds = rule.backends.iter().flat_map(|backend| kinds_to(&backend.to, theirs));
            for kind in kinds.filter(|kind| !is_same || *kind == PathKind::Mirror) {
                let path = Path::new(other, at, kind);
                if !found.contains(&path) {
                    found.push(path);
                }
            }
        }
    }
    found
}
