//! A panic is read on the user's own screen, and ends the program.

use std::{panic, process, thread};

/// Rust's exit code after a panic.
const PANICKED: i32 = 101;

/// Puts the terminal back before the report is printed. Call it once, on the main thread, after the hook that
/// prints (`color_eyre::install`).
///
/// A panic on another thread or in a task ends the program too: half a cockpit must not go on drawing as if
/// nothing had happened.
pub fn install_panic_hook() {
    let report = panic::take_hook();
    let main = thread::current().id();
    panic::set_hook(Box::new(move |info| {
        super::restore();
        report(info);
        if thread::current().id() != main {
            process::exit(PANICKED);
        }
    }));
}
