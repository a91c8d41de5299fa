//! Every provider of the table against a real Prometheus that scrapes series as the real exporters name them, with known
//! rates, errors and latencies: `cargo test --test providers -- --ignored` with the environment of `tests/rig/up`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking, their helpers too")]

mod exporter;
mod prometheus;
mod replays;
mod sums;
mod world;

use std::time::{Duration, Instant};

use serde_json::Value;

use prometheus::Prometheus;
use replays::{CANARY, Replay, STABLE, Version, all, renamed_by_scraping};
use world::World;

/// What may be said of the observed share of a split.
#[derive(Debug)]
enum Share {
    /// Claimed, with errors and latency.
    Claimed,
    /// Not claimed for this reason; errors and latency of the versions all the same.
    Not(&'static str),
    /// Nothing of a version is claimed, for this reason.
    Nothing(&'static str),
}
use Share::{Claimed, Not, Nothing};

const SHARED: Share = Not("shared with 1 path");
const WHOLE: Share = Nothing("no data: the metrics count per rule, not per backend");

/// By provider, what is said of `checkout`, of `apart`, and of `pinned`, where another rule leads to the stable Service.
const SAID: [(&str, [Option<Share>; 3]); 10] = [
    ("contour", [Some(Claimed), None, Some(SHARED)]),
    ("kgateway", [Some(Claimed), None, Some(SHARED)]),
    ("cilium", [Some(Claimed), None, Some(SHARED)]),
    ("envoy-gateway", [Some(WHOLE), Some(Claimed), Some(WHOLE)]),
    ("istio", [Some(Claimed), None, Some(SHARED)]),
    ("istio-mesh", [Some(Claimed), None, Some(SHARED)]),
    ("linkerd", [Some(Claimed), None, Some(SHARED)]),
    // Before 3.7.6 its names are those of Services, from then on those of places in a rule.
    ("traefik", [Some(Claimed), Some(Claimed), Some(Claimed)]),
    ("app", [Some(Claimed), None, Some(SHARED)]),
    ("auto", [Some(Claimed), None, Some(SHARED)]),
];
const ROUTES: [&str; 3] = ["checkout", "apart", "pinned"];

#[test]
#[ignore = "needs tests/rig"]
fn every_provider_gives_the_numbers_that_are_known() {
    let replays = all();
    let (known, renamed) = (Prometheus::scraping(&replays), Prometheus::scraping(&renamed_by_scraping()));
    let world = World::start();
    let wait = Wait::new();
    for (provider, said) in SAID {
        let document = wait.until_known(&world, &known, provider);
        for (route, share) in ROUTES.iter().zip(said) {
            let split = split(&document, route);
            match share {
                None => {}
                Some(Claimed) => {
                    shares(provider, split);
                    versions(provider, split);
                }
                Some(Not(reason)) => {
                    not_claimed(provider, split, reason);
                    versions(provider, split);
                }
                Some(Nothing(reason)) => {
                    not_claimed(provider, split, reason);
                    nothing(provider, split);
                }
            }
        }
    }
    quantiles_are_those_of_prometheus(&known, &replays, &world);
    // A target with a label `service` keeps it, and that of the exporter is renamed; the gateway beside it counts nothing.
    let document = wait.until_known(&world, &renamed, "auto");
    for route in ROUTES {
        shares("traefik, renamed", split(&document, route));
        versions("traefik, renamed", split(&document, route));
    }
}

fn split<'a>(document: &'a Value, route: &str) -> &'a Value {
    let splits = document["splits"].as_array().unwrap();
    splits.iter().find(|split| split["route"] == route).unwrap_or_else(|| panic!("no {route}: {document}"))
}

fn rows(split: &Value) -> [(&Value, &'static Version); 2] {
    [(&split["backends"][0], &STABLE), (&split["backends"][1], &CANARY)]
}

fn shares(provider: &str, split: &Value) {
    for (row, version) in rows(split) {
        let share = row["observedShare"].as_f64().unwrap_or_else(|| panic!("{provider}: {split:#}"));
        assert!((share - version.share()).abs() <= 0.005, "{provider}: {split:#}");
    }
}

fn not_claimed(provider: &str, split: &Value, reason: &str) {
    for (row, _) in rows(split) {
        assert_eq!(row["observedShare"], Value::Null, "{provider}: {split:#}");
        assert_eq!(row["observedShareReason"], reason, "{provider}: {split:#}");
    }
}

/// Errors within 5 %, p99 in its bucket.
fn versions(provider: &str, split: &Value) {
    for (row, version) in rows(split) {
        let errors = row["errorRate"].as_f64().unwrap_or_else(|| panic!("{provider}: {split:#}"));
        assert!((errors / version.errors - 1.0).abs() <= 0.05, "{provider}: {split:#}");
        let edges = replays::edges_of(provider);
        let (above, upto) = version.p99_between(&edges);
        let p99 = row["p99Seconds"].as_f64().unwrap_or_else(|| panic!("{provider}: {split:#}"));
        assert!(above < p99 && p99 <= upto, "{provider}: not {above} < {p99} <= {upto}: {split:#}");
    }
}

fn nothing(provider: &str, split: &Value) {
    for (row, _) in rows(split) {
        for key in ["requestsPerSecond", "errorRate", "p50Seconds", "p95Seconds", "p99Seconds"] {
            assert_eq!(row[key], Value::Null, "{provider}: {split:#}");
        }
    }
}

/// What we compute from the buckets is what Prometheus computes from them.
fn quantiles_are_those_of_prometheus(known: &Prometheus, replays: &[Replay], world: &World) {
    for provider in ["contour", "istio", "linkerd", "traefik", "app"] {
        let series = &replays.iter().find(|replay| replay.job == provider).unwrap().canary_buckets;
        let query = format!("histogram_quantile(0.99, sum by (le) (rate({series}[60s])))");
        let theirs = known.value(&query) * replays::unit_seconds(provider);
        let document = world.list(known, provider);
        let ours = rows(split(&document, "checkout"))[1].0["p99Seconds"].as_f64().unwrap();
        // They are evaluated at two instants.
        assert!((ours / theirs - 1.0).abs() < 0.02, "{provider}: {ours} {theirs} {query}");
    }
}

/// Until a window of rates is full.
struct Wait {
    end: Instant,
}

impl Wait {
    fn new() -> Self {
        Self { end: Instant::now() + Duration::from_mins(3) }
    }

    /// Lists until the rates of some split are those that are sent.
    fn until_known(&self, world: &World, prometheus: &Prometheus, provider: &str) -> Value {
        let near = |row: &Value, version: &Version| {
            let rate = row["requestsPerSecond"].as_f64();
            rate.is_some_and(|rate| (rate / version.per_second - 1.0).abs() < 0.03)
        };
        loop {
            let document = world.list(prometheus, provider);
            let splits = document["splits"].as_array().unwrap();
            if splits.iter().any(|split| rows(split).iter().all(|(row, version)| near(row, version))) {
                return document;
            }
            assert!(Instant::now() < self.end, "{provider}: {document:#}\n{}", world.said());
            // There is nothing to wait on but the next scrape.
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}
