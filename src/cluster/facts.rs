//! What stands behind one backend now: endpoints, images, restarts, age. Read for one open split, never for all rows.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Container, Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::Api;
use kube::api::ListParams;

use super::connect::Cluster;
use super::trouble::{Trouble, Why};
use crate::route::BackendRef;

/// Sidecars that a mesh puts into each pod: not what is rolled out.
const SIDECARS: [&str; 2] = ["istio-proxy", "linkerd-proxy"];
/// A Service of this type never has endpoints, and answers all the same.
const EXTERNAL: &str = "ExternalName";
/// Labels that name the version of a pod.
const VERSION_LABELS: [&str; 2] = ["app.kubernetes.io/version", "version"];
/// Pods of a Service without a selector are read one by one, up to this many.
const MOST_SINGLE_READS: usize = 16;

/// A fact, or why it is not known, in words.
pub type Known<T> = Result<T, Box<str>>;

/// What stands behind one backend.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Its endpoints.
    pub endpoints: Known<Endpoints>,
    /// The pods that these belong to.
    pub pods: Known<Pods>,
}

/// How many endpoints a backend has. One without ready endpoints keeps its share, and answers 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoints {
    /// Those that take requests.
    pub ready: u32,
    /// All, but those that are going.
    pub total: u32,
}

/// The pods behind a backend.
#[derive(Debug, Clone, PartialEq)]
pub struct Pods {
    /// Images of the main containers, each once, the most frequent first; more than one while pods are replaced.
    pub images: Box<[Box<str>]>,
    /// What they call their version: the tags of their images, and the labels `app.kubernetes.io/version` and `version`.
    pub versions: Box<[Box<str>]>,
    /// Restarts of all containers.
    pub restarts: u32,
    /// Containers that were last ended for using too much memory.
    pub oom_kills: u32,
    /// When the newest pod was created: the last change under the same Service name.
    pub newest: Option<jiff::Timestamp>,
}

impl Pods {
    /// The tag or the beginning of the digest of the most frequent image: `v1.4.1`, `sha256:0123456789ab`.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.images.first().map(|image| tag(image))
    }
}

/// The part of an image reference that tells versions apart.
fn tag(image: &str) -> &str {
    if let Some(at) = image.find("@sha256:") {
        let before = &image[..at];
        let named = tag(before);
        let digest = &image[at + 1..];
        return if named == before { &digest[..digest.len().min("sha256:".len() + 12)] } else { named };
    }
    let name = image.rfind('/').map_or(0, |slash| slash + 1);
    image[name..].find(':').map_or(image, |colon| &image[name + colon + 1..])
}

impl Facts {
    fn unknown(why: &str) -> Self {
        Self { endpoints: Err(why.into()), pods: Err(why.into()) }
    }
}

impl Cluster {
    /// Looks behind one backend. Never fails: what cannot be read is unknown, with the reason.
    pub async fn facts(&self, backend: &BackendRef) -> Facts {
        if !backend.is_service() {
            return Facts::unknown(&format!(
                "{} is no Service: its endpoints are not known here",
                backend.kind
            ));
        }
        let (namespace, name) = (&*backend.namespace, &*backend.name);
        let (service, slices) = tokio::join!(self.service(namespace, name), self.slices(namespace, name));
        if let Err(Trouble { why: Why::NotFound, .. }) = &service {
            let why = format!("there is no Service {namespace}/{name}");
            return Facts { endpoints: Ok(Endpoints { ready: 0, total: 0 }), pods: Err(why.into()) };
        }
        let elsewhere =
            |service: &Service| service.spec.as_ref()?.type_.as_deref().map(|kind| kind == EXTERNAL);
        if service.as_ref().ok().and_then(elsewhere) == Some(true) {
            return Facts::unknown(&format!("{namespace}/{name} is a name outside the cluster ({EXTERNAL})"));
        }
        let slices = match slices {
            Ok(slices) => slices,
            Err(trouble) => return Facts::unknown(&trouble.to_string()),
        };
        let behind = Behind::read(&slices);
        let pods = match self.pods(namespace, name, service.ok(), &behind.pods).await {
            Ok(pods) => summary(&pods),
            Err(trouble) => Err(trouble.to_string().into()),
        };
        Facts { endpoints: Ok(behind.endpoints), pods }
    }

    pub(super) async fn service(&self, namespace: &str, name: &str) -> Result<Service, Trouble> {
        self.read(&format!("read service {namespace}/{name}"), |client| async move {
            Api::namespaced(client, namespace).get(name).await
        })
        .await
    }

    pub(super) async fn slices(&self, namespace: &str, name: &str) -> Result<Vec<EndpointSlice>, Trouble> {
        let of_service = &ListParams::default().labels(&format!("kubernetes.io/service-name={name}"));
        self.read(&format!("read the endpoints of {namespace}/{name}"), |client| async move {
            Ok(Api::namespaced(client, namespace).list(of_service).await?.items)
        })
        .await
    }

