//! Alerts of a real Prometheus that fire on a route: beside its split, and at its gate.

use serde_json::{Value, json};

use crate::changes::line;
use crate::cockpit::Cockpit;
use crate::load::Load;
use crate::program::Person;
use crate::prometheus::{Prometheus, envoy, scrape};
use crate::rig::{Space, wait_for};

/// Two alerts on requests of the split: a critical one that names the route, when they are many, and one that names the
/// namespace, when there are any.
fn rules(space: &Space) -> String {
    let namespace = &space.name;
    let rate = format!(
        "sum(rate(envoy_cluster_upstream_rq_xx{{envoy_cluster_name=~'{namespace}_checkout-.*'}}[6s]))"
    );
    format!(
        r#"groups:
- name: traffic
  rules:
  - alert: Crowded
    expr: {rate} > 200
    labels: {{severity: critical, httproute: checkout, namespace: {namespace}}}
  - alert: Visited
    expr: {rate} > 1
    labels: {{severity: warning, namespace: {namespace}}}
"#
    )
}

/// Asks the gate until its check of alerts says so; the line of it.
#[track_caller]
fn alerts(person: &Person, wanted: &str) -> String {
    let said = wait_for(&format!("alerts that are `{wanted}`"), || {
        let said = person.run(&["step", "checkout", "--dry-run"]).exits(0).stdout;
        said.contains(wanted).then_some(said)
    });
    let line = line(&said, "  alerts ");
    println!("{line}");
    assert!(line.ends_with(wanted), "{line}");
    line
}

#[test]
fn a_critical_alert_on_the_route_holds_and_one_nearby_is_shown() {
    let space = Space::new("90/10");
    let rules = rules(&space);
    let settings = scrape(envoy(), "rule_files: [DIR/rules.yml]");
    let prometheus = Prometheus::with_files(&settings, &[], &[("rules.yml", &rules)]);
    let ask = || Person::oncall(&space).asking(&prometheus.url());
    let person = ask();
    assert!(alerts(&person, "none fires on this route, its Services or namespace").contains(" pass "));
    let _few = Load::start(&space.host, 50, &[]);
    assert!(alerts(&person, "not critical here: Visited in this namespace").contains(" pass "));

    let mut cockpit = Cockpit::open(ask());
    cockpit.wait_for("90/10");
    cockpit.send("\r");
    let many = Load::start(&space.host, 400, &[]);
    assert!(alerts(&person, "critical: Crowded on this route").contains(" hold "));
    let shown = person.run(&["show", "checkout", "-o", "json"]).exits(0).json();
    println!("{}", shown["alerts"]);
    let crowded = json!({"about": "route", "name": "Crowded", "severity": "critical"});
    let visited = json!({"about": "namespace", "name": "Visited", "severity": "warning"});
    assert_eq!(shown["alerts"], Value::from(vec![crowded, visited]));
    println!("{}", line(&cockpit.wait_for("Crowded on this route"), "Crowded"));
    drop(many);
    assert!(alerts(&person, "not critical here: Visited in this namespace").contains(" pass "));
}
