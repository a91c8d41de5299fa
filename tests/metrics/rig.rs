//! Against a real Prometheus that scrapes a real Envoy under load (`tests/rig`): the load generator
//! counts by itself, and so must we.

use std::env;
use std::process::{Command, id};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tidegate::metrics::{Counts, MetricSource as _, PrometheusSource};
use tidegate::route::RuleBackend;

use super::{place, source};

/// A variable of the rig's environment file.
fn rig(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: source the env file of tests/rig/up"))
}

/// A namespace of our own, so that other tests' requests do not count.
struct Shop {
    namespace: String,
    host: String,
}

impl Shop {
    /// Half of the requests go to a canary that fails them all, and takes 60 ms for it.
    fn with_a_bad_canary() -> Self {
        let shop = Self { namespace: format!("metrics-{}", id()), host: format!("metrics-{}.example", id()) };
        run(&rig("RIG_FIXTURE"), &[&shop.namespace, &shop.host, "--weights", "50/50"]);
        let behaviour =
            format!("{}/admin?host={}&error=1&latency=60ms", rig("RIG_CANARY_ADMIN_URL"), shop.host);
        run("curl", &["-sS", "--fail", "-X", "POST", &behaviour]);
        shop
    }

    fn backends(&self) -> [RuleBackend; 2] {
        [("checkout-stable", 0), ("checkout-canary", 1)]
            .map(|(name, index)| place(&self.namespace, name, 8080, index))
    }

    /// Sends 400 requests; how many each version answered.
    fn load(&self) -> [f64; 2] {
        let url = rig("RIG_GATEWAY_URL");
        let out = run(&rig("RIG_LOAD"), &["-url", &url, "-host", &self.host, "-rps", "50", "-seconds", "8"]);
        let last: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        ["RIG_STABLE_VERSION", "RIG_CANARY_VERSION"]
            .map(|version| last["versions"][rig(version)]["count"].as_f64().unwrap())
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        run(&rig("RIG_FIXTURE"), &[&self.namespace, "--delete"]);
    }
}

fn run(program: &str, arguments: &[&str]) -> String {
    let out = Command::new(program).args(arguments).output().unwrap();
    assert!(out.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// Counts until `enough`, at most 20 s: a scrape has to come first.
async fn counts(
    source: &PrometheusSource,
    backends: &[RuleBackend],
    since: Timestamp,
    enough: impl Fn(&Counts) -> bool,
) -> Counts {
    let begun = Instant::now();
    loop {
        let counts = source.counts(backends, since).await.unwrap();
        if enough(&counts) || begun.elapsed() > Duration::from_secs(20) {
            return counts;
        }
        // There is nothing to wait on but the next scrape.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// `[requests, errors]` of each backend.
fn table(counts: &Counts, backends: &[RuleBackend; 2]) -> [[f64; 2]; 2] {
    backends.each_ref().map(|backend| counts.get(backend).map_or([0.0, 0.0], |c| [c.requests, c.errors]))
}

#[tokio::test]
#[ignore = "needs tests/rig"]
async fn a_real_prometheus_counts_every_request_and_every_error() {
    let shop = Shop::with_a_bad_canary();
    let backends = shop.backends();
    for (provider, bucket) in [("contour", (0.05, 0.1)), ("app", (0.05, 0.1))] {
        let source = source(&rig("RIG_PROMETHEUS_URL"), provider);
        source.check().await.unwrap();
        // What came before must be scraped, else the first increment would hold some of it.
        let before = Timestamp::now();
        counts(&source, &backends, before, |c| c.backends.values().any(|c| c.scrapes > 1)).await;
        let since = Timestamp::now();

        let [stable, canary] = shop.load();
        let expected = [[stable, 0.0], [canary, canary]];
        let counts = counts(&source, &backends, since, |c| table(c, &backends) == expected).await;
        assert_eq!(table(&counts, &backends), expected, "{provider}: {counts:#?}");
        let found = counts.get(&backends[1]).unwrap();
        assert_eq!((found.target_up, found.reset), (Some(true), false), "{provider}");
        assert_eq!(found.scrape_interval.map(|i| i.as_secs_f64().round()), Some(2.0), "{provider}");

        let snapshot = source.numbers(&backends, Duration::from_secs(10)).await.unwrap();
        let row = snapshot.get(&backends[1]).unwrap();
        assert_eq!(row.error_rate, Some(1.0), "{provider}: {row:#?}");
        assert_eq!(row.p50.map(|q| q.bucket), Some(bucket), "{provider}: {row:#?}");
        assert!(row.newest_sample > Some(since), "{provider}: {row:#?}");

        let history =
            source.history(&backends, Duration::from_secs(30), Duration::from_secs(5)).await.unwrap();
        let lines = history.get(&backends[1]).unwrap();
        assert_eq!(lines.error_rate.max(), Some(1.0), "{provider}: {lines:#?}");
        assert!(lines.requests_per_second.max() > Some(10.0), "{provider}: {lines:#?}");
        assert!(lines.p99.max() > Some(0.05), "{provider}: {lines:#?}");
    }
}

#[tokio::test]
#[ignore = "needs tests/rig"]
async fn a_real_prometheus_is_recognised() {
    let source = source(&rig("RIG_PROMETHEUS_URL"), "auto");
    let backend = place(&rig("RIG_DEMO_NAMESPACE"), "checkout-stable", 8080, 0);
    let snapshot = source.numbers(std::slice::from_ref(&backend), Duration::from_mins(1)).await.unwrap();
    assert_eq!(snapshot.used[&backend.route].as_ref().unwrap().provider.name, "contour");
}
