//! Providers as data: whose series these are, how they name a backend, and what may be claimed from them.

mod built_in;
mod choice;
#[cfg(test)]
pub(super) mod fixture;
mod template;

use std::fmt::{self, Write as _};

use super::decode::RawSeries;
use super::query::quoted;
use crate::route::RuleBackend;

pub use built_in::PROVIDERS;
pub use choice::{Providers, UnknownProvider, Used};
pub(super) use template::escaped;
pub use template::{BadTemplate, Template};

/// One kind of exporter. A new one is a new row of [`PROVIDERS`] or an entry in the settings file, not new code.
///
/// Several may share a name: the labels by which one exporter's series name a backend differ by how they are scraped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provider {
    /// What a person calls it, also in `--provider`.
    pub name: String,
    /// What the names of the controllers begin with whose routes it counts. Empty: those of any.
    pub controllers: Vec<String>,
    /// A selector that finds something if, and only if, this exporter is scraped. `None`: its request counter, with
    /// names of the right shape.
    pub recognise: Option<String>,
    /// Counter of requests.
    pub requests: String,
    /// Labels of that counter, each with what it is like for a failed request: one of them is enough.
    pub errors: Vec<(String, Template)>,
    /// Cumulative buckets of a classic histogram, if there are any.
    pub latency: Option<String>,
    /// Unit of the buckets' edges.
    pub latency_unit: Unit,
    /// Labels that all series must have, each with what it is like, or one of several.
    pub matchers: Vec<Matcher>,
    /// The labels that name a backend.
    pub labels: Vec<String>,
    /// The values of these that name one, in their order; in more than one way where versions of the exporter differ.
    /// Empty: nothing is counted by backend.
    pub namings: Vec<Naming>,
}

/// One way to name a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    /// A value for each label.
    pub values: Vec<Template>,
    /// What series named like this tell apart.
    pub granularity: Granularity,
}

/// A label and what it must be like: one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    /// The label.
    pub label: String,
    /// What it is like. Never empty.
    pub values: Vec<Template>,
}

impl Matcher {
    /// The regular expression of Prometheus for its values.
    pub(super) fn regex(&self) -> String {
        self.values.iter().map(Template::regex).collect::<Vec<_>>().join("|")
    }
}

/// Unit of a histogram's edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    /// Seconds, as Prometheus advises.
    #[default]
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

/// What series tell apart, which decides what may be claimed from them. The finest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Granularity {
    /// Route, rule and backend: the observed share of a split can be claimed.
    Split,
    /// Route and backend: no share when other rules of the route lead there too.
    Route,
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
            Self::Route => "counts per route",
            Self::Service => "counts per Service",
            Self::Rule => "counts per rule",
        })
    }
}

impl Provider {
    /// The gauge of requests under way. Every Envoy has one, with the labels of its counters.
    #[must_use]
    pub fn in_flight(&self) -> Option<&'static str> {
        self.requests.starts_with("envoy_cluster_").then_some("envoy_cluster_upstream_rq_active")
    }

    /// What it counts when a backend does not keep up, each with its counter: all data planes made of Envoy have the same.
    #[must_use]
    pub fn strain(&self) -> Option<&'static [(&'static str, &'static str)]> {
        const ENVOY: &[(&str, &str)] = &[
            ("retries", "envoy_cluster_upstream_rq_retry"),
            ("time-outs", "envoy_cluster_upstream_rq_timeout"),
            ("overflow", "envoy_cluster_upstream_cx_overflow"),
        ];
        self.requests.starts_with("envoy_cluster_").then_some(ENVOY)
    }

    /// The values of the naming labels for `backend`, one for each way to name it that it has: none when it is no
    /// Service, or has no port where the name needs one.
    pub(super) fn names<'a>(
        &'a self,
        backend: &'a RuleBackend,
    ) -> impl Iterator<Item = (Granularity, Vec<Template>)> + 'a {
        let namings = self.namings.iter().filter(|_| backend.to.is_service());
        namings.filter_map(|naming| {
            let values = naming.values.iter().map(|value| value.of(backend));
            Some((naming.granularity, values.collect::<Option<Vec<_>>>()?))
        })
    }

    /// Whether the requests that a series counts have failed.
    pub(super) fn is_error(&self, series: &RawSeries) -> bool {
        self.errors.iter().any(|(label, like)| like.matches(series.label(label)))
    }

    /// The labels that tell classes of requests apart.
    pub(super) fn class_labels(&self) -> impl Iterator<Item = &str> {
        let mut seen: Vec<&str> = Vec::new();
        for (label, _) in &self.errors {
            if !seen.contains(&label.as_str()) {
                seen.push(label);
            }
        }
        seen.into_iter()
    }

    /// The finest that it tells apart; `None` if it counts nothing of backends or rules.
    #[must_use]
    pub fn granularity(&self) -> Option<Granularity> {
        self.namings.iter().map(|naming| naming.granularity).min()
    }

    /// The same, of series with these labels only.
    fn within(&self, matchers: &[Matcher]) -> Self {
        let mut provider = self.clone();
        provider.matchers.extend_from_slice(matchers);
        if let Some(selector) = provider.recognise.as_mut().filter(|selector| selector.ends_with('}')) {
            selector.pop();
            for matcher in matchers {
                let comma = if selector.ends_with(['{', ',']) { "" } else { "," };
                // Writing to a string cannot fail.
                let _ = write!(selector, "{comma}{}=~\"{}\"", matcher.label, quoted(&matcher.regex()));
            }
            selector.push('}');
        }
        provider
    }

    /// Whether it is a data plane, that counts the requests which it sends to backends: one without series got none. Of
    /// backends that count their own, those that are not scraped have none either.
    #[must_use]
    pub fn counts_what_it_sends(&self) -> bool {
        !self.controllers.is_empty()
    }

    /// Whether it counts the requests of routes that this controller serves. One without controllers is asked about any.
    pub(super) fn is_of(&self, controller: &str) -> bool {
        self.controllers.iter().any(|start| controller.starts_with(start.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::{exact, named, place};
    use super::*;

    #[test]
    fn backends_are_named_as_the_exporters_name_them() {
        let backend = place("shop", "checkout-canary", 8080, 1);
        let names = |provider: &str| exact(&named(provider), &backend);
        assert_eq!(names("contour"), [["shop_checkout-canary_8080"]]);
        assert_eq!(names("app"), [["shop", "checkout-canary"]]);
        assert_eq!(names("kgateway"), [["kube_shop_checkout-canary_8080"]]);
        assert_eq!(
            names("envoy-gateway"),
            [["httproute/shop/checkout/rule/0/backend/1"], ["httproute/shop/checkout/rule/0"]]
        );
    }

    #[test]
    fn what_cannot_be_named_has_no_name() {
        let mut backend = place("shop", "checkout", 80, 0);
        backend.to.port = None;
        assert_eq!(named("contour").names(&backend).count(), 0);
        assert_eq!(named("app").names(&backend).count(), 1);
        backend.to.kind = "InferencePool".into();
        assert_eq!(named("app").names(&backend).count(), 0);
    }

    #[test]
    fn a_request_without_an_answer_is_an_error() {
        let linkerd = named("linkerd");
        let is_error = |status: &str, error: &str| {
            let labels = [("http_status", status), ("error", error)];
            let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            linkerd.is_error(&RawSeries { labels, samples: Vec::new() })
        };
        assert!(is_error("503", "") && is_error("", "REQUEST_TIMEOUT") && is_error("500", "UNKNOWN"));
        assert!(!is_error("200", "") && !is_error("404", ""));
    }
}
