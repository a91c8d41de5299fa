//! Whether a backend that is to get traffic again was taken out before, by the newest change that moved it.

use jiff::Timestamp;

use super::change::{ChangeRecord, weight_keys};
use super::plan::Effect;
use crate::route::BackendRef;

/// The change that drained `backend`, if none of `records` has moved it since. `namespace` is the route's.
///
/// A flip drains as well, but only to bring another version: whoever returns from it starts nothing again.
pub(super) fn drained_by<'a>(
    backend: &BackendRef,
    namespace: &str,
    records: impl IntoIterator<Item = &'a ChangeRecord>,
) -> Option<&'a ChangeRecord> {
    let key = weight_keys([backend], namespace).pop()?;
    let steps = |record: &'a ChangeRecord| {
        let (before, after) = (record.before.iter(), &record.after);
        let key = &key;
        before.filter_map(move |(rule, before)| {
            let (before, after) = (*before.get(key)?, *after.get(rule)?.get(key)?);
            (before != after).then_some((before, after))
        })
    };
    let moved = records.into_iter().filter(|record| steps(record).next().is_some());
    let newest = moved.max_by_key(|record| at(record).unwrap_or(Timestamp::MIN))?;
    let drains = steps(newest).all(|(_, after)| after == 0);
    let advanced = newest.effect.map_or(!newest.was_rollback(), |effect| effect == Effect::Advance);
    (drains && !advanced).then_some(newest)
}

/// What became of it, as in `rolled back 12 min ago by anna@example.com`.
pub(super) fn in_words(record: &ChangeRecord, now: Timestamp) -> String {
    let what = if record.was_rollback() { "rolled back" } else { "drained" };
    let when = at(record).map(|at| format!(" {}", ago(now, at))).unwrap_or_default();
    format!("{what}{when} by {}", record.actor)
}

fn at(record: &ChangeRecord) -> Option<Timestamp> {
    record.at.parse().ok()
}

/// In steps of a minute, so that what is shown stands still. Another clock may go ahead of ours.
pub(super) fn ago(now: Timestamp, at: Timestamp) -> String {
    match now.duration_since(at).as_mins() {
        ..1 => "just now".to_owned(),
        minutes @ ..60 => format!("{minutes} min ago"),
        minutes @ ..2880 => format!("{} h ago", minutes / 60),
        minutes => format!("{} d ago", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(at: &str, action: &str, effect: Option<Effect>, canary: [u32; 2]) -> ChangeRecord {
        let weights = |canary: u32| [("stable".to_owned(), 100 - canary), ("canary".to_owned(), canary)];
        ChangeRecord {
            id: at.to_owned(),
            namespace: "shop".to_owned(),
            route: "checkout".to_owned(),
            uid: "u".to_owned(),
            actor: "anna".to_owned(),
            at: at.to_owned(),
            action: action.to_owned(),
            effect,
            returns: false,
            canary: None,
            before: [(0, weights(canary[0]).into())].into(),
            after: [(0, weights(canary[1]).into())].into(),
            images: std::collections::BTreeMap::new(),
            other_edits: Vec::new(),
            reason: None,
            verdict: String::new(),
        }
    }

    fn found(records: &[ChangeRecord]) -> Option<String> {
        let now = "2026-01-01T12:00:00Z".parse().unwrap();
        let canary = BackendRef::service("shop", "canary", 80);
        drained_by(&canary, "shop", records).map(|record| in_words(record, now))
    }

    #[test]
    fn the_newest_change_that_moved_it_tells() {
        let back = record("2026-01-01T11:48:00Z", "rollback", Some(Effect::Rollback), [10, 0]);
        assert_eq!(found(&[]), None);
        assert_eq!(found(std::slice::from_ref(&back)).unwrap(), "rolled back 12 min ago by anna");
        let earlier = record("2026-01-01T11:00:00Z", "step", Some(Effect::Advance), [5, 10]);
        assert!(found(&[back.clone(), earlier]).is_some(), "in any order");
        let later = record("2026-01-01T11:59:00Z", "step", Some(Effect::Advance), [0, 1]);
        assert_eq!(found(&[back.clone(), later]), None, "somebody has started it again");
        let other = record("2026-01-01T11:59:00Z", "set weights", Some(Effect::Retreat), [0, 0]);
        assert!(found(&[back, other]).is_some(), "one that moved others only tells nothing");
    }

    #[test]
    fn stepping_back_to_nothing_counts_and_a_flip_does_not() {
        let one = |action, effect| found(&[record("2026-01-01T11:59:40Z", action, effect, [1, 0])]);
        assert_eq!(one("step back", Some(Effect::Retreat)).unwrap(), "drained just now by anna");
        assert_eq!(one("flip", Some(Effect::Advance)), None);
        assert_eq!(one("rollback", None).unwrap(), "rolled back just now by anna", "an earlier record");
        assert_eq!(one("set weights", None), None);
    }

    #[test]
    fn ages() {
        let now: Timestamp = "2026-01-10T12:00:00Z".parse().unwrap();
        let told = ["2026-01-10T12:00:09Z", "2026-01-10T11:00:00Z", "2026-01-08T12:00:00Z"];
        let told = told.map(|at| ago(now, at.parse().unwrap()));
        assert_eq!(told, ["just now", "1 h ago", "2 d ago"]);
    }
}
