//! Reading routes: defaults, roles, states, and objects that are not what the schema says.

use serde_json::{Value, json};
use tidegate::rollout::{Role, RoleNames, RoleSource, roles};
use tidegate::route::{OwnerRule, ParentState, Route, RouteState, declared_share};

use super::{backend, document, route, split};

#[test]
fn an_omitted_weight_is_one() {
    let doc = document(&json!([{"backendRefs": [{"name": "a", "weight": 100}, {"name": "b"}]}]));
    let route = route(&doc);
    let rule = &route.rules[0];
    let share = declared_share(rule, 1).unwrap();
    assert!((share - 1.0 / 101.0).abs() < 1e-12, "{share}");
    assert_eq!(declared_share(&super::route(&document(&json!([split(0, 0)]))).rules[0], 0), None);
}

#[test]
fn a_rule_is_called_by_its_name_if_no_other_has_it() {
    let rule = |name: &str, path: &str| json!({"name": name, "matches": [{"path": {"type": "Exact", "value": path}}], "backendRefs": [backend("a", 1)]});
    let route = route(&document(&json!([rule("pay", "/pay"), rule("x", "/a"), rule("x", "/b")])));
    assert_eq!([0, 1, 2, 3].map(|index| route.rule_label(index)), ["pay", "= /a", "= /b", "3"]);
}

#[test]
fn a_bad_object_says_where_and_keeps_its_name() {
    let mut doc = document(&json!([split(1, 1)]));
    doc["spec"]["rules"][0]["backendRefs"][0]["weight"] = json!("many");
    let bad = Route::from_json(&doc.to_string()).unwrap_err();
    assert_eq!(bad.id.to_string(), "shop/checkout");
    assert!(bad.why.contains("many"), "{}", bad.why);
    let mut doc = document(&json!([split(1, 1)]));
    doc["status"] = json!({"parents": "none"});
    assert!(route(&doc).status_problem.is_some(), "a bad status does not hide the weights");
}

fn named(names: [&str; 2], weights: [u32; 2]) -> Value {
    document(&json!([{"backendRefs": [backend(names[0], weights[0]), backend(names[1], weights[1])]}]))
}

#[test]
fn roles_come_from_the_strongest_sign() {
    let of = |doc: &Value, chosen: Option<&str>| {
        let roles = roles(&route(doc), 0, &RoleNames::default(), chosen);
        (roles.source, roles.canary(), roles.guessed())
    };
    let plain = named(["checkout-stable", "checkout-canary"], [5, 95]);
    assert_eq!(of(&plain, None), (RoleSource::Name, Some(1), false));
    let mut annotated = plain.clone();
    annotated["metadata"]["annotations"] = json!({"tidegate.dev/canary": "checkout-stable"});
    assert_eq!(of(&annotated, None), (RoleSource::Annotation, Some(0), false));
    annotated["metadata"]["annotations"] = json!({"tidegate.dev/canary": "gone"});
    assert_eq!(
        of(&annotated, None),
        (RoleSource::Name, Some(1), false),
        "a name that is not there says nothing"
    );
    let hints = named(["app-v2", "app-v1"], [90, 10]);
    assert_eq!(of(&hints, None), (RoleSource::Hint, Some(0), true));
    assert_eq!(of(&hints, Some("app-v1")), (RoleSource::Chosen, Some(1), false));
    let nothing = named(["red", "fish"], [90, 10]);
    assert_eq!(of(&nothing, None), (RoleSource::Weights, Some(1), true));
}

#[test]
fn blue_and_green_tell_a_pair_and_never_which_side() {
    let of = |weights| {
        let roles = roles(&route(&named(["app-blue", "app-green"], weights)), 0, &RoleNames::default(), None);
        (roles.of.clone(), roles.guessed())
    };
    assert_eq!(of([100, 0]), (vec![Some(Role::Active), Some(Role::Previous)], false));
    assert_eq!(of([10, 90]), (vec![Some(Role::Previous), Some(Role::Active)], false));
    assert_eq!(of([50, 50]), (vec![None, None], true));
    let unrelated =
        roles(&route(&named(["app-blue", "web-green"], [100, 0])), 0, &RoleNames::default(), None);
    assert!(unrelated.guessed(), "names of two applications are no pair");
}

