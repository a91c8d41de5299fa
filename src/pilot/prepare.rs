//! From a request to everything a person must see: fresh read, plan, facts, gate, dry run.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use thiserror::Error;

use super::Pilot;
use super::released::release;
use super::states::{BackendFacts, DryRun, Planned, Prepared};
use super::writer::WriteError;
use crate::cluster::{Facts, Scope, Trouble, Why};
use crate::metrics::{Granularity, untestable};
use crate::rollout::{
    ChangeRecord, Demand, Effect, Firing, Gate, GateInput, Intent, Plan, Readiness, Refusal, Release, demand,
    gate, json_patch, plan, remaining_paths, untouched_paths,
};
use crate::route::{BackendRef, Path, Route, RouteId, paths_to};

/// A rollback waits no longer than this for what it only shows.
const ROLLBACK_PATIENCE: Duration = Duration::from_secs(2);
/// Other changes wait this long.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);

/// What a person asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The route.
    pub route: RouteId,
    /// What is wanted.
    pub intent: Intent,
    /// Routes that may lead to the same backends, as last seen: other paths, and what a rollback of all paths
    /// takes as well.
    pub related: Vec<Arc<Route>>,
    /// Whether these were looked for in all namespaces. If not, that is done first, as far as it is allowed.
    pub everywhere: bool,
}

/// What the server says to a change that nobody means to make now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsed {
    /// Identity of the object that it was asked for.
    pub uid: Box<str>,
    /// Version of its spec.
    pub generation: i64,
    /// The answer.
    pub dry_run: DryRun,
}

/// Why there is nothing to confirm. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PrepareError {
    /// The route could not be read.
    #[error("{0}")]
    Read(String),
    /// Reading the route is not allowed: which right is missing.
    #[error("{0}")]
    Forbidden(String),
    /// The route is gone.
    #[error("route {0} does not exist")]
    Gone(RouteId),
    /// There is no plan.
    #[error("{0}")]
    Refused(#[from] Refusal),
}

impl Pilot {
    /// Reads the route afresh, plans, and gathers what a person must see. Writes nothing.
    ///
    /// # Errors
    /// [`PrepareError`] in words for a person.
    pub async fn prepare(&self, request: &Request) -> Result<Prepared, PrepareError> {
        let routes = self.fresh_routes(request).await?;
        let chosen = self.chosen_canaries();
        let mut planned = self.plans(request, &routes, &chosen)?;
        if let Some((main, _)) = planned.first_mut() {
            main.notes.extend(routes.unseen.clone());
        }
        let plans: Vec<&Plan> = planned.iter().map(|(plan, _)| plan).collect();
        let Some((main, fresh)) = planned.first() else {
            return Err(Refusal::Nothing("nothing would change".to_owned()).into());
        };
        let remaining = remaining(&plans, &routes);
        let shared = shared(&plans, main, fresh, &routes);
        let patience = if main.effect == Effect::Rollback { ROLLBACK_PATIENCE } else { PATIENCE };
        let judged = async {
            let facts = all_backends(&plans).into_iter().map(|backend| self.facts(backend, patience));
            let backends = join_all(facts).await;
            let releases = releases(&backends);
            let counted = self.counted(main, fresh, &releases).await;
            (backends, releases, counted)
        };
        let ((backends, releases, counted), dry_runs, alerts, logs) = tokio::join!(
            judged,
            join_all(plans.iter().map(|plan| self.dry_run(plan, patience))),
            async {
                match main.effect {
                    Effect::Advance => self.firing(fresh).await,
                    _ => Firing::NobodyToAsk,
                }
            },
            self.log_gate(main, fresh),
        );
        let readiness = readiness(&backends);
        let earlier = self.earlier(main);
        let gate = gate(&GateInput {
            route: fresh,
            plan: main,
            readiness: &readiness,
            releases: &releases,
            counted,
            alerts,
            logs,
            rules: &self.conventions.gates.of(fresh, self.timing.settle),
            shared: untestable(self.granularity(&fresh.id), &fresh.id, &shared),
            earlier: &earlier.iter().collect::<Vec<_>>(),
            now: self.clock.now(),
        });
        Ok(Prepared {
            demand: self.strictest(&plans, &gate, &readiness),
            gate,
            backends,
            remaining,
            shared,
            unseen: routes.unseen,
            planned: planned
                .into_iter()
                .zip(dry_runs)
                .map(|((plan, fresh), dry_run)| Planned { plan, fresh, dry_run })
                .collect(),
        })
    }

