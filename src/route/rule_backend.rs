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
    /// Who serves the route.
    pub data_plane: DataPlane,
}

/// Who serves a route, as far as the route says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct DataPlane {
    /// Annotation `tidegate.dev/provider`: the metrics provider that somebody named.
    pub provider: Option<Box<str>>,
    /// `controllerName` of each parent in the status, each once, in order.
    pub controllers: Box<[Box<str>]>,
}

impl fmt::Display for RuleBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to.fmt(f)
    }
}

impl RuleBackend {
    /// Whether both are the same backend of the same rule, whoever serves it.
    #[must_use]
    pub fn same_place(&self, other: &Self) -> bool {
        (self.rule, self.index) == (other.rule, other.index)
            && self.route == other.route
            && self.to == other.to
    }
}

/// What these places lead to, each once, in the order of the places.
#[must_use]
pub fn destinations(places: &[RuleBackend]) -> Vec<BackendRef> {
    let mut all: Vec<BackendRef> = Vec::new();
    for place in places {
        if !all.contains(&place.to) {
            all.push(place.to.clone());
        }
    }
    all
}

impl Route {
    /// What stands, or stood, as backend `index` of rule `rule`.
    #[must_use]
    pub fn place(&self, rule: usize, index: usize, to: &BackendRef) -> RuleBackend {
        let (route, data_plane) = (self.id.clone(), self.data_plane());
        RuleBackend { route, rule, index, to: to.clone(), data_plane }
    }

    /// The backends of rule `rule`, in their order; none if there is no such rule.
    pub fn rule_backends(&self, rule: usize) -> impl Iterator<Item = RuleBackend> + '_ {
        let backends = self.rules.get(rule).map_or(&[][..], |rule| &rule.backends);
        backends.iter().enumerate().map(move |(index, backend)| self.place(rule, index, &backend.to))
    }

    /// The backends of all splits.
    pub fn split_backends(&self) -> impl Iterator<Item = RuleBackend> + '_ {
        self.splits().flat_map(|(rule, _)| self.rule_backends(rule))
    }

    fn data_plane(&self) -> DataPlane {
        let mut controllers: Vec<Box<str>> =
            self.status.iter().map(|parent| parent.controller.clone()).collect();
        controllers.sort_unstable();
        controllers.dedup();
        DataPlane { provider: self.provider.clone(), controllers: controllers.into() }
    }
}
