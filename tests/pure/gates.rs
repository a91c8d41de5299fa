//! Gates and confirmations: missing data is never good news, and a rollback is never blocked.

use serde_json::{Value, json};
use tidegate::rollout::{
    ChangeRecord, Confirmation, Conventions, Demand, Direction, ErrorCount, Evidence, Firing, Gate,
    GateInput, GateRules, Intent, Judged, Plan, Readiness, Release, Running, Seen, Verdict, demand, gate,
    plan,
};
use tidegate::route::{BackendRef, Route};

use super::counted::{NOW, judged_by, running, seen};
use super::{document, route, split};

fn accepted(mut doc: Value) -> Value {
    doc["status"] = json!({"parents": [{"parentRef": {"name": "edge", "namespace": "infra"}, "conditions": [
        {"type": "Accepted", "status": "True", "observedGeneration": 7},
        {"type": "ResolvedRefs", "status": "True", "observedGeneration": 7}]}]});
    doc
}

fn ready(stable: u32, canary: u32) -> Vec<(BackendRef, Readiness)> {
    let one =
        |name: &str, ready| (BackendRef::service("shop", name, 8080), Readiness::Known { ready, total: 3 });
    vec![one("checkout-stable", stable), one("checkout-canary", canary)]
}

/// What is known of one that has no traffic now.
fn idle(requests: f64, errors: f64) -> Evidence {
    Evidence { seen: Seen::Entry(ErrorCount { requests, errors, seconds: 600.0 }), own: Vec::new() }
}

fn step(doc: &Value) -> (Route, Plan) {
    let route = route(doc);
    let intent = Intent::Step { rule: 0, direction: Direction::Next, canary: None };
    let plan = plan(&route, &intent, &Conventions::default(), None).unwrap();
    (route, plan)
}

fn rollback(doc: &Value) -> (Route, Plan) {
    let route = route(doc);
    let service = |name| BackendRef::service("shop", name, 8080);
    let intent = Intent::Drain {
        from: service("checkout-canary"),
        into: service("checkout-stable"),
        other_paths: false,
    };
    let plan = plan(&route, &intent, &Conventions::default(), None).unwrap();
    (route, plan)
}

fn judged(
    (route, plan): &(Route, Plan),
    readiness: &[(BackendRef, Readiness)],
    counted: Result<Evidence, String>,
) -> (Gate, Demand) {
    judged_after((route, plan), readiness, counted, &[])
}

/// Whether what was counted still counts, when the canary runs these images, the newest pod as old as that.
fn judged_running(doc: &Value, images: &[&str], newest_pod: Option<&str>) -> Gate {
    let (route, plan) = step(doc);
    let images: Vec<String> = images.iter().map(ToString::to_string).collect();
    let release = Release { images, newest_pod: newest_pod.map(|at| at.parse().unwrap()) };
    gate(&GateInput {
        route: &route,
        plan: &plan,
        readiness: &ready(3, 3),
        releases: &[(BackendRef::service("shop", "checkout-canary", 8080), release)],
        counted: Ok(running(1000.0, 0.0)),
        alerts: Firing::Known(Vec::new()),
        logs: None,
        rules: &GateRules::default(),
        shared: None,
        earlier: &[],
        now: NOW.parse().unwrap(),
    })
}