    /// The selected route first, then those related ones that the request takes as well, all read afresh; then
    /// the other related ones as they were last seen.
    async fn fresh_routes(&self, request: &Request) -> Result<Fresh, PrepareError> {
        let (main, (related, unseen)) = tokio::join!(
            self.cluster.get(&request.route),
            self.related(&request.related, request.everywhere)
        );
        let main = main.map_err(|trouble| read_error(request, &trouble))?;
        let (taken, seen): (Vec<_>, Vec<_>) =
            related.iter().filter(|route| route.id != main.id).partition(|route| match &request.intent {
                Intent::Drain { from, other_paths: true, .. } => paths_to(from, route).next().is_some(),
                _ => false,
            });
        let taken = join_all(taken.into_iter().map(|route| async move {
            self.cluster.get(&route.id).await.unwrap_or_else(|_| Route::clone(route))
        }))
        .await;
        Ok(Fresh { main, taken, seen: seen.into_iter().cloned().collect(), unseen })
    }

    /// The routes that may lead to the same backends, and why some of them may be missing.
    pub(super) async fn related(
        &self,
        known: &[Arc<Route>],
        everywhere: bool,
    ) -> (Vec<Arc<Route>>, Option<String>) {
        if everywhere {
            return (known.to_vec(), None);
        }
        match within("the cluster", ROLLBACK_PATIENCE, self.cluster.list(&Scope::All)).await {
            Ok(Ok(listed)) => (listed.into_iter().filter_map(Result::ok).map(Arc::new).collect(), None),
            Ok(Err(trouble)) => (known.to_vec(), Some(unseen(&trouble.to_string()))),
            Err(late) => (known.to_vec(), Some(unseen(&late))),
        }
    }

    fn plans(
        &self,
        request: &Request,
        routes: &Fresh,
        chosen: &HashMap<String, String>,
    ) -> Result<Vec<(Plan, Route)>, PrepareError> {
        let one = |route: &Route| {
            let chosen = chosen.get(&*route.uid).map(String::as_str);
            plan(route, &request.intent, &self.conventions, chosen)
        };
        let main = one(&routes.main);
        let mut planned: Vec<(Plan, Route)> = routes
            .taken
            .iter()
            .filter_map(|route| one(route).ok().map(|plan| (plan, route.clone())))
            .collect();
        match main {
            Ok(plan) => planned.insert(0, (plan, routes.main.clone())),
            Err(Refusal::Nothing(_)) if !planned.is_empty() => {}
            Err(refusal) => return Err(refusal.into()),
        }
        Ok(planned)
    }

    /// What the series of a route tell apart, once it is known.
    fn granularity(&self, route: &RouteId) -> Option<Granularity> {
        self.metrics.as_ref()?.granularity(route)
    }

    /// Canaries that were named on this machine. Without a readable journal there are none.
    pub(super) fn chosen_canaries(&self) -> HashMap<String, String> {
        self.journal.chosen_canaries().unwrap_or_default()
    }

    /// What was written to the route before, from this machine. Only an advance is judged by it.
    pub(super) fn earlier(&self, plan: &Plan) -> Vec<ChangeRecord> {
        let advances = plan.effect == Effect::Advance;
        let known = if advances { self.journal.of(&plan.uid).unwrap_or_default() } else { Vec::new() };
        known.into_iter().filter(|known| known.written).map(|known| known.record).collect()
    }

    pub(super) async fn facts(&self, backend: BackendRef, patience: Duration) -> BackendFacts {
        let facts = within("the cluster", patience, self.cluster.facts(&backend))
            .await
            .unwrap_or_else(|late| Facts { endpoints: Err(late.clone().into()), pods: Err(late.into()) });
        BackendFacts { backend, facts }
    }

