//! Which split of a route a verb means, and which backend a rollback drains.

use super::exit::Failure;
use crate::rollout::{
    Edit, Plan, Refusal, Role, RoleNames, RollbackTarget, roles, rollback_target, takes_over,
};
use crate::route::{BackendRef, Route, Rule, declared_share};

/// The splits that `--rule` selects: one, or all without it.
///
/// # Errors
/// When there is no such split, or none at all.
pub fn splits(route: &Route, rule: Option<&str>) -> Result<Vec<usize>, Failure> {
    let all: Vec<usize> = route.splits().map(|(index, _)| index).collect();
    if all.is_empty() {
        return Err(Failure::usage(format!(
            "route {} has no rule with two backends, so there are no weights to change",
            route.id
        )));
    }
    let Some(wanted) = rule else { return Ok(all) };
    let by_index: Option<usize> = wanted.parse().ok();
    let fits = |index: &usize| match by_index {
        Some(number) => *index == number,
        None => route.rules.get(*index).is_some_and(|rule| rule.name.as_deref() == Some(wanted)),
    };
    let found: Vec<usize> = all.iter().copied().filter(fits).collect();
    match found.as_slice() {
        [_] => Ok(found),
        [] => Err(Failure::usage(format!(
            "--rule {wanted}: route {} has no such split; there are: {}",
            route.id,
            labels(route, &all)
        ))),
        _ => Err(Failure::usage(format!(
            "--rule {wanted}: several splits of route {} have this name; give an index: {}",
            route.id,
            labels(route, &found)
        ))),
    }
}

/// The split that these names mean: the only one that has them all, or one of several that stand at the same
/// shares and are changed together.
///
/// # Errors
/// When several differ.
pub fn split_with(route: &Route, splits: &[usize], names: &[&str]) -> Result<usize, Failure> {
    let rule = |index: usize| route.rules.get(index);
    let has_all = |index: &usize| {
        rule(*index)
            .is_some_and(|rule| names.iter().all(|name| rule.backends.iter().any(|b| &*b.to.name == *name)))
    };
    let fitting: Vec<usize> = splits.iter().copied().filter(has_all).collect();
    match (fitting.as_slice(), splits) {
        ([first, others @ ..], _) => {
            let same = |other: &usize| rule(*first).zip(rule(*other)).is_some_and(|(a, b)| same_shares(a, b));
            if others.iter().all(same) { Ok(*first) } else { Err(ambiguous(route, &fitting)) }
        }
        // The plan says then which name is unknown.
        ([], [first, ..]) => Ok(*first),
        ([], []) => Err(Refusal::NoSplit(0).into()),
    }
}

/// The rule that a change means: the only one of `splits` that has a use for it, or one of several that are changed
/// together. Whether a single one has is told when it is prepared.
///
/// # Errors
/// When several would change otherwise.
pub fn split_to_change(
    route: &Route,
    splits: &[usize],
    plan: impl Fn(usize) -> Result<Plan, Refusal>,
) -> Result<usize, Failure> {
    if let [only] = splits {
        return Ok(*only);
    }
    let edits = |plan: Plan| {
        let mut edits = plan.edits;
        edits.sort_by_key(Edit::rule);
        edits
    };
    // A split of another kind is not meant.
    let planned = splits.iter().map(|index| (*index, plan(*index)));
    let useful = planned.filter(|(_, plan)| !matches!(plan, Err(Refusal::Pair | Refusal::NoFlip(_))));
    let useful: Vec<(usize, Option<Vec<Edit>>)> =
        useful.map(|(index, plan)| (index, plan.ok().map(edits))).collect();
    match useful.as_slice() {
        [] => Ok(splits.first().copied().unwrap_or_default()),
        [(only, _)] => Ok(*only),
        [(first, Some(edits)), others @ ..]
            if others.iter().all(|(_, other)| other.as_ref() == Some(edits)) =>
        {
            Ok(*first)
        }
        _ => Err(ambiguous(route, &useful.iter().map(|(index, _)| *index).collect::<Vec<_>>())),
    }
}

/// The split that a verb is about that can only look at one.
///
/// # Errors
/// When there are several.
pub fn only(route: &Route, splits: &[usize]) -> Result<usize, Failure> {
    match splits {
        [only] => Ok(*only),
        [] => Err(Refusal::NoSplit(0).into()),
        several => Err(Failure::usage(format!(
            "route {} has several splits; choose one with --rule INDEX: {}",
            route.id,
            labels(route, several)
        ))),
    }
}

fn same_shares(a: &Rule, b: &Rule) -> bool {
    let shares = |rule: &Rule| {
        let mut shares: Vec<(BackendRef, Option<f64>)> = rule
            .backends
            .iter()
            .enumerate()
            .map(|(index, backend)| (backend.to.clone(), declared_share(rule, index)))
            .collect();
        shares.sort_by(|a, b| a.0.cmp(&b.0));
        shares
    };
    shares(a) == shares(b)
}

/// The backend that a rollback drains, and the one that takes over. `names` are those that tell roles, `canary` is `--canary`, `chosen` what was
/// named on this machine before.
///
/// # Errors
/// When that is not known; the message says what to give.
pub fn rollback(
    route: &Route,
    splits: &[usize],
    names: &RoleNames,
    canary: Option<&str>,
    chosen: Option<&str>,
) -> Result<(BackendRef, BackendRef), Failure> {
    if let Some(name) = canary {
        let has_it = |index: &&usize| {
            route.rules.get(**index).is_some_and(|rule| rule.backends.iter().any(|b| &*b.to.name == name))
        };
        let index = splits.iter().find(has_it).or(splits.first());
        return named(route, index.copied().unwrap_or_default(), names, name);
    }
    let mut known: Vec<(BackendRef, BackendRef)> = Vec::new();
    for index in splits {
        match rollback_target(route, *index, names, chosen) {
            RollbackTarget::Known(from, into) if known.contains(&(from.clone(), into.clone())) => {}
            RollbackTarget::Known(from, into) => known.push((from, into)),
            RollbackTarget::Ask(_) if splits.len() > 1 => return Err(ambiguous(route, splits)),
            RollbackTarget::Ask(backends) => return Err(ask_canary(route, *index, &backends)),
        }
    }
    match known.as_slice() {
        [one] => Ok(one.clone()),
        _ => Err(ambiguous(route, splits)),
    }
}

