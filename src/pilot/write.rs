//! The write itself: journalled before it is made, made under an optimistic lock, and never twice.
//!
//! An advance confirms weights: when the spec has changed, nothing is written. A rollback confirms an intent:
//! it is planned again on the fresh object, as long as that is the same object.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::Pilot;
use super::progress::{NotWritten, Progress, Stage};
use super::states::{Confirmed, DryRun, Planned, Written};
use super::subject::Subject;
use super::trace::{annotations, images};
use super::writer::WriteError;
use crate::cluster::Why;
use crate::rollout::{ChangeRecord, Effect, Plan, Refusal, json_patch};
use crate::route::Route;

/// Attempts of a rollback, and of an advance whose annotations somebody else has just changed.
const ATTEMPTS: u32 = 60;
/// Pause before a rollback is sent again, or the route looked at again, after the server could not be reached.
const PAUSE: Duration = Duration::from_secs(1);
/// After silence, the route is looked at for so long before it is left to a person.
const LOOKING: Duration = Duration::from_secs(10);

/// What became of one attempt.
enum Attempt {
    Done(Box<Route>),
    /// Try again: at once, with this plan.
    Again(Box<Plan>),
    /// Try again after a pause.
    Later(String),
    Failed(NotWritten),
}

/// What stood in the way of earlier attempts.
#[derive(Default)]
struct Trouble {
    /// One was sent and not answered: it may have been written.
    unanswered: bool,
    /// The server could not be reached: while it starts, it refuses what it will later allow.
    unreachable: bool,
    last: String,
}

impl Pilot {
    /// Writes a confirmed change and does not wait for what follows. What stops a rollback of one route does not
    /// stop it on the others: see [`Written::unwritten`].
    ///
    /// # Errors
    /// The reason why no route can be said to be written; of several one that may have been, else the first.
    pub async fn write_only(
        &self,
        confirmed: Confirmed,
        progress: &UnboundedSender<Progress>,
    ) -> Result<Written, NotWritten> {
        let Confirmed { mut prepared, given } = confirmed;
        let reason = given.reason.or(given.typed.map(|name| format!("confirmed by typing {name}")));
        let verdict = prepared.verdict_words();
        let Some(route) = prepared.main().map(|main| main.plan.route.clone()) else {
            return Err(NotWritten::Refused("there is nothing to write".to_owned()));
        };
        let mut done = Vec::new();
        let mut failed = Vec::new();
        for planned in &mut prepared.planned {
            let record = self.record(&planned.plan, reason.clone(), verdict.clone());
            let images = images(&planned.plan, &prepared.backends);
            let record = record.with_images(images, ChangeRecord::newest(&planned.fresh).as_ref());
            match self.write_one(planned, record, progress).await {
                Ok((record, route, plan)) => {
                    // What is to be proven is what was written, which may have been planned again.
                    planned.plan = plan;
                    done.push((record, route));
                }
                Err(why) => {
                    let route = planned.plan.route.clone();
                    let words = format!("{route}: {why}");
                    let _ = progress.send(Progress {
                        route: route.clone(),
                        stage: Stage::Writing,
                        words,
                        fresh: None,
                    });
                    failed.push((route, why));
                    if planned.plan.effect != Effect::Rollback {
                        break;
                    }
                }
            }
        }
        if done.is_empty() && !failed.is_empty() {
            // That one may have been written matters more than why another was not.
            let unknown = failed.iter().position(|(_, why)| matches!(why, NotWritten::Unknown(_)));
            return Err(failed.swap_remove(unknown.unwrap_or_default()).1);
        }
        let subject = Subject::of(&prepared, &route, &done);
        Ok(Written { subject, done, failed, at: self.clock.now() })
    }

