//! One change from confirmation to its ending, telling what happens on the way.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::Pilot;
use super::progress::{Ending, Progress, Stage};
use super::states::{Confirmed, Watched, Written};
use crate::route::{ParentState, Route};

/// The first pause between looks at the status; it doubles up to the last.
const FIRST_LOOK: Duration = Duration::from_millis(50);
const LAST_LOOK: Duration = Duration::from_secs(1);

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
        let deadline = Instant::now() + self.timing.observe;
        let mut pause = FIRST_LOOK;
        let mut seen = Seen::Pending("waiting for the controller".to_owned());
        while Instant::now() < deadline {
            if let Ok(fresh) = self.cluster.get(&route.id).await {
                let now = observed(&fresh, generation);
                let decided = !matches!(now, Seen::Pending(_));
                if now != seen || decided {
                    let stage = if now == Seen::Observed { Stage::Observed } else { Stage::Written };
                    tell(stage, now.words(), Some(fresh));
                }
                seen = now;
                if decided {
                    break;
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_LOOK);
        }
        if let Seen::Pending(words) = &seen {
            let waited = self.timing.observe.as_secs();
            tell(Stage::Written, format!("not observed within {waited} s: {words}"), None);
        }
        Watched { written, observed: seen == Seen::Observed, at: Timestamp::now() }
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
