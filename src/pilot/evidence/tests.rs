//! What the gate is told of a Prometheus that has series of some backends only.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::audit::Journal;
use crate::cluster::{Answer, FakeServer};
use crate::metrics::{BackendCounts, Counts, MetricSource};
use crate::pilot::Timing;
use crate::pilot::counted::Counted;
use crate::rollout::Conventions;

/// Has series of these backends, by name.
fn series(known: &'static [&'static str]) -> Counted {
    Counted::by(move |backends, since| {
        let known = backends.iter().filter(|backend| known.contains(&&*backend.to.name));
        let counted = BackendCounts { requests: 500.0, newest: Some(since), ..BackendCounts::default() };
        let backends = known.map(|backend| (backend.clone(), counted)).collect();
        Ok(Counts { since, asked_at: since, backends })
    })
}

/// What the gate is told of the canary, which has `weight` of 100.
async fn counted(metrics: Counted, weight: u32) -> Result<ErrorCount, String> {
    let (_, cluster) = FakeServer::start(|_| Answer::Break);
    let folder = tempfile::tempdir().unwrap();
    let journal = Arc::new(Journal::at(folder.path().join("journal.jsonl")));
    let zero = Duration::ZERO;
    let timing = Timing { settle: zero, observe: zero, proof: zero, watch_on: zero };
    let metrics: Arc<dyn MetricSource> = Arc::new(metrics);
    let pilot = Pilot::new(cluster, Some(metrics), journal, Conventions::default(), timing, "ada");
    let one = |name: &str, weight: u32| json!({"name": name, "port": 8080, "weight": weight});
    let backends =
        [one("checkout-stable", 100 - weight), one("checkout-canary", weight), one("checkout-next", 0)];
    let document = json!({
        "metadata": {"namespace": "shop", "name": "checkout", "uid": "u-1", "generation": 1},
        "spec": {"rules": [{ "backendRefs": backends }]},
    });
    let route = Route::from_json(&document.to_string()).unwrap();
    let canary = BackendRef::service("shop", "checkout-canary", 8080);
    pilot.count_errors(&route, &canary).await
}

#[tokio::test]
async fn that_nothing_was_counted_is_known_only_where_something_is_counted() {
    let counted = async |known| counted(series(known), 0).await.map(|counted| counted.requests);
    assert_eq!(counted(&["checkout-stable"]).await, Ok(0.0));
    assert_eq!(counted(&["checkout-canary"]).await, Ok(500.0));
    let nothing =
        "no series of any backend of this split that has traffic: nobody could be judged afterwards";
    assert_eq!(counted(&[]).await, Err(nothing.to_owned()));
    assert_eq!(counted(&["checkout-next"]).await, Err(nothing.to_owned()), "it has no traffic either");
}

#[tokio::test]
async fn a_bad_minute_is_not_hidden_by_the_good_ones_before() {
    let now = Timestamp::now();
    let told = async |errors: f64| {
        let metrics = Counted::by(move |backends, since| {
            let is_last = now.duration_since(since) < SignedDuration::from_mins(2);
            let (requests, errors) = if is_last { (400.0, errors) } else { (4000.0, errors + 4.0) };
            let counted = BackendCounts { requests, errors, newest: Some(since), ..BackendCounts::default() };
            let backends = backends.iter().map(|backend| (backend.clone(), counted)).collect();
            Ok(Counts { since, asked_at: since, backends })
        });
        let told = counted(metrics, 10).await.unwrap();
        (told.requests, told.seconds.round())
    };
    assert_eq!(told(22.0).await, (400.0, 60.0), "5.5 % now, 0.65 % in all");
    assert_eq!(told(2.0).await, (4000.0, 600.0));
}
