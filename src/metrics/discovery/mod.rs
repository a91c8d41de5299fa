//! Looks for a Prometheus in the cluster when nobody has named one, and asks it through the API server: a kubeconfig is
//! enough then. One list of Services, and one question to each that looks like one.

mod usual;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, join_all};
use jiff::Timestamp;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::access::Access;
use super::error::MetricError;
use super::model::{Counts, History, Snapshot};
use super::prometheus::PrometheusSource;
use super::provider::{Granularity, Providers};
use super::{MetricSource, Named, Origin, Strain};
use crate::cluster::{Cluster, Why};
use crate::route::{RouteId, RuleBackend};
use crate::stats::Ticks;
use usual::candidates;

/// How long a Service has to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// More are not asked: names alone mislead then.
const MOST: usize = 12;
/// After so long it is looked for again.
const AGAIN: Duration = Duration::from_mins(1);

/// The Prometheus of a cluster, looked for with the first question.
pub struct Discovered {
    cluster: Cluster,
    /// What holds for whatever is found: headers.
    access: Access,
    providers: Providers,
    found: OnceCell<PrometheusSource>,
    /// When none was found, and why.
    missed: Mutex<Option<(Instant, MetricError)>>,
}

impl Discovered {
    /// Asks nobody yet. Of `access` only the headers are of use: the API server passes no login on.
    #[must_use]
    pub fn new(cluster: &Cluster, access: &Access, providers: Providers) -> Self {
        let access = Access { headers: access.headers.clone(), ..Access::default() };
        Self { cluster: cluster.clone(), access, providers, found: OnceCell::new(), missed: Mutex::new(None) }
    }

    async fn source(&self) -> Result<&PrometheusSource, MetricError> {
        self.found
            .get_or_try_init(|| async {
                if let Some((at, error)) = self.missed()
                    && at.elapsed() < AGAIN
                {
                    return Err(error);
                }
                let looked = self.look().await;
                if let Err(error) = &looked {
                    let missed = Some((Instant::now(), error.clone()));
                    *self.missed.lock().unwrap_or_else(PoisonError::into_inner) = missed;
                }
                looked
            })
            .await
    }

    fn missed(&self) -> Option<(Instant, MetricError)> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn look(&self) -> Result<PrometheusSource, MetricError> {
        let services = self.cluster.services().await.map_err(|trouble| match trouble.why {
            Why::Forbidden(_) => MetricError::NoneFound { why: trouble.why.to_string() },
            _ => MetricError::NotLooked { why: trouble.to_string() },
        })?;
        let mut candidates = candidates(&services);
        candidates.truncate(MOST);
        let asked = join_all(candidates.iter().map(|candidate| async {
            let url = format!("kube://{}{}", candidate.service, candidate.prefix);
            (self.ask(&url).await, url)
        }))
        .await;
        let (mut answer, mut silent) = (Vec::new(), Vec::new());
        for (outcome, url) in asked {
            match outcome {
                Ok(source) => answer.push((source, url)),
                Err(error) => silent.push(error),
            }
        }
        match (answer.pop(), answer.as_slice(), silent.as_slice()) {
            (Some((source, _)), [], _) => Ok(source),
            (Some((_, last)), others, _) => {
                let urls = others.iter().map(|(_, url)| url.clone()).chain([last]).collect();
                Err(MetricError::SeveralFound { urls })
            }
            (None, _, []) => Err(MetricError::NoneFound {
                why: "no Service has a usual name or label of Prometheus, Thanos, Mimir or VictoriaMetrics"
                    .to_owned(),
            }),
            (None, _, all) => {
                let tells = all.iter().find(|error| !error.is_refusal()).or(all.first());
                let why = tells.map(ToString::to_string).unwrap_or_default();
                if all.iter().all(MetricError::is_refusal) {
                    Err(MetricError::NoneFound { why })
                } else {
                    Err(MetricError::NoneAnswers { why })
                }
            }
        }
    }

    async fn ask(&self, url: &str) -> Result<PrometheusSource, MetricError> {
        let (access, providers) = (&self.access, self.providers.clone());
        let source = PrometheusSource::reach(url, access, &self.cluster, providers)?.found();
        let late = |_| MetricError::TimedOut { url: url.to_owned(), after: PATIENCE };
        tokio::time::timeout(PATIENCE, source.check()).await.map_err(late)??;
        Ok(source)
    }
}

impl MetricSource for Discovered {
    fn numbers<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        window: Duration,
    ) -> BoxFuture<'a, Result<Snapshot, MetricError>> {
        async move { self.source().await?.numbers(backends, window).await }.boxed()
    }

    fn history<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        span: Duration,
        step: Duration,
    ) -> BoxFuture<'a, Result<History, MetricError>> {
        async move { self.source().await?.history(backends, span, step).await }.boxed()
    }

    fn counts<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Counts, MetricError>> {
        async move { self.source().await?.counts(backends, since).await }.boxed()
    }

    fn firing<'a>(
        &'a self,
        about: &'a [Named],
    ) -> BoxFuture<'a, Result<Vec<BTreeMap<String, String>>, MetricError>> {
        async move { self.source().await?.firing(about).await }.boxed()
    }

    fn strain<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Option<Vec<Strain>>, MetricError>> {
        async move { self.source().await?.strain(backends, since).await }.boxed()
    }

    fn values<'a>(&'a self, promql: &'a str) -> BoxFuture<'a, Result<Vec<f64>, MetricError>> {
        async move { self.source().await?.values(promql).await }.boxed()
    }

    fn ticks<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Ticks, MetricError>> {
        async move { self.source().await?.ticks(backends, since).await }.boxed()
    }

    fn in_flight<'a>(
        &'a self,
        backends: &'a [RuleBackend],
    ) -> BoxFuture<'a, Result<Option<f64>, MetricError>> {
        async move { self.source().await?.in_flight(backends).await }.boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<(), MetricError>> {
        async move { self.source().await?.check().await }.boxed()
    }

    fn granularity(&self, route: &RouteId) -> Option<Granularity> {
        self.found.get()?.granularity(route)
    }

    fn origin(&self) -> Option<Origin> {
        self.found.get()?.origin()
    }
}

