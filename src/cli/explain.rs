//! `explain`: the catalogue of failures. Needs no cluster.

use super::args::Explain;
use super::exit::{Exit, Failure};
use super::output;
use crate::app::wrap;
use crate::diagnose::{FAILURES, Failure as Entry, failure, nearest};

/// Wide enough to read, where the terminal is not narrower.
const COLUMNS: usize = 96;
/// Below that words would not stay together.
const LEAST: usize = 30;

/// Prints one entry, or all names.
///
/// # Errors
/// When there is no such entry; the message names the nearest.
pub fn run(args: &Explain) -> Result<Exit, Failure> {
    let Some(name) = &args.name else {
        let lines = FAILURES.iter().map(|entry| format!("{:<22}{}", entry.name, entry.title));
        output::print(&(lines.collect::<Vec<_>>().join("\n") + "\n"))?;
        return Ok(Exit::Done);
    };
    let Some(entry) = failure(name) else {
        let meant = match nearest(name) {
            Some(nearest) => format!("did you mean {nearest}?"),
            None => "tidegate explain lists what there is".to_owned(),
        };
        return Err(Failure::usage(format!("there is no failure called {name}; {meant}")));
    };
    let columns = crossterm::terminal::size().map_or(COLUMNS, |(columns, _)| columns.into());
    output::print(&text(entry, columns.clamp(LEAST, COLUMNS)))?;
    Ok(Exit::Done)
}

fn text(entry: &Entry, columns: usize) -> String {
    let part = |heading: &str, words: &str| {
        let lines = wrap(words, columns - 2).into_iter().map(|line| format!("  {}", line.trim_end()));
        let lines: Vec<String> = lines.collect();
        format!("\n{heading}\n{}\n", lines.join("\n"))
    };
    [
        format!("{}: {}\n", entry.name, entry.title),
        part("What it looks like", entry.looks),
        part("What tidegate does", entry.tidegate),
        part("What to do", entry.remedy),
    ]
    .concat()
}
