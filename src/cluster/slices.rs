//! Tells when the endpoints of a Service have changed, by a watch on its slices. How many there are then is read by
//! [`Cluster::facts`]: one slice does not tell.

use std::time::Duration;

use futures::{Stream, stream};
use serde::Deserialize;
use tokio::time::sleep;

use super::connect::Cluster;
use super::first_line;
use super::read::{ListMeta, segment};
use super::trouble::{Trouble, Why};
use super::turn::{At, Ended, Notice, Turn};
use crate::route::BackendRef;

/// Pause after a failure.
const PAUSE: Duration = Duration::from_millis(2500);

/// Comes each time that the endpoints of `backend` have changed, or may have. Ends where nobody may watch them, and for
/// what is no Service.
pub fn endpoint_changes(cluster: &Cluster, backend: &BackendRef) -> impl Stream<Item = ()> + Send + use<> {
    let what = format!("watch the endpoints of {}/{}", backend.namespace, backend.name);
    let named = segment(&backend.namespace, &what).and(segment(&backend.name, &what)).is_ok();
    let slices = (backend.is_service() && named).then(|| Slices {
        cluster: cluster.clone(),
        path: format!("/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices", backend.namespace),
        selector: format!("labelSelector=kubernetes.io%2Fservice-name%3D{}", backend.name),
        what,
        at: At::Nothing,
    });
    stream::unfold(slices, |slices| async move {
        let mut slices = slices?;
        slices.changed().await.then_some(((), Some(slices)))
    })
}

struct Slices {
    cluster: Cluster,
    path: String,
    selector: String,
    what: String,
    at: At,
}

#[derive(Deserialize)]
struct List {
    metadata: ListMeta,
}

impl Slices {
    /// Waits for the next change; false when there will be none.
    async fn changed(&mut self) -> bool {
        loop {
            let step = match std::mem::replace(&mut self.at, At::Nothing) {
                At::Nothing => self.list().await.map(|()| true),
                At::Version(version) => self.open(version).await.map(|()| false),
                At::Open { version, turn } => self.follow(version, turn).await,
            };
            match step {
                Ok(true) => return true,
                Ok(false) => {}
                Err(Trouble { why: Why::Forbidden(_), .. }) => return false,
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    async fn list(&mut self) -> Result<(), Trouble> {
        let text = self.cluster.get_text(&self.what, &format!("{}?{}", self.path, self.selector)).await?;
        let list: List = serde_json::from_str(&text).map_err(|error| {
            Trouble::new(&*self.what, Why::Unreadable(first_line(&error.to_string(), 120).into()))
        })?;
        self.at = At::Version(list.metadata.resource_version);
        Ok(())
    }

    async fn open(&mut self, version: Box<str>) -> Result<(), Trouble> {
        let turn = Turn::open(&self.cluster, &self.what, &self.path, &self.selector, &version).await?;
        self.at = At::Open { version, turn };
        Ok(())
    }

    async fn follow(&mut self, version: Box<str>, mut turn: Turn) -> Result<bool, Trouble> {
        let line = match turn.line().await {
            Ok(line) => line,
            Err(Ended { at_once }) => {
                if at_once {
                    sleep(PAUSE).await;
                }
                self.at = At::Version(version);
                return Ok(false);
            }
        };
        let Notice { kind, metadata, .. } = Notice::read(&line, &self.what)?;
        let version = metadata.resource_version.unwrap_or(version);
        self.at = At::Open { version, turn };
        Ok(kind != "BOOKMARK")
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;
    use serde_json::json;

    use super::*;
    use crate::cluster::{Answer, FakeServer, status_json};

    fn line(kind: &str, version: u32) -> String {
        let object = json!({ "metadata": { "name": "canary-x", "namespace": "shop", "resourceVersion": version.to_string() } });
        format!("{}\n", json!({ "type": kind, "object": object }))
    }

    fn canary() -> BackendRef {
        BackendRef::service("shop", "canary", 80)
    }

    #[tokio::test(start_paused = true)]
    async fn each_change_is_told_and_a_bookmark_is_none() {
        let mut watches = 0;
        let (server, cluster) = FakeServer::start(move |asked| {
            if !asked.line.contains("watch=true") {
                return Answer::Say(
                    200,
                    json!({ "metadata": { "resourceVersion": "5" }, "items": [] }).to_string(),
                );
            }
            watches += 1;
            match watches {
                1 => Answer::Say(200, line("MODIFIED", 6) + &line("BOOKMARK", 9) + &line("DELETED", 10)),
                2 => Answer::Say(410, status_json(410, "Expired", "too old")),
                _ => Answer::Stay(Vec::new()),
            }
        });
        let mut changes = Box::pin(endpoint_changes(&cluster, &canary()));
        for _ in 0..3 {
            changes.next().await.unwrap();
        }
        let asked = |n: usize| server.lines().get(n).cloned().unwrap_or_default();
        assert!(asked(0).ends_with("endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dcanary"));
        assert!(asked(1).contains("resourceVersion=5&"), "{}", asked(1));
        changes.next().await.unwrap();
        assert!(asked(2).contains("resourceVersion=10&"), "it goes on where it was: {}", asked(2));
        assert!(!asked(3).contains("watch=true"), "too old: all is read again: {}", asked(3));
    }

    #[tokio::test]
    async fn it_ends_where_it_is_not_allowed() {
        let (_, cluster) = FakeServer::start(|_| Answer::Say(403, status_json(403, "Forbidden", "no")));
        assert_eq!(Box::pin(endpoint_changes(&cluster, &canary())).next().await, None);
        let other = BackendRef::service("shop", "../x", 80);
        assert_eq!(Box::pin(endpoint_changes(&cluster, &other)).next().await, None);
    }
}
