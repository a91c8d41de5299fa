//! Whether what the rules name exists and can answer.

use std::collections::BTreeSet;

use super::facts::{Behind, Facts, percent};
use super::walk::Finding;
use crate::cluster::Endpoints;
use crate::rollout::large_enough;
use crate::route::{BackendRef, Condition, ParentView, Truth, declared_share};

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found: Vec<Finding> = targets(facts).into_iter().map(|target| of_target(facts, target)).collect();
    found.extend(facts.route.parent_views().filter_map(|view| unresolved(facts, &view)));
    found.extend(stale_failover(facts));
    if found.is_empty() {
        found.push(Finding::ok("no rule of it names a backend"));
    }
    found
}

/// What is sent requests or copies, each once.
fn targets<'a>(facts: &Facts<'a>) -> BTreeSet<&'a BackendRef> {
    facts.route.targets().collect()
}

fn of_target(facts: &Facts<'_>, target: &BackendRef) -> Finding {
    let Some(behind) = facts.behind.get(target) else {
        return Finding::unknown(format!("what stands behind {target}: nobody looked"));
    };
    let share = highest_share(facts, target);
    let what = format!("Service {}/{}", target.namespace, target.name);
    if !target.is_service() {
        return Finding::unknown(format!("{target}: {}", why(behind)));
    }
    match &behind.ports {
        Ok(None) => {
            let seen = format!(
                "there is no {what}{}",
                suffers(share, "gets 500, or goes to the others without a word: gateways differ")
            );
            return absent(seen, "create it, or correct the name in the route", share);
        }
        Ok(Some(ports)) => {
            if let Some(port) = target.port.filter(|port| !ports.contains(port)) {
                let has: Vec<String> = ports.iter().map(ToString::to_string).collect();
                let seen = format!(
                    "{what} has no port {port}, it has {}{}",
                    has.join(", "),
                    suffers(share, "gets 500 or 503")
                );
                return absent(seen, "correct the port in the route", share);
            }
        }
        // The endpoints may be readable all the same.
        Err(_) => {}
    }
    match &behind.endpoints {
        Ok(Endpoints { ready: 0, total }) => {
            let seen = format!("{what} has no ready endpoint (0 of {total}){}", suffers(share, "gets 503"));
            let advice = match takes_over(facts, target) {
                Some(other) if share.is_some_and(|share| share > 0.0) => {
                    format!(
                        "look at its pods; meanwhile all traffic to {other}: tidegate rollback {}",
                        facts.route.id
                    )
                }
                _ => "look at its pods and its selector".to_owned(),
            };
            absent(seen, &advice, share)
        }
        Ok(Endpoints { ready, total }) => {
            let version = behind.version.as_deref().map(|version| format!(", {version}")).unwrap_or_default();
            Finding::ok(format!("{target}: {ready}/{total} endpoints ready{version}"))
        }
        Err(why) => Finding::unknown(format!("whether {target} can answer: {why}")),
    }
}

fn why(behind: &Behind) -> &str {
    behind.endpoints.as_ref().err().map_or("its endpoints are not known here", |why| why)
}

/// Broken where it is sent requests now; else only in the way of the next step.
fn absent(seen: String, advice: &str, share: Option<f64>) -> Finding {
    if share.is_some_and(|share| share > 0.0) {
        return Finding::broken(seen, advice).explained("none");
    }
    Finding::warning(seen).advise(advice)
}

fn suffers(share: Option<f64>, what: &str) -> String {
    match share {
        Some(share) if share > 0.0 => format!(": its {} % {what}", percent(share)),
        Some(_) => "; it has weight 0".to_owned(),
        None => "; it gets copies only".to_owned(),
    }
}

/// The highest share of a backend in any rule; `None` where it gets copies only.
fn highest_share(facts: &Facts<'_>, target: &BackendRef) -> Option<f64> {
    let shares = facts.route.rules.iter().flat_map(|rule| {
        let at = rule.backends.iter().enumerate().filter(|(_, backend)| backend.to == *target);
        at.map(|(index, _)| declared_share(rule, index).unwrap_or(0.0))
    });
    shares.reduce(f64::max)
}

/// Who would take the share of a canary without endpoints.
fn takes_over<'a>(facts: &Facts<'a>, target: &BackendRef) -> Option<&'a BackendRef> {
    facts.canary().filter(|canary| canary.same_object(target))?;
    let rule = facts
        .route
        .splits()
        .map(|(_, rule)| rule)
        .find(|rule| rule.backends.iter().any(|b| b.to == *target))?;
    let ready = |to: &BackendRef| {
        facts.behind.get(to).and_then(|b| b.endpoints.as_ref().ok()).is_some_and(|e| e.ready > 0)
    };
    rule.backends.iter().map(|backend| &backend.to).find(|to| !to.same_object(target) && ready(to))
}

/// Whether those who would take the canary's share could bear it.
fn stale_failover(facts: &Facts<'_>) -> Option<Finding> {
    let canary = facts.canary()?;
    let ready = |to: &BackendRef| Some(facts.behind.get(to)?.endpoints.as_ref().ok()?.ready);
    facts.route.splits().find_map(|(_, rule)| {
        let into = rule.backends.iter().map(|backend| &backend.to).find(|to| !to.same_object(canary))?;
        let small = large_enough(rule, canary, into, ready).err()?;
        let advice =
            "scale it up before you need it; a rollback wants its name typed only where nobody is ready";
        Some(
            Finding::warning(format!("if the canary is rolled back: {small}"))
                .advise(advice)
                .explained("stale-failover"),
        )
    })
}

/// What the controller says of the references.
fn unresolved(facts: &Facts<'_>, view: &ParentView<'_>) -> Option<Finding> {
    let refs = view.status?.condition("ResolvedRefs").filter(|condition| condition.status == Truth::False)?;
    let seen = format!("{}: {}", view.parent, refs.sentence());
    if refs.observed_generation.is_some_and(|seen| seen > 0 && seen < facts.route.generation) {
        return Some(Finding::unknown(format!("{seen}; that was said of an older generation")));
    }
    Some(Finding::broken(seen, remedy(facts, refs)).explained("none"))
}

/// Reasons of the specification.
fn remedy(facts: &Facts<'_>, refs: &Condition) -> String {
    match &*refs.reason {
        "RefNotPermitted" => format!(
            "the namespace of the backend needs a ReferenceGrant for HTTPRoutes of namespace {}",
            facts.route.id.namespace
        ),
        "BackendNotFound" => "create what is missing, or correct the name in the route".to_owned(),
        "InvalidKind" => "this gateway takes no backends of that kind".to_owned(),
        "UnsupportedProtocol" => {
            "this gateway does not speak the appProtocol of that Service's port".to_owned()
        }
        _ => "correct what the condition names".to_owned(),
    }
}
