//! A rule: its matches, its backends, and whom it mirrors to.

use serde::Deserialize;

use super::nullable;
use crate::route::model::{Backend, BackendRef, HeaderMatch, Match, Mirror, PathMatch, Rule};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawRule {
    name: Option<Box<str>>,
    #[serde(default, deserialize_with = "nullable")]
    matches: Vec<RawMatch>,
    #[serde(default, deserialize_with = "nullable")]
    backend_refs: Vec<RawBackend>,
    #[serde(default, deserialize_with = "nullable")]
    filters: Vec<RawFilter>,
    retry: Option<serde::de::IgnoredAny>,
    session_persistence: Option<serde::de::IgnoredAny>,
    timeouts: Option<RawTimeouts>,
}

impl RawRule {
    pub fn into_model(self, namespace: &str) -> Rule {
        let mut mirrors = mirrors_of("filters", &self.filters, namespace);
        for (index, backend) in self.backend_refs.iter().enumerate() {
            mirrors.extend(mirrors_of(&format!("backendRefs/{index}/filters"), &backend.filters, namespace));
        }
        Rule {
            name: self.name,
            matches: self.matches.into_iter().map(RawMatch::into_model).collect(),
            backends: self
                .backend_refs
                .iter()
                .map(|backend| Backend {
                    to: backend.to.to_model(namespace),
                    weight: backend.weight.unwrap_or(1),
                })
                .collect(),
            mirrors: mirrors.into(),
            retries: self.retry.is_some(),
            sticky: self.session_persistence.is_some(),
            timeout: self.timeouts.and_then(|timeouts| timeouts.request),
        }
    }
}

fn mirrors_of(list: &str, filters: &[RawFilter], namespace: &str) -> Vec<Mirror> {
    let mirror = |(index, filter): (usize, &RawFilter)| {
        let mirror = filter.request_mirror.as_ref()?;
        let part = match (mirror.percent, &mirror.fraction) {
            (Some(percent), _) => (percent, 100),
            (None, Some(fraction)) => (fraction.numerator, fraction.denominator.unwrap_or(100)),
            (None, None) => (1, 1),
        };
        let to = mirror.backend_ref.to_model(namespace);
        Some(Mirror { to, pointer: format!("{list}/{index}").into(), part })
    };
    filters.iter().enumerate().filter_map(mirror).collect()
}

#[derive(Deserialize)]
struct RawBackend {
    #[serde(flatten)]
    to: RawBackendRef,
    weight: Option<u32>,
    #[serde(default, deserialize_with = "nullable")]
    filters: Vec<RawFilter>,
}

#[derive(Deserialize)]
struct RawBackendRef {
    group: Option<Box<str>>,
    kind: Option<Box<str>>,
    namespace: Option<Box<str>>,
    name: Box<str>,
    port: Option<u16>,
}

impl RawBackendRef {
    fn to_model(&self, namespace: &str) -> BackendRef {
        let group = self.group.clone().unwrap_or_default();
        BackendRef {
            group: if &*group == "core" { "".into() } else { group },
            kind: self.kind.clone().unwrap_or_else(|| "Service".into()),
            namespace: self.namespace.clone().unwrap_or_else(|| namespace.into()),
            name: self.name.clone(),
            port: self.port,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawFilter {
    request_mirror: Option<RawMirror>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMirror {
    backend_ref: RawBackendRef,
    percent: Option<u32>,
    fraction: Option<RawFraction>,
}

#[derive(Deserialize)]
struct RawFraction {
    #[serde(default)]
    numerator: u32,
    denominator: Option<u32>,
}

#[derive(Deserialize)]
struct RawTimeouts {
    request: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMatch {
    path: Option<RawPath>,
    method: Option<Box<str>>,
    #[serde(default, deserialize_with = "nullable")]
    headers: Vec<RawHeader>,
    #[serde(default, deserialize_with = "nullable")]
    query_params: Vec<RawHeader>,
}

impl RawMatch {
    fn into_model(self) -> Match {
        let headers = |list: Vec<RawHeader>| list.into_iter().map(RawHeader::into_model).collect();
        Match {
            path: self.path.map(|path| PathMatch {
                kind: path.kind.unwrap_or_else(|| "PathPrefix".into()),
                value: path.value.unwrap_or_else(|| "/".into()),
            }),
            method: self.method,
            headers: headers(self.headers),
            query: headers(self.query_params),
        }
    }
}

#[derive(Deserialize)]
struct RawPath {
    #[serde(rename = "type")]
    kind: Option<Box<str>>,
    value: Option<Box<str>>,
}

#[derive(Deserialize)]
struct RawHeader {
    #[serde(rename = "type")]
    kind: Option<Box<str>>,
    name: Box<str>,
    #[serde(default)]
    value: Box<str>,
}

impl RawHeader {
    fn into_model(self) -> HeaderMatch {
        HeaderMatch { kind: self.kind.unwrap_or_else(|| "Exact".into()), name: self.name, value: self.value }
    }
}
