//! `demo`: the cockpit on a cluster inside the process.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tempfile::TempDir;

use super::args::Demo as Args;
use super::exit::Failure;
use super::session::Session;
use super::{Look, cockpit};
use crate::audit::Journal;
use crate::clock::Clock;
use crate::cluster::Scope;
use crate::config::Settings;
use crate::demo::Demo;

/// Opens the cockpit on a demo, and forgets everything when it was left.
///
/// # Errors
/// In words, with its exit code.
pub async fn run(args: &Args, settings: Settings, look: Look) -> Result<ExitCode, Failure> {
    let folder =
        TempDir::new().map_err(|error| Failure::error(format!("cannot make a temporary folder: {error}")))?;
    let demo = Demo::start(args.scenario, args.seed, Clock::System);
    cockpit::run(session(&demo, folder.path(), settings), look).await
}

/// A session on `demo` whose journal lies in `folder`.
#[must_use]
pub fn session(demo: &Demo, folder: &Path, settings: Settings) -> Session {
    Session {
        cluster: demo.cluster(),
        scope: Scope::All,
        metrics: demo.metrics(),
        insists_on_metrics: false,
        bad_url: None,
        journal: Arc::new(Journal::at(folder.join("journal.jsonl"))),
        settings: Settings { timing: Demo::timing(), ..settings },
        clock: demo.clock(),
        note: Some(demo.scenario().note()),
    }
}
