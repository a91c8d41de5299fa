//! The real program in a pseudo-terminal.

use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;
use std::{fmt, fs, thread};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::program::{BINARY, Person};
use crate::rig::{DEADLINE, now_ms};

/// Runs the program, and tells about the terminal before and after.
const SCRIPT: &str = r#"
stty -a >"$HOME/before"
sh -c 'echo $$ >"$HOME/pid"; exec "$@"' sh "$@"
echo $? >"$HOME/exit"
stty -a >"$HOME/after"
echo over"#;
/// Columns and rows.
const SIZE: (u16, u16) = (120, 40);
const FRAME_BEGIN: &[u8] = b"\x1b[?2026h";
const FRAME_END: &[u8] = b"\x1b[?2026l";

/// A screen that was shown, and since when.
#[derive(Clone)]
pub struct Shown {
    pub at: u64,
    pub text: String,
}

/// What the terminal shows, and showed.
struct Seen {
    parser: vt100::Parser,
    screens: Vec<Shown>,
    bytes: u64,
    reading: bool,
    unparsed: Vec<u8>,
}

impl Seen {
    /// Keeps every whole frame: a half-drawn one is a state that nobody sees.
    fn take(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.unparsed.extend_from_slice(bytes);
        while let Some(end) = find(&self.unparsed, FRAME_END) {
            let rest = self.unparsed.split_off(end + FRAME_END.len());
            self.parser.process(&self.unparsed);
            self.unparsed = rest;
            self.keep();
        }
        if find(&self.unparsed, FRAME_BEGIN).is_none() && !ends_within(&self.unparsed, FRAME_BEGIN) {
            self.parser.process(&self.unparsed);
            self.unparsed.clear();
            self.keep();
        }
    }

    fn keep(&mut self) {
        let contents = self.parser.screen().contents();
        let lines: Vec<&str> = contents.lines().map(str::trim_end).collect();
        let text = lines.join("\n").trim_end().to_owned();
        if self.screens.last().is_none_or(|last| last.text != text) {
            self.screens.push(Shown { at: now_ms(), text });
        }
    }

    fn text(&self) -> &str {
        self.screens.last().map_or("", |last| &last.text)
    }
}

/// The row of a route in the list: the first line that names it.
pub fn row<'a>(screen: &'a str, route: &str) -> &'a str {
    screen.lines().find(|line| line.split_whitespace().any(|word| word == route)).unwrap_or_default()
}

/// The upper part of the dialog on a screen: what must be read.
pub fn dialog(screen: &str) -> String {
    let inside = |line: &str| Some(line.split_once('│')?.1.rsplit_once('│')?.0.trim().to_owned());
    let lines: Vec<String> =
        screen.lines().filter_map(inside).take_while(|line| !line.starts_with('─')).collect();
    lines.join("\n").trim_end().to_owned()
}