#[test]
fn what_was_counted_of_another_release_lets_none_pass() {
    let doc = |after: u32| {
        let weights =
            |canary: u32| json!({"0": {"checkout-stable": 100 - canary, "checkout-canary": canary}});
        let record = json!({
            "id": "1", "namespace": "shop", "route": "checkout", "uid": "u-1", "actor": "anna",
            "at": "2026-03-01T11:00:00Z", "action": "step", "verdict": "pass",
            "images": {"checkout-canary": "registry.example/shop/checkout:v2"},
            "before": weights(0), "after": weights(after),
        });
        let mut doc = accepted(document(&json!([split(95, 5)])));
        doc["metadata"]["annotations"] = json!({"tidegate.dev/last-change": record.to_string()});
        doc
    };
    let [old, new] = ["registry.example/shop/checkout:v2", "registry.example/shop/checkout:v3"];
    let [before, since] = [Some("2026-03-01T10:59:00Z"), Some("2026-03-01T11:48:00Z")];
    assert_eq!(judged_running(&doc(5), &[old], since).verdict(), Verdict::Pass);
    assert_eq!(judged_running(&doc(5), &[], since).verdict(), Verdict::Pass, "it is not known what it runs");
    assert_eq!(judged_running(&doc(1), &[new], before).verdict(), Verdict::Pass, "somebody else wrote since");
    let words = |images: &[&str], newest| {
        let gate = judged_running(&doc(5), images, newest);
        let release = gate.checks.iter().find(|check| check.name == "release").unwrap();
        (gate.verdict(), release.words.clone())
    };
    let counted =
        "checkout-canary runs checkout:v3, whole 12 min ago: counted from then on, not as checkout:v2";
    assert_eq!(words(&[new], since), (Verdict::Pass, counted.to_owned()));
    let unknown = "checkout-canary runs checkout:v3 now, and ran checkout:v2 when it got this share: since when is not known, so nothing counts";
    assert_eq!(words(&[new], before), (Verdict::Hold, unknown.to_owned()));
    assert_eq!(words(&[new], None), (Verdict::Hold, unknown.to_owned()));
    let replaced = "pods of checkout-canary are being replaced: checkout:v3 beside checkout:v2";
    assert_eq!(words(&[old, new], since), (Verdict::Hold, replaced.to_owned()));
}

/// As [`judged`], with what the journal knows.
fn judged_after(
    (route, plan): (&Route, &Plan),
    readiness: &[(BackendRef, Readiness)],
    counted: Result<Evidence, String>,
    earlier: &[&ChangeRecord],
) -> (Gate, Demand) {
    let alerts = Firing::Known(Vec::new());
    let (now, rules) = (NOW.parse().unwrap(), &GateRules::default());
    let gate = gate(&GateInput {
        route,
        plan,
        readiness,
        releases: &[],
        counted,
        alerts,
        logs: None,
        rules,
        shared: None,
        earlier,
        now,
    });
    let demand = demand(plan, &gate, readiness);
    (gate, demand)
}

#[test]
fn a_healthy_canary_passes_with_one_key() {
    let (gate, demand) =
        judged(&step(&accepted(document(&json!([split(95, 5)])))), &ready(3, 3), Ok(running(500.0, 1.0)));
    assert_eq!((gate.verdict(), demand), (Verdict::Pass, Demand::Yes), "{gate:?}");
}

#[test]
fn the_error_check_fails_only_on_evidence() {
    let change = step(&accepted(document(&json!([split(95, 5)]))));
    let verdict = |requests, errors| judged(&change, &ready(3, 3), Ok(running(requests, errors))).0.verdict();
    assert_eq!(verdict(1000.0, 100.0), Verdict::Fail);
    assert_eq!(verdict(1000.0, 11.0), Verdict::Hold, "suspicious");
    assert_eq!(verdict(1000.0, 6.0), Verdict::Pass, "affordable");
    assert_eq!(verdict(19.0, 0.0), Verdict::Hold, "too few");
    assert_eq!(verdict(0.0, 0.0), Verdict::NoData);
    let demand = judged(&change, &ready(3, 3), Ok(running(1000.0, 100.0))).1;
    assert_eq!(demand, Demand::Name("checkout-canary".into()));
}

#[test]
fn no_numbers_and_old_numbers_are_no_data() {
    let change = step(&accepted(document(&json!([split(95, 5)]))));
    let (gate, demand) = judged(&change, &ready(3, 3), Err("Prometheus does not answer".into()));
    assert_eq!((gate.verdict(), &demand), (Verdict::NoData, &Demand::Reason));
    assert!(gate.words().contains("Prometheus does not answer"));
    assert!(!demand.met_by(&Confirmation::default()));
    assert!(!demand.met_by(&Confirmation { reason: Some("  ".into()), typed: None }));
    assert!(demand.met_by(&Confirmation { reason: Some("low traffic".into()), typed: None }));
    let old = seen(judged_by(500.0, 0.0, 15.5));
    assert_eq!(judged(&change, &ready(3, 3), Ok(old)).0.verdict(), Verdict::NoData);
}

