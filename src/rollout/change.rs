//! The value that describes one write, as it stands in the journal and in `tidegate.dev/last-change`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::plan::{Edit, Plan};
use crate::route::Route;

/// What a rollback is called.
const ROLLBACK: &str = "rollback";

/// Weight of each backend by name, of one rule.
pub type RuleWeights = BTreeMap<String, u32>;

/// One change: who, what, when, before → after, why, under which verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeRecord {
    /// Unique id, also in the annotation: by it a write whose answer was lost is recognised.
    pub id: String,
    /// Namespace of the route.
    pub namespace: String,
    /// Name of the route.
    pub route: String,
    /// Identity of the object.
    pub uid: String,
    /// User name, as the API server knows it.
    pub actor: String,
    /// When it was confirmed, RFC 3339.
    pub at: String,
    /// `step`, `step back`, `set weights`, `rollback`.
    pub action: String,
    /// The canary, if it was known or named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<String>,
    /// Weights before, by rule index.
    pub before: BTreeMap<usize, RuleWeights>,
    /// Weights after, by rule index.
    pub after: BTreeMap<usize, RuleWeights>,
    /// Edits that are not weights, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_edits: Vec<String>,
    /// Why, if a reason was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The gate's verdict and its words.
    pub verdict: String,
}

impl ChangeRecord {
    /// The record of `plan`; `id`, `actor` and `at` come from outside, since this is pure.
    #[must_use]
    pub fn new(
        plan: &Plan,
        id: String,
        actor: String,
        at: String,
        reason: Option<String>,
        verdict: String,
    ) -> Self {
        let weights = |which: fn(&super::plan::RuleChange) -> &[u32]| {
            plan.changes()
                .map(|change| {
                    let pairs = change.backends.iter().zip(which(change));
                    (change.rule, pairs.map(|(b, w)| (b.name.to_string(), *w)).collect())
                })
                .collect()
        };
        let other = |edit: &&Edit| !matches!(edit, Edit::Weights(_));
        Self {
            id,
            namespace: plan.route.namespace.to_string(),
            route: plan.route.name.to_string(),
            uid: plan.uid.to_string(),
            actor,
            at,
            action: plan.intent.word().to_owned(),
            canary: plan.canary.as_ref().map(|backend| backend.name.to_string()),
            before: weights(|change| &change.before),
            after: weights(|change| &change.after),
            other_edits: plan.edits.iter().filter(other).map(ToString::to_string).collect(),
            reason,
            verdict,
        }
    }

    /// The newest change that tidegate wrote into this object; `None` when it never did, when the note about it
    /// is damaged, or when it was copied from another object.
    #[must_use]
    pub fn newest(route: &Route) -> Option<Self> {
        let record: Self = serde_json::from_str(route.last_change.as_deref()?).ok()?;
        let weights = record.before.values().chain(record.after.values()).flat_map(RuleWeights::values);
        let sane = weights.into_iter().all(|weight| *weight <= 1_000_000);
        (record.uid == *route.uid && sane).then_some(record)
    }

    /// The backend that had more than half of the first changed rule before.
    #[must_use]
    pub fn previously_active(&self) -> Option<&str> {
        if self.action == ROLLBACK {
            // To go back again would be to return to what was just left.
            return None;
        }
        let weights = self.before.values().next()?;
        let sum: u64 = weights.values().copied().map(u64::from).sum();
        weights.iter().find(|(_, weight)| u64::from(**weight) * 2 > sum).map(|(name, _)| name.as_str())
    }
}
