//! What a source answers. A backend without series is absent from the map: no data, which is never 0.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::provider::{Granularity, Used};
use super::quantile::Quantile;
use super::series::Series;
use crate::route::{BackendRef, RouteId, RuleBackend};

/// Rates of many backends at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// When the server evaluated the queries, by its clock.
    pub evaluated_at: Timestamp,
    /// What the rates are taken over.
    pub window: Duration,
    /// Backends that have series.
    pub backends: HashMap<RuleBackend, Numbers>,
    /// By route, whose series they are; or why there are none.
    pub used: HashMap<RouteId, Result<Used, String>>,
    /// What the server warned of, for example that the answer is partial.
    pub warnings: Vec<String>,
}

impl Snapshot {
    /// The numbers of a backend; `None` is no data.
    #[must_use]
    pub fn get(&self, backend: &RuleBackend) -> Option<&Numbers> {
        self.backends.get(backend)
    }
}

/// One backend's numbers over a window. For looking at: rates extrapolate, so nothing is decided on them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Numbers {
    /// Requests a second, ≥ 0; `None` when the window holds too few samples for a rate, or some that are no numbers.
    pub requests_per_second: Option<f64>,
    /// Requests in the window, ≥ 0, by extrapolation and so seldom whole.
    pub requests: Option<f64>,
    /// Errors ÷ requests, 0 to 1, as two sums; `None` when there were no requests.
    pub error_rate: Option<f64>,
    /// Median latency.
    pub p50: Option<Quantile>,
    /// Latency that 95 % of requests stay below.
    pub p95: Option<Quantile>,
    /// Latency that 99 % of requests stay below.
    pub p99: Option<Quantile>,
    /// When the newest sample was scraped; `None` when it is older than the server looks back (5 min).
    pub newest_sample: Option<Timestamp>,
    /// Whether there is a rate, and it is not a number: some sample is not.
    pub not_a_number: bool,
    /// What the series tell apart. If only the whole rule, there is nothing else here: it is nobody's number.
    pub granularity: Granularity,
}

/// Something that proxies count when a backend does not keep up.
#[derive(Debug, Clone, PartialEq)]
pub struct Strain {
    /// What it is, as in `retries`.
    pub what: &'static str,
    /// How often it was counted, by backend; none is 0.
    pub events: HashMap<RuleBackend, f64>,
}

/// Series over a span of time, for sparklines.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// Distance of the values.
    pub step: Duration,
    /// Backends that have series.
    pub backends: HashMap<RuleBackend, BackendHistory>,
    /// What the server warned of.
    pub warnings: Vec<String>,
}

impl History {
    /// The series of a backend; `None` is no data.
    #[must_use]
    pub fn get(&self, backend: &RuleBackend) -> Option<&BackendHistory> {
        self.backends.get(backend)
    }
}

/// One backend's series.
#[derive(Debug, Clone, PartialEq)]
pub struct BackendHistory {
    /// Requests a second.
    pub requests_per_second: Series,
    /// Errors ÷ requests, 0 to 1; a gap where there were no requests.
    pub error_rate: Series,
    /// Median latency in seconds.
    pub p50: Series,
    /// Latency in seconds that 95 % of requests stay below.
    pub p95: Series,
    /// Latency in seconds that 99 % of requests stay below.
    pub p99: Series,
}

impl BackendHistory {
    /// Empty series of at most `capacity` values, one a `step`.
    #[must_use]
    pub fn empty(step: Duration, capacity: usize) -> Self {
        let series = || Series::new(step, capacity);
        Self {
            requests_per_second: series(),
            error_rate: series(),
            p50: series(),
            p95: series(),
            p99: series(),
        }
    }

    /// Puts what is known at `at` into each series; what is not becomes a gap.
    pub fn push(&mut self, at: Timestamp, numbers: &Numbers) {
        let seconds = |quantile: Option<Quantile>| quantile.map(|quantile| quantile.seconds);
        self.requests_per_second.push(at, numbers.requests_per_second);
        self.error_rate.push(at, numbers.error_rate);
        self.p50.push(at, seconds(numbers.p50));
        self.p95.push(at, seconds(numbers.p95));
        self.p99.push(at, seconds(numbers.p99));
    }
}

