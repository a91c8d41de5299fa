//! Which Prometheus the numbers of a cluster come from: the flag's, the settings', one that is found there, or none.

use std::sync::Arc;

use crate::cluster::Cluster;
use crate::config::{Prometheus, Settings};
use crate::metrics::{Address, Discovered, MetricError, MetricSource, PrometheusSource};

/// The value of `--prometheus` that means: none, and do not look for one.
pub const NONE: &str = "none";

/// The source of numbers of `cluster`, by the flag's `url` if it is for this cluster; `None` if there is none. Asks nobody.
///
/// # Errors
/// What is wrong with the URL, or with what is to be shown there.
pub fn source(
    cluster: &Cluster,
    settings: &Settings,
    url: Option<&str>,
) -> Result<Option<Arc<dyn MetricSource>>, MetricError> {
    let set = settings.prometheus_of(cluster.context());
    let prometheus = match url {
        Some(NONE) => return Ok(None),
        Some(url) => &set.at(url),
        None => set,
    };
    open(cluster, prometheus, settings)
}

/// The source of numbers of another cluster than the one that was started with.
///
/// # Errors
/// As [`source`].
pub fn elsewhere(
    cluster: &Cluster,
    settings: &Settings,
) -> Result<Option<Arc<dyn MetricSource>>, MetricError> {
    open(cluster, &prometheus_elsewhere(cluster.context(), settings), settings)
}

/// Whether [`elsewhere`] finds one for this context, or may.
pub fn is_metered(context: &str, settings: &Settings) -> bool {
    let prometheus = prometheus_elsewhere(context, settings);
    prometheus.discover || prometheus.access.url.is_some()
}

/// A URL that was named for all contexts may know one of them only, so it is used elsewhere only by contexts that have a
/// section of their own; what goes through the API server knows its own cluster.
fn prometheus_elsewhere(context: &str, settings: &Settings) -> Prometheus {
    let mut prometheus = settings.prometheus_of(context).clone();
    if !settings.contexts.contains_key(context) {
        prometheus.access.url = prometheus.access.url.filter(|Address(url)| url.starts_with("kube://"));
    }
    prometheus
}

fn open(
    cluster: &Cluster,
    prometheus: &Prometheus,
    settings: &Settings,
) -> Result<Option<Arc<dyn MetricSource>>, MetricError> {
    let (access, providers) = (&prometheus.access, settings.providers.clone().within(&prometheus.matchers));
    Ok(match &access.url {
        Some(Address(url)) => Some(Arc::new(PrometheusSource::reach(url, access, cluster, providers)?)),
        None if prometheus.discover => Some(Arc::new(Discovered::new(cluster, access, providers))),
        None => None,
    })
}
