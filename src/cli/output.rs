//! Standard output and error. A closed pipe (`tidegate list | head`) is no error.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};

use serde::Serialize;

use super::exit::Failure;

/// One line on standard output. Whether anybody reads it must not stop a change under way.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// One line on standard error.
pub fn tell(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Something that did not stop the verb, but should be known.
pub fn warn(line: impl Display) {
    tell(format_args!("warning: {line}"));
}

/// Text as it is.
///
/// # Errors
/// When it cannot be written for another reason than a closed pipe.
pub fn print(text: &str) -> Result<(), Failure> {
    written(io::stdout().write_all(text.as_bytes()))
}

/// A value as JSON for people and programs.
///
/// # Errors
/// As [`print`].
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let result = serde_json::to_writer_pretty(&mut out, value).map_err(io::Error::from);
    written(result.and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()))
}

fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::error(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Foreign text on one line, without what would steer the terminal.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.split_whitespace()
        .map(|word| word.chars().filter(|c| !c.is_control()).collect::<String>())
        .collect::<Vec<_>>()
        .join(" ")
}

/// `1 path`, `2 paths`.
#[must_use]
pub fn counted(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
