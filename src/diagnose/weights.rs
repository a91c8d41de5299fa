//! What the weights say by themselves.

use super::facts::{Facts, percent, shares};
use super::walk::Finding;
use crate::route::{Path, Rule, declared_share, paths_to, weight_sum};

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, rule) in facts.route.splits() {
        let of = facts.of_rule(index);
        if weight_sum(rule) == 0 {
            found.push(all_zero(facts, &of, rule));
            continue;
        }
        found.push(Finding::ok(format!("{of}{}", shares(rule))));
        found.extend(doubled(&of, rule));
    }
    for (index, rule) in facts.route.rules.iter().enumerate() {
        if let [only] = &*rule.backends
            && only.weight == 0
        {
            let seen = format!(
                "{}{} stands alone with weight 0: gateways disagree what that means",
                facts.of_rule(index),
                only.to
            );
            found.push(Finding::broken(seen, "give it weight 1, or take the rule out"));
        }
    }
    found.extend(drained_but_reached(facts));
    if found.is_empty() {
        found.push(Finding::ok("no rule of it splits traffic"));
    }
    found
}

/// The API server takes it, the route stays accepted, and every request is answered with 500.
fn all_zero(facts: &Facts<'_>, of: &str, rule: &Rule) -> Finding {
    let names: Vec<String> = rule.backends.iter().map(|backend| backend.to.to_string()).collect();
    let seen = format!("{of}all weights are 0 ({}): every request gets 500", names.join(", "));
    let heaviest = rule
        .backends
        .iter()
        .find(|backend| facts.canary().is_none_or(|canary| !canary.same_object(&backend.to)));
    let weights = rule.backends.iter().map(|backend| {
        let weight = if heaviest.is_some_and(|heaviest| heaviest == backend) { 100 } else { 0 };
        format!("{}={weight}", backend.to.name)
    });
    let weights = weights.collect::<Vec<_>>().join(" ");
    Finding::broken(seen, format!("give one of them a weight: tidegate set {} {weights}", facts.route.id))
}

/// The same backend twice in a rule: its shares add up, and one of the entries is easily overlooked.
fn doubled(of: &str, rule: &Rule) -> Option<Finding> {
    let twice = rule.backends.iter().enumerate().find_map(|(index, backend)| {
        let again = |other: &crate::route::Backend| other.to.same_object(&backend.to);
        rule.backends[..index].iter().any(again).then_some(&backend.to)
    })?;
    let shares = rule.backends.iter().enumerate().filter(|(_, backend)| backend.to.same_object(twice));
    let share: f64 = shares.filter_map(|(index, _)| declared_share(rule, index)).sum();
    let seen = format!("{of}{twice} stands there more than once: it gets {} % in all", percent(share));
    Some(Finding::warning(seen).advise("take one of the entries out"))
}

/// The canary has weight 0 in every split, and requests or copies still come to it.
fn drained_but_reached(facts: &Facts<'_>) -> Option<Finding> {
    let canary = facts.canary()?;
    let weights = facts
        .route
        .splits()
        .flat_map(|(_, rule)| &rule.backends)
        .filter(|backend| backend.to.same_object(canary));
    if weights.map(|backend| backend.weight).sum::<u32>() > 0 {
        return None;
    }
    let all = std::iter::once(facts.route).chain(facts.others());
    let paths: Vec<String> =
        all.flat_map(|route| paths_to(canary, route)).map(|path: Path| path.to_string()).collect();
    if paths.is_empty() {
        return None;
    }
    let seen = format!("{canary} has weight 0, and is still reached by {}", paths.join("; "));
    let advice = format!("to drain these as well: tidegate rollback {} --all-paths", facts.route.id);
    Some(Finding::warning(seen).advise(advice).explained("ineffective-rollback"))
}
