//! The proof loop with scripted counts, in paused time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;
use crate::audit::Journal;
use crate::cluster::{Answer, FakeServer};
use crate::metrics::{BackendCounts, Granularity, MetricError};
use crate::pilot::counted::Counted;
use crate::pilot::{NotWritten, Timing, Written};
use crate::rollout::{ChangeRecord, Claim, Conventions};
use crate::route::{BackendRef, DataPlane, Path, PathKind, RuleBackend};

/// What one look at the counts finds.
#[derive(Clone)]
enum Look {
    /// Requests of stable and canary, and scrapes.
    Counted(f64, f64, usize),
    /// No series of the canary.
    Gap,
    /// Enough requests, but a counter fell.
    Anew,
    /// A target of the canary is down.
    Down,
    /// The Prometheus does not answer.
    Silent,
    /// Enough requests, and while they are counted somebody changes the route.
    Changed,
}

/// What is found one look after the other; the last one goes on.
fn scripted(looks: &[Look], interval: Duration, route: Arc<Mutex<Value>>) -> Counted {
    let looks = Mutex::new(VecDeque::from(looks.to_vec()));
    Counted::by(move |backends, since| {
        let mut looks = looks.lock().unwrap();
        let look = if looks.len() > 1 { looks.pop_front() } else { looks.front().cloned() }.unwrap();
        let counted = |requests: f64, scrapes: usize, up: bool| BackendCounts {
            requests,
            scrapes,
            scrape_interval: Some(interval),
            target_up: Some(up),
            ..BackendCounts::default()
        };
        let counts = |canary: Option<BackendCounts>, stable: BackendCounts| {
            let found = |place: &RuleBackend| if &*place.to.name == "canary" { canary } else { Some(stable) };
            let named = backends.iter().filter_map(|backend| Some((backend.clone(), found(backend)?)));
            Ok(Counts { since, asked_at: since, backends: named.collect() })
        };
        match look {
            Look::Counted(stable, canary, scrapes) => {
                counts(Some(counted(canary, scrapes, true)), counted(stable, scrapes, true))
            }
            Look::Anew => {
                let reset = BackendCounts { reset: true, ..counted(0.0, 5, true) };
                counts(Some(reset), counted(5000.0, 5, true))
            }
            Look::Changed => {
                route.lock().unwrap()["metadata"]["generation"] = json!(9);
                counts(Some(counted(0.0, 9, true)), counted(5000.0, 9, true))
            }
            Look::Gap => counts(None, counted(500.0, 5, true)),
            Look::Down => counts(Some(counted(0.0, 5, false)), counted(500.0, 5, true)),
            Look::Silent => Err(MetricError::NoClient { why: "silence".to_owned() }),
        }
    })
}

struct Bench {
    pilot: Pilot,
    source: Arc<Counted>,
    route: Arc<Mutex<Value>>,
    heard: UnboundedReceiver<Progress>,
    progress: UnboundedSender<Progress>,
    _folder: TempDir,
}

fn bench(looks: &[Look]) -> Bench {
    let route = Arc::new(Mutex::new(json!({
        "metadata": {"namespace": "shop", "name": "checkout", "uid": "u-1", "generation": 8},
        "spec": {
            "parentRefs": [{"name": "edge"}],
            "rules": [{"backendRefs": [{"name": "stable", "port": 80, "weight": 100}, {"name": "canary", "port": 80, "weight": 0}]}],
        },
        "status": {"parents": [status(8)]},
    })));
    let shown = route.clone();
    let (_, cluster) = FakeServer::start(move |asked| {
        if asked.line.contains("/httproutes/checkout") {
            return Answer::Say(200, shown.lock().unwrap().to_string());
        }
        Answer::Say(403, json!({"kind": "Status", "code": 403, "message": "not allowed to look"}).to_string())
    });
    let source = Arc::new(scripted(looks, Duration::from_secs(5), route.clone()));
    let folder = tempfile::tempdir().unwrap();
    let journal = Arc::new(Journal::at(folder.path().join("journal.jsonl")));
    let metrics: Arc<dyn MetricSource> = source.clone();
    let pilot = Pilot::new(cluster, Some(metrics), journal, Conventions::default(), Timing::default(), "ada");
    let (progress, heard) = unbounded_channel();
    Bench { pilot, source, route, heard, progress, _folder: folder }
}

