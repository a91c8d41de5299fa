//! One change from confirmation to its ending, telling what happens on the way.

use std::pin::pin;

use futures::StreamExt;
use tokio::sync::mpsc::UnboundedSender;

use super::Pilot;
use super::progress::{Ending, Progress, Stage};
use super::states::{Confirmed, Watched, Written};
use crate::cluster::{Update, watch_route};
use crate::route::{ParentState, Route};

impl Pilot {
    /// Writes, waits for the controllers, counts requests. Sends each step to `progress`; that nobody listens
    /// any more is no error. A rollback is planned again where the route has changed.
    pub async fn carry(&self, confirmed: Confirmed, progress: &UnboundedSender<Progress>) -> Ending {
        let written = match self.write_only(confirmed, progress).await {
            Ok(written) => written,
            Err(why) => return Ending::NotWritten(why),
        };
        let watched = self.observe(written, progress).await;
        self.prove(watched, progress).await
    }

    /// Waits until all parents of the selected route report the new generation, as far as they ever do.
    pub async fn observe(&self, written: Written, progress: &UnboundedSender<Progress>) -> Watched {
        let Some((_, route)) = written.done.first() else {
            return Watched { at: written.at, written, observed: false };
        };
        let generation = route.generation;
        let tell = |stage, words: String, fresh: Option<Route>| {
            let _ = progress.send(Progress { route: route.id.clone(), stage, words, fresh });
        };
        let mut seen = Seen::Pending("waiting for the controller".to_owned());
        let updates = watch_route(&self.cluster, &route.id).filter_map(|update| {
            std::future::ready(match update {
                Update::Reset(routes) => routes.into_iter().next().and_then(Result::ok),
                Update::Applied(listed) => listed.ok(),
                _ => None,
            })
        });
        let waiting = async {
            let mut updates = pin!(updates);
            while let Some(fresh) = updates.next().await {
                let now = observed(&fresh, generation);
                if now == seen {
                    continue;
                }
                let stage = if now == Seen::Observed { Stage::Observed } else { Stage::Written };
                tell(stage, now.words(), Some(fresh));
                seen = now;
                if !matches!(seen, Seen::Pending(_)) {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(self.timing.observe, waiting).await;
        if let Seen::Pending(words) = &seen {
            let waited = self.timing.observe.as_secs();
            tell(Stage::Written, format!("not observed within {waited} s: {words}"), None);
        }
        Watched { written, observed: seen == Seen::Observed, at: self.clock.now() }
    }
}

/// What the parents say of a generation.
#[derive(Debug, PartialEq)]
enum Seen {
    /// All that report generations report this one.
    Observed,
    /// It cannot be known: nobody reports a generation.
    Unknowable(String),
    /// The edit was refused.
    Refused(String),
    /// Not yet.
    Pending(String),
}

impl Seen {
    fn words(&self) -> String {
        match self {
            Self::Observed => "all parents report the new generation".to_owned(),
            Self::Unknowable(words) | Self::Refused(words) | Self::Pending(words) => words.clone(),
        }
    }
}

fn observed(route: &Route, generation: i64) -> Seen {
    if route.generation > generation {
        return Seen::Unknowable(format!(
            "somebody changed the route again (generation {})",
            route.generation
        ));
    }
    let mut observed = false;
    for view in route.parent_views() {
        match view.state {
            ParentState::Observed => observed = true,
            ParentState::Pending { seen } => {
                return Seen::Pending(format!("{} still reports generation {seen}", view.parent));
            }
            ParentState::Refused { .. } => {
                return Seen::Refused(format!("{} refused the edit and serves the old one", view.parent));
            }
            ParentState::NoGeneration | ParentState::NoStatus => {}
        }
    }
    if observed { Seen::Observed } else { Seen::Unknowable("no parent reports a generation".to_owned()) }
}
