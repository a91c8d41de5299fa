//! The terminal around the program.

use std::io::{Read, Write};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;
use std::{env, fs, thread};

use portable_pty::{CommandBuilder, PtyPair, PtySize, native_pty_system};
use tempfile::TempDir;

use super::DEADLINE;

/// Runs the program once, and tells about the terminal before and after.
pub const ONCE: &str = r#"
stty -a >"$TIDEGATE_TEST_FOLDER/before"
"$PROGRAM" program --exact --ignored --nocapture
echo "exit=$?"
stty -a >"$TIDEGATE_TEST_FOLDER/after"
echo over"#;

/// Runs it as a job of a shell. While it is stopped, a line is read that says what to do, and done.
pub const JOB: &str = r#"
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
pub struct Seen {
    pub parser: vt100::Parser,
    pub bytes: Vec<u8>,
    pub reading: bool,
}

pub struct Pty {
    pub folder: TempDir,
    /// Both ends: the kernel may drop the last words when the other one closes.
    pub ends: PtyPair,
    pub keyboard: Box<dyn Write + Send>,
    pub shell: Box<dyn portable_pty::Child + Send + Sync>,
    pub seen: Arc<(Mutex<Seen>, Condvar)>,
}

impl Pty {
    /// Starts `script` and waits for the first frame.
    pub fn start(script: &str, environment: &[(&str, &str)]) -> Self {
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

    pub fn wait_until(&self, what: &str, wanted: impl Fn(&Seen) -> bool) {
        let end = Instant::now() + DEADLINE;
        let mut seen = self.seen.0.lock().unwrap();
        while !wanted(&seen) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "never saw {what:?}:\n{}", seen.parser.screen().contents());
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    pub fn wait_for(&self, text: &str) {
        self.wait_until(text, |seen| seen.parser.screen().contents().contains(text));
    }

    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    pub fn text(&self) -> String {
        self.seen.0.lock().unwrap().parser.screen().contents()
    }

    pub fn all_bytes(&self) -> String {
        String::from_utf8_lossy(&self.seen.0.lock().unwrap().bytes).into_owned()
    }

    pub fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// The program's id, as it shows it.
    pub fn pid(&self) -> String {
        let text = self.text();
        let pid = text.lines().find_map(|line| line.strip_prefix("pid ")).unwrap();
        pid.trim().to_owned()
    }

    pub fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.pid()]).status().unwrap().success());
    }

    /// The screen is the program's.
    #[track_caller]
    pub fn assert_taken(&self) {
        let seen = self.seen.0.lock().unwrap();
        let screen = seen.parser.screen();
        assert!(screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste());
    }

    /// The screen is the user's again.
    #[track_caller]
    pub fn assert_given_back(&self, modes: &str) {
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
    pub fn assert_sane_after(&mut self, code: u8) {
        self.wait_until("over", |seen| !seen.parser.screen().alternate_screen() && ends(seen, "over"));
        let text = self.text();
        assert!(text.contains(&format!("exit={code}")), "{text}");
        assert!(self.file("before").contains("icanon"), "stty works here");
        self.assert_given_back("after");
        self.shell.wait().unwrap();
    }
}

pub fn ends(seen: &Seen, text: &str) -> bool {
    seen.parser.screen().contents().trim_end().ends_with(text)
}
