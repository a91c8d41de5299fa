//! `show`: everything that is known of one route.

use std::collections::HashMap;
use std::fmt::Write as _;

use futures::future::join_all;
use serde::Serialize;

use super::after::{After, after};
use super::args::{Format, Show};
use super::exit::{Exit, Failure};
use super::logs::{LogsOfRule, logs};
use super::observed::{Evidence, Related};
use super::output::{self, one_line, warn};
use super::session::Session;
use super::splits::{Source, Split, Unreadable, splits, unreadable};
use super::table::Table;
use crate::cluster::Facts;
use crate::rollout::{Alert, ChangeRecord, Firing, links, roles, untouched_paths};
use crate::route::{BackendRef, ParentState, ParentView, Route, RouteId, RuleBackend, Truth};
use crate::ui::format::{percent, rate, seconds};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    namespace: &'a str,
    name: &'a str,
    generation: i64,
    state: String,
    hostnames: &'a [Box<str>],
    parents: Vec<Parent<'a>>,
    owners: Vec<String>,
    metrics: Metrics,
    /// Those that fire on the route, its Services or its namespace.
    alerts: Vec<Alert>,
    /// Where else to look.
    links: Vec<LinkRow>,
    /// Why alerts are not known.
    alerts_note: Option<String>,
    last_writer: Option<Writer<'a>>,
    last_change: Option<ChangeRecord>,
    /// Only where that was a rollback.
    after_rollback: Option<After>,
    /// Only where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    logs: Option<Vec<LogsOfRule>>,
    splits: Vec<Split<'a>>,
    other_paths: Vec<OtherPath>,
    /// Why some paths may be missing.
    other_paths_note: Option<&'a str>,
    unreadable: Vec<Unreadable<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Parent<'a> {
    #[serde(rename = "parent")]
    name: String,
    controller: Option<&'a str>,
    state: String,
    conditions: Vec<Condition<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Condition<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    status: &'static str,
    reason: &'a str,
    message: &'a str,
    observed_generation: Option<i64>,
}

/// Where the numbers come from.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metrics {
    url: Option<String>,
    /// Nobody named it.
    found: bool,
    /// Whose series they are and what they tell apart, for people.
    #[serde(skip)]
    series: Option<String>,
    /// Why there are none.
    reason: Option<String>,
}

/// A link of the settings, filled in for the first split.
#[derive(Serialize)]
struct LinkRow {
    name: String,
    url: String,
}

#[derive(Serialize)]
struct Writer<'a> {
    manager: &'a str,
    at: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OtherPath {
    rule_index: usize,
    path: String,
}

/// Prints one route.
///
/// # Errors
/// In words, with its exit code.
pub async fn run(session: &Session, id: &RouteId, args: &Show) -> Result<Exit, Failure> {
    let (route, around, metrics) = tokio::try_join!(
        session.route(id),
        session.list_around(&id.namespace),
        session.answering_metrics(!args.no_metrics),
    )?;
    let places: Vec<RuleBackend> = route.split_backends().collect();
    let mut backends: Vec<BackendRef> = places.iter().map(|place| place.to.clone()).collect();
    backends.sort();
    backends.dedup();
    let facts = join_all(backends.iter().map(|backend| session.cluster.facts(backend)));
    let firing = async {
        match &metrics {
            Ok(_) => session.pilot_for("", session.settings.timing).firing(&route).await,
            Err(_) => Firing::NobodyToAsk,
        }
    };
    let (facts, snapshot, firing) = tokio::join!(facts, session.numbers(metrics.clone(), &places), firing);
    let snapshot = snapshot?;
    let facts: HashMap<BackendRef, Facts> = backends.into_iter().zip(facts).collect();
    let related = Related::new(around.listed.iter().flatten(), around.note.as_deref());
    let origin = metrics.as_ref().ok().and_then(|source| source.origin());
    let metrics_of = Metrics {
        found: origin.as_ref().is_some_and(|origin| origin.found),
        url: origin.map(|origin| origin.url),
        series: snapshot.as_ref().ok().and_then(|snapshot| snapshot.used.get(id)).map(|used| match used {
            Ok(used) => used.sentence(),
            Err(why) => why.clone(),
        }),
        reason: snapshot.as_ref().err().cloned(),
    };
    let source = Source {
        names: &session.settings.conventions.names,
        evidence: Evidence {
            snapshot: snapshot.as_ref().map_err(String::as_str),
            related: &related,
            settle: session.settings.timing.settle,
            now: session.clock.now(),
        },
        chosen: &session.chosen_canaries(),
        facts: &facts,
    };
    let after_rollback = after(
        session,
        &route,
        snapshot.as_ref().map_err(String::as_str),
        metrics.clone(),
        around.listed.iter().flatten(),
        around.note.as_deref(),
    )
    .await;
    let logs = if args.logs { Some(logs(session, &route).await) } else { None };
    let document = Document {
        namespace: &id.namespace,
        name: &id.name,
        generation: route.generation,
        state: route.state().to_string(),
        hostnames: &route.hostnames,
        parents: route.parent_views().map(parent).collect(),
        owners: route.owners.iter().map(ToString::to_string).collect(),
        metrics: metrics_of,
        links: links_of(session, &route),
        alerts: firing.known().to_vec(),
        alerts_note: match firing {
            Firing::Unknown(why) => Some(why),
            Firing::NobodyToAsk | Firing::Known(_) => None,
        },
        last_writer: route.last_writer.as_ref().map(|w| Writer { manager: &w.manager, at: &w.at }),
        last_change: ChangeRecord::newest(&route),
        after_rollback,
        logs,
        splits: splits(&route, &source),
        other_paths: other_paths(&route, &related),
        other_paths_note: around.note.as_deref(),
        unreadable: unreadable(&around.listed),
    };
    match args.output {
        Format::Json => output::json(&document)?,
        Format::Table => {
            for (backend, why) in facts.iter().filter_map(|(b, f)| Some((b, f.endpoints.as_ref().err()?))) {
                warn(format_args!("endpoints of {backend} are not known: {why}"));
            }
            output::print(&text(&document, route.status_problem.as_deref()))?;
        }
    }
    Ok(Exit::Done)
}

