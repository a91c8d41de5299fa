//! What comes in and what goes out.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::logs::LogsRead;
use super::timeline::Past;
use crate::cluster::{Access, Cluster, Facts, Scope, Trouble, Update};
use crate::diagnose::Walk;
use crate::keys::Key;
use crate::metrics::{History, MetricError, Snapshot};
use crate::pilot::{Confirmed, Ending, PrepareError, Prepared, Progress, Rehearsed, Request, Verify};
use crate::rollout::{ChangeRecord, ChecklistItem, Evidence, Firing, Plan, Release};
use crate::route::{BackendRef, Route, RouteId, RuleBackend};

/// The time at which a message arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Since the program started; never jumps, so all waiting and ageing goes by it.
    pub since_start: Duration,
    /// The time of day, to compare with what others wrote down.
    pub wall: Timestamp,
}

/// Something happened. What answers for a scope carries the scope's generation, and is dropped once the scope
/// has changed; what answers for a dialog or a change carries its number.
#[derive(Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// The time asked for by [`next_wake`](super::next_wake) has come.
    Tick,
    /// The watch says something.
    Watch {
        /// Of the scope.
        generation: u64,
        /// What it says.
        update: Update,
    },
    /// Rates, or why there are none.
    Numbers {
        /// Of the scope.
        generation: u64,
        /// Whom the question was about.
        asked: Vec<RuleBackend>,
        /// The answer.
        answer: Result<Snapshot, MetricError>,
    },
    /// The numbers come from here, which nobody named.
    Found {
        /// Of the scope.
        generation: u64,
        /// The address.
        url: String,
    },
    /// Series of the past, or why there are none.
    History {
        /// Of the scope.
        generation: u64,
        /// Whom the question was about.
        asked: Vec<RuleBackend>,
        /// The answer.
        answer: Result<History, MetricError>,
    },
    /// What stands behind backends.
    Facts {
        /// Of the scope.
        generation: u64,
        /// Each backend with what was found.
        found: Vec<(BackendRef, Facts)>,
    },
    /// Endpoints that are watched have changed.
    EndpointsChanged {
        /// Of the scope.
        generation: u64,
    },
    /// The alerts that fire on a route.
    Alerts {
        /// Of the scope.
        generation: u64,
        /// The route's uid.
        uid: Box<str>,
        /// What is known of them.
        firing: Firing,
    },
    /// What was counted for a backend that may get more traffic, or why nothing was.
    Counted {
        /// Of the scope.
        generation: u64,
        /// The backend.
        backend: BackendRef,
        /// The answer.
        answer: Result<Evidence, String>,
    },
    /// What was read about a route's past.
    Past {
        /// Of the scope.
        generation: u64,
        /// The route.
        route: RouteId,
        /// As far as it could be read.
        past: Past,
    },
    /// How many requests a drained backend is working on.
    InFlight {
        /// Of the scope.
        generation: u64,
        /// The backend.
        backend: RuleBackend,
        /// `None` where nobody counts them; or why that is not known.
        answer: Result<Option<f64>, String>,
    },
    /// What was found in the logs of each version of a split.
    Logs {
        /// Of the scope.
        generation: u64,
        /// What it is.
        read: LogsRead,
    },
    /// Whether a note of a person is in the journal.
    Ticked {
        /// Of the scope.
        generation: u64,
        /// What was ticked off.
        item: ChecklistItem,
        /// Why it is not, in words.
        answer: Result<(), String>,
    },
    /// Whether routes of a namespace may be patched.
    Access {
        /// The namespace.
        namespace: Box<str>,
        /// The answer.
        answer: Result<Access, Trouble>,
    },
    /// Who we are, as the API server sees it.
    User(Box<str>),
    /// A whole object, or why there is none.
    Object {
        /// Of the scope.
        generation: u64,
        /// Of this route.
        route: RouteId,
        /// The answer.
        answer: Result<Box<Value>, Trouble>,
    },
    /// A debugging walk, or why there is none.
    Walked {
        /// Of the scope.
        generation: u64,
        /// Of this route.
        route: RouteId,
        /// The answer.
        answer: Result<Box<Walk>, String>,
    },
    /// Another context was opened, or why not.
    Context {
        /// Number of the question.
        ticket: u64,
        /// Its cluster, which has answered.
        answer: Result<Cluster, String>,
    },
    /// Which namespaces have routes, with the number of splits of each; `None` if that cannot be known.
    Survey {
        /// Of the scope.
        generation: u64,
        /// The answer.
        namespaces: Option<Vec<(Box<str>, usize)>>,
    },
    /// A theme is in use now; or it cannot be used, and why.
    Theme {
        /// Its name.
        name: String,
        /// What is wrong with it.
        trouble: Option<String>,
    },
    /// A change was prepared, or cannot be.
    Prepared {
        /// Number of the preparation.
        ticket: u64,
        /// The answer.
        answer: Result<Box<Prepared>, PrepareError>,
    },
    /// What the server says to a rollback that nobody means to make now.
    Rehearsed {
        /// Number of the question.
        ticket: u64,
        /// The answer.
        answer: Result<Rehearsed, PrepareError>,
    },
    /// A change has come further.
    Progress {
        /// Number of the change.
        change: u64,
        /// How far.
        progress: Progress,
    },
    /// A change has ended.
    Ended {
        /// Number of the change.
        change: u64,
        /// How.
        ending: Ending,
    },
}

