//! `list`: one row a backend of each split.

use std::collections::HashMap;

use serde::Serialize;

use super::args::{Format, List};
use super::exit::{Exit, Failure};
use super::observed::{Evidence, Related};
use super::output::{self, counted, one_line, tell, warn};
use super::session::{Around, Session};
use super::splits::{Source, Split, Unreadable, splits, unreadable};
use super::table::Table;
use crate::cluster::{Listed, Scope};
use crate::metrics::{MetricSource, Origin};
use crate::route::{Route, RuleBackend};
use crate::ui::format::{percent, rate, seconds};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    splits: Vec<Split<'a>>,
    routes_without_split: usize,
    unreadable: Vec<Unreadable<'a>>,
}

/// Prints the splits of the session's scope.
///
/// # Errors
/// In words, with its exit code.
pub async fn run(session: &Session, args: &List) -> Result<Exit, Failure> {
    let (around, metrics) = read(session, args).await?;
    let in_scope = |item: &&Listed| match (&session.scope, item) {
        (Scope::All, _) => true,
        (Scope::Namespace(name), Ok(route)) => route.id.namespace == *name,
        (Scope::Namespace(name), Err(bad)) => bad.id.namespace == *name,
    };
    let routes: Vec<&Route> = around.listed.iter().filter(in_scope).flatten().collect();
    let backends: Vec<RuleBackend> = routes.iter().flat_map(|route| route.split_backends()).collect();
    let snapshot = session.numbers(metrics, &backends).await?;
    let related = match &snapshot {
        Ok(_) => Related::new(around.listed.iter().flatten(), around.note.as_deref()),
        Err(_) => Related::default(),
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
        facts: &HashMap::new(),
    };
    let document = Document {
        splits: routes.iter().flat_map(|route| splits(route, &source)).collect(),
        routes_without_split: routes.iter().filter(|route| route.splits().next().is_none()).count(),
        unreadable: unreadable(around.listed.iter().filter(in_scope)),
    };
    match args.output {
        Format::Json => output::json(&document)?,
        Format::Table => {
            print(&document, &session.scope, snapshot.is_ok())?;
            tell_providers(&document);
        }
    }
    Ok(Exit::Done)
}

/// The routes, and the numbers' source. Without metrics that is one request; with them the routes of other
/// namespaces are needed as well, since their requests reach the same Services.
async fn read<'a>(
    session: &'a Session,
    args: &List,
) -> Result<(Around, Result<&'a dyn MetricSource, String>), Failure> {
    let named = session.metrics.as_ref().is_some_and(|source| source.origin().is_some());
    let routes = async {
        match &session.scope {
            Scope::Namespace(name) if named && !args.no_metrics => session.list_around(name).await,
            scope => Ok(Around { listed: session.list(scope).await?, note: None }),
        }
    };
    let (mut around, metrics) = tokio::try_join!(routes, session.answering_metrics(!args.no_metrics))?;
    if let (Scope::Namespace(name), false, Ok(_)) = (&session.scope, named, &metrics) {
        around = session.list_around(name).await?;
    }
    if let Some(Origin { url, found: true }) = metrics.as_ref().ok().and_then(|source| source.origin()) {
        tell(format_args!("numbers come from {url}, which was found in this cluster"));
    }
    Ok((around, metrics))
}

/// Whose numbers they are, where that is not a matter of course; each sentence once.
fn tell_providers(document: &Document<'_>) {
    let mut told: Vec<String> = Vec::new();
    for split in &document.splits {
        let Some(note) = &split.provider_note else { continue };
        let words = match &split.provider {
            Some(provider) => format!("numbers of {provider}: {note}; --provider names another"),
            None => format!("no numbers: {note}"),
        };
        if !told.contains(&words) {
            tell(&words);
            told.push(words);
        }
    }
}

fn print(document: &Document<'_>, scope: &Scope, metrics: bool) -> Result<(), Failure> {
    let namespace = *scope == Scope::All;
    let mut header = vec!["ROUTE", "RULE", "STATE", "OWNER", "BACKEND", "ROLE", "WEIGHT", "SHARE"];
    if namespace {
        header.insert(0, "NAMESPACE");
    }
    if metrics {
        header.extend(["OBSERVED", "REQUESTS", "ERRORS", "P99"]);
    }
    let mut table = Table::new(&header);
    for split in &document.splits {
        for backend in &split.backends {
            let mut cells = vec![
                split.route.to_owned(),
                one_line(&split.rule_label),
                split.state.to_owned(),
                split.owner.unwrap_or_default().to_owned(),
                backend.name.to_owned(),
                backend.role_cell(),
                backend.weight.to_string(),
                backend.share_in_words.clone(),
            ];
            if namespace {
                cells.insert(0, split.namespace.to_owned());
            }
            if metrics {
                cells.extend([
                    backend.observed_cell(),
                    rate(backend.requests_per_second),
                    percent(backend.error_rate),
                    seconds(backend.p99_seconds),
                ]);
            }
            table.row(cells);
        }
    }
    for bad in &document.unreadable {
        warn(format_args!("route {}/{} cannot be read: {}", bad.namespace, bad.name, one_line(bad.why)));
    }
    if document.splits.is_empty() {
        let others = match document.routes_without_split {
            0 => "it has no routes".to_owned(),
            some => format!("{} without two backends in one rule", counted(some, "route")),
        };
        tell(format_args!("no splits in {scope}: {others}"));
        return Ok(());
    }
    output::print(&table.to_string())
}
