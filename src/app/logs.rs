//! Errors in the logs of each version: read when somebody asks, and in the same place until somebody asks again.

use std::sync::Arc;

use jiff::Timestamp;

use super::msg::Effect;
use super::split::Split;
use super::state::{App, Tone};
use crate::route::{Route, RouteId};

/// What was found in the logs of a split's versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogsRead {
    /// The route.
    pub route: RouteId,
    /// Its identity.
    pub uid: Box<str>,
    /// Index of the rule.
    pub rule: usize,
    /// One a version, in words.
    pub lines: Vec<String>,
    /// Whether the canary logs more than twice as many errors as stable.
    pub is_worse: bool,
}

impl LogsRead {
    /// Nothing yet, of rule `rule` of `route`.
    #[must_use]
    pub fn of(route: &Route, rule: usize) -> Self {
        Self { route: route.id.clone(), uid: route.uid.clone(), rule, lines: Vec::new(), is_worse: false }
    }
}

impl App {
    /// What was read last in the logs of this split's versions, and when.
    #[must_use]
    pub fn logs_of(&self, split: &Split<'_>) -> Option<&(Timestamp, LogsRead)> {
        let is_of = |read: &LogsRead| read.uid == split.route.uid && read.rule == split.index;
        self.logs.as_ref().filter(|(_, read)| is_of(read))
    }
}

/// Asks for them.
pub(super) fn read(app: &mut App) -> Vec<Effect> {
    let Some(split) = app.selected() else { return Vec::new() };
    let (route, rule) = (Arc::clone(split.route), split.index);
    let canary = app.chosen_canary(&route.uid).map(ToOwned::to_owned);
    app.say(Tone::Plain, format!("{}: reading logs", route.id));
    vec![Effect::Logs { generation: app.generation, route, rule, canary }]
}

/// Takes the answer.
pub(super) fn take(app: &mut App, read: LogsRead) {
    let tone = if read.is_worse { Tone::Warn } else { Tone::Plain };
    app.say(tone, format!("{} log errors: {}", read.route, read.lines.join("; ")));
    app.logs = Some((app.now.wall, read));
}
