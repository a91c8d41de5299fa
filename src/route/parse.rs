//! From the JSON of one object to a [`Route`]: unknown fields ignored, absent ones defaulted as the API
//! server would, and one bad object never more than one bad row.

mod gateway;
mod rule;
mod status;

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::model::{ParentRef, Route, RouteId, Writer};
use super::owner::Owner;
use rule::RawRule;
use status::RawStatus;

/// Annotation that names the canary backend.
pub const ANNOTATION_CANARY: &str = "tidegate.dev/canary";
/// Annotation that holds the ladder: canary shares in percent, separated by spaces or commas.
const ANNOTATION_STAGES: &str = "tidegate.dev/stages";
/// Annotation that names the metrics provider which counts the route's requests.
const ANNOTATION_PROVIDER: &str = "tidegate.dev/provider";
/// How annotations begin that say what a backend of the route must show before it gets more traffic.
const ANNOTATION_GATE: &str = "tidegate.dev/gate.";
/// Annotation that holds the newest change made by tidegate, as JSON.
pub const ANNOTATION_LAST_CHANGE: &str = "tidegate.dev/last-change";

const GATEWAY_GROUP: &str = "gateway.networking.k8s.io";

/// An object of the list that could not be read as a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRoute {
    /// Namespace and name; `?` where even these could not be read.
    pub id: RouteId,
    /// What is wrong with it.
    pub why: Box<str>,
}

impl Route {
    /// Reads one `HTTPRoute` of API version v1 or v1beta1.
    ///
    /// # Errors
    /// [`BadRoute`] with the place when metadata or spec are not what the schema says. A status that cannot
    /// be read is no error: it becomes [`Route::status_problem`].
    pub fn from_json(json: &str) -> Result<Self, BadRoute> {
        let bad = |id: RouteId, error: &serde_json::Error| BadRoute { id, why: error.to_string().into() };
        let raw: RawRoute<'_> =
            serde_json::from_str(json).map_err(|error| bad(RouteId::new("?", "?"), &error))?;
        let id = RouteId { namespace: raw.metadata.namespace, name: raw.metadata.name };
        let spec = raw.spec.map_or("{}", RawValue::get);
        let spec: RawSpec = serde_json::from_str(spec).map_err(|error| bad(id.clone(), &error))?;
        let status = raw.status.map_or("{}", RawValue::get);
        let (status, status_problem) = match serde_json::from_str::<RawStatus>(status) {
            Ok(status) => (status, None),
            Err(error) => (RawStatus::default(), Some(error.to_string().into())),
        };
        let ns = id.namespace.clone();
        let annotations = raw.metadata.annotations.as_ref();
        let own = |key: &str| annotations.and_then(|map| map.get(key)).cloned();
        Ok(Self {
            owners: owners(&raw.metadata.labels, annotations, &raw.metadata.owners, &raw.metadata.managed),
            last_writer: last_writer(raw.metadata.managed),
            canary: own(ANNOTATION_CANARY),
            stages: own(ANNOTATION_STAGES),
            provider: own(ANNOTATION_PROVIDER),
            gate: annotations.into_iter().flatten().filter_map(|(key, rule)| gate_rule(key, rule)).collect(),
            last_change: own(ANNOTATION_LAST_CHANGE),
            has_annotations: annotations.is_some(),
            uid: raw.metadata.uid,
            created: raw.metadata.created.and_then(|at| at.parse().ok()),
            generation: raw.metadata.generation,
            hostnames: spec.hostnames.into(),
            parents: spec.parents.into_iter().map(|parent| parent.into_model(&ns)).collect(),
            rules: spec.rules.into_iter().map(|rule| rule.into_model(&ns)).collect(),
            status: status.parents.into_iter().map(|entry| entry.into_model(&ns)).collect(),
            status_problem,
            id,
        })
    }
}

/// Everybody who writes an `HTTPRoute`, given as JSON, other than its status; empty when it cannot be read.
#[must_use]
pub fn writers(json: &str) -> Vec<Writer> {
    let managed = serde_json::from_str::<RawRoute<'_>>(json).map(|raw| raw.metadata.managed);
    let all = managed.unwrap_or_default().into_iter();
    let writers = all.filter(|entry| entry.subresource != Some("status".into()));
    writers.map(|entry| Writer { manager: entry.manager, at: entry.time }).collect()
}

fn last_writer(managed: Vec<RawManaged>) -> Option<Writer> {
    managed
        .into_iter()
        // Who only annotates it changes no weight.
        .filter(|entry| {
            entry.subresource.is_none() && entry.fields.as_ref().is_none_or(|of| of.spec.is_some())
        })
        .max_by(|a, b| a.time.cmp(&b.time))
        .map(|entry| Writer { manager: entry.manager, at: entry.time })
}

