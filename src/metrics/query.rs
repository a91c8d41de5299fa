//! `PromQL` for a provider and a set of backends, and dealing its answer out to them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use prometheus_http_query::Selector;

use super::decode::RawSeries;
use super::provider::Provider;
use crate::route::RuleBackend;

/// Labels by which the two halves of a highly available Prometheus mark the same series.
pub(super) const REPLICA_LABELS: [&str; 2] = ["replica", "prometheus_replica"];

/// Backends a question may hold. Prometheus looks an alternation of up to 256 plain names up in its
/// index (`maxSetMatches` in its model/labels/regexp.go); above that it runs the expression over
/// every value the label has, which in a large cluster costs more than a second question.
pub(super) const BACKENDS_PER_QUESTION: usize = 256;

/// One provider asked about some backends.
pub(super) struct Question {
    provider: Arc<Provider>,
    backends: HashMap<Vec<String>, Vec<RuleBackend>>,
}

impl Question {
    /// The questions that cover all backends a provider can name: one, unless there are very many.
    pub fn all(provider: &Arc<Provider>, backends: &[RuleBackend]) -> Vec<Self> {
        let mut named: HashMap<Vec<String>, Vec<RuleBackend>> = HashMap::new();
        for backend in backends {
            if let Some(key) = provider.key(&backend.to) {
                let same = named.entry(key).or_default();
                if !same.contains(backend) {
                    same.push(backend.clone());
                }
            }
        }
        // In order of their names, so that the same backends always give the same query.
        let mut named: Vec<_> = named.into_iter().collect();
        named.sort();
        named
            .chunks(BACKENDS_PER_QUESTION)
            .map(|some| Self { provider: Arc::clone(provider), backends: some.iter().cloned().collect() })
            .collect()
    }

    /// Requests a second by class.
    pub fn rates(&self, window: Duration) -> String {
        self.rate_by(&self.provider.requests, &self.provider.class_label, window)
    }

    /// Requests a second below each edge.
    pub fn buckets(&self, window: Duration) -> String {
        self.rate_by(&self.provider.latency, "le", window)
    }

    /// When the newest sample was taken, as seconds since 1970.
    pub fn newest(&self) -> String {
        let by = self.by(None);
        format!("max by ({by}) (timestamp({}))", self.selector(&self.provider.requests))
    }

    /// Every stored sample of the request counters in the last `window`.
    pub fn raw(&self, window: Duration) -> String {
        format!("{}[{}]", self.selector(&self.provider.requests), duration(window))
    }

    /// The two halves of an HA pair hold the same series twice: the larger one counts, not the sum.
    fn rate_by(&self, metric: &str, label: &str, window: Duration) -> String {
        format!(
            "sum by ({}) (max without ({}) (rate({}[{}])))",
            self.by(Some(label)),
            REPLICA_LABELS.join(", "),
            self.selector(metric),
            duration(window)
        )
    }

    /// The labels to group by. `cluster` is among them to notice several clusters, see
    /// [`Question::clusters`].
    fn by(&self, label: Option<&str>) -> String {
        let names = self.provider.naming.iter().map(|(name, _)| name.as_str());
        names.chain(label).chain(["cluster"]).collect::<Vec<_>>().join(", ")
    }

    /// With two naming labels this selects their product, which is more than was asked for;
    /// [`Question::backends_of`] leaves the rest out.
    fn selector(&self, metric: &str) -> String {
        let patterns: Vec<String> = (0..self.provider.naming.len())
            .map(|i| {
                let values: BTreeSet<&String> = self.backends.keys().filter_map(|key| key.get(i)).collect();
                values.into_iter().map(|value| quoted(&literal(value))).collect::<Vec<_>>().join("|")
            })
            .collect();
        let mut selector = Selector::new().metric(metric);
        for ((label, _), pattern) in self.provider.naming.iter().zip(&patterns) {
            selector = selector.regex_eq(label, pattern);
        }
        selector.to_string()
    }

    /// The backends a series belongs to: usually one, several if the provider knows no ports.
    pub fn backends_of(&self, series: &RawSeries) -> &[RuleBackend] {
        let key: Vec<String> =
            self.provider.naming.iter().map(|(label, _)| series.label(label).to_owned()).collect();
        self.backends.get(&key).map_or(&[], Vec::as_slice)
    }

    /// The values of `cluster` if one backend has several: a Thanos or Mimir may hold its namesakes in
    /// other clusters, and the sum of those would be a number of nothing.
    pub fn clusters(&self, series: &[RawSeries]) -> Option<Vec<String>> {
        let mut of: HashMap<&RuleBackend, BTreeSet<&str>> = HashMap::new();
        for series in series {
            for backend in self.backends_of(series) {
                of.entry(backend).or_default().insert(series.label("cluster"));
            }
        }
        let several = of.into_values().find(|clusters| clusters.len() > 1)?;
        Some(
            several
                .into_iter()
                .map(|name| if name.is_empty() { "(none)" } else { name }.to_owned())
                .collect(),
        )
    }
}

/// The label by which the answer to [`recognise`] names providers.
pub(super) const PROVIDER_LABEL: &str = "tidegate_provider";

