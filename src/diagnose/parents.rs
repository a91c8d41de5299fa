//! Whether the parents take the route, and whether their Gateways serve anything.

use std::time::Duration;

use super::facts::Facts;
use super::walk::Finding;
use crate::route::{Condition, Gateway, Listener, ParentRef, ParentState, ParentStatus, ParentView, Truth};

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found: Vec<Finding> = facts.route.parent_views().flat_map(|view| parent(facts, &view)).collect();
    if let Some(problem) = &facts.route.status_problem {
        found.push(Finding::unknown(format!("its status cannot be read: {problem}")));
    }
    if facts.route.parents.is_empty() {
        found.push(Finding::broken("it names no parent, so nobody serves it", "give it parentRefs"));
    }
    found
}

fn parent(facts: &Facts<'_>, view: &ParentView<'_>) -> Vec<Finding> {
    let gateway = facts.gateway(view.parent);
    let name = view.parent;
    let mut found = Vec::new();
    match gateway {
        Some(Ok(None)) => {
            let seen = format!("there is no Gateway {}/{}", name.namespace, name.name);
            found.push(
                Finding::broken(seen, "create it, or correct the route's parentRefs").explained("none"),
            );
            return found;
        }
        Some(Err(why)) => found.push(Finding::unknown(why.to_string())),
        Some(Ok(Some(gateway))) => found.extend(serving(name, gateway)),
        None => {}
    }
    let gateway = gateway.and_then(|known| known.as_ref().ok()?.as_ref());
    found.push(match view.status.filter(|_| view.state != ParentState::NoStatus) {
        None => silent(facts, name, gateway),
        Some(status) => said(facts, view, status, gateway),
    });
    found
}

/// What a parent's controller says of the route.
fn said(
    facts: &Facts<'_>,
    view: &ParentView<'_>,
    status: &ParentStatus,
    gateway: Option<&Gateway>,
) -> Finding {
    let (name, generation) = (view.parent, facts.route.generation);
    let condition = |kind: &str, truth: Truth| status.condition(kind).filter(|c| c.status == truth);
    let older = match view.state {
        ParentState::Pending { seen } | ParentState::Refused { seen } => {
            format!("; it speaks of generation {seen}, the route is at {generation}")
        }
        _ => String::new(),
    };
    if let Some(refused) = condition("Accepted", Truth::False) {
        let why = gateway.and_then(|gateway| unfit(facts, name, gateway));
        let seen = format!("{name} does not serve it: {}{older}", refused.sentence());
        let advice = why.unwrap_or_else(|| remedy(facts, &refused.reason));
        return Finding::broken(seen, advice).explained("none");
    }
    if let Some(undecided) = condition("Accepted", Truth::Unknown) {
        return late(facts, format!("{name} has not decided: {}{older}", undecided.sentence()));
    }
    let partly = condition("PartiallyInvalid", Truth::True);
    if let ParentState::Refused { seen } = view.state {
        let why = partly.map(Condition::words).unwrap_or_default();
        let seen = format!("{name} refused generation {generation} and still serves {seen}: {why}");
        let advice = format!(
            "correct what it names, or take the edit back: kubectl -n {} edit httproute {}",
            facts.route.id.namespace, facts.route.id.name
        );
        return Finding::broken(seen, advice);
    }
    if let Some(partly) = partly {
        let seen = format!("{name} serves only a part of it: {}{older}", partly.sentence());
        return Finding::broken(seen, "correct what the condition names");
    }
    match view.state {
        ParentState::Pending { seen } => {
            late(facts, format!("{name} has not taken up generation {generation}, it speaks of {seen}"))
        }
        ParentState::NoGeneration => Finding::unknown(format!(
            "{name} accepted it, and its controller ({}) reports no generation: whether it has seen the newest edit cannot be known",
            status.controller
        )),
        _ if status.condition("Accepted").is_none() => silent(facts, name, gateway),
        _ => Finding::ok(format!("{name}: accepted at generation {generation} by {}", status.controller)),
    }
}

/// Reasons of the specification.
fn remedy(facts: &Facts<'_>, reason: &str) -> String {
    match reason {
        "NoMatchingParent" => {
            "correct sectionName or port of the route's parentRefs: they fit no listener".to_owned()
        }
        "NoMatchingListenerHostname" => {
            format!(
                "let a listener serve {}, or correct the route's hostnames",
                facts.route.hostnames.join(", ")
            )
        }
        "NotAllowedByListeners" => {
            format!(
                "let the listener's allowedRoutes take HTTPRoutes of namespace {}",
                facts.route.id.namespace
            )
        }
        _ => "correct what the condition names".to_owned(),
    }
}