fn named(
    route: &Route,
    index: usize,
    known: &RoleNames,
    name: &str,
) -> Result<(BackendRef, BackendRef), Failure> {
    let Some(rule) = route.rules.get(index) else { return Err(Refusal::NoSplit(index).into()) };
    let backends = &rule.backends;
    let Some(position) = backends.iter().position(|b| &*b.to.name == name) else {
        let known = backends.iter().map(|b| b.to.name.to_string()).collect();
        let unknown = Refusal::UnknownBackend { name: name.to_owned(), known };
        return Err(Failure::usage(format!("--canary: {unknown}")));
    };
    let roles = roles(route, index, known, Some(name));
    if !roles.guessed() && roles.of.get(position) == Some(&Some(Role::Stable)) {
        return Err(Failure::usage(format!(
            "--canary {name}: this backend is the stable one of route {}; to take it out of service, set the weights",
            route.id
        )));
    }
    let from = backends.get(position).map(|backend| backend.to.clone());
    let drained = from.and_then(|from| takes_over(rule, &roles, &from).map(|into| (from, into)));
    drained.ok_or_else(|| Refusal::NoSplit(index).into())
}

fn ask_canary(route: &Route, index: usize, backends: &[BackendRef]) -> Failure {
    let names: Vec<&str> = backends.iter().map(|backend| &*backend.name).collect();
    Failure::usage(format!(
        "nothing says which backend of route {}, rule {} is to be drained; name it with --canary NAME: {}",
        route.id,
        route.rule_label(index),
        names.join(" or ")
    ))
}

fn ambiguous(route: &Route, splits: &[usize]) -> Failure {
    Failure::usage(format!(
        "route {} has several splits that differ; choose one with --rule INDEX: {}",
        route.id,
        labels(route, splits)
    ))
}

fn labels(route: &Route, splits: &[usize]) -> String {
    let label = |index: &usize| format!("{index} ({})", route.rule_label(*index));
    splits.iter().map(label).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(rules: &[&[(&str, u32)]]) -> Route {
        let rules: Vec<_> = rules
            .iter()
            .map(|backends| {
                let refs: Vec<_> = backends
                    .iter()
                    .map(|(name, weight)| serde_json::json!({"name": name, "port": 80, "weight": weight}))
                    .collect();
                serde_json::json!({ "backendRefs": refs })
            })
            .collect();
        let object = serde_json::json!({
            "metadata": {"namespace": "shop", "name": "web", "uid": "u", "generation": 1},
            "spec": {"rules": rules},
        });
        Route::from_json(&object.to_string()).unwrap()
    }

    fn drained(route: &Route, canary: Option<&str>) -> Result<String, String> {
        let splits = splits(route, None).map_err(|failure| failure.message)?;
        let found = rollback(route, &splits, &RoleNames::default(), canary, None)
            .map_err(|failure| failure.message)?;
        Ok(format!("{} -> {}", found.0.name, found.1.name))
    }

    #[test]
    fn names_tell_the_canary() {
        let two = route(&[&[("a-stable", 90), ("a-canary", 10)]]);
        assert_eq!(drained(&two, None).unwrap(), "a-canary -> a-stable");
        assert_eq!(
            drained(&two, Some("a-stable")).unwrap_err(),
            "--canary a-stable: this backend is the stable one of route shop/web; to take it out of service, set the weights"
        );
        assert_eq!(
            drained(&two, Some("b")).unwrap_err(),
            "--canary: no backend 'b' in this rule; it has a-stable, a-canary"
        );
    }

    #[test]
    fn a_guess_is_not_enough() {
        let guess = route(&[&[("one", 90), ("two", 10)]]);
        assert_eq!(
            drained(&guess, None).unwrap_err(),
            "nothing says which backend of route shop/web, rule 0 is to be drained; \
             name it with --canary NAME: one or two"
        );
        assert_eq!(drained(&guess, Some("two")).unwrap(), "two -> one");
        assert_eq!(drained(&guess, Some("one")).unwrap(), "one -> two");
    }

    #[test]
    fn several_splits_must_agree() {
        let same = route(&[&[("a-stable", 90), ("a-canary", 10)], &[("a-stable", 1), ("a-canary", 1)]]);
        assert_eq!(drained(&same, None).unwrap(), "a-canary -> a-stable");
        let all = splits(&same, None).unwrap();
        assert!(split_with(&same, &all, &["a-stable", "a-canary"]).is_err());
        let differ = route(&[&[("a-stable", 90), ("a-canary", 10)], &[("b-stable", 1), ("b-canary", 1)]]);
        assert!(drained(&differ, None).unwrap_err().contains("--rule INDEX: 0 (0), 1"));
        assert_eq!(drained(&differ, Some("b-canary")).unwrap(), "b-canary -> b-stable");
        assert_eq!(splits(&differ, Some("1")).unwrap(), [1]);
        assert!(splits(&differ, Some("2")).is_err());
        assert!(splits(&route(&[&[("a", 1)]]), None).is_err());
    }
}