#[cfg(test)]
mod tests {
    use super::super::provider::fixture::place;
    use super::*;
    use crate::cluster::{Answer, Asked, FakeServer, status_json};

    const ONE: &str =
        r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1"]}]}}"#;

    /// A cluster with these Services, of which each answers as told.
    fn cluster(
        services: &[&str],
        answer: impl Fn(&str) -> Answer + Send + 'static,
    ) -> (FakeServer, Discovered) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let items: Vec<_> = services
            .iter()
            .map(|name| {
                serde_json::json!({
                    "metadata": {"namespace": "monitoring", "name": name},
                    "spec": {"ports": [{"name": "web", "port": 9090}]},
                })
            })
            .collect();
        let list = serde_json::json!({"metadata": {}, "items": items}).to_string();
        let (server, cluster) = FakeServer::start(move |asked: &Asked| {
            if asked.line.starts_with("GET /api/v1/services?") {
                return Answer::Say(200, list.clone());
            }
            answer(&asked.line)
        });
        (server, Discovered::new(&cluster, &Access::default(), Providers::default()))
    }

    #[tokio::test]
    async fn the_only_one_is_used_and_told() {
        let (server, source) = cluster(&["web", "prometheus"], |_| Answer::Say(200, ONE.to_owned()));
        assert_eq!(source.origin(), None, "nobody is asked before the first question");
        source.check().await.unwrap();
        let url = "kube://monitoring/prometheus:9090".to_owned();
        assert_eq!(source.origin(), Some(Origin { url, found: true }));
        source.check().await.unwrap();
        let lists = server.lines().iter().filter(|line| line.contains("/services?")).count();
        assert_eq!(lists, 1, "{:?}", server.lines());
        let ask = "GET /api/v1/namespaces/monitoring/services/prometheus:9090/proxy/api/v1/query?query=vector%281%29";
        assert!(server.lines()[1].starts_with(ask), "{:?}", server.lines());
    }

    #[tokio::test]
    async fn no_question_is_longer_than_what_stands_before_the_api_server_takes() {
        let (server, source) =
            cluster(&["prometheus"], |_| Answer::Say(200, ONE.replace("{}", r#"{"tidegate_provider":"0"}"#)));
        let name = |index: usize| format!("{index:0>63}");
        let backends: Vec<_> =
            (0..100).map(|index| place(&"n".repeat(63), &name(index), 65_535, index)).collect();
        source.numbers(&backends, AGAIN).await.unwrap();
        let lines = server.lines();
        for index in 0..100 {
            let asked = lines.iter().filter(|line| line.contains(&name(index))).count();
            assert_eq!(asked, 3, "rates, buckets and age of {index}");
        }
        let longest = lines.iter().map(String::len).max();
        assert!(longest < Some(8 << 10), "{longest:?}");
    }

    #[tokio::test]
    async fn of_several_none_is_chosen() {
        let names = ["blue-prometheus-server", "green-prometheus-server", "prometheus-adapter"];
        let (_, source) = cluster(&names, |_| Answer::Say(200, ONE.to_owned()));
        let error = source.check().await.unwrap_err();
        assert!(error.is_absence());
        assert_eq!(
            error.to_string(),
            "this cluster has several Prometheus (kube://monitoring/blue-prometheus-server:9090, \
             kube://monitoring/green-prometheus-server:9090); name the one that scrapes the gateway with --prometheus"
        );
    }

    #[tokio::test]
    async fn nothing_found_and_nothing_permitted_is_told_once() {
        let (server, source) = cluster(&["web"], |_| Answer::Say(200, ONE.to_owned()));
        let error = source.check().await.unwrap_err();
        assert!(error.to_string().contains("no Service has a usual name or label"), "{error}");
        assert_eq!(source.check().await.unwrap_err(), error);
        assert_eq!(server.lines().len(), 1, "not looked for again at once");

        let right = "services \"prometheus:9090\" is forbidden: User \"v\" cannot get resource \"services/proxy\" \
                     in API group \"\" in the namespace \"monitoring\"";
        let (_, source) =
            cluster(&["prometheus"], move |_| Answer::Say(403, status_json(403, "Forbidden", right)));
        let error = source.check().await.unwrap_err();
        assert!(error.is_absence());
        assert_eq!(
            error.to_string(),
            "no Prometheus was found in this cluster: Prometheus at kube://monitoring/prometheus:9090 cannot be \
             asked through the API server: you lack the right to get services/proxy in namespace monitoring (403). \
             Name one with --prometheus URL"
        );
    }

    #[tokio::test]
    async fn one_that_is_down_may_come_back() {
        let down = "error trying to reach service: dial tcp 10.0.0.1:9090: connect: connection refused";
        let (_, source) = cluster(&["prometheus"], move |_| Answer::Say(503, down.to_owned()));
        let error = source.check().await.unwrap_err();
        assert!(!error.is_absence());
        assert_eq!(
            error.to_string(),
            "a Prometheus was found in this cluster, but gives no numbers: Prometheus at \
             kube://monitoring/prometheus:9090 is unable to answer now (503): error trying to reach service: dial tcp \
             10.0.0.1:9090: connect: connection refused. tidegate asks again"
        );
    }
}