#[test]
fn whether_sums_were_counted_is_told() {
    let change = step(&accepted(document(&json!([split(95, 5)]))));
    let told = |summed_seconds| {
        let counted = Judged { summed_seconds, ..judged_by(500.0, 0.0, 2.0) };
        let (gate, _) = judged(&change, &ready(3, 3), Ok(seen(counted)));
        gate.checks.iter().find(|check| check.name == "freshness").unwrap().words.clone()
    };
    assert_eq!(told(None), "newest sample is 2 s old, one comes every 5 s");
    assert_eq!(told(Some(60.0)), "newest sample is 2 s old, one comes every 5 s, in sums of 60 s");
}

#[test]
fn the_first_reason_is_that_of_the_verdict_and_lesser_ones_follow() {
    let change = step(&document(&json!([split(95, 5)])));
    let (gate, _) = judged(&change, &ready(3, 3), Err("no Prometheus is configured".into()));
    assert_eq!(gate.verdict(), Verdict::NoData, "{gate:?}");
    assert!(gate.words().starts_with("no Prometheus is configured; "), "{}", gate.words());
    assert!(gate.words().contains("; route is "), "it may be why nothing is counted: {}", gate.words());
    let (gate, _) = judged(&change, &ready(3, 0), Err("no Prometheus is configured".into()));
    assert_eq!(gate.words(), "checkout-canary has no ready endpoint", "what fails stands alone");
}

#[test]
fn a_first_step_passes_on_endpoints_only_where_errors_could_be_judged_afterwards() {
    let first = step(&accepted(document(&json!([split(100, 0)]))));
    let (gate, demand) = judged(&first, &ready(3, 3), Err("no Prometheus is configured".into()));
    assert_eq!((gate.verdict(), demand), (Verdict::Hold, Demand::Reason));
    assert_eq!(gate.words(), "errors cannot be judged: no Prometheus is configured");
    let (gate, demand) = judged(&first, &ready(3, 3), Ok(idle(0.0, 0.0)));
    assert_eq!((gate.verdict(), demand), (Verdict::Pass, Demand::Yes));
    assert_eq!(gate.words(), "checkout-canary 3/3 ready; errors not judged: no traffic now");
    assert_eq!(judged(&first, &ready(3, 0), Ok(idle(0.0, 0.0))).0.verdict(), Verdict::Fail);
}

#[test]
fn mirrored_copies_are_not_called_no_traffic() {
    let mut rule = split(100, 0);
    rule["filters"] = json!([{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "checkout-canary", "port": 8080}}}]);
    let change = step(&accepted(document(&json!([rule]))));
    let (gate, _) = judged(&change, &ready(3, 3), Ok(idle(500.0, 1.0)));
    assert_eq!(gate.words(), "checkout-canary 3/3 ready; errors not judged: gets mirrored copies only");
}

/// The route as a rollback of its canary left it, as the annotation and the journal have it.
fn rolled_back() -> (Value, ChangeRecord) {
    let (_, plan) = rollback(&document(&json!([split(90, 10)])));
    let at = "2026-03-01T11:48:00Z".to_owned();
    let record = ChangeRecord::new(&plan, "1".into(), "anna".into(), at, None, String::new());
    (accepted(document(&json!([split(100, 0)]))), record)
}

