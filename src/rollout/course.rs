//! The course of a rollout: since when its canary has traffic, and which shares the split has had since then.

use jiff::{SignedDuration, Timestamp};

use super::change::{ChangeRecord, weight_keys, weights_of};
use super::release::Release;
use super::weights::shares;
use crate::route::{Route, Rule};

/// How far a rollout is looked back at most.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(6);
/// How the verdict of a record begins that somebody overrode.
const FAILED: &str = "fail";

/// The course of a rollout, as far as it was written down.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// When the canary left 0 %, all its pods ran its present release, somebody overrode a fail, or the oldest change that is
    /// known; at most six hours ago.
    pub began: Timestamp,
    /// The shares since then, the oldest first; never empty.
    pub turns: Vec<Turn>,
}

/// A change of the shares of one split.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// When it was written. When the controllers reported it is written nowhere; the counts of shares begin several times,
    /// so that a slow one does not spoil them.
    pub at: Timestamp,
    /// Share of each backend before, 0 to 1; the same as after where it is not known.
    pub before: Vec<f64>,
    /// Share of each backend since then.
    pub after: Vec<f64>,
}

/// The course of rule `index`, whose backend `canary` is looked at and runs `release`. `earlier`: changes that were written
/// down elsewhere than in the route, in any order.
#[must_use]
pub fn course(
    route: &Route,
    index: usize,
    canary: usize,
    earlier: &[ChangeRecord],
    release: &Release,
    now: Timestamp,
) -> Course {
    let oldest = now.saturating_sub(LONGEST).unwrap_or(Timestamp::MIN);
    let Some(rule) = route.rules.get(index) else { return Course { began: oldest, turns: Vec::new() } };
    let key = weight_keys(rule.backends.iter().map(|backend| &backend.to), &route.id.namespace);
    let key = key.into_iter().nth(canary).unwrap_or_default();
    let newest = ChangeRecord::newest(route);
    let mut known: Vec<(Timestamp, &ChangeRecord)> = earlier
        .iter()
        .chain(&newest)
        .filter_map(|record| Some((record.at.parse::<Timestamp>().ok()?.min(now), record)))
        .collect();
    known.sort_by_key(|(at, _)| *at);
    known.dedup_by(|(_, one), (_, other)| one.id == other.id);

    let mut present = rule.weights();
    let mut turns: Vec<Turn> = Vec::new();
    for (at, record) in known.into_iter().rev().take_while(|(at, _)| *at >= oldest) {
        let Some((before, after)) = weights(record, rule, index, &route.id.namespace) else { continue };
        if after != present {
            // Somebody else wrote in between.
            break;
        }
        if release.is_new_since(record, &key) {
            // What came before is of another release. Where a newer change saw this one, it was whole by then.
            if turns.is_empty() {
                let began = release.whole_since(at).unwrap_or(now).min(now);
                turns.push(Turn { at: began, before: shares(&present), after: shares(&present) });
            }
            break;
        }
        let turn = Turn { at, before: shares(&before), after: shares(&after) };
        let of = |shares: &[f64]| shares.get(canary).copied().unwrap_or_default();
        let opens = of(&turn.before) <= 0.0 && of(&turn.after) > 0.0;
        turns.insert(0, turn);
        if opens || record.verdict.starts_with(FAILED) {
            break;
        }
        present = before;
    }
    if turns.is_empty() {
        let written = route.last_writer.as_ref().and_then(|writer| writer.at.parse().ok());
        let at = written.unwrap_or(oldest).clamp(oldest, now);
        turns.push(Turn { at, before: shares(&present), after: shares(&present) });
    }
    Course { began: turns.first().map_or(oldest, |turn| turn.at), turns }
}