    /// What `intent` would do to `route` as it is known, without asking anybody.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn plan(&self, route: &Route, intent: &Intent) -> Result<Plan, Refusal> {
        let chosen = self.chosen_canaries();
        plan(route, intent, &self.conventions, chosen.get(&*route.uid).map(String::as_str))
    }

    /// Asks the server whether it would accept what `request` means now. A dry run is no write, and goes the same
    /// way as one.
    ///
    /// # Errors
    /// [`PrepareError`] when the route cannot be read, or there is nothing to ask about.
    pub async fn rehearse(&self, request: &Request) -> Result<Rehearsed, PrepareError> {
        let fresh =
            self.cluster.get(&request.route).await.map_err(|trouble| read_error(request, &trouble))?;
        let plan = self.plan(&fresh, &request.intent)?;
        let dry_run = self.dry_run(&plan, PATIENCE).await;
        Ok(Rehearsed { uid: fresh.uid, generation: fresh.generation, dry_run })
    }

    /// What the plans demand together: the first name that any of them wants typed, else what the first wants.
    fn strictest(&self, plans: &[&Plan], gate: &Gate, readiness: &[(BackendRef, Readiness)]) -> Demand {
        let (context, server) = (self.cluster.context(), self.cluster.server());
        let mut demands = plans.iter().map(|plan| {
            let demand = demand(plan, gate, readiness);
            let production = self.conventions.production.covers(context, server, &plan.route.namespace);
            if production { demand.in_production(plan) } else { demand }
        });
        let first = demands.next().unwrap_or(Demand::Yes);
        match first {
            Demand::Name(_) => first,
            _ => demands.find(|demand| matches!(demand, Demand::Name(_))).unwrap_or(first),
        }
    }

    async fn dry_run(&self, plan: &Plan, patience: Duration) -> DryRun {
        match within("the cluster", patience, self.writer.patch(&plan.route, &json_patch(plan, &[]), true))
            .await
        {
            Ok(Ok(route)) => DryRun::taken(plan, &route),
            Ok(Err(error @ WriteError::Forbidden { .. })) => DryRun::Forbidden(error.to_string()),
            Ok(Err(
                error @ (WriteError::Invalid { .. } | WriteError::Denied { .. } | WriteError::Other { .. }),
            )) => DryRun::Refused(error.to_string()),
            Ok(Err(error)) => DryRun::Unknown(error.to_string()),
            Err(late) => DryRun::Unknown(late),
        }
    }
}

/// The routes of a request.
struct Fresh {
    main: Route,
    taken: Vec<Route>,
    seen: Vec<Arc<Route>>,
    /// Why routes of other namespaces are not known.
    unseen: Option<String>,
}

fn unseen(why: &str) -> String {
    format!("paths from other namespaces were not seen: {why}")
}

impl Fresh {
    fn all(&self) -> impl Iterator<Item = &Route> {
        std::iter::once(&self.main).chain(&self.taken).chain(self.seen.iter().map(|route| &**route))
    }
}

fn read_error(request: &Request, trouble: &Trouble) -> PrepareError {
    match trouble.why {
        Why::NotFound => PrepareError::Gone(request.route.clone()),
        Why::Forbidden(_) => PrepareError::Forbidden(trouble.to_string()),
        _ => PrepareError::Read(trouble.to_string()),
    }
}

fn remaining(plans: &[&Plan], routes: &Fresh) -> Vec<Path> {
    let drained = plans.iter().find_map(|plan| plan.drained());
    drained.map(|from| remaining_paths(plans, from, routes.all())).unwrap_or_default()
}

/// Paths to the backends of the split that the change does not touch.
fn shared(plans: &[&Plan], main: &Plan, fresh: &Route, routes: &Fresh) -> Vec<Path> {
    let Some(change) = main.main_change() else { return Vec::new() };
    let edited = |path: &Path| {
        plans
            .iter()
            .any(|plan| plan.route == path.route && plan.edits.iter().any(|edit| edit.rule() == path.rule))
    };
    let mut paths = untouched_paths(fresh, change.rule, routes.all());
    paths.retain(|path| !edited(path));
    paths
}

fn all_backends(plans: &[&Plan]) -> Vec<BackendRef> {
    let mut all: Vec<BackendRef> = plans.iter().flat_map(|plan| plan.backends()).collect();
    all.sort();
    all.dedup();
    all
}

fn readiness(backends: &[BackendFacts]) -> Vec<(BackendRef, Readiness)> {
    let one = |known: &BackendFacts| match &known.facts.endpoints {
        Ok(endpoints) => Readiness::Known { ready: endpoints.ready, total: endpoints.total },
        Err(why) => Readiness::Unknown(why.to_string()),
    };
    backends.iter().map(|known| (known.backend.clone(), one(known))).collect()
}

pub(super) fn releases(backends: &[BackendFacts]) -> Vec<(BackendRef, Release)> {
    let known = backends.iter().filter_map(|known| Some((&known.backend, known.facts.pods.as_ref().ok()?)));
    known.map(|(backend, pods)| (backend.clone(), release(pods))).collect()
}

/// What `whom` answers, or that it did not in time.
pub(super) async fn within<T>(
    whom: &str,
    patience: Duration,
    future: impl Future<Output = T>,
) -> Result<T, String> {
    let late = |_| format!("no answer from {whom} within {} s", patience.as_secs());
    tokio::time::timeout(patience, future).await.map_err(late)
}

impl Prepared {
    /// The gate's verdict with its reason, as it stands in the journal.
    pub(super) fn verdict_words(&self) -> String {
        if self.gate.checks.is_empty() {
            return "no gate: not an advance".to_owned();
        }
        format!("{}: {}", self.gate.verdict(), self.gate.words())
    }
}
