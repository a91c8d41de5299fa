//! What stands behind the backends of the selected split: when it is read, and how long what was read counts.

use std::collections::HashMap;
use std::ops::Deref;
use std::time::Duration;

use super::msg::Effect;
use super::panes::panes;
use super::state::{App, Link};
use crate::cluster::Facts;
use crate::pilot::release;
use crate::rollout::{Readiness, Release};
use crate::route::BackendRef;

/// The selection must have rested for this long before the cluster is asked about it.
const DEBOUNCE: Duration = Duration::from_millis(250);
/// How often it is read again: pods restart without a change of their endpoints.
const REFRESH: Duration = Duration::from_secs(30);
/// A change of endpoints seldom comes alone.
const GATHER: Duration = Duration::from_secs(1);
/// After two reads that did not come, pods may long be others.
const LASTS: Duration = Duration::from_secs(90);

/// What was found behind a backend, and when.
#[derive(Debug, Clone)]
pub struct Looked {
    facts: Facts,
    at: Duration,
}

impl Deref for Looked {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.facts
    }
}

/// What stands behind the backends of the selected split.
#[derive(Debug, Default)]
pub struct FactsState {
    /// By backend.
    pub known: HashMap<BackendRef, Looked>,
    /// When the selection came to rest at what it is now, with generation.
    wanted: Option<(Vec<BackendRef>, i64, Duration)>,
    /// When those were asked for.
    asked_at: Option<Duration>,
    /// Whose endpoints are watched, and the generation of the answers.
    followed: (Vec<BackendRef>, u64),
    /// When endpoints changed after that.
    changed: Option<Duration>,
}

impl FactsState {
    /// Takes what was found.
    pub(super) fn take(&mut self, found: Vec<(BackendRef, Facts)>, now: Duration) {
        self.known.extend(found.into_iter().map(|(backend, facts)| (backend, Looked { facts, at: now })));
    }

    /// Endpoints have changed.
    pub(super) fn stir(&mut self, now: Duration) {
        self.changed.get_or_insert(now);
    }

    /// What was asked for is asked again.
    pub(super) fn abandon(&mut self) {
        self.asked_at = None;
    }
}

impl App {
    /// Endpoints of a backend, if they were read and that is not too long ago.
    pub(super) fn readiness(&self, backend: &BackendRef) -> Readiness {
        let Some(looked) = self.facts.known.get(backend) else {
            return Readiness::Unknown("not read yet".to_owned());
        };
        let age = self.shown_at().saturating_sub(looked.at);
        match &looked.endpoints {
            _ if age > LASTS => Readiness::Unknown(format!("read {} min ago", age.as_secs().div_ceil(60))),
            Ok(ends) => Readiness::Known { ready: ends.ready, total: ends.total },
            Err(why) => Readiness::Unknown(why.to_string()),
        }
    }

    /// What a backend's pods run, if they were read and that is not too long ago.
    pub(super) fn release(&self, backend: &BackendRef) -> Option<Release> {
        let looked = self.facts.known.get(backend)?;
        let pods =
            looked.pods.as_ref().ok().filter(|_| self.shown_at().saturating_sub(looked.at) <= LASTS)?;
        Some(release(pods))
    }
}

/// When they are to be read next.
pub(super) fn facts_due(app: &App) -> Option<Duration> {
    let (_, _, since) = app.facts.wanted.as_ref().filter(|_| app.link == Link::Live)?;
    match app.facts.asked_at {
        None => Some(*since + DEBOUNCE),
        Some(asked) => Some(app.facts.changed.map_or(asked + REFRESH, |changed| changed + GATHER)),
    }
}

/// Asks if that is due.
pub(super) fn read_facts(app: &mut App) -> Option<Effect> {
    want(app);
    let now = app.now.since_start;
    facts_due(app).filter(|due| *due <= now)?;
    let (backends, ..) = app.facts.wanted.as_ref()?;
    let effect = Effect::Facts { generation: app.generation, backends: backends.clone() };
    app.facts.asked_at = Some(now);
    app.facts.changed = None;
    Some(effect)
}

/// Watches the endpoints of the selected split, and of no other, once the selection rests.
pub(super) fn follow_endpoints(app: &mut App) -> Option<Effect> {
    let selected = app.facts.wanted.as_ref().filter(|_| app.link == Link::Live);
    if selected.is_some() && app.facts.asked_at.is_none() {
        return None;
    }
    let wanted = selected.map_or(&[][..], |(backends, ..)| backends);
    let (known, generation) = &app.facts.followed;
    if known == wanted && (wanted.is_empty() || *generation == app.generation) {
        return None;
    }
    let (backends, generation) = (wanted.to_vec(), app.generation);
    app.facts.followed = (backends.clone(), generation);
    Some(Effect::FollowEndpoints { generation, backends })
}

/// Facts are read for the selected split alone, with those who would take its traffic; anew when its spec changes.
fn want(app: &mut App) {
    let now = app.now.since_start;
    let wanted =
        app.selected().filter(|_| app.open_split().is_some() || panes(app).detail > 0).map(|split| {
            let mut backends: Vec<BackendRef> = split.rule.backends.iter().map(|b| b.to.clone()).collect();
            let others = app.planned_rollback(&split).map(|plan| plan.backends()).unwrap_or_default();
            for backend in others {
                if !backends.contains(&backend) {
                    backends.push(backend);
                }
            }
            (backends, split.route.generation)
        });
    let known = app.facts.wanted.as_ref().map(|(backends, generation, _)| (backends, generation));
    if known != wanted.as_ref().map(|(backends, generation)| (backends, generation)) {
        app.facts.wanted = wanted.map(|(backends, generation)| (backends, generation, now));
        app.facts.asked_at = None;
    }
}