fn status(generation: i64) -> Value {
    let condition = |kind: &str| json!({"type": kind, "status": "True", "observedGeneration": generation, "reason": kind, "message": ""});
    json!({
        "controllerName": "example.com/gateway", "parentRef": {"name": "edge"},
        "conditions": [condition("Accepted"), condition("ResolvedRefs")],
    })
}

fn places() -> Vec<RuleBackend> {
    let place = |(index, name)| RuleBackend {
        route: RouteId::new("shop", "checkout"),
        rule: 0,
        index,
        to: BackendRef::service("shop", name, 80),
        data_plane: DataPlane::default(),
    };
    ["stable", "canary"].into_iter().enumerate().map(place).collect()
}

/// A canary of 10 % that was drained.
fn drained() -> Subject {
    Subject {
        route: RouteId::new("shop", "checkout"),
        routes: vec![(RouteId::new("shop", "checkout"), 8)],
        backends: places().into_iter().map(|place| place.to).collect(),
        places: places(),
        claim: Claim { shares: vec![(0.9, 1.0), (0.1, 0.0)] },
        caveat: None,
        beside: Vec::new(),
        unseen: None,
        sticky: false,
        shared: false,
    }
}

impl Bench {
    async fn run(&self, subject: &Subject) -> (String, Duration) {
        let started = Instant::now();
        let ending = self.pilot.count(subject, Timestamp::now(), Stage::Observed, &self.progress).await;
        (ending.to_string(), started.elapsed())
    }

