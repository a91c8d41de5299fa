//! `diagnose`: the debugging walk, step by step, with the first broken one named.

use std::fmt::Write as _;

use serde::Serialize;

use super::args::{Diagnose, Format};
use super::exit::{Exit, Failure};
use super::gather::Inquiry;
use super::output::{self, one_line};
use super::session::Session;
use crate::diagnose::{Place, Step, Verdict, Walk};
use crate::route::RouteId;

/// Field names are an interface for scripts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    namespace: &'a str,
    name: &'a str,
    generation: i64,
    verdict: Verdict,
    first_broken: Option<Place>,
    what_to_do: String,
    steps: &'a [Step],
}

/// Walks and prints.
///
/// # Errors
/// In words, with its exit code: when the route itself cannot be read.
pub async fn run(session: &Session, id: &RouteId, args: &Diagnose) -> Result<Exit, Failure> {
    let (route, metrics) = tokio::try_join!(session.route(id), session.answering_metrics(!args.no_metrics))?;
    let chosen = session.chosen_canaries();
    let inquiry = Inquiry {
        cluster: &session.cluster,
        metrics,
        pilot: &session.pilot_for("unknown", session.settings.timing),
        names: &session.settings.conventions.names,
        chosen: chosen.get(&*route.uid).map(String::as_str),
        journal: &session.journal,
        timing: session.settings.timing,
        now: session.clock.now(),
    };
    let walk = inquiry.walk(&route).await;
    match args.output {
        Format::Json => output::json(&document(&walk))?,
        Format::Table => output::print(&text(&walk))?,
    }
    Ok(if walk.first_broken().is_some() { Exit::Broken } else { Exit::Done })
}

fn document(walk: &Walk) -> Document<'_> {
    Document {
        namespace: &walk.namespace,
        name: &walk.name,
        generation: walk.generation,
        verdict: walk.verdict(),
        first_broken: walk.first_broken().map(|(step, _)| step.step),
        what_to_do: walk.what_to_do(),
        steps: &walk.steps,
    }
}

fn text(walk: &Walk) -> String {
    let mut out = format!("route {}/{}, generation {}\n", walk.namespace, walk.name, walk.generation);
    for (number, step) in (1..).zip(&walk.steps) {
        let _ = writeln!(out, "\n{number} {}: {}", step.step.title(), step.verdict.word());
        for finding in &step.findings {
            let _ = writeln!(out, "  {:<10} {}", finding.verdict.word(), one_line(&finding.seen));
            if let Some(advice) = &finding.advice {
                let _ = writeln!(out, "  {:<10} do: {}", "", one_line(advice));
            }
            if let Some(name) = finding.explain.filter(|_| finding.verdict > Verdict::Ok) {
                let _ = writeln!(out, "  {:<10} more: tidegate explain {name}", "");
            }
        }
    }
    let _ = writeln!(out, "\n{} what to do: {}", walk.steps.len() + 1, one_line(&walk.what_to_do()));
    out
}
