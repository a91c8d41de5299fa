//! A watch: what has changed since a version, then each change as it happens.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use futures::stream;
use serde_json::{Value, json};
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep_until};

use super::resource::{Query, Resource};
use super::selector::Selector;
use super::status::Refusal;
use super::store::{Change, Key, Store};

/// A watch is ended after this long if the client names no time.
const LONGEST: Duration = Duration::from_mins(30);
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// What a client asked for.
pub struct Watch {
    store: Arc<Store>,
    bell: Receiver<u64>,
    resource: &'static Resource,
    selector: Selector,
    /// Everything up to this version has been told.
    told: u64,
    bookmarks: bool,
    end: Instant,
    queue: VecDeque<Bytes>,
    over: bool,
}

impl Watch {
    /// Opens it. The bell is subscribed to before the world is looked at, so nothing falls between.
    pub fn open(
        store: &Arc<Store>,
        resource: &'static Resource,
        selector: Selector,
        query: &Query,
    ) -> Result<Self, Refusal> {
        let bell = store.bell();
        let world = store.look();
        let from = query.number("resourceVersion").unwrap_or(0);
        if from > world.version {
            return Err(Refusal::too_new(from, world.version));
        }
        let timeout = query.number("timeoutSeconds").map_or(LONGEST, Duration::from_secs);
        let mut watch = Self {
            store: Arc::clone(store),
            bell,
            resource,
            told: from,
            bookmarks: query.flag("allowWatchBookmarks"),
            end: Instant::now() + timeout,
            queue: VecDeque::new(),
            over: false,
            selector,
        };
        if from == 0 || query.flag("sendInitialEvents") {
            for (key, object) in &world.objects {
                if watch.selector.takes(key, object) {
                    watch.queue.push_back(event("ADDED", object));
                }
            }
            watch.told = world.version;
            if query.flag("sendInitialEvents") && watch.bookmarks {
                watch.bookmark(true);
            }
        }
        drop(world);
        Ok(watch)
    }

    /// The lines, each as soon as it is known.
    pub fn lines(self) -> impl Stream<Item = Bytes> + Send {
        stream::unfold(self, |mut watch| async move { Some((watch.next().await?, watch)) })
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(line) = self.queue.pop_front() {
                return Some(line);
            }
            if self.over {
                return None;
            }
            self.bell.mark_unchanged();
            self.catch_up();
            if !self.queue.is_empty() {
                continue;
            }
            tokio::select! {
                changed = self.bell.changed() => self.over = changed.is_err(),
                () = sleep_until(self.end) => {
                    self.over = true;
                    if self.bookmarks {
                        self.bookmark(false);
                    }
                }
            }
        }
    }

    fn catch_up(&mut self) {
        let store = Arc::clone(&self.store);
        let world = store.look();
        if let Some(changes) = world.since(self.told) {
            for change in changes {
                self.queue.extend(line(&self.selector, change));
            }
        } else {
            let refusal = Refusal::expired(self.told, world.oldest());
            self.queue.push_back(event("ERROR", &refusal.body));
            self.over = true;
        }
        self.told = world.version;
    }

    fn bookmark(&mut self, initial: bool) {
        let mut metadata = json!({ "resourceVersion": self.told.to_string() });
        if initial {
            metadata["annotations"] = json!({ INITIAL_EVENTS_END: "true" });
        }
        let object = json!({
            "kind": self.resource.kind, "apiVersion": self.resource.api_version(), "metadata": metadata,
        });
        self.queue.push_back(event("BOOKMARK", &object));
    }
}

/// What one change is to somebody who sees only what the selector takes.
fn line(selector: &Selector, change: &Change) -> Option<Bytes> {
    let seen =
        |key: &Key, object: &Option<Arc<Value>>| object.clone().filter(|object| selector.takes(key, object));
    match (seen(&change.key, &change.old), seen(&change.key, &change.new)) {
        (None, Some(new)) => Some(event("ADDED", &new)),
        (Some(_), Some(new)) => Some(event("MODIFIED", &new)),
        (Some(old), None) => {
            let mut last = Value::clone(&old);
            last["metadata"]["resourceVersion"] = json!(change.version.to_string());
            Some(event("DELETED", &last))
        }
        (None, None) => None,
    }
}

fn event(kind: &str, object: &Value) -> Bytes {
    Bytes::from(format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n"))
}
