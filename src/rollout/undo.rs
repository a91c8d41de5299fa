//! The inverse of the newest change.

use super::change::{ChangeRecord, weights_of};
use super::conventions::RoleNames;
use super::plan::{Edit, Effect, Intent, Plan, Refusal};
use super::planner::{finish, rule_change};
use super::roles::{Role, names_a_pair, roles};
use crate::route::{BackendRef, Route};

/// What a flip is called in a record.
const FLIP: &str = "flip";

/// Writes back the weights that the change `id` found, if the route still has those that it left.
///
/// Judged by what it does: one that raises a canary is an advance, and one that drains it, or returns a pair to the
/// version that was active before, is a rollback. A second undo does the change again.
pub(super) fn undo(
    route: &Route,
    intent: &Intent,
    id: &str,
    names: &RoleNames,
    chosen: Option<&str>,
) -> Result<Plan, Refusal> {
    let record = undoable(route)?;
    if record.id != id {
        return Err(Refusal::UndoneElse(format!("the newest change is another one: {}", record.in_words())));
    }
    let mut edits = Vec::new();
    let mut different = Vec::new();
    for (index, after) in &record.after {
        let rule = route.rules.get(*index);
        let of = |weights| weights_of(weights, rule?, &route.id.namespace);
        let before = record.before.get(index).and_then(of);
        match (rule, of(after), before) {
            (Some(rule), Some(after), Some(before)) if rule.weights() == after => {
                if before.iter().all(|weight| *weight == 0) {
                    return Err(Refusal::AllZero);
                }
                edits.push(Edit::Weights(rule_change(route, *index, rule, before)));
            }
            _ => different.push(difference(route, *index, after)),
        }
    }
    if !different.is_empty() {
        let words = format!("{}; the change was {}", different.join("; "), record.in_words());
        return Err(Refusal::UndoneElse(words));
    }
    let Some(main) = edits.first().map(Edit::rule) else {
        return Err(Refusal::NothingToUndo("the newest change moved no weights".to_owned()));
    };
    let known = roles(route, main, names, chosen.or(record.canary.as_deref()));
    let at = |index: Option<usize>| -> Option<BackendRef> {
        let backends = &route.rules.get(main)?.backends;
        index.filter(|_| !known.guessed()).and_then(|i| backends.get(i)).map(|backend| backend.to.clone())
    };
    let (canary, stable) = (at(known.canary()), at(known.index(Role::Stable)));
    let is_stable = |backend: &BackendRef| stable.as_ref() == Some(backend);
    let notes = vec![format!("undoes {}", record.in_words())];
    let mut plan = finish(route, intent, edits, canary, is_stable, notes);
    if drains_canary(&plan) && plan.advancing.is_empty() || returns(&plan, route, names, &record) {
        plan.effect = Effect::Rollback;
        plan.silenced.clear();
    }
    Ok(plan)
}

/// The newest change, if it is one that can be undone.
///
/// # Errors
/// [`Refusal::NothingToUndo`] with the reason.
pub fn undoable(route: &Route) -> Result<ChangeRecord, Refusal> {
    let Some(record) = ChangeRecord::newest(route) else {
        let why = "there is no change to undo: this route carries no note of one made with tidegate";
        return Err(Refusal::NothingToUndo(why.to_owned()));
    };
    if record.other_edits.is_empty() {
        return Ok(record);
    }
    let edits = record.other_edits.join("; ");
    Err(Refusal::NothingToUndo(format!(
        "the newest change cannot be undone, since it did more than move weights: {edits}"
    )))
}

/// What rule `index` has now, and what the change had left.
fn difference(route: &Route, index: usize, left: &super::RuleWeights) -> String {
    let listed = |left: Vec<String>| left.join(", ");
    let all = || listed(left.iter().map(|(name, weight)| format!("{name} {weight}")).collect());
    let Some(rule) = route.rules.get(index) else {
        return format!("rule {index} is gone; the change left it with {}", all());
    };
    let of = |weights: Vec<u32>| {
        let pairs = rule.backends.iter().zip(weights);
        listed(pairs.map(|(backend, weight)| format!("{} {weight}", backend.to.name)).collect())
    };
    let in_order = weights_of(left, rule, &route.id.namespace).map(of);
    format!(
        "rule {} has {} now, and the change left {}",
        route.rule_label(index),
        of(rule.weights()),
        in_order.unwrap_or_else(all)
    )
}

/// Whether all that it does is to take the known canary out.
fn drains_canary(plan: &Plan) -> bool {
    let Some(canary) = &plan.canary else { return false };
    let share = |change: &super::RuleChange, after: bool| {
        let mine = change.backends.iter().enumerate().filter(|(_, backend)| backend.same_object(canary));
        let shares = mine.map(|(index, _)| change.shares(index));
        shares.filter_map(|(before, now)| if after { now } else { before }).sum::<f64>()
    };
    plan.changes().all(|change| share(change, false) > 0.0 && share(change, true) <= 0.0)
}

/// Whether it returns a pair to the version that was active before.
fn returns(plan: &Plan, route: &Route, names: &RoleNames, record: &ChangeRecord) -> bool {
    let Some(previous) = record.previously_active() else { return false };
    let flipped =
        record.action == FLIP || plan.main_change().is_some_and(|c| names_a_pair(route, c.rule, names));
    let gaining = plan.gaining();
    flipped && gaining.iter().all(|(backend, share)| &*backend.name == previous && *share > 0.5)
}
