//! Gathers what the debugging walk goes by: for the verb and for the cockpit.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;

use super::session::Around;
use crate::app::WINDOW;
use crate::audit::Journal;
use crate::cluster::{Cluster, Facts as Standing, Scope, Trouble, Why};
use crate::diagnose::{Behind, Facts, Gateways, Traffic, Walk, counted_since, walk};
use crate::metrics::{MetricError, MetricSource};
use crate::pilot::{Pilot, Timing};
use crate::rollout::{ChangeRecord, Check, RoleNames};
use crate::route::{BackendRef, ParentRef, Route, RuleBackend};

/// A source of numbers that has not answered by then is one that does not.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a walk needs beside the cluster.
pub struct Inquiry<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// Where numbers come from, or why there are none.
    pub metrics: Result<&'a dyn MetricSource, String>,
    /// Who judges them.
    pub pilot: &'a Pilot,
    /// Which names tell roles.
    pub names: &'a RoleNames,
    /// The canary that was named on this machine.
    pub chosen: Option<&'a str>,
    /// What was changed on this machine.
    pub journal: &'a Arc<Journal>,
    /// How long things may take.
    pub timing: Timing,
    /// The time of day.
    pub now: Timestamp,
}

impl Inquiry<'_> {
    /// Looks at `route`, which was just read, and at all that it names. Never fails: what cannot be read is unknown.
    pub async fn walk(&self, route: &Route) -> Walk {
        let (around, gateways, behind, traffic, gated, changes) = tokio::join!(
            around(self.cluster, &route.id.namespace),
            self.gateways(route),
            self.behind(route),
            self.traffic(route),
            self.gated(route),
            self.changes(route)
        );
        let around_routes: Vec<&Route> = around.listed.iter().flatten().collect();
        walk(&Facts {
            route,
            around: &around_routes,
            around_note: around.note.as_deref(),
            gateways: &gateways,
            behind: &behind,
            traffic,
            gated: &gated,
            names: self.names,
            chosen: self.chosen,
            changes: &changes,
            patience: self.timing.observe,
            now: self.now,
        })
    }

    /// Those that were written. A journal that cannot be read only costs the memory of them.
    async fn changes(&self, route: &Route) -> Vec<ChangeRecord> {
        let (journal, uid) = (Arc::clone(self.journal), route.uid.clone());
        let read = tokio::task::spawn_blocking(move || journal.of(&uid).unwrap_or_default()).await;
        read.unwrap_or_default().into_iter().filter(|one| one.written).map(|one| one.record).collect()
    }

    /// What the gate says of the canaries. Without numbers it is not asked.
    async fn gated(&self, route: &Route) -> Vec<(BackendRef, Vec<Check>)> {
        if self.metrics.is_err() { Vec::new() } else { self.pilot.examined(route).await }
    }

    async fn gateways(&self, route: &Route) -> Gateways {
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
        let since = counted_since(route, self.timing.settle, self.timing.observe, self.now);
        let ask = async {
            let counts = source.counts(&places, since).await?;
            // Without these the counts are still worth something.
            let (numbers, strain) =
                tokio::join!(source.numbers(&places, WINDOW), source.strain(&places, since));
            Ok::<_, MetricError>((counts, numbers.ok(), strain.map_err(|error| error.to_string())))
        };
        let (counts, numbers, strain) = tokio::time::timeout(PATIENCE, ask)
            .await
            .map_err(|_| format!("no answer from the metrics within {} s", PATIENCE.as_secs()))?
            .map_err(|error| error.to_string())?;
        let p99 = |place: &RuleBackend| {
            let numbers = numbers.as_ref()?.get(place)?;
            Some((place.to.clone(), numbers.p99?.seconds))
        };
        Ok(Traffic { counts, p99: places.iter().filter_map(p99).collect(), strain })
    }
}

/// The routes of all namespaces if that is permitted, else those of one, else none: the note tells.
pub async fn around(cluster: &Cluster, namespace: &str) -> Around {
    let right = match cluster.list(&Scope::All).await {
        Ok(listed) => return Around { listed, note: None },
        Err(Trouble { why: Why::Forbidden(right), .. }) => right,
        Err(trouble) => return Around { listed: Vec::new(), note: Some(trouble.to_string()) },
    };
    match cluster.list(&Scope::Namespace(namespace.into())).await {
        Ok(listed) => {
            let note = format!("only routes of namespace {namespace} are known: no right to {right}");
            Around { listed, note: Some(note) }
        }
        Err(trouble) => Around { listed: Vec::new(), note: Some(trouble.to_string()) },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tempfile::TempDir;

    use super::*;
    use crate::cluster::{Answer, FakeServer, route_json, status_json};
    use crate::diagnose::{Place, Verdict};
    use crate::rollout::Conventions;

    /// The walk of a route over a server that answers with this status to all else.
    async fn walk_over(code: u16, reason: &'static str) -> Walk {
        let (_server, cluster) = FakeServer::start(move |asked| {
            let path = asked.line.split(['?', ' ']).nth(1).unwrap_or_default();
            let kind = path.rsplit('/').find(|part| part.ends_with('s')).unwrap_or_default();
            let message = format!(
                "no: User \"v\" cannot get resource \"{kind}\" in API group \"\" in the namespace \"shop\""
            );
            Answer::Say(code, status_json(code, reason, &message))
        });
        let mut route = route_json("checkout", 1);
        route["spec"]["parentRefs"] = json!([{ "name": "edge" }]);
        let route = Route::from_json(&route.to_string()).unwrap();
        let folder = TempDir::new().unwrap();
        let journal = Arc::new(Journal::at(folder.path().join("journal.jsonl")));
        let (conventions, timing) = (Conventions::default(), Timing::default());
        let inquiry = Inquiry {
            cluster: &cluster,
            metrics: Err("no Prometheus is configured".to_owned()),
            pilot: &Pilot::new(cluster.clone(), None, Arc::clone(&journal), conventions, timing, "ada"),
            names: &RoleNames::default(),
            chosen: None,
            journal: &journal,
            timing,
            now: "2026-03-14T09:00:00Z".parse().unwrap(),
        };
        inquiry.walk(&route).await
    }

    fn said(walk: &Walk, place: Place) -> (Verdict, String) {
        let step = walk.steps.iter().find(|step| step.step == place).unwrap();
        let seen: Vec<&str> = step.findings.iter().map(|finding| &*finding.seen).collect();
        (step.verdict, seen.join("\n"))
    }

    #[tokio::test]
    async fn rights_that_are_missing_are_named_and_nothing_is_called_broken_for_it() {
        let walk = walk_over(403, "Forbidden").await;
        assert_eq!(walk.first_broken(), None);
        for (place, right) in [
            (Place::Route, "get httproutes in namespace shop"),
            (Place::Parents, "get gateways in namespace shop"),
            (Place::Backends, "get endpointslices in namespace shop"),
            (Place::Split, "no Prometheus is configured"),
        ] {
            let (verdict, seen) = said(&walk, place);
            assert!(verdict == Verdict::Unknown && seen.contains(right), "{place:?}: {verdict:?} {seen}");
        }
    }

    #[tokio::test]
    async fn what_does_not_exist_is_broken() {
        let walk = walk_over(404, "NotFound").await;
        assert_eq!(said(&walk, Place::Parents).0, Verdict::Broken);
        let (verdict, seen) = said(&walk, Place::Backends);
        assert_eq!(verdict, Verdict::Broken);
        assert!(seen.contains("there is no Service shop/checkout-canary: its 10 %"), "{seen}");
    }
}
