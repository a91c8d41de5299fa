//! A backend where it stands: what numbers are asked of, since some data planes count per place.

use std::fmt;

use super::model::{BackendRef, Route, RouteId};

/// `spec.rules[rule].backendRefs[index]` of a route. One Service may stand in many places.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleBackend {
    /// The route.
    pub route: RouteId,
    /// Index of the rule.
    pub rule: usize,
    /// Index of the backend in the rule.
    pub index: usize,
    /// What it points to.
    pub to: BackendRef,
}

impl fmt::Display for RuleBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to.fmt(f)
    }
}

impl Route {
    /// The backends of rule `rule`, in their order; none if there is no such rule.
    pub fn rule_backends(&self, rule: usize) -> impl Iterator<Item = RuleBackend> + '_ {
        let backends = self.rules.get(rule).map_or(&[][..], |rule| &rule.backends);
        backends.iter().enumerate().map(move |(index, backend)| RuleBackend {
            route: self.id.clone(),
            rule,
            index,
            to: backend.to.clone(),
        })
    }

    /// The backends of all splits.
    pub fn split_backends(&self) -> impl Iterator<Item = RuleBackend> + '_ {
        self.splits().flat_map(|(rule, _)| self.rule_backends(rule))
    }

    /// The places that send requests to the object that `to` names, whatever its port.
    pub fn places_of<'a>(&'a self, to: &'a BackendRef) -> impl Iterator<Item = RuleBackend> + 'a {
        let all = (0..self.rules.len()).flat_map(|rule| self.rule_backends(rule));
        all.filter(|place| place.to.same_object(to))
    }
}
