//! The program under test: who runs it, with which settings, and its verbs.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use serde_json::Value;
use tempfile::TempDir;

use crate::rig::{DEADLINE, Space, var};

/// The binary.
pub const BINARY: &str = env!("CARGO_BIN_EXE_tidegate");

/// A user of the rig.
#[derive(Debug, Clone, Copy)]
pub enum User {
    Oncall,
    Viewer,
}

/// One person at one machine: what the program is started with, and the folder of its journal and log.
pub struct Person {
    user: User,
    namespace: String,
    home: TempDir,
    prometheus: String,
    proof: &'static str,
    more: Vec<(&'static str, String)>,
}

impl Person {
    /// The on-call engineer, who looks at `space`.
    pub fn oncall(space: &Space) -> Self {
        Self::new(User::Oncall, space)
    }

    /// Somebody who may only look.
    pub fn viewer(space: &Space) -> Self {
        Self::new(User::Viewer, space)
    }

    fn new(user: User, space: &Space) -> Self {
        let home = TempDir::new().expect("a folder");
        let prometheus = var("RIG_PROMETHEUS_URL").to_owned();
        Self { user, namespace: space.name.clone(), home, prometheus, proof: "20s", more: Vec::new() }
    }

    /// The same with another source of numbers than the rig's.
    pub fn asking(self, prometheus: &str) -> Self {
        Self { prometheus: prometheus.to_owned(), ..self }
    }

    /// The same with another time-out of proofs than 20 s.
    pub fn patient(self, proof: &'static str) -> Self {
        Self { proof, ..self }
    }

    /// The same with another variable in the environment.
    pub fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.more.push((variable, value.to_owned()));
        self
    }

    /// Home, settings and state.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Everything the program writes down: journal and log.
    pub fn traces(&self) -> String {
        let mut text = String::new();
        let mut folders = vec![self.home.path().join("state")];
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir().into_iter().flatten().flatten() {
                if entry.path().is_dir() {
                    folders.push(entry.path());
                } else if let Ok(lines) = std::fs::read_to_string(entry.path()) {
                    text.extend(["--- ", &entry.path().to_string_lossy(), "\n", &lines]);
                }
            }
        }
        text
    }

    /// Flags that every start of the program gets.
    pub fn flags(&self) -> Vec<String> {
        let kubeconfig = match self.user {
            User::Oncall => var("RIG_KUBECONFIG_ONCALL"),
            User::Viewer => var("RIG_KUBECONFIG_VIEWER"),
        };
        let flags = [
            "--kubeconfig",
            kubeconfig,
            "--namespace",
            &self.namespace,
            "--prometheus",
            &self.prometheus,
            "--settle",
            "3s",
            "--proof-timeout",
            self.proof,
        ];
        flags.map(str::to_owned).to_vec()
    }

    /// The environment that every start of the program gets, on top of an empty one.
    pub fn environment(&self) -> Vec<(String, String)> {
        let folder = |name: &str| self.home.path().join(name).display().to_string();
        let mut variables = vec![
            ("HOME".to_owned(), folder("")),
            ("XDG_STATE_HOME".to_owned(), folder("state")),
            ("XDG_CONFIG_HOME".to_owned(), folder("config")),
            ("XDG_CACHE_HOME".to_owned(), folder("cache")),
        ];
        if let Ok(path) = std::env::var("PATH") {
            variables.push(("PATH".to_owned(), path));
        }
        variables.extend(self.more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        variables
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.env_clear().envs(self.environment()).args(self.flags()).args(arguments);
        command
    }

    /// Runs a verb to its end.
    pub fn run(&self, arguments: &[&str]) -> Verb {
        let Output { status, stdout, stderr } = self.command(arguments).output().expect("the program starts");
        Verb {
            code: status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }
}

/// A verb that runs, with `-o text`: all that it says is lines on standard output.
pub struct Running {
    child: Child,
    lines: Arc<(Mutex<Vec<String>>, Condvar)>,
    reader: Option<JoinHandle<()>>,
}

impl Person {
    /// Starts a verb.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let lines = Arc::<(Mutex<Vec<String>>, Condvar)>::default();
        let kept = Arc::clone(&lines);
        let reader = thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                kept.0.lock().expect("no panic under the lock").push(line);
                kept.1.notify_all();
            }
        });
        Running { child, lines, reader: Some(reader) }
    }
}

impl Running {
    /// Waits until it has said a line with `text`.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        let lines = self.lines.0.lock().expect("no panic under the lock");
        let said = |lines: &[String]| lines.iter().find(|line| line.contains(text)).cloned();
        let waiting = |lines: &mut Vec<String>| said(lines).is_none();
        let (lines, _) = self.lines.1.wait_timeout_while(lines, DEADLINE, waiting).expect("no panic");
        said(&lines).unwrap_or_else(|| panic!("`{text}` was not said within {DEADLINE:?}: {lines:#?}"))
    }

    /// Waits for its end: the code, and all that it said.
    pub fn wait_end(mut self) -> (i32, String) {
        let status = self.child.wait().expect("it ends");
        self.reader.take().map(JoinHandle::join);
        let lines = self.lines.0.lock().expect("no panic under the lock");
        (status.code().unwrap_or(-1), lines.join("\n"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a verb ended.
#[derive(Debug)]
pub struct Verb {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Verb {
    /// Demands this exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// What it printed, as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }

    /// The words of its ending, where it came so far.
    pub fn ending(&self) -> String {
        let found: Option<Value> = serde_json::from_str(&self.stdout).ok();
        found.map_or_else(|| self.said(), |found| format!("{}: {}", found["ending"], found["words"]))
    }

    /// All it said.
    pub fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}
