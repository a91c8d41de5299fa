//! `metrics/` against a Prometheus on loopback that answers as each test says, and against the real
//! one of `tests/rig` when asked for: `cargo test --test metrics -- --ignored`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking, their helpers too")]

mod faults;
mod holding;
mod rig;
mod server;
mod source;
mod ways;

use std::time::Duration;

use tidegate::metrics::{PROVIDERS, PrometheusSource, Providers};
use tidegate::route::{BackendRef, DataPlane, RouteId, RuleBackend};

/// As `main` does. Several tests of one process come here: only the first installs.
fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A source for `url`; fails after 5 s, which no test waits for.
fn source(url: &str, provider: &str) -> PrometheusSource {
    install_tls();
    let choice = Providers::default().everywhere(provider).unwrap();
    PrometheusSource::with_timeout(url, choice, Duration::from_secs(5)).unwrap()
}

/// The answer to the question whose series are there.
fn found(providers: &[&str]) -> server::Reply {
    let index = |name: &&str| PROVIDERS.iter().position(|provider| provider.name == **name).unwrap();
    let labels: Vec<String> =
        providers.iter().map(|name| format!(r#"{{"tidegate_provider":"{}"}}"#, index(name))).collect();
    let series: Vec<(&str, &str)> = labels.iter().map(|labels| (labels.as_str(), "1")).collect();
    server::Reply::vector(&series)
}

/// A backend of the first rule of `checkout`.
fn place(namespace: &str, name: &str, port: u16, index: usize) -> RuleBackend {
    let to = BackendRef::service(namespace, name, port);
    RuleBackend {
        route: RouteId::new(namespace, "checkout"),
        rule: 0,
        index,
        to,
        data_plane: DataPlane::default(),
    }
}

fn stable() -> RuleBackend {
    place("shop", "checkout-stable", 8080, 0)
}

fn canary() -> RuleBackend {
    place("shop", "checkout-canary", 8080, 1)
}
