//! The states of a change, as types.

use crate::cluster::Facts;
use crate::rollout::{ChangeRecord, Confirmation, Demand, Gate, Plan};
use crate::route::{BackendRef, Path, Route, RouteId};

use super::progress::NotWritten;
use super::subject::Subject;

/// What the API server says of the write before it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DryRun {
    /// It would be accepted.
    Accepted,
    /// It would be refused: the server's reason.
    Refused(String),
    /// A person may lack the right.
    Forbidden(String),
    /// It cannot be known (a webhook refuses dry runs, or the server gave no answer in time).
    Unknown(String),
}

impl DryRun {
    /// The server would accept it, as `route`. A mutating admission may keep it from having any effect.
    pub(super) fn taken(plan: &Plan, route: &Route) -> Self {
        match plan.held_otherwise(route) {
            None => Self::Accepted,
            Some(instead) => Self::Refused(format!(
                "it would store something else ({instead}): admission changes the write"
            )),
        }
    }
}

/// One route's part of a change: the plan, and the object that it was planned on.
#[derive(Debug, Clone)]
pub struct Planned {
    /// What would be written.
    pub plan: Plan,
    /// The object as it was just read.
    pub fresh: Route,
    /// What the server says of it.
    pub dry_run: DryRun,
}

/// A backend with what is known of its endpoints and pods.
#[derive(Debug, Clone)]
pub struct BackendFacts {
    /// The backend.
    pub backend: BackendRef,
    /// Endpoints, images, restarts.
    pub facts: Facts,
}

/// Everything a person must see before confirming. Nothing is written yet.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The route that was selected first, then others that a rollback takes as well. Never empty.
    pub planned: Vec<Planned>,
    /// Every backend of the plans.
    pub backends: Vec<BackendFacts>,
    /// May this backend get more traffic?
    pub gate: Gate,
    /// What the person must do to confirm.
    pub demand: Demand,
    /// Paths that still lead to a drained backend when the plans are written.
    pub remaining: Vec<Path>,
    /// Paths by which other requests reach the same Services: the share can then not be proven.
    pub shared: Vec<Path>,
    /// Why paths from other namespaces are not known, if they are not.
    pub unseen: Option<String>,
}

/// Why a confirmation was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotConfirmed(
    /// What is still asked for.
    pub Demand,
);

impl std::fmt::Display for NotConfirmed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Demand::Yes => f.write_str("not confirmed"),
            Demand::Reason => f.write_str("the gate did not pass: give a reason"),
            Demand::Name(name) => write!(f, "type the receiving backend's name: {name}"),
        }
    }
}

impl Prepared {
    /// The route that was selected.
    #[must_use]
    pub fn main(&self) -> Option<&Planned> {
        self.planned.first()
    }

    /// Takes a person's confirmation.
    ///
    /// # Errors
    /// [`NotConfirmed`] with what is still asked for.
    pub fn confirm(self, given: Confirmation) -> Result<Confirmed, NotConfirmed> {
        if self.demand.met_by(&given) {
            Ok(Confirmed { prepared: self, given })
        } else {
            Err(NotConfirmed(self.demand))
        }
    }
}

/// A change that a person has confirmed. Only [`Prepared::confirm`] makes one.
#[derive(Debug, Clone)]
pub struct Confirmed {
    pub(super) prepared: Prepared,
    pub(super) given: Confirmation,
}

/// A change that the API server has accepted.
#[derive(Debug, Clone)]
pub struct Written {
    pub(super) subject: Subject,
    /// For each route that was written: the record, and the object as the server returned it.
    pub(super) done: Vec<(ChangeRecord, Route)>,
    /// Other routes of the same change that could not be written, and why.
    pub(super) failed: Vec<(RouteId, NotWritten)>,
    pub(super) at: jiff::Timestamp,
}

impl Written {
    /// Which routes of the change could not be written, and why; `None` when all of them were.
    #[must_use]
    pub fn unwritten(&self) -> Option<String> {
        let words: Vec<String> = self.failed.iter().map(|(route, why)| format!("{route}: {why}")).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }
}

/// A change whose controllers have reported it, or had their time to.
#[derive(Debug, Clone)]
pub struct Watched {
    pub(super) written: Written,
    /// Whether all parents that report generations have reported this one.
    pub(super) observed: bool,
    /// When the controllers had reported it, or were given up on.
    pub(super) at: jiff::Timestamp,
}
