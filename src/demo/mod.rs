//! The demo: a cluster inside the process, with traffic and numbers, to try the cockpit on.
//!
//! Here: an API server (`api/`), the shop that it serves (`shop`), who changes it (`controller`, `people`), simulated
//! requests (`traffic`) and their numbers (`metrics`). Not here: anything that the cockpit does with it, which is
//! the same as with a real cluster. Called by `cli/demo` and by tests. Nothing leaves the process.

pub mod api;
mod controller;
mod logs;
mod metrics;
mod people;
mod scenario;
mod shop;
mod traffic;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::metrics::MetricSource;
use crate::pilot::Timing;
use crate::route::BackendRef;
use api::{ApiServer, User};
use controller::Controller;
use metrics::DemoMetrics;
pub use scenario::Scenario;
use shop::{NAMESPACE, PORT, Shop};
use traffic::Traffic;

/// How far back the numbers go when it starts.
const PAST: SignedDuration = SignedDuration::from_secs(11 * 60);

/// A running demo. It ends when this is dropped.
pub struct Demo {
    scenario: Scenario,
    api: ApiServer,
    metrics: Option<Arc<dyn MetricSource>>,
    clock: Clock,
    _tasks: JoinSet<()>,
}

impl Demo {
    /// Starts it; needs a runtime. The same `seed` and `clock` give the same traffic, and under a clock that stands
    /// still ([`Clock::starting_at`] in a paused runtime) the same screens.
    #[must_use]
    pub fn start(scenario: Scenario, seed: u64, clock: Clock) -> Self {
        let now = clock.now();
        let Shop { objects, served, flows, behaviours, .. } = Shop::open(scenario, now, PAST);
        let mut traffic = Traffic::new(seed, now.saturating_sub(PAST).unwrap_or(now), flows, behaviours);
        for (at, route) in served {
            traffic.serve(at, route);
        }
        let traffic = Arc::new(Mutex::new(traffic));
        let writer = Arc::clone(&traffic);
        let api =
            ApiServer::new(clock, scenario.answer_delay()).with_logs(move |namespace, app, pods, seconds| {
                let backend = BackendRef::service(namespace, app, PORT);
                logs::log(&writer, &backend, pods, seconds, clock.now())
            });
        for object in &objects {
            api.load(object);
        }
        let mut tasks = JoinSet::new();
        let controller = Controller { api: api.clone(), traffic: Arc::clone(&traffic), clock, scenario };
        tasks.spawn(controller.work());
        tasks.spawn(people::owner(api.clone()));
        if scenario == Scenario::Contested {
            tasks.spawn(people::colleague(api.clone(), seed));
        }
        let counted = scenario != Scenario::NoMetrics;
        let metrics = counted.then(|| Arc::new(DemoMetrics::new(traffic, clock)) as Arc<dyn MetricSource>);
        Self { scenario, api, metrics, clock, _tasks: tasks }
    }

    /// What it shows.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        self.scenario
    }

    /// The cluster, as the on-call engineer sees it.
    #[must_use]
    pub fn cluster(&self) -> Cluster {
        let user = User { name: "you@demo", groups: &["on-call"], writes: true };
        Cluster::from_client(self.api.client(user, NAMESPACE), "demo", "simulated in this process")
    }

    /// The numbers, if the scenario has some.
    #[must_use]
    pub fn metrics(&self) -> Option<Arc<dyn MetricSource>> {
        self.metrics.clone()
    }

    /// What time it is in the demo.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The API server, to disturb it.
    #[must_use]
    pub fn api(&self) -> &ApiServer {
        &self.api
    }

    /// How long each wait may take: shorter than usual, as scrapes are two seconds apart.
    #[must_use]
    pub fn timing() -> Timing {
        Timing { settle: Duration::from_secs(3), ..Timing::default() }
    }
}
