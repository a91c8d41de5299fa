//! Carries one change through: Plan → [`Prepared`] → [`Confirmed`] → [`Written`] → [`Watched`] → [`Ending`].
//!
//! The states are types, so that no step can be skipped: what was not confirmed cannot be written, and what
//! was not written cannot be proven. The only place that can write to a cluster; the cockpit and the verbs
//! go through it. Does not live here: what may be done (`rollout/`), how it is asked for (`app/`, `cli/`).

mod alerts;
mod carry;
#[cfg(test)]
mod counted;
mod evidence;
mod examined;
mod logged;
mod prepare;
mod progress;
mod prove;
mod released;
mod resume;
mod states;
mod subject;
#[cfg(test)]
mod tests;
mod trace;
mod verify;
mod write;
mod writer;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::audit::Journal;
use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::metrics::MetricSource;
use crate::rollout::Conventions;

pub use logged::Logged;
pub use prepare::{PrepareError, Rehearsed, Request};
pub use progress::{Ending, NotWritten, Progress, Stage};
pub use released::release;
pub use states::{BackendFacts, Confirmed, DryRun, NotConfirmed, Planned, Prepared, Watched, Written};
pub use verify::Verify;
pub(crate) use writer::MayWrite;
pub use writer::{WriteError, Writer};

/// How long each wait may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// After a controller has reported the new generation, before requests are counted (15 s).
    pub settle: Duration,
    /// For the controllers to report the new generation (60 s).
    pub observe: Duration,
    /// For a proof, after settling (90 s; longer where scrapes are far apart).
    pub proof: Duration,
    /// How much longer to go on watching an unproven change (10 min; a verb gives up at once).
    pub watch_on: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { settle: seconds(15), observe: seconds(60), proof: seconds(90), watch_on: seconds(600) }
    }
}

/// Carries changes through. Cheap to clone; every clone shares connections and journal.
#[derive(Clone)]
pub struct Pilot {
    cluster: Cluster,
    writer: Writer,
    metrics: Option<Arc<dyn MetricSource>>,
    journal: Arc<Journal>,
    conventions: Conventions,
    timing: Timing,
    clock: Clock,
    /// User name, as the API server knows it.
    actor: Arc<str>,
    /// Events on their way.
    notes: Arc<Mutex<JoinSet<()>>>,
}

impl Pilot {
    /// A pilot for one cluster. Without `metrics` nothing can be proven, and everything else works.
    #[must_use]
    pub fn new(
        cluster: Cluster,
        metrics: Option<Arc<dyn MetricSource>>,
        journal: Arc<Journal>,
        conventions: Conventions,
        timing: Timing,
        actor: &str,
    ) -> Self {
        let writer = Writer::new(cluster.clone());
        Self {
            cluster,
            writer,
            metrics,
            journal,
            conventions,
            timing,
            clock: Clock::System,
            actor: actor.into(),
            notes: Arc::default(),
        }
    }

    /// The same pilot, going by another clock than the machine's.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }
}
