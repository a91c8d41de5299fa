//! Whether a route holds what a plan wrote. The server may take a write and store another one: admission may change
//! what passes through it, and nobody is told.

use super::plan::{Edit, Plan, RuleChange};
use crate::route::{Route, Rule};

impl Plan {
    /// What `route` holds instead of what this plan writes, in words; `None` where it holds just that. A mirror is not
    /// looked for: what stands at its place may be another one to the same backend.
    #[must_use]
    pub fn held_otherwise(&self, route: &Route) -> Option<String> {
        let differing: Vec<String> = self
            .edits
            .iter()
            .filter(|edit| !holds(edit, route.rules.get(edit.rule())))
            .map(|edit| has(route, edit.rule()))
            .collect();
        (!differing.is_empty()).then(|| differing.join("; "))
    }
}

fn holds(edit: &Edit, rule: Option<&Rule>) -> bool {
    let backends = rule.map_or(&[][..], |rule| &rule.backends);
    match edit {
        Edit::Weights(RuleChange { backends: wanted, after, .. }) => {
            let wanted = wanted.iter().zip(after.iter().copied());
            backends.iter().map(|backend| (&backend.to, backend.weight)).eq(wanted)
        }
        Edit::Redirect { backend, to, .. } => {
            backends.get(*backend).is_some_and(|backend| backend.to.same_object(to))
        }
        Edit::Unmirror { .. } => true,
    }
}

fn has(route: &Route, index: usize) -> String {
    let Some(rule) = route.rules.get(index) else { return format!("rule {index} is gone") };
    let weights = rule.backends.iter().map(|backend| format!("{} {}", backend.to.name, backend.weight));
    format!("rule {} has {}", route.rule_label(index), weights.collect::<Vec<_>>().join(", "))
}