/// Something is to be done outside; the answer comes as a [`Msg`].
#[derive(Debug)]
pub enum Effect {
    /// Watch this scope instead of the one before.
    Watch {
        /// Generation for the answers.
        generation: u64,
        /// What to watch.
        scope: Scope,
    },
    /// Ask for rates.
    Numbers {
        /// Generation for the answer.
        generation: u64,
        /// Of these backends.
        backends: Vec<RuleBackend>,
    },
    /// Ask for series of the past.
    History {
        /// Generation for the answer.
        generation: u64,
        /// Of these backends.
        backends: Vec<RuleBackend>,
    },
    /// Look behind backends.
    Facts {
        /// Generation for the answer.
        generation: u64,
        /// These.
        backends: Vec<BackendRef>,
    },
    /// Watch the endpoints of these backends instead of those before.
    FollowEndpoints {
        /// Generation for the answers.
        generation: u64,
        /// These; none to watch nothing.
        backends: Vec<BackendRef>,
    },
    /// Ask which alerts fire on a route; answer with [`Msg::Alerts`].
    Alerts {
        /// To send back.
        generation: u64,
        /// The route.
        route: Arc<Route>,
    },
    /// Count the requests of a backend that may get more traffic.
    Count {
        /// Generation for the answer.
        generation: u64,
        /// The route that would be stepped.
        route: Arc<Route>,
        /// The step.
        plan: Box<Plan>,
        /// What the backends that gain run.
        releases: Vec<(BackendRef, Release)>,
    },
    /// Read a route's past.
    Past {
        /// Generation for the answer.
        generation: u64,
        /// The route.
        route: RouteId,
        /// Its identity.
        uid: Box<str>,
    },
    /// Ask how many requests a drained backend is working on.
    InFlight {
        /// Generation for the answer.
        generation: u64,
        /// The backend.
        backend: RuleBackend,
    },
    /// Count the errors in the logs of each version of a split.
    Logs {
        /// Generation for the answer.
        generation: u64,
        /// The route.
        route: Arc<Route>,
        /// Index of the rule.
        rule: usize,
        /// The canary that somebody named.
        canary: Option<String>,
    },
    /// Note in the journal that a person has looked at something after a rollback.
    Tick {
        /// Generation for the answer.
        generation: u64,
        /// The id of the rollback.
        change: String,
        /// What was looked at.
        item: ChecklistItem,
        /// By whom, and when.
        words: String,
    },
    /// Ask whether routes of a namespace may be patched.
    Access {
        /// The namespace.
        namespace: Box<str>,
    },
    /// Fetch a whole object.
    Object {
        /// Generation for the answer.
        generation: u64,
        /// Of this route.
        route: RouteId,
    },
    /// Walk from a route to its requests.
    Walk {
        /// Generation for the answer.
        generation: u64,
        /// The route.
        route: RouteId,
        /// The canary that was named on this machine.
        chosen: Option<String>,
    },
    /// Open the cluster of a context, beside the one that is used.
    Context {
        /// Number for the answer.
        ticket: u64,
        /// Name of the context.
        name: String,
    },
    /// From now on everything is about this cluster. Changes under way stay with theirs.
    Use {
        /// The cluster.
        cluster: Cluster,
        /// Whether the source of numbers that was named knows it.
        with_metrics: bool,
    },
    /// Count the splits of all namespaces.
    Survey {
        /// Generation for the answer.
        generation: u64,
    },
    /// Draw with this theme.
    Theme(String),
    /// Prepare a change; an earlier preparation is of no interest any more.
    Prepare {
        /// Number for the answer.
        ticket: u64,
        /// What is wanted.
        request: Request,
    },
    /// Carry a confirmed change through.
    Carry {
        /// Number for the answers.
        change: u64,
        /// The change.
        confirmed: Confirmed,
    },
    /// Find out what became of a change that an earlier run left unfinished.
    Resume {
        /// Number for the answers.
        change: u64,
        /// What was written down of it.
        record: Box<ChangeRecord>,
    },
    /// Look whether a split is served as it is declared. Writes nothing.
    Verify {
        /// Number for the answers.
        change: u64,
        /// Which split.
        ask: Verify,
    },
    /// Ask the server whether it would take a rollback. Writes nothing.
    Rehearse {
        /// Number for the answer.
        ticket: u64,
        /// What is wanted.
        request: Request,
    },
    /// Send text to the terminal's clipboard.
    Copy(String),
    /// Stop the job.
    Suspend,
    /// End the program.
    Quit,
}
