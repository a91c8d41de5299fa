//! What the cockpit costs: the real binary in a pseudo-terminal of 200x50 on tests/rig.
//!
//! From a key to the bytes of its frame (at most 5 ms, median), and one idle minute (at most 50 ms of CPU by the
//! scheduler's account, of which six times as many fail, and 4 KB to the terminal). Needs tests/rig (`tests/rig/up`) without load on its demo route.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark may panic")]

use std::collections::HashMap;
use std::io::{Read, Write};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

#[path = "support/rig.rs"]
mod rig;

const KEYS: usize = 100;
const IDLE: Duration = Duration::from_mins(1);
const QUIET: Duration = Duration::from_millis(300);

fn main() -> ExitCode {
    let Some(env) = rig::env() else {
        println!("cockpit: skipped, no rig is up (tests/rig/up)");
        return ExitCode::SUCCESS;
    };
    let pty = native_pty_system()
        .openpty(PtySize { rows: 50, cols: 200, pixel_width: 0, pixel_height: 0 })
        .unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tidegate"));
    command.args(["--kubeconfig", &env["RIG_KUBECONFIG_ONCALL"], "-n", &env["RIG_DEMO_NAMESPACE"]]);
    command.args(["--prometheus", &env["RIG_PROMETHEUS_URL"]]);
    command.env("TERM", "xterm-256color");
    let mut child = pty.slave.spawn_command(command).unwrap();
    let pid = child.process_id().unwrap();
    let bytes = reader(pty.master.try_clone_reader().unwrap());
    let mut keys = pty.master.take_writer().unwrap();

    let mut opened = 0;
    while opened == 0 {
        opened += until_quiet(&bytes, Duration::from_secs(2));
    }
    let mut times: Vec<Duration> = Vec::new();
    for key in ["?", "\x1b"].iter().cycle().take(KEYS) {
        let began = Instant::now();
        keys.write_all(key.as_bytes()).unwrap();
        keys.flush().unwrap();
        bytes.recv_timeout(Duration::from_secs(5)).unwrap();
        times.push(began.elapsed());
        until_quiet(&bytes, QUIET);
    }
    times.sort();

    let (before, began) = (run_times(pid), Instant::now());
    let mut written = 0;
    while let Some(left) = IDLE.checked_sub(began.elapsed()) {
        match bytes.recv_timeout(left) {
            Ok(n) => written += n,
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => panic!("the cockpit ended"),
        }
    }
    let ran = |(thread, time): (&String, &Duration)| {
        time.saturating_sub(before.get(thread).copied().unwrap_or_default())
    };
    let busy: Duration = run_times(pid).iter().map(ran).sum();
    keys.write_all(b"q").unwrap();
    child.wait().unwrap();

    let (median, worst) = (times[KEYS / 2], times[KEYS * 95 / 100]);
    println!("cockpit at 200x50:");
    println!("  key to frame  median {median:?} (at most 5 ms), 95 % within {worst:?}, {KEYS} keys");
    println!(
        "  idle minute   {busy:.0?} of CPU (at most 50 ms), {written} bytes to the terminal (at most 4096)"
    );
    if median <= Duration::from_millis(5) && busy <= 6 * Duration::from_millis(50) && written <= 4096 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Reads what the program writes; one message a read, with its length.
fn reader(mut from: Box<dyn Read + Send>) -> Receiver<usize> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        let mut buffer = vec![0; 65536];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            if send.send(n).is_err() {
                break;
            }
        }
    });
    receive
}

/// Swallows output until there was none for `quiet`; how much there was.
fn until_quiet(bytes: &Receiver<usize>, quiet: Duration) -> usize {
    let mut seen = 0;
    while let Ok(n) = bytes.recv_timeout(quiet) {
        seen += n;
    }
    seen
}

/// How long each thread of a process has run, by the scheduler's account: clock ticks are too coarse for what idles.
fn run_times(pid: u32) -> HashMap<String, Duration> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let time = |thread: std::fs::DirEntry| {
        // One that has just ended has no more to tell.
        let account = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        let nanoseconds = account.split_whitespace().next()?.parse().ok()?;
        Some((thread.file_name().to_string_lossy().into_owned(), Duration::from_nanos(nanoseconds)))
    };
    threads.filter_map(Result::ok).filter_map(time).collect()
}
