//! Flips, and going to a given stage.

use serde_json::{Value, json};
use tidegate::rollout::{
    Conventions, Demand, Effect, Firing, GateInput, GateRules, Intent, Plan, Refusal, Stage, demand, gate,
    json_patch, plan,
};

use super::{apply, backend, document, route, split, weights};

fn planned(rules: &Value, intent: &Intent) -> Result<Plan, Refusal> {
    plan(&route(&document(rules)), intent, &Conventions::default(), None)
}

fn flip(rules: &Value) -> Result<Vec<Vec<u64>>, String> {
    written(rules, &Intent::Flip { rule: 0 })
}

fn stage(rules: &Value, percent: &str) -> Result<Vec<Vec<u64>>, String> {
    let stage = Stage::parse(percent).unwrap();
    written(rules, &Intent::Stage { rule: 0, stage, canary: None })
}

/// The weights of every rule as they are written.
fn written(rules: &Value, intent: &Intent) -> Result<Vec<Vec<u64>>, String> {
    let plan = planned(rules, intent).map_err(|refusal| refusal.to_string())?;
    Ok(weights(&apply(&document(rules), &json_patch(&plan, &[])).unwrap()))
}

fn pair(blue: u32, green: u32) -> Value {
    json!({"backendRefs": [backend("web-blue", blue), backend("web-green", green)]})
}

#[test]
fn a_flip_swaps_every_rule_where_the_pair_stands_the_same_way() {
    assert_eq!(flip(&json!([pair(100, 0)])).unwrap(), [[0, 100]]);
    assert_eq!(flip(&json!([pair(0, 7)])).unwrap(), [[7, 0]], "the rule's total is kept");
    let other_order = json!({"backendRefs": [backend("web-green", 0), backend("web-blue", 1)]});
    let alone = json!({"backendRefs": [backend("web-blue", 1)]});
    let rules = json!([pair(100, 0), other_order, pair(50, 50), alone, pair(0, 100)]);
    let after = flip(&rules).unwrap();
    assert_eq!(after, [vec![0, 100], vec![1, 0], vec![50, 50], vec![1], vec![0, 100]]);
    let notes = planned(&rules, &Intent::Flip { rule: 0 }).unwrap().notes;
    assert_eq!(notes.len(), 2, "the rules that stand otherwise are named: {notes:?}");
}

#[test]
fn a_flip_needs_no_roles_where_one_of_two_has_everything() {
    let versions = json!([{"backendRefs": [backend("app-v1", 1), backend("app-v2", 0)]}]);
    assert_eq!(flip(&versions).unwrap(), [[0, 1]]);
}

#[test]
fn a_flip_that_makes_no_sense_says_why() {
    let three = json!([{"backendRefs": [backend("a", 1), backend("b", 0), backend("c", 0)]}]);
    let twice = json!([{"backendRefs": [backend("a", 1), backend("a", 0)]}]);
    let refused = |rules: &Value| flip(rules).unwrap_err();
    insta::assert_snapshot!(
        [json!([pair(90, 10)]), json!([pair(0, 0)]), json!([split(100, 0)]), three, twice, json!([])]
            .map(|rules| refused(&rules))
            .join("\n"),
        @r"
    a flip swaps 100/0 and 0/100, and web-blue has 90 and web-green has 10: set weights first
    all weights are 0: set weights first
    checkout-canary is a canary: it is stepped or promoted, not flipped
    a flip swaps two backends, and this rule has 3
    a stands twice in this rule: there is nothing to flip to
    rule 0 of this route is no split: it has fewer than two backends
    "
    );
}

#[test]
fn a_flip_is_an_advance_that_wants_the_receiver_typed() {
    let fresh = route(&document(&json!([pair(100, 0)])));
    let plan = plan(&fresh, &Intent::Flip { rule: 0 }, &Conventions::default(), None).unwrap();
    assert_eq!(plan.effect, Effect::Advance);
    let counted = Err("no data".to_owned());
    let now = jiff::Timestamp::UNIX_EPOCH;
    let alerts = Firing::Known(Vec::new());
    let (readiness, rules, shared, earlier) = (&[], &GateRules::default(), None, &[]);
    let gate = gate(&GateInput {
        route: &fresh,
        plan: &plan,
        readiness,
        releases: &[],
        counted,
        alerts,
        logs: None,
        rules,
        shared,
        earlier,
        now,
    });
    assert_eq!(demand(&plan, &gate, &[]), Demand::Name("web-green".into()));
}

#[test]
fn a_stage_is_reached_from_anywhere() {
    assert_eq!(stage(&json!([split(95, 5)]), "25").unwrap(), [[75, 25]]);
    assert_eq!(stage(&json!([split(50, 50)]), "1").unwrap(), [[99, 1]]);
    assert_eq!(stage(&json!([split(95, 5), split(50, 50), split(19, 1)]), "10%").unwrap()[2], [18, 2]);
    assert_eq!(stage(&json!([split(0, 0)]), "50").unwrap(), [[50, 50]]);
    assert_eq!(stage(&json!([split(90, 10)]), "10").unwrap_err(), "checkout-canary is at 10 % already");
    assert!(stage(&json!([pair(100, 0)]), "10").unwrap_err().contains("blue-green pair is not stepped"));
    let guess = json!([{"backendRefs": [backend("app-v1", 90), backend("app-v2", 10)]}]);
    let to = Intent::Stage { rule: 0, stage: Stage::ALL, canary: None };
    assert!(matches!(planned(&guess, &to), Err(Refusal::AskCanary(_))));
}

#[test]
fn a_promotion_silences_stable_and_a_stage_below_is_no_advance() {
    let to = |percent| Intent::Stage { rule: 0, stage: Stage::parse(percent).unwrap(), canary: None };
    let promoted = planned(&json!([split(50, 50)]), &to("100")).unwrap();
    assert_eq!((promoted.effect, promoted.intent.word()), (Effect::Advance, "promote"));
    assert_eq!(promoted.silenced.iter().map(ToString::to_string).collect::<Vec<_>>(), ["checkout-stable"]);
    let lowered = planned(&json!([split(50, 50)]), &to("5")).unwrap();
    assert_eq!((lowered.effect, lowered.intent.word()), (Effect::Retreat, "go to stage"));
}

#[test]
fn shares_of_a_stage() {
    let parsed = |text| Stage::parse(text).map(Stage::share);
    assert_eq!(["0", "25", "12.5%", "0.25 %", "100"].map(parsed), [0, 2500, 1250, 25, 10_000].map(Some));
    assert_eq!(["", "-1", "101", "1.234", "five", "%"].map(parsed), [None; 6]);
}
