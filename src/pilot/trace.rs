//! What a change leaves behind: its record, the annotations of the route, an event beside it.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

use super::Pilot;
use super::states::{BackendFacts, Written};
use crate::cluster::Note;
use crate::rollout::{ChangeRecord, Effect, Plan, RoleNames, names_a_pair, roles, weight_keys};
use crate::route::{ANNOTATION_CANARY, ANNOTATION_LAST_CHANGE, BackendRef, Route};

/// How long events may take that are still on their way when the program ends.
const LAST_NOTES: Duration = Duration::from_secs(2);

impl Pilot {
    /// What is written down of `plan`, in the journal and on the route.
    pub(super) fn record(&self, plan: &Plan, reason: Option<String>, verdict: String) -> ChangeRecord {
        let now = self.clock.now();
        let id = format!("{:x}-{:x}", now.as_microsecond(), std::process::id());
        ChangeRecord::new(plan, id, self.actor.to_string(), format!("{now:.3}"), reason, verdict)
    }

    /// Gives events that are still on their way a moment to arrive, before the program ends.
    pub async fn finish(&self) {
        let mut notes = std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner));
        let all = async { while notes.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(LAST_NOTES, all).await;
    }

    /// Ends a change whose proof nobody waits for.
    pub fn leave(&self, written: &Written) {
        for (record, _) in &written.done {
            let _ = self.journal.ended(&record.id, "written; the proof was not waited for");
        }
    }

    /// Best effort, beside the change: the journal and the annotation hold the same.
    pub(super) fn leave_event(&self, record: &ChangeRecord, plan: &Plan) {
        let (cluster, route, uid) = (self.cluster.clone(), plan.route.clone(), plan.uid.clone());
        let action = match plan.effect {
            Effect::Rollback => "Rollback",
            _ => "SetWeights",
        };
        let reason = record.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let text = format!("{} by {}: {}{reason}", record.action, record.actor, plan.edits_in_words());
        let instance = format!("tidegate-{}", std::process::id());
        let at = self.clock.now();
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.spawn(async move {
            let note = Note {
                reason: "WeightsChanged",
                action,
                text: &text,
                warning: false,
                at,
                instance: &instance,
            };
            if let Err(trouble) = cluster.leave_note(&route, &uid, &note).await {
                tracing::warn!(%trouble, "event not recorded");
            }
        });
    }
}

/// The image behind each backend of the rule that was looked at. While pods are replaced there are two, and none is
/// noted.
pub(super) fn images(plan: &Plan, known: &[BackendFacts]) -> BTreeMap<String, String> {
    let Some(change) = plan.main_change() else { return BTreeMap::new() };
    let keys = weight_keys(&change.backends, &plan.route.namespace);
    let image = |backend: &BackendRef| {
        let facts = &known.iter().find(|known| known.backend == *backend)?.facts;
        match &*facts.pods.as_ref().ok()?.images {
            [only] => Some(only.to_string()),
            _ => None,
        }
    };
    keys.into_iter().zip(&change.backends).filter_map(|(key, backend)| Some((key, image(backend)?))).collect()
}

/// What the route itself carries of a change.
pub(super) fn annotations(
    plan: &Plan,
    record: &ChangeRecord,
    shown: &Route,
    names: &RoleNames,
) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    if let Ok(json) = serde_json::to_string(record) {
        all.push((ANNOTATION_LAST_CHANGE, json));
    }
    let rule = plan.main_change().map(|change| change.rule);
    let was_guessed = rule
        .is_some_and(|rule| !names_a_pair(shown, rule, names) && roles(shown, rule, names, None).guessed());
    if let Some(canary) = plan.canary.as_ref().filter(|_| was_guessed) {
        all.push((ANNOTATION_CANARY, canary.name.to_string()));
    }
    all
}