    async fn write_one(
        &self,
        planned: &Planned,
        mut record: ChangeRecord,
        progress: &UnboundedSender<Progress>,
    ) -> Result<(ChangeRecord, Route, Plan), NotWritten> {
        let mut plan = planned.plan.clone();
        let tell = |stage, words: String, fresh: Option<Route>| {
            let _ = progress.send(Progress { route: planned.plan.route.clone(), stage, words, fresh });
        };
        let noted = self.note(&plan, &record)?;
        tell(Stage::Writing, noted.unwrap_or_else(|| plan.edits_in_words()), None);
        let mut trouble = Trouble::default();
        for _ in 0..ATTEMPTS {
            match self.attempt(&plan, &record, planned, &mut trouble).await {
                Attempt::Done(route) if let Some(instead) = plan.held_otherwise(&route) => {
                    return Err(self.failed(&record, not_held(&plan, &route, &instead)));
                }
                Attempt::Done(route) => {
                    let _ = self.journal.written(&record.id, route.generation);
                    self.leave_event(&record, &plan);
                    let words = format!("generation {}: {}", route.generation, plan.edits_in_words());
                    tell(Stage::Written, words, Some((*route).clone()));
                    return Ok((record, *route, plan));
                }
                Attempt::Again(fresh_plan) => {
                    if fresh_plan.edits != plan.edits {
                        record = ChangeRecord::new(
                            &fresh_plan,
                            record.id,
                            record.actor,
                            record.at,
                            record.reason,
                            record.verdict,
                        )
                        .with_images(record.images, None);
                        let _ = self.journal.intent(&record);
                        tell(Stage::Writing, "the route has changed: planned again".to_owned(), None);
                    }
                    plan = *fresh_plan;
                }
                Attempt::Later(words) => {
                    tell(Stage::Writing, format!("{words}; trying again"), None);
                    tokio::time::sleep(PAUSE).await;
                }
                // What stops this attempt says nothing of an earlier one that was sent.
                Attempt::Failed(why) if trouble.unanswered && !matches!(why, NotWritten::Unknown(_)) => {
                    let words = format!("an attempt was not answered, and then {}", why.words());
                    return Err(self.failed(&record, NotWritten::Unknown(words)));
                }
                Attempt::Failed(why) => return Err(self.failed(&record, why)),
            }
        }
        let words = format!("tried {ATTEMPTS} times; the last answer was: {}", trouble.last);
        let why = match trouble {
            Trouble { unanswered: true, .. } => NotWritten::Unknown(words),
            Trouble { unreachable: true, .. } => NotWritten::Unreachable(words),
            Trouble { .. } => NotWritten::Changed { words, fresh: None },
        };
        Err(self.failed(&record, why))
    }

    fn failed(&self, record: &ChangeRecord, why: NotWritten) -> NotWritten {
        if !matches!(why, NotWritten::Unknown(_)) {
            let _ = self.journal.ended(&record.id, &why.to_string());
        }
        why
    }

    /// An advance is not made without a trace; a rollback is, and says so.
    fn note(&self, plan: &Plan, record: &ChangeRecord) -> Result<Option<String>, NotWritten> {
        match self.journal.intent(record) {
            Ok(()) => Ok(None),
            Err(error) if plan.effect == Effect::Rollback => Ok(Some(format!("not journalled: {error}"))),
            Err(error) => Err(NotWritten::NoJournal(error.to_string())),
        }
    }

    async fn attempt(
        &self,
        plan: &Plan,
        record: &ChangeRecord,
        planned: &Planned,
        trouble: &mut Trouble,
    ) -> Attempt {
        let rollback = plan.effect == Effect::Rollback;
        let annotations = annotations(plan, record, &planned.fresh, &self.conventions.names);
        let mut answer = self.writer.patch(&plan.route, &json_patch(plan, &annotations), false).await;
        if rollback && let Err(WriteError::Invalid { .. } | WriteError::Denied { .. }) = answer {
            // Our own trace must not stop it: the journal and the event hold the same.
            answer = self.writer.patch(&plan.route, &json_patch(plan, &[]), false).await;
        }
        let error = match answer {
            Ok(route) => return Attempt::Done(Box::new(route)),
            Err(error) => error,
        };
        trouble.last = error.to_string();
        match error {
            WriteError::Conflict => self.after_conflict(plan, record, planned).await,
            WriteError::Unanswered { why } => {
                trouble.unanswered = true;
                self.after_silence(plan, record, why).await
            }
            WriteError::Unreachable { why } if rollback => {
                trouble.unreachable = true;
                Attempt::Later(why)
            }
            WriteError::Unreachable { why } => Attempt::Failed(NotWritten::Unreachable(why)),
            WriteError::Busy { .. } if rollback => Attempt::Later(error.to_string()),
            WriteError::Forbidden { .. }
                if rollback
                    && (trouble.unreachable || trouble.unanswered || planned.dry_run == DryRun::Accepted) =>
            {
                Attempt::Later(error.to_string())
            }
            WriteError::Forbidden { .. } => Attempt::Failed(NotWritten::Forbidden(error.to_string())),
            WriteError::NotFound => Attempt::Failed(NotWritten::Changed {
                words: format!("route {} does not exist any more", plan.route),
                fresh: None,
            }),
            other => Attempt::Failed(NotWritten::Refused(other.to_string())),
        }
    }

