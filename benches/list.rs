//! `tidegate list --no-metrics` beside `kubectl get httproutes -A`, on the same API server with 1,000 routes:
//! wall time and peak memory as ratios, measured in turns in one run.
//!
//! Needs tests/rig (`tests/rig/up`) and python3, which reads the peak memory of a child. Fails when tidegate is
//! slower than kubectl or uses more than half its memory.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark may panic")]

use std::io::Write;
use std::process::{Command, ExitCode, Stdio};

#[path = "support/rig.rs"]
mod rig;

const ROUTES: usize = 1000;
const TURNS: usize = 9;
const NAMESPACE: &str = "tidegate-bench";

/// Runs the arguments with output thrown away; prints seconds and KiB at the peak.
const MEASURE: &str = "
import resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
";

fn main() -> ExitCode {
    let Some(env) = rig::env() else {
        println!("list: skipped, no rig is up (tests/rig/up)");
        return ExitCode::SUCCESS;
    };
    let kubectl = |args: &[&str]| {
        let mut command = Command::new(&env["RIG_KUBECTL"]);
        command.arg("--kubeconfig").arg(&env["RIG_KUBECONFIG_ADMIN"]).args(args);
        command
    };
    let quietly = |args: &[&str]| kubectl(args).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    quietly(&["create", "namespace", NAMESPACE]);
    let mut apply = kubectl(&["apply", "--server-side", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    apply.stdin.take().unwrap().write_all(routes().as_bytes()).unwrap();
    assert!(apply.wait().unwrap().success(), "the routes could not be made");

    let tidegate = env!("CARGO_BIN_EXE_tidegate");
    let kubeconfig = env["RIG_KUBECONFIG_ADMIN"].as_str();
    let ours = [tidegate, "--kubeconfig", kubeconfig, "list", "-A", "--no-metrics"];
    let theirs = [env["RIG_KUBECTL"].as_str(), "--kubeconfig", kubeconfig, "get", "httproutes", "-A"];
    let mut runs = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        runs.0.push(measure(&ours));
        runs.1.push(measure(&theirs));
    }
    quietly(&["delete", "httproutes", "--all", "-n", NAMESPACE, "--wait=false"]);
    quietly(&["delete", "namespace", NAMESPACE, "--wait=false"]);

    let (our_time, our_memory) = medians(runs.0);
    let (their_time, their_memory) = medians(runs.1);
    println!("list, {ROUTES} routes, median of {TURNS}:");
    println!("  tidegate list --no-metrics  {our_time:.3} s  {:.1} MiB", our_memory / 1024.0);
    println!("  kubectl get httproutes -A   {their_time:.3} s  {:.1} MiB", their_memory / 1024.0);
    let (time, memory) = (our_time / their_time, our_memory / their_memory);
    println!("  ratio: time {time:.2} (at most 1), memory {memory:.2} (at most 0.5)");
    if time <= 1.0 && memory <= 0.5 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn routes() -> String {
    let route = |n: usize| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
             metadata: {{name: route-{n:04}, namespace: {NAMESPACE}, labels: {{app: bench}}}}\n\
             spec:\n  parentRefs: [{{name: none, namespace: {NAMESPACE}}}]\n  hostnames: [route-{n}.example]\n  rules:\n  \
             - backendRefs: [{{name: app-{n}-stable, port: 80, weight: 95}}, {{name: app-{n}-canary, port: 80, weight: 5}}]\n"
        )
    };
    (0..ROUTES).map(route).collect::<Vec<_>>().join("---\n")
}

fn measure(command: &[&str]) -> (f64, f64) {
    let output = Command::new("python3")
        .args(["-c", MEASURE])
        .args(command)
        .stderr(Stdio::inherit())
        .output()
        .expect("python3 runs");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut numbers = text.split_whitespace().map(|number| number.parse::<f64>().unwrap());
    (numbers.next().expect("the command ran"), numbers.next().unwrap())
}

fn medians(runs: Vec<(f64, f64)>) -> (f64, f64) {
    let (mut times, mut memory): (Vec<f64>, Vec<f64>) = runs.into_iter().unzip();
    times.sort_by(f64::total_cmp);
    memory.sort_by(f64::total_cmp);
    (times[TURNS / 2], memory[TURNS / 2])
}
