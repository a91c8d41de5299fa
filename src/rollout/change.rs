//! The value that describes one write, as it stands in the journal and in `tidegate.dev/last-change`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::plan::{Edit, Effect, Plan};
use super::weights::MOST_WEIGHT;
use crate::route::{BackendRef, Route, Rule};

/// What a rollback is called.
const ROLLBACK: &str = "rollback";

/// Weight of each backend of one rule, by what [`weight_keys`] calls it.
pub type RuleWeights = BTreeMap<String, u32>;

/// What the backends of one rule are called in a record, in their order: the name, with the namespace before it where
/// that is not the route's own, and `#2` behind the second reference to the same one.
#[must_use]
pub fn weight_keys<'a>(
    backends: impl IntoIterator<Item = &'a BackendRef>,
    route_namespace: &str,
) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut key = |backend: &BackendRef| {
        let name = match &*backend.namespace {
            own if own == route_namespace => backend.name.to_string(),
            other => format!("{other}/{}", backend.name),
        };
        let times = seen.entry(name.clone()).or_default();
        *times += 1;
        if *times == 1 { name } else { format!("{name}#{times}") }
    };
    backends.into_iter().map(&mut key).collect()
}

/// The weights of a record in the order of `rule`'s backends; `None` when they are of other backends.
///
/// Earlier records call backends by their names alone, which is read where it is not ambiguous.
#[must_use]
pub fn weights_of(recorded: &RuleWeights, rule: &Rule, route_namespace: &str) -> Option<Vec<u32>> {
    if recorded.len() != rule.backends.len() {
        return None;
    }
    let keys = weight_keys(rule.backends.iter().map(|backend| &backend.to), route_namespace);
    let named = |name: &str| rule.backends.iter().filter(|backend| &*backend.to.name == name).count();
    let weight = |(key, backend): (&String, &crate::route::Backend)| {
        let by_name = || recorded.get(&*backend.to.name).filter(|_| named(&backend.to.name) == 1);
        recorded.get(key).or_else(by_name).copied()
    };
    keys.iter().zip(&rule.backends).map(weight).collect()
}

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
    /// What was asked for: see [`Intent::word`](super::Intent::word).
    pub action: String,
    /// What it did to those who use the route; not in earlier records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// Whether it went back to what had been active before the change that it followed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub returns: bool,
    /// The canary, if it was known or named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<String>,
    /// Weights before, by rule index.
    pub before: BTreeMap<usize, RuleWeights>,
    /// Weights after, by rule index.
    pub after: BTreeMap<usize, RuleWeights>,
    /// Image behind each backend of the first changed rule, where all its pods had the same; by it a new release is
    /// told from a return.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub images: BTreeMap<String, String>,
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
                    let keys = weight_keys(&change.backends, &plan.route.namespace);
                    (change.rule, keys.into_iter().zip(which(change).iter().copied()).collect())
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
            effect: Some(plan.effect),
            returns: plan.returns,
            canary: plan.canary.as_ref().map(|backend| backend.name.to_string()),
            before: weights(|change| &change.before),
            after: weights(|change| &change.after),
            images: BTreeMap::new(),
            other_edits: plan.edits.iter().filter(other).map(ToString::to_string).collect(),
            reason,
            verdict,
        }
    }

    /// The same, with the image of each backend as far as it is known. Who gets another image than stood there at the
    /// change before, `last`, gets a new release: that is no return to what was left then.
    #[must_use]
    pub fn with_images(self, images: BTreeMap<String, String>, last: Option<&Self>) -> Self {
        let active = self.after.values().next().and_then(most);
        let image = |of: &BTreeMap<String, String>| active.and_then(|key| of.get(key).cloned());
        let (then, now) = (last.and_then(|last| image(&last.images)), image(&images));
        let released = then.is_some() && now.is_some() && then != now;
        Self { returns: self.returns && !released, images, ..self }
    }

    /// The newest change that tidegate wrote into this object; `None` when it never did, when the note about it
    /// is damaged, or when it was copied from another object.
    #[must_use]
    pub fn newest(route: &Route) -> Option<Self> {
        let record: Self = serde_json::from_str(route.last_change.as_deref()?).ok()?;
        let weights = record.before.values().chain(record.after.values()).flat_map(RuleWeights::values);
        let sane = weights.into_iter().all(|weight| *weight <= MOST_WEIGHT);
        (record.uid == *route.uid && sane).then_some(record)
    }

    /// Which change this is, as in `step by anna@example.com at 2026-03-01T12:00:00Z`.
    #[must_use]
    pub fn in_words(&self) -> String {
        format!("{} by {} at {}", self.action, self.actor, self.at)
    }

    /// Whether it returned to a version that had been served before.
    #[must_use]
    pub fn was_rollback(&self) -> bool {
        self.effect.map_or(self.action == ROLLBACK, |effect| effect == Effect::Rollback)
    }

    /// Name of the backend that had more than half of the first changed rule before; `None` after a change that
    /// went back: whether that one was left for its faults is not known.
    #[must_use]
    pub fn previously_active(&self) -> Option<&str> {
        if self.was_rollback() || self.returns {
            // To go back again would be to return to what was just left.
            return None;
        }
        most(self.before.values().next()?)?.rsplit('/').next()
    }
}

/// Who has more than half.
fn most(weights: &RuleWeights) -> Option<&str> {
    let sum: u64 = weights.values().copied().map(u64::from).sum();
    weights.iter().find(|(_, weight)| u64::from(**weight) * 2 > sum).map(|(key, _)| key.as_str())
}
