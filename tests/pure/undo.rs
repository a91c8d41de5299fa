//! Undo: the inverse of the newest change, as its record on the route tells it.

use serde_json::{Value, json};
use tidegate::rollout::{
    ChangeRecord, Conventions, Direction, Effect, Intent, Plan, Refusal, RoleNames, RollbackTarget,
    json_patch, plan, rollback_target, weights_of,
};
use tidegate::route::{BackendRef, Route};

use super::{apply, backend, document, route, split, weights};

const NOTE: &str = "tidegate.dev/last-change";

/// Applies `intent` as the pilot does: one patch with weights and record. A spec that changed is a new generation.
fn changed(document: &Value, intent: &Intent, id: &str) -> Value {
    changed_with(document, intent, id, &[])
}

/// The same, while the pods of these backends have these images.
fn changed_with(document: &Value, intent: &Intent, id: &str, images: &[(&str, &str)]) -> Value {
    let plan = plan(&route(document), intent, &Conventions::default(), None).unwrap();
    let (actor, at) = ("anna".to_owned(), "2026-03-01T12:00:00Z".to_owned());
    let images = images.iter().map(|(name, image)| ((*name).to_owned(), (*image).to_owned())).collect();
    let record = ChangeRecord::new(&plan, id.to_owned(), actor, at, None, String::new())
        .with_images(images, ChangeRecord::newest(&route(document)).as_ref());
    let note = [(NOTE, serde_json::to_string(&record).unwrap())];
    let mut patched = apply(document, &json_patch(&plan, &note)).unwrap();
    patched["metadata"]["generation"] = json!(document["metadata"]["generation"].as_i64().unwrap() + 1);
    patched
}

fn undo(document: &Value, id: &str) -> Result<Plan, Refusal> {
    plan(&route(document), &Intent::Undo { change: id.into() }, &Conventions::default(), None)
}

fn undone(document: &Value, id: &str) -> (Effect, Vec<Vec<u64>>) {
    let plan = undo(document, id).unwrap();
    (plan.effect, weights(&apply(document, &json_patch(&plan, &[])).unwrap()))
}

fn step(direction: Direction) -> Intent {
    Intent::Step { rule: 0, direction, canary: None }
}

fn drain() -> Intent {
    let service = |name| BackendRef::service("shop", name, 8080);
    Intent::Drain { from: service("checkout-canary"), into: service("checkout-stable"), other_paths: false }
}

fn pair(blue: u32, green: u32) -> Value {
    document(&json!([{"backendRefs": [backend("web-blue", blue), backend("web-green", green)]}]))
}

#[test]
fn an_undo_brings_back_all_rules_that_the_change_moved() {
    let before = document(&json!([split(95, 5), split(50, 50), split(19, 1)]));
    let after = changed(&before, &step(Direction::Next), "a");
    assert_eq!(weights(&after), [[90, 10], [50, 50], [18, 2]]);
    assert_eq!(undone(&after, "a"), (Effect::Retreat, vec![vec![95, 5], vec![50, 50], vec![19, 1]]));
}

#[test]
fn a_second_undo_does_it_again() {
    let before = document(&json!([split(95, 5)]));
    let stepped = changed(&before, &step(Direction::Next), "a");
    let undone_once = changed(&stepped, &Intent::Undo { change: "a".into() }, "b");
    assert_eq!(weights(&undone_once), [[95, 5]]);
    assert_eq!(undone(&undone_once, "b"), (Effect::Advance, vec![vec![90, 10]]));
}

#[test]
fn what_an_undo_is_depends_on_what_it_does() {
    let effect = |from: &Value, intent: &Intent| undone(&changed(from, intent, "a"), "a").0;
    let at = |stable, canary| document(&json!([split(stable, canary)]));
    assert_eq!(effect(&at(90, 10), &drain()), Effect::Advance, "it brings the canary back");
    assert_eq!(effect(&at(100, 0), &step(Direction::Next)), Effect::Rollback, "it drains the canary");
    assert_eq!(effect(&at(90, 10), &step(Direction::Next)), Effect::Retreat);
    assert_eq!(effect(&at(90, 10), &step(Direction::Back)), Effect::Advance);
    let plan = undo(&changed(&at(100, 0), &step(Direction::Next), "a"), "a").unwrap();
    assert_eq!(plan.drained().map(|backend| &*backend.name), Some("checkout-canary"));
}

#[test]
fn the_undo_of_a_flip_is_a_rollback_and_that_of_the_undo_is_none() {
    let flipped = changed(&pair(100, 0), &Intent::Flip { rule: 0 }, "a");
    assert_eq!(undone(&flipped, "a"), (Effect::Rollback, vec![vec![100, 0]]));
    let back = changed(&flipped, &Intent::Undo { change: "a".into() }, "b");
    assert_eq!(undone(&back, "b"), (Effect::Advance, vec![vec![0, 100]]));
    assert_eq!(undo(&back, "b").unwrap().silenced.len(), 1, "its receiver must be typed");
    let newest = |document: &Value| ChangeRecord::newest(&route(document)).unwrap();
    assert_eq!(newest(&flipped).previously_active(), Some("web-blue"));
    assert_eq!(newest(&back).previously_active(), None, "r must not return to what was just left");
}

