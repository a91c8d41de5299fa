//! The terminal is as it was before, on every way out: a real program in a real pseudo-terminal.
//!
//! The program is this test binary itself, running [`program`] under a shell, so that nothing is shipped for tests.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test panics when it fails")]

use std::io::{Read, Write};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use portable_pty::{CommandBuilder, PtyPair, PtySize, native_pty_system};
use ratatui::style::Stylize;
use ratatui::text::Line;
use tempfile::TempDir;
use tidegate::term::{self, Event, Events, Screen};

/// Longer than anything here takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

// ---- the program under test -------------------------------------------------------------------------------------

#[test]
#[ignore = "the program the other tests run"]
fn program() {
    color_eyre::install().unwrap();
    term::install_panic_hook();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // The harness would catch the panic and go on; a real `main` would not.
    let end = std::panic::catch_unwind(|| runtime.block_on(cockpit()));
    let code = match end {
        Ok(Ok(code)) => code.into(),
        Ok(Err(error)) => {
            // not `eprintln`, which panics when the terminal is gone
            let _ = writeln!(std::io::stderr(), "Error: {error}");
            1
        }
        Err(_) => 101,
    };
    fs::write(folder().join("exit"), code.to_string()).unwrap();
    std::process::exit(code);
}

/// A loop as small as can be: shows what came in last; some keys do harm.
async fn cockpit() -> std::io::Result<u8> {
    let mut events = Events::new()?;
    let mut screen = Screen::open_with_stderr(fs::File::create(folder().join("stray"))?)?;
    let mut last = String::from("nothing");
    let mut frames = 0;
    loop {
        frames += 1;
        screen.draw(|frame| {
            assert!(last != "p", "a panic in a draw");
            let size = format!("size {}x{}", frame.area().width, frame.area().height);
            let lines = [
                format!("pid {}", std::process::id()),
                size,
                format!("last {last}"),
                format!("frame {frames}"),
            ];
            for (row, line) in frame.area().rows().zip(lines) {
                frame.render_widget(Line::raw(line).yellow().reversed(), row);
            }
        })?;
        match events.next().await? {
            Event::Key(KeyEvent { code: KeyCode::Char(key), modifiers, .. }) => {
                let control = modifiers.contains(KeyModifiers::CONTROL);
                last = key.to_string();
                match key {
                    'c' if control => return Ok(130),
                    'z' if control => screen.stop_job()?,
                    'q' => return Ok(0),
                    'e' => return Err(std::io::Error::other("an error out of the loop")),
                    't' => drop(tokio::spawn(async { panic!("a panic in a task") })),
                    'h' => drop(thread::spawn(|| panic!("a panic in a thread"))),
                    'w' => eprintln!("stray words"),
                    'l' => {
                        events.release_keys().await;
                        screen.suspend()?;
                        // slow enough for a reader left behind to take the word first
                        Command::new("sh")
                            .args(["-c", "sleep 0.3; read word; echo \"lent $word\"; read word"])
                            .status()?;
                        screen.resume()?;
                    }
                    's' => thread::sleep(DEADLINE),
                    _ => {}
                }
            }
            Event::Key(_) => {}
            Event::Paste(text) => last = format!("paste {text}"),
            Event::Resize => last = "resize".into(),
            Event::Continued => {
                last = "continued".into();
                screen.resume()?;
            }
            Event::Quit(signal) => return Ok(signal.exit_code()),
        }
    }
}

fn folder() -> std::path::PathBuf {
    env::var_os("TIDEGATE_TEST_FOLDER").unwrap().into()
}

// ---- the terminal around it -------------------------------------------------------------------------------------

/// Runs the program once, and tells about the terminal before and after.
const ONCE: &str = r#"
stty -a >"$TIDEGATE_TEST_FOLDER/before"
"$PROGRAM" program --exact --ignored --nocapture
echo "exit=$?"
stty -a >"$TIDEGATE_TEST_FOLDER/after"
echo over"#;

/// Runs it as a job of a shell. While it is stopped, a line is read that says what to do, and done.
const JOB: &str = r#"
set -m
stty -a >"$TIDEGATE_TEST_FOLDER/before"
"$PROGRAM" program --exact --ignored --nocapture
code=$?
while [ "$(kill -l "$code" 2>/dev/null)" = TSTP ]; do
  stty -a >"$TIDEGATE_TEST_FOLDER/stopped"
  echo "what now?"
  read -r answer
  eval "$answer"
  code=$?
