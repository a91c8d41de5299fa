//! What is due when: questions that are asked again, and moments at which the screen changes by itself.

use std::time::Duration;

use super::facts::{facts_due, follow_endpoints, read_facts};
use super::lamp::{ask_lamp, lamp_due};
use super::msg::Effect;
use super::routes::Shown;
use super::split::FLASH;
use super::state::{App, Link, Said};
use crate::rollout::SHOWN_FOR;
use crate::route::RuleBackend;

/// What came into sight must have rested for this long before it is asked about.
const DEBOUNCE: Duration = Duration::from_millis(250);

/// When a [`Msg::Tick`](super::Msg::Tick) is needed next, if nothing else happens; since the program started.
#[must_use]
pub fn next_wake(app: &App) -> Option<Duration> {
    let now = app.now.since_start;
    [
        dialog_wake(app),
        numbers_due(app),
        facts_due(app),
        lamp_due(app),
        app.counts_due(),
        app.alerts_due(),
        app.draining_due(),
        age_wake(app),
        flash_wake(app),
        app.said.as_ref().and_then(Said::ends),
    ]
    .into_iter()
    .flatten()
    .map(|due| due.max(now))
    .min()
}

/// The moment at which an open dialog looks different.
fn dialog_wake(app: &App) -> Option<Duration> {
    let dialog = app.layers.dialog()?;
    let ready = dialog.ready()?;
    let arms = Some(ready.arms_at).filter(|_| !dialog.is_rollback());
    [arms, Some(ready.shown_at + SHOWN_FOR)].into_iter().flatten().find(|at| *at > app.now.since_start)
}

/// The moment at which a row stops standing out.
fn flash_wake(app: &App) -> Option<Duration> {
    let now = app.now.since_start;
    let ends = app.rows_in_sight().filter_map(|row| match app.routes.shown(row)? {
        Shown::Split { changed, .. } => changed.map(|at| at + FLASH),
        _ => None,
    });
    ends.filter(|end| *end > now).min()
}

/// The moment at which a shown age takes its next step.
fn age_wake(app: &App) -> Option<Duration> {
    let now = app.now.since_start;
    let next = |since: Duration| {
        let age = now.saturating_sub(since).as_secs();
        let step = if age < 60 { 5 } else { 60 };
        since + Duration::from_secs((age / step + 1) * step)
    };
    let lost = match &app.link {
        Link::Lost { since, .. } => Some(next(*since)),
        _ => None,
    };
    let frozen = app.frozen.as_ref().map(|frozen| next(frozen.since));
    [lost, frozen].into_iter().flatten().min()
}

/// The backends of the rows in sight, each once.
pub(super) fn visible_backends(app: &App) -> Vec<RuleBackend> {
    // The rows below an open split go on: whoever comes back wants no gaps.
    let open = app.open_split().and_then(|view| app.find(view));
    let splits = open.into_iter().chain(app.rows_in_sight().filter_map(|row| app.split(row)));
    let mut backends: Vec<RuleBackend> =
        splits.flat_map(|split| split.route.rule_backends(split.index).collect::<Vec<_>>()).collect();
    backends.sort();
    backends.dedup();
    backends
}

fn numbers_due(app: &App) -> Option<Duration> {
    let numbers = &app.numbers;
    if !numbers.has_source || numbers.in_flight || app.routes.splits() == 0 {
        return None;
    }
    let Some(asked) = numbers.asked_at else { return Some(app.now.since_start) };
    let unseen = || visible_backends(app).iter().any(|backend| numbers.at(backend).is_none());
    // What comes into sight is asked about soon, but not with each row that flies by.
    // While frozen what came into sight stays unseen.
    let pause = if app.frozen.is_none() && numbers.failing.is_none() && unseen() {
        DEBOUNCE
    } else {
        numbers.refresh()
    };
    Some(asked + pause)
}

/// Asks for all that is due.
pub(super) fn due(app: &mut App) -> Vec<Effect> {
    let now = app.now.since_start;
    let mut effects = Vec::new();
    effects.extend(read_facts(app));
    effects.extend(follow_endpoints(app));
    if numbers_due(app).is_some_and(|due| due <= now) {
        let backends = visible_backends(app);
        if !backends.is_empty() {
            let generation = app.generation;
            let unknown = app.numbers.without_history(&backends, now);
            if !unknown.is_empty() {
                effects.push(Effect::History { generation, backends: unknown });
            }
            effects.push(Effect::Numbers { generation, backends });
            app.numbers.in_flight = true;
        }
        app.numbers.asked_at = Some(now);
    }
    effects.extend(app.count());
    effects.extend(app.ask_alerts());
    effects.extend(app.ask_draining());
    effects.extend(app.read_past());
    effects.extend(super::survey::due(app));
    effects.extend(review_access(app));
    effects.extend(super::contexts::due(app));
    effects.extend(ask_lamp(app));
    effects
}

/// Asks once a namespace whether its routes may be patched.
fn review_access(app: &mut App) -> Option<Effect> {
    if app.link != Link::Live || app.routes.is_empty() {
        return None;
    }
    let namespace: Box<str> = app.namespace().into();
    if app.access.contains_key(&namespace) {
        return None;
    }
    app.access.insert(namespace.clone(), None);
    Some(Effect::Access { namespace })
}
