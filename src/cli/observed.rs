//! The observed share of a split: what may be claimed from the newest minute, and why not.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::output::counted;
use crate::app::WINDOW;
use crate::metrics::{Granularity, Snapshot, Unclaimed, claim};
use crate::rollout::{ChangeRecord, untouched_paths};
use crate::route::{BackendRef, Route, RuleBackend};

/// All routes that may lead to a backend, found by the backend: a list of 10,000 routes is looked through
/// once, not once a route.
#[derive(Default)]
pub struct Related<'a> {
    by_backend: HashMap<(&'a str, &'a str), Vec<&'a Route>>,
    /// Why some of the routes may be missing.
    note: Option<&'a str>,
}

impl<'a> Related<'a> {
    /// An index of `routes`.
    pub fn new(routes: impl IntoIterator<Item = &'a Route>, note: Option<&'a str>) -> Self {
        let mut by_backend: HashMap<_, Vec<&Route>> = HashMap::new();
        for route in routes {
            for to in route.targets() {
                let known = by_backend.entry(key(to)).or_default();
                if known.last().is_none_or(|last| !std::ptr::eq(*last, route)) {
                    known.push(route);
                }
            }
        }
        Self { by_backend, note }
    }

    /// The routes that share a backend with rule `index` of `route`.
    #[must_use]
    pub fn of(&self, route: &Route, index: usize) -> Vec<&'a Route> {
        let mut found: Vec<&Route> = Vec::new();
        for backend in route.rules.get(index).into_iter().flat_map(|rule| &rule.backends) {
            for other in self.by_backend.get(&key(&backend.to)).into_iter().flatten() {
                if !found.iter().any(|known| std::ptr::eq(*known, *other)) {
                    found.push(other);
                }
            }
        }
        found
    }
}

fn key(to: &BackendRef) -> (&str, &str) {
    (&to.namespace, &to.name)
}

/// What a share is judged by.
pub struct Evidence<'a> {
    /// The numbers, or why there are none.
    pub snapshot: Result<&'a Snapshot, &'a str>,
    /// The routes by which other requests may come.
    pub related: &'a Related<'a>,
    /// For so long after a change, requests of before may still be on their way.
    pub settle: Duration,
    /// The time of asking.
    pub now: Timestamp,
}

/// The observed shares of a split.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// By backend, 0 to 1; all or none are known.
    pub shares: Vec<Option<f64>>,
    /// Why there are none, or what should be known about them.
    pub reason: Option<String>,
}

/// The observed shares of rule `index`: requests of each backend in the window ÷ those of all.
#[must_use]
pub fn observe(route: &Route, index: usize, evidence: &Evidence<'_>) -> Seen {
    let count = route.rules.get(index).map_or(0, |rule| rule.backends.len());
    match shares(route, index, evidence) {
        Ok(shares) => Seen {
            shares: shares.into_iter().map(Some).collect(),
            reason: evidence.related.note.map(ToOwned::to_owned),
        },
        Err(reason) => Seen { shares: vec![None; count], reason: Some(reason) },
    }
}

fn shares(route: &Route, index: usize, evidence: &Evidence<'_>) -> Result<Vec<f64>, String> {
    let no_data = |why: &str| format!("no data: {why}");
    let snapshot = evidence.snapshot.map_err(no_data)?;
    if let Some(age) = age_of_last_change(route, evidence.now)
        && age.unsigned_abs() < WINDOW + evidence.settle
    {
        return Err(format!("changed {} s ago", age.as_secs().max(0)));
    }
    let backends: Vec<RuleBackend> = route.rule_backends(index).collect();
    let other_paths = |apart: Granularity| {
        let paths = untouched_paths(route, index, evidence.related.of(route, index));
        paths.iter().filter(|path| apart != Granularity::Route || path.route == route.id).count()
    };
    let numbers = backends.iter().map(|backend| (&backend.to, snapshot.get(backend).copied()));
    let requests = claim(numbers, snapshot.used.get(&route.id), other_paths);
    let requests = requests.map_err(|unclaimed| match unclaimed {
        Unclaimed::Shared(paths) => format!("shared with {}", counted(paths, "path")),
        Unclaimed::PerRule => no_data("the metrics count per rule, not per backend"),
        Unclaimed::Uncounted(why) => no_data(why),
        Unclaimed::UnknownSource => no_data("it is not known whose metrics these are"),
        Unclaimed::NoSeries(backend) => no_data(&format!("{backend} has no series")),
        Unclaimed::TooFew(backend) => no_data(&format!("{backend} has too few samples for a rate")),
        Unclaimed::NotANumber(backend) => no_data(&format!("the rate of {backend} is not a number")),
        Unclaimed::NoTraffic => no_data(&format!("no requests in the last {} s", WINDOW.as_secs())),
    })?;
    let sum: f64 = requests.iter().sum();
    Ok(requests.into_iter().map(|requests| requests / sum).collect())
}

