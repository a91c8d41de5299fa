//! The ten things to look at after a rollback: what is seen of each, and which only a person can know.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::route::{Path, Route, RouteState};

use super::change::{ChangeRecord, weight_keys};

/// One of the ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChecklistItem {
    /// The drained backend has weight 0 in every rule that was changed.
    Weight,
    /// The controllers have reported it.
    Status,
    /// Counted requests show that it is served.
    DataPlane,
    /// The drained backend gets no requests any more.
    Requests,
    /// It is done with those that it had.
    InFlight,
    /// What it reads from queues and schedules by itself is stopped.
    Consumers,
    /// Nothing else sends it requests.
    OtherPaths,
    /// The feature that it brought is switched off.
    Flag,
    /// The change is written down.
    Audit,
    /// What may have been wrong is noted for the day after.
    Hypothesis,
}

impl ChecklistItem {
    /// All, in the order in which they are looked at.
    pub const ALL: [Self; 10] = [
        Self::Weight,
        Self::Status,
        Self::DataPlane,
        Self::Requests,
        Self::InFlight,
        Self::Consumers,
        Self::OtherPaths,
        Self::Flag,
        Self::Audit,
        Self::Hypothesis,
    ];
    /// Those that only a person can know.
    pub const PERSONS: [Self; 3] = [Self::Consumers, Self::Flag, Self::Hypothesis];

    /// A short name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Weight => "weight 0",
            Self::Status => "status",
            Self::DataPlane => "data plane",
            Self::Requests => "requests",
            Self::InFlight => "in flight",
            Self::Consumers => "consumers",
            Self::OtherPaths => "other paths",
            Self::Flag => "flag",
            Self::Audit => "audit",
            Self::Hypothesis => "hypothesis",
        }
    }

    /// What a person is to look at.
    fn question(self) -> &'static str {
        match self {
            Self::Consumers => "queues and jobs stopped?",
            Self::Flag => "is its flag off?",
            _ => "is it written down?",
        }
    }
}

/// What is known of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PointState {
    /// It is so.
    Seen,
    /// It is not so, or not yet.
    NotSeen,
    /// Nobody could look.
    Unknown,
    /// A person has to look.
    Person,
}

impl PointState {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::NotSeen => "not seen",
            Self::Unknown => "not known",
            Self::Person => "for you",
        }
    }
}

/// One item with what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Which.
    pub item: ChecklistItem,
    /// What is known.
    pub state: PointState,
    /// By what, or why not.
    pub words: String,
}

/// What a checklist is made from.
#[derive(Debug)]
pub struct AfterRollback<'a> {
    /// The route as it is now.
    pub route: &'a Route,
    /// The rollback.
    pub record: &'a ChangeRecord,
    /// How it ended, in the words of the journal; `None` while it goes on, or where nobody waited.
    pub ending: Option<&'a str>,
    /// Requests a second that still reach what was drained, `None` as long as the minute of the rate began before the
    /// rollback was served; or why that is not known.
    pub requests: Result<Option<f64>, String>,
    /// Requests that it is working on, or why that is not known.
    pub in_flight: Result<f64, String>,
    /// What else leads to it.
    pub paths: &'a [Path],
    /// Why some of these may be missing.
    pub unseen: Option<&'a str>,
    /// Whether the journal of this machine has it.
    pub journalled: bool,
    /// What persons have ticked off, in words.
    pub ticked: &'a [(ChecklistItem, String)],
}

/// The backends that a change has drained: the rule, and the place in it by the order of now.
#[must_use]
pub fn drained(record: &ChangeRecord, route: &Route) -> Vec<(usize, usize)> {
    let mut drained = Vec::new();
    for (index, after) in &record.after {
        let (Some(before), Some(rule)) = (record.before.get(index), route.rules.get(*index)) else {
            continue;
        };
        let keys = weight_keys(rule.backends.iter().map(|backend| &backend.to), &route.id.namespace);
        let was = |key: &String| before.get(key).is_some_and(|weight| *weight > 0);
        let places = keys.iter().enumerate().filter(|(_, key)| was(key) && after.get(*key) == Some(&0));
        drained.extend(places.map(|(place, _)| (*index, place)));
    }
    drained
}