    async fn after_conflict(&self, plan: &Plan, record: &ChangeRecord, planned: &Planned) -> Attempt {
        let fresh = match self.cluster.get(&plan.route).await {
            Ok(fresh) => fresh,
            Err(trouble) if matches!(trouble.why, Why::NotFound) => {
                let words = format!("route {} does not exist any more", plan.route);
                return Attempt::Failed(NotWritten::Changed { words, fresh: None });
            }
            Err(trouble) if plan.effect == Effect::Rollback => return Attempt::Later(trouble.to_string()),
            Err(trouble) => return Attempt::Failed(NotWritten::Unreachable(trouble.to_string())),
        };
        if is_ours(&fresh, record) {
            return Attempt::Done(Box::new(fresh));
        }
        let changed = |words: String, fresh: Route| {
            Attempt::Failed(NotWritten::Changed { words, fresh: Some(Box::new(fresh)) })
        };
        if fresh.uid != plan.uid {
            return changed("the route was deleted and made again meanwhile".to_owned(), fresh);
        }
        if fresh.generation == plan.generation {
            // The spec that was confirmed still stands; only the annotations have changed.
            return Attempt::Again(Box::new(Plan { has_annotations: fresh.has_annotations, ..plan.clone() }));
        }
        if plan.effect != Effect::Rollback {
            return changed(what_changed(&planned.fresh, &fresh), fresh);
        }
        let chosen = self.chosen_canaries();
        let chosen = chosen.get(&*fresh.uid).map(String::as_str);
        match crate::rollout::plan(&fresh, &plan.intent, &self.conventions, chosen) {
            Ok(again) if is_confirmed(&again, &planned.plan) => Attempt::Again(Box::new(again)),
            Ok(_) => {
                changed(format!("the backends changed: {}", what_changed(&planned.fresh, &fresh)), fresh)
            }
            Err(Refusal::Nothing(words)) => changed(format!("somebody else did it: {words}"), fresh),
            Err(refusal) => changed(refusal.to_string(), fresh),
        }
    }

    /// No answer: the route itself tells whether it was written, by the id in its annotation.
    async fn after_silence(&self, plan: &Plan, record: &ChangeRecord, why: String) -> Attempt {
        let rollback = plan.effect == Effect::Rollback;
        let asked = Instant::now();
        let mut seen = self.cluster.get(&plan.route).await;
        // A rollback is sent again instead.
        while !rollback && seen.is_err() && asked.elapsed() < LOOKING {
            tokio::time::sleep(PAUSE).await;
            seen = self.cluster.get(&plan.route).await;
        }
        match seen {
            Ok(fresh) if is_ours(&fresh, record) => Attempt::Done(Box::new(fresh)),
            // Safe to send again: if the first one still arrives, the generation lock stops the second.
            _ if rollback => Attempt::Later(why),
            Ok(_) => Attempt::Failed(NotWritten::Unknown(format!("{why}; the route does not show it"))),
            Err(trouble) => Attempt::Failed(NotWritten::Unknown(format!("{why}; {trouble}"))),
        }
    }
}

/// The server took the write, and holds something else. Where the spec is the very same, nothing of it was written.
fn not_held(plan: &Plan, route: &Route, instead: &str) -> NotWritten {
    if route.generation == plan.generation {
        let words = format!("the server took it and changed nothing: {instead}; admission undoes the write");
        return NotWritten::Refused(words);
    }
    NotWritten::Unknown(format!(
        "the server took it, and now {instead}: admission or somebody else has changed that"
    ))
}

/// Whether a plan made anew sends traffic nowhere that was not confirmed.
fn is_confirmed(again: &Plan, confirmed: &Plan) -> bool {
    let known = confirmed.gaining();
    again.gaining().iter().all(|(backend, _)| known.iter().any(|(known, _)| known == backend))
}

pub(super) fn is_ours(route: &Route, record: &ChangeRecord) -> bool {
    ChangeRecord::newest(route).is_some_and(|last| last.id == record.id)
}

/// Which assumption broke, in words.
fn what_changed(shown: &Route, fresh: &Route) -> String {
    let by = fresh.last_writer.as_ref().map(|writer| format!(" by {}", writer.manager)).unwrap_or_default();
    let weights = |route: &Route| -> Vec<String> {
        let rule = |rule: &crate::route::Rule| {
            let one = |b: &crate::route::Backend| format!("{} {}", b.to.name, b.weight);
            rule.backends.iter().map(one).collect::<Vec<_>>().join(", ")
        };
        route.rules.iter().map(rule).collect()
    };
    let (old, new) = (weights(shown), weights(fresh));
    let generations = format!("generation {} -> {}{by}", shown.generation, fresh.generation);
    let differing = old.iter().zip(&new).position(|(old, new)| old != new);
    match differing.and_then(|rule| Some((rule, old.get(rule)?, new.get(rule)?))) {
        Some((rule, old, new)) => {
            let rule = fresh.rule_label(rule);
            format!("rule {rule} changed meanwhile from {old} to {new} ({generations})")
        }
        None => format!("the spec changed meanwhile ({generations})"),
    }
}