    /// What was told, as `stage: words`, without repetitions.
    fn told(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Ok(progress) = self.heard.try_recv() {
            told.push(format!("{}: {}", progress.stage.word(), progress.words));
        }
        told.dedup();
        told
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_is_proven_by_enough_requests_and_not_before() {
    let mut bench =
        bench(&[Look::Counted(20.0, 0.0, 1), Look::Counted(65.0, 0.0, 4), Look::Counted(66.0, 0.0, 5)]);
    let (ending, waited) = bench.run(&drained()).await;
    assert!(ending.starts_with("proven: 0 of 66 requests reached the drained backend"), "{ending}");
    assert!(waited >= Duration::from_secs(15 + 2 * 5), "it settles, then looks once a scrape: {waited:?}");
    let told = bench.told();
    assert_eq!(
        told[..3],
        [
            "observed: settling for 15 s",
            "observed: 20 of 66 needed: 0 of 20 requests reached the drained backend",
            "traffic follows: 65 of 66 needed: 0 of 65 requests reached the drained backend",
        ]
    );
    assert!(told.last().unwrap().starts_with("proven: "), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn too_few_requests_are_watched_on_and_then_named() {
    let mut bench = bench(&[Look::Counted(37.0, 0.0, 9)]);
    let (ending, waited) = bench.run(&drained()).await;
    assert!(ending.starts_with("unproven: 37 of 66 needed: "), "{ending}");
    assert!(waited >= Duration::from_secs(15 + 90 + 600), "{waited:?}");
    let told = bench.told();
    assert!(
        told.iter().any(|words| words.contains("unproven: 37 of 66") && words.ends_with("still watching"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_leak_starts_the_count_again_and_must_then_be_outdone() {
    let looks = [Look::Counted(990.0, 10.0, 3), Look::Counted(600.0, 0.0, 3), Look::Counted(2000.0, 0.0, 6)];
    let mut bench = bench(&looks);
    let (ending, _) = bench.run(&drained()).await;
    assert!(ending.starts_with("proven: 0 of 2000 requests"), "600 exclude no leak of 1 %: {ending}");
    let asked = bench.source.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked[0] != asked[1] && asked[1] == asked[2], "the clean count has a clean start");
    let told = bench.told();
    assert!(
        told.contains(&"observed: 10 of 1000 requests still reached the drained backend".to_owned()),
        "{told:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_counter_that_fell_proves_nothing_and_is_counted_from_anew() {
    let mut bench = bench(&[Look::Anew, Look::Counted(66.0, 0.0, 2)]);
    let (ending, _) = bench.run(&drained()).await;
    assert!(ending.starts_with("proven: 0 of 66 requests"), "{ending}");
    assert!(bench.told().iter().any(|words| words.contains("began to count anew")));
    let asked = bench.source.asked();
    assert_ne!(asked[1], asked[0], "what was counted before the fall does not count");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_counted_proves_nothing() {
    for (look, words) in [
        (Look::Gap, "no series for canary"),
        (Look::Down, "a target that counts requests of canary is down"),
        (Look::Silent, "silence"),
        (Look::Counted(0.0, 0.0, 9), "no traffic to judge"),
        (Look::Counted(500.0, 0.0, 0), "no scrape since it settled"),
    ] {
        let (ending, _) = bench(&[look]).run(&drained()).await;
        assert!(ending.starts_with("unproven: ") && ending.contains(words), "{words}: {ending}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gap_in_the_counts_is_got_over() {
    let (ending, _) = bench(&[Look::Silent, Look::Gap, Look::Counted(99.0, 0.0, 2)]).run(&drained()).await;
    assert!(ending.starts_with("proven: 0 of 99"), "{ending}");
}

#[tokio::test(start_paused = true)]
async fn who_changes_the_route_again_ends_the_proof() {
    let bench = bench(&[Look::Counted(5000.0, 0.0, 9)]);
    bench.route.lock().unwrap()["metadata"]["generation"] = json!(9);
    let (ending, _) = bench.run(&drained()).await;
    assert_eq!(ending, "unproven: superseded: shop/checkout was changed again (generation 8 -> 9)");
}

#[tokio::test(start_paused = true)]
async fn who_changes_the_route_while_its_requests_are_counted_ends_the_proof() {
    let (ending, _) = bench(&[Look::Changed]).run(&drained()).await;
    assert_eq!(ending, "unproven: superseded: shop/checkout was changed again (generation 8 -> 9)");
}

#[tokio::test(start_paused = true)]
async fn a_split_that_is_looked_at_after_a_change_is_not_disproven_by_requests_of_before() {
    let claim = Claim { shares: vec![(0.5, 0.5), (0.5, 0.5)] };
    let halves = Subject { claim, ..drained() };
    let verify = async |looks: &[Look]| {
        let bench = bench(looks);
        let ending = bench.pilot.count(&halves, Timestamp::now(), Stage::Counting, &bench.progress).await;
        (ending.to_string(), bench.source.asked())
    };
    let before = Look::Counted(900.0, 100.0, 1);
    let (ending, asked) = verify(&[before.clone(), Look::Counted(4000.0, 4000.0, 2)]).await;
    assert!(ending.starts_with("proven: "), "{ending}");
    assert_ne!(asked.last(), asked.first(), "it is counted anew");
    let (ending, _) = verify(&[before]).await;
    assert!(ending.starts_with("disproven: "), "{ending}");
}

#[tokio::test(start_paused = true)]
async fn counts_prove_nothing_while_a_controller_is_behind() {
    let mut bench = bench(&[Look::Counted(5000.0, 0.0, 9)]);
    bench.route.lock().unwrap()["status"]["parents"] = json!([status(7)]);
    let (ending, waited) = bench.run(&drained()).await;
    assert!(ending.starts_with("unproven: shop/checkout is "), "{ending}");
    assert!(ending.contains(" % (99 %), "), "what was counted is said all the same: {ending}");
    assert!(waited >= Duration::from_secs(15 + 90), "it is given its time: {waited:?}");
    assert!(!bench.told().iter().any(|words| words.starts_with("proven")));
}

#[tokio::test(start_paused = true)]
async fn slow_scrapes_are_given_four_of_them() {
    let bench = bench(&[Look::Counted(1.0, 0.0, 1)]);
    let metrics: Arc<dyn MetricSource> =
        Arc::new(scripted(&[Look::Counted(1.0, 0.0, 1)], Duration::from_mins(1), Arc::default()));
    let timing = Timing { watch_on: Duration::ZERO, ..Timing::default() };
    let pilot = Pilot { metrics: Some(metrics), timing, ..bench.pilot.clone() };
    let started = Instant::now();
    pilot.count(&drained(), Timestamp::now(), Stage::Observed, &bench.progress).await;
    assert!(started.elapsed() >= Duration::from_secs(15 + 240), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_counts_cannot_tell_apart_is_never_proven() {
    let caveat = Some("split drained, 1 other path remains: shop/x".to_owned());
    let subject = Subject { caveat, ..drained() };
    let (ending, _) = bench(&[Look::Counted(5000.0, 0.0, 9)]).run(&subject).await;
    assert!(ending.starts_with("unproven: split drained, 1 other path remains"), "{ending}");
    let unseen = Some("paths from other namespaces were not seen".to_owned());
    let (ending, _) = bench(&[Look::Counted(5000.0, 0.0, 9)]).run(&Subject { unseen, ..drained() }).await;
    assert!(ending.starts_with("proven: ") && ending.ends_with("were not seen"), "{ending}");
}

#[tokio::test(start_paused = true)]
async fn the_old_share_is_measured_where_others_are_counted_too() {
    let shared = Subject { shared: true, ..drained() };
    let bench = bench(&[Look::Counted(980.0, 20.0, 9)]);
    let measured = bench.pilot.measured(shared.clone(), Timestamp::now()).await;
    assert!((measured.claim.shares[1].0 - 0.02).abs() < 1e-9, "{:?}", measured.claim);
    for unknown in [Look::Silent, Look::Gap, Look::Counted(1000.0, 0.0, 9)] {
        let bench = self::bench(&[unknown]);
        let measured = bench.pilot.measured(shared.clone(), Timestamp::now()).await;
        assert!(measured.caveat.is_some_and(|words| words.contains("was not seen")));
    }
}

#[tokio::test(start_paused = true)]
async fn other_paths_matter_where_their_requests_are_counted_too() {
    let ended = async |granularity, beside: &str| {
        let bench = bench(&[Look::Counted(5000.0, 5000.0, 9)]);
        bench.source.tells_apart(granularity);
        let (route, label) = (RouteId::new("shop", beside), "/x".to_owned());
        let path = Path { route, rule: 0, label, kind: PathKind::Alone };
        let claim = Claim::served(&[0.5, 0.5]);
        let subject = Subject { claim, beside: vec![path], ..drained() };
        bench.pilot.count(&subject, Timestamp::now(), Stage::Counting, &bench.progress).await.to_string()
    };
    let shared =
        "unproven: a probe can tell (tidegate verify --probe): the share is shared with 1 other path: ";
    for granularity in [None, Some(Granularity::Service)] {
        let ending = ended(granularity, "other").await;
        assert!(ending.starts_with(shared), "{ending}");
    }
    assert!(ended(Some(Granularity::Route), "checkout").await.starts_with(shared));
    assert!(ended(Some(Granularity::Route), "other").await.starts_with("proven: "));
    assert!(ended(Some(Granularity::Split), "checkout").await.starts_with("proven: "));
}

#[tokio::test(start_paused = true)]
async fn another_split_than_the_one_that_was_looked_at_is_not_verified() {
    let bench = bench(&[Look::Counted(135.0, 0.0, 9)]);
    let (route, related) = (RouteId::new("shop", "checkout"), Vec::new());
    let ask = super::super::Verify { route, generation: 7, rule: 0, related, everywhere: true };
    let ending = bench.pilot.verify(&ask, &bench.progress).await.to_string();
    assert_eq!(ending, "unproven: the route has changed since it was looked at; look again");
}

#[tokio::test(start_paused = true)]
async fn a_look_at_a_standing_split_ends_like_a_proof() {
    let verify = |looks: &[Look]| {
        let bench = bench(looks);
        async move {
            let route = RouteId::new("shop", "checkout");
            let (generation, related) = (8, Vec::new());
            let ask = super::super::Verify { route, generation, rule: 0, related, everywhere: true };
            let ending = bench.pilot.verify(&ask, &bench.progress).await.to_string();
            (ending, bench)
        }
    };
    let (ending, mut bench) = verify(&[Look::Counted(37.0, 0.0, 3), Look::Counted(135.0, 0.0, 9)]).await;
    assert_eq!(ending, "proven: 0 of 135 requests reached a backend of weight 0");
    let told = bench.told();
    assert_eq!(
        told[..2],
        [
            "counting: counting requests",
            "counting: 37 of 135 needed: 0 of 37 requests reached a backend of weight 0",
        ]
    );
    let (ending, _) = verify(&[Look::Counted(990.0, 10.0, 9)]).await;
    assert!(ending.starts_with("disproven: 10 of 1000 requests reached a backend of weight 0"), "{ending}");
}

#[tokio::test(start_paused = true)]
async fn what_counts_contradict_at_the_end_is_disproven_and_nothing_else_is() {
    let leak = || Look::Counted(990.0, 10.0, 9);
    let ended = async |looks: &[Look], subject: &Subject| bench(looks).run(subject).await.0;
    let disproven = ended(&[leak()], &drained()).await;
    let start = "disproven: 10 of 1000 requests still reached the drained backend after ";
    assert!(disproven.starts_with(start), "{disproven}");
    let then_silence = ended(&[leak(), Look::Silent], &drained()).await;
    assert!(then_silence.starts_with("unproven: ") && then_silence.contains("silence"), "{then_silence}");
    let it_stopped = ended(&[leak(), Look::Counted(30.0, 0.0, 9)], &drained()).await;
    assert!(it_stopped.starts_with("unproven: 30 of "), "{it_stopped}");
    let others = Subject { caveat: Some("split drained, 1 other path remains".to_owned()), ..drained() };
    let maybe_others = ended(&[leak()], &others).await;
    assert!(
        maybe_others.starts_with("unproven: split drained, 1 other path remains; 10 of"),
        "{maybe_others}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_route_that_could_not_be_written_is_never_shown_as_proven() {
    for looks in [Look::Counted(5000.0, 0.0, 9), Look::Silent] {
        let mut bench = bench(&[looks]);
        let other = RouteId::new("shop", "other");
        let failed = vec![(other, NotWritten::Refused("policy guard: not now".to_owned()))];
        let at = Timestamp::now();
        let written = Written { subject: drained(), done: Vec::new(), failed, at };
        let ending = bench.pilot.prove(Watched { written, observed: true, at }, &bench.progress).await;
        let words = ending.to_string();
        let start = "unproven: shop/other: nothing was written: policy guard: not now; ";
        assert!(words.starts_with(start) && words.matches("unproven").count() == 1, "{words}");
        let told = bench.told();
        assert!(!told.iter().any(|words| words.starts_with("proven")), "{told:?}");
    }
}

/// A rollback of two rules, at 50 and at 5 %, as a crash left it in the journal and in the route.
fn left_behind(bench: &Bench) -> ChangeRecord {
    let weights = |stable: u32, canary: u32| json!({"stable": stable, "canary": canary});
    let record = json!({
        "id": "1-0", "namespace": "shop", "route": "checkout", "uid": "u-1", "actor": "ada",
        "at": "2026-03-01T12:00:00Z", "action": "rollback", "verdict": "no gate",
        "before": {"0": weights(50, 50), "1": weights(95, 5)},
        "after": {"0": weights(100, 0), "1": weights(100, 0)},
    });
    let mut route = bench.route.lock().unwrap();
    route["metadata"]["annotations"] = json!({"tidegate.dev/last-change": record.to_string()});
    let rule = route["spec"]["rules"][0].clone();
    route["spec"]["rules"].as_array_mut().unwrap().push(rule);
    serde_json::from_value(record).unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_up_again_needs_as_much_as_before_and_says_what_it_did_not_see() {
    let bench = bench(&[Look::Counted(20.0, 0.0, 9), Look::Counted(135.0, 0.0, 18)]);
    let record = left_behind(&bench);
    let ending = bench.pilot.resume(&record, &bench.progress).await.to_string();
    assert!(ending.starts_with("proven: 0 of 135 requests"), "20 show nothing of the rule at 5 %: {ending}");
    assert!(ending.contains("; paths from other namespaces were not seen: "), "{ending}");
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_up_again_must_still_stand_in_every_rule() {
    let bench = bench(&[Look::Counted(5000.0, 0.0, 9)]);
    let record = left_behind(&bench);
    bench.route.lock().unwrap()["spec"]["rules"][1]["backendRefs"][1]["weight"] = json!(7);
    let ending = bench.pilot.resume(&record, &bench.progress).await.to_string();
    assert_eq!(ending, "unproven: the route has changed since");
}

#[tokio::test(start_paused = true)]
async fn a_contradiction_stands_while_the_count_begun_anew_waits_for_its_first_scrape() {
    let mut looks: Vec<Look> = Vec::new();
    for _ in 0..200 {
        looks.push(Look::Counted(990.0, 10.0, 9));
        looks.push(Look::Counted(0.0, 0.0, 0));
    }
    let (ending, _) = bench(&looks).run(&drained()).await;
    assert!(
        ending.starts_with("disproven: 10 of 1000 requests still reached the drained backend"),
        "{ending}"
    );
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_still_in_flight_are_said_behind_a_proof_and_take_nothing_away() {
    for (count, said) in [(Some(3.0), "; draining: 3 requests in flight"), (Some(0.0), ""), (None, "")] {
        let mut bench = bench(&[Look::Counted(1064.0, 0.0, 2)]);
        let source = Arc::new(
            scripted(&[Look::Counted(1064.0, 0.0, 2)], Duration::from_secs(5), Arc::default()).busy(count),
        );
        bench.pilot.metrics = Some(source);
        let (ending, _) = bench.run(&drained()).await;
        let proven =
            "proven: 0 of 1064 requests reached the drained backend: leak < 0.44 % (99 %), 2 scrapes";
        assert_eq!(ending, format!("{proven}{said}"));
    }
}
