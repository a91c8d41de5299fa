//! Performs the effects of `app::update` as tasks, and sends back what comes of them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::StreamExt;
use futures::future::{join_all, ready};
use futures::stream::select_all;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::app::{Effect, LogsRead, Msg, Past, SPAN, STEP, WINDOW};
use crate::cli::gather::Inquiry;
use crate::cli::session::Session;
use crate::cli::source::elsewhere;
use crate::cluster::{Cluster, Listed, Scope, Trouble, Why, endpoint_changes, watch};
use crate::metrics::{MetricSource, Origin};
use crate::pilot::{Ending, Logged, Pilot, Progress};
use crate::rollout::ChecklistItem;
use crate::route::{BackendRef, Route, RouteId, RuleBackend, writers};
use crate::stats::Verdict;

/// Another context, with its credential plugin, has this long to answer.
const OPENING: Duration = Duration::from_secs(20);
/// Between attempts to learn who we are.
const PAUSE: Duration = Duration::from_secs(5);

/// Turns effects into tasks. One watch of routes, one of endpoints and one preparation at a time; everything else runs to its end.
pub(super) struct Performer {
    session: Session,
    messages: UnboundedSender<Msg>,
    watch: Option<JoinHandle<()>>,
    endpoints: Option<JoinHandle<()>>,
    preparation: Option<JoinHandle<()>>,
    /// User name as the API server knows it, once it has told.
    user: Arc<OnceLock<Box<str>>>,
    /// Counts the clusters that were used: answers of an earlier one are dropped.
    epoch: Arc<AtomicU64>,
    /// The source of numbers that was named, for the contexts that it is used in.
    metrics: Option<Arc<dyn MetricSource>>,
    /// The context that it was named in.
    home: String,
}

impl Performer {
    pub(super) fn new(session: Session, messages: UnboundedSender<Msg>) -> Self {
        let user = Arc::new(OnceLock::new());
        let (metrics, home) = (session.metrics.clone(), session.cluster.context().to_owned());
        let epoch = Arc::new(AtomicU64::new(0));
        let new = Self {
            session,
            messages,
            watch: None,
            endpoints: None,
            preparation: None,
            user,
            epoch,
            metrics,
            home,
        };
        tokio::spawn(learn_user(new.session.cluster.clone(), Arc::clone(&new.user), new.sender()));
        new
    }

    pub(super) fn perform(&mut self, effect: Effect) {
        let cluster = self.session.cluster.clone();
        let send = self.sender();
        match effect {
            Effect::Watch { generation, scope } => {
                let mut updates = Box::pin(watch(&cluster, scope));
                let task = tokio::spawn(async move {
                    while let Some(update) = updates.next().await {
                        send(Msg::Watch { generation, update });
                    }
                });
                replace(&mut self.watch, task);
            }
            Effect::Facts { generation, backends } => self.facts(generation, backends),
            Effect::FollowEndpoints { generation, backends } => self.follow_endpoints(generation, &backends),
            Effect::Count { generation, route, plan, releases } => {
                let pilot = self.pilot();
                tokio::spawn(async move {
                    let answer = pilot.evidence(&route, &plan, &releases).await;
                    let Some(backend) = plan.advancing.into_iter().next() else { return };
                    send(Msg::Counted { generation, backend, answer });
                });
            }
            Effect::Alerts { generation, route } => {
                let pilot = self.pilot();
                tokio::spawn(async move {
                    let firing = pilot.firing(&route).await;
                    send(Msg::Alerts { generation, uid: route.uid.clone(), firing });
                });
            }
            Effect::Past { generation, route, uid } => self.past(generation, route, uid),
            Effect::Logs { generation, route, rule, canary } => self.logs(generation, route, rule, canary),
            Effect::InFlight { generation, backend } => self.in_flight(generation, backend),
            Effect::Tick { generation, change, item, words } => self.tick(generation, change, item, words),
            Effect::Context { ticket, name } => {
                tokio::spawn(async move {
                    let answer = match timeout(OPENING, cluster.in_context(&name)).await {
                        Ok(opened) => opened.map_err(|error| error.to_string()),
                        Err(_) => Err(format!("no answer within {} s", OPENING.as_secs())),
                    };
                    send(Msg::Context { ticket, answer });
                });
            }
            Effect::Use { cluster, with_metrics } => self.switch(cluster, with_metrics),
            Effect::Survey { generation } => {
                tokio::spawn(async move {
                    let listed = cluster.list(&Scope::All).await.ok();
                    let namespaces = listed.map(|listed| count_splits(&listed));
                    send(Msg::Survey { generation, namespaces });
                });
            }
            Effect::Object { generation, route } => {
                tokio::spawn(async move {
                    let answer = cluster.get_json(&route).await.and_then(|json| decode(&route, &json));
                    send(Msg::Object { generation, route, answer });
                });
            }
            Effect::Walk { generation, route, chosen } => self.walk(generation, route, chosen),
            Effect::Access { namespace } => {
                tokio::spawn(async move {
                    let answer = cluster.can_patch(&namespace).await;
                    send(Msg::Access { namespace, answer });
                });
            }
            Effect::Prepare { ticket, request } => {
                let pilot = self.pilot();
                let task = tokio::spawn(async move {
                    let answer = pilot.prepare(&request).await.map(Box::new);
                    send(Msg::Prepared { ticket, answer });
                });
                replace(&mut self.preparation, task);
            }
            Effect::Carry { change, confirmed } => {
                let pilot = self.pilot();
                self.follow(change, |progress| async move { pilot.carry(confirmed, &progress).await });
            }
            Effect::Verify { change, ask } => {
                let pilot = self.pilot();
                self.follow(change, |progress| async move { pilot.verify(&ask, &progress).await });
            }
            Effect::Rehearse { ticket, request } => {
                let pilot = self.pilot();
                tokio::spawn(async move {
                    let answer = pilot.rehearse(&request).await;
                    send(Msg::Rehearsed { ticket, answer });
                });
            }
            Effect::Resume { change, record } => {
                let pilot = self.pilot();
                self.follow(change, |progress| async move { pilot.resume(&record, &progress).await });
            }
            Effect::Numbers { .. } | Effect::History { .. } => self.ask_metrics(effect),
            // The terminal's holder does these.
            Effect::Copy(_) | Effect::Suspend | Effect::Quit | Effect::Theme(_) => {}
        }
    }

