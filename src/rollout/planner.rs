//! From an intent and a fresh route to a plan.

use super::conventions::{Conventions, RoleNames};
use super::effect::{advancing, silenced};
use super::flip::{flip, goes_back};
use super::ladder::{Ladder, Stage};
use super::plan::{Direction, Edit, Effect, Intent, Plan, Refusal, RuleChange};
use super::roles::{Role, Roles, is_one_object, roles};
use super::undo::undo;
use super::weights::{MOST_WEIGHT, SHARE_SCALE, set_share};
use crate::route::{Backend, BackendRef, Route, Rule, weight_sum};

/// Plans `intent` on `route`. `chosen` is the canary that a person named on this machine, if any.
///
/// # Errors
/// [`Refusal`] with the reason; nothing is written then.
pub fn plan(
    route: &Route,
    intent: &Intent,
    conventions: &Conventions,
    chosen: Option<&str>,
) -> Result<Plan, Refusal> {
    let names = &conventions.names;
    match intent {
        Intent::Step { rule, direction, canary } => {
            let who = Who { rule: *rule, asked: canary.as_deref(), chosen, names };
            step(route, intent, who, |canary, (weight, sum)| {
                if sum == 0 {
                    return Err(Refusal::AtNoStage(canary.name.to_string()));
                }
                // Who wrote a ladder meant another one than the default; going back is safe on any.
                if let (Direction::Next, Some(fault)) = (direction, Ladder::fault(route)) {
                    return Err(Refusal::Ladder(fault));
                }
                let ladder = conventions.ladder.of(route);
                let stage = match direction {
                    Direction::Next => ladder.next(weight, sum),
                    Direction::Back => ladder.back(weight, sum),
                };
                let name = || canary.name.to_string();
                stage.ok_or_else(|| Refusal::EndOfLadder { name: name(), share: percent(weight, sum) })
            })
        }
        Intent::Stage { rule, stage, canary } => {
            let who = Who { rule: *rule, asked: canary.as_deref(), chosen, names };
            step(route, intent, who, |canary, (weight, sum)| {
                if u64::from(stage.share()) * sum == weight * u64::from(SHARE_SCALE) && sum > 0 {
                    return Err(Refusal::Nothing(format!("{canary} is at {stage} already")));
                }
                Ok(*stage)
            })
        }
        Intent::Flip { rule } => flip(route, intent, *rule, names, chosen),
        Intent::Undo { change } => undo(route, intent, change, names, chosen),
        Intent::Set { rule, weights } => set(route, intent, *rule, weights, names, chosen),
        Intent::Drain { from, into, other_paths } => drain(route, intent, from, into, *other_paths),
    }
}

pub(super) fn split(route: &Route, rule: usize) -> Result<&Rule, Refusal> {
    route.rules.get(rule).filter(|r| r.is_split()).ok_or(Refusal::NoSplit(rule))
}

/// Whose share is moved, and in which rule.
#[derive(Clone, Copy)]
struct Who<'a> {
    rule: usize,
    /// The canary that a person was asked for just now.
    asked: Option<&'a str>,
    /// The canary that was named on this machine before.
    chosen: Option<&'a str>,
    names: &'a RoleNames,
}

