//! What the gate is told of a Prometheus that has series of some backends only.

use std::collections::HashMap;
use std::future::ready;

use futures::future::{BoxFuture, FutureExt};
use serde_json::json;

use super::*;
use crate::audit::Journal;
use crate::cluster::{Answer, FakeServer};
use crate::metrics::{BackendCounts, Counts, History, MetricError, MetricSource, Provider, Snapshot};
use crate::pilot::Timing;
use crate::rollout::Conventions;

/// Has series of these backends, by name.
struct Series(&'static [&'static str]);

impl MetricSource for Series {
    fn numbers<'a>(
        &'a self,
        _: &'a [BackendRef],
        _: Duration,
    ) -> BoxFuture<'a, Result<Snapshot, MetricError>> {
        panic!("a gate looks at counts")
    }

    fn history<'a>(
        &'a self,
        _: &'a [BackendRef],
        _: Duration,
        _: Duration,
    ) -> BoxFuture<'a, Result<History, MetricError>> {
        panic!("a gate looks at counts")
    }

    fn counts<'a>(
        &'a self,
        backends: &'a [BackendRef],
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Counts, MetricError>> {
        let known = backends.iter().filter(|backend| self.0.contains(&&*backend.name));
        let counted = BackendCounts { requests: 500.0, newest: Some(since), ..BackendCounts::default() };
        let backends: HashMap<_, _> = known.map(|backend| (backend.clone(), counted)).collect();
        ready(Ok(Counts { since, asked_at: since, backends })).boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<(), MetricError>> {
        ready(Ok(())).boxed()
    }

    fn provider(&self) -> Option<&'static Provider> {
        None
    }
}

async fn counted(series: &'static [&'static str]) -> Result<f64, String> {
    let (_, cluster) = FakeServer::start(|_| Answer::Break);
    let folder = tempfile::tempdir().unwrap();
    let journal = Arc::new(Journal::at(folder.path().join("journal.jsonl")));
    let zero = Duration::ZERO;
    let timing = Timing { settle: zero, observe: zero, proof: zero, watch_on: zero };
    let metrics: Arc<dyn MetricSource> = Arc::new(Series(series));
    let pilot = Pilot::new(cluster, Some(metrics), journal, Conventions::default(), timing, "ada");
    let one = |name: &str, weight: u32| json!({"name": name, "port": 8080, "weight": weight});
    let backends = [one("checkout-stable", 100), one("checkout-canary", 0), one("checkout-next", 0)];
    let document = json!({
        "metadata": {"namespace": "shop", "name": "checkout", "uid": "u-1", "generation": 1},
        "spec": {"rules": [{ "backendRefs": backends }]},
    });
    let route = Route::from_json(&document.to_string()).unwrap();
    let canary = BackendRef::service("shop", "checkout-canary", 8080);
    pilot.count_errors(&route, &canary).await.map(|counted| counted.requests)
}

#[tokio::test]
async fn that_nothing_was_counted_is_known_only_where_something_is_counted() {
    assert_eq!(counted(&["checkout-stable"]).await, Ok(0.0));
    assert_eq!(counted(&["checkout-canary"]).await, Ok(500.0));
    let nothing =
        "no series of any backend of this split that has traffic: nobody could be judged afterwards";
    assert_eq!(counted(&[]).await, Err(nothing.to_owned()));
    assert_eq!(counted(&["checkout-next"]).await, Err(nothing.to_owned()), "it has no traffic either");
}