    fn facts(&self, generation: u64, backends: Vec<BackendRef>) {
        let (send, cluster) = (self.sender(), self.session.cluster.clone());
        tokio::spawn(async move {
            let found = join_all(backends.into_iter().map(|backend| async {
                let facts = cluster.facts(&backend).await;
                (backend, facts)
            }));
            send(Msg::Facts { generation, found: found.await });
        });
    }

    fn logs(&self, generation: u64, route: Arc<Route>, rule: usize, canary: Option<String>) {
        let (send, pilot) = (self.sender(), self.pilot());
        tokio::spawn(async move {
            let (logged, check) = pilot.logged(&route, rule, canary.as_deref()).await;
            let is_worse = check.is_some_and(|check| check.verdict == Verdict::Hold);
            let lines = logged.iter().map(Logged::words).collect();
            send(Msg::Logs { generation, read: LogsRead { lines, is_worse, ..LogsRead::of(&route, rule) } });
        });
    }

    fn in_flight(&self, generation: u64, backend: RuleBackend) {
        let Some(metrics) = self.session.metrics.clone() else { return };
        let send = self.sender();
        tokio::spawn(async move {
            let answer = metrics.in_flight(std::slice::from_ref(&backend)).await;
            send(Msg::InFlight { generation, backend, answer: answer.map_err(|error| error.to_string()) });
        });
    }

    fn tick(&self, generation: u64, change: String, item: ChecklistItem, words: String) {
        let (send, journal) = (self.sender(), Arc::clone(&self.session.journal));
        tokio::task::spawn_blocking(move || {
            let answer = journal.ticked(&change, item, &words).map_err(|error| error.to_string());
            send(Msg::Ticked { generation, item, answer });
        });
    }

    fn past(&self, generation: u64, route: RouteId, uid: Box<str>) {
        let (send, cluster) = (self.sender(), self.session.cluster.clone());
        let journal = Arc::clone(&self.session.journal);
        tokio::spawn(async move {
            let read = tokio::task::spawn_blocking(move || journal.of(&uid).unwrap_or_default());
            let (records, json) = tokio::join!(read, cluster.get_json(&route));
            let writers = json.map(|json| writers(&json)).unwrap_or_default();
            let past = Past { records: records.unwrap_or_default(), writers };
            send(Msg::Past { generation, route, past });
        });
    }

    fn walk(&self, generation: u64, id: RouteId, chosen: Option<String>) {
        let (send, cluster) = (self.sender(), self.session.cluster.clone());
        let (metrics, settings) = (self.session.metrics.clone(), &self.session.settings);
        let journal = Arc::clone(&self.session.journal);
        let (names, timing, clock) =
            (settings.conventions.names.clone(), settings.timing, self.session.clock);
        let pilot = self.pilot();
        tokio::spawn(async move {
            let no_metrics = || "no Prometheus is configured (--prometheus URL)".to_owned();
            let inquiry = Inquiry {
                cluster: &cluster,
                metrics: metrics.as_deref().ok_or_else(no_metrics),
                pilot: &pilot,
                names: &names,
                chosen: chosen.as_deref(),
                journal: &journal,
                timing,
                now: clock.now(),
            };
            let answer = match cluster.get(&id).await {
                Ok(route) => Ok(Box::new(inquiry.walk(&route).await)),
                Err(trouble) => Err(trouble.to_string()),
            };
            send(Msg::Walked { generation, route: id, answer });
        });
    }