/// Moves the canary to the stage that `stage` finds for its weight and the sum of all weights.
fn step(
    route: &Route,
    intent: &Intent,
    who: Who<'_>,
    stage: impl FnOnce(&BackendRef, (u64, u64)) -> Result<Stage, Refusal>,
) -> Result<Plan, Refusal> {
    let Who { rule: index, asked, chosen, names } = who;
    let rule = split(route, index)?;
    let known = roles(route, index, names, chosen);
    if known.is_pair() {
        return Err(Refusal::Pair);
    }
    let canary = canary_of(rule, &known, asked)?;
    // What somebody chose on this machine may be chosen anew; what the route itself says may not.
    let named = roles(route, index, names, None);
    let said =
        Some(&named).filter(|named| !named.guessed()).and_then(|named| rule.backends.get(named.canary()?));
    if let Some(said) = said.filter(|said| !said.to.same_object(&canary)) {
        let (asked, canary) = (canary.name.to_string(), said.to.name.to_string());
        return Err(Refusal::AnotherCanary { asked, canary });
    }
    let stage = stage(&canary, share_of(rule, &canary))?;
    let mut edits = Vec::new();
    let mut notes = Vec::new();
    for (other_index, other) in route.splits() {
        if same_split(rule, other, &canary) {
            edits.push(Edit::Weights(move_to(route, other_index, other, &canary, stage, &mut notes)?));
        } else if other.backends.iter().any(|b| b.to.same_object(&canary)) {
            notes.push(format!(
                "rule {} stands at another share and is not moved",
                route.rule_label(other_index)
            ));
        }
    }
    edits.sort_by_key(|edit| edit.rule() != index);
    // What the canary gives up, the others share out as they stood: nobody else advances. That holds only where
    // nothing speaks against its being the canary; else the shares alone are judged, as if there were no roles.
    let likely = known.canary().and_then(|index| rule.backends.get(index));
    let likely = likely.is_some_and(|likely| likely.to.same_object(&canary));
    let others = |backend: &BackendRef| likely && !backend.same_object(&canary);
    let mut plan = finish(route, intent, edits, Some(canary.clone()), others, notes);
    if !likely {
        plan.silenced = silenced(&plan.edits);
    }
    Ok(plan)
}

fn canary_of(rule: &Rule, known: &Roles, asked: Option<&str>) -> Result<BackendRef, Refusal> {
    let names = || rule.backends.iter().map(|b| b.to.name.to_string()).collect::<Vec<_>>();
    let index = match asked {
        Some(name) if !names().iter().any(|known| known == name) => {
            return Err(Refusal::UnknownBackend { name: name.to_owned(), known: names() });
        }
        Some(name) if !is_one_object(rule, name) => return Err(Refusal::AmbiguousBackend(name.to_owned())),
        Some(name) => rule.backends.iter().position(|b| &*b.to.name == name),
        None if known.guessed() => None,
        None => known.canary(),
    };
    index.and_then(|i| rule.backends.get(i)).map(|b| b.to.clone()).ok_or_else(|| Refusal::AskCanary(names()))
}

/// The weight of all references to `target` in `rule`, and the rule's sum.
fn share_of(rule: &Rule, target: &BackendRef) -> (u64, u64) {
    let mine = rule.backends.iter().filter(|b| b.to.same_object(target)).map(|b| u64::from(b.weight)).sum();
    (mine, weight_sum(rule))
}

fn percent(weight: u64, sum: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "weights of one rule sum to less than 2^24")]
    let share = weight as f64 / sum as f64 * 100.0;
    format!("{} %", (share * 100.0).round() / 100.0)
}

/// Whether both rules split between the same backends and `target` has the same share in both.
pub(super) fn same_split(a: &Rule, b: &Rule, target: &BackendRef) -> bool {
    fn names(rule: &Rule) -> Vec<&BackendRef> {
        let mut names: Vec<&BackendRef> = rule.backends.iter().map(|b| &b.to).collect();
        names.sort();
        names
    }
    let ((wa, sa), (wb, sb)) = (share_of(a, target), share_of(b, target));
    names(a) == names(b) && wa * sb == wb * sa && (sa == 0) == (sb == 0)
}

fn move_to(
    route: &Route,
    index: usize,
    rule: &Rule,
    target: &BackendRef,
    stage: Stage,
    notes: &mut Vec<String>,
) -> Result<RuleChange, Refusal> {
    let others: Vec<usize> = (0..rule.backends.len())
        .filter(|i| !rule.backends.get(*i).is_some_and(|b| b.to.same_object(target)))
        .collect();
    let receiver = if others.len() == 1 { others.first().copied() } else { None };
    change_share(route, index, rule, target, stage.share(), receiver, notes)
}

