//! The program under test: who runs it, with which settings, and its verbs.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::rig::{Space, var};

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
        Self { user, namespace: space.name.clone(), home }
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
            var("RIG_PROMETHEUS_URL"),
            "--settle",
            "3s",
            "--proof-timeout",
            "20s",
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
        variables
    }

    /// Runs a verb to its end.
    pub fn run(&self, arguments: &[&str]) -> Verb {
        let mut command = Command::new(BINARY);
        command.env_clear().envs(self.environment()).args(self.flags()).args(arguments);
        let Output { status, stdout, stderr } = command.output().expect("the program starts");
        Verb {
            code: status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
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

    /// All it said.
    pub fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}
