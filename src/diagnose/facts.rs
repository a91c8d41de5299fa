//! What the walk goes by. Gathered outside; each fact may be missing, with the reason.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::cluster::{Endpoints, Known};
use crate::metrics::{Counts, Strain};
use crate::rollout::{ChangeRecord, Check, RoleNames, roles};
use crate::route::{BackendRef, Gateway, ParentRef, Route, Rule};

/// Requests are counted over this time at most.
const COUNTED: SignedDuration = SignedDuration::from_mins(5);
/// Counts of less time than this are not preferred to longer ones.
const ENOUGH: SignedDuration = SignedDuration::from_secs(30);

/// Gateways by namespace and name; `None` inside where there is no such Gateway.
pub type Gateways = HashMap<(Box<str>, Box<str>), Known<Option<Gateway>>>;

/// What is known of one route and of what is around it.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The route as it was just read.
    pub route: &'a Route,
    /// All routes by which requests may come, it among them or not.
    pub around: &'a [&'a Route],
    /// Why routes may be missing there.
    pub around_note: Option<&'a str>,
    /// The Gateways that its parents name.
    pub gateways: &'a Gateways,
    /// What stands behind its backends and mirrors.
    pub behind: &'a HashMap<BackendRef, Behind>,
    /// What was counted, or why nothing was.
    pub traffic: Result<Traffic, String>,
    /// Of each canary that has traffic and could get more: what the gate says of its requests.
    pub gated: &'a [(BackendRef, Vec<Check>)],
    /// Which names tell roles.
    pub names: &'a RoleNames,
    /// The canary that somebody named on this machine.
    pub chosen: Option<&'a str>,
    /// Earlier changes of the route, as far as they were written down on this machine.
    pub changes: &'a [ChangeRecord],
    /// How long a controller may take to report a change.
    pub patience: Duration,
    /// The time of asking.
    pub now: Timestamp,
}

/// What stands behind a backend.
#[derive(Debug, Clone, PartialEq)]
pub struct Behind {
    /// The ports of its Service; `None` inside if there is no such Service.
    pub ports: Known<Option<Box<[u16]>>>,
    /// Its endpoints.
    pub endpoints: Known<Endpoints>,
    /// The version of its image, if known.
    pub version: Option<Box<str>>,
}

/// What was counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Traffic {
    /// Requests and errors of each backend that has series.
    pub counts: Counts,
    /// The latency in seconds that 99 % of the requests of a backend stay below, where known.
    pub p99: HashMap<BackendRef, f64>,
    /// What the proxies counted besides; `None` inside where the provider does not count it, and why where nobody told.
    pub strain: Result<Option<Vec<Strain>>, String>,
}

impl Facts<'_> {
    /// The routes around without this one.
    pub(super) fn others(&self) -> impl Iterator<Item = &Route> {
        self.around.iter().copied().filter(|other| other.id != self.route.id)
    }

    /// The canary of the route, as far as something tells it.
    pub(super) fn canary(&self) -> Option<&BackendRef> {
        self.route.splits().find_map(|(index, rule)| {
            let roles = roles(self.route, index, self.names, self.chosen);
            let canary = roles.canary().filter(|_| !roles.guessed())?;
            rule.backends.get(canary).map(|backend| &backend.to)
        })
    }

    /// How a person calls a rule: nothing where there is only one.
    pub(super) fn of_rule(&self, index: usize) -> String {
        if self.route.rules.len() < 2 {
            return String::new();
        }
        format!("rule {}: ", self.route.rule_label(index))
    }

    /// The Gateway of a parent, if it is one and was asked for.
    pub(super) fn gateway(&self, parent: &ParentRef) -> Option<&Known<Option<Gateway>>> {
        self.gateways.get(&(parent.namespace.clone(), parent.name.clone()))
    }

    /// How long ago somebody wrote the route, as far as its own notes tell.
    pub(super) fn unchanged_for(&self) -> Option<Duration> {
        let since = self.now.duration_since(last_write(self.route)?);
        Some(since.unsigned_abs()).filter(|_| since.is_positive())
    }
}

impl Facts<'_> {
    /// How many seconds ago the route was written, where a slow controller may have served the split of before for a
    /// part of what was counted.
    pub(super) fn counts_of_before(&self) -> Option<i64> {
        let since = self.traffic.as_ref().ok()?.counts.since;
        let written = last_write(self.route)?;
        let taken_up = written.checked_add(SignedDuration::try_from(self.patience).ok()?).ok()?;
        (since < taken_up && written < since).then(|| self.now.duration_since(written).as_secs())
    }
}

/// `checkout-stable 95 %, checkout-canary 5 %`.
pub(super) fn shares(rule: &Rule) -> String {
    let part =
        |(index, backend): (usize, &crate::route::Backend)| match crate::route::declared_share(rule, index) {
            Some(share) => format!("{} {} %", backend.to, percent(share)),
            None => format!("{} weight 0", backend.to),
        };
    rule.backends.iter().enumerate().map(part).collect::<Vec<_>>().join(", ")
}

/// A ratio in percent with one decimal at most, two below 1 %.
pub(super) fn percent(ratio: f64) -> String {
    let percent = ratio * 100.0;
    let text = if percent < 1.0 { format!("{percent:.2}") } else { format!("{percent:.1}") };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// When the route was last written, its status aside.
fn last_write(route: &Route) -> Option<Timestamp> {
    let ours = ChangeRecord::newest(route).and_then(|change| change.at.parse().ok());
    let theirs = route.last_writer.as_ref().and_then(|writer| writer.at.parse().ok());
    [ours, theirs, route.created].into_iter().flatten().max()
}

/// Since when requests are counted: over five minutes, or since the newest write has settled. When that was taken up is
/// written nowhere, so the `patience` with a slow controller is waited out as well, once there are counts without it.
#[must_use]
pub fn counted_since(route: &Route, settle: Duration, patience: Duration, now: Timestamp) -> Timestamp {
    let earliest = now.saturating_sub(COUNTED).unwrap_or(Timestamp::MIN);
    let after = |span: Duration| {
        last_write(route).and_then(|at| at.checked_add(SignedDuration::try_from(span).ok()?).ok())
    };
    let late = after(patience + settle).filter(|late| now.duration_since(*late) > ENOUGH);
    late.or_else(|| after(settle)).map_or(earliest, |settled| settled.clamp(earliest, now))
}