/// Which of `providers` have series, as one question.
pub(super) fn recognise(providers: &[Arc<Provider>]) -> String {
    providers
        .iter()
        .map(|p| {
            format!("label_replace(count({}), \"{PROVIDER_LABEL}\", \"{}\", \"\", \"\")", p.recognise, p.name)
        })
        .collect::<Vec<_>>()
        .join(" or ")
}

/// Whether the targets of these jobs and instances are up; `None` if there are none to ask for.
pub(super) fn up((jobs, instances): &(Vec<&str>, Vec<&str>)) -> Option<String> {
    if jobs.is_empty() || instances.is_empty() {
        return None;
    }
    let pattern = |values: &[&str]| values.iter().map(|v| quoted(&literal(v))).collect::<Vec<_>>().join("|");
    let (jobs, instances) = (pattern(jobs), pattern(instances));
    Some(Selector::new().metric("up").regex_eq("job", &jobs).regex_eq("instance", &instances).to_string())
}

/// `value` as a regular expression that matches only itself.
fn literal(value: &str) -> String {
    let mut pattern = String::with_capacity(value.len());
    for c in value.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// `text` as the inside of a `PromQL` string in double quotes.
fn quoted(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// A `PromQL` duration, to the millisecond and at least one.
fn duration(duration: Duration) -> String {
    let milliseconds = duration.as_millis().max(1);
    if milliseconds.is_multiple_of(1000) {
        format!("{}s", milliseconds / 1000)
    } else {
        format!("{milliseconds}ms")
    }
}

#[cfg(test)]
mod tests {
    use super::super::provider::PROVIDERS;
    use super::*;
    use crate::route::{BackendRef, RouteId};

    const MINUTE: Duration = Duration::from_mins(1);

    fn services(names: &[&str]) -> Vec<RuleBackend> {
        let place = |(index, name): (usize, &&str)| RuleBackend {
            route: RouteId::new("shop", "checkout"),
            rule: 0,
            index,
            to: BackendRef::service("shop", name, 8080),
        };
        names.iter().enumerate().map(place).collect()
    }

    fn one(provider: usize, names: &[&str]) -> Question {
        Question::all(&PROVIDERS[provider], &services(names)).remove(0)
    }

    #[test]
    fn queries_of_contour() {
        let question = one(0, &["stable", "canary"]);
        assert_eq!(
            question.rates(MINUTE),
            "sum by (envoy_cluster_name, envoy_response_code_class, cluster) \
             (max without (replica, prometheus_replica) (rate({__name__=\"envoy_cluster_upstream_rq_xx\",\
             envoy_cluster_name=~\"shop_canary_8080|shop_stable_8080\"}[60s])))"
        );
        assert_eq!(
            question.newest(),
            "max by (envoy_cluster_name, cluster) (timestamp({__name__=\"envoy_cluster_upstream_rq_xx\",\
             envoy_cluster_name=~\"shop_canary_8080|shop_stable_8080\"}))"
        );
        assert!(question.raw(Duration::from_millis(1500)).ends_with("}[1500ms]"));
    }

    #[test]
    fn queries_of_the_app() {
        assert_eq!(
            one(1, &["stable"]).buckets(MINUTE),
            "sum by (namespace, service, le, cluster) (max without (replica, prometheus_replica) \
             (rate({__name__=\"http_request_duration_seconds_bucket\",\
             namespace=~\"shop\",service=~\"stable\"}[60s])))"
        );
    }

    #[test]
    fn names_are_taken_literally() {
        assert_eq!(quoted(&literal("a.b")), r"a\\.b");
        assert_eq!(quoted(&literal("a\"|b\\")), r#"a\"\\|b\\\\"#);
        assert_eq!(literal("x-1_y"), "x-1_y");
    }

    #[test]
    fn a_series_finds_its_backends_and_strangers_find_none() {
        let question = one(1, &["stable", "canary"]);
        let series = |namespace: &str, service: &str| RawSeries {
            labels: [("namespace", namespace), ("service", service)]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .into(),
            samples: vec![],
        };
        assert_eq!(question.backends_of(&series("shop", "canary")), &services(&["stable", "canary"])[1..]);
        assert_eq!(question.backends_of(&series("other", "canary")), []);
    }

    #[test]
    fn one_question_up_to_the_limit() {
        let names: Vec<String> = (0..=BACKENDS_PER_QUESTION).map(|i| format!("s{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(Question::all(&PROVIDERS[0], &services(&names[1..])).len(), 1);
        assert_eq!(Question::all(&PROVIDERS[0], &services(&names)).len(), 2);
        assert!(Question::all(&PROVIDERS[0], &[]).is_empty());
    }

    #[test]
    fn several_clusters_of_one_backend_are_noticed() {
        let question = one(0, &["a", "b"]);
        let of = |name: &str, cluster: &str| RawSeries {
            labels: [("envoy_cluster_name", name), ("cluster", cluster)]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .into(),
            samples: vec![],
        };
        let (a, b) = ("shop_a_8080", "shop_b_8080");
        assert_eq!(question.clusters(&[of(a, "eu"), of(a, "eu"), of(b, "us")]), None);
        let several = question.clusters(&[of(a, "us"), of(a, ""), of(b, "us")]);
        assert_eq!(several, Some(vec!["(none)".to_owned(), "us".to_owned()]));
    }
}
