//! Which Prometheus the numbers of a cluster come from: the flag's, the settings', or none.

use std::sync::Arc;

use crate::cluster::Cluster;
use crate::config::Settings;
use crate::metrics::{MetricError, MetricSource, PrometheusSource};

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
    let named = PrometheusSource::reach(&prometheus.access, cluster, settings.provider.clone())?;
    Ok(named.map(|source| Arc::new(source) as Arc<dyn MetricSource>))
}
