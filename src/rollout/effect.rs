//! What a plan does to those who use the route: by its effect, not by the key that made it.

use super::plan::{Edit, Effect, RuleChange};
use crate::route::BackendRef;

/// An advance raises the canary where it is known, else any backend that did not have more than half.
pub(super) fn effect(edits: &[Edit], canary: Option<&BackendRef>) -> Effect {
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

/// Backends that fall from some traffic to none.
pub(super) fn silenced(edits: &[Edit]) -> Vec<BackendRef> {
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