/// The ten, each with what is known of it; `None` where the change was no rollback that drained a backend of this route.
#[must_use]
pub fn checklist(after: &AfterRollback<'_>) -> Option<Vec<Point>> {
    let drained = drained(after.record, after.route);
    if !after.record.was_rollback() || drained.is_empty() {
        return None;
    }
    let point = |item| {
        let (state, words) = look(after, &drained, item);
        Point { item, state, words }
    };
    Some(ChecklistItem::ALL.into_iter().map(point).collect())
}

/// How many are seen, on one line: `rollback: 6 of 10 seen, 3 for you, 1 not known`.
#[must_use]
pub fn in_brief(points: &[Point]) -> String {
    let of = |state| points.iter().filter(|point| point.state == state).count();
    let mut words = format!("{} of {} seen", of(PointState::Seen), points.len());
    for state in [PointState::NotSeen, PointState::Unknown, PointState::Person] {
        let count = of(state);
        if count > 0 {
            // Writing to a string cannot fail.
            let _ = write!(words, ", {count} {}", state.word());
        }
    }
    words
}

fn look(after: &AfterRollback<'_>, drained: &[(usize, usize)], item: ChecklistItem) -> (PointState, String) {
    use PointState::{NotSeen, Person, Seen, Unknown};
    match item {
        ChecklistItem::Weight => weight(after.route, drained),
        ChecklistItem::Status => match after.route.state() {
            RouteState::Accepted => (Seen, "generation observed".to_owned()),
            RouteState::NoStatus => (Unknown, "no controller has said anything".to_owned()),
            state => (NotSeen, format!("route is {state}")),
        },
        ChecklistItem::DataPlane => match after.ending.map(|ending| (ending.split(':').next(), ending)) {
            Some((Some("proven"), ending)) => (Seen, ending.to_owned()),
            Some((_, ending)) => (NotSeen, ending.to_owned()),
            None => (NotSeen, "not proven yet".to_owned()),
        },
        ChecklistItem::Requests => match &after.requests {
            Ok(Some(rate)) if *rate > 0.0 => (NotSeen, format!("draining: {rate:.1}/s in 1m")),
            Ok(Some(_)) => (Seen, "none in 1m".to_owned()),
            Ok(None) if after.ending.is_some_and(|ending| ending.starts_with("proven")) => {
                (Seen, "none since it settled".to_owned())
            }
            Ok(None) => (Unknown, "settling: a rate of 1m".to_owned()),
            Err(why) => (Unknown, why.clone()),
        },
        ChecklistItem::InFlight => match &after.in_flight {
            Ok(count) if *count >= 1.0 => (NotSeen, format!("draining: {count:.0} requests in flight")),
            Ok(_) => (Seen, "no request in flight".to_owned()),
            Err(why) => (Unknown, why.clone()),
        },
        ChecklistItem::OtherPaths => match (after.paths, after.unseen) {
            ([], None) => (Seen, "nothing else leads to it".to_owned()),
            ([], Some(why)) => (Unknown, why.to_owned()),
            (paths, _) => {
                let list: Vec<String> = paths.iter().map(ToString::to_string).collect();
                (NotSeen, list.join(", "))
            }
        },
        ChecklistItem::Audit if after.journalled => (Seen, "on the route, in the journal".to_owned()),
        ChecklistItem::Audit => (Seen, "on the route; made elsewhere".to_owned()),
        ChecklistItem::Consumers | ChecklistItem::Flag | ChecklistItem::Hypothesis => {
            match after.ticked.iter().rev().find(|(ticked, _)| *ticked == item) {
                Some((_, words)) => (Seen, words.clone()),
                None => (Person, item.question().to_owned()),
            }
        }
    }
}

