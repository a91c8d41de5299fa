//! What a person must do to confirm a change.

use std::time::Duration;

use super::gate::{Gate, Readiness};
use super::plan::{Edit, Effect, Plan};
use crate::route::BackendRef;
use crate::stats::Verdict;

/// For so long what was shown may be confirmed (30 s). After that the world may be another one, and it is shown anew.
pub const SHOWN_FOR: Duration = Duration::from_secs(30);

/// What is asked for before a change may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Demand {
    /// `y`.
    Yes,
    /// A reason, then `y`.
    Reason,
    /// This backend's name typed, then `y`.
    Name(Box<str>),
}

/// What a person gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confirmation {
    /// The reason, if one was given.
    pub reason: Option<String>,
    /// The name that was typed, if one was.
    pub typed: Option<String>,
}

impl Demand {
    /// The same for a plan in production: what gives anybody new traffic wants the receiving backend's name typed.
    #[must_use]
    pub fn in_production(self, plan: &Plan) -> Self {
        match (&self, plan.effect, receiver(plan)) {
            (Self::Yes | Self::Reason, Effect::Advance, Some(name)) => Self::Name(name),
            _ => self,
        }
    }

    /// Whether `given` is enough.
    #[must_use]
    pub fn met_by(&self, given: &Confirmation) -> bool {
        match self {
            Self::Yes => true,
            Self::Reason => given.reason.as_ref().is_some_and(|reason| !reason.trim().is_empty()),
            Self::Name(name) => given.typed.as_deref() == Some(&**name),
        }
    }
}

/// What `plan` demands.
///
/// A rollback is two keys, unless a backend that is known to have no ready endpoint would get any of the share: a 503
/// for all of that is worse than a canary that fails at times. That readiness is not known stops nobody.
/// By effect, not by key: an advance that the gate fails or that another controller would undo, and a
/// change that silences a backend, want the receiving backend's name typed.
#[must_use]
pub fn demand(plan: &Plan, gate: &Gate, readiness: &[(BackendRef, Readiness)]) -> Demand {
    let none_ready = |backend: &BackendRef| {
        readiness.iter().any(|(b, ready)| b.same_object(backend) && ready.is_none_ready())
    };
    let typed = match plan.effect {
        Effect::Rollback | Effect::Retreat => {
            plan.edits.iter().find_map(|edit| dead_end(edit, none_ready)).map(|backend| backend.name)
        }
        Effect::Advance if gate.verdict() == Verdict::Fail || gate.owner_refuses => receiver(plan),
        Effect::Advance => None,
    };
    let silences = plan.effect != Effect::Rollback && !plan.silenced.is_empty();
    match (typed.or_else(|| silences.then(|| receiver(plan)).flatten()), gate.verdict()) {
        (Some(name), _) => Demand::Name(name),
        (None, Verdict::Hold | Verdict::NoData) => Demand::Reason,
        (None, _) => Demand::Yes,
    }
}

/// Name of the backend that gets the largest share of those that gain.
fn receiver(plan: &Plan) -> Option<Box<str>> {
    plan.gaining().into_iter().next().map(|(backend, _)| backend.name)
}

/// The backend that gains by `edit` and would answer 503 to all that it gets.
pub fn dead_end(edit: &Edit, none_ready: impl Fn(&BackendRef) -> bool) -> Option<BackendRef> {
    edit.receivers().into_iter().find(none_ready)
}