#[test]
fn what_was_rolled_back_is_not_started_again_without_a_reason() {
    let (mut doc, record) = rolled_back();
    let nothing = || Ok(idle(0.0, 0.0));
    let held = |doc: &Value, counted, earlier: &[&ChangeRecord]| {
        let (route, plan) = step(doc);
        let (gate, demand) = judged_after((&route, &plan), &ready(3, 3), counted, earlier);
        (gate.verdict(), demand, gate.words())
    };
    let reason = |words: &str| (Verdict::Hold, Demand::Reason, words.to_owned());
    let silent = reason("rolled back 12 min ago by anna; nothing was counted since");
    assert_eq!(held(&doc, nothing(), &[&record]), silent, "from the journal");
    assert_eq!(held(&doc, nothing(), &[]).0, Verdict::Pass, "nobody knows of it");
    doc["metadata"]["annotations"]["tidegate.dev/last-change"] =
        serde_json::to_string(&record).unwrap().into();
    assert_eq!(held(&doc, nothing(), &[]), silent, "from the route");
    let blind = "rolled back 12 min ago by anna; errors cannot be judged: Prometheus is away";
    assert_eq!(held(&doc, Err("Prometheus is away".into()), &[]), reason(blind));
    let (_, _, words) = held(&doc, Ok(idle(1000.0, 0.0)), &[]);
    assert!(words.starts_with("rolled back 12 min ago by anna; before that, "), "{words}");
    assert!(words.contains("of 1000 failed"), "{words}");
    let again = ChangeRecord { at: "2026-03-01T11:59:00Z".into(), ..record.clone() };
    let again = ChangeRecord { before: record.after.clone(), after: record.before.clone(), ..again };
    assert_eq!(
        held(&doc, nothing(), &[&again]).0,
        Verdict::Pass,
        "it was started since, and drained elsewhere"
    );
}

#[test]
fn two_backends_that_advance_are_not_judged_by_one() {
    let three = json!({"backendRefs": [super::backend("checkout-stable", 80),
        super::backend("checkout-canary", 10), super::backend("checkout-next", 10)]});
    let route = route(&accepted(document(&json!([three]))));
    let weights = [("checkout-stable", 60), ("checkout-canary", 20), ("checkout-next", 20)];
    let weights = weights.map(|(name, weight)| (name.into(), weight)).into();
    let plan = plan(&route, &Intent::Set { rule: 0, weights }, &Conventions::default(), None).unwrap();
    let mut readiness = ready(3, 3);
    readiness
        .push((BackendRef::service("shop", "checkout-next", 8080), Readiness::Known { ready: 1, total: 1 }));
    let change = (route, plan);
    let (gate, demand) = judged(&change, &readiness, Ok(running(500.0, 0.0)));
    assert_eq!((gate.verdict(), demand), (Verdict::Hold, Demand::Reason), "{gate:?}");
    let words = "nothing was counted of checkout-next, and it would advance as well";
    assert_eq!(gate.words(), words);

    let both = |errors| {
        let next = Running {
            backend: BackendRef::service("shop", "checkout-next", 8080),
            judged: judged_by(500.0, errors, 2.0),
            pressure: Ok(None),
        };
        let mut counted = running(500.0, 0.0);
        let Seen::Running(all) = &mut counted.seen else { unreachable!() };
        all.push(next);
        judged(&change, &readiness, Ok(counted)).0
    };
    assert_eq!(both(0.0).verdict(), Verdict::Pass);
    let failed = both(50.0);
    assert_eq!(failed.verdict(), Verdict::Fail);
    assert!(failed.words().starts_with("checkout-next: at least twice"), "{}", failed.words());
}

#[test]
fn state_and_endpoints_are_checked_before_an_advance() {
    let doc = document(&json!([split(95, 5)]));
    assert_eq!(
        judged(&step(&doc), &ready(3, 3), Ok(running(500.0, 0.0))).0.verdict(),
        Verdict::Hold,
        "no status"
    );
    let doc = accepted(doc);
    assert_eq!(judged(&step(&doc), &ready(3, 0), Ok(running(500.0, 0.0))).0.verdict(), Verdict::Fail);
    assert_eq!(
        judged(&step(&doc), &ready(0, 3), Ok(running(500.0, 0.0))).0.verdict(),
        Verdict::Pass,
        "stable loses"
    );
    let unknown =
        vec![(BackendRef::service("shop", "checkout-canary", 8080), Readiness::Unknown("403".into()))];
    assert_eq!(judged(&step(&doc), &unknown, Ok(running(500.0, 0.0))).0.verdict(), Verdict::Hold);
}

#[test]
fn a_controller_that_moves_the_route_is_overridden_by_name_only() {
    let mut doc = accepted(document(&json!([split(95, 5)])));
    doc["metadata"]["labels"] = json!({"rollouts.argoproj.io/gatewayapi-canary": "in-progress"});
    let (gate, demand) = judged(&step(&doc), &ready(3, 3), Ok(running(500.0, 0.0)));
    assert_eq!((gate.verdict(), demand), (Verdict::Hold, Demand::Name("checkout-canary".into())));
    assert_eq!(judged(&rollback(&doc), &ready(3, 3), Err(String::new())).1, Demand::Yes);
}

