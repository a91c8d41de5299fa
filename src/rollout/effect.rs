//! What a plan does to those who use the route: by its effect, not by the key that made it.

use super::plan::Edit;
use crate::route::BackendRef;

/// The backends whose rise makes the change an advance: the canary where it is known, and any other that did not
/// have more than half, but `stable`. Without roles every backend is judged by its share alone.
pub(super) fn advancing(
    edits: &[Edit],
    canary: Option<&BackendRef>,
    stable: impl Fn(&BackendRef) -> bool,
) -> Vec<BackendRef> {
    let mut advancing = Vec::new();
    for edit in edits {
        let Edit::Weights(change) = edit else { continue };
        for (index, backend) in change.backends.iter().enumerate() {
            let (before, after) = change.shares(index);
            let (before, after) = (before.unwrap_or(0.0), after.unwrap_or(0.0));
            let guarded = canary.is_some_and(|canary| backend.same_object(canary))
                || (before <= 0.5 && !stable(backend));
            if after > before && guarded && !advancing.contains(backend) {
                advancing.push(backend.clone());
            }
        }
    }
    advancing
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
