//! The exporters that are known without a settings file.

use std::sync::{Arc, LazyLock};

use super::{Granularity, Matcher, Naming, Provider, Template, Unit};

/// Every exporter tidegate knows, the first choice first: what the gateway saw is better than what
/// the app says of itself, since a request that never reached the app counts there too.
///
/// Envoy has the same metrics under Contour, kgateway, Cilium and Envoy Gateway: only the shape of the name tells them
/// apart. A Kubernetes name has no `_` and no `/`.
pub static PROVIDERS: LazyLock<Vec<Arc<Provider>>> = LazyLock::new(|| {
    let mut all = vec![
        envoy("contour", "projectcontour.io/", &[("{namespace}_{name}_{port}", Granularity::Service)]),
        Provider {
            requests: "envoy_cluster_external_upstream_rq_xx".to_owned(),
            latency: Some("envoy_cluster_external_upstream_rq_time_bucket".to_owned()),
            ..envoy("kgateway", "kgateway.dev/", &[("kube_{namespace}_{name}_{port}", Granularity::Service)])
        },
        envoy("cilium", "io.cilium/", &[("*/{namespace}_{name}_{port}", Granularity::Service)]),
        envoy(
            "envoy-gateway",
            "gateway.envoyproxy.io/",
            // A rule is one cluster, until something about it makes Envoy Gateway give each backend one of its own.
            &[
                ("httproute/{route-namespace}/{route}/rule/{rule}/backend/{index}", Granularity::Split),
                ("httproute/{route-namespace}/{route}/rule/{rule}", Granularity::Rule),
            ],
        ),
        // Each proxy on the way counts a request, as its source and as its destination. Gateways that Istio deploys are
        // called <name>-istio.
        Provider {
            matchers: vec![
                matcher("reporter", &["source"]),
                matcher("source_workload", &["*-istio", "*gateway*"]),
            ],
            ..istio("istio", &["istio.io/gateway-controller", "openshift.io/gateway-controller"])
        },
        Provider { matchers: vec![matcher("reporter", &["source"])], ..istio("istio-mesh", &["istio.io/"]) },
        linkerd(),
    ];
    // A target that has a label `service` of its own, as one found through a Kubernetes Service, keeps it: that of the
    // exporter is renamed.
    all.extend(["service", "exported_service"].map(traefik));
    all.push(app());
    all.extend([
        nothing("nginx-gateway-fabric", "gateway.nginx.org/", r#"{__name__=~"nginx_gateway_fabric_.+"}"#),
        nothing("kong", "konghq.com/", r#"{__name__=~"kong_(nginx_.+|http_requests_total)"}"#),
    ]);
    all.into_iter().map(Arc::new).collect()
});

fn template(text: &str) -> Template {
    #[expect(clippy::expect_used, reason = "a test reads all of the table")]
    text.parse().expect("a template of the table")
}

fn matcher(label: &str, values: &[&str]) -> Matcher {
    Matcher { label: label.to_owned(), values: values.iter().map(|value| template(value)).collect() }
}

/// Names by one label.
fn by_one(names: &[(&str, Granularity)]) -> Vec<Naming> {
    let naming = |(name, granularity): &(&str, Granularity)| Naming {
        values: vec![template(name)],
        granularity: *granularity,
    };
    names.iter().map(naming).collect()
}

/// Names by several labels.
fn by_labels(labels: &[(&str, &str)], granularity: Granularity) -> (Vec<String>, Vec<Naming>) {
    let values = labels.iter().map(|(_, value)| template(value)).collect();
    let labels = labels.iter().map(|(label, _)| (*label).to_owned()).collect();
    (labels, vec![Naming { values, granularity }])
}

fn envoy(name: &str, controller: &str, names: &[(&str, Granularity)]) -> Provider {
    Provider {
        name: name.to_owned(),
        controllers: vec![controller.to_owned()],
        recognise: None,
        requests: "envoy_cluster_upstream_rq_xx".to_owned(),
        errors: vec![("envoy_response_code_class".to_owned(), template("5"))],
        latency: Some("envoy_cluster_upstream_rq_time_bucket".to_owned()),
        latency_unit: Unit::Milliseconds,
        matchers: Vec::new(),
        labels: vec!["envoy_cluster_name".to_owned()],
        namings: by_one(names),
    }
}

fn istio(name: &str, controllers: &[&str]) -> Provider {
    let (labels, namings) = by_labels(
        &[("destination_service_namespace", "{namespace}"), ("destination_service_name", "{name}")],
        Granularity::Service,
    );
    Provider {
        name: name.to_owned(),
        controllers: controllers.iter().map(|name| (*name).to_owned()).collect(),
        recognise: None,
        requests: "istio_requests_total".to_owned(),
        errors: vec![("response_code".to_owned(), template("5??"))],
        latency: Some("istio_request_duration_milliseconds_bucket".to_owned()),
        latency_unit: Unit::Milliseconds,
        matchers: Vec::new(),
        labels,
        namings,
    }
}

fn linkerd() -> Provider {
    let (labels, namings) = by_labels(
        &[
            ("route_namespace", "{route-namespace}"),
            ("route_name", "{route}"),
            ("backend_namespace", "{namespace}"),
            ("backend_name", "{name}"),
            ("backend_port", "{port}"),
        ],
        Granularity::Route,
    );
    Provider {
        name: "linkerd".to_owned(),
        controllers: vec!["linkerd.io/".to_owned()],
        recognise: None,
        requests: "outbound_http_route_backend_response_statuses_total".to_owned(),
        // Without a response there is no status, but an error such as REQUEST_TIMEOUT.
        errors: vec![("http_status".to_owned(), template("5??")), ("error".to_owned(), template("?*"))],
        latency: Some("outbound_http_route_backend_response_duration_seconds_bucket".to_owned()),
        latency_unit: Unit::Seconds,
        // The routes that Linkerd makes up itself have the kind `default`.
        matchers: vec![matcher("route_kind", &["HTTPRoute"])],
        labels,
        namings,
    }
}

fn traefik(label: &str) -> Provider {
    Provider {
        name: "traefik".to_owned(),
        controllers: vec!["traefik.io/".to_owned()],
        recognise: None,
        requests: "traefik_service_requests_total".to_owned(),
        errors: vec![("code".to_owned(), template("5??"))],
        latency: Some("traefik_service_request_duration_seconds_bucket".to_owned()),
        latency_unit: Unit::Seconds,
        matchers: Vec::new(),
        labels: vec![label.to_owned()],
        namings: by_one(&[
            // From 3.7.6 on: gateway and entry point are anybody's, the hash is of the rule's match.
            (
                "httproute-{route-namespace}-{route}-gw-*-ep-*-{rule}-{hash}-svc-{namespace}-{name}-{index}\
                 @kubernetesgateway",
                Granularity::Split,
            ),
            ("{namespace}-{name}-http-{port}@kubernetesgateway", Granularity::Service),
        ]),
    }
}

fn app() -> Provider {
    let (labels, namings) =
        by_labels(&[("namespace", "{namespace}"), ("service", "{name}")], Granularity::Service);
    Provider {
        name: "app".to_owned(),
        controllers: Vec::new(),
        recognise: None,
        requests: "http_requests_total".to_owned(),
        errors: vec![("status".to_owned(), template("5*"))],
        latency: Some("http_request_duration_seconds_bucket".to_owned()),
        latency_unit: Unit::Seconds,
        matchers: Vec::new(),
        labels,
        namings,
    }
}

/// A gateway that does not count by backend.
fn nothing(name: &str, controller: &str, recognise: &str) -> Provider {
    Provider {
        name: name.to_owned(),
        controllers: vec![controller.to_owned()],
        recognise: Some(recognise.to_owned()),
        ..Provider::default()
    }
}