fn change_share(
    route: &Route,
    index: usize,
    rule: &Rule,
    target: &BackendRef,
    share: u32,
    receiver: Option<usize>,
    notes: &mut Vec<String>,
) -> Result<RuleChange, Refusal> {
    let before = rule.weights();
    let moving: Vec<bool> = rule.backends.iter().map(|b| b.to.same_object(target)).collect();
    let after = set_share(&before, &moving, share, receiver).ok_or(Refusal::TooFine)?;
    let change = rule_change(route, index, rule, after);
    let (old, new) = (weight_sum(rule), change.after.iter().map(|w| u64::from(*w)).sum::<u64>());
    if old != new {
        notes.push(format!("the weights of rule {} now sum to {new} instead of {old}", change.label));
    }
    Ok(change)
}

pub(super) fn rule_change(route: &Route, index: usize, rule: &Rule, after: Vec<u32>) -> RuleChange {
    RuleChange {
        rule: index,
        label: route.rule_label(index),
        backends: rule.backends.iter().map(|b| b.to.clone()).collect(),
        before: rule.weights(),
        after,
    }
}

fn set(
    route: &Route,
    intent: &Intent,
    index: usize,
    weights: &[(Box<str>, u32)],
    role_names: &RoleNames,
    chosen: Option<&str>,
) -> Result<Plan, Refusal> {
    let rule = split(route, index)?;
    let names: Vec<&str> = rule.backends.iter().map(|b| &*b.to.name).collect();
    for (position, (name, weight)) in weights.iter().enumerate() {
        let found = names.iter().filter(|n| **n == &**name).count();
        if found == 0 {
            let known = names.iter().map(ToString::to_string).collect();
            return Err(Refusal::UnknownBackend { name: name.to_string(), known });
        }
        if found > 1 {
            return Err(Refusal::AmbiguousBackend(name.to_string()));
        }
        if weights.iter().take(position).any(|(earlier, _)| earlier == name) {
            return Err(Refusal::Repeated(name.to_string()));
        }
        if *weight > MOST_WEIGHT {
            return Err(Refusal::OutOfRange { name: name.to_string(), weight: *weight });
        }
    }
    let wanted = |name: &str| weights.iter().find(|(n, _)| &**n == name).map(|(_, weight)| *weight);
    let missing: Vec<String> =
        names.iter().filter(|n| wanted(n).is_none()).map(ToString::to_string).collect();
    if !missing.is_empty() {
        return Err(Refusal::MissingBackend(missing));
    }
    if weights.iter().all(|(_, weight)| *weight == 0) {
        return Err(Refusal::AllZero);
    }
    let mut edits = Vec::new();
    for (other_index, other) in route.splits() {
        if rule.backends.iter().all(|b| same_split(rule, other, &b.to)) {
            let after: Vec<u32> = other.backends.iter().filter_map(|b| wanted(&b.to.name)).collect();
            let change = rule_change(route, other_index, other, after);
            if change.before != change.after {
                edits.push(Edit::Weights(change));
            }
        }
    }
    if edits.is_empty() {
        return Err(Refusal::Nothing("the route has these weights already".to_owned()));
    }
    edits.sort_by_key(|edit| edit.rule() != index);
    let known = roles(route, index, role_names, chosen);
    let at = |index: Option<usize>| {
        index.filter(|_| !known.guessed()).and_then(|i| rule.backends.get(i)).map(|b| b.to.clone())
    };
    let stable = at(known.index(Role::Stable));
    let is_stable = |backend: &BackendRef| stable.as_ref().is_some_and(|stable| stable == backend);
    let plan = finish(route, intent, edits, at(known.canary()), is_stable, Vec::new());
    Ok(Plan { returns: goes_back(&plan, route), ..plan })
}