    fn follow_endpoints(&mut self, generation: u64, backends: &[BackendRef]) {
        let send = self.sender();
        let changes = backends.iter().map(|backend| endpoint_changes(&self.session.cluster, backend).boxed());
        let told = select_all(changes).for_each(move |()| {
            send(Msg::EndpointsChanged { generation });
            ready(())
        });
        replace(&mut self.endpoints, tokio::spawn(told));
    }

    fn ask_metrics(&self, effect: Effect) {
        let Some(source) = self.session.metrics.clone() else { return };
        let send = self.sender();
        tokio::spawn(async move {
            match effect {
                Effect::Numbers { generation, backends } => {
                    let answer = source.numbers(&backends, WINDOW).await;
                    if let Some(Origin { url, found: true }) = source.origin() {
                        send(Msg::Found { generation, url });
                    }
                    send(Msg::Numbers { generation, asked: backends, answer });
                }
                Effect::History { generation, backends } => {
                    let answer = source.history(&backends, SPAN, STEP).await;
                    send(Msg::History { generation, asked: backends, answer });
                }
                _ => {}
            }
        });
    }

    /// Leaves the cluster that was used. Changes under way go on with it.
    fn switch(&mut self, cluster: Cluster, with_metrics: bool) {
        for task in
            [&mut self.watch, &mut self.endpoints, &mut self.preparation].into_iter().filter_map(Option::take)
        {
            task.abort();
        }
        self.epoch.fetch_add(1, Ordering::Relaxed);
        let same = cluster.context() == self.session.cluster.context();
        let source = if cluster.context() == self.home {
            self.metrics.clone()
        } else {
            // What is wrong with the settings of one context is told by its verbs.
            elsewhere(&cluster, &self.session.settings).ok().flatten()
        };
        self.session.metrics = source.filter(|_| with_metrics);
        self.session.cluster = cluster.clone();
        if !same {
            self.user = Arc::new(OnceLock::new());
        }
        let learn = learn_user(cluster, Arc::clone(&self.user), self.sender());
        tokio::spawn(learn);
    }

    /// Sends what is about the cluster that is used now; dropped once another one is.
    fn sender(&self) -> impl Fn(Msg) + Clone + Send + Sync + 'static {
        let (messages, epoch) = (self.messages.clone(), Arc::clone(&self.epoch));
        let current = epoch.load(Ordering::Relaxed);
        move |msg: Msg| {
            // Nobody listens any more when the program ends; that is no error.
            if epoch.load(Ordering::Relaxed) == current {
                let _ = messages.send(msg);
            }
        }
    }

    /// Runs a change to its end and tells each step.
    fn follow<F>(&self, change: u64, run: impl FnOnce(UnboundedSender<Progress>) -> F)
    where
        F: Future<Output = Ending> + Send + 'static,
    {
        let messages = self.messages.clone();
        let (progress, mut steps) = unbounded_channel();
        let running = run(progress);
        tokio::spawn(async move {
            let tell = async {
                while let Some(progress) = steps.recv().await {
                    let _ = messages.send(Msg::Progress { change, progress });
                }
            };
            let (ending, ()) = tokio::join!(running, tell);
            let _ = messages.send(Msg::Ended { change, ending });
        });
    }

    /// A pilot who knows by now who is changing things.
    fn pilot(&self) -> Pilot {
        let actor = self.user.get().map_or("unknown", |user| user);
        self.session.pilot_for(actor, self.session.settings.timing)
    }
}

fn decode(route: &RouteId, json: &str) -> Result<Box<Value>, Trouble> {
    serde_json::from_str(json).map_err(|error| {
        let why = Why::Unreadable(error.to_string().into());
        Trouble { what: format!("read route {route}").into(), why, advice: None }
    })
}

fn replace(slot: &mut Option<JoinHandle<()>>, task: JoinHandle<()>) {
    if let Some(old) = slot.replace(task) {
        old.abort();
    }
}

/// The splits of each namespace that has routes.
fn count_splits(listed: &[Listed]) -> Vec<(Box<str>, usize)> {
    let mut counts: BTreeMap<Box<str>, usize> = BTreeMap::new();
    for route in listed.iter().filter_map(|listed| listed.as_ref().ok()) {
        *counts.entry(route.id.namespace.clone()).or_default() += route.splits().count();
    }
    counts.into_iter().collect()
}

/// Asks until it is told. Servers before 1.28 cannot tell.
async fn learn_user(cluster: Cluster, known: Arc<OnceLock<Box<str>>>, tell: impl Fn(Msg) + Send) {
    loop {
        match cluster.whoami().await {
            Ok(user) if !user.name.is_empty() => {
                tell(Msg::User(user.name.clone()));
                let _ = known.set(user.name);
                return;
            }
            Ok(_) => return,
            Err(trouble) if matches!(trouble.why, Why::NotFound | Why::Forbidden(_)) => return,
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
