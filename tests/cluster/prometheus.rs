//! A Prometheus of a test's own: the real program, in whatever trouble the test gets it into.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::api;
use crate::rig::{var, wait_for};

/// A Prometheus, and the folder of its settings and data.
pub struct Prometheus {
    child: Child,
    port: u16,
    folder: TempDir,
    flags: Vec<String>,
}

impl Prometheus {
    /// One that scrapes `target` every 2 s as the rig's own does; nobody, if there is none.
    pub fn scraping(target: Option<&str>, flags: &[&str]) -> Self {
        let jobs = target.map(|target| scrape(target, "")).unwrap_or_default();
        Self::start(&jobs, flags)
    }

    /// One with these lines below its `global` settings. Files that these or the flags name lie in a folder of its own, in
    /// place of `DIR`.
    pub fn start(settings: &str, flags: &[&str]) -> Self {
        Self::with_files(settings, flags, &[])
    }

    /// As [`Self::start`], with more files in its folder.
    pub fn with_files(settings: &str, flags: &[&str], files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let here = |text: &str| text.replace("DIR", &folder.path().display().to_string());
        for (name, text) in files {
            fs::write(folder.path().join(name), here(text)).expect("a file");
        }
        let settings = here(settings);
        let global = "global: {scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 1s}";
        fs::write(folder.path().join("prometheus.yml"), format!("{global}\n{settings}")).expect("a file");
        let port = free_port();
        let flags: Vec<String> = flags.iter().map(|flag| here(flag)).collect();
        let child = spawn(folder.path(), port, &flags);
        let started = Self { child, port, folder, flags };
        started.wait_ready();
        started
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A file of its folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Ends it as a lack of memory would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again on the data that it has.
    pub fn start_again(&mut self) {
        self.child = spawn(self.folder.path(), self.port, &self.flags);
        self.wait_ready();
    }

    fn wait_ready(&self) {
        let url = format!("{}/-/ready", self.url());
        wait_for("a Prometheus that is ready", || {
            // It has settings that let nobody in, and answers all the same.
            let answer = api::block_on(api::http().get(&url).send()).ok()?;
            (answer.status().is_success() || answer.status() == 401).then_some(())
        });
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(folder: &Path, port: u16, flags: &[String]) -> Child {
    let at = |name: &str| folder.join(name).display().to_string();
    let log = File::create(folder.join("log")).expect("a log");
    Command::new(var("RIG_PROMETHEUS"))
        .args(["--config.file", &at("prometheus.yml"), "--storage.tsdb.path", &at("data")])
        .args(["--web.listen-address", &format!("127.0.0.1:{port}"), "--log.level", "warn"])
        .args(flags)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("Prometheus starts")
}

/// Settings to scrape `target`, with more settings of this job.
pub fn scrape(target: &str, more: &str) -> String {
    format!(
        "scrape_configs:\n- job_name: envoy\n  metrics_path: /stats/prometheus\n  \
         static_configs: [{{targets: ['{target}']}}]\n{more}"
    )
}

/// Host and port where the rig's Envoy shows its metrics.
pub fn envoy() -> &'static str {
    let url = var("RIG_ENVOY_STATS_URL").trim_start_matches("http://");
    url.split('/').next().expect("a host")
}

/// A passage to `to`, which is closed when this is dropped.
pub struct Passage {
    child: Child,
    /// Host and port of its entrance.
    pub entrance: String,
}

impl Passage {
    pub fn to(to: &str) -> Self {
        let entrance = format!("127.0.0.1:{}", free_port());
        let relay = Path::new(var("RIG_LOAD")).with_file_name("relay");
        let mut command = Command::new(relay);
        let child = command.args(["--listen", &entrance, "--to", to]).spawn().expect("the relay starts");
        Self { child, entrance }
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a program of the test's own.
pub fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let done = Command::new("kill").args(["-s", name, &pid]).status();
    assert!(done.expect("kill runs").success(), "signal {name} to {pid}");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}
