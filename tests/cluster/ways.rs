//! Without a word about Prometheus: it is found among the Services and asked through the API server.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::load::Load;
use crate::program::BINARY;
use crate::rig::{DEADLINE, Space, now_ms, var};

/// What a verb prints on standard output and standard error, for somebody who has a kubeconfig and nothing else.
fn told(space: &Space, home: &TempDir, arguments: &[&str]) -> (Value, String) {
    let output = Command::new(BINARY)
        .args(["--kubeconfig", var("RIG_KUBECONFIG_VIEWER"), "--namespace", &space.name])
        .args(arguments)
        .args(["-o", "json"])
        .env("XDG_STATE_HOME", home.path())
        .env("XDG_CONFIG_HOME", home.path())
        .env_remove("TIDEGATE_PROMETHEUS")
        .output()
        .expect("the program");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    (serde_json::from_slice(&output.stdout).expect("JSON"), said)
}

#[test]
fn a_kubeconfig_is_enough_for_numbers() {
    let space = Space::new("50/50");
    let home = TempDir::new().expect("a folder");
    let load = Load::on(&space);
    load.wait_requests(500, now_ms());
    let found = format!(
        "kube://{}/{}:{}",
        var("RIG_PROMETHEUS_NAMESPACE"),
        var("RIG_PROMETHEUS_SERVICE"),
        var("RIG_PROMETHEUS_PORT")
    );
    let end = Instant::now() + DEADLINE;
    let (list, said) = loop {
        let (list, said) = told(&space, &home, &["list"]);
        let rates = || list["splits"][0]["backends"].as_array().into_iter().flatten();
        if rates().all(|backend| backend["requestsPerSecond"].as_f64().is_some_and(|rate| rate > 1.0)) {
            break (list, said);
        }
        assert!(Instant::now() < end, "no numbers: {list}\n{said}");
        // There is nothing to wait on but the next scrape.
        thread::sleep(Duration::from_millis(200));
    };
    println!("{said}{list}");
    assert!(said.contains(&format!("numbers come from {found}, which was found in this cluster")), "{said}");
    let (show, _) = told(&space, &home, &["show", "checkout"]);
    assert_eq!(show["metrics"]["url"], found.as_str());
    assert_eq!(show["metrics"]["found"], true);
}

#[test]
fn who_wants_no_numbers_asks_nobody() {
    let space = Space::new("50/50");
    let home = TempDir::new().expect("a folder");
    let (show, said) = told(&space, &home, &["show", "checkout", "--prometheus", "none"]);
    assert_eq!((show["metrics"]["url"].as_str(), said.as_str()), (None, ""));
}
