//! `metrics/` against a Prometheus on loopback that answers as each test says, and against the real
//! one of `tests/rig` when asked for: `cargo test --test metrics -- --ignored`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking, their helpers too")]

mod faults;
mod rig;
mod server;
mod source;
mod ways;

use std::time::Duration;

use tidegate::metrics::{PrometheusSource, ProviderChoice};
use tidegate::route::{BackendRef, RouteId, RuleBackend};

/// A source for `url`; fails after 5 s, which no test waits for.
fn source(url: &str, provider: &str) -> PrometheusSource {
    // Several tests of one process come here: only the first installs.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let choice: ProviderChoice = provider.parse().unwrap();
    PrometheusSource::with_timeout(url, choice, Duration::from_secs(5)).unwrap()
}

/// A backend of the first rule of `checkout`.
fn place(namespace: &str, name: &str, port: u16, index: usize) -> RuleBackend {
    let to = BackendRef::service(namespace, name, port);
    RuleBackend { route: RouteId::new(namespace, "checkout"), rule: 0, index, to }
}

fn stable() -> RuleBackend {
    place("shop", "checkout-stable", 8080, 0)
}

fn canary() -> RuleBackend {
    place("shop", "checkout-canary", 8080, 1)
}
