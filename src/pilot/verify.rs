//! Looks whether a split is served as it is declared. Writes nothing, neither to the cluster nor to the journal.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;

use super::Pilot;
use super::progress::{Ending, Progress, Stage};
use super::subject::Subject;
use crate::route::{Route, RouteId};

/// Which split is to be looked at.
#[derive(Debug, Clone)]
pub struct Verify {
    /// The route.
    pub route: RouteId,
    /// The version of its spec that somebody looks at.
    pub generation: i64,
    /// Index of the rule.
    pub rule: usize,
    /// Routes that may lead to the same backends, as last seen.
    pub related: Vec<Arc<Route>>,
    /// Whether these were looked for in all namespaces.
    pub everywhere: bool,
}

impl Pilot {
    /// Counts requests from now on, until they show the declared split or the time is over. Never
    /// [`Ending::NotWritten`].
    pub async fn verify(&self, ask: &Verify, progress: &UnboundedSender<Progress>) -> Ending {
        let (fresh, (related, unseen)) =
            tokio::join!(self.cluster.get(&ask.route), self.related(&ask.related, ask.everywhere));
        let fresh = match fresh {
            Ok(fresh) => fresh,
            Err(trouble) => return Ending::Unproven(trouble.to_string()),
        };
        if fresh.generation != ask.generation {
            return Ending::Unproven("the route has changed since it was looked at; look again".to_owned());
        }
        let others: Vec<Route> = related.iter().map(|route| Route::clone(route)).collect();
        let Some(subject) = Subject::served(&fresh, ask.rule, &others, unseen) else {
            return Ending::Unproven(format!("rule {} has no shares to look for", ask.rule));
        };
        self.count(&subject, self.steady_since(&fresh), Stage::Counting, progress).await
    }

    /// How long to wait before requests show what `route` says: one that has just been written settles first.
    #[must_use]
    pub fn settling(&self, route: &Route) -> Duration {
        let since = self.steady_since(route);
        self.clock.until(since.saturating_add(self.timing.settle).unwrap_or(since))
    }

    /// A split that has just been written settles first; any other one is counted from now on.
    fn steady_since(&self, route: &Route) -> Timestamp {
        let now = self.clock.now();
        let settled = now.saturating_sub(self.timing.settle).unwrap_or(now);
        let written = route.last_writer.as_ref().and_then(|writer| writer.at.parse::<Timestamp>().ok());
        written.map_or(settled, |written| written.clamp(settled, now))
    }
}
