//! What a verb says while it works, and its last word: lines for people, or one JSON object for a script.

use std::io::{self, Write};

use serde::Serialize;
use tokio::sync::mpsc::UnboundedReceiver;

use super::args::EndingFormat;
use super::exit::{Exit, Failure};
use super::output::{self, one_line, say, tell};
use crate::pilot::{Progress, Stage};
use crate::rollout::ChangeRecord;
use crate::route::RouteId;

/// Where lines go: with JSON, standard output is for the ending alone.
pub struct Voice {
    json: bool,
}

impl Voice {
    /// As `--output` says.
    #[must_use]
    pub fn new(output: EndingFormat) -> Self {
        Self { json: output == EndingFormat::Json }
    }

    /// One line.
    pub fn line(&self, line: &str) {
        if self.json { tell(line) } else { say(line) }
    }

    /// A question, with what is typed behind it.
    pub fn prompt(&self, question: &str) {
        let written = if self.json {
            write!(io::stderr(), "{question}")
        } else {
            let mut out = io::stdout();
            write!(out, "{question}").and_then(|()| out.flush())
        };
        // Who cannot read the question will not answer y.
        let _ = written;
    }

    /// Prints each step, and returns the newest generation of `route` and the id of its change, as far as they were
    /// told.
    pub async fn follow(
        &self,
        mut steps: UnboundedReceiver<Progress>,
        route: &RouteId,
    ) -> (Option<i64>, Option<String>) {
        let (mut generation, mut id) = (None, None);
        while let Some(step) = steps.recv().await {
            self.line(&format!("{:<15}  {}", step.stage.word(), one_line(&step.words)));
            let of_route = step.route == *route && step.stage > Stage::Writing;
            if let Some(fresh) = step.fresh.filter(|_| of_route) {
                generation = Some(fresh.generation);
                id = ChangeRecord::newest(&fresh).map(|change| change.id).or(id);
            }
        }
        (generation, id)
    }

    /// The last word: as one line, or all of `document`.
    ///
    /// # Errors
    /// When standard output cannot be written to.
    pub fn end(
        &self,
        exit: Exit,
        ending: &str,
        words: &str,
        document: &impl Serialize,
    ) -> Result<Exit, Failure> {
        if self.json {
            output::json(document)?;
        } else {
            say(format_args!("{ending}: {}", one_line(words)));
        }
        Ok(exit)
    }
}
