//! Plans: which weights, in which rules, and that the patch changes nothing else.

use serde_json::{Value, json};
use tidegate::rollout::{
    Conventions, Direction, Edit, Effect, Intent, Plan, Refusal, RoleNames, RollbackTarget, Stage,
    json_patch, plan, remaining_paths, rollback_target, untouched_paths,
};
use tidegate::route::{BackendRef, Route};

use super::{apply, backend, document, route, split, weights};

fn step(rule: usize, direction: Direction) -> Intent {
    Intent::Step { rule, direction, canary: None }
}

fn set(weights: &[(&str, u32)]) -> Intent {
    Intent::Set { rule: 0, weights: weights.iter().map(|(name, weight)| ((*name).into(), *weight)).collect() }
}

fn drain(other_paths: bool) -> Intent {
    Intent::Drain {
        from: BackendRef::service("shop", "checkout-canary", 8080),
        into: BackendRef::service("shop", "checkout-stable", 8080),
        other_paths,
    }
}

fn planned(route: &Route, intent: &Intent) -> Result<Plan, Refusal> {
    plan(route, intent, &Conventions::default(), None)
}

/// Applies the plan's patch as the API server would.
fn patched(document: &Value, plan: &Plan, annotations: &[(&str, String)]) -> Value {
    apply(document, &json_patch(plan, annotations)).unwrap()
}

#[test]
fn a_step_moves_every_rule_where_the_same_pair_stands_at_the_same_share() {
    let premium = json!({"name": "premium", "backendRefs": [backend("checkout-stable", 1)]});
    let header = json!({"backendRefs": [backend("checkout-canary", 1)]});
    let elsewhere = split(50, 50);
    let same_share = json!({"backendRefs": [backend("checkout-canary", 1), backend("checkout-stable", 19)]});
    let doc = document(&json!([premium, split(95, 5), header, elsewhere, same_share]));
    let plan = planned(&route(&doc), &step(1, Direction::Next)).unwrap();
    assert_eq!(plan.effect, Effect::Advance);
    assert_eq!(plan.edits.iter().map(Edit::rule).collect::<Vec<_>>(), [1, 4]);
    let patched = patched(&doc, &plan, &[]);
    assert_eq!(weights(&patched), [vec![1], vec![90, 10], vec![1], vec![50, 50], vec![2, 18]]);
    assert_eq!(plan.notes.len(), 1, "the rule at 50/50 is named: {:?}", plan.notes);
}

#[test]
fn a_step_back_is_no_advance_and_wants_no_typed_name_at_the_foot() {
    let doc = document(&json!([split(99, 1)]));
    let plan = planned(&route(&doc), &step(0, Direction::Back)).unwrap();
    assert_eq!((plan.effect, plan.silenced.len()), (Effect::Retreat, 0));
    assert_eq!(weights(&patched(&doc, &plan, &[])), [[100, 0]]);
}

#[test]
fn the_last_stage_silences_stable() {
    let doc = document(&json!([split(50, 50)]));
    let plan = planned(&route(&doc), &step(0, Direction::Next)).unwrap();
    assert_eq!(plan.silenced.iter().map(ToString::to_string).collect::<Vec<_>>(), ["checkout-stable"]);
}

#[test]
fn the_patch_changes_the_confirmed_weights_and_nothing_else() {
    let mut doc = document(&json!([
        {"name": "all", "retry": {"codes": [503], "attempts": 2}, "sessionPersistence": {"sessionName": "s"},
         "filters": [{"type": "X", "unknown": {"deep": [1, 2]}}],
         "backendRefs": [
            {"name": "checkout-stable", "port": 8080, "weight": 95, "filters": [{"future": true}]},
            {"name": "checkout-canary", "port": 8080, "weight": 5}]}
    ]));
    doc["metadata"]["annotations"] = json!({"keep": "me"});
    let plan = planned(&route(&doc), &step(0, Direction::Next)).unwrap();
    let annotation = [("tidegate.dev/last-change", "{}".to_owned())];
    let mut expected = doc.clone();
    expected["spec"]["rules"][0]["backendRefs"][0]["weight"] = json!(90);
    expected["spec"]["rules"][0]["backendRefs"][1]["weight"] = json!(10);
    expected["metadata"]["annotations"]["tidegate.dev/last-change"] = json!("{}");
    assert_eq!(patched(&doc, &plan, &annotation), expected);
}