    /// The pods that the endpoints of Service `name` name: by its selector, if it is known, in one request, else one by one.
    pub(super) async fn pods(
        &self,
        namespace: &str,
        name: &str,
        service: Option<Service>,
        names: &BTreeSet<String>,
    ) -> Result<Vec<Pod>, Trouble> {
        let what = &*format!("read the pods of {namespace}/{name}");
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let selector = service.and_then(|service| service.spec?.selector).unwrap_or_default();
        if selector.is_empty() {
            let one = |name: &'_ String| {
                let name = name.clone();
                self.read(what, move |client| {
                    let name = name.clone();
                    async move { Api::<Pod>::namespaced(client, namespace).get_opt(&name).await }
                })
            };
            let pods = futures::future::try_join_all(names.iter().take(MOST_SINGLE_READS).map(one)).await?;
            return Ok(pods.into_iter().flatten().collect());
        }
        let pairs: Vec<_> = selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let selected = &ListParams::default().labels(&pairs.join(","));
        let mut pods = self
            .read(what, |client| async move {
                Ok(Api::<Pod>::namespaced(client, namespace).list(selected).await?.items)
            })
            .await?;
        pods.retain(|pod| pod.metadata.name.as_ref().is_some_and(|name| names.contains(name)));
        Ok(pods)
    }
}

/// What the slices of one Service say. An endpoint may stand in several of them, one for each address family.
pub(super) struct Behind {
    pub endpoints: Endpoints,
    pub pods: BTreeSet<String>,
}

impl Behind {
    pub fn read(slices: &[EndpointSlice]) -> Self {
        let mut ready_by_endpoint = BTreeMap::<String, bool>::new();
        let mut pods = BTreeSet::new();
        for endpoint in slices.iter().flat_map(|slice| &slice.endpoints) {
            let conditions = endpoint.conditions.as_ref();
            if conditions.and_then(|c| c.terminating) == Some(true) {
                continue;
            }
            let target = endpoint.target_ref.as_ref();
            let pod =
                target.filter(|target| target.kind.as_deref() == Some("Pod")).and_then(|t| t.name.clone());
            let key = pod.clone().or_else(|| endpoint.addresses.first().cloned()).unwrap_or_default();
            // no condition means ready, says the API
            let ready = conditions.and_then(|c| c.ready).unwrap_or(true);
            *ready_by_endpoint.entry(key).or_default() |= ready;
            pods.extend(pod);
        }
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let endpoints = Endpoints {
            ready: count(ready_by_endpoint.values().filter(|ready| **ready).count()),
            total: count(ready_by_endpoint.len()),
        };
        Self { endpoints, pods }
    }
}

fn summary(pods: &[Pod]) -> Known<Pods> {
    if pods.is_empty() {
        return Err("there are no pods behind it".into());
    }
    let mut images = BTreeMap::<&str, usize>::new();
    for image in pods.iter().filter_map(|pod| main_container(pod)?.image.as_deref()) {
        *images.entry(image).or_default() += 1;
    }
    let mut images: Vec<_> = images.into_iter().collect();
    images.sort_by_key(|(_, pods)| std::cmp::Reverse(*pods));
    let containers =
        || pods.iter().filter_map(|pod| pod.status.as_ref()?.container_statuses.as_ref()).flatten();
    let oom_kills = containers().filter(|container| {
        let last = container.last_state.as_ref().and_then(|state| state.terminated.as_ref());
        last.is_some_and(|end| end.reason.as_deref() == Some("OOMKilled"))
    });
    let tags = images.iter().map(|(image, _)| tag(image));
    let labels = pods.iter().filter_map(|pod| pod.metadata.labels.as_ref()).flatten();
    let labels =
        labels.filter(|(key, _)| VERSION_LABELS.contains(&key.as_str())).map(|(_, value)| value.as_str());
    let versions: BTreeSet<&str> = tags.chain(labels).collect();
    Ok(Pods {
        versions: versions.into_iter().map(Box::from).collect(),
        images: images.into_iter().map(|(image, _)| image.into()).collect(),
        restarts: containers().map(|container| u32::try_from(container.restart_count).unwrap_or(0)).sum(),
        oom_kills: u32::try_from(oom_kills.count()).unwrap_or(u32::MAX),
        newest: pods
            .iter()
            .filter_map(|pod| pod.metadata.creation_timestamp.as_ref())
            .map(|time| time.0)
            .max(),
    })
}

/// The container that `kubectl logs` would choose, but never a mesh's sidecar.
pub(super) fn main_container(pod: &Pod) -> Option<&Container> {
    let chosen =
        pod.metadata.annotations.as_ref().and_then(|a| a.get("kubectl.kubernetes.io/default-container"));
    let containers = &pod.spec.as_ref()?.containers;
    containers
        .iter()
        .find(|container| Some(&container.name) == chosen)
        .or_else(|| containers.iter().find(|container| !SIDECARS.contains(&container.name.as_str())))
}

#[cfg(test)]
mod tests;
