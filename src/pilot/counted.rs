//! A source of counts for tests: answers by script, and notes since when it was asked to count.

use std::sync::Mutex;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, ready};
use jiff::Timestamp;

use crate::metrics::{Counts, Granularity, History, MetricError, MetricSource, Snapshot};
use crate::route::{RouteId, RuleBackend};
use crate::stats::Ticks;

type Script = dyn Fn(&[RuleBackend], Timestamp) -> Result<Counts, MetricError> + Send + Sync;

/// The source. Gates and proofs look at counts, so it has nothing else.
pub(super) struct Counted {
    script: Box<Script>,
    asked: Mutex<Vec<Timestamp>>,
    in_flight: Option<f64>,
    granularity: Mutex<Option<Granularity>>,
}

impl Counted {
    pub(super) fn by(
        script: impl Fn(&[RuleBackend], Timestamp) -> Result<Counts, MetricError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            script: Box::new(script),
            asked: Mutex::default(),
            in_flight: None,
            granularity: Mutex::default(),
        }
    }

    /// The same, with so many requests under way.
    pub(super) fn busy(self, in_flight: Option<f64>) -> Self {
        Self { in_flight, ..self }
    }

    /// From now on its series tell so much apart.
    pub(super) fn tells_apart(&self, granularity: Option<Granularity>) {
        *self.granularity.lock().unwrap() = granularity;
    }

    /// Since when requests were to be counted, each time.
    pub(super) fn asked(&self) -> Vec<Timestamp> {
        self.asked.lock().unwrap().clone()
    }
}

impl MetricSource for Counted {
    fn numbers<'a>(
        &'a self,
        _: &'a [RuleBackend],
        _: Duration,
    ) -> BoxFuture<'a, Result<Snapshot, MetricError>> {
        panic!("gates and proofs look at counts")
    }

    fn history<'a>(
        &'a self,
        _: &'a [RuleBackend],
        _: Duration,
        _: Duration,
    ) -> BoxFuture<'a, Result<History, MetricError>> {
        panic!("gates and proofs look at counts")
    }

    fn counts<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Counts, MetricError>> {
        self.asked.lock().unwrap().push(since);
        ready((self.script)(backends, since)).boxed()
    }

    fn ticks<'a>(&'a self, _: &'a [RuleBackend], _: Timestamp) -> BoxFuture<'a, Result<Ticks, MetricError>> {
        ready(Ok(Ticks::default())).boxed()
    }

    fn in_flight<'a>(&'a self, _: &'a [RuleBackend]) -> BoxFuture<'a, Result<Option<f64>, MetricError>> {
        ready(Ok(self.in_flight)).boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<(), MetricError>> {
        ready(Ok(())).boxed()
    }

    fn granularity(&self, _: &RouteId) -> Option<Granularity> {
        *self.granularity.lock().unwrap()
    }
}
