//! What happened to a route, the newest first: our own changes, and what others did.
//!
//! Ours are in the journal of this machine and, the newest, in the route's annotation. Others are known by the field
//! managers that the object names with a time each, and by the changes that came while it was watched.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::changes::list;
use super::msg::{Effect, Now};
use super::split::Split;
use super::state::App;
use crate::audit::Recorded;
use crate::rollout::{ChangeRecord, RuleWeights, weights_of};
use crate::route::{Route, RouteId, Writer};

/// Our own field manager.
const OURS: &str = "tidegate";
/// Most changes that are remembered because they were seen.
const MOST_SEEN: usize = 500;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When, as far as that is known.
    pub at: Option<Timestamp>,
    /// A user for our own changes, a field manager for others.
    pub who: String,
    /// What was done: `step 95/5 -> 90/10`.
    pub what: String,
    /// Verdict, reason and ending of our own changes.
    pub more: Vec<String>,
    /// Whether tidegate did it, here or elsewhere.
    pub ours: bool,
}

/// What was read about a route's past.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Past {
    /// From the journal, the oldest first.
    pub records: Vec<Recorded>,
    /// From the object, all but those that write its status.
    pub writers: Vec<Writer>,
}

/// A new generation that the watch brought.
#[derive(Debug)]
pub(super) struct Seen {
    uid: Box<str>,
    at: Timestamp,
    generation: i64,
    writer: Option<Writer>,
    /// The change that came with it, if tidegate made it.
    record: Option<ChangeRecord>,
    what: String,
}

/// The new generations of all routes, the oldest first.
#[derive(Debug, Default)]
pub(super) struct SeenChanges(VecDeque<Seen>);

impl SeenChanges {
    /// Notes a route that came in place of `old`.
    pub fn note(&mut self, old: &Route, new: &Route, now: Now) {
        if old.uid != new.uid || new.generation <= old.generation {
            return;
        }
        let noted = (ChangeRecord::newest(old), ChangeRecord::newest(new));
        let record = noted.1.filter(|new| noted.0.is_none_or(|old| old.id != new.id));
        if self.0.len() == MOST_SEEN {
            self.0.pop_front();
        }
        self.0.push_back(Seen {
            uid: new.uid.clone(),
            at: now.wall,
            generation: new.generation,
            writer: new.last_writer.clone(),
            record,
            what: difference(old, new),
        });
    }
}

