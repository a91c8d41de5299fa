//! Numbers per version: providers, queries, the Prometheus client, counts, quantiles, series with gaps.
//!
//! Does not live here: what the numbers *mean* for a rollout (`rollout/`), and when to ask (`app/`).
//! Called by the runner of `app/`'s effects, by `pilot/` for gates and proofs, and by the verbs in
//! `cli/`. Rows show rates, which are for looking; gates and proofs use counts, which are for deciding.

mod access;
mod alerts;
mod claim;
mod decode;
mod discovery;
mod error;
mod history;
mod increments;
mod model;
mod prometheus;
mod provider;
mod quantile;
mod query;
mod recognition;
mod rows;
mod samples;
mod series;
mod tally;
mod ticks;
mod transport;

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::{BoxFuture, ready};
use jiff::Timestamp;

use crate::route::{RouteId, RuleBackend};
use crate::stats::Ticks;

pub use access::{Access, Address, Header, Login, Secret, Tls};
pub use alerts::Named;
pub use claim::{Unclaimed, claim, claim_counted, counted_with, untestable};
pub use discovery::Discovered;
pub use error::MetricError;
pub use model::{BackendCounts, BackendHistory, Counts, History, Numbers, Snapshot, Strain};
pub use prometheus::PrometheusSource;
pub use provider::{
    BadTemplate, Granularity, Matcher, Naming, PROVIDERS, Provider, Providers, Template, Unit,
    UnknownProvider, Used,
};
pub use quantile::{Quantile, quantile};
pub use series::Series;

/// Where numbers per version come from: a Prometheus, or the demo.
///
/// Every method may be called at any time and may fail at any time; a failure says in words for a
/// person what to do, and the next call starts afresh.
pub trait MetricSource: Send + Sync {
    /// For rows: rates over `window` for all visible backends. At most three queries up to 256 backends.
    ///
    /// # Errors
    /// Whatever kept the numbers away. A backend without series is no error: it is absent from the snapshot.
    fn numbers<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        window: Duration,
    ) -> BoxFuture<'a, Result<Snapshot, MetricError>>;

    /// For sparklines when a screen opens: the last `span`, one value a `step` (whole seconds; longer if
    /// there would be more than 10,000), gaps as `None`. Two queries.
    ///
    /// # Errors
    /// As [`MetricSource::numbers`].
    fn history<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        span: Duration,
        step: Duration,
    ) -> BoxFuture<'a, Result<History, MetricError>>;

    /// For gates, freshness and proofs: exact increments in samples taken later than `since`. Two queries.
    ///
    /// # Errors
    /// As [`MetricSource::numbers`]; also when the answer is partial, since nothing may be decided on a part.
    fn counts<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Counts, MetricError>>;

    /// For gates and proofs of shares: what was counted in every scrape later than `since`; above 5,000 series or 200,000
    /// samples in sums that the server makes over all targets, and later than that where even those would be too many. A tick
    /// has what the places lead to, in the order of [`destinations`](crate::route::destinations): places that lead to the
    /// same are added up. Two queries (some five for sums), and one more at the first look; a later look at the same backends
    /// asks only for what is new.
    ///
    /// # Errors
    /// As [`MetricSource::counts`].
    fn ticks<'a>(
        &'a self,
        backends: &'a [RuleBackend],
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Ticks, MetricError>>;

    /// The alerts that fire and name one of `about`, each as its labels. One query.
    ///
    /// # Errors
    /// As [`MetricSource::counts`].
    fn firing<'a>(
        &'a self,
        about: &'a [Named],
    ) -> BoxFuture<'a, Result<Vec<BTreeMap<String, String>>, MetricError>> {
        let _ = about;
        Box::pin(ready(Ok(Vec::new())))
    }

    /// Requests that these backends are working on at this moment, all together; `None` where nobody counts them. One query.
    ///
    /// # Errors
    /// As [`MetricSource::numbers`].
    fn in_flight<'a>(&'a self, _: &'a [RuleBackend]) -> BoxFuture<'a, Result<Option<f64>, MetricError>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// For gates: how often since an instant the proxies retried, timed out or turned requests away; `None` where the
    /// provider of these backends counts nothing of the kind. One query.
    ///
    /// # Errors
    /// As [`MetricSource::counts`].
    fn strain<'a>(
        &'a self,
        _: &'a [RuleBackend],
        _: Timestamp,
    ) -> BoxFuture<'a, Result<Option<Vec<Strain>>, MetricError>> {
        Box::pin(ready(Ok(None)))
    }

    /// The values that a query of somebody's own gives now.
    ///
    /// # Errors
    /// As [`MetricSource::counts`].
    fn values<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<f64>, MetricError>> {
        let why = "nobody answers queries here".to_owned();
        Box::pin(ready(Err(MetricError::NotCounted { why })))
    }

    /// Asks whether the source answers at all.
    ///
    /// # Errors
    /// Whatever stood in the way. [`MetricError::is_wrong_address`] tells a wrong `--prometheus` from a
    /// server that is only away.
    fn check(&self) -> BoxFuture<'_, Result<(), MetricError>>;

    /// What the series of a route tell apart, as the last answer showed; `None` until that is known.
    fn granularity(&self, route: &RouteId) -> Option<Granularity>;

    /// Where the numbers come from, once that is known.
    fn origin(&self) -> Option<Origin> {
        None
    }
}

/// Where numbers come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The address, without credentials.
    pub url: String,
    /// Nobody named it: it was found in the cluster.
    pub found: bool,
}
