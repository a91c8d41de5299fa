//! What becomes of a confirmed change when somebody else writes, or the answer is lost.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::unbounded_channel;

use super::{NotWritten, Pilot, PrepareError, Prepared, Request, Timing, Written};
use crate::audit::Journal;
use crate::cluster::{Answer, Asked, FakeServer};
use crate::rollout::{Confirmation, Conventions, Direction, Intent};
use crate::route::{BackendRef, Route, RouteId};

/// One route behind a server that applies patches. Before a patch is applied, somebody else may write; after
/// it, the answer may be lost.
#[derive(Clone, Default)]
struct Store(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    route: Value,
    /// Route `shop/other`, if there is one.
    other: Value,
    /// Writes of this route are denied by a policy, though not their dry runs.
    denied: Option<&'static str>,
    races: Vec<fn(&mut Value)>,
    lose_answers: usize,
    drop_requests: usize,
    refuse: Option<(u16, &'static str)>,
    /// A policy that takes no annotations.
    no_annotations: bool,
}

fn route(stable: u32, canary: u32) -> Value {
    json!({
        "metadata": {"namespace": "shop", "name": "checkout", "uid": "u-1", "generation": 1},
        "spec": {"rules": [{"backendRefs": [
            {"name": "checkout-stable", "port": 8080, "weight": stable},
            {"name": "checkout-canary", "port": 8080, "weight": canary},
        ]}]},
    })
}

impl Store {
    fn new(stable: u32, canary: u32) -> Self {
        let store = Self::default();
        store.0.lock().unwrap().route = route(stable, canary);
        store
    }

    fn with(self, change: impl FnOnce(&mut Inner)) -> Self {
        change(&mut self.0.lock().unwrap());
        self
    }

    fn weights(&self) -> (u64, u64) {
        let inner = self.0.lock().unwrap();
        let refs = &inner.route["spec"]["rules"][0]["backendRefs"];
        (refs[0]["weight"].as_u64().unwrap(), refs[1]["weight"].as_u64().unwrap())
    }

    fn annotations(&self) -> Value {
        self.0.lock().unwrap().route["metadata"]["annotations"].clone()
    }

    fn answer(&self, asked: &Asked) -> Answer {
        let mut inner = self.0.lock().unwrap();
        let dry_run = asked.line.contains("dryRun=All");
        let denied = inner.denied.filter(|name| asked.line.contains(&format!("/httproutes/{name}")));
        if denied.is_some() && asked.line.starts_with("PATCH") && !dry_run {
            let words = "ValidatingAdmissionPolicy 'guard' with binding 'guard' denied request: not now";
            return Answer::Say(422, status(422, words));
        }
        if asked.line.contains("/httproutes/other") {
            if asked.line.starts_with("PATCH") {
                let patched = apply(&inner.other, &asked.body).unwrap();
                let kept = if dry_run { &mut Value::Null } else { &mut inner.other };
                kept.clone_from(&patched);
                return Answer::Say(200, patched.to_string());
            }
            return Answer::Say(200, inner.other.to_string());
        }
        if !asked.line.contains("/httproutes/checkout") {
            return Answer::Say(403, status(403, "not allowed to look"));
        }
        if asked.line.starts_with("GET") {
            return Answer::Say(200, inner.route.to_string());
        }
        if let Some((code, message)) = inner.refuse {
            return Answer::Say(code, status(code, message));
        }
        if !dry_run && inner.drop_requests > 0 {
            inner.drop_requests -= 1;
            return Answer::Break;
        }
        if !dry_run && let Some(race) = inner.races.pop() {
            race(&mut inner.route);
        }
        let Some(patched) = apply(&inner.route, &asked.body) else {
            let words = "the server rejected our request due to an error in our request";
            return Answer::Say(422, status(422, words));
        };
        if inner.no_annotations
            && patched["metadata"]["annotations"] != inner.route["metadata"]["annotations"]
        {
            let words =
                "ValidatingAdmissionPolicy 'guard' with binding 'guard' denied request: no annotations";
            return Answer::Say(422, status(422, words));
        }
        if dry_run {
            return Answer::Say(200, patched.to_string());
        }
        inner.route = patched;
        if inner.lose_answers > 0 {
            inner.lose_answers -= 1;
            return Answer::Break;
        }
        Answer::Say(200, inner.route.to_string())
    }
}

fn status(code: u16, message: &str) -> String {
    json!({"kind": "Status", "status": "Failure", "code": code, "message": message, "reason": "Invalid"})
        .to_string()
}

/// As the API server: `test` for `null` passes on what is absent, and an edit of the spec bumps the generation.
fn apply(route: &Value, body: &[u8]) -> Option<Value> {
    let mut patch: json_patch::Patch = serde_json::from_slice(body).unwrap();
    patch.0.retain(|operation| match operation {
        json_patch::PatchOperation::Test(test) if test.value.is_null() => {
            route.pointer(test.path.as_str()).is_some()
        }
        _ => true,
    });
    let mut patched = route.clone();
    json_patch::patch(&mut patched, &patch).ok()?;
    if patched["spec"] != route["spec"] {
        bump(&mut patched);
    }
    Some(patched)
}

fn bump(route: &mut Value) {
    let generation = route["metadata"]["generation"].as_i64().unwrap();
    route["metadata"]["generation"] = json!(generation + 1);
}

fn reweigh(route: &mut Value) {
    route["spec"]["rules"][0]["backendRefs"][0]["weight"] = json!(80);
    route["spec"]["rules"][0]["backendRefs"][1]["weight"] = json!(20);
    bump(route);
}

fn annotate(route: &mut Value) {
    let name =
        format!("racer-{}", route["metadata"]["annotations"].as_object().map_or(0, serde_json::Map::len));
    route["metadata"]["annotations"][name] = json!("kept");
}

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

#[tokio::test(start_paused = true)]
async fn a_write_that_was_never_answered_is_not_called_unwritten() {
    let rig = rig(Store::new(95, 5).with(|inner| inner.drop_requests = usize::MAX));
    assert!(matches!(rig.write(rollback()).await, Err(NotWritten::Unknown(_))));
    assert_eq!(rig.journal.unfinished().unwrap().len(), 1, "the next start looks again");
}

#[tokio::test]
async fn our_own_trace_does_not_stop_a_rollback() {
    let rig = rig(Store::new(95, 5).with(|inner| inner.no_annotations = true));
    rig.write(rollback()).await.unwrap();
    assert_eq!(rig.store.weights(), (100, 0));
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

#[tokio::test]
async fn a_lost_answer_is_found_again_by_the_id_in_the_annotation() {
    let rig = rig(Store::new(95, 5).with(|inner| inner.lose_answers = 1));
    rig.write(step()).await.unwrap();
    assert_eq!(rig.store.weights(), (90, 10), "written once");
}

#[tokio::test(start_paused = true)]
async fn an_advance_without_an_answer_is_not_sent_twice_and_a_rollback_is() {
    let lost = || Store::new(95, 5).with(|inner| inner.drop_requests = 1);
    let advance = rig(lost());
    assert!(matches!(advance.write(step()).await, Err(NotWritten::Unknown(_))));
    assert_eq!(advance.store.weights(), (95, 5));
    assert_eq!(advance.journal.unfinished().unwrap().len(), 1, "its end is not known");
    let rollback_rig = rig(lost());
    rollback_rig.write(rollback()).await.unwrap();
    assert_eq!(rollback_rig.store.weights(), (100, 0));
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
    fn drain(route: &mut Value) {
        route["spec"]["rules"][0]["backendRefs"][1]["weight"] = json!(0);
        bump(route);
    }
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
