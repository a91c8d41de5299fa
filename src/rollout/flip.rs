//! A flip: all traffic of a pair from the one that has it to the other.

use super::change::ChangeRecord;
use super::conventions::RoleNames;
use super::plan::{Edit, Intent, Plan, Refusal};
use super::planner::{finish, rule_change, same_split, split};
use super::roles::roles;
use crate::route::{Route, Rule};

/// Swaps 100/0 and 0/100 in rule `index` and wherever the same pair stands the same way.
///
/// Which of two backends gets the traffic needs no roles where only one has any. A canary is stepped, so that its
/// checks apply; a pair between the ends has no other side to go to.
pub(super) fn flip(
    route: &Route,
    intent: &Intent,
    index: usize,
    names: &RoleNames,
    chosen: Option<&str>,
) -> Result<Plan, Refusal> {
    let rule = split(route, index)?;
    let refuse = |why: String| Err(Refusal::NoFlip(why));
    let [one, other] = &*rule.backends else {
        return refuse(format!("a flip swaps two backends, and this rule has {}", rule.backends.len()));
    };
    if one.to.same_object(&other.to) {
        return refuse(format!("{} stands twice in this rule: there is nothing to flip to", one.to));
    }
    let known = roles(route, index, names, chosen);
    if let Some(canary) = known.canary().filter(|_| !known.guessed()).and_then(|i| rule.backends.get(i)) {
        return refuse(format!("{} is a canary: it is stepped or promoted, not flipped", canary.to));
    }
    match (one.weight, other.weight) {
        (0, 0) => return refuse("all weights are 0: set weights first".to_owned()),
        (0, _) | (_, 0) => {}
        (a, b) => {
            let now = format!("{} has {a} and {} has {b}", one.to, other.to);
            return refuse(format!("a flip swaps 100/0 and 0/100, and {now}: set weights first"));
        }
    }
    let (mut edits, mut notes) = (Vec::new(), Vec::new());
    for (place, rule_there) in route.splits() {
        if same_split(rule, rule_there, &one.to) {
            let swapped = rule_there.backends.iter().rev().map(|backend| backend.weight).collect();
            edits.push(Edit::Weights(rule_change(route, place, rule_there, swapped)));
        } else if shares_a_backend(rule, rule_there) {
            notes.push(format!("rule {} stands otherwise and is not flipped", route.rule_label(place)));
        }
    }
    edits.sort_by_key(|edit| edit.rule() != index);
    let plan = finish(route, intent, edits, None, |_| false, notes);
    Ok(Plan { returns: goes_back(&plan, route), ..plan })
}

/// Whether `plan` gives more than half to what was active before the newest change.
pub(super) fn goes_back(plan: &Plan, route: &Route) -> bool {
    let newest = ChangeRecord::newest(route);
    let Some(previous) = newest.as_ref().and_then(ChangeRecord::previously_active) else { return false };
    plan.gaining().first().is_some_and(|(backend, share)| &*backend.name == previous && *share > 0.5)
}

fn shares_a_backend(a: &Rule, b: &Rule) -> bool {
    a.backends.iter().any(|one| b.backends.iter().any(|other| one.to.same_object(&other.to)))
}