#[test]
fn the_patch_is_locked_on_identity_generation_and_names() {
    let doc = document(&json!([split(95, 5)]));
    let plan = planned(&route(&doc), &step(0, Direction::Next)).unwrap();
    let breaks = |change: &dyn Fn(&mut Value)| {
        let mut other = doc.clone();
        change(&mut other);
        apply(&other, &json_patch(&plan, &[("a", "b".to_owned())])).is_err()
    };
    assert!(!breaks(&|_| ()), "the patch fits the object it was made for");
    assert!(breaks(&|doc| doc["metadata"]["uid"] = json!("u-2")));
    assert!(breaks(&|doc| doc["metadata"]["generation"] = json!(8)));
    assert!(breaks(&|doc| doc["spec"]["rules"][0]["backendRefs"][1]["name"] = json!("other")));
    assert!(breaks(&|doc| doc["spec"]["rules"] = json!([])));
    assert!(
        breaks(&|doc| doc["metadata"]["annotations"] = json!({"racer": "was here"})),
        "annotations that appeared meanwhile would be wiped"
    );
}

#[test]
fn without_annotations_the_patch_makes_the_map_and_with_some_it_adds_to_them() {
    let mut doc = document(&json!([split(95, 5)]));
    let annotate = |doc: &Value| {
        let plan = planned(&route(doc), &step(0, Direction::Next)).unwrap();
        patched(doc, &plan, &[("tidegate.dev/last-change", "x".to_owned())])["metadata"]["annotations"]
            .clone()
    };
    assert_eq!(annotate(&doc), json!({"tidegate.dev/last-change": "x"}));
    doc["metadata"]["annotations"] = json!({"a/b~c": "1"});
    assert_eq!(annotate(&doc), json!({"a/b~c": "1", "tidegate.dev/last-change": "x"}));
}

#[test]
fn weights_are_set_as_they_were_given_or_refused_with_the_reason() {
    let doc = document(&json!([split(95, 5)]));
    let route = route(&doc);
    let plan = planned(&route, &set(&[("checkout-canary", 7), ("checkout-stable", 3)])).unwrap();
    assert_eq!(weights(&patched(&doc, &plan, &[])), [[3, 7]]);
    let refused = |weights: &[(&str, u32)]| planned(&route, &set(weights)).unwrap_err().to_string();
    assert!(
        refused(&[("checkout-stable", 0), ("checkout-canary", 0)]).contains("every request would get a 500")
    );
    assert!(refused(&[("checkout-stable", 1)]).contains("checkout-canary"));
    assert!(refused(&[("checkout-stable", 1), ("typo", 1)]).contains("no backend 'typo'"));
    assert!(refused(&[("checkout-stable", 1), ("checkout-canary", 1_000_001)]).contains("0 to 1000000"));
    let twice = [("checkout-stable", 1), ("checkout-stable", 2), ("checkout-canary", 1)];
    assert!(refused(&twice).contains("two weights"));
    assert!(refused(&[("checkout-stable", 95), ("checkout-canary", 5)]).contains("already"));
}

