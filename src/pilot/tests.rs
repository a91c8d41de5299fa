//! What becomes of a confirmed change.

mod races;
mod several;
mod silence;
mod store;

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::mpsc::unbounded_channel;

use super::{NotWritten, Pilot, PrepareError, Prepared, Request, Timing, Written};
use crate::audit::Journal;
use crate::cluster::FakeServer;
use crate::rollout::{Confirmation, Conventions, Direction, Intent};
use crate::route::{BackendRef, RouteId};
use store::Store;

struct Rig {
    pilot: Pilot,
    store: Store,
    journal: Arc<Journal>,
    _folder: TempDir,
}

fn rig(store: Store) -> Rig {
    let folder = tempfile::tempdir().unwrap();
    let journal = Arc::new(Journal::at(folder.path().join("state/journal.jsonl")));
    rig_with(store, folder, journal)
}

fn rig_with(store: Store, folder: TempDir, journal: Arc<Journal>) -> Rig {
    let answering = store.clone();
    let (_, cluster) = FakeServer::start(move |asked| answering.answer(asked));
    let zero = Duration::ZERO;
    let timing = Timing { settle: zero, observe: zero, proof: zero, watch_on: zero };
    let pilot = Pilot::new(cluster, None, journal.clone(), Conventions::default(), timing, "ada");
    Rig { pilot, store, journal, _folder: folder }
}

impl Rig {
    async fn prepare(&self, intent: Intent) -> Result<Prepared, PrepareError> {
        let route = RouteId::new("shop", "checkout");
        self.pilot.prepare(&Request { route, intent, related: Vec::new(), everywhere: true }).await
    }

    async fn write(&self, intent: Intent) -> Result<Written, NotWritten> {
        let prepared = self.prepare(intent).await.unwrap();
        let given = Confirmation { reason: Some("a test".into()), typed: Some("checkout-stable".into()) };
        let confirmed = prepared.confirm(given).unwrap();
        let (progress, _hear) = unbounded_channel();
        self.pilot.write_only(confirmed, &progress).await
    }
}

fn step() -> Intent {
    Intent::Step { rule: 0, direction: Direction::Next, canary: None }
}

fn rollback() -> Intent {
    let service = |name| BackendRef::service("shop", name, 8080);
    Intent::Drain { from: service("checkout-canary"), into: service("checkout-stable"), other_paths: false }
}

#[tokio::test]
async fn a_step_writes_the_weights_and_leaves_its_trace() {
    let rig = rig(Store::new(95, 5));
    rig.write(step()).await.unwrap();
    assert_eq!(rig.store.weights(), (90, 10));
    let last = rig.store.annotations()["tidegate.dev/last-change"].as_str().unwrap().to_owned();
    assert!(last.contains("\"actor\":\"ada\"") && last.contains("\"reason\":\"a test\""), "{last}");
    let open = rig.journal.unfinished().unwrap();
    assert_eq!(open.len(), 1, "written, and not yet proven");
    assert!(last.contains(&open[0].id));
}

#[tokio::test]
async fn what_is_not_confirmed_is_not_written() {
    let rig = rig(Store::new(95, 5));
    let prepared = rig.prepare(step()).await.unwrap();
    assert!(prepared.confirm(Confirmation::default()).is_err(), "without metrics the gate wants a reason");
    assert_eq!(rig.store.weights(), (95, 5));
    assert!(rig.journal.unfinished().unwrap().is_empty());
}

#[tokio::test]
async fn our_own_trace_does_not_stop_a_rollback() {
    let rig = rig(Store::new(95, 5).with(|inner| inner.no_annotations = true));
    rig.write(rollback()).await.unwrap();
    assert_eq!(rig.store.weights(), (100, 0));
}

#[tokio::test]
async fn refusals_are_named() {
    let forbidden = "httproutes.gateway.networking.k8s.io \"checkout\" is forbidden: User \"v\" cannot patch resource \
        \"httproutes\" in API group \"gateway.networking.k8s.io\" in the namespace \"shop\"";
    let viewer = rig(Store::new(95, 5).with(|inner| inner.refuse = Some((403, forbidden))));
    let Err(NotWritten::Forbidden(words)) = viewer.write(rollback()).await else { panic!() };
    assert!(words.contains("patch httproutes"), "{words}");
    let webhook = "admission webhook \"guard.example\" denied the request: no changes on Fridays";
    let friday = rig(Store::new(95, 5).with(|inner| inner.refuse = Some((400, webhook))));
    let Err(NotWritten::Refused(words)) = friday.write(rollback()).await else { panic!() };
    assert!(words.contains("guard.example") && words.contains("Fridays"), "{words}");
}

#[tokio::test]
async fn without_a_journal_an_advance_stops_and_a_rollback_goes_on() {
    let broken = || {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("state"), "a file where the folder should be").unwrap();
        let journal = Arc::new(Journal::at(folder.path().join("state/journal.jsonl")));
        rig_with(Store::new(95, 5), folder, journal)
    };
    let advance = broken();
    assert!(matches!(advance.write(step()).await, Err(NotWritten::NoJournal(_))));
    assert_eq!(advance.store.weights(), (95, 5));
    let rolled_back = broken();
    rolled_back.write(rollback()).await.unwrap();
    assert_eq!(rolled_back.store.weights(), (100, 0));
}

#[tokio::test]
async fn an_unfinished_change_is_taken_up_or_closed() {
    let rig = rig(Store::new(95, 5));
    rig.write(step()).await.unwrap();
    let open = rig.journal.unfinished().unwrap();
    let (progress, _hear) = unbounded_channel();
    let ending = rig.pilot.resume(&open[0], &progress).await;
    assert!(ending.to_string().contains("no Prometheus"), "{ending}");
    assert!(rig.journal.unfinished().unwrap().is_empty());
}