/// How long ago tidegate changed the route; `None` when it never did, or the note about it is damaged.
fn age_of_last_change(route: &Route, now: Timestamp) -> Option<SignedDuration> {
    let at: Timestamp = ChangeRecord::newest(route)?.at.parse().ok()?;
    Some(now.duration_since(at))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::metrics::{Numbers, PROVIDERS, Provider, Used};

    const NOW: &str = "2026-01-01T00:10:00Z";

    fn route(name: &str, backends: &[&str], changed: Option<&str>) -> Route {
        let refs: Vec<_> =
            backends.iter().map(|name| serde_json::json!({"name": name, "port": 80})).collect();
        let change = serde_json::json!({"id": "1", "namespace": "shop", "route": name, "uid": "u", "actor": "ann",
            "at": changed, "action": "step", "before": {}, "after": {}, "verdict": "pass"});
        let annotations =
            changed.map(|_| serde_json::json!({"tidegate.dev/last-change": change.to_string()}));
        let object = serde_json::json!({
            "metadata": {"namespace": "shop", "name": name, "uid": "u", "generation": 1, "annotations": annotations},
            "spec": {"rules": [{"backendRefs": refs}]},
        });
        Route::from_json(&object.to_string()).unwrap()
    }

    fn snapshot(provider: &Provider, requests: &[(&str, Option<f64>)]) -> Snapshot {
        let web = route("web", &["a", "b"], None);
        let backends = requests.iter().zip(web.rule_backends(0)).map(|((name, requests), place)| {
            assert_eq!(*name, &*place.to.name);
            (place, Numbers { requests: *requests, ..Numbers::default() })
        });
        Snapshot {
            evaluated_at: NOW.parse().unwrap(),
            window: WINDOW,
            backends: backends.collect(),
            used: [(web.id.clone(), Ok(Used::of(Arc::new(provider.clone()))))].into(),
            warnings: Vec::new(),
        }
    }

    /// What is seen of the first route, whose metrics count per Service.
    fn seen(routes: &[Route], requests: &[(&str, Option<f64>)]) -> (Vec<Option<f64>>, Option<String>) {
        seen_by(&PROVIDERS[0], routes, requests)
    }

    fn seen_by(
        provider: &Provider,
        routes: &[Route],
        requests: &[(&str, Option<f64>)],
    ) -> (Vec<Option<f64>>, Option<String>) {
        seen_in(&snapshot(provider, requests), routes)
    }

    fn seen_in(snapshot: &Snapshot, routes: &[Route]) -> (Vec<Option<f64>>, Option<String>) {
        let evidence = Evidence {
            snapshot: Ok(snapshot),
            related: &Related::new(routes, None),
            settle: Duration::from_secs(15),
            now: NOW.parse().unwrap(),
        };
        let seen = observe(&routes[0], 0, &evidence);
        (seen.shares, seen.reason)
    }

    fn nothing(reason: &str) -> (Vec<Option<f64>>, Option<String>) {
        (vec![None, None], Some(reason.to_owned()))
    }

    #[test]
    fn shares_of_counted_requests() {
        let web = route("web", &["a", "b"], Some("2026-01-01T00:08:45Z"));
        let counted = [("a", Some(30.0)), ("b", Some(10.0))];
        assert_eq!(seen(&[web], &counted), (vec![Some(0.75), Some(0.25)], None));
    }

    #[test]
    fn missing_is_not_zero() {
        let web = || [route("web", &["a", "b"], None)];
        // A gateway counts all that it sends; of backends that count their own, one may not be scraped.
        let gateway = PROVIDERS.iter().find(|provider| provider.name == "contour").unwrap();
        let app = PROVIDERS.iter().find(|provider| provider.name == "app").unwrap();
        assert_eq!(seen_by(app, &web(), &[("a", Some(1.0))]), nothing("no data: b has no series"));
        assert_eq!(seen_by(gateway, &web(), &[("a", Some(1.0))]), (vec![Some(1.0), Some(0.0)], None));
        let silent = nothing("no data: b has no series");
        assert_eq!(seen_by(gateway, &web(), &[("a", None)]).0, silent.0, "nothing shows that it is asked");
        let few = [("a", Some(1.0)), ("b", None)];
        assert_eq!(seen(&web(), &few), nothing("no data: b has too few samples for a rate"));
        let mut no_number = snapshot(&PROVIDERS[0], &few);
        no_number.backends.values_mut().for_each(|numbers| numbers.not_a_number = numbers.requests.is_none());
        assert_eq!(seen_in(&no_number, &web()), nothing("no data: the rate of b is not a number"));
        let none = [("a", Some(0.0)), ("b", Some(0.0))];
        assert_eq!(seen(&web(), &none), nothing("no data: no requests in the last 60 s"));
    }

    #[test]
    fn requests_of_other_paths_cannot_be_told_apart() {
        let counted = [("a", Some(1.0)), ("b", Some(1.0))];
        let web = || route("web", &["a", "b"], None);
        let others = || ["x", "y"].map(|name| route(name, &["a"], None));
        let [x, y] = others();
        assert_eq!(seen(&[web(), x], &counted), nothing("shared with 1 path"));
        let [x, _] = others();
        assert_eq!(seen(&[web(), x, y], &counted), nothing("shared with 2 paths"));
        let stranger = route("stranger", &["c"], None);
        assert_eq!(seen(&[web(), stranger], &counted).1, None);
    }

    #[test]
    fn requests_of_before_a_change_do_not_count() {
        let counted = [("a", Some(1.0)), ("b", Some(1.0))];
        let changed = |at: &str| [route("web", &["a", "b"], Some(at))];
        assert_eq!(seen(&changed("2026-01-01T00:09:48Z"), &counted), nothing("changed 12 s ago"));
        assert_eq!(seen(&changed("2026-01-01T00:08:46Z"), &counted), nothing("changed 74 s ago"));
        assert_eq!(seen(&changed("2026-01-01T00:08:44Z"), &counted).1, None);
        // Another clock may go ahead of ours.
        assert_eq!(seen(&changed("2026-01-01T00:10:20Z"), &counted), nothing("changed 0 s ago"));
    }
}