#[test]
fn a_guessed_canary_is_asked_for() {
    let doc = document(&json!([{"backendRefs": [backend("app-v1", 90), backend("app-v2", 10)]}]));
    let route = route(&doc);
    assert!(
        matches!(planned(&route, &step(0, Direction::Next)), Err(Refusal::AskCanary(names)) if names.len() == 2)
    );
    let nobody = Intent::Step { rule: 0, direction: Direction::Next, canary: Some("app-v0".into()) };
    let refused = planned(&route, &nobody).unwrap_err().to_string();
    assert!(refused.starts_with("no backend 'app-v0' in this rule; it has "), "{refused}");
    let said = Intent::Step { rule: 0, direction: Direction::Next, canary: Some("app-v1".into()) };
    let plan = planned(&route, &said).unwrap();
    assert_eq!(
        weights(&patched(&doc, &plan, &[])),
        [[100, 0]],
        "app-v1 was at 90 %, the next stage is 100 %"
    );
}

#[test]
fn a_rollback_drains_every_split_and_names_what_remains() {
    let header = json!({"matches": [{"headers": [{"name": "x-canary", "value": "1"}]}],
        "backendRefs": [backend("checkout-canary", 1)]});
    let mirror = json!({"backendRefs": [backend("checkout-stable", 1)],
        "filters": [{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "checkout-canary", "port": 8080}}}]});
    let doc = document(&json!([split(95, 5), header, split(3, 1), mirror]));
    let route = route(&doc);
    let narrow = planned(&route, &drain(false)).unwrap();
    assert_eq!(narrow.effect, Effect::Rollback);
    assert!(narrow.silenced.is_empty());
    assert_eq!(weights(&patched(&doc, &narrow, &[])), [vec![100, 0], vec![1], vec![4, 0], vec![1]]);
    let canary = BackendRef::service("shop", "checkout-canary", 8080);
    let left: Vec<String> =
        remaining_paths(&[&narrow], &canary, [&route]).iter().map(ToString::to_string).collect();
    assert_eq!(left.len(), 2, "the header rule and the mirror: {left:?}");

    let wide = planned(&route, &drain(true)).unwrap();
    assert!(remaining_paths(&[&wide], &canary, [&route]).is_empty());
    let after = patched(&doc, &wide, &[]);
    assert_eq!(after["spec"]["rules"][1]["backendRefs"][0]["name"], "checkout-stable");
    assert_eq!(after["spec"]["rules"][3]["filters"], json!([]));
    assert!(
        tidegate::route::paths_to(&canary, &super::route(&after)).next().is_none(),
        "nothing leads there"
    );
}

#[test]
fn mirrors_are_removed_from_the_back() {
    let to = |name: &str| json!({"type": "RequestMirror", "requestMirror": {"backendRef": {"name": name, "port": 1}}});
    let filters = json!([to("checkout-canary"), to("audit"), to("checkout-canary")]);
    let doc = document(&json!([{"backendRefs": [backend("checkout-stable", 1)], "filters": filters}]));
    let plan = planned(&route(&doc), &drain(true)).unwrap();
    assert_eq!(patched(&doc, &plan, &[])["spec"]["rules"][0]["filters"], json!([to("audit")]));
}

#[test]
fn a_rollback_from_everything_gives_everything_to_the_receiver() {
    let three = json!({"backendRefs": [backend("a", 0), backend("checkout-stable", 0), backend("checkout-canary", 9)]});
    let doc = document(&json!([three]));
    let plan = planned(&route(&doc), &drain(false)).unwrap();
    assert_eq!(weights(&patched(&doc, &plan, &[])), [[0, 9, 0]]);
    let nothing = document(&json!([split(100, 0)]));
    assert!(matches!(planned(&route(&nothing), &drain(false)), Err(Refusal::Nothing(_))));
}

#[test]
fn other_paths_to_the_same_services_make_a_share_unclaimable() {
    let premium = json!({"name": "premium", "backendRefs": [backend("checkout-stable", 1)]});
    let doc = document(&json!([split(90, 10), premium, split(9, 1)]));
    let one = route(&doc);
    let labels =
        |index| untouched_paths(&one, index, [&one]).iter().map(|p| p.label.clone()).collect::<Vec<_>>();
    assert_eq!(labels(0), ["premium"], "the rule at the same share is the same split");
    let mut second = document(&json!([split(50, 50)]));
    second["metadata"]["name"] = json!("other");
    let two = route(&second);
    assert_eq!(untouched_paths(&one, 0, [&one, &two]).len(), 2);
}

