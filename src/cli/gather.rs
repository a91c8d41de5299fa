//! Gathers what the debugging walk goes by: for the verb and for the cockpit.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;

use super::session::Around;
use crate::app::WINDOW;
use crate::cluster::{Cluster, Facts as Standing, Known, Scope, Trouble, Why};
use crate::diagnose::{Behind, Facts, Traffic, Walk, counted_since, walk};
use crate::metrics::{MetricError, MetricSource};
use crate::pilot::Timing;
use crate::rollout::RoleNames;
use crate::route::{BackendRef, Gateway, ParentRef, Route, RouteId, RuleBackend};

/// A source of numbers that has not answered by then is one that does not.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a walk needs beside the cluster.
pub struct Inquiry<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// Where numbers come from, or why there are none.
    pub metrics: Result<&'a dyn MetricSource, String>,
    /// Which names tell roles.
    pub names: &'a RoleNames,
    /// The canary that was named on this machine.
    pub chosen: Option<&'a str>,
    /// How long things may take.
    pub timing: Timing,
    /// The time of day.
    pub now: Timestamp,
}

impl Inquiry<'_> {
    /// Looks at `route`, which was just read, and at all that it names. Never fails: what cannot be read is unknown.
    pub async fn walk(&self, route: &Route, around: &Around) -> Walk {
        let (gateways, behind, traffic) =
            tokio::join!(self.gateways(route), self.behind(route), self.traffic(route));
        let around_routes: Vec<&Route> = around.listed.iter().flatten().collect();
        walk(&Facts {
            route,
            around: &around_routes,
            around_note: around.note.as_deref(),
            gateways: &gateways,
            behind: &behind,
            traffic,
            names: self.names,
            chosen: self.chosen,
            patience: self.timing.observe,
            now: self.now,
        })
    }

    async fn gateways(&self, route: &Route) -> HashMap<(Box<str>, Box<str>), Known<Option<Gateway>>> {
        let is_gateway =
            |parent: &&ParentRef| &*parent.kind == "Gateway" && &*parent.group == "gateway.networking.k8s.io";
        let named = route.parents.iter().filter(is_gateway);
        let named: BTreeSet<_> =
            named.map(|parent| (parent.namespace.clone(), parent.name.clone())).collect();
        let read = named.into_iter().map(|(namespace, name)| async move {
            let known = match self.cluster.gateway(&namespace, &name).await {
                Ok(gateway) => Ok(Some(gateway)),
                Err(Trouble { why: Why::NotFound, .. }) => Ok(None),
                Err(trouble) => Err(trouble.to_string().into()),
            };
            ((namespace, name), known)
        });
        join_all(read).await.into_iter().collect()
    }

    async fn behind(&self, route: &Route) -> HashMap<BackendRef, Behind> {
        let targets: BTreeSet<BackendRef> = route.targets().cloned().collect();
        let read = targets.into_iter().map(|target| async move {
            let behind = self.of_target(&target).await;
            (target, behind)
        });
        join_all(read).await.into_iter().collect()
    }

    async fn of_target(&self, target: &BackendRef) -> Behind {
        if !target.is_service() {
            let Standing { endpoints, .. } = self.cluster.facts(target).await;
            return Behind { ports: Err("it is no Service".into()), endpoints, version: None };
        }
        let (ports, standing) = tokio::join!(self.cluster.ports(target), self.cluster.facts(target));
        Behind {
            ports: ports.map_err(|trouble| trouble.to_string().into()),
            endpoints: standing.endpoints,
            version: standing.pods.ok().and_then(|pods| pods.version().map(Into::into)),
        }
    }

    async fn traffic(&self, route: &Route) -> Result<Traffic, String> {
        let source = self.metrics.clone()?;
        let places: Vec<RuleBackend> =
            (0..route.rules.len()).flat_map(|rule| route.rule_backends(rule)).collect();
        let since = counted_since(route, self.timing.settle, self.now);
        let ask = async {
            let counts = source.counts(&places, since).await?;
            // Latency is only shown: without it the counts are still worth something.
            let numbers = source.numbers(&places, WINDOW).await.ok();
            Ok::<_, MetricError>((counts, numbers))
        };
        let (counts, numbers) = tokio::time::timeout(PATIENCE, ask)
            .await
            .map_err(|_| format!("no answer from the metrics within {} s", PATIENCE.as_secs()))?
            .map_err(|error| error.to_string())?;
        let p99 = |place: &RuleBackend| {
            let numbers = numbers.as_ref()?.get(place)?;
            Some((place.to.clone(), numbers.p99?.seconds))
        };
        Ok(Traffic { counts, p99: places.iter().filter_map(p99).collect() })
    }
}

/// The routes of all namespaces if that is permitted, else those of one.
///
/// # Errors
/// When neither can be listed.
pub async fn around(cluster: &Cluster, id: &RouteId) -> Result<Around, Trouble> {
    match cluster.list(&Scope::All).await {
        Ok(listed) => Ok(Around { listed, note: None }),
        Err(Trouble { why: Why::Forbidden(right), .. }) => {
            let listed = cluster.list(&Scope::Namespace(id.namespace.clone())).await?;
            let note = format!("only routes of namespace {} are known: no right to {right}", id.namespace);
            Ok(Around { listed, note: Some(note) })
        }
        Err(trouble) => Err(trouble),
    }
}