fn owners(
    labels: &BTreeMap<Box<str>, Box<str>>,
    annotations: Option<&BTreeMap<Box<str>, Box<str>>>,
    references: &[RawOwner],
    managed: &[RawManaged],
) -> Box<[Owner]> {
    let annotation = |key: &str| annotations.and_then(|map| map.get(key));
    let managed_by =
        |name: &str| managed.iter().any(|m| &*m.manager == name && m.subresource != Some("status".into()));
    let mut found = Vec::new();
    if labels.get("rollouts.argoproj.io/gatewayapi-canary").is_some_and(|v| &**v == "in-progress") {
        found.push(Owner::ArgoRollouts);
    }
    let canary =
        references.iter().find(|o| o.api_version.starts_with("flagger.app/") && &*o.kind == "Canary");
    if canary.is_some() || managed_by("flagger") {
        found.push(Owner::Flagger { canary: canary.map(|o| o.name.clone()) });
    }
    if annotation("argocd.argoproj.io/tracking-id").is_some() || managed_by("argocd-controller") {
        found.push(Owner::ArgoCd);
    }
    let flux =
        ["kustomize", "helm"].iter().find_map(|kind| labels.get(&*format!("{kind}.toolkit.fluxcd.io/name")));
    if flux.is_some() || managed_by("kustomize-controller") || managed_by("helm-controller") {
        found.push(Owner::Flux {
            name: flux.cloned().unwrap_or_else(|| "unknown".into()),
            reconcile_disabled: annotation("kustomize.toolkit.fluxcd.io/reconcile")
                .is_some_and(|v| &**v == "disabled"),
        });
    }
    if let Some(owner) = references.iter().find(|o| o.controller && canary != Some(*o)) {
        found.push(Owner::Controller { kind: owner.kind.clone(), name: owner.name.clone() });
    }
    if labels.get("app.kubernetes.io/managed-by").is_some_and(|v| &**v == "Helm")
        && let Some(release) = annotation("meta.helm.sh/release-name")
    {
        found.push(Owner::Helm { release: release.clone() });
    }
    found.into()
}

/// Reads `null` as the default, as `status.parents: null` and `matches: null` occur.
fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn gate_rule(key: &str, value: &str) -> Option<(Box<str>, Box<str>)> {
    key.strip_prefix(ANNOTATION_GATE).map(|rule| (rule.into(), value.into()))
}

#[derive(Deserialize)]
struct RawRoute<'a> {
    metadata: RawMetadata,
    #[serde(borrow)]
    spec: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMetadata {
    name: Box<str>,
    #[serde(default)]
    namespace: Box<str>,
    #[serde(default)]
    uid: Box<str>,
    #[serde(default, rename = "creationTimestamp")]
    created: Option<Box<str>>,
    #[serde(default)]
    generation: i64,
    #[serde(default, deserialize_with = "nullable")]
    labels: BTreeMap<Box<str>, Box<str>>,
    annotations: Option<BTreeMap<Box<str>, Box<str>>>,
    #[serde(default, rename = "ownerReferences", deserialize_with = "nullable")]
    owners: Vec<RawOwner>,
    #[serde(default, rename = "managedFields", deserialize_with = "nullable")]
    managed: Vec<RawManaged>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct RawOwner {
    #[serde(default)]
    api_version: Box<str>,
    #[serde(default)]
    kind: Box<str>,
    #[serde(default)]
    name: Box<str>,
    #[serde(default)]
    controller: bool,
}

#[derive(Deserialize)]
struct RawManaged {
    #[serde(default)]
    manager: Box<str>,
    #[serde(default, deserialize_with = "nullable")]
    time: Box<str>,
    subresource: Option<Box<str>>,
    #[serde(rename = "fieldsV1")]
    fields: Option<RawFields>,
}

/// What a writer owns.
#[derive(Deserialize)]
struct RawFields {
    #[serde(rename = "f:spec")]
    spec: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct RawSpec {
    #[serde(default, deserialize_with = "nullable")]
    hostnames: Vec<Box<str>>,
    #[serde(default, rename = "parentRefs", deserialize_with = "nullable")]
    parents: Vec<RawParent>,
    #[serde(default, deserialize_with = "nullable")]
    rules: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawParent {
    group: Option<Box<str>>,
    kind: Option<Box<str>>,
    namespace: Option<Box<str>>,
    name: Box<str>,
    section_name: Option<Box<str>>,
    port: Option<u16>,
}

impl RawParent {
    fn into_model(self, namespace: &str) -> ParentRef {
        let group = self.group.unwrap_or_else(|| GATEWAY_GROUP.into());
        ParentRef {
            group: if &*group == "core" { "".into() } else { group },
            kind: self.kind.unwrap_or_else(|| "Gateway".into()),
            namespace: self.namespace.unwrap_or_else(|| namespace.into()),
            name: self.name,
            section: self.section_name,
            port: self.port,
        }
    }
}