#[test]
fn a_flip_back_to_another_image_is_a_new_release_and_no_return() {
    let previous = |blue_then: Option<&'static str>, blue_now: Option<&'static str>| {
        let images = |blue: Option<&'static str>| -> Vec<(&str, &str)> {
            blue.map(|blue| ("web-blue", blue)).into_iter().chain([("web-green", "web:2")]).collect()
        };
        let flip = Intent::Flip { rule: 0 };
        let forth = changed_with(&pair(100, 0), &flip, "a", &images(blue_then));
        let back = changed_with(&forth, &flip, "b", &images(blue_now));
        assert_eq!(weights(&back), [[100, 0]]);
        ChangeRecord::newest(&route(&back)).unwrap().previously_active().map(str::to_owned)
    };
    assert_eq!(previous(Some("web:1"), Some("web:3")).as_deref(), Some("web-green"), "r goes back to web:2");
    for (then, now) in [(Some("web:1"), Some("web:1")), (None, Some("web:3")), (Some("web:1"), None)] {
        assert_eq!(previous(then, now), None, "{then:?} {now:?}: web:2 may have been left for its faults");
    }
}

#[test]
fn nothing_is_undone_that_is_no_longer_as_the_change_left_it() {
    let after = changed(&document(&json!([split(95, 5)])), &step(Direction::Next), "a");
    let why = |change: &dyn Fn(&mut Value)| {
        let mut other = after.clone();
        change(&mut other);
        undo(&other, "a").unwrap_err().to_string()
    };
    let refs = |doc: &mut Value| doc["spec"]["rules"][0]["backendRefs"].take();
    insta::assert_snapshot!([
        why(&|doc| doc["spec"]["rules"][0]["backendRefs"][1]["weight"] = json!(11)),
        why(&|doc| doc["spec"]["rules"][0]["backendRefs"][1]["name"] = json!("checkout-next")),
        why(&|doc| doc["spec"]["rules"] = json!([])),
        why(&|doc| { let all = refs(doc); doc["spec"]["rules"][0]["backendRefs"] = json!([all[0]]); }),
        why(&|doc| doc["metadata"]["uid"] = json!("u-2")),
        undo(&after, "other").unwrap_err().to_string(),
        undo(&document(&json!([split(95, 5)])), "a").unwrap_err().to_string(),
    ].join("\n"), @r"
    not undone: rule 0 has checkout-stable 90, checkout-canary 11 now, and the change left checkout-stable 90, checkout-canary 10; the change was step by anna at 2026-03-01T12:00:00Z
    not undone: rule 0 has checkout-stable 90, checkout-next 10 now, and the change left checkout-canary 10, checkout-stable 90; the change was step by anna at 2026-03-01T12:00:00Z
    not undone: rule 0 is gone; the change left it with checkout-canary 10, checkout-stable 90; the change was step by anna at 2026-03-01T12:00:00Z
    not undone: rule 0 has checkout-stable 90 now, and the change left checkout-canary 10, checkout-stable 90; the change was step by anna at 2026-03-01T12:00:00Z
    there is no change to undo: this route carries no note of one made with tidegate
    not undone: the newest change is another one: step by anna at 2026-03-01T12:00:00Z
    there is no change to undo: this route carries no note of one made with tidegate
    ");
}

#[test]
fn reordered_backends_are_the_same_backends() {
    let mut after = changed(&document(&json!([split(95, 5)])), &step(Direction::Next), "a");
    let refs = after["spec"]["rules"][0]["backendRefs"].as_array_mut().unwrap();
    refs.reverse();
    assert_eq!(undone(&after, "a").1, [[5, 95]]);
}

#[test]
fn what_an_undo_cannot_take_back_is_named() {
    let header = json!({"backendRefs": [backend("checkout-canary", 1)]});
    let Intent::Drain { from, into, .. } = drain() else { unreachable!() };
    let all = Intent::Drain { from, into, other_paths: true };
    let after = changed(&document(&json!([split(95, 5), header])), &all, "a");
    let refused = undo(&after, "a").unwrap_err().to_string();
    assert!(refused.contains("did more than move weights"), "{refused}");
    assert!(refused.contains("checkout-canary replaced by checkout-stable"), "{refused}");
}

#[test]
fn the_same_name_twice_keeps_both_weights() {
    let elsewhere = |weight: u32| json!({"name": "a", "namespace": "else", "port": 80, "weight": weight});
    let rules = |weights: [u32; 3]| json!([{"backendRefs": [backend("a", weights[0]), elsewhere(weights[1]), backend("b", weights[2])]}]);
    let twice = document(&rules([1, 2, 3]));
    let plan = {
        let mut moved = document(&rules([1, 2, 3]));
        moved["metadata"]["annotations"] = json!({"tidegate.dev/canary": "b"});
        let intent = Intent::Stage { rule: 0, stage: tidegate::rollout::Stage::ALL, canary: None };
        plan(&route(&moved), &intent, &Conventions::default(), None).unwrap()
    };
    let record = ChangeRecord::new(&plan, "a".into(), "anna".into(), String::new(), None, String::new());
    assert_eq!(record.before[&0].len(), 3, "{:?}", record.before);
    let of = |weights| weights_of(weights, &route(&twice).rules[0], "shop");
    assert_eq!(of(&record.before[&0]), Some(vec![1, 2, 3]));
    assert_eq!(of(&record.after[&0]), Some(vec![0, 0, 6]));
    let same =
        route(&document(&json!([{"backendRefs": [backend("a", 1), backend("a", 2), backend("b", 3)]}])));
    let recorded = [("a", 1), ("a#2", 2), ("b", 3)].map(|(name, weight)| (name.to_owned(), weight));
    assert_eq!(weights_of(&recorded.into(), &same.rules[0], "shop"), Some(vec![1, 2, 3]));
}

/// As written before names were told apart.
fn noted_long_ago(rules: &Value, before: &Value, after: &Value) -> Route {
    let mut document = document(rules);
    let note = json!({
        "id": "a", "namespace": "shop", "route": "checkout", "uid": "u-1", "actor": "anna",
        "at": "2026-03-01T12:00:00Z", "action": "step", "before": {"0": before}, "after": {"0": after}, "verdict": "",
    });
    document["metadata"]["annotations"] = json!({ NOTE: note.to_string() });
    route(&document)
}

#[test]
fn earlier_records_are_read_where_they_are_not_ambiguous() {
    let elsewhere = json!({"name": "b", "namespace": "else", "port": 80, "weight": 10});
    let rules = json!([{"backendRefs": [backend("a", 90), elsewhere]}]);
    let route = noted_long_ago(&rules, &json!({"a": 95, "b": 5}), &json!({"a": 90, "b": 10}));
    let undo =
        |route: &Route| plan(route, &Intent::Undo { change: "a".into() }, &Conventions::default(), None);
    assert_eq!(undo(&route).unwrap().main_change().unwrap().after, [95, 5]);
    let collapsed = json!([{"backendRefs": [backend("a", 90), backend("a", 10)]}]);
    let route = noted_long_ago(&collapsed, &json!({"a": 5}), &json!({"a": 10}));
    assert!(matches!(undo(&route), Err(Refusal::UndoneElse(_))));
}

/// It takes the canary out, and gives its share to a backend that nobody has judged.
#[test]
fn an_undo_that_gives_all_to_a_third_backend_is_an_advance() {
    let three = |weights: [u32; 3]| {
        let names = ["web-stable", "web-canary", "web-next"];
        let backends: Vec<Value> =
            names.iter().zip(weights).map(|(name, weight)| backend(name, weight)).collect();
        document(&json!([{ "backendRefs": backends }]))
    };
    let weights = ["web-stable", "web-canary", "web-next"].into_iter().zip([50, 50, 0]);
    let set = Intent::Set { rule: 0, weights: weights.map(|(name, weight)| (name.into(), weight)).collect() };
    let after = changed(&three([0, 0, 100]), &set, "a");
    assert_eq!(undone(&after, "a"), (Effect::Advance, vec![vec![0, 0, 100]]));
}

/// The version that was just left may be the reason why somebody flipped back.
#[test]
fn after_a_flip_back_a_rollback_asks() {
    let target = |document: &Value| match rollback_target(&route(document), 0, &RoleNames::default(), None) {
        RollbackTarget::Known(from, into) => format!("{from} into {into}"),
        RollbackTarget::Ask(names) => format!("ask {}", names.len()),
    };
    let flip = Intent::Flip { rule: 0 };
    let flipped = changed(&pair(100, 0), &flip, "a");
    assert_eq!(target(&flipped), "web-green into web-blue");
    let back = changed(&flipped, &flip, "b");
    assert_eq!(target(&back), "ask 2");
    assert_eq!(undone(&back, "b").0, Effect::Advance, "nor does an undo go there unseen");
    let set = Intent::Set { rule: 0, weights: vec![("web-blue".into(), 100), ("web-green".into(), 0)] };
    assert_eq!(target(&changed(&flipped, &set, "b")), "ask 2", "the same by weights");
    assert_eq!(target(&changed(&back, &flip, "c")), "web-green into web-blue", "a new try");
}