/// Nobody speaks of the route.
fn silent(facts: &Facts<'_>, name: &ParentRef, gateway: Option<&Gateway>) -> Finding {
    let class = gateway.map(|gateway| format!(" of class {}", gateway.class)).unwrap_or_default();
    late(facts, format!("no controller has said whether it takes the route for {name}{class}"))
}

/// What a controller has not done: broken once it had time for it.
fn late(facts: &Facts<'_>, seen: String) -> Finding {
    match facts.unchanged_for() {
        Some(since) if since > facts.patience => {
            let advice = "see whether its controller runs, and what it logs of this route";
            Finding::broken(format!("{seen}, {} after the newest write", span(since)), advice)
                .explained("none")
        }
        Some(since) => Finding::unknown(format!("{seen}; it was written {} ago", span(since))),
        None => Finding::unknown(seen),
    }
}

/// `45 s`, `12 min`, `3 h`.
fn span(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ ..7200 => format!("{} min", seconds / 60),
        seconds @ ..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86400),
    }
}

/// Whether the Gateway is served at all, and the listeners that the parent means.
fn serving(name: &ParentRef, gateway: &Gateway) -> Vec<Finding> {
    let place = format!("Gateway {}/{}", name.namespace, name.name);
    let mut found = Vec::new();
    for kind in ["Accepted", "Programmed"] {
        match gateway.condition(kind) {
            Some(condition) if condition.status == Truth::False => {
                let seen = format!("{place} serves nothing: {}", condition.sentence());
                found.push(
                    Finding::broken(seen, "correct the Gateway; the route cannot help it").explained("none"),
                );
            }
            Some(condition) if condition.status == Truth::True => {
                if let Some(seen) =
                    condition.observed_generation.filter(|seen| *seen > 0 && *seen < gateway.generation)
                {
                    let newest = gateway.generation;
                    found.push(Finding::unknown(format!(
                        "whether {place} serves its newest edit: {kind} speaks of generation {seen}, it is at {newest}"
                    )));
                }
            }
            Some(condition) => found.push(Finding::unknown(format!("{place}: {}", condition.sentence()))),
            None if kind == "Programmed" => {
                found.push(Finding::unknown(format!(
                    "whether {place} is served: it has no condition Programmed"
                )));
            }
            None => {}
        }
    }
    let meant: Vec<&Listener> =
        gateway.listeners.iter().filter(|listener| is_meant(name, listener)).collect();
    let troubles: Vec<String> = meant
        .iter()
        .filter_map(|listener| {
            Some(format!("listener {} of {place}: {}", listener.name, listener.trouble()?))
        })
        .collect();
    if meant.is_empty() {
        let has: Vec<String> =
            gateway.listeners.iter().map(|l| format!("{} (port {})", l.name, l.port)).collect();
        let wanted =
            [name.section.as_ref().map(ToString::to_string), name.port.map(|port| format!("port {port}"))];
        let wanted = wanted.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let seen = format!("{place} has no listener {wanted}; it has {}", has.join(", "));
        found.push(
            Finding::broken(seen, "correct sectionName or port of the route's parentRefs").explained("none"),
        );
    } else if troubles.len() == meant.len() {
        found.push(Finding::broken(troubles.join("; "), "correct the Gateway's listeners").explained("none"));
    } else {
        found.extend(troubles.into_iter().map(Finding::warning));
    }
    if found.is_empty() {
        found.push(Finding::ok(format!("{place} is programmed")));
    }
    found
}

fn is_meant(name: &ParentRef, listener: &Listener) -> bool {
    name.section.as_ref().is_none_or(|section| *section == listener.name)
        && name.port.is_none_or(|port| port == listener.port)
}

/// Why no listener takes the route, where that can be seen from here. Asked only once the controller has refused it: what it
/// takes is its own affair.
fn unfit(facts: &Facts<'_>, name: &ParentRef, gateway: &Gateway) -> Option<String> {
    let meant: Vec<&Listener> =
        gateway.listeners.iter().filter(|listener| is_meant(name, listener)).collect();
    let hosts = &facts.route.hostnames;
    let fits = |listener: &&Listener| hosts.is_empty() || hosts.iter().any(|host| listener.serves(host));
    if !meant.is_empty() && !meant.iter().any(fits) {
        let serve: Vec<&str> = meant.iter().filter_map(|listener| listener.hostname.as_deref()).collect();
        return Some(format!(
            "its listeners serve {}, the route wants {}: correct one of them",
            serve.join(", "),
            hosts.join(", ")
        ));
    }
    let own = |listener: &&Listener| &*listener.from == "Same";
    if !meant.is_empty() && meant.iter().all(own) && name.namespace != facts.route.id.namespace {
        return Some(format!(
            "its listeners take routes of namespace {} only: set allowedRoutes.namespaces.from",
            name.namespace
        ));
    }
    None
}