/// Whether a screen shows `text`, wherever lines are broken and however wide columns are.
fn shows(screen: &str, text: &str) -> bool {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    squeezed(screen).contains(&squeezed(text))
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// Whether `bytes` end in the midst of `what`.
fn ends_within(bytes: &[u8], what: &[u8]) -> bool {
    (1..what.len()).any(|part| bytes.ends_with(&what[..part]))
}

/// The cockpit of a person.
pub struct Cockpit {
    person: Person,
    pty: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    shell: Box<dyn Child + Send + Sync>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

impl Cockpit {
    /// Opens a cockpit.
    pub fn open(person: Person) -> Self {
        Self::start(person, &[], &[])
    }

    /// Runs a verb that asks before it writes.
    pub fn ask(person: Person, arguments: &[&str]) -> Self {
        Self::start(person, &[], arguments)
    }

    /// Opens a cockpit with more variables in its environment.
    pub fn open_with(person: Person, variables: &[(&str, &str)]) -> Self {
        Self::start(person, variables, &[])
    }

    fn start(person: Person, variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let (columns, rows) = SIZE;
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new("sh");
        command.env_clear();
        for (name, value) in person.environment() {
            command.env(name, value);
        }
        command.env("TERM", "xterm-256color");
        for (name, value) in variables {
            command.env(name, value);
        }
        command.args(["-c", SCRIPT, "sh", BINARY]);
        command.args(person.flags());
        command.args(arguments);
        let shell = pair.slave.spawn_command(command).expect("a shell starts");
        let reader = pair.master.try_clone_reader().expect("a reader");
        let keyboard = pair.master.take_writer().expect("a writer");
        let width = columns.try_into().expect("not 0");
        let height = rows.try_into().expect("not 0");
        let seen = Seen {
            parser: vt100::Parser::new(height, width, 0),
            screens: Vec::new(),
            bytes: 0,
            reading: true,
            unparsed: Vec::new(),
        };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let shared = Arc::clone(&seen);
        thread::spawn(move || read(reader, &shared));
        Self { person, pty: pair.master, keyboard, shell, seen }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().expect("no panic under the lock")
    }

    /// The person whose cockpit this is.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// What the screen shows now.
    pub fn screen(&self) -> String {
        self.seen().text().to_owned()
    }

    /// Every screen since `since`, the one that was up then first.
    pub fn screens(&self, since: u64) -> Vec<Shown> {
        let seen = self.seen();
        let from = seen.screens.partition_point(|shown| shown.at <= since).saturating_sub(1);
        seen.screens[from..].to_vec()
    }

    /// The first screen since `since` that shows `text`, even if it is gone by now.
    pub fn shown(&self, text: &str, since: u64) -> Option<Shown> {
        self.screens(since).into_iter().find(|shown| shows(&shown.text, text))
    }

    /// Bytes that the program has sent to the terminal.
    pub fn bytes(&self) -> u64 {
        self.seen().bytes
    }

    /// Presses keys: all of them in one write.
    pub fn send(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// Waits until the screen shows `text`.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_for_within(text, DEADLINE)
    }

    /// Waits until the screen shows `text`.
    #[track_caller]
    pub fn wait_for_within(&self, text: &str, limit: Duration) -> String {
        self.wait_until(&format!("`{text}`"), limit, |screen| shows(screen, text))
    }

    /// Waits until the row of `route` shows rates, as everything that judges by metrics needs them.
    #[track_caller]
    pub fn wait_rates(&self, route: &str) -> String {
        self.wait_until("a row with rates", DEADLINE, |screen| row(screen, route).contains('%'))
    }

    /// Presses `s` and waits until a dialog with this destination takes `y`; a gate that holds gets a reason.
    #[track_caller]
    pub fn open_step(&mut self, destination: &str) -> String {
        self.send("s");
        self.arm(destination)
    }

    /// Waits until the dialog that opens has this destination and takes `y`; a gate that holds gets a reason.
    #[track_caller]
    pub fn arm(&mut self, destination: &str) -> String {
        const ARMED: &str = "y confirm    n decline";
        let opened = self.wait_until(&format!("a dialog to {destination}"), DEADLINE, |screen| {
            let prepared = screen.contains(ARMED) || screen.contains("y (after ");
            screen.contains(&format!("-> {destination}")) && prepared
        });
        if opened.contains(ARMED) {
            return opened;
        }
        self.send("1");
        self.wait_until("an armed dialog", DEADLINE, |screen| screen.contains(ARMED))
    }

    /// Waits until the screen is as wanted.
    #[track_caller]
    pub fn wait_until(&self, what: &str, limit: Duration, wanted: impl Fn(&str) -> bool) -> String {
        let waiting = |seen: &mut Seen| seen.reading && !wanted(seen.text());
        let (seen, _) = self.seen.1.wait_timeout_while(self.seen(), limit, waiting).expect("no panic");
        let text = seen.text().to_owned();
        let over = if seen.reading { "" } else { " (the program has ended)" };
        drop(seen);
        assert!(wanted(&text), "{what} did not come within {limit:?}{over}");
        text
    }

    /// Waits until `text` was shown at some time since `since`, even if only for one frame.
    #[track_caller]
    pub fn wait_shown(&self, text: &str, since: u64, limit: Duration) -> Shown {
        self.wait_any(&[text], since, limit)
    }

    /// Waits until one of `texts` was shown at some time since `since`, even if only for one frame.
    #[track_caller]
    pub fn wait_any(&self, texts: &[&str], since: u64, limit: Duration) -> Shown {
        let was_shown = |seen: &Seen| {
            let from = seen.screens.partition_point(|shown| shown.at <= since).saturating_sub(1);
            let screens = seen.screens[from..].iter();
            screens.clone().find(|shown| texts.iter().any(|text| shows(&shown.text, text))).cloned()
        };
        let waiting = |seen: &mut Seen| seen.reading && was_shown(seen).is_none();
        let (seen, _) = self.seen.1.wait_timeout_while(self.seen(), limit, waiting).expect("no panic");
        let found = was_shown(&seen);
        drop(seen);
        found.unwrap_or_else(|| panic!("{texts:?}: none was shown within {limit:?}"))
    }

    /// Process id of the program.
    pub fn pid(&self) -> i32 {
        let file = fs::read_to_string(self.person.home().join("pid")).expect("the program has started");
        file.trim().parse().expect("a number")
    }

    /// Sends a signal to the program.
    pub fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let done = std::process::Command::new("kill").args(["-s", name, &pid]).status();
        assert!(done.expect("kill runs").success(), "signal {name} to {pid}");
    }

    /// Waits until the program has ended.
    #[track_caller]
    pub fn wait_end(mut self) -> End {
        self.wait_for("over");
        let _ = self.shell.wait();
        let read =
            |name: &str| fs::read_to_string(self.person.home().join(name)).expect("the shell wrote it");
        let seen = self.seen();
        let screen = seen.parser.screen();
        End {
            code: read("exit").trim().parse().expect("a number"),
            before: read("before"),
            after: read("after"),
            alternate_screen: screen.alternate_screen(),
            cursor_hidden: screen.hide_cursor(),
            bracketed_paste: screen.bracketed_paste(),
            screen: seen.text().to_owned(),
        }
    }
}

/// The terminal when the program is gone.
#[derive(Debug)]
pub struct End {
    pub code: i32,
    /// What `stty -a` said before and after.
    pub before: String,
    pub after: String,
    pub alternate_screen: bool,
    pub cursor_hidden: bool,
    pub bracketed_paste: bool,
    pub screen: String,
}

fn read(mut from: Box<dyn Read + Send>, seen: &(Mutex<Seen>, Condvar)) {
    let mut buffer = vec![0; 65536];
    loop {
        // At the end Linux says EIO.
        let read = from.read(&mut buffer).unwrap_or(0);
        let mut locked = seen.0.lock().expect("no panic under the lock");
        if read == 0 {
            locked.reading = false;
        } else {
            locked.take(&buffer[..read]);
        }
        seen.1.notify_all();
        if read == 0 {
            return;
        }
    }
}

/// For a test that failed: the screen, and what the program wrote down.
impl fmt::Display for Cockpit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.pty.get_size().unwrap_or_default();
        writeln!(f, "==== the screen ({}x{})", size.cols, size.rows)?;
        writeln!(f, "{}", self.screen())?;
        writeln!(f, "==== what it wrote down\n{}", self.person.traces())
    }
}

impl Drop for Cockpit {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{self}");
        }
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
