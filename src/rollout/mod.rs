//! What may be done with a route: roles, ladder, plan → patch, gate, confirmation, statistics, proof.
//!
//! Pure: time and randomness are arguments, so every plan and verdict is tested without a runtime. Does not
//! live here: reading and writing the cluster (`cluster/`, `pilot/`), counting requests (`metrics/`).
//! Called by `pilot/`, `app/`, `ui/` and `cli/`; depends on `route/` and `stats/`.

mod alerts;
mod capacity;
mod change;
mod checklist;
mod confirm;
mod conventions;
mod course;
mod duration;
mod effect;
mod flip;
mod gate;
mod gates;
mod judged;
mod kubectl;
mod ladder;
mod links;
mod log_errors;
mod patch;
mod pattern;
mod plan;
mod planner;
mod proof;
mod reach;
mod release;
mod restart;
mod roles;
mod served;
mod stored;
mod target;
mod undo;
mod weights;

pub use alerts::{About, Alert, Firing, NAMESPACE_LABELS, ROUTE_LABELS, SERVICE_LABELS, concerning};
pub use capacity::{TooSmall, large_enough};
pub use change::{ChangeRecord, RuleWeights, weight_keys, weights_of};
pub use checklist::{AfterRollback, ChecklistItem, Point, PointState, checklist, drained, in_brief};
pub use confirm::{Confirmation, Demand, SHOWN_FOR, dead_end, demand};
pub use conventions::{Conventions, Production, RoleNames};
pub use course::{Course, LONGEST, Turn, course};
pub use duration::{duration, positive};
pub use gate::{
    ALPHA_ERRORS, BLIND, Check, ERROR_LIMIT, ErrorCount, Evidence, Gate, GateInput, Names, OwnAnswer,
    OwnCheck, Pressure, Readiness, Running, Seen, Want, gate,
};
pub use gates::{GateRules, Gates, OWN, RulesOfSome, Switchable};
pub use judged::{HISTORY, Judged, Split, judged, share_dispersion};
pub use kubectl::kubectl;
pub use ladder::{BadLadder, Ladder, Stage};
pub use links::{BadLink, Link, links};
pub use log_errors::{BadLogPattern, LOG_CHECK, LogErrors, LogPattern, LogRules, log_check};
pub use patch::json_patch;
pub use pattern::{BadPattern, Pattern};
pub use plan::{Direction, Edit, Effect, Intent, Plan, Refusal, RuleChange};
pub use planner::plan;
pub use proof::{ALPHA_SHARE, Claim, Finding, Observed, judge};
pub use reach::{remaining_paths, untouched_paths};
pub use release::Release;
pub use roles::{Role, RoleSource, Roles, names_a_pair, roles};
pub use target::{RollbackTarget, heaviest_but, rollback_target, takes_over};
pub use undo::undoable;
pub use weights::{MOST_WEIGHT, SHARE_SCALE, shares};

pub use crate::stats::{Interval, Verdict, interval, lies_above};
