//! Performs the effects of `app::update` as tasks, and sends back what comes of them.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::StreamExt;
use futures::future::join_all;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use crate::app::{Effect, Msg, Past, WINDOW};
use crate::cli::session::Session;
use crate::cluster::{Cluster, Why, watch};
use crate::pilot::{Ending, Pilot, Progress};
use crate::route::writers;

/// What a sparkline shows, and in which steps.
const SPAN: Duration = Duration::from_mins(10);
const STEP: Duration = Duration::from_secs(10);
/// Between attempts to learn who we are.
const PAUSE: Duration = Duration::from_secs(5);

/// Turns effects into tasks. One watch and one preparation at a time; everything else runs to its end.
pub(super) struct Performer {
    session: Session,
    messages: UnboundedSender<Msg>,
    watch: Option<JoinHandle<()>>,
    preparation: Option<JoinHandle<()>>,
    /// User name as the API server knows it, once it has told.
    user: Arc<OnceLock<Box<str>>>,
}

impl Performer {
    pub(super) fn new(session: Session, messages: UnboundedSender<Msg>) -> Self {
        let user = Arc::new(OnceLock::new());
        tokio::spawn(learn_user(session.cluster.clone(), Arc::clone(&user), messages.clone()));
        Self { session, messages, watch: None, preparation: None, user }
    }

    pub(super) fn perform(&mut self, effect: Effect) {
        let messages = self.messages.clone();
        let cluster = self.session.cluster.clone();
        // Nobody listens any more when the program ends; that is no error.
        let send = move |msg: Msg| {
            let _ = messages.send(msg);
        };
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
            Effect::Numbers { generation, backends } => {
                let Some(source) = self.session.metrics.clone() else { return };
                tokio::spawn(async move {
                    let answer = source.numbers(&backends, WINDOW).await;
                    let granularity = source.provider().map(|provider| provider.granularity);
                    send(Msg::Numbers { generation, asked: backends, granularity, answer });
                });
            }
            Effect::History { generation, backends } => {
                let Some(source) = self.session.metrics.clone() else { return };
                tokio::spawn(async move {
                    let answer = source.history(&backends, SPAN, STEP).await;
                    send(Msg::History { generation, asked: backends, answer });
                });
            }
            Effect::Facts { generation, backends } => {
                tokio::spawn(async move {
                    let found = join_all(backends.into_iter().map(|backend| async {
                        let facts = cluster.facts(&backend).await;
                        (backend, facts)
                    }));
                    send(Msg::Facts { generation, found: found.await });
                });
            }
            Effect::Count { generation, route, backend } => {
                let pilot = self.pilot();
                tokio::spawn(async move {
                    let answer = pilot.count_errors(&route, &backend).await;
                    send(Msg::Counted { generation, backend, answer });
                });
            }
            Effect::Past { generation, route, uid } => {
                let journal = Arc::clone(&self.session.journal);
                tokio::spawn(async move {
                    let read = tokio::task::spawn_blocking(move || journal.of(&uid).unwrap_or_default());
                    let (records, json) = tokio::join!(read, cluster.get_json(&route));
                    let writers = json.map(|json| writers(&json)).unwrap_or_default();
                    let past = Past { records: records.unwrap_or_default(), writers };
                    send(Msg::Past { generation, route, past });
                });
            }
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
            // The terminal's holder does these.
            Effect::Copy(_) | Effect::Suspend | Effect::Quit => {}
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
        let session = &self.session;
        let actor = self.user.get().map_or("unknown", |user| user);
        let (cluster, metrics, journal) =
            (session.cluster.clone(), session.metrics.clone(), Arc::clone(&session.journal));
        Pilot::new(
            cluster,
            metrics,
            journal,
            session.settings.conventions.clone(),
            session.settings.timing,
            actor,
        )
        .with_clock(session.clock)
    }
}

fn replace(slot: &mut Option<JoinHandle<()>>, task: JoinHandle<()>) {
    if let Some(old) = slot.replace(task) {
        old.abort();
    }
}

/// Asks until it is told. Servers before 1.28 cannot tell.
async fn learn_user(cluster: Cluster, known: Arc<OnceLock<Box<str>>>, messages: UnboundedSender<Msg>) {
    loop {
        match cluster.whoami().await {
            Ok(user) if !user.name.is_empty() => {
                let _ = messages.send(Msg::User(user.name.clone()));
                let _ = known.set(user.name);
                return;
            }
            Ok(_) => return,
            Err(trouble) if matches!(trouble.why, Why::NotFound | Why::Forbidden(_)) => return,
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
