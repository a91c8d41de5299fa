//! Which Services are usually a Prometheus, or speak its API: by the labels and names that charts and operators give.

use crate::cluster::{Service, ServiceAddress, ServicePort};

/// How a kind of server is usually installed.
struct Usual {
    /// Several Services of one kind in one namespace lead to the same server.
    kind: &'static str,
    /// Of those, the one that comes first here is asked. With one `*` at an end.
    names: &'static [&'static str],
    /// Values of `app.kubernetes.io/name`, or of `app` as older charts have it.
    labels: &'static [&'static str],
    /// Values of `app.kubernetes.io/component`, or of `component`, besides none.
    components: &'static [&'static str],
    /// The path before `/api/v1`.
    prefix: &'static str,
}

const USUAL: [Usual; 6] = [
    Usual {
        kind: "Thanos",
        names: &["thanos-query", "thanos-querier", "*-thanos-query", "*-query-frontend"],
        labels: &["thanos-query", "thanos"],
        components: &["query", "query-layer", "query-frontend"],
        prefix: "",
    },
    Usual {
        kind: "Mimir",
        names: &["*mimir-query-frontend", "*mimir-gateway", "*mimir-nginx"],
        labels: &["mimir"],
        components: &["query-frontend", "gateway", "nginx"],
        prefix: "/prometheus",
    },
    Usual {
        kind: "VictoriaMetrics",
        names: &["vmsingle-*", "vmsingle", "*-victoria-metrics-single-server"],
        labels: &["vmsingle", "victoria-metrics-single"],
        components: &["server", "monitoring"],
        prefix: "",
    },
    Usual {
        kind: "VictoriaMetrics cluster",
        names: &["vmselect-*", "vmselect", "*-vmselect"],
        labels: &["vmselect"],
        components: &["vmselect", "monitoring"],
        prefix: "/select/0/prometheus",
    },
    Usual {
        kind: "Prometheus",
        names: &[
            "prometheus",
            "prometheus-k8s",
            "*kube-prometheus-stack-prometheus",
            "*-kube-prometheus-prometheus",
            "prometheus-server",
            "*-prometheus-server",
        ],
        labels: &["prometheus", "kube-prometheus-stack-prometheus", "rancher-monitoring-prometheus"],
        components: &["server", "prometheus"],
        prefix: "",
    },
    // The operator's own Service, in front of all that it runs in this namespace.
    Usual { kind: "Prometheus", names: &["prometheus-operated"], labels: &[], components: &[], prefix: "" },
];

/// Ports by their usual names, the likeliest first; then by their usual numbers.
const PORT_NAMES: [&str; 8] =
    ["web", "http-web", "http", "http-query", "http-metrics", "prometheus", "https", "web-tls"];
const PORTS: [u16; 8] = [9090, 8429, 8428, 8481, 10902, 8080, 80, 443];

/// A Service that may be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub service: ServiceAddress,
    pub prefix: &'static str,
}

/// Those of `services` that may be one, each server once, in the order of their names.
pub(super) fn candidates(services: &[Service]) -> Vec<Candidate> {
    let mut found: Vec<((String, &str), usize, Candidate)> = Vec::new();
    for service in services {
        let Some((usual, rank)) =
            USUAL.iter().enumerate().find_map(|(at, usual)| Some((usual, at * 100 + rank(usual, service)?)))
        else {
            continue;
        };
        let Some(candidate) = candidate(service, usual) else { continue };
        found.push(((service.metadata.namespace.clone(), usual.kind), rank, candidate));
    }
    found.sort_by(|a, b| (&a.0, a.1, &a.2.service).cmp(&(&b.0, b.1, &b.2.service)));
    // Of one kind in one namespace: two that have the very same rank are two servers, as two releases of a chart are.
    found.dedup_by(|later, first| later.0 == first.0 && later.1 != first.1);
    found.into_iter().map(|(_, _, candidate)| candidate).collect()
}

/// How likely a Service is the one of its kind to ask, the lowest first; `None` if it is none of this kind.
fn rank(usual: &Usual, service: &Service) -> Option<usize> {
    let meta = &service.metadata;
    let label =
        |names: [&str; 2]| names.into_iter().find_map(|name| meta.labels.get(name)).map(String::as_str);
    let component = label(["app.kubernetes.io/component", "component"]);
    if component.is_some_and(|is| !usual.components.contains(&is) && !usual.components.is_empty()) {
        return None;
    }
    if let Some(rank) = usual.names.iter().position(|pattern| fits(pattern, &meta.name)) {
        return Some(rank);
    }
    let named = label(["app.kubernetes.io/name", "app"]).is_some_and(|is| usual.labels.contains(&is));
    named.then_some(usual.names.len())
}

fn fits(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => name.ends_with(end),
        (_, Some(start)) => name.starts_with(start),
        _ => name == pattern,
    }
}