fn parent(view: ParentView<'_>) -> Parent<'_> {
    let conditions = view.status.map_or(&[][..], |status| &status.conditions);
    Parent {
        name: view.parent.to_string(),
        controller: view.status.map(|status| &*status.controller),
        state: match view.state {
            ParentState::Observed => "observed".to_owned(),
            ParentState::Pending { seen } => format!("pending: has seen generation {seen}"),
            ParentState::Refused { seen } => format!("edit refused: serves generation {seen}"),
            ParentState::NoGeneration => "reports no generation".to_owned(),
            ParentState::NoStatus => "no status".to_owned(),
        },
        conditions: conditions
            .iter()
            .map(|condition| Condition {
                kind: &condition.kind,
                status: match condition.status {
                    Truth::True => "True",
                    Truth::False => "False",
                    Truth::Unknown => "Unknown",
                },
                reason: &condition.reason,
                message: &condition.message,
                observed_generation: condition.observed_generation,
            })
            .collect(),
    }
}

fn other_paths(route: &Route, related: &Related<'_>) -> Vec<OtherPath> {
    let of_rule = |index: usize| {
        let paths = untouched_paths(route, index, related.of(route, index));
        paths.into_iter().map(move |path| OtherPath { rule_index: index, path: path.to_string() })
    };
    route.splits().flat_map(|(index, _)| of_rule(index)).collect()
}

fn text(document: &Document<'_>, status_problem: Option<&str>) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "{name:<14}{}", one_line(value));
    };
    line("Route:", &format!("{}/{}", document.namespace, document.name));
    line("Generation:", &document.generation.to_string());
    line("State:", &document.state);
    if let Some(problem) = status_problem {
        line("", &format!("its status cannot be read: {problem}"));
    }
    line(
        "Hosts:",
        &if document.hostnames.is_empty() { "all".to_owned() } else { document.hostnames.join(", ") },
    );
    for parent in &document.parents {
        let controller = parent.controller.map(|name| format!(" by {name}")).unwrap_or_default();
        line("Parent:", &format!("{}: {}{controller}", parent.name, parent.state));
        for condition in &parent.conditions {
            let Condition { kind, status, reason, message, .. } = condition;
            line("", &format!("{kind}={status} {reason} {message}"));
        }
    }
    for owner in &document.owners {
        line("Owner:", owner);
    }
    if document.owners.is_empty() {
        line("Owner:", "nobody else");
    }
    line("Metrics:", &metrics(&document.metrics));
    for alert in &document.alerts {
        let severity = if alert.severity.is_empty() { "" } else { " " };
        line("Alert:", &format!("{}{severity}{alert}", alert.severity));
    }
    for LinkRow { name, url } in &document.links {
        line("Link:", &format!("{name} {url}"));
    }
    if let Some(why) = &document.alerts_note {
        line("Alerts:", &format!("not known: {why}"));
    }
    match &document.last_change {
        Some(change) => line("Last change:", &in_words(change)),
        None => line("Last change:", "none by tidegate"),
    }
    if let Some(writer) = &document.last_writer {
        line("Last writer:", &format!("{} {}", writer.manager, writer.at));
    }
    if let Some(after) = &document.after_rollback {
        line("After it:", &after.brief);
        for looked in &after.items {
            line("", &format!("{:<12}{:<10} {}", looked.item, looked.state, looked.words));
        }
    }
    for split in &document.splits {
        let _ =
            write!(out, "\nRule {} ({})\n{}", split.rule_index, one_line(&split.rule_label), table(split));
        if let Some(reason) = split.backends.first().and_then(|b| b.observed_share_reason.as_deref()) {
            let _ = writeln!(out, "Observed share: {}", one_line(reason));
        }
        for line in document.logs.iter().flatten().flat_map(|logs| logs.lines(split.rule_index)) {
            let _ = writeln!(out, "{}", one_line(&line));
        }
        for path in document.other_paths.iter().filter(|path| path.rule_index == split.rule_index) {
            let _ = writeln!(out, "Other path: {}", one_line(&path.path));
        }
    }
    if document.splits.is_empty() {
        out.push_str("\nNo rule of this route has two backends\n");
    }
    if let Some(note) = document.other_paths_note {
        let _ = writeln!(out, "Other paths: {note}");
    }
    out
}

