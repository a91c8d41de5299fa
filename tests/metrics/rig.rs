//! Against a real Prometheus that scrapes a real Envoy under load (`tests/rig`).

use std::env;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tidegate::metrics::{Counts, MetricSource as _, PrometheusSource};

use super::{canary, source, stable};

/// A variable of the rig's environment file.
fn rig(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: source the env file of tests/rig/up"))
}

/// Sends requests through the gateway; the generator's own count of what was answered, by version.
fn load(rps: u32, seconds: u32) -> serde_json::Value {
    let out = Command::new(rig("RIG_LOAD"))
        .args(["-url", &rig("RIG_GATEWAY_URL"), "-host", &rig("RIG_DEMO_HOST")])
        .args(["-rps", &rps.to_string(), "-seconds", &seconds.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let last = String::from_utf8(out.stdout).unwrap().lines().last().unwrap().to_owned();
    serde_json::from_str(&last).unwrap()
}

/// Counts until `enough`, at most 20 s: a scrape has to come first.
async fn counts(source: &PrometheusSource, since: Timestamp, enough: impl Fn(&Counts) -> bool) -> Counts {
    let begun = Instant::now();
    loop {
        let counts = source.counts(&[stable(), canary()], since).await.unwrap();
        if enough(&counts) || begun.elapsed() > Duration::from_secs(20) {
            return counts;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Now, with everything before it scraped already: else the first increment would hold some of it.
async fn clean_instant(source: &PrometheusSource) -> Timestamp {
    let since = Timestamp::now();
    let scraped = |counts: &Counts| {
        [stable(), canary()].iter().all(|backend| counts.get(backend).is_some_and(|c| c.scrapes > 0))
    };
    counts(source, since, scraped).await;
    Timestamp::now()
}

#[tokio::test]
#[ignore = "needs tests/rig"]
async fn a_real_prometheus_counts_every_request() {
    let url = rig("RIG_PROMETHEUS_URL");
    for provider in ["contour", "app"] {
        let source = source(&url, provider);
        source.check().await.unwrap();
        let since = clean_instant(&source).await;
        let sent = load(50, 8);
        println!("{provider}: {sent}");
        let total = sent["sent"].as_f64().unwrap();
        let requests = |counts: &Counts| {
            [stable(), canary()].iter().filter_map(|b| counts.get(b)).map(|c| c.requests).sum::<f64>()
        };
        let counts = counts(&source, since, |counts| requests(counts) >= total).await;
        println!("{counts:#?}");
        assert!((requests(&counts) - total).abs() < 0.5, "{} counted, {total} sent", requests(&counts));
        let both = [stable(), canary()];
        println!("{:#?}", source.numbers(&both, Duration::from_secs(10)).await.unwrap());
        let history = source.history(&both, Duration::from_mins(1), Duration::from_secs(5)).await.unwrap();
        for backend in &both {
            let lines = history.get(backend).unwrap();
            println!("{backend} rps    {:?}", lines.requests_per_second.iter().collect::<Vec<_>>());
            println!("{backend} errors {:?}", lines.error_rate.iter().collect::<Vec<_>>());
            println!("{backend} p99    {:?}", lines.p99.iter().collect::<Vec<_>>());
        }
    }
}

#[tokio::test]
#[ignore = "needs tests/rig"]
async fn a_real_prometheus_is_recognised() {
    let source = source(&rig("RIG_PROMETHEUS_URL"), "auto");
    source.numbers(&[stable()], Duration::from_mins(1)).await.unwrap();
    assert_eq!(source.provider().map(|p| p.name), Some("contour"));
}
