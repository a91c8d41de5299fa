//! What is counted where there are too many samples to read each is what is counted sample by sample.

#![expect(clippy::float_cmp, reason = "what is counted is whole")]

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tidegate::metrics::{MetricSource as _, PrometheusSource, Providers};
use tidegate::route::{BackendRef, DataPlane, RouteId, RuleBackend};
use tidegate::stats::{Ticks, unix_seconds};

use crate::exporter::serve;
use crate::prometheus::Prometheus;

/// Two proxies, and what they answer when they are scraped next.
struct Proxies {
    pages: Arc<Mutex<[String; 2]>>,
    addresses: [SocketAddr; 2],
}

impl Proxies {
    fn start() -> Self {
        let pages: Arc<Mutex<[String; 2]>> = Arc::default();
        let addresses = [0, 1].map(|index| {
            let pages = Arc::clone(&pages);
            serve("text/plain; version=0.0.4", move |_| pages.lock().unwrap()[index].clone())
        });
        Self { pages, addresses }
    }

    /// From now on a proxy counted so many good and failed requests of stable and of canary; half of them were slow.
    fn counted(&self, proxy: usize, [stable, canary, failed]: [f64; 3]) {
        let mut page = String::new();
        for (name, good, bad) in [("stable", stable, 0.0), ("canary", canary, failed)] {
            let name = format!("envoy_cluster_name=\"shop_checkout-{name}_8080\"");
            let mut add = |metric: &str, label: &str, value: f64| {
                writeln!(page, "envoy_cluster_upstream_{metric}{{{label},{name}}} {value}").unwrap();
            };
            add("rq_xx", "envoy_response_code_class=\"2\"", good);
            if bad > 0.0 {
                // Like the real one: none until the first.
                add("rq_xx", "envoy_response_code_class=\"5\"", bad);
            }
            add("rq_time_bucket", "le=\"10\"", 0.5 * (good + bad));
            add("rq_time_bucket", "le=\"+Inf\"", good + bad);
        }
        self.pages.lock().unwrap()[proxy] = page;
    }
}

fn source(prometheus: &Prometheus) -> PrometheusSource {
    // Several tests of one process come here: only the first installs.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let choice = Providers::default().everywhere("contour").unwrap();
    PrometheusSource::with_timeout(&prometheus.url(), choice, Duration::from_secs(10)).unwrap()
}

fn backends() -> [RuleBackend; 2] {
    [("stable", 0), ("canary", 1)].map(|(role, index)| RuleBackend {
        route: RouteId::new("shop", "checkout"),
        rule: 0,
        index,
        to: BackendRef::service("shop", &format!("checkout-{role}"), 8080),
        data_plane: DataPlane::default(),
    })
}

/// Requests of stable; requests, errors and slow requests of canary.
fn sum(ticks: &Ticks) -> [f64; 4] {
    let mut sum = [0.0; 4];
    for tick in ticks.rounds.iter().flatten() {
        let [stable, canary] = tick.backends.as_slice() else { panic!("{tick:?}") };
        let slow = canary.slow.first().copied().unwrap_or_default();
        let counts = [stable.requests, canary.requests, canary.errors, slow];
        sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    sum
}

/// Looks until it is so, at most 40 s; the ticks then.
async fn look(source: &PrometheusSource, since: Timestamp, is_so: impl Fn(&Ticks) -> bool) -> Ticks {
    let end = Instant::now() + Duration::from_secs(40);
    loop {
        let ticks = source.ticks(&backends(), since).await.unwrap();
        if is_so(&ticks) {
            return ticks;
        }
        assert!(Instant::now() < end, "{:?}: {ticks:#?}", sum(&ticks));
        // There is nothing to wait on but the next scrape.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Looks until so much was counted.
async fn until(source: &PrometheusSource, since: Timestamp, expected: [f64; 4]) -> Ticks {
    look(source, since, |ticks| sum(ticks) == expected).await
}

#[tokio::test]
#[ignore = "needs tests/rig"]
async fn sums_count_what_single_samples_count() {
    let proxies = Proxies::start();
    proxies.counted(0, [1000.0, 100.0, 0.0]);
    let prometheus = Prometheus::of(&proxies.addresses);
    let (samples, sums) = (source(&prometheus), source(&prometheus).with_most_samples(0.0));
    let since = Timestamp::now();
    for source in [&samples, &sums] {
        look(source, since, |ticks| !ticks.rounds.is_empty()).await;
    }
    let expected = [0.0; 4];

    // The first errors: their series was not there before.
    proxies.counted(0, [1900.0, 193.0, 7.0]);
    let expected = [expected[0] + 900.0, expected[1] + 100.0, expected[2] + 7.0, expected[3] + 50.0];
    let ticks = until(&sums, since, expected).await;
    assert_eq!(
        (ticks.scrape_seconds.map(|s| (s * 10.0).round()), ticks.summed_seconds),
        (Some(10.0), Some(5.0))
    );
    assert_eq!((ticks.restarted, ticks.paired), (None, false));

    // A restart begins at 0.
    proxies.counted(0, [50.0, 3.0, 1.0]);
    let expected = [expected[0] + 50.0, expected[1] + 4.0, expected[2] + 1.0, expected[3] + 2.0];
    until(&sums, since, expected).await;

    // What the other proxy counted before anybody looked, nobody knows.
    proxies.counted(1, [5000.0, 700.0, 300.0]);
    let began = Some(unix_seconds(Timestamp::now()));
    let anew = look(&sums, since, |ticks| ticks.restarted > began).await.restarted;
    let is_over = |ticks: &Ticks| ticks.rounds.last().is_some_and(|round| Some(round[0].end) > anew);
    assert_eq!(sum(&look(&sums, since, is_over).await), expected);
    proxies.counted(1, [5040.0, 702.0, 304.0]);
    let expected = [expected[0] + 40.0, expected[1] + 6.0, expected[2] + 4.0, expected[3] + 3.0];
    until(&sums, since, expected).await;

    assert_eq!(until(&samples, since, expected).await.summed_seconds, None);
    until(&source(&prometheus).with_most_samples(0.0), since, expected).await;
}
