//! Paths to a backend: anything that can send it requests.

use super::model::{BackendRef, Route, RouteId};

/// How a path leads to a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathKind {
    /// A split with a weight above 0 for the backend.
    Split,
    /// A rule with that backend alone (or alone with a weight above 0).
    Alone,
    /// A mirror: copies of requests, whose answers nobody sees.
    Mirror,
}

/// One way to a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The route it is in.
    pub route: RouteId,
    /// Index of the rule.
    pub rule: usize,
    /// How the person calls the rule.
    pub label: String,
    /// What kind of path it is.
    pub kind: PathKind,
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.kind {
            PathKind::Split => "split",
            PathKind::Alone => "alone",
            PathKind::Mirror => "mirror",
        };
        write!(f, "{} rule {} ({}, {kind})", self.route, self.rule, self.label)
    }
}

/// All paths of `route` to `target` through which requests flow now. Weight 0 is no path; the port does
/// not matter, since the pods behind are the same.
pub fn paths_to<'a>(target: &'a BackendRef, route: &'a Route) -> impl Iterator<Item = Path> + 'a {
    route.rules.iter().enumerate().flat_map(move |(index, rule)| {
        let live = || rule.backends.iter().filter(|b| b.weight > 0);
        let mut kinds = Vec::new();
        if live().any(|b| b.to.same_object(target)) {
            let others = live().any(|b| !b.to.same_object(target));
            kinds.push(if others { PathKind::Split } else { PathKind::Alone });
        }
        if rule.mirrors.iter().any(|m| m.to.same_object(target)) {
            kinds.push(PathKind::Mirror);
        }
        kinds.into_iter().map(move |kind| Path {
            route: route.id.clone(),
            rule: index,
            label: route.rule_label(index),
            kind,
        })
    })
}
