//! The log: a file in the state directory, written only when `TIDEGATE_LOG` is set.

use std::fs::{self, OpenOptions};

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

use super::exit::Failure;
use crate::config::Paths;

const VARIABLE: &str = "TIDEGATE_LOG";

/// Starts the log, if it is wanted; it ends when the guard is dropped.
///
/// # Errors
/// When the variable is no filter, or the file cannot be opened.
pub fn start(paths: &Paths) -> Result<Option<WorkerGuard>, Failure> {
    let Some(filter) = std::env::var(VARIABLE).ok().filter(|text| !text.is_empty()) else { return Ok(None) };
    let filter = EnvFilter::try_new(&filter).map_err(|error| {
        Failure::usage(format!(
            "{VARIABLE}={filter} is no log filter: {error}; give debug, or tidegate=debug"
        ))
    })?;
    let path = paths.log();
    let file = fs::create_dir_all(&paths.state)
        .and_then(|()| OpenOptions::new().create(true).append(true).open(&path))
        .map_err(|error| Failure::usage(format!("{VARIABLE}: cannot open {}: {error}", path.display())))?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(writer).init();
    Ok(Some(guard))
}