/// Exact increments since an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// Only samples taken later than this count. The first of them also holds what came between the
    /// scrape before it and `since`: a proof may wait one scrape more for nothing, never prove too much.
    pub since: Timestamp,
    /// When the server was asked, by this machine's clock.
    pub asked_at: Timestamp,
    /// Backends that have series.
    pub backends: HashMap<RuleBackend, BackendCounts>,
}

impl Counts {
    /// The counts of a backend; `None` is no data.
    #[must_use]
    pub fn get(&self, backend: &RuleBackend) -> Option<&BackendCounts> {
        self.backends.get(backend)
    }

    /// The counts of what `to` points to, over all places that were asked about; `None` is no data. Series that name
    /// Services hold the requests of every place, those that name routes of every rule: one of them is enough.
    #[must_use]
    pub fn of(&self, to: &BackendRef) -> Option<BackendCounts> {
        let here = || self.backends.iter().filter(|(place, _)| place.to == *to);
        let by_service = here().find(|(_, counts)| counts.granularity == Granularity::Service);
        if let Some((_, counts)) = by_service {
            return Some(*counts);
        }
        let mut routes: Vec<&RouteId> = Vec::new();
        let apart = here().filter(|(place, counts)| {
            let again = counts.granularity == Granularity::Route && routes.contains(&&place.route);
            routes.push(&place.route);
            !again
        });
        apart.map(|(_, counts)| *counts).reduce(BackendCounts::and)
    }
}

/// One backend's exact counts.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BackendCounts {
    /// Requests, a whole number ≥ 0.
    pub requests: f64,
    /// Requests that failed on the server's side, a whole number, 0 to `requests`.
    pub errors: f64,
    /// Time of the newest sample, whether or not it is later than `since`.
    pub newest: Option<Timestamp>,
    /// Measured distance of the samples (their median); `None` below two samples.
    pub scrape_interval: Option<Duration>,
    /// Scrapes later than `since`: of the target that has most.
    pub scrapes: usize,
    /// Whether a counter started again at 0 after `since`: what it counted just before is lost.
    pub reset: bool,
    /// Whether all targets that expose this backend are up now; `None` when the server does not know.
    pub target_up: Option<bool>,
    /// What the series tell apart.
    pub granularity: Granularity,
}

impl BackendCounts {
    /// Both together, as of one backend in two places.
    fn and(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            errors: self.errors + other.errors,
            newest: self.newest.max(other.newest),
            scrape_interval: self.scrape_interval.max(other.scrape_interval),
            scrapes: self.scrapes.min(other.scrapes),
            reset: self.reset || other.reset,
            target_up: [self.target_up, other.target_up].into_iter().flatten().reduce(|a, b| a && b),
            granularity: self.granularity,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::provider::fixture::place;
    use super::*;

    /// What is counted of one Service, which stands in these rules of `checkout` and in another route.
    fn counted(granularity: Granularity) -> BackendCounts {
        let counts =
            |requests, scrapes| BackendCounts { requests, scrapes, granularity, ..BackendCounts::default() };
        let here = place("shop", "canary", 80, 1);
        let rule = RuleBackend { rule: 1, ..here.clone() };
        let route = RuleBackend { route: RouteId::new("shop", "other"), ..here.clone() };
        let stranger = place("shop", "stable", 80, 0);
        let backends = [
            (here, counts(10.0, 3)),
            (rule, counts(10.0, 3)),
            (route, counts(5.0, 2)),
            (stranger, counts(90.0, 9)),
        ];
        let now = Timestamp::UNIX_EPOCH;
        let all = Counts { since: now, asked_at: now, backends: backends.into() };
        all.of(&BackendRef::service("shop", "canary", 80)).unwrap()
    }

    #[test]
    fn places_that_are_counted_as_one_are_counted_once() {
        let of = |granularity| (counted(granularity).requests, counted(granularity).scrapes);
        assert_eq!(of(Granularity::Split), (25.0, 2));
        assert_eq!(of(Granularity::Route), (15.0, 2));
        let by_service = of(Granularity::Service).0;
        assert!([10.0, 5.0].contains(&by_service), "one of them is enough: {by_service}");
    }
}
