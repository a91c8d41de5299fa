//! Asks which alerts fire on a route.

use super::Pilot;
use super::prepare::{PATIENCE, within};
use crate::metrics::Named;
use crate::rollout::{Firing, NAMESPACE_LABELS, ROUTE_LABELS, SERVICE_LABELS, concerning};
use crate::route::Route;

impl Pilot {
    /// The alerts that fire on `route`, its Services or its namespace.
    pub async fn firing(&self, route: &Route) -> Firing {
        let Some(metrics) = &self.metrics else { return Firing::NobodyToAsk };
        let about = about(route);
        match within("the metrics", PATIENCE, metrics.firing(&about)).await {
            Ok(Ok(labels)) => Firing::Known(concerning(route, &labels)),
            Ok(Err(error)) if error.is_absence() => Firing::NobodyToAsk,
            Ok(Err(error)) => Firing::Unknown(error.to_string()),
            Err(late) => Firing::Unknown(late),
        }
    }
}

fn about(route: &Route) -> [Named; 3] {
    let services = || route.targets().filter(|to| to.is_service());
    let named = |labels: &[&'static str], mut names: Vec<String>| {
        names.sort();
        names.dedup();
        Named { labels: labels.to_vec(), names }
    };
    [
        named(&ROUTE_LABELS, vec![route.id.name.to_string()]),
        named(&SERVICE_LABELS, services().map(|to| to.name.to_string()).collect()),
        named(&NAMESPACE_LABELS, vec![route.id.namespace.to_string()]),
    ]
}
