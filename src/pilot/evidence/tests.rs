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
use crate::rollout::{Conventions, Direction, Intent};

/// Has series of these backends, by name.
fn series(known: &'static [&'static str]) -> Counted {
    Counted::by(move |backends, since| {
        let known = backends.iter().filter(|backend| known.contains(&&*backend.to.name));
        let counted = BackendCounts { requests: 500.0, newest: Some(since), ..BackendCounts::default() };
        let backends = known.map(|backend| (backend.clone(), counted)).collect();
        Ok(Counts { since, asked_at: since, backends })
    })
}

/// The requests that the gate is told of for the canary, which has weight 0.
async fn counted(metrics: Counted) -> Result<f64, String> {
    let (_, cluster) = FakeServer::start(|_| Answer::Break);
    let folder = tempfile::tempdir().unwrap();
    let journal = Arc::new(Journal::at(folder.path().join("journal.jsonl")));
    let zero = Duration::ZERO;
    let timing = Timing { settle: zero, observe: zero, proof: zero, watch_on: zero };
    let metrics: Arc<dyn MetricSource> = Arc::new(metrics);
    let pilot = Pilot::new(cluster, Some(metrics), journal, Conventions::default(), timing, "ada");
    let one = |name: &str, weight: u32| json!({"name": name, "port": 8080, "weight": weight});
    let backends = [one("checkout-stable", 100), one("checkout-canary", 0), one("checkout-next", 0)];
    let document = json!({
        "metadata": {"namespace": "shop", "name": "checkout", "uid": "u-1", "generation": 1},
        "spec": {"rules": [{ "backendRefs": backends }]},
    });
    let route = Route::from_json(&document.to_string()).unwrap();
    let intent = Intent::Step { rule: 0, direction: Direction::Next, canary: None };
    let plan = pilot.plan(&route, &intent).unwrap();
    match pilot.evidence(&route, &plan, &[]).await?.seen {
        Seen::Entry(counted) => Ok(counted.requests),
        running @ Seen::Running(..) => panic!("it has no traffic: {running:?}"),
    }
}

#[tokio::test]
async fn that_nothing_was_counted_is_known_only_where_something_is_counted() {
    let counted = async |known| counted(series(known)).await;
    assert_eq!(counted(&["checkout-stable"]).await, Ok(0.0));
    assert_eq!(counted(&["checkout-canary"]).await, Ok(500.0));
    let nothing =
        "no series of any backend of this split that has traffic: nobody could be judged afterwards";
    assert_eq!(counted(&[]).await, Err(nothing.to_owned()));
    assert_eq!(counted(&["checkout-next"]).await, Err(nothing.to_owned()), "it has no traffic either");
}
