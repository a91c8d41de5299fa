//! The debugging walk on statuses that real controllers wrote.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use tidegate::diagnose::{Facts, Place, Verdict, Walk, walk};
use tidegate::rollout::RoleNames;
use tidegate::route::{ParentState, Route, Truth};

/// Looks at a route with nothing known but itself.
fn alone(route: &Route) -> Walk {
    walk(&Facts {
        route,
        around: &[],
        around_note: None,
        gateways: &HashMap::new(),
        behind: &HashMap::new(),
        traffic: Err("no Prometheus is configured".to_owned()),
        gated: &[],
        names: &RoleNames::default(),
        chosen: None,
        changes: &[],
        patience: Duration::from_mins(1),
        now: "2026-03-14T09:00:00Z".parse().unwrap(),
    })
}

fn routes(file: &str) -> Vec<(usize, Route)> {
    let routes = super::corpora::routes(file).into_iter();
    routes.map(|(line, object)| (line, super::route(&object))).collect()
}

fn verdict(walk: &Walk, place: Place) -> Verdict {
    walk.steps.iter().find(|step| step.step == place).unwrap().verdict
}

#[test]
fn what_controllers_refuse_is_broken_at_its_own_step() {
    let (mut refused, mut unresolved, mut fine) = (0, 0, 0);
    for (line, route) in routes("envoy-gateway-status.jsonl") {
        let walk = alone(&route);
        let has = |kind: &str, truth: Truth| {
            route
                .parent_views()
                .filter_map(|view| view.status)
                .any(|status| status.condition(kind).is_some_and(|condition| condition.status == truth))
        };
        let falls_back = route.parent_views().any(|view| matches!(view.state, ParentState::Refused { .. }));
        let parents = verdict(&walk, Place::Parents);
        if has("Accepted", Truth::False) || falls_back || has("PartiallyInvalid", Truth::True) {
            assert_eq!(parents, Verdict::Broken, "line {line}");
            refused += 1;
        }
        if has("ResolvedRefs", Truth::False) {
            assert_eq!(verdict(&walk, Place::Backends), Verdict::Broken, "line {line}");
            unresolved += 1;
        }
        if !has("Accepted", Truth::False)
            && !has("PartiallyInvalid", Truth::True)
            && has("Accepted", Truth::True)
        {
            assert_ne!(parents, Verdict::Broken, "line {line}: {walk:#?}");
            fine += 1;
        }
        for step in &walk.steps {
            let silent = step.findings.iter().find(|f| f.verdict == Verdict::Broken && f.advice.is_none());
            assert_eq!(silent, None, "line {line}: what is broken says what to do");
            assert!(!step.findings.is_empty(), "line {line}: {:?} says nothing", step.step);
        }
    }
    assert!(refused > 20 && unresolved > 20 && fine > 100, "{refused} {unresolved} {fine}");
}

/// One line for each different thing that controllers said, so that a change of words is seen.
#[test]
fn words_for_what_controllers_said() {
    let mut told = String::new();
    let mut known = Vec::new();
    for file in ["envoy-gateway-status.jsonl", "argocd-route-status.jsonl"] {
        for (line, route) in routes(file) {
            let conditions =
                route.parent_views().filter_map(|view| view.status).flat_map(|status| &status.conditions);
            let mut reasons: Vec<String> =
                conditions.map(|c| format!("{}={:?} {}", c.kind, c.status, c.reason)).collect();
            reasons.sort();
            reasons.dedup();
            let walk = alone(&route);
            let Some((step, finding)) = walk.first_broken().filter(|_| !known.contains(&reasons)) else {
                continue;
            };
            known.push(reasons);
            let advice = finding.advice.as_deref().unwrap_or_default();
            let _ = writeln!(told, "{file}:{line} {}\n  {}\n  -> {advice}", step.step.title(), finding.seen);
        }
    }
    insta::assert_snapshot!(told);
}
