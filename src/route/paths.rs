//! Paths to a backend: anything that can send it requests.

use super::model::{BackendRef, Route, RouteId, Rule};

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

impl Path {
    /// The path through rule `index` of `route`.
    #[must_use]
    pub fn new(route: &Route, index: usize, kind: PathKind) -> Self {
        Self { route: route.id.clone(), rule: index, label: route.rule_label(index), kind }
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.kind {
            PathKind::Split => "split",
            PathKind::Alone => "alone",
            PathKind::Mirror => "mirror",
        };
        write!(f, "{} rule {} ({kind})", self.route, self.label)
    }
}

/// All paths of `route` to `target` through which requests flow now. Weight 0 is no path; the port does
/// not matter, since the pods behind are the same.
pub fn paths_to<'a>(target: &'a BackendRef, route: &'a Route) -> impl Iterator<Item = Path> + 'a {
    let rules = route.rules.iter().enumerate();
    rules.flat_map(move |(index, rule)| kinds_to(target, rule).map(move |kind| Path::new(route, index, kind)))
}

/// How requests flow from `rule` to `target` now.
pub fn kinds_to(target: &BackendRef, rule: &Rule) -> impl Iterator<Item = PathKind> + use<> {
    let live = || rule.backends.iter().filter(|backend| backend.weight > 0);
    let chosen = live().any(|backend| backend.to.same_object(target)).then(|| {
        let others = live().any(|backend| !backend.to.same_object(target));
        if others { PathKind::Split } else { PathKind::Alone }
    });
    let mirrored = rule.mirrors.iter().any(|mirror| mirror.to.same_object(target));
    [chosen, mirrored.then_some(PathKind::Mirror)].into_iter().flatten()
}
