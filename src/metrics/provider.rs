//! Providers as data: whose series these are, how they name a backend, and what may be claimed from them.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use crate::route::BackendRef;

/// One kind of exporter. A new one is a new row of [`PROVIDERS`], not new code.
#[derive(Debug, PartialEq, Eq)]
pub struct Provider {
    /// What a person calls it, also in `--provider`.
    pub name: String,
    /// A selector that finds something if, and only if, this exporter is scraped.
    pub recognise: String,
    /// Counter of requests.
    pub requests: String,
    /// Label of that counter which holds the status or its class.
    pub class_label: String,
    /// A request is an error if its class begins with this.
    pub error_class: String,
    /// Cumulative buckets of a classic histogram.
    pub latency: String,
    /// Unit of the bucket's edges.
    pub latency_unit: Unit,
    /// Labels that name a backend, with the value each has for `{namespace}`, `{name}` and `{port}`.
    pub naming: Vec<(String, String)>,
    /// What the series tell apart.
    pub granularity: Granularity,
}

/// Unit of a histogram's edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds, as Prometheus advises.
    Seconds,
    /// Milliseconds, as Envoy counts.
    Milliseconds,
}

impl Unit {
    /// `value` of this unit in seconds.
    #[must_use]
    pub fn seconds(self, value: f64) -> f64 {
        match self {
            Self::Seconds => value,
            Self::Milliseconds => value / 1000.0,
        }
    }
}

/// What series tell apart, which decides what may be claimed from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Granularity {
    /// Route, rule and backend: the observed share of a split can be claimed.
    Split,
    /// The backend's Service, whoever sent the request: no share when other paths lead there too.
    #[default]
    Service,
    /// The whole rule: backends cannot be told apart.
    Rule,
}

impl fmt::Display for Granularity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Split => "counts per split",
            Self::Service => "counts per Service",
            Self::Rule => "counts per rule",
        })
    }
}

/// Every exporter tidegate knows, the first choice first: what the gateway saw is better than what
/// the app says of itself, since a request that never reached the app counts there too.
pub static PROVIDERS: LazyLock<Vec<Arc<Provider>>> = LazyLock::new(|| {
    [
        Provider {
            name: "contour".into(),
            // Envoy under kgateway (`kube_ns_svc_port`), Cilium (`.../ns_svc_port`) and Envoy Gateway
            // (`httproute/...`) has the same metrics: only the shape of the name tells them apart.
            recognise: r#"envoy_cluster_upstream_rq_xx{envoy_cluster_name=~"[^_/]+_[^_/]+_[0-9]+"}"#.into(),
            requests: "envoy_cluster_upstream_rq_xx".into(),
            class_label: "envoy_response_code_class".into(),
            error_class: "5".into(),
            latency: "envoy_cluster_upstream_rq_time_bucket".into(),
            latency_unit: Unit::Milliseconds,
            naming: vec![("envoy_cluster_name".into(), "{namespace}_{name}_{port}".into())],
            granularity: Granularity::Service,
        },
        Provider {
            name: "app".into(),
            recognise: r#"http_requests_total{namespace!="",service!="",status!=""}"#.into(),
            requests: "http_requests_total".into(),
            class_label: "status".into(),
            error_class: "5".into(),
            latency: "http_request_duration_seconds_bucket".into(),
            latency_unit: Unit::Seconds,
            naming: vec![("namespace".into(), "{namespace}".into()), ("service".into(), "{name}".into())],
            granularity: Granularity::Service,
        },
    ]
    .map(Arc::new)
    .into()
});

impl Provider {
    /// The values of the naming labels for `backend`, in the order of `naming`; `None` when its series
    /// cannot be named: it is no Service, or has no port where the name needs one.
    #[must_use]
    pub fn key(&self, backend: &BackendRef) -> Option<Vec<String>> {
        if !backend.is_service() {
            return None;
        }
        self.naming
            .iter()
            .map(|(_, template)| {
                let name =
                    template.replace("{namespace}", &backend.namespace).replace("{name}", &backend.name);
                match backend.port {
                    Some(port) => Some(name.replace("{port}", &port.to_string())),
                    None => (!name.contains("{port}")).then_some(name),
                }
            })
            .collect()
    }

    /// Whether requests of this class are errors.
    #[must_use]
    pub fn is_error(&self, class: &str) -> bool {
        class.starts_with(&self.error_class)
    }
}

/// Which provider to use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ProviderChoice {
    /// The first of [`PROVIDERS`] whose series are found.
    #[default]
    Auto,
    /// This one, without looking.
    Named(Arc<Provider>),
}

/// A name that is no provider's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no metrics provider; there are: auto, {}", names())]
pub struct UnknownProvider {
    /// The name that was given.
    pub name: String,
}

impl FromStr for ProviderChoice {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, UnknownProvider> {
        if name == "auto" {
            return Ok(Self::Auto);
        }
        PROVIDERS
            .iter()
            .find(|provider| provider.name == name)
            .cloned()
            .map(Self::Named)
            .ok_or_else(|| UnknownProvider { name: name.to_owned() })
    }
}

/// All names, with commas.
pub(super) fn names() -> String {
    PROVIDERS.iter().map(|provider| provider.name.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backends_are_named_as_the_exporters_name_them() {
        let backend = BackendRef::service("shop", "checkout-canary", 8080);
        assert_eq!(PROVIDERS[0].key(&backend), Some(vec!["shop_checkout-canary_8080".to_owned()]));
        assert_eq!(PROVIDERS[1].key(&backend), Some(vec!["shop".to_owned(), "checkout-canary".to_owned()]));
    }

    #[test]
    fn what_cannot_be_named_has_no_key() {
        let mut backend = BackendRef::service("shop", "checkout", 80);
        backend.port = None;
        assert_eq!(PROVIDERS[0].key(&backend), None);
        assert!(PROVIDERS[1].key(&backend).is_some());
        backend.kind = "InferencePool".into();
        assert_eq!(PROVIDERS[1].key(&backend), None);
    }

    #[test]
    fn a_choice_is_read_from_its_name() {
        assert_eq!("auto".parse(), Ok(ProviderChoice::Auto));
        assert_eq!("app".parse(), Ok(ProviderChoice::Named(PROVIDERS[1].clone())));
        let refused = "nginx".parse::<ProviderChoice>().unwrap_err().to_string();
        assert_eq!(refused, "\"nginx\" is no metrics provider; there are: auto, contour, app");
    }
}
