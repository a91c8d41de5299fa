//! What a real Prometheus in trouble does to a rollout: the gate holds, nothing is proven, and each trouble has its words.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::load::Load;
use crate::program::{Person, Verb};
use crate::prometheus::{Passage, Prometheus, envoy, scrape};
use crate::rig::{DEADLINE, Space, now_ms, wait_for};

/// Somebody may log in, but nobody knows how.
const LOGIN: &str =
    "basic_auth_users: {oncall: '$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay'}\n";

/// Makes NaN of the requests of every backend, under the names of the real ones.
const RULES: &str = "groups:\n- name: nan\n  rules:\n  \
    - {record: envoy_cluster_upstream_rq_xx, expr: raw_envoy_cluster_upstream_rq_xx * NaN}\n";
const RAW: &str = "  metric_relabel_configs: [{source_labels: [__name__], regex: '(.*)', \
    target_label: __name__, replacement: 'raw_$1'}]\nrule_files: [DIR/rules.yml]";

/// What three verbs say at the same time.
struct Said {
    gate: Verb,
    proof: Verb,
    list: Verb,
}

fn ask(person: &Person, provider: &str) -> Said {
    let run = |verb: &[&str]| person.run(&[verb, &["--provider", provider, "-o", "json"]].concat());
    thread::scope(|scope| {
        let gate = scope.spawn(|| run(&["step", "checkout", "--dry-run"]));
        let proof = scope.spawn(|| run(&["verify", "checkout", "--expect", "90/10"]));
        let list = scope.spawn(|| run(&["list"]));
        let [gate, proof, list] = [gate, proof, list].map(|verb| verb.join().expect("no panic"));
        Said { gate, proof, list }
    })
}

/// Waits until the gate no longer passes on what was counted before; it never fails.
fn wait_held(person: &Person, provider: &str, at_gate: &str) {
    let step = ["step", "checkout", "--dry-run", "--provider", provider];
    wait_for(&format!("`{at_gate}` at the gate"), || {
        let said = person.run(&step).said();
        assert_ne!(verdict(&said), Some("fail"), "{said}");
        said.contains(at_gate).then_some(())
    });
}

/// The verdict of the gate.
pub fn verdict(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.strip_prefix("gate: "))
}

/// What is wrong with what was said of a Prometheus in `trouble`, of which each verb has to say its words; nothing is
/// decided, and no number shown.
fn wrong(trouble: &str, said: &Said, [at_gate, at_proof, in_list]: [&str; 3]) -> Vec<String> {
    let Said { gate, proof, list } = said;
    let mut wrong = Vec::new();
    let mut wants = |right: bool, what: String| {
        if !right {
            wrong.push(format!("{trouble}: {what}"));
        }
    };
    // Whose address cannot be right is told so before anything is judged.
    let refused = gate.code == 2;
    let held = matches!(verdict(&gate.stderr), Some("no data" | "hold"));
    wants(if refused { verdict(&gate.stderr).is_none() } else { held }, format!("the gate says {gate:?}"));
    wants(gate.stderr.contains(at_gate), format!("no `{at_gate}` at the gate: {gate:?}"));
    let unproven = proof.code == 5 && proof.json()["ending"] == "unproven";
    wants(if refused { proof.code == 2 } else { unproven }, format!("the proof says {proof:?}"));
    wants(proof.said().contains(at_proof), format!("no `{at_proof}` at the proof: {proof:?}"));
    wants(list.said().contains(in_list), format!("no `{in_list}` in the list: {list:?}"));
    // What has just ended is in the newest minute of the rows.
    if list.code == 0 && !in_list.is_empty() {
        let document = list.json();
        let backends = document["splits"][0]["backends"].as_array().cloned().unwrap_or_default();
        let silent = |backend: &Value| backend["observedShare"].is_null() && backend["errorRate"].is_null();
        wants(backends.len() == 2 && backends.iter().all(silent), format!("the list has numbers: {list:?}"));
    }
    println!("{trouble}\n  gate {:?}", verdict(&gate.stderr).unwrap_or("refused"));
    println!("  proof {}", proof.ending());
    wrong
}

