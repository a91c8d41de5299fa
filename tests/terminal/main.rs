//! The terminal is as it was before, on every way out: a real program in a real pseudo-terminal.
//!
//! The program is this test binary itself, running [`program`] under a shell, so that nothing is shipped for tests.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test panics when it fails")]

mod program;
mod pty;

use std::time::{Duration, Instant};
use std::{fs, thread};

use portable_pty::PtySize;
use pty::{JOB, ONCE, Pty, ends};

/// Longer than anything here takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

#[test]
#[ignore = "the program that the other tests run"]
fn program() {
    program::run();
}

// ---- the ways out -----------------------------------------------------------------------------------------------

#[test]
fn taken_at_all() {
    let mut pty = Pty::start(ONCE, &[]);
    pty.assert_taken();
    pty.press("q");
    pty.assert_sane_after(0);
}

#[test]
fn ctrl_c() {
    let mut pty = Pty::start(ONCE, &[]);
    pty.press("\x03");
    pty.assert_sane_after(130);
}

#[test]
fn an_error_out_of_the_loop() {
    let mut pty = Pty::start(ONCE, &[]);
    pty.press("e");
    pty.assert_sane_after(1);
    assert!(pty.text().contains("Error: an error out of the loop"));
}

#[test]
fn signals() {
    for (signal, code) in [("-TERM", 143), ("-HUP", 129), ("-INT", 130), ("-QUIT", 131)] {
        let mut pty = Pty::start(ONCE, &[]);
        pty.signal(signal);
        pty.assert_sane_after(code);
    }
}

#[test]
fn panics() {
    for (key, place) in [("p", "draw"), ("t", "task"), ("h", "thread")] {
        let mut pty = Pty::start(ONCE, &[]);
        pty.press(key);
        pty.assert_sane_after(101);
        let bytes = pty.all_bytes();
        let left = bytes.find("\x1b[?1049l").unwrap();
        let report = bytes.find(&format!("a panic in a {place}")).unwrap();
        assert!(left < report, "the report is read on the user's own screen");
        assert_eq!(bytes.matches("\x1b[?1049l").count(), 1, "given back once");
    }
}

#[test]
fn a_loop_that_hangs_is_ended_all_the_same() {
    let mut pty = Pty::start(ONCE, &[]);
    pty.press("s");
    pty.signal("-TERM");
    pty.assert_sane_after(143);
}

#[test]
fn a_terminal_that_is_gone_ends_the_program() {
    let mut pty = Pty::start(ONCE, &[]);
    // The reader holds the terminal open as well: it leaves after the next frame.
    pty.seen.0.lock().unwrap().reading = false;
    pty.press("x");
    pty.wait_for("last x");
    let Pty { folder, ends, keyboard, .. } = pty;
    drop((keyboard, ends));
    let end = Instant::now() + DEADLINE;
    let code = loop {
        match fs::read_to_string(folder.path().join("exit")) {
            Ok(code) if !code.is_empty() => break code,
            _ => assert!(Instant::now() < end, "still running"),
        }
        // Nobody announces a file.
        thread::sleep(Duration::from_millis(5));
    };
    // SIGHUP, unless a frame was due first and could not be written
    assert!(code == "129" || code == "1", "{code}");
}

// ---- stopping and lending ---------------------------------------------------------------------------------------

#[test]
fn ctrl_z_and_fg() {
    let mut pty = Pty::start(JOB, &[]);
    for _ in 0..2 {
        pty.press("\x1a");
        pty.wait_until("what now?", |seen| ends(seen, "what now?"));
        pty.assert_given_back("stopped");
        pty.press("fg\r");
        pty.wait_for("last continued");
        pty.wait_for("size 80x24");
        pty.press("x");
        pty.wait_for("last x");
        pty.assert_taken();
    }
    pty.press("q");
    pty.assert_sane_after(0);
}

#[test]
fn a_stopped_job_can_be_told_to_end() {
    let mut pty = Pty::start(JOB, &[]);
    pty.press("\x1a");
    pty.wait_until("what now?", |seen| ends(seen, "what now?"));
    // In the background it needs the terminal, so it stops again, and still hears SIGTERM.
    pty.press("bg; wait %1\r");
    pty.wait_until("what now? again", |seen| {
        seen.parser.screen().contents().matches("what now?").count() == 2
    });
    pty.assert_given_back("stopped");
    pty.press("kill %1; bg; wait %1\r");
    pty.assert_sane_after(143);
}

#[test]
fn ctrl_z_where_no_shell_could_continue_changes_nothing() {
    let mut pty = Pty::start(ONCE, &[]);
    pty.press("\x1a");
    pty.wait_for("last z");
    pty.press("x");
    pty.wait_for("last x");
    pty.press("q");
    pty.assert_sane_after(0);
}

#[test]
fn lent_to_another_program_and_taken_back() {
    let mut pty = Pty::start(ONCE, &[]);
    pty.press("l");
    pty.wait_until("the user's screen", |seen| !seen.parser.screen().alternate_screen());
    pty.press("word\r");
    pty.wait_for("lent word");
    pty.press("\r");
    pty.wait_for("last l");
    pty.press("x");
    pty.wait_for("last x");
    pty.press("q");
    pty.assert_sane_after(0);
}

// ---- while the screen is ours -----------------------------------------------------------------------------------

#[test]
fn another_size_a_paste_and_stray_words() {
    let mut pty = Pty::start(ONCE, &[]);
    pty.press("\x1b[200~q and more\x1b[201~");
    pty.wait_for("last paste q and more");
    pty.ends.master.resize(PtySize { rows: 20, cols: 70, pixel_width: 0, pixel_height: 0 }).unwrap();
    pty.wait_for("size 70x20");
    pty.press("w");
    pty.wait_for("last w");
    pty.press("q");
    pty.assert_sane_after(0);
    assert!(!pty.all_bytes().contains("stray words"), "fd 2 is kept off the screen");
    assert!(pty.file("stray").contains("stray words"), "and goes to the log");
}

#[test]
fn no_color_keeps_the_selection() {
    let mut pty = Pty::start(ONCE, &[("NO_COLOR", "1")]);
    assert!(pty.seen.0.lock().unwrap().parser.screen().cell(0, 0).unwrap().inverse());
    pty.press("q");
    pty.assert_sane_after(0);
}