#[test]
fn where_all_weights_are_0_nobody_is_told_that_all_is_well() {
    let silent = route(&document(&json!([split(0, 0)])));
    let Err(Refusal::Nothing(words)) = planned(&silent, &drain(false)) else { panic!("nothing to drain") };
    assert!(
        words.ends_with("; all weights of rule 0 are 0, so its requests get 500: set weights"),
        "{words}"
    );
    let refused = planned(&silent, &step(0, Direction::Next)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "all weights are 0, so checkout-canary stands at no stage; name one, or set weights"
    );
}

#[test]
fn what_a_rollback_drains_is_known_or_asked() {
    let target = |rules: Value, previous: Option<&str>| {
        let mut doc = document(&rules);
        if let Some(previous) = previous {
            let note = json!({"id": "1", "namespace": "shop", "route": "checkout", "uid": doc["metadata"]["uid"],
                "actor": "anna", "at": "2026-03-01T12:00:00Z", "action": "flip", "verdict": "pass",
                "before": {"0": {previous: 100, "other": 0}}, "after": {"0": {previous: 0, "other": 100}}});
            doc["metadata"]["annotations"]["tidegate.dev/last-change"] = note.to_string().into();
        }
        let route = route(&doc);
        match rollback_target(&route, 0, &RoleNames::default(), None) {
            RollbackTarget::Known(from, into) => format!("{from} into {into}"),
            RollbackTarget::Ask(names) => format!("ask {}", names.len()),
        }
    };
    let pair =
        |blue, green| json!([{"backendRefs": [backend("app-blue", blue), backend("app-green", green)]}]);
    assert_eq!(target(json!([split(95, 5)]), None), "checkout-canary into checkout-stable");
    assert_eq!(target(pair(0, 100), Some("app-blue")), "app-green into app-blue");
    assert_eq!(target(pair(0, 100), None), "ask 2", "nobody knows which one was active before");
    let hints = json!([{"backendRefs": [backend("app-v1", 90), backend("app-v2", 10)]}]);
    assert_eq!(target(hints, None), "ask 2");
}

#[test]
fn a_backend_that_was_never_active_advances_whoever_gives() {
    let three = json!([{"backendRefs": [backend("checkout-stable", 95), backend("new", 0), backend("checkout-canary", 5)]}]);
    let route = route(&document(&three));
    let effect = |weights: &[(&str, u32)]| planned(&route, &set(weights)).unwrap().effect;
    assert_eq!(effect(&[("checkout-stable", 5), ("new", 90), ("checkout-canary", 5)]), Effect::Advance);
    assert_eq!(effect(&[("checkout-stable", 96), ("new", 0), ("checkout-canary", 4)]), Effect::Retreat);
}

#[test]
fn a_rollback_never_fails_for_the_sake_of_proportions_nor_wakes_a_parked_backend() {
    let full = json!([{"backendRefs": [backend("checkout-stable", 1_000_000), backend("b", 1_000_000), backend("c", 1),
        backend("checkout-canary", 1_000_000)]}]);
    let doc = document(&full);
    let plan = planned(&route(&doc), &drain(false)).unwrap();
    assert_eq!(weights(&patched(&doc, &plan, &[])), [[1_000_000, 1_000_000, 1, 0]]);
    let parked =
        json!([split(90, 10), {"backendRefs": [backend("parked", 0), backend("checkout-canary", 100)]}]);
    let doc = document(&parked);
    let plan = planned(&route(&doc), &drain(false)).unwrap();
    assert_eq!(weights(&patched(&doc, &plan, &[])), [vec![100, 0], vec![0, 100]]);
    let canary = BackendRef::service("shop", "checkout-canary", 8080);
    assert_eq!(remaining_paths(&[&plan], &canary, [&route(&doc)]).len(), 1, "and the path is named");
}