fn weight(route: &Route, drained: &[(usize, usize)]) -> (PointState, String) {
    let backend = |(rule, place): &(usize, usize)| route.rules.get(*rule)?.backends.get(*place);
    if let Some(backend) = drained.iter().filter_map(backend).find(|backend| backend.weight > 0) {
        return (PointState::NotSeen, format!("{} has weight {} again", backend.to.name, backend.weight));
    }
    let mut names: Vec<&str> = drained.iter().filter_map(backend).map(|b| &*b.to.name).collect();
    names.sort_unstable();
    names.dedup();
    (PointState::Seen, names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn route(weights: [u32; 2], observed: i64) -> Route {
        let condition = |kind: &str| json!({"type": kind, "status": "True", "observedGeneration": observed, "reason": kind, "message": ""});
        let object = json!({
            "metadata": {"namespace": "shop", "name": "checkout", "uid": "u", "generation": 8},
            "spec": {"parentRefs": [{"name": "edge"}], "rules": [{"backendRefs": [
                {"name": "stable", "port": 80, "weight": weights[0]}, {"name": "canary", "port": 80, "weight": weights[1]},
            ]}]},
            "status": {"parents": [{"controllerName": "x/y", "parentRef": {"name": "edge"},
                "conditions": [condition("Accepted"), condition("ResolvedRefs")]}]},
        });
        Route::from_json(&object.to_string()).unwrap()
    }

    fn record(effect: &str, after: u32) -> ChangeRecord {
        let weights = |stable: u32, canary: u32| json!({"0": {"stable": stable, "canary": canary}});
        let record = json!({
            "id": "1", "namespace": "shop", "route": "checkout", "uid": "u", "actor": "ada", "action": "rollback",
            "at": "2026-03-01T12:00:00Z", "effect": effect, "verdict": "no gate",
            "before": weights(90, 10), "after": weights(100, after),
        });
        serde_json::from_value(record).unwrap()
    }

    fn good<'a>(route: &'a Route, record: &'a ChangeRecord) -> AfterRollback<'a> {
        AfterRollback {
            route,
            record,
            ending: Some("proven: 0 of 66 requests"),
            requests: Ok(Some(0.0)),
            in_flight: Ok(0.0),
            paths: &[],
            unseen: None,
            journalled: true,
            ticked: &[],
        }
    }

    fn states(after: &AfterRollback<'_>) -> String {
        let sign = |point: &Point| match point.state {
            PointState::Seen => '+',
            PointState::NotSeen => '!',
            PointState::Unknown => '?',
            PointState::Person => 'p',
        };
        checklist(after).unwrap().iter().map(sign).collect()
    }

    #[test]
    fn what_can_be_seen_is_seen_and_three_are_for_a_person() {
        let (route, record) = (route([100, 0], 8), record("rollback", 0));
        let all = good(&route, &record);
        assert_eq!(states(&all), "+++++p+p+p");
        assert_eq!(in_brief(&checklist(&all).unwrap()), "7 of 10 seen, 3 for you");
        let ticked = [(ChecklistItem::Flag, "ada at 12:03".to_owned())];
        assert_eq!(states(&AfterRollback { ticked: &ticked, ..good(&route, &record) }), "+++++p+++p");
    }

    #[test]
    fn what_is_not_seen_says_why() {
        let (now, record) = (route([95, 5], 7), record("rollback", 0));
        let path = crate::route::Path {
            route: crate::route::RouteId::new("shop", "other"),
            rule: 0,
            label: "/".to_owned(),
            kind: crate::route::PathKind::Alone,
        };
        let bad = AfterRollback {
            ending: Some("disproven: 3 of 90 requests still reached the drained backend"),
            requests: Ok(Some(3.25)),
            in_flight: Ok(3.0),
            paths: std::slice::from_ref(&path),
            journalled: false,
            ..good(&now, &record)
        };
        assert_eq!(states(&bad), "!!!!!p!p+p");
        let points = checklist(&bad).unwrap();
        let words = |item| &*points.iter().find(|point| point.item == item).unwrap().words;
        assert_eq!(words(ChecklistItem::Weight), "canary has weight 5 again");
        assert_eq!(words(ChecklistItem::Requests), "draining: 3.2/s in 1m");
        assert_eq!(words(ChecklistItem::InFlight), "draining: 3 requests in flight");
        let blind = AfterRollback {
            ending: None,
            requests: Err("no data".to_owned()),
            in_flight: Err("not known: app does not count them".to_owned()),
            unseen: Some("only this namespace was looked at"),
            ..good(&now, &record)
        };
        assert_eq!(states(&blind), "!!!??p?p+p", "missing data is never good news");
    }

    #[test]
    fn until_a_minute_is_over_the_proof_tells_of_requests() {
        let (route, record) = (route([100, 0], 8), record("rollback", 0));
        let young = AfterRollback { requests: Ok(None), ..good(&route, &record) };
        assert_eq!(states(&young), "+++++p+p+p");
        assert_eq!(states(&AfterRollback { ending: None, ..young }), "++!?+p+p+p");
    }

    #[test]
    fn only_a_rollback_that_drained_has_one() {
        let route = route([100, 0], 8);
        assert_eq!(checklist(&good(&route, &record("advance", 0))), None);
        assert_eq!(checklist(&good(&route, &record("rollback", 5))), None);
    }
}
