//! A real Prometheus, started for one test.

use std::env;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::exporter::export;
use crate::replays::{Replay, Target};

/// It ends with the test.
pub struct Prometheus {
    address: SocketAddr,
    process: Child,
    _folder: TempDir,
}

impl Prometheus {
    /// Scrapes an exporter of each replay once a second.
    pub fn scraping(replays: &[Replay]) -> Self {
        let mut targets = String::new();
        for replay in replays {
            for Target { labels, counters } in &replay.targets {
                let address = export(counters.clone());
                let job = format!("{}-{}", replay.job, address.port());
                let labels: Vec<String> =
                    labels.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
                let labels = labels.join(", ");
                let target = format!("{{targets: [\"{address}\"], labels: {{{labels}}}}}");
                writeln!(targets, "- {{job_name: {job}, static_configs: [{target}]}}").unwrap();
            }
        }
        Self::start(&targets)
    }

    /// Scrapes these addresses once a second.
    pub fn of(addresses: &[SocketAddr]) -> Self {
        let targets: Vec<String> = addresses.iter().map(|address| format!("\"{address}\"")).collect();
        Self::start(&format!(
            "- {{job_name: envoy, static_configs: [{{targets: [{}]}}]}}",
            targets.join(", ")
        ))
    }

    fn start(targets: &str) -> Self {
        let program = env::var("RIG_PROMETHEUS")
            .unwrap_or_else(|_| panic!("RIG_PROMETHEUS is not set: source the env file of tests/rig/up"));
        let folder = tempfile::tempdir().unwrap();
        let config =
            format!("global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n{targets}");
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, config).unwrap();
        // Nobody else takes a port that was just free.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let process = Command::new(program)
            .arg("--config.file")
            .arg(&file)
            .arg("--storage.tsdb.path")
            .arg(folder.path().join("data"))
            .args(["--web.listen-address", &address.to_string(), "--log.level", "error"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let prometheus = Self { address, process, _folder: folder };
        let end = Instant::now() + Duration::from_mins(1);
        while !prometheus.get("/-/ready").is_some_and(|answer| answer.starts_with("HTTP/1.0 200")) {
            assert!(Instant::now() < end, "Prometheus is not ready");
            std::thread::sleep(Duration::from_millis(100));
        }
        prometheus
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The value of a query that has one.
    pub fn value(&self, query: &str) -> f64 {
        let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let answer = self.get(&format!("/api/v1/query?query={query}")).unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let document: Value = serde_json::from_str(body).unwrap();
        let value = &document["data"]["result"][0]["value"][1];
        value.as_str().unwrap_or_else(|| panic!("{query}: {document}")).parse().unwrap()
    }

    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