/// The weights that differ, by rule; whatever else differs is not told apart.
fn difference(old: &Route, new: &Route) -> String {
    let weights = |route: &Route, index: usize| Some(list(&route.rules.get(index)?.weights()));
    let names = |route: &Route| {
        let rules = route.rules.iter();
        rules.map(|rule| rule.backends.iter().map(|b| b.to.clone()).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    let mut moved = Vec::new();
    if names(old) == names(new) {
        for index in 0..new.rules.len() {
            if let (Some(before), Some(after)) = (weights(old, index), weights(new, index))
                && before != after
            {
                moved.push(format!("rule {} {before} -> {after}", new.rule_label(index)));
            }
        }
    }
    if moved.is_empty() { "spec edited".to_owned() } else { moved.join(", ") }
}

/// What was read, and of what.
#[derive(Debug, Default)]
pub(super) struct TimelineState {
    /// Uid and generation, and whether a change had ended: read again when that is another one.
    asked: Option<(Box<str>, i64, Option<u64>)>,
    past: Option<(RouteId, Past)>,
}

impl TimelineState {
    /// A question may be under way whose answer will be dropped: it is asked again.
    pub(super) fn abandon(&mut self) {
        self.asked = None;
    }
}

impl App {
    fn past(&self, route: &Route) -> Option<&Past> {
        self.timeline.past.as_ref().filter(|(id, _)| *id == route.id).map(|(_, past)| past)
    }

    /// What the journal of this machine has of a route, as far as that was read.
    pub(super) fn past_of(&self, route: &Route) -> impl Iterator<Item = &Recorded> {
        self.past(route)
            .into_iter()
            .flat_map(|past| &past.records)
            .filter(|known| *known.record.uid == *route.uid)
    }

    /// What was written to a route from this machine, as far as that was read.
    pub(super) fn written_before(&self, route: &Route) -> impl Iterator<Item = &ChangeRecord> {
        self.past_of(route).filter(|known| known.written).map(|known| &known.record)
    }

    /// What is known to have happened to the route of a split, the newest first.
    #[must_use]
    pub fn timeline(&self, split: &Split<'_>) -> Vec<Event> {
        let route = split.route;
        let mut ours: Vec<Recorded> = self.past_of(route).cloned().collect();
        let seen: Vec<&Seen> = self.routes.seen().0.iter().filter(|seen| seen.uid == route.uid).collect();
        let noted = seen.iter().filter_map(|seen| seen.record.clone()).chain(ChangeRecord::newest(route));
        for record in noted {
            if !ours.iter().any(|known| known.record.id == record.id) {
                ours.push(Recorded { record, written: true, ending: None, ticked: Vec::new() });
            }
        }
        let mut events: Vec<Event> = ours.iter().map(|recorded| own(recorded, route)).collect();
        let foreign = |seen: &&&Seen| seen.record.is_none();
        events.extend(seen.iter().filter(foreign).map(|seen| seen.event()));
        let latest = || route.last_writer.iter().cloned().collect();
        let writers = self.past(route).map_or_else(latest, |past| past.writers.clone());
        let told = |writer: &Writer| seen.iter().any(|seen| seen.writer.as_ref() == Some(writer));
        for writer in writers.iter().filter(|writer| &*writer.manager != OURS && !told(writer)) {
            events.push(Event {
                at: writer.at.parse().ok(),
                who: writer.manager.to_string(),
                what: "wrote the spec or metadata".to_owned(),
                more: Vec::new(),
                ours: false,
            });
        }
        events.sort_by_key(|event| std::cmp::Reverse(event.at));
        events
    }

    /// Asks for the past of the open split, when there may be more of it than is known.
    pub(super) fn read_past(&mut self) -> Option<Effect> {
        self.open_split()?;
        let split = self.selected()?;
        let (id, uid) = (split.route.id.clone(), split.route.uid.clone());
        let ended = self.changes.of(&id).filter(|change| !change.is_running()).map(|change| change.id);
        let wanted = (uid.clone(), split.route.generation, ended);
        if self.timeline.asked.as_ref() == Some(&wanted) {
            return None;
        }
        self.timeline.asked = Some(wanted);
        Some(Effect::Past { generation: self.generation, route: id, uid })
    }

    /// Takes what was read.
    pub(super) fn take_past(&mut self, route: RouteId, past: Past) {
        self.timeline.past = Some((route, past));
    }
}

impl Seen {
    fn event(&self) -> Event {
        let who = self.writer.as_ref().map_or("somebody", |writer| &writer.manager);
        Event {
            at: Some(self.at),
            who: who.to_owned(),
            what: format!("{} (generation {})", self.what, self.generation),
            more: Vec::new(),
            ours: who == OURS,
        }
    }
}

fn own(recorded: &Recorded, route: &Route) -> Event {
    let record = &recorded.record;
    let mut more = vec![record.verdict.clone()];
    more.extend(record.reason.as_ref().map(|reason| format!("reason: {reason}")));
    more.extend(record.other_edits.iter().cloned());
    more.extend(recorded.ticked.iter().map(|(item, words)| format!("{}: {words}", item.name())));
    // What comes last is what is shown where there is little room.
    more.extend(match (&recorded.ending, recorded.written) {
        (Some(ending), _) => Some(ending.clone()),
        (None, true) => None,
        (None, false) => Some("not known to be written".to_owned()),
    });
    more.retain(|words| !words.is_empty());
    Event {
        at: record.at.parse().ok(),
        who: record.actor.clone(),
        what: format!("{}{}", record.action, moved(route, record)),
        more,
        ours: true,
    }
}

/// The weights before and after, of the first rule that was changed, in its order: ` 95/5 -> 90/10`.
fn moved(route: &Route, record: &ChangeRecord) -> String {
    let Some(index) = record.after.keys().next() else { return String::new() };
    let words = |all: Option<&RuleWeights>| {
        let weights = all.zip(route.rules.get(*index));
        let weights = weights.and_then(|(weights, rule)| weights_of(weights, rule, &route.id.namespace));
        weights.map_or("?".to_owned(), |weights| list(&weights))
    };
    format!(" {} -> {}", words(record.before.get(index)), words(record.after.get(index)))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Bench, checkout};
    use super::*;
    use crate::cluster::Update;
    use crate::keys::Key;

    fn record(id: &str, at: &str) -> ChangeRecord {
        let weights = |stable, canary| {
            [(0, [("checkout-stable".to_owned(), stable), ("checkout-canary".to_owned(), canary)].into())]
                .into()
        };
        ChangeRecord {
            id: id.to_owned(),
            namespace: "shop".to_owned(),
            route: "checkout".to_owned(),
            uid: "uid-checkout".to_owned(),
            actor: "anna@example.com".to_owned(),
            at: at.to_owned(),
            action: "step".to_owned(),
            effect: None,
            returns: false,
            canary: None,
            before: weights(99, 1),
            after: weights(95, 5),
            images: std::collections::BTreeMap::new(),
            other_edits: Vec::new(),
            reason: Some("low traffic".to_owned()),
            verdict: "hold: 12 requests".to_owned(),
        }
    }

    fn told(bench: &Bench) -> Vec<String> {
        let events = bench.app.timeline(&bench.app.selected().unwrap());
        events
            .iter()
            .map(|event| format!("{} {}; {}", event.who, event.what, event.more.join(", ")))
            .collect()
    }

    #[test]
    fn ours_and_others_in_one_line_the_newest_first() {
        let mut bench = Bench::with((120, 40), vec![Ok(checkout(7, 95, 5))]);
        bench.key(Key::Enter);
        let asked = bench.effects.iter().any(|effect| matches!(effect, Effect::Past { .. }));
        assert!(asked, "{:?}", bench.effects);
        let generation = bench.app.generation;
        let ending = Some("proven: 5 % observed".to_owned());
        let record = record("1", "2026-02-28T18:00:00Z");
        let recorded = Recorded { record, written: true, ending, ticked: Vec::new() };
        let writer = |manager: &str, at: &str| Writer { manager: manager.into(), at: at.into() };
        let writers = vec![
            writer("kubectl-edit", "2026-02-28T12:00:00Z"),
            writer("tidegate", "2026-02-28T18:00:01Z"),
            writer("argocd-controller", "2026-02-28T20:00:00Z"),
        ];
        let past = Past { records: vec![recorded], writers };
        bench.msg(super::super::Msg::Past { generation, route: RouteId::new("shop", "checkout"), past });
        assert_eq!(
            told(&bench),
            [
                "argocd-controller wrote the spec or metadata; ",
                "anna@example.com step 99/1 -> 95/5; hold: 12 requests, reason: low traffic, proven: 5 % observed",
                "kubectl-edit wrote the spec or metadata; ",
            ]
        );
    }

    #[test]
    fn what_the_watch_brings_is_remembered_and_told_once() {
        let mut bench = Bench::with((120, 40), vec![Ok(checkout(7, 95, 5))]);
        let mut edited = checkout(8, 50, 50);
        edited.last_writer.as_mut().unwrap().at = "2026-03-01T12:10:00Z".into();
        bench.watch(Update::Applied(Ok(edited)));
        assert_eq!(told(&bench), ["kubectl-edit rule / 95/5 -> 50/50 (generation 8); "]);
        let mut stepped = checkout(9, 95, 5);
        stepped.last_change =
            Some(serde_json::to_string(&record("2", "2026-03-01T12:10:01Z")).unwrap().into());
        stepped.last_writer = Some(Writer { manager: "tidegate".into(), at: "2026-03-01T12:10:01Z".into() });
        bench.watch(Update::Applied(Ok(stepped)));
        let all = told(&bench);
        assert_eq!(all.len(), 2, "{all:?}");
        assert!(all[0].starts_with("anna@example.com step 99/1 -> 95/5"), "{all:?}");
    }
}