fn weights(
    record: &ChangeRecord,
    rule: &Rule,
    index: usize,
    namespace: &str,
) -> Option<(Vec<u32>, Vec<u32>)> {
    let of = |weights| weights_of(weights, rule, namespace);
    Some((of(record.before.get(&index)?)?, of(record.after.get(&index)?)?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: &str = "2026-03-01T12:00:00Z";

    fn route(canary: u32, written: Option<&str>) -> Route {
        let fields = written.map(|at| {
            json!([
                {"manager": "kubectl-edit", "operation": "Update", "time": at, "fieldsV1": {"f:spec": {"f:rules": {}}}},
                {"manager": "kubectl-annotate", "operation": "Update", "time": "2026-03-01T11:59:00Z",
                    "fieldsV1": {"f:metadata": {"f:annotations": {"f:note": {}}}}},
            ])
        });
        let document = json!({
            "metadata": {"namespace": "shop", "name": "checkout", "uid": "u-1", "generation": 3, "managedFields": fields},
            "spec": {"rules": [{ "backendRefs": [
                {"name": "checkout-stable", "port": 80, "weight": 100 - canary},
                {"name": "checkout-canary", "port": 80, "weight": canary},
            ]}]},
        });
        Route::from_json(&document.to_string()).unwrap()
    }

    fn record(at: &str, before: u32, after: u32) -> ChangeRecord {
        let weights =
            |canary: u32| json!({"0": {"checkout-stable": 100 - canary, "checkout-canary": canary}});
        serde_json::from_value(json!({
            "id": at, "namespace": "shop", "route": "checkout", "uid": "u-1", "actor": "anna",
            "at": format!("2026-03-01T{at}:00Z"), "action": "step", "verdict": "pass: fine",
            "before": weights(before), "after": weights(after),
        }))
        .unwrap()
    }

    fn found(route: &Route, records: &[ChangeRecord]) -> (String, Vec<(f64, f64)>) {
        running(route, records, &Release::default())
    }

    fn running(route: &Route, records: &[ChangeRecord], release: &Release) -> (String, Vec<(f64, f64)>) {
        let course = course(route, 0, 1, records, release, NOW.parse().unwrap());
        let of = |turn: &Turn| (turn.before[1], turn.after[1]);
        (course.began.to_string()[11..16].to_owned(), course.turns.iter().map(of).collect())
    }

    #[test]
    fn it_begins_where_the_canary_left_0() {
        let records = [record("11:50", 5, 10), record("11:00", 0, 5), record("10:00", 50, 0)];
        assert_eq!(found(&route(10, None), &records), ("11:00".to_owned(), vec![(0.0, 0.05), (0.05, 0.1)]));
    }

    #[test]
    fn a_fail_that_was_overridden_begins_anew() {
        let overridden = ChangeRecord { verdict: "fail: 5 % failed".to_owned(), ..record("11:50", 5, 10) };
        let records = [record("11:00", 0, 5), overridden];
        assert_eq!(found(&route(10, None), &records), ("11:50".to_owned(), vec![(0.05, 0.1)]));
    }

    #[test]
    fn what_somebody_else_wrote_is_known_by_its_time_alone() {
        let records = [record("11:00", 0, 5)];
        let other = route(20, Some("2026-03-01T11:30:00Z"));
        assert_eq!(found(&other, &records), ("11:30".to_owned(), vec![(0.2, 0.2)]));
        assert_eq!(found(&route(20, None), &[]).0, "06:00", "nothing is known");
        let gap = [record("11:00", 0, 5), record("11:50", 7, 10)];
        assert_eq!(found(&route(10, None), &gap), ("11:50".to_owned(), vec![(0.07, 0.1)]));
    }

    #[test]
    fn another_release_begins_anew_when_all_pods_run_it() {
        let runs = |image: &str, at: &str| Release {
            images: vec![image.to_owned()],
            newest_pod: format!("2026-03-01T{at}:00Z").parse().ok(),
        };
        let wrote = |image: &str, record: ChangeRecord| ChangeRecord {
            images: [("checkout-canary".to_owned(), image.to_owned())].into(),
            ..record
        };
        let old = [wrote("v1", record("11:50", 5, 10)), wrote("v1", record("11:00", 0, 5))];
        let of = |release| running(&route(10, None), &old, &release);
        assert_eq!(of(runs("v1", "11:55")).0, "11:00", "the same, in another pod");
        assert_eq!(of(runs("v2", "11:55")), ("11:55".to_owned(), vec![(0.1, 0.1)]));
        assert_eq!(of(runs("v2", "11:40")).0, "12:00", "not known since when: nothing of it counts");
        let between = [wrote("v2", record("11:50", 5, 10)), wrote("v1", record("11:00", 0, 5))];
        let found = running(&route(10, None), &between, &runs("v2", "11:40"));
        assert_eq!(found, ("11:50".to_owned(), vec![(0.05, 0.1)]));
    }

    #[test]
    fn clocks_ahead_and_long_ago_do_no_harm() {
        assert_eq!(found(&route(5, None), &[record("12:30", 0, 5)]).0, "12:00");
        assert_eq!(found(&route(5, None), &[record("01:00", 0, 5)]).0, "06:00");
    }
}
