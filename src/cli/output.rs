//! Standard output and error. A closed pipe (`tidegate list | head`) is no error.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};

use serde::Serialize;

use super::exit::Failure;

/// One line on standard output. Whether anybody reads it must not stop a change under way.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stdout(), "{}", harmless(&line.to_string()));
}

/// One line on standard error.
pub fn tell(line: impl Display) {
    let _ = writeln!(io::stderr(), "{}", harmless(&line.to_string()));
}

/// Something that did not stop the verb, but should be known.
pub fn warn(line: impl Display) {
    tell(format_args!("warning: {line}"));
}

/// Text with its lines and columns.
///
/// # Errors
/// When it cannot be written for another reason than a closed pipe.
pub fn print(text: &str) -> Result<(), Failure> {
    written(io::stdout().write_all(harmless(text).as_bytes()))
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
        .map(|word| word.chars().filter(|letter| !steers(*letter)).collect::<String>())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether a terminal takes it for an order, or turns the direction of what follows (Unicode's `Bidi_Control`), so
/// that a line would read as another one.
#[must_use]
pub fn steers(letter: char) -> bool {
    let turns = matches!(
        letter,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    letter.is_control() || turns
}

/// Without what would steer the terminal, but for line breaks and tabs.
fn harmless(text: &str) -> String {
    text.chars().filter(|letter| matches!(letter, '\n' | '\t') || !steers(*letter)).collect()
}

/// `1 path`, `2 paths`.
#[must_use]
pub fn counted(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_neither_steers_the_terminal_nor_turns_its_direction() {
        assert_eq!(one_line("a\u{1b}[31m\tb\n c"), "a[31m b c");
        for turning in
            "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}"
                .chars()
        {
            assert_eq!(one_line(&format!("shop{turning}/web")), "shop/web", "{turning:?}");
        }
        assert_eq!(one_line("支払い e\u{301} 👩\u{200d}💻"), "支払い e\u{301} 👩\u{200d}💻");
    }
}