/// Asks the gate until it passes; how many requests of the canary it counted.
#[track_caller]
fn passes(person: &Person) -> u64 {
    let end = Instant::now() + DEADLINE;
    loop {
        let said = person.run(&["step", "checkout", "--dry-run"]).exits(0).stdout;
        assert!(!said.contains("gate: fail"), "{said}");
        if said.contains("gate: pass") {
            return judged(&said).unwrap_or_else(|| panic!("no count in {said}"));
        }
        assert!(Instant::now() < end, "the gate does not pass:\n{said}");
        // There is nothing to wait on but the next scrape.
        thread::sleep(Duration::from_millis(500));
    }
}

/// Of how many requests the errors of the canary were judged.
pub fn judged(said: &str) -> Option<u64> {
    // `  errors      pass            0 % of 2240 failed, stable 0 %`
    let line = said.lines().find(|line| line.starts_with("  errors "))?;
    let words = line.split_once(" failed")?.0;
    words.rsplit(' ').next()?.parse().ok()
}

#[test]
fn in_whatever_trouble_it_holds_and_nothing_is_lost_when_it_is_over() {
    let space = Space::new("90/10");
    space.annotate("tidegate.dev/gate.bake", "5s");
    let load = Load::start(&space.host, 200, &[]);
    let healthy = || {
        let web = [("web.yml", "")];
        Prometheus::with_files(&scrape(envoy(), ""), &["--web.config.file=DIR/web.yml"], &web)
    };
    let [hanging, mut killed, locked] = [healthy(), healthy(), healthy()];
    let small = Prometheus::scraping(Some(envoy()), &["--query.max-samples=5"]);
    let empty = Prometheus::scraping(None, &[]);
    let rules = [("rules.yml", RULES)];
    let nan = Prometheus::with_files(&(scrape(envoy(), "") + RAW), &[], &rules);
    let passage = Passage::to(envoy());
    let old = Prometheus::scraping(Some(&passage.entrance), &[]);
    let person = |url: &str| Person::oncall(&space).asking(url).patient("1s");
    let well = [&hanging, &killed, &locked].map(|prometheus| person(&prometheus.url()));
    let before = well.each_ref().map(passes);
    // That one has seen the requests as the others did.
    wait_for("samples of what is to end", || {
        let list = person(&old.url()).run(&["list", "-o", "json"]).exits(0).json();
        list["splits"][0]["backends"][1]["requestsPerSecond"].as_f64()
    });

    let began = now_ms();
    drop(passage);
    hanging.signal("STOP");
    killed.kill();
    fs::write(locked.file("web.yml"), LOGIN).expect("a file");
    let login = "kube://monitoring/prometheus:9090/consoles";
    let [silent, again] = ["did not answer within 10 s", "no answer from the metrics within 8 s"];
    let [refused, locked_out] = ["nothing listens at", "wants another login (401)"];
    let [many, unknown] =
        ["rejected a query (422): query processing would load", "has no metrics tidegate knows"];
    let table: [(&str, String, &str, [&str; 3]); 9] = [
        ("hangs", hanging.url(), "auto", [again, silent, silent]),
        ("killed", killed.url(), "auto", [refused; 3]),
        ("wants a login", locked.url(), "auto", [locked_out; 3]),
        ("rejects", small.url(), "auto", [many; 3]),
        ("web page", login.to_owned(), "auto", ["answered with a web page"; 3]),
        ("empty", empty.url(), "auto", [unknown; 3]),
        (
            "not a number",
            nan.url(),
            "auto",
            ["nothing was counted", "no traffic to judge", "is not a number"],
        ),
        ("target gone", old.url(), "auto", [unknown; 3]),
        ("old samples", old.url(), "contour", ["no data         newest sample is", "is down", ""]),
    ];
    let wrong: Vec<String> = thread::scope(|scope| {
        let asked = table.map(|(trouble, url, provider, words)| {
            let person = person(&url);
            scope.spawn(move || {
                wait_held(&person, provider, words[0]);
                wrong(trouble, &ask(&person, provider), words)
            })
        });
        asked.into_iter().flat_map(|asked| asked.join().expect("no panic")).collect()
    });
    let meanwhile = load.since(began);
    hanging.signal("CONT");
    killed.start_again();
    fs::write(locked.file("web.yml"), "").expect("a file");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let after = well.each_ref().map(passes);
    let all = load.since(0);
    println!(
        "counted {before:?}, then {after:?}; the client counted {meanwhile:?} meanwhile, {all:?} in all"
    );
    for (before, after) in before.into_iter().zip(after) {
        assert!(after - before >= meanwhile.canary, "{before} and {meanwhile:?}, not {after}");
        assert!(after <= all.canary, "{after} of {all:?}: some are counted twice");
    }
}