fn links_of(session: &Session, route: &Route) -> Vec<LinkRow> {
    let Some((index, _)) = route.splits().next() else { return Vec::new() };
    let conventions = &session.settings.conventions;
    let chosen = session.chosen_canaries();
    let roles = roles(route, index, &conventions.names, chosen.get(&*route.uid).map(String::as_str));
    let all = links(&conventions.links, session.cluster.context(), route, index, &roles);
    all.into_iter().map(|(name, url)| LinkRow { name, url }).collect()
}

fn metrics(metrics: &Metrics) -> String {
    let origin = match (&metrics.url, &metrics.reason) {
        (_, Some(reason)) => return format!("no data: {reason}"),
        (Some(url), None) if metrics.found => format!("{url}, found in this cluster"),
        (Some(url), None) => url.clone(),
        (None, None) => "known".to_owned(),
    };
    let series = metrics.series.as_ref().map(|series| format!("; {series}"));
    format!("{origin}{}", series.unwrap_or_default())
}

fn table(split: &Split<'_>) -> Table {
    let mut table = Table::new(&[
        "BACKEND", "ROLE", "WEIGHT", "SHARE", "OBSERVED", "REQUESTS", "ERRORS", "P50", "P95", "P99", "READY",
        "VERSION",
    ]);
    for backend in &split.backends {
        let ready = backend.ready_endpoints.zip(backend.total_endpoints);
        table.row(vec![
            backend.name.to_owned(),
            backend.role_cell(),
            backend.weight.to_string(),
            backend.share_in_words.clone(),
            backend.observed_cell(),
            rate(backend.requests_per_second),
            percent(backend.error_rate),
            seconds(backend.p50_seconds),
            seconds(backend.p95_seconds),
            seconds(backend.p99_seconds),
            ready.map(|(ready, total)| format!("{ready}/{total}")).unwrap_or_default(),
            one_line(backend.version.as_deref().unwrap_or_default()),
        ]);
    }
    table
}

/// `2026-01-01T00:00:00Z by ann: set weights, rule 0 canary=5 stable=95 -> canary=10 stable=90 (reason)`.
fn in_words(change: &ChangeRecord) -> String {
    let list = |weights: &crate::rollout::RuleWeights| {
        weights.iter().map(|(name, weight)| format!("{name}={weight}")).collect::<Vec<_>>().join(" ")
    };
    let mut words = format!("{} by {}: {}", change.at, change.actor, change.action);
    for (rule, before) in &change.before {
        let after = change.after.get(rule).map(list).unwrap_or_default();
        let _ = write!(words, ", rule {rule} {} -> {after}", list(before));
    }
    for edit in &change.other_edits {
        let _ = write!(words, ", {edit}");
    }
    if let Some(reason) = &change.reason {
        let _ = write!(words, " ({reason})");
    }
    words
}