#[test]
fn a_name_from_two_namespaces_is_no_role() {
    let other = json!({"name": "checkout-canary", "namespace": "else", "port": 8080, "weight": 5});
    let mut doc = document(&json!([{"backendRefs": [backend("checkout-canary", 95), other]}]));
    doc["metadata"]["annotations"] = json!({"tidegate.dev/canary": "checkout-canary"});
    let said = Intent::Step { rule: 0, direction: Direction::Next, canary: Some("checkout-canary".into()) };
    assert!(matches!(planned(&route(&doc), &said), Err(Refusal::AmbiguousBackend(_))));
}

#[test]
fn a_known_canary_is_stepped_and_no_other_whoever_is_named() {
    let to = |percent: &str, canary: &str| Intent::Stage {
        rule: 0,
        stage: Stage::parse(percent).unwrap(),
        canary: Some(canary.into()),
    };
    let refused = |rules: Value, canary: &str| {
        planned(&route(&document(&rules)), &to("0", canary)).map(|plan| plan.edits).unwrap_err().to_string()
    };
    let known = "checkout-canary is the canary of this rule, not checkout-stable: \
        to move checkout-stable by itself, set weights";
    assert_eq!(refused(json!([split(95, 5)]), "checkout-stable"), known);
    let third = json!([{"backendRefs": [backend("checkout-stable", 80), backend("checkout-canary", 10),
        backend("checkout-next", 10)]}]);
    assert!(refused(third, "checkout-next").contains("set weights"));
    let pair = json!([{"backendRefs": [backend("web-blue", 95), backend("web-green", 5)]}]);
    assert!(refused(pair, "web-blue").contains("blue-green pair is not stepped"));
    let known = planned(&route(&document(&json!([split(95, 5)]))), &to("0", "checkout-canary")).unwrap();
    assert_eq!((known.effect, known.silenced.len()), (Effect::Retreat, 0));
}

/// Who says that the version with most of the traffic is the canary must not get everything to the other one
/// without a look at it.
#[test]
fn a_name_against_the_guess_is_judged_by_the_shares_alone() {
    let versions = route(&document(&json!([{"backendRefs": [backend("app-v1", 95), backend("app-v2", 5)]}])));
    let to_none = |canary: &str| {
        let stage = Stage::parse("0").unwrap();
        let plan =
            planned(&versions, &Intent::Stage { rule: 0, stage, canary: Some(canary.into()) }).unwrap();
        let names = |all: &[BackendRef]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        (plan.effect, names(&plan.advancing), names(&plan.silenced))
    };
    assert_eq!(to_none("app-v1"), (Effect::Advance, "app-v2".to_owned(), "app-v1".to_owned()));
    assert_eq!(to_none("app-v2"), (Effect::Retreat, String::new(), String::new()));
}

#[test]
fn a_ladder_that_cannot_be_read_is_not_replaced_by_another_on_the_way_up() {
    let mut doc = document(&json!([split(95, 5)]));
    doc["metadata"]["annotations"] = json!({"tidegate.dev/stages": "0 5 1oo"});
    let refused = planned(&route(&doc), &step(0, Direction::Next)).unwrap_err().to_string();
    assert!(refused.starts_with("annotation tidegate.dev/stages: '1oo' is no stage"), "{refused}");
    assert!(planned(&route(&doc), &step(0, Direction::Back)).is_ok());
    doc["metadata"]["annotations"] = json!({"tidegate.dev/stages": "0 5 100"});
    let plan = planned(&route(&doc), &step(0, Direction::Next)).unwrap();
    assert_eq!(weights(&patched(&doc, &plan, &[])), [vec![0, 100]]);
}
