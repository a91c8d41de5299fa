//! The real binary with a home of its own, and what it said.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
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

    /// Runs the program in a terminal, on which `early` was typed before it starts; once it has printed `question`,
    /// `answer` is typed.
    pub fn run_in_terminal(&self, args: &[&str], early: &str, question: &str, answer: &str) -> Run {
        let size = PtySize { rows: 24, cols: 200, pixel_width: 0, pixel_height: 0 };
        let ends = native_pty_system().openpty(size).unwrap();
        let mut keyboard = ends.master.take_writer().unwrap();
        keyboard.write_all(early.as_bytes()).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tidegate"));
        command.args(args);
        command.env_clear();
        command.env("HOME", self.path());
        let mut child = ends.slave.spawn_command(command).unwrap();
        // The last one who holds the terminal open must be the program.
        drop(ends.slave);
        let mut screen = ends.master.try_clone_reader().unwrap();
        let (sender, receiver) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = screen.read(&mut bytes) {
                if sender.send(String::from_utf8_lossy(&bytes[..read]).into_owned()).is_err() {
                    return;
                }
            }
        });
        let (mut out, mut asked) = (String::new(), false);
        let end = Instant::now() + DEADLINE;
        loop {
            match receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(text) => out += &text,
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it goes on: {out}"),
            }
            if !asked && out.contains(question) {
                asked = true;
                keyboard.write_all(answer.as_bytes()).unwrap();
            }
        }
        let code = child.wait().unwrap().exit_code();
        Run { exit: i32::try_from(code).ok(), out, err: String::new() }
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
