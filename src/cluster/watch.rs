//! Follows the routes: one list, then a watch that goes on for ever, through time-outs, restarts and outages.

use std::time::Duration;

use futures::{Stream, stream};
use tokio::time::{Instant, Sleep, sleep};

use super::connect::Cluster;
use super::read::{Listed, Scope};
use super::trouble::{Trouble, Why};
use super::turn::{At, Ended, Metadata, Notice, Turn};
use crate::route::{Route, RouteId};

/// What a watch tells, in the order Reset, Started, then changes; after `Lost` it begins with either.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are the large one")]
pub enum Update {
    /// The watch is open: what was told so far is what the server has now, and changes will follow.
    Started,
    /// All routes of the scope; replaces everything told before, at once.
    Reset(Vec<Listed>),
    /// A route is new or was changed.
    Applied(Listed),
    /// A route is gone.
    Deleted(RouteId),
    /// What was told so far may be out of date from now on. Comes again with each vain attempt to go on.
    Lost(Trouble),
}

/// Pauses after the first failure, the second, and so on; the last one repeats.
const PAUSES: [u64; 4] = [250, 500, 1000, 2500];

/// Watches the routes of a scope until it is dropped.
pub fn watch(cluster: &Cluster, scope: Scope) -> impl Stream<Item = Update> + Send + use<> {
    stream_of(Watcher::new(cluster.clone(), scope, String::new()))
}

/// Watches one route until it is dropped.
pub fn watch_route(cluster: &Cluster, id: &RouteId) -> impl Stream<Item = Update> + Send + use<> {
    let selector = format!("fieldSelector=metadata.name%3D{}", id.name);
    stream_of(Watcher::new(cluster.clone(), Scope::Namespace(id.namespace.clone()), selector))
}

fn stream_of(watcher: Watcher) -> impl Stream<Item = Update> + Send {
    stream::unfold(watcher, |mut watcher| async move { Some((watcher.next().await, watcher)) })
}

struct Watcher {
    cluster: Cluster,
    scope: Scope,
    /// A part of the query that chooses among the routes of the scope; empty for all.
    selector: String,
    what: String,
    at: At,
    /// Failures one after another.
    failures: usize,
    /// Whether a pause is owed before the next attempt.
    tired: bool,
    /// Whether `Started` is owed for the next watch that opens.
    silent: bool,
}

impl Watcher {
    fn new(cluster: Cluster, scope: Scope, selector: String) -> Self {
        let what = format!("watch routes in {scope}");
        Self { cluster, scope, selector, what, at: At::Nothing, failures: 0, tired: false, silent: true }
    }

    async fn next(&mut self) -> Update {
        loop {
            let step = match std::mem::replace(&mut self.at, At::Nothing) {
                At::Nothing => self.list().await,
                At::Version(version) => self.open(version).await,
                At::Open { version, turn } => self.follow(version, turn).await,
            };
            match step {
                Ok(Some(update)) => return update,
                Ok(None) => {}
                // Too old to go on from. Nothing is lost: everything is told again.
                Err(Trouble { why: Why::Gone, .. }) => {
                    self.failed();
                    self.at = At::Nothing;
                }
                Err(trouble) => {
                    self.recover(&trouble).await;
                    self.silent = true;
                    return Update::Lost(trouble);
                }
            }
        }
    }

    async fn list(&mut self) -> Result<Option<Update>, Trouble> {
        self.pause().await;
        let listing = self.cluster.listing(&self.scope, &self.selector).await?;
        self.answered();
        self.at = At::Version(listing.version);
        self.silent = true;
        Ok(Some(Update::Reset(listing.items)))
    }

    async fn open(&mut self, version: Box<str>) -> Result<Option<Update>, Trouble> {
        // an error leaves the version where it was, unless `recover` knows it to be useless
        self.at = At::Version(version.clone());
        self.pause().await;
        let path = self.cluster.routes_path(&self.scope, &self.what).await?;
        let turn = Turn::open(&self.cluster, &self.what, &path, &self.selector, &version).await?;
        self.answered();
        self.at = At::Open { version, turn };
        Ok(std::mem::take(&mut self.silent).then_some(Update::Started))
    }

    async fn follow(&mut self, version: Box<str>, mut turn: Turn) -> Result<Option<Update>, Trouble> {
        let line = match turn.line().await {
            Ok(line) => line,
            Err(Ended { at_once }) => {
                if at_once {
                    self.failed();
                } else {
                    self.failures = 0;
                }
                self.at = At::Version(version);
                return Ok(None);
            }
        };
        let Event { version: newer, update } = Event::read(&line, &self.what)?;
        self.failures = 0;
        self.at = At::Open { version: newer.unwrap_or(version), turn };
        Ok(update)
    }

    /// What a failure means for the next attempt.
    async fn recover(&mut self, trouble: &Trouble) {
        self.failed();
        match &trouble.why {
            Why::Unauthorized | Why::Credentials(_) => {
                // somebody may have logged in again; if not, the next attempt says so
                self.cluster.renew(Instant::now()).await;
            }
            Why::NotFound => {
                self.cluster.forget_version();
                self.at = At::Nothing;
            }
            // the server refuses to go on from there: too old, or from a history that it no longer has
            Why::Refused(..) | Why::Unreadable(_) => self.at = At::Nothing,
            Why::Unreachable(_)
            | Why::Silent(_)
            | Why::Broken(_)
            | Why::Forbidden(_)
            | Why::Busy(_)
            | Why::Gone => {}
        }
    }

    fn failed(&mut self) {
        self.failures += 1;
        self.tired = true;
    }

    /// The server is back, though what it just granted may still prove worthless.
    fn answered(&mut self) {
        self.failures = self.failures.min(1);
    }

    fn pause(&mut self) -> Sleep {
        let pause = PAUSES[self.failures.saturating_sub(1).min(PAUSES.len() - 1)];
        sleep(Duration::from_millis(if std::mem::take(&mut self.tired) { pause } else { 0 }))
    }
}

/// One line of a watch on routes.
struct Event {
    version: Option<Box<str>>,
    /// None for a bookmark.
    update: Option<Update>,
}

impl Event {
    fn read(line: &[u8], what: &str) -> Result<Self, Trouble> {
        let Notice { kind, text, metadata } = Notice::read(line, what)?;
        let Metadata { resource_version, namespace, name } = metadata;
        let update = match kind {
            "ADDED" | "MODIFIED" => Some(Update::Applied(Route::from_json(text))),
            "DELETED" => Some(Update::Deleted(RouteId {
                namespace: namespace.unwrap_or_default(),
                name: name.unwrap_or_default(),
            })),
            _ => None,
        };
        Ok(Self { version: resource_version, update })
    }
}

#[cfg(test)]
mod tests;
