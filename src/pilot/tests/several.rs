//! A rollback that takes another route as well.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;

use super::store::{Store, drain, route};
use super::{Rig, rig};
use crate::pilot::{NotWritten, Request, Written};
use crate::rollout::{Confirmation, Intent};
use crate::route::{BackendRef, Route, RouteId};

/// A rollback of `shop/checkout` that takes `shop/other` as well, and what it told.
async fn roll_both_back(rig: &Rig) -> (Result<Written, NotWritten>, Vec<String>) {
    let other = Route::from_json(&rig.store.0.lock().unwrap().other.to_string()).unwrap();
    let service = |name| BackendRef::service("shop", name, 8080);
    let (from, into) = (service("checkout-canary"), service("checkout-stable"));
    let intent = Intent::Drain { from, into, other_paths: true };
    let (route, related) = (RouteId::new("shop", "checkout"), vec![Arc::new(other)]);
    let prepared = rig.pilot.prepare(&Request { route, intent, related, everywhere: true }).await.unwrap();
    assert_eq!(prepared.planned.len(), 2);
    let given = Confirmation { reason: None, typed: Some("checkout-stable".into()) };
    let (progress, mut hear) = unbounded_channel();
    let written = rig.pilot.write_only(prepared.confirm(given).unwrap(), &progress).await;
    let mut told = Vec::new();
    while let Ok(progress) = hear.try_recv() {
        told.push(format!("{} {}: {}", progress.route, progress.stage.word(), progress.words));
    }
    (written, told)
}

fn with_other(stable: u32, canary: u32) -> Store {
    Store::new(stable, canary).with(|inner| {
        inner.other = route(60, 40);
        inner.other["metadata"]["name"] = json!("other");
        inner.other["metadata"]["uid"] = json!("u-other");
    })
}

#[tokio::test]
async fn another_route_that_is_not_written_is_told_at_once() {
    let rig = rig(with_other(95, 5).with(|inner| inner.denied = Some("other")));
    let (written, told) = roll_both_back(&rig).await;
    assert_eq!(rig.store.weights(), (100, 0));
    let written = written.unwrap();
    assert_eq!(
        written.unwritten().as_deref(),
        Some("shop/other: nothing was written: policy guard: not now")
    );
    assert_eq!(
        told.last().map(String::as_str),
        Some("shop/other writing: shop/other: nothing was written: policy guard: not now")
    );
}

#[tokio::test]
async fn what_stops_a_rollback_of_one_route_does_not_stop_the_others() {
    for (store, why) in [
        (with_other(95, 5).with(|inner| inner.denied = Some("checkout")), "policy guard"),
        (with_other(95, 5).with(|inner| inner.races = vec![drain]), "somebody else did it"),
    ] {
        let rig = rig(store);
        let (written, _) = roll_both_back(&rig).await;
        let weight = |index: usize| {
            rig.store.0.lock().unwrap().other["spec"]["rules"][0]["backendRefs"][index]["weight"].clone()
        };
        assert_eq!((weight(0), weight(1)), (json!(100), json!(0)), "{why}");
        let failed = written.unwrap().unwritten().unwrap();
        assert!(
            failed.starts_with("shop/checkout: nothing was written: ") && failed.contains(why),
            "{failed}"
        );
    }
}

#[tokio::test]
async fn where_no_route_is_written_the_first_reason_is_told() {
    let rig = rig(with_other(95, 5).with(|inner| inner.denied = Some("")));
    let (written, told) = roll_both_back(&rig).await;
    assert!(matches!(written, Err(NotWritten::Refused(_))));
    assert!(
        told.iter().any(|words| words.starts_with("shop/other writing: shop/other: nothing")),
        "{told:?}"
    );
}
