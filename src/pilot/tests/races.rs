//! Somebody else writes between the dialog and the patch.

use serde_json::{Value, json};

use super::store::{Store, annotate, bump, reweigh};
use super::{rig, rollback, step};
use crate::pilot::NotWritten;

#[tokio::test]
async fn an_advance_on_a_changed_spec_writes_nothing_and_shows_the_new_state() {
    let rig = rig(Store::new(95, 5).with(|inner| inner.races = vec![reweigh]));
    let Err(NotWritten::Changed { words, fresh: Some(fresh) }) = rig.write(step()).await else { panic!() };
    assert!(words.contains("checkout-canary 5") && words.contains("checkout-canary 20"), "{words}");
    assert_eq!(fresh.rules[0].backends[1].weight, 20);
    assert_eq!(rig.store.weights(), (80, 20), "the other's change stands");
    assert!(rig.journal.unfinished().unwrap().is_empty(), "the journal knows that it ended");
}

#[tokio::test]
async fn a_rollback_on_a_changed_spec_is_planned_again_and_done() {
    let rig = rig(Store::new(95, 5).with(|inner| inner.races = vec![reweigh, reweigh]));
    rig.write(rollback()).await.unwrap();
    assert_eq!(rig.store.weights(), (100, 0));
    assert_eq!(rig.journal.unfinished().unwrap().len(), 1, "one change, though it was planned again");
}

#[tokio::test]
async fn somebody_elses_annotations_are_kept_and_stop_nobody() {
    let rig = rig(Store::new(95, 5).with(|inner| inner.races = vec![annotate, annotate]));
    rig.write(step()).await.unwrap();
    assert_eq!(rig.store.weights(), (90, 10));
    let annotations = rig.store.annotations();
    assert_eq!(annotations["racer-0"], "kept", "{annotations}");
    assert!(annotations["tidegate.dev/last-change"].is_string());
}

#[tokio::test]
async fn a_rollback_sends_traffic_nowhere_that_was_not_confirmed() {
    fn redirect(route: &mut Value) {
        route["spec"]["rules"][0]["backendRefs"][0]["name"] = json!("elsewhere");
        bump(route);
    }
    let rig = rig(Store::new(95, 5).with(|inner| inner.races = vec![redirect]));
    let Err(NotWritten::Changed { words, .. }) = rig.write(rollback()).await else { panic!() };
    assert!(words.contains("backends changed"), "{words}");
    assert_eq!(rig.store.weights(), (95, 5));
}

#[tokio::test]
async fn a_route_made_again_is_another_route() {
    fn recreate(route: &mut Value) {
        route["metadata"]["uid"] = json!("u-2");
    }
    let rig = rig(Store::new(95, 5).with(|inner| inner.races = vec![recreate]));
    assert!(matches!(rig.write(rollback()).await, Err(NotWritten::Changed { .. })));
    assert_eq!(rig.store.weights(), (95, 5));
}
