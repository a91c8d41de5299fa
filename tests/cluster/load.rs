//! The load client: it counts by itself which version answered.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde::Deserialize;

use crate::rig::{Space, var};

/// One line of the load client: all counts since it began.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    unix_ms: u64,
    errors: u64,
    status: BTreeMap<String, u64>,
    versions: BTreeMap<String, Version>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    count: u64,
    last_unix_ms: u64,
}

/// What was counted between two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub stable: u64,
    pub canary: u64,
    /// Answers that were not 200, and requests without an answer.
    pub failed: u64,
}

impl Counts {
    pub fn total(self) -> u64 {
        self.stable + self.canary
    }

    /// Share of the canary, 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "counts of a test")]
    pub fn share(self) -> f64 {
        self.canary as f64 / self.total().max(1) as f64
    }

    /// Whether the canary's share may be `share`: within four standard deviations of independent draws.
    /// Envoy's weighted choice is such a draw.
    #[expect(clippy::cast_precision_loss, reason = "counts of a test")]
    pub fn agrees_with(self, share: f64) -> bool {
        let deviation = (share * (1.0 - share) / self.total().max(1) as f64).sqrt();
        (self.share() - share).abs() <= 4.0 * deviation
    }
}

type Shared = Arc<(Mutex<Vec<Line>>, Condvar)>;

/// Load on one host for as long as this lives.
pub struct Load {
    child: Child,
    lines: Shared,
}

impl Load {
    /// 400 requests a second on the host of `space`.
    pub fn on(space: &Space) -> Self {
        Self::start(&space.host, 400, &[])
    }

    /// `rps` requests a second on `host`, with more flags; it returns once a version has answered.
    pub fn start(host: &str, rps: u32, flags: &[&str]) -> Self {
        let rps = rps.to_string();
        let mut child = Command::new(var("RIG_LOAD"))
            .args(["--url", var("RIG_GATEWAY_URL"), "--host", host, "--rps", &rps, "--seconds", "300"])
            .args(flags)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the load client starts");
        let lines = Shared::default();
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let kept = Arc::clone(&lines);
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).expect("a line of the load client");
                kept.0.lock().expect("no panic under the lock").push(line);
                kept.1.notify_all();
            }
        });
        let load = Self { child, lines };
        load.wait("the first answers", |line| line.versions.values().any(|v| v.count > 0));
        load
    }

    fn wait(&self, what: &str, ready: impl Fn(&Line) -> bool) -> Line {
        let lines = self.lines.0.lock().expect("no panic under the lock");
        let limit = Duration::from_mins(1);
        let waiting = |lines: &mut Vec<Line>| !lines.last().is_some_and(&ready);
        let (lines, timeout) = self.lines.1.wait_timeout_while(lines, limit, waiting).expect("no panic");
        let last = lines.last().cloned().unwrap_or_default();
        assert!(!timeout.timed_out(), "load client: {what} did not come within {limit:?}: {last:?}");
        last
    }

    /// What was counted since the moment `since` (of [`crate::rig::now_ms`]), on the client's own clock.
    pub fn since(&self, since: u64) -> Counts {
        let lines = self.lines.0.lock().expect("no panic under the lock");
        let first = lines.iter().find(|line| line.unix_ms >= since).cloned();
        match (first, lines.last()) {
            (Some(first), Some(last)) => difference(&first, last),
            _ => Counts { stable: 0, canary: 0, failed: 0 },
        }
    }

    /// Waits until `requests` were answered since `since`, and tells what was counted.
    pub fn wait_requests(&self, requests: u64, since: u64) -> Counts {
        let first = self.wait("a line since then", |line| line.unix_ms >= since);
        let last =
            self.wait(&format!("{requests} requests"), |line| difference(&first, line).total() >= requests);
        difference(&first, &last)
    }

    /// Waits until the client's clock has passed `until`.
    pub fn wait_until(&self, until: u64) {
        self.wait("that moment", |line| line.unix_ms >= until);
    }

    /// When the canary last answered, in milliseconds since 1970.
    pub fn canary_last_seen(&self) -> Option<u64> {
        let lines = self.lines.0.lock().expect("no panic under the lock");
        lines.last()?.versions.get(var("RIG_CANARY_VERSION")).map(|version| version.last_unix_ms)
    }
}

fn difference(first: &Line, last: &Line) -> Counts {
    let count = |line: &Line, key| line.versions.get(var(key)).map_or(0, |version| version.count);
    let failed = |line: &Line| {
        line.errors + line.status.iter().filter(|(code, _)| *code != "200").map(|(_, n)| n).sum::<u64>()
    };
    Counts {
        stable: count(last, "RIG_STABLE_VERSION") - count(first, "RIG_STABLE_VERSION"),
        canary: count(last, "RIG_CANARY_VERSION") - count(first, "RIG_CANARY_VERSION"),
        failed: failed(last) - failed(first),
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
