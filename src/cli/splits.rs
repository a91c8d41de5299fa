//! Splits as `list` and `show` print them. Field names are an interface for scripts: units stand in the names,
//! and what is not known is `null`.

use std::collections::HashMap;

use serde::Serialize;

use super::observed::{Evidence, observe};
use crate::cluster::{Facts, Listed};
use crate::rollout::{Role, RoleNames, roles};
use crate::route::{Backend, BackendRef, Route, RouteState, RuleBackend, declared_share};
use crate::ui::format::{percent, share};

/// One rule with two or more backends.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Split<'a> {
    pub namespace: &'a str,
    pub route: &'a str,
    pub rule_index: usize,
    pub rule_name: Option<&'a str>,
    /// The name if it is unique, else the match.
    pub rule_label: String,
    pub generation: i64,
    pub state: &'static str,
    pub state_reason: Option<String>,
    pub owner: Option<&'static str>,
    /// Whose numbers these are.
    pub provider: Option<String>,
    /// What else should be known of that, or why there are none.
    pub provider_note: Option<String>,
    pub backends: Vec<BackendRow<'a>>,
}

/// One backend of a split.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BackendRow<'a> {
    pub name: &'a str,
    pub namespace: &'a str,
    pub port: Option<u16>,
    pub weight: u32,
    pub role: Option<&'static str>,
    pub role_guessed: bool,
    pub declared_share: Option<f64>,
    pub observed_share: Option<f64>,
    pub observed_share_reason: Option<String>,
    pub requests_per_second: Option<f64>,
    pub error_rate: Option<f64>,
    pub p50_seconds: Option<f64>,
    pub p95_seconds: Option<f64>,
    pub p99_seconds: Option<f64>,
    pub ready_endpoints: Option<u32>,
    pub total_endpoints: Option<u32>,
    pub image: Option<String>,
    /// The tag of the image, for people.
    #[serde(skip)]
    pub version: Option<String>,
    #[serde(skip)]
    pub share_in_words: String,
}

/// An object that is no proper route.
#[derive(Debug, Serialize)]
pub struct Unreadable<'a> {
    pub namespace: &'a str,
    pub name: &'a str,
    pub why: &'a str,
}

/// What the rows are filled from.
pub struct Source<'a> {
    /// The numbers and what may be claimed from them.
    pub evidence: Evidence<'a>,
    /// Which names tell roles.
    pub names: &'a RoleNames,
    /// Canaries named on this machine, by uid of the route.
    pub chosen: &'a HashMap<String, String>,
    /// Endpoints and pods, where they were read.
    pub facts: &'a HashMap<BackendRef, Facts>,
}

/// The objects that could not be read.
pub fn unreadable<'a>(listed: impl IntoIterator<Item = &'a Listed>) -> Vec<Unreadable<'a>> {
    let bad = listed.into_iter().filter_map(|item| item.as_ref().err());
    bad.map(|bad| Unreadable { namespace: &bad.id.namespace, name: &bad.id.name, why: &bad.why }).collect()
}

/// The splits of a route.
pub fn splits<'a>(route: &'a Route, source: &Source<'_>) -> Vec<Split<'a>> {
    let state = route.state();
    let state_reason = match &state {
        RouteState::Degraded(why) | RouteState::Refused(why) | RouteState::NotAccepted(why) => {
            Some(why.clone()).filter(|why| !why.is_empty())
        }
        RouteState::Accepted | RouteState::Pending | RouteState::NoStatus => None,
    };
    let used = source.evidence.snapshot.ok().and_then(|snapshot| snapshot.used.get(&route.id));
    let of_rule = |(index, rule): (usize, &'a crate::route::Rule)| Split {
        namespace: &route.id.namespace,
        route: &route.id.name,
        rule_index: index,
        rule_name: rule.name.as_deref(),
        rule_label: route.rule_label(index),
        generation: route.generation,
        state: state.word(),
        state_reason: state_reason.clone(),
        owner: route.owners.first().map(crate::route::Owner::badge),
        provider: used.and_then(|used| used.as_ref().ok()).map(|used| used.provider.name.clone()),
        provider_note: used.and_then(|used| match used {
            Ok(used) => used.note.clone(),
            Err(why) => Some(why.clone()),
        }),
        backends: backends(route, index, &rule.backends, source),
    };
    route.splits().map(of_rule).collect()
}

fn backends<'a>(
    route: &Route,
    index: usize,
    backends: &'a [Backend],
    source: &Source<'_>,
) -> Vec<BackendRow<'a>> {
    let chosen = source.chosen.get(&*route.uid).map(String::as_str);
    let roles = roles(route, index, source.names, chosen);
    let seen = observe(route, index, &source.evidence);
    let sum = backends.iter().map(|backend| u64::from(backend.weight)).sum();
    let row = |((position, backend), place): ((usize, &'a Backend), RuleBackend)| {
        let numbers = source.evidence.snapshot.ok().and_then(|snapshot| snapshot.get(&place)).copied();
        let numbers = numbers.unwrap_or_default();
        let facts = source.facts.get(&backend.to);
        let endpoints = facts.and_then(|facts| facts.endpoints.as_ref().ok());
        let pods = facts.and_then(|facts| facts.pods.as_ref().ok());
        BackendRow {
            name: &backend.to.name,
            namespace: &backend.to.namespace,
            port: backend.to.port,
            weight: backend.weight,
            role: roles.of.get(position).copied().flatten().map(Role::word),
            role_guessed: roles.guessed(),
            declared_share: route.rules.get(index).and_then(|rule| declared_share(rule, position)),
            observed_share: seen.shares.get(position).copied().flatten(),
            observed_share_reason: seen.reason.clone(),
            requests_per_second: numbers.requests_per_second,
            error_rate: numbers.error_rate,
            p50_seconds: numbers.p50.map(|quantile| quantile.seconds),
            p95_seconds: numbers.p95.map(|quantile| quantile.seconds),
            p99_seconds: numbers.p99.map(|quantile| quantile.seconds),
            ready_endpoints: endpoints.map(|endpoints| endpoints.ready),
            total_endpoints: endpoints.map(|endpoints| endpoints.total),
            image: pods.and_then(|pods| pods.images.first()).map(ToString::to_string),
            version: pods.and_then(|pods| pods.version()).map(ToOwned::to_owned),
            share_in_words: share(u64::from(backend.weight), sum),
        }
    };
    backends.iter().enumerate().zip(route.rule_backends(index)).map(row).collect()
}

impl BackendRow<'_> {
    /// The observed share as a cell.
    #[must_use]
    pub fn observed_cell(&self) -> String {
        percent(self.observed_share)
    }

    /// The role as a cell: a guessed one is marked.
    #[must_use]
    pub fn role_cell(&self) -> String {
        let mark = if self.role_guessed { "?" } else { "" };
        self.role.map(|role| format!("{role}{mark}")).unwrap_or_default()
    }
}