#[test]
fn a_rollback_is_one_key_unless_nobody_would_answer() {
    let change = rollback(&document(&json!([split(5, 95)])));
    let demand = |readiness: &[_]| judged(&change, readiness, Err("no data".into())).1;
    assert_eq!(demand(&ready(3, 3)), Demand::Yes);
    assert_eq!(demand(&[]), Demand::Yes, "readiness unknown does not block");
    let typed = demand(&ready(0, 3));
    assert_eq!(typed, Demand::Name("checkout-stable".into()));
    let given = |typed: &str| Confirmation { reason: None, typed: Some(typed.into()) };
    assert!(!typed.met_by(&given("checkout-canary")));
    assert!(typed.met_by(&given("checkout-stable")));
}

#[test]
fn the_last_stage_wants_the_receiver_typed() {
    let change = step(&accepted(document(&json!([split(50, 50)]))));
    assert_eq!(
        judged(&change, &ready(3, 3), Ok(running(5000.0, 0.0))).1,
        Demand::Name("checkout-canary".into())
    );
}

#[test]
fn a_rule_that_would_answer_503_wants_a_name_though_another_does_not() {
    let doc = document(&json!([split(90, 10), {"backendRefs": [
        super::backend("checkout-old", 1), super::backend("checkout-canary", 9)]}]));
    let change = rollback(&doc);
    let mut readiness = ready(3, 3);
    readiness
        .push((BackendRef::service("shop", "checkout-old", 8080), Readiness::Known { ready: 0, total: 0 }));
    assert_eq!(judged(&change, &readiness, Err(String::new())).1, Demand::Name("checkout-old".into()));
}

#[test]
fn errors_of_a_moment_ago_hold_a_new_start() {
    let doc = accepted(document(&json!([split(100, 0)])));
    let (gate, _) = judged(&step(&doc), &ready(3, 3), Ok(idle(1000.0, 300.0)));
    assert_eq!(gate.verdict(), Verdict::Hold);
    assert!(gate.words().contains("before it was drained"), "{}", gate.words());
}

#[test]
fn production_wants_the_receiver_typed_and_leaves_a_rollback_alone() {
    let typed = Demand::Name("checkout-canary".into());
    let forward = step(&accepted(document(&json!([split(90, 10)]))));
    assert_eq!(Demand::Yes.in_production(&forward.1), typed);
    assert_eq!(Demand::Reason.in_production(&forward.1), typed);
    let other = Demand::Name("other".into());
    assert_eq!(other.clone().in_production(&forward.1), other, "what is asked for already stays");
    let back = rollback(&document(&json!([split(5, 95)])));
    assert_eq!(Demand::Yes.in_production(&back.1), Demand::Yes);
}

#[test]
fn a_rollback_wants_the_name_of_a_dead_backend_that_would_get_any_share() {
    let demand = |others: [u32; 2], of_old: Readiness| {
        let three = json!({"backendRefs": [super::backend("checkout-stable", others[0]),
            super::backend("checkout-old", others[1]), super::backend("checkout-canary", 20)]});
        let change = rollback(&document(&json!([three])));
        let mut readiness = ready(3, 3);
        let old = BackendRef::service("shop", "checkout-old", 8080);
        readiness.push((old, of_old));
        judged(&change, &readiness, Err(String::new())).1
    };
    let dead = || Readiness::Known { ready: 0, total: 2 };
    assert_eq!(demand([20, 60], dead()), Demand::Name("checkout-old".into()), "75 % would get a 503");
    assert_eq!(demand([60, 20], dead()), Demand::Name("checkout-old".into()), "5 % more would");
    assert_eq!(demand([80, 0], dead()), Demand::Yes, "it gains nothing");
    let unknown = Readiness::Unknown("not allowed to look".to_owned());
    assert_eq!(demand([20, 60], unknown), Demand::Yes, "what is not known stops nobody");
}