fn with_status(conditions: &Value) -> Route {
    let mut doc = document(&json!([split(95, 5)]));
    doc["status"] = json!({"parents": [
        {"parentRef": {"name": "edge", "namespace": "infra", "group": "gateway.networking.k8s.io", "kind": "Gateway"},
         "controllerName": "x", "conditions": conditions},
        {"parentRef": {"name": "somebody-else"}, "conditions": [{"type": "Accepted", "status": "False"}]},
    ]});
    route(&doc)
}

#[test]
fn a_parent_is_observed_pending_refused_or_silent() {
    let state = |conditions: Value| {
        let route = with_status(&conditions);
        (route.parent_views().next().unwrap().state, route.state().word())
    };
    let accepted =
        |generation: Value| json!({"type": "Accepted", "status": "True", "observedGeneration": generation});
    assert_eq!(state(json!([accepted(json!(7))])), (ParentState::Observed, "accepted"));
    assert_eq!(state(json!([accepted(json!(6))])), (ParentState::Pending { seen: 6 }, "pending"));
    assert_eq!(state(json!([accepted(json!(0))])), (ParentState::NoGeneration, "accepted"));
    assert_eq!(state(json!([accepted(json!(8))])), (ParentState::NoGeneration, "accepted"));
    assert_eq!(
        state(json!([{"type": "Accepted", "status": "True"}])),
        (ParentState::NoGeneration, "accepted")
    );
    assert_eq!(state(json!([])), (ParentState::NoStatus, "no status"));
    let fell_back = json!([accepted(json!(6)),
        {"type": "PartiallyInvalid", "status": "True", "message": "Fall Back to the last valid state", "observedGeneration": 6}]);
    assert_eq!(state(fell_back), (ParentState::Refused { seen: 6 }, "edit refused"));
    let unresolved = json!([accepted(json!(7)),
        {"type": "ResolvedRefs", "status": "False", "reason": "BackendNotFound", "observedGeneration": 7}]);
    let route = with_status(&unresolved);
    assert_eq!(route.state(), RouteState::Degraded("BackendNotFound".into()));
}

#[test]
fn the_newest_of_several_entries_for_one_parent_counts() {
    let mut doc = document(&json!([split(95, 5)]));
    let entry = |status: &str, generation: i64| {
        json!({"parentRef": {"name": "edge", "namespace": "infra"},
        "conditions": [{"type": "Accepted", "status": status, "observedGeneration": generation}]})
    };
    doc["status"] = json!({"parents": [entry("False", 3), entry("True", 7), entry("False", 4)]});
    assert_eq!(route(&doc).state(), RouteState::Accepted);
}

#[test]
fn owners_are_told_from_metadata() {
    let owners = |metadata: Value| {
        let mut doc = document(&json!([split(95, 5)]));
        doc["metadata"].as_object_mut().unwrap().extend(metadata.as_object().unwrap().clone());
        route(&doc).owners.iter().map(|owner| (owner.badge(), owner.rule())).collect::<Vec<_>>()
    };
    assert_eq!(owners(json!({})), []);
    let argo = json!({"labels": {"rollouts.argoproj.io/gatewayapi-canary": "in-progress"}});
    assert_eq!(owners(argo), [("argo-rollouts", OwnerRule::Refuse)]);
    let flagger = json!({"ownerReferences": [{"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "name": "c", "controller": true}]});
    assert_eq!(owners(flagger), [("flagger", OwnerRule::Refuse)]);
    let argocd = json!({"annotations": {"argocd.argoproj.io/tracking-id": "x"}});
    assert_eq!(owners(argocd), [("argo-cd", OwnerRule::Warn)]);
    let flux =
        |extra: Value| json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}, "annotations": extra});
    assert_eq!(owners(flux(json!({}))), [("flux", OwnerRule::Warn)]);
    assert_eq!(
        owners(flux(json!({"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}))),
        [("flux", OwnerRule::Free)]
    );
    let helm = json!({"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": {"meta.helm.sh/release-name": "r"}});
    assert_eq!(owners(helm), [("helm", OwnerRule::Warn)]);
    let on_status = json!({"managedFields": [{"manager": "flagger", "subresource": "status"}]});
    assert_eq!(owners(on_status), [], "who writes status owns nothing");
}

/// A pattern that fits both would make the first one the canary, and a rollback drain it.
#[test]
fn names_that_fit_several_backends_tell_no_role() {
    let both = roles(&route(&named(["a-canary", "b-canary"], [75, 25])), 0, &RoleNames::default(), None);
    assert!(both.guessed(), "{both:?}");
}
