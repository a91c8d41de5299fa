//! The ten things to look at after a rollback, of the open split; and ticking off those that only a person can know.

use std::time::Duration;

use jiff::Timestamp;

use super::draining::drained_of;
use super::msg::Effect;
use super::split::Split;
use super::state::{App, Tone};
use crate::audit::Recorded;
use crate::rollout::{
    AfterRollback, ChangeRecord, ChecklistItem, Point, PointState, checklist, remaining_paths,
};
use crate::route::{Route, RuleBackend};

impl App {
    /// The checklist of the newest change of a split's route; `None` where that was no rollback.
    #[must_use]
    pub fn checklist(&self, split: &Split<'_>) -> Option<Vec<Point>> {
        let route = split.route;
        let record = ChangeRecord::newest(route)?;
        let drained = drained_of(split)?;
        let target = &drained.to;
        let related = self.routes.related([target]);
        let paths = remaining_paths(&[], target, related.iter().map(|route| &**route));
        let recorded = self.recorded(route, &record.id);
        let ending = self.changes.of(&route.id).map_or_else(
            || recorded.and_then(|recorded| recorded.ending.clone()),
            |change| change.ending().map(ToString::to_string),
        );
        let unseen =
            (!self.sees_everywhere()).then(|| "routes of other namespaces were not looked at".to_owned());
        checklist(&AfterRollback {
            route,
            record: &record,
            ending: ending.as_deref(),
            requests: self.requests_since(split, &record, &drained),
            in_flight: self.in_flight_since(split, &record, &drained),
            paths: &paths,
            unseen: unseen.as_deref(),
            journalled: recorded.is_some(),
            ticked: recorded.map_or(&[], |recorded| &recorded.ticked),
        })
    }

    /// Whether a change was written, or seen here, less than `span` ago.
    fn is_younger(&self, split: &Split<'_>, record: &ChangeRecord, span: Duration) -> bool {
        let now = self.now;
        let written = record.at.parse().ok().map(|at: Timestamp| now.wall.duration_since(at));
        let written = written.and_then(|age| Duration::try_from(age).ok());
        let seen = split.changed.map(|at| now.since_start.saturating_sub(at));
        [written, seen].into_iter().flatten().any(|age| age < span)
    }

    /// Requests a second that reach what was drained. The window may still hold those of before.
    fn requests_since(
        &self,
        split: &Split<'_>,
        record: &ChangeRecord,
        of: &RuleBackend,
    ) -> Result<Option<f64>, String> {
        if !self.numbers.has_source {
            return Err(self.numbers.without_source());
        }
        if self.is_younger(split, record, self.settling()) {
            return Ok(None);
        }
        let numbers = self.numbers.at(of).filter(|n| !n.is_stale(self.shown_at()));
        let rate = numbers.and_then(|numbers| numbers.latest).and_then(|numbers| numbers.requests_per_second);
        rate.map(Some).ok_or_else(|| "no data".to_owned())
    }

    /// Requests that it is working on: before the change is served, that there are none says nothing.
    fn in_flight_since(
        &self,
        split: &Split<'_>,
        record: &ChangeRecord,
        of: &RuleBackend,
    ) -> Result<f64, String> {
        let known = self.in_flight(of)?;
        let settles = known < 1.0 && self.is_younger(split, record, self.start.settle);
        if settles { Err("settling".to_owned()) } else { Ok(known) }
    }

    fn recorded(&self, route: &Route, id: &str) -> Option<&Recorded> {
        self.past_of(route).find(|recorded| recorded.record.id == id)
    }

    /// Why `item` cannot be ticked off now.
    pub(super) fn cannot_tick(&self, item: ChecklistItem) -> Option<String> {
        let split = self.selected()?;
        match self.checklist(&split) {
            None => Some("only after a rollback".to_owned()),
            Some(_) if self.open_split().is_none() => {
                Some("open the split first: there are the ten".to_owned())
            }
            Some(_) if self.change_ticked(&split).is_none() => {
                Some("the rollback was not made from this machine: note it where it was".to_owned())
            }
            Some(points) => points
                .iter()
                .find(|point| point.item == item && point.state == PointState::Seen)
                .map(|point| format!("it is ticked off already: {}", point.words)),
        }
    }

    /// The id of the change that notes are written to.
    fn change_ticked(&self, split: &Split<'_>) -> Option<String> {
        let record = ChangeRecord::newest(split.route)?;
        self.recorded(split.route, &record.id).map(|recorded| recorded.record.id.clone())
    }
}

/// Writes down that a person has looked at `item`. It changes nothing but the journal of this machine.
pub(super) fn tick(app: &mut App, item: ChecklistItem) -> Vec<Effect> {
    let change = app.selected().and_then(|split| app.change_ticked(&split));
    let Some(change) = change else { return Vec::new() };
    let who = app.user.as_deref().unwrap_or("you");
    let words = format!("{who} at {}", app.now.wall.strftime("%H:%M:%SZ"));
    vec![Effect::Tick { generation: app.generation, change, item, words }]
}

