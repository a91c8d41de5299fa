//! The real binary with a home of its own, and what it said.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::server::Server;

/// No run may take longer: a verb gives up on a silent server after 10 s.
const DEADLINE: Duration = Duration::from_secs(30);

/// A home directory, with a kubeconfig if there is a server.
pub struct Home {
    folder: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    pub exit: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Home {
    /// A home without a kubeconfig.
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A home whose kubeconfig's current context `rig` leads to `server`, namespace `shop`.
    pub fn with(server: Server) -> Self {
        let home = Self::empty();
        home.write(".kube/config", &kubeconfig(server, "current-context: rig"));
        home
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Runs the program; nothing of the caller's environment reaches it.
    pub fn run(&self, args: &[&str]) -> Run {
        self.run_with(args, &[])
    }

    pub fn run_with(&self, args: &[&str], env: &[(&str, &str)]) -> Run {
        let child = Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .args(args)
            .env_clear()
            .env("HOME", self.path())
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, receiver) = channel();
        thread::spawn(move || sender.send(child.wait_with_output()));
        let output = receiver.recv_timeout(DEADLINE).expect("the program ends in time").unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { exit: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs the program, which must refuse with this exit code and `error: MESSAGE`, the whole of it.
    pub fn refuses(&self, args: &[&str], exit: i32, message: &str) {
        let run = self.run(args);
        assert_eq!(run.err.trim_end(), format!("error: {message}"), "{args:?}");
        assert_eq!(run.exit, Some(exit), "{args:?}");
    }

    /// As [`Home::refuses`], for what the parser of arguments refuses: it adds how to get help.
    pub fn refuses_argument(&self, args: &[&str], message: &str) {
        let message = format!("{message}\n\nFor more information, try '--help'.");
        self.refuses(args, 2, &message);
    }
}

/// A kubeconfig with the context `rig`.
pub fn kubeconfig(server: Server, current: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\n{current}\n\
         clusters: [{{name: c, cluster: {{server: '{}'}}}}]\n\
         users: [{{name: u, user: {{}}}}]\n\
         contexts: [{{name: rig, context: {{cluster: c, user: u, namespace: shop}}}}]\n",
        server.url()
    )
}