done
echo "exit=$code"
stty -a >"$TIDEGATE_TEST_FOLDER/after"
echo over"#;

/// What the terminal shows, and every byte that made it so.
struct Seen {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    reading: bool,
}

struct Pty {
    folder: TempDir,
    /// Both ends: the kernel may drop the last words when the other one closes.
    ends: PtyPair,
    keyboard: Box<dyn Write + Send>,
    shell: Box<dyn portable_pty::Child + Send + Sync>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

impl Pty {
    /// Starts `script` and waits for the first frame.
    fn start(script: &str, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let ends = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", script]);
        command.env("PROGRAM", env::current_exe().unwrap());
        command.env("TIDEGATE_TEST_FOLDER", folder.path());
        command.env("TERM", "xterm-256color");
        command.env("RUST_BACKTRACE", "0");
        command.env_remove("NO_COLOR");
        for (key, value) in environment {
            command.env(key, value);
        }
        let shell = ends.slave.spawn_command(command).unwrap();

        let parser = vt100::Parser::default();
        let seen = Arc::new((Mutex::new(Seen { parser, bytes: Vec::new(), reading: true }), Condvar::new()));
        let mut output = ends.master.try_clone_reader().unwrap();
        let theirs = Arc::clone(&seen);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                let mut seen = theirs.0.lock().unwrap();
                seen.parser.process(&buffer[..read]);
                seen.bytes.extend(&buffer[..read]);
                theirs.1.notify_all();
                if !seen.reading {
                    return;
                }
            }
        });
        let keyboard = ends.master.take_writer().unwrap();
        let pty = Self { folder, ends, keyboard, shell, seen };
        pty.wait_for("last nothing");
        pty
    }

    fn wait_until(&self, what: &str, wanted: impl Fn(&Seen) -> bool) {
        let end = Instant::now() + DEADLINE;
        let mut seen = self.seen.0.lock().unwrap();
        while !wanted(&seen) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "never saw {what:?}:\n{}", seen.parser.screen().contents());
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    fn wait_for(&self, text: &str) {
        self.wait_until(text, |seen| seen.parser.screen().contents().contains(text));
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    fn text(&self) -> String {
        self.seen.0.lock().unwrap().parser.screen().contents()
    }

    fn all_bytes(&self) -> String {
        String::from_utf8_lossy(&self.seen.0.lock().unwrap().bytes).into_owned()
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// The program's id, as it shows it.
    fn pid(&self) -> String {
        let text = self.text();
        let pid = text.lines().find_map(|line| line.strip_prefix("pid ")).unwrap();
        pid.trim().to_owned()
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.pid()]).status().unwrap().success());
    }

    /// The screen is the user's again.
    #[track_caller]
    fn assert_given_back(&self, modes: &str) {
        let seen = self.seen.0.lock().unwrap();
        let screen = seen.parser.screen();
        assert!(!screen.alternate_screen(), "the alternate screen was left");
        assert!(!screen.hide_cursor(), "the cursor shows");
        assert!(!screen.bracketed_paste(), "paste is off");
        assert!(!screen.inverse() && screen.fgcolor() == vt100::Color::Default, "no colours stay");
        // the first line tells the size
        let [modes, before] = [modes, "before"].map(|name| self.file(name));
        assert_eq!(modes.lines().skip(1).collect::<Vec<_>>(), before.lines().skip(1).collect::<Vec<_>>());
    }

    /// Waits for the end: the terminal is sane and the program's exit code is `code`.
    #[track_caller]
    fn assert_sane_after(&mut self, code: u8) {
        self.wait_until("over", |seen| !seen.parser.screen().alternate_screen() && ends(seen, "over"));
        let text = self.text();
        assert!(text.contains(&format!("exit={code}")), "{text}");
        assert!(self.file("before").contains("icanon"), "stty works here");
        self.assert_given_back("after");
        self.shell.wait().unwrap();
    }
}

fn ends(seen: &Seen, text: &str) -> bool {
    seen.parser.screen().contents().trim_end().ends_with(text)
}

// ---- the ways out -----------------------------------------------------------------------------------------------

#[test]
fn taken_at_all() {
    let mut pty = Pty::start(ONCE, &[]);
    {
        let seen = pty.seen.0.lock().unwrap();
        let screen = seen.parser.screen();
        assert!(screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste());
    }
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
        let seen = pty.seen.0.lock().unwrap();
        let screen = seen.parser.screen();
        assert!(screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste());
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
