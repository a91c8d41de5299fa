//! What the pods behind a backend have logged: a bounded part of it, and what was not read.

use std::time::Duration;

use futures::future::join_all;
use k8s_openapi::api::core::v1::Pod;

use super::connect::Cluster;
use super::facts::{Behind, main_container};
use super::read::segment;
use crate::route::BackendRef;

/// Pods whose logs are read, of each backend.
const MOST_PODS: usize = 5;
/// Bytes that are read of each pod: the newest.
const MOST_BYTES: usize = 1 << 20;
/// Lines that are read of each pod: the newest.
const MOST_LINES: usize = 10_000;

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Logs {
    /// The log of each pod that was read.
    pub texts: Vec<String>,
    /// What was not read, and why, in words.
    pub unread: Vec<String>,
}

impl Cluster {
    /// The newest lines of the main containers behind `backend`, none older than `since`. Never fails: what cannot be
    /// read is said.
    pub async fn logs(&self, backend: &BackendRef, since: Duration) -> Logs {
        let pods = match self.pods_behind(backend).await {
            Ok(pods) => pods,
            Err(why) => return Logs { texts: Vec::new(), unread: vec![why] },
        };
        let read = pods.iter().take(MOST_PODS).map(|pod| self.log_of(pod, since));
        let mut logs = Logs::default();
        for answer in join_all(read).await {
            match answer {
                Ok(text) => {
                    if text.len() >= MOST_BYTES || text.lines().count() >= MOST_LINES {
                        logs.unread.push("older lines of a pod that writes much".to_owned());
                    }
                    logs.texts.push(text);
                }
                Err(why) => logs.unread.push(why),
            }
        }
        if pods.len() > MOST_PODS {
            let more = pods.len() - MOST_PODS;
            logs.unread.push(format!("{more} more pod{}", if more == 1 { "" } else { "s" }));
        }
        // A right that is missing is missing for all of them.
        logs.unread.dedup();
        logs
    }

    async fn pods_behind(&self, backend: &BackendRef) -> Result<Vec<Pod>, String> {
        if !backend.is_service() {
            return Err(format!("{} is no Service: its pods are not known here", backend.kind));
        }
        let (namespace, name) = (&*backend.namespace, &*backend.name);
        let (service, slices) = tokio::join!(self.service(namespace, name), self.slices(namespace, name));
        let behind = Behind::read(&slices.map_err(|trouble| trouble.to_string())?);
        let pods = self.pods(namespace, name, service.ok(), &behind.pods).await;
        let pods = pods.map_err(|trouble| trouble.to_string())?;
        if pods.is_empty() { Err(format!("there are no pods behind {name}")) } else { Ok(pods) }
    }

    async fn log_of(&self, pod: &Pod, since: Duration) -> Result<String, String> {
        let (namespace, name) = (pod.metadata.namespace.as_deref(), pod.metadata.name.as_deref());
        let (namespace, name) = (namespace.unwrap_or_default(), name.unwrap_or_default());
        let what = format!("read the logs of pods in namespace {namespace}");
        segment(namespace, &what).and(segment(name, &what)).map_err(|trouble| trouble.to_string())?;
        let container = main_container(pod).map(|container| format!("&container={}", container.name));
        let path = format!(
            "/api/v1/namespaces/{namespace}/pods/{name}/log?sinceSeconds={}&limitBytes={MOST_BYTES}&tailLines={MOST_LINES}{}",
            since.as_secs().max(1),
            container.unwrap_or_default()
        );
        self.get_text(&what, &path).await.map_err(|trouble| trouble.to_string())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::{Answer, FakeServer, status_json};

    /// `count` pods behind `canary`, of which each answers for its log as told.
    fn server(count: usize, log: impl Fn(usize) -> Answer + Send + 'static) -> (FakeServer, Cluster) {
        FakeServer::start(move |asked| {
            let path = asked.line.split(' ').nth(1).unwrap().to_owned();
            let names: Vec<String> = (0..count).map(|number| format!("canary-{number}")).collect();
            if let Some((pod, _)) = path.split_once("/log?") {
                return log(pod.rsplit('-').next().unwrap().parse().unwrap());
            }
            let answer = if path.contains("/services/") {
                json!({"metadata": {}, "spec": {"selector": {"app": "canary"}}})
            } else if path.contains("/endpointslices") {
                let endpoint = |name: &String| json!({"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "name": name}});
                let endpoints: Vec<_> = names.iter().map(endpoint).collect();
                json!({"metadata": {}, "items": [{"metadata": {}, "addressType": "IPv4", "endpoints": endpoints}]})
            } else {
                let containers = json!([{"name": "istio-proxy"}, {"name": "app"}]);
                let pod = |name: &String| json!({"metadata": {"name": name, "namespace": "shop"}, "spec": {"containers": containers}});
                json!({"metadata": {}, "items": names.iter().map(pod).collect::<Vec<_>>()})
            };
            Answer::Say(200, answer.to_string())
        })
    }

    fn canary() -> BackendRef {
        BackendRef::service("shop", "canary", 80)
    }

    #[tokio::test]
    async fn the_newest_lines_of_a_few_pods_are_read_and_the_rest_is_named() {
        let (server, cluster) = server(7, |number| Answer::Say(200, format!("line of {number}\n")));
        let logs = cluster.logs(&canary(), Duration::from_mins(5)).await;
        assert_eq!((logs.texts.len(), logs.unread), (5, vec!["2 more pods".to_owned()]));
        let asked = "/pods/canary-0/log?sinceSeconds=300&limitBytes=1048576&tailLines=10000&container=app";
        assert!(server.lines().iter().any(|line| line.contains(asked)), "{:?}", server.lines());
    }

    #[tokio::test]
    async fn a_right_that_is_missing_is_named_once() {
        let message = "pods \"canary-0\" is forbidden: User \"v\" cannot get resource \"pods/log\" in API group \"\" in the namespace \"shop\"";
        let (_, cluster) = server(3, move |_| Answer::Say(403, status_json(403, "Forbidden", message)));
        let logs = cluster.logs(&canary(), Duration::from_mins(5)).await;
        assert!(logs.texts.is_empty());
        assert_eq!(logs.unread.len(), 1, "{:?}", logs.unread);
        assert!(logs.unread[0].contains("you lack the right to get pods/log"), "{:?}", logs.unread);
    }
}