/// It was written down, or could not be.
pub(super) fn ticked(app: &mut App, item: ChecklistItem, answer: Result<(), String>) -> Vec<Effect> {
    match answer {
        Ok(()) => {
            app.say(Tone::Good, format!("noted in the journal: {}", item.name()));
            app.timeline.abandon();
            app.read_past().into_iter().collect()
        }
        Err(why) => {
            app.say(Tone::Bad, format!("not noted: {why}"));
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixture::{Bench, checkout};
    use super::super::{Msg, Past};
    use super::*;
    use crate::app::actions::begin;
    use crate::keys::{Action, Key};

    fn rollback() -> ChangeRecord {
        rollback_at("2026-03-01T11:59:00Z")
    }

    fn rollback_at(at: &str) -> ChangeRecord {
        let weights =
            |stable: u32, canary: u32| json!({"0": {"checkout-stable": stable, "checkout-canary": canary}});
        let record = json!({
            "id": "1-1", "namespace": "shop", "route": "checkout", "uid": "uid-checkout", "actor": "anna@example.com",
            "at": at, "action": "rollback", "effect": "rollback", "verdict": "no gate",
            "before": weights(95, 5), "after": weights(100, 0),
        });
        serde_json::from_value(record).unwrap()
    }

    /// The open split of a canary that was drained; `journalled` says whether from this machine.
    fn bench(ticked: Option<Vec<(ChecklistItem, String)>>) -> Bench {
        let mut bench = after(&rollback());
        if let Some(ticked) = ticked {
            let ending = Some("proven: 0 of 135 requests".to_owned());
            let recorded = Recorded { record: rollback(), written: true, ending, ticked };
            let past = Past { records: vec![recorded], writers: Vec::new() };
            let (generation, route) = (bench.app.generation, crate::route::RouteId::new("shop", "checkout"));
            bench.msg(Msg::Past { generation, route, past });
        }
        bench
    }

    fn after(rollback: &ChangeRecord) -> Bench {
        let mut route = checkout(8, 100, 0);
        route.last_change = Some(serde_json::to_string(rollback).unwrap().into());
        let mut bench = Bench::with((120, 40), vec![Ok(route)]);
        bench.key(Key::Enter);
        bench
    }

    #[test]
    fn a_rate_of_a_minute_says_nothing_of_what_came_after_a_change_of_a_moment_ago() {
        let at = |at: &str| {
            let mut bench = after(&rollback_at(at));
            bench.numbers();
            state(&bench, ChecklistItem::Requests)
        };
        assert_eq!(at("2026-03-01T12:09:00Z"), PointState::Unknown, "a minute and the settling");
        assert_eq!(at("2026-03-01T12:08:40Z"), PointState::NotSeen, "it still gets some");
    }

    fn state(bench: &Bench, item: ChecklistItem) -> PointState {
        let points = bench.app.checklist(&bench.app.selected().unwrap()).unwrap();
        points.iter().find(|point| point.item == item).unwrap().state
    }

    #[test]
    fn after_a_rollback_a_person_ticks_off_what_only_persons_know() {
        use ChecklistItem::{DataPlane, Flag, Requests};
        let mut bench = bench(Some(Vec::new()));
        assert_eq!(state(&bench, DataPlane), PointState::Seen);
        assert_eq!(state(&bench, Requests), PointState::Unknown, "nobody has counted");
        assert_eq!(state(&bench, Flag), PointState::Person);
        let effects = begin(&mut bench.app, Action::Tick(Flag), Key::Enter);
        let [Effect::Tick { change, item: Flag, words, .. }] = effects.as_slice() else {
            panic!("{effects:?}")
        };
        assert_eq!((change.as_str(), words.as_str()), ("1-1", "anna@example.com at 12:10:00Z"));
        let generation = bench.app.generation;
        bench.msg(Msg::Ticked { generation, item: Flag, answer: Ok(()) });
        assert!(
            bench.effects.iter().any(|effect| matches!(effect, Effect::Past { .. })),
            "the journal is read again: {:?}",
            bench.effects
        );
        assert_eq!(bench.said(), "noted in the journal: flag");
    }

    #[test]
    fn what_is_ticked_off_is_not_asked_again_and_no_other_journal_is_written() {
        let ticked = vec![(ChecklistItem::Flag, "ada at 12:03".to_owned())];
        let mut here = bench(Some(ticked));
        assert_eq!(state(&here, ChecklistItem::Flag), PointState::Seen);
        let mut elsewhere = bench(None);
        let refused = |bench: &mut Bench| {
            assert!(begin(&mut bench.app, Action::Tick(ChecklistItem::Flag), Key::Enter).is_empty());
            bench.said().to_owned()
        };
        assert_eq!(refused(&mut here), "it is ticked off already: ada at 12:03");
        assert_eq!(
            refused(&mut elsewhere),
            "the rollback was not made from this machine: note it where it was"
        );
        let mut standing = Bench::with((120, 40), vec![Ok(checkout(8, 95, 5))]);
        standing.key(Key::Enter);
        assert_eq!(refused(&mut standing), "only after a rollback");
    }
}