fn candidate(service: &Service, usual: &Usual) -> Option<Candidate> {
    if service.spec.kind == "ExternalName" {
        return None;
    }
    let ports = &service.spec.ports;
    let by_name = |name: &&str| ports.iter().find(|port| port.name == *name);
    let by_number = |number: &u16| ports.iter().find(|port| port.port == *number);
    let port = PORT_NAMES.iter().find_map(by_name).or_else(|| PORTS.iter().find_map(by_number))?;
    let ServicePort { name, port } = port;
    let scheme = if *port == 443 || name == "https" || name == "web-tls" { "https" } else { "" };
    let meta = &service.metadata;
    let service = ServiceAddress::new(&meta.namespace, scheme, &meta.name, &port.to_string())?;
    Some(Candidate { service, prefix: usual.prefix })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `namespace/name` with labels and ports, as charts and operators make them.
    fn service(name: &str, labels: &[(&str, &str)], ports: &[(&str, u16)]) -> Service {
        let (namespace, name) = name.split_once('/').unwrap();
        let json = serde_json::json!({
            "metadata": {"namespace": namespace, "name": name, "labels": labels.iter().copied()
                .collect::<std::collections::BTreeMap<_, _>>()},
            "spec": {"type": "ClusterIP", "ports": ports.iter()
                .map(|(name, port)| serde_json::json!({"name": name, "port": port})).collect::<Vec<_>>()},
        });
        serde_json::from_value(json).unwrap()
    }

    fn found(services: &[Service]) -> Vec<String> {
        candidates(services).iter().map(|c| format!("{}{}", c.service, c.prefix)).collect()
    }

    const NAME: &str = "app.kubernetes.io/name";
    const COMPONENT: &str = "app.kubernetes.io/component";

    #[test]
    fn the_stack_of_the_operator_is_one_prometheus() {
        let stack = [
            service(
                "monitoring/prometheus-operated",
                &[("operated-prometheus", "true")],
                &[("http-web", 9090)],
            ),
            service(
                "monitoring/kps-kube-prometheus-stack-prometheus",
                &[("app", "kube-prometheus-stack-prometheus")],
                &[("http-web", 9090), ("reloader-web", 8080)],
            ),
            service(
                "monitoring/alertmanager-operated",
                &[("operated-alertmanager", "true")],
                &[("http-web", 9093)],
            ),
            service(
                "monitoring/kps-prometheus-node-exporter",
                &[(NAME, "prometheus-node-exporter")],
                &[("m", 9100)],
            ),
            service("monitoring/kps-kube-prometheus-stack-operator", &[("app", "x")], &[("https", 443)]),
        ];
        assert_eq!(found(&stack), ["monitoring/kps-kube-prometheus-stack-prometheus:9090"]);
        assert_eq!(found(&stack[..1]), ["monitoring/prometheus-operated:9090"]);
    }

    #[test]
    fn charts_and_their_parts() {
        let services = [
            service("a/prometheus-server", &[(NAME, "prometheus"), (COMPONENT, "server")], &[("http", 80)]),
            service(
                "a/prometheus-alertmanager",
                &[("app", "prometheus"), ("component", "alertmanager")],
                &[("http", 80)],
            ),
            service("b/obs-mimir-nginx", &[(NAME, "mimir"), (COMPONENT, "nginx")], &[("http-metric", 80)]),
            service(
                "b/obs-mimir-querier",
                &[(NAME, "mimir"), (COMPONENT, "querier")],
                &[("http-metrics", 8080)],
            ),
            service("c/vmselect-main", &[(NAME, "vmselect"), (COMPONENT, "monitoring")], &[("http", 8481)]),
            service("d/vmsingle-main", &[(NAME, "vmsingle")], &[("http", 8429)]),
            service("e/thanos-query", &[(NAME, "thanos-query")], &[("grpc", 10901), ("http", 9090)]),
            service(
                "e/thanos-query-frontend",
                &[(NAME, "thanos"), (COMPONENT, "query-frontend")],
                &[("http", 9090)],
            ),
            service("e/thanos-store", &[(NAME, "thanos"), (COMPONENT, "storegateway")], &[("http", 9090)]),
            service("f/web", &[(NAME, "web")], &[("http", 9090)]),
        ];
        assert_eq!(
            found(&services),
            [
                "a/prometheus-server:80",
                "b/obs-mimir-nginx:80/prometheus",
                "c/vmselect-main:8481/select/0/prometheus",
                "d/vmsingle-main:8429",
                "e/thanos-query:9090",
            ]
        );
    }

    #[test]
    fn two_releases_of_a_chart_are_two() {
        let one = |name| service(name, &[(NAME, "prometheus"), (COMPONENT, "server")], &[("http", 80)]);
        assert_eq!(
            found(&[one("m/blue-prometheus-server"), one("m/green-prometheus-server")]),
            ["m/blue-prometheus-server:80", "m/green-prometheus-server:80"]
        );
    }

    #[test]
    fn what_no_question_can_reach_is_left_out() {
        let mut outside = service("m/prometheus", &[], &[("web", 9090)]);
        outside.spec.kind = "ExternalName".to_owned();
        assert!(found(&[outside, service("n/prometheus", &[], &[("grpc", 10901)])]).is_empty());
    }
}