fn drain(
    route: &Route,
    intent: &Intent,
    from: &BackendRef,
    into: &BackendRef,
    other_paths: bool,
) -> Result<Plan, Refusal> {
    let mut edits = Vec::new();
    let mut notes = Vec::new();
    for (index, rule) in route.rules.iter().enumerate() {
        let (weight, _) = share_of(rule, from);
        let others = rule.backends.iter().any(|b| !b.to.same_object(from));
        if weight > 0 && others {
            match drained(route, index, rule, from, into, &mut notes) {
                Some(change) => edits.push(Edit::Weights(change)),
                None => notes.push(format!(
                    "rule {} is left as it is: nobody but {from} has traffic there, and {into} is not in it",
                    route.rule_label(index)
                )),
            }
        } else if weight > 0 && other_paths && into.namespace != route.id.namespace {
            // Nobody has granted this route a reference to it: the rule would answer 500.
            notes.push(format!(
                "rule {} is left as it is: {into} is in another namespace",
                route.rule_label(index)
            ));
        } else if weight > 0 && other_paths {
            edits.extend(rule.backends.iter().enumerate().map(|(backend, b)| Edit::Redirect {
                rule: index,
                label: route.rule_label(index),
                backend,
                from: b.to.clone(),
                to: into.clone(),
            }));
        }
        if other_paths {
            edits.extend(rule.mirrors.iter().filter(|m| m.to.same_object(from)).map(|mirror| {
                Edit::Unmirror {
                    rule: index,
                    label: route.rule_label(index),
                    pointer: mirror.pointer.clone(),
                    to: mirror.to.clone(),
                }
            }));
        }
    }
    if edits.is_empty() {
        let silent = route.splits().filter(|(_, rule)| weight_sum(rule) == 0);
        let silent: Vec<String> = silent.map(|(index, _)| route.rule_label(index)).collect();
        let silent = match silent.join(", ") {
            none if none.is_empty() => none,
            rules => format!("; all weights of rule {rules} are 0, so its requests get 500: set weights"),
        };
        return Err(Refusal::Nothing(format!(
            "{from} gets no traffic from the splits of this route already{silent}"
        )));
    }
    let mut plan = finish(route, intent, edits, Some(from.clone()), |_| true, notes);
    plan.effect = Effect::Rollback;
    plan.silenced.retain(|backend| !backend.same_object(from));
    Ok(plan)
}

/// The rule without `from`; `None` where nobody else has traffic and `into` cannot take it.
fn drained(
    route: &Route,
    index: usize,
    rule: &Rule,
    from: &BackendRef,
    into: &BackendRef,
    notes: &mut Vec<String>,
) -> Option<RuleChange> {
    let receiver = rule.backends.iter().position(|b| b.to.same_object(into));
    change_share(route, index, rule, from, 0, receiver, notes).ok().or_else(|| {
        // Proportions that no total up to the maximum can keep stay exact when the others are not touched.
        let weight = |b: &Backend| if b.to.same_object(from) { 0 } else { b.weight };
        let after: Vec<u32> = rule.backends.iter().map(weight).collect();
        after.iter().any(|weight| *weight > 0).then(|| rule_change(route, index, rule, after))
    })
}

pub(super) fn finish(
    route: &Route,
    intent: &Intent,
    edits: Vec<Edit>,
    canary: Option<BackendRef>,
    stable: impl Fn(&BackendRef) -> bool,
    notes: Vec<String>,
) -> Plan {
    let advancing = advancing(&edits, canary.as_ref(), stable);
    let effect = if advancing.is_empty() { Effect::Retreat } else { Effect::Advance };
    let silenced = silenced(&edits);
    let silenced = match &canary {
        // Taking a known canary to 0 is what a rollback does, whatever key did it.
        Some(canary) => silenced.into_iter().filter(|b| !b.same_object(canary)).collect(),
        None => silenced,
    };
    Plan {
        route: route.id.clone(),
        uid: route.uid.clone(),
        generation: route.generation,
        has_annotations: route.has_annotations,
        intent: intent.clone(),
        edits,
        effect,
        advancing,
        returns: false,
        canary,
        silenced,
        notes,
    }
}
