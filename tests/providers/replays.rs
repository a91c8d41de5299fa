//! Series as the real exporters write them: lines of `tests/corpora/metrics` with other names and values, in their own
//! order of labels. Nothing here is read from the table of providers.

use crate::exporter::Counter;

const ENVOY: &str = include_str!("../corpora/metrics/contour-envoy.txt");
const KGATEWAY: &str = include_str!("../corpora/metrics/kgateway.txt");
const ENVOY_GATEWAY: &str = include_str!("../corpora/metrics/envoy-gateway.txt");
const ISTIO: &str = include_str!("../corpora/metrics/istio.txt");
const LINKERD: &str = include_str!("../corpora/metrics/linkerd.txt");
const TRAEFIK: &str = include_str!("../corpora/metrics/traefik-3.6.txt");
const TRAEFIK_NEW: &str = include_str!("../corpora/metrics/traefik.txt");
const NGINX: &str = include_str!("../corpora/metrics/nginx-gateway-fabric.txt");

/// What a version gets and how it answers.
#[derive(Debug)]
pub struct Version {
    pub role: &'static str,
    /// Index of the backend in its rule.
    pub index: usize,
    pub per_second: f64,
    /// Of its requests.
    pub errors: f64,
    /// The part of its requests in each of the first buckets.
    latency: [f64; 3],
    /// The bucket that its p99 is in.
    p99: usize,
}

pub static STABLE: Version = Version {
    role: "stable",
    index: 0,
    per_second: 90.0,
    errors: 0.02,
    latency: [0.9, 0.095, 0.005],
    p99: 1,
};
pub static CANARY: Version =
    Version { role: "canary", index: 1, per_second: 10.0, errors: 0.2, latency: [0.5, 0.3, 0.2], p99: 2 };

impl Version {
    pub fn share(&self) -> f64 {
        self.per_second / (STABLE.per_second + CANARY.per_second)
    }

    /// The edges of its p99's bucket.
    pub fn p99_between(&self, edges: &[f64]) -> (f64, f64) {
        (edges[self.p99 - 1], edges[self.p99])
    }
}

/// One address that is scraped.
pub struct Target {
    /// What scraping adds.
    pub labels: Vec<(&'static str, String)>,
    pub counters: Vec<Counter>,
}

impl Target {
    fn of(counters: Vec<Counter>) -> Self {
        Self { labels: Vec::new(), counters }
    }
}

/// One exporter.
pub struct Replay {
    /// How the provider is called.
    pub job: &'static str,
    pub targets: Vec<Target>,
    /// The series of the latency buckets of `checkout-canary`, without `le`.
    pub canary_buckets: String,
}

/// Edges of Envoy's and Istio's histograms, in ms.
const MILLISECONDS: [&str; 8] = ["0.5", "1", "5", "10", "25", "50", "100", "+Inf"];
/// Those of the others, in seconds: as Traefik has them.
const SECONDS: [&str; 5] = ["0.1", "0.3", "1.2", "5", "+Inf"];

fn counts_milliseconds(provider: &str) -> bool {
    !["linkerd", "traefik", "traefik, renamed", "app"].contains(&provider)
}

pub fn unit_seconds(provider: &str) -> f64 {
    if counts_milliseconds(provider) { 0.001 } else { 1.0 }
}

/// In seconds.
pub fn edges_of(provider: &str) -> Vec<f64> {
    let edges = if counts_milliseconds(provider) { &MILLISECONDS[..] } else { &SECONDS };
    edges.iter().map(|edge| edge.parse::<f64>().unwrap() * unit_seconds(provider)).collect()
}

/// The series of the first line of `file` that begins so.
fn sample(file: &str, start: &str) -> String {
    let line = file.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no {start}"));
    line.rsplit_once(' ').unwrap().0.to_owned()
}

/// The value of a label in a series.
fn value(series: &str, label: &str) -> String {
    let (_, rest) = series.split_once(&format!("{label}=\"")).unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// Requests of a version, as good and bad series, and its buckets.
struct Shape {
    good: String,
    /// More than one: they share the errors.
    bad: Vec<String>,
    /// Without an edge: `LE` stands for it.
    bucket: String,
}

impl Shape {
    fn counters(&self, version: &Version, edges: &[&str]) -> Vec<Counter> {
        let failed = version.per_second * version.errors;
        let mut all = vec![Counter { series: self.good.clone(), rate: version.per_second - failed }];
        let each = 1.0 / f64::from(u32::try_from(self.bad.len()).unwrap());
        for series in &self.bad {
            all.push(Counter { series: series.clone(), rate: failed * each });
        }
        let mut below = 0.0;
        for (index, edge) in edges.iter().enumerate() {
            below += version.latency.get(index).unwrap_or(&0.0);
            all.push(Counter { series: self.bucket.replace("LE", edge), rate: version.per_second * below });
        }
        all
    }

    fn buckets(&self) -> String {
        self.bucket.replace(",le=\"LE\"", "")
    }
}

/// Stable and canary of `routes`.
fn versions<'a>(routes: &'a [&'a str]) -> impl Iterator<Item = (&'a str, String, &'static Version)> + 'a {
    let of = |route: &'a str| {
        [&STABLE, &CANARY].map(|version| (route, format!("{route}-{}", version.role), version))
    };
    routes.iter().flat_map(move |route| of(route))
}

fn replay(
    job: &'static str,
    routes: &[&str],
    edges: &[&str],
    shape: impl Fn(&str, &str, &Version) -> Shape,
) -> Replay {
    let all = versions(routes)
        .flat_map(|(route, service, version)| shape(route, &service, version).counters(version, edges));
    let canary = shape("checkout", "checkout-canary", &CANARY);
    Replay { job, targets: vec![Target::of(all.collect())], canary_buckets: canary.buckets() }
}

/// Of Envoy, with these metrics and clusters named by `name`.
fn envoy(
    job: &'static str,
    external: &str,
    routes: &[&str],
    name: impl Fn(&str, &str, &Version) -> String,
) -> Replay {
    let requests = sample(ENVOY, &format!("envoy_cluster_{external}upstream_rq_xx{{"));
    let bucket = sample(ENVOY, &format!("envoy_cluster_{external}upstream_rq_time_bucket{{"));
    let captured = value(&requests, "envoy_cluster_name");
    replay(job, routes, &MILLISECONDS, move |route, service, version| {
        let name = name(route, service, version);
        let good = requests.replace(&captured, &name);
        let first = value(&bucket, "le");
        Shape {
            bad: vec![good.replace("class=\"2\"", "class=\"5\"")],
            good,
            bucket: bucket.replace(&captured, &name).replace(&format!("le=\"{first}\""), "le=\"LE\""),
        }
    })
}

fn istio() -> Replay {
    let requests = sample(ISTIO, "istio_requests_total{");
    let bucket = sample(ISTIO, "istio_request_bytes_bucket{");
    let mut replay = replay("istio", &["checkout", "pinned"], &MILLISECONDS, |_, service, _| {
        let named = |series: &str| {
            series
                .replace("reporter=\"destination\"", "reporter=\"source\"")
                .replace("productpage-v1", "edge-istio")
                .replace("reviews", service)
                .replace(
                    "destination_service_namespace=\"default\"",
                    "destination_service_namespace=\"shop\"",
                )
        };
        let good = named(&requests);
        let edge = value(&bucket, "le");
        let (head, tail) = named(&bucket)
            .split_once(&format!("le=\"{edge}\""))
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        let labels =
            format!("{}{}", head.trim_end_matches(','), tail.trim_start_matches(',').trim_end_matches('}'));
        let bucket =
            labels.replace("istio_request_bytes_bucket", "istio_request_duration_milliseconds_bucket");
        Shape {
            bad: vec![good.replace("response_code=\"200\"", "response_code=\"503\"")],
            good,
            bucket: format!("{bucket},le=\"LE\"}}"),
        }
    });
    // The same requests once more, as their destinations saw them.
    let counters = &mut replay.targets[0].counters;
    let again = counters.iter().map(|counter| Counter {
        series: counter.series.replace("reporter=\"source\"", "reporter=\"destination\""),
        ..counter.clone()
    });
    let again: Vec<Counter> = again.collect();
    counters.extend(again);
    replay
}

fn linkerd() -> Replay {
    let of_route = LINKERD.lines().find(|line| line.contains("route_name=\"books-create\"")).unwrap();
    let series = of_route.rsplit_once(' ').unwrap().0.to_owned();
    replay("linkerd", &["checkout", "pinned"], &SECONDS, move |route, service, _| {
        let named = series
            .replace("books-create", route)
            .replace("backend_name=\"books\"", &format!("backend_name=\"{service}\""))
            .replace("booksapp", "shop")
            .replace("7002", "8080");
        let answered = |status: &str, error: &str| {
            named.replace(
                "http_status=\"500\",error=\"\"",
                &format!("http_status=\"{status}\",error=\"{error}\""),
            )
        };
        let bucket = named.replace("http_status=\"500\",error=\"\"", "le=\"LE\"");
        Shape {
            good: answered("200", ""),
            bad: vec![answered("503", ""), answered("", "REQUEST_TIMEOUT")],
            bucket: bucket.replace("response_statuses_total", "response_duration_seconds_bucket"),
        }
    })
}

/// `checkout` as 3.6 names it, the others as 3.7.6 does, and requests of the premium rule beside those of the split.
fn traefik() -> Replay {
    let requests = sample(TRAEFIK, "traefik_service_requests_total{");
    let bucket = sample(TRAEFIK, "traefik_service_request_duration_seconds_bucket{");
    let captured = value(&requests, "service");
    let new = TRAEFIK_NEW.lines().find(|line| line.contains("-svc-")).unwrap();
    let new = new.trim_start_matches(['#', ' ']).to_owned();
    let shape = move |name: &str| {
        let good = requests.replace(&captured, name);
        Shape {
            bad: vec![good.replace("code=\"200\"", "code=\"502\"")],
            good,
            bucket: bucket.replace(&captured, name).replace("le=\"0.1\"", "le=\"LE\""),
        }
    };
    let placed = move |route: &str, rule: usize, service: &str, index: usize| {
        new.replace("default-http-app-1-gw", &format!("shop-{route}-gw"))
            .replace("-ep-web-0-", &format!("-ep-web-{rule}-"))
            .replace("svc-default-whoami-0", &format!("svc-shop-{service}-{index}"))
    };
    let mut replay = replay(
        "traefik",
        &["checkout", "apart", "pinned"],
        &SECONDS,
        |route, service, version| match route {
            "checkout" => shape(&format!("shop-{service}-http-8080@kubernetesgateway")),
            _ => shape(&placed(route, 0, service, version.index)),
        },
    );
    let premium = shape(&placed("pinned", 1, "pinned-stable", 0)).counters(&STABLE, &SECONDS);
    replay.targets[0].counters.extend(premium);
    replay
}

/// Each version is a target, whose Service is known from scraping.
fn app() -> Replay {
    let shape = Shape {
        good: "http_requests_total{version=\"v1\",status=\"200\"}".to_owned(),
        bad: vec!["http_requests_total{version=\"v1\",status=\"500\"}".to_owned()],
        bucket: "http_request_duration_seconds_bucket{version=\"v1\",le=\"LE\"}".to_owned(),
    };
    let target = |(_, service, version): (&str, String, &Version)| {
        let labels = vec![("namespace", "shop".to_owned()), ("service", service)];
        Target { labels, counters: shape.counters(version, &SECONDS) }
    };
    Replay {
        job: "app",
        targets: versions(&["checkout", "pinned"]).map(target).collect(),
        canary_buckets:
            "http_request_duration_seconds_bucket{namespace=\"shop\",service=\"checkout-canary\"}".to_owned(),
    }
}

/// Counts nothing of backends.
fn nginx() -> Replay {
    let series = sample(NGINX, "nginx_gateway_fabric_nginx_reloads_total{");
    let counters = vec![Counter { series, rate: 1.0 }];
    Replay { job: "nginx", targets: vec![Target::of(counters)], canary_buckets: String::new() }
}

/// Every exporter.
pub fn all() -> Vec<Replay> {
    let by_service = |_: &str, service: &str, _: &Version| format!("shop_{service}_8080");
    let kgateway = value(&sample(KGATEWAY, "envoy_cluster_external_upstream_rq{"), "envoy_cluster_name");
    let of_rule = value(&sample(ENVOY_GATEWAY, "envoy_cluster_upstream_rq_retry{"), "envoy_cluster_name");
    vec![
        envoy("contour", "", &["checkout", "pinned"], by_service),
        envoy("kgateway", "external_", &["checkout", "pinned"], move |_, service, _| {
            kgateway.replace("httpbin_httpbin_8000", &format!("shop_{service}_8080"))
        }),
        // As Contour's, behind the name of the gateway's listener: there is no sample of it.
        envoy("cilium", "", &["checkout", "pinned"], |_, service, _| {
            format!("kube-system/cilium-gateway-edge/shop_{service}_8080")
        }),
        envoy("envoy-gateway", "", &["apart"], {
            let of_rule = of_rule.clone();
            move |route, _, version| {
                format!(
                    "{}/backend/{}",
                    of_rule.replace("default/backend", &format!("shop/{route}")),
                    version.index
                )
            }
        }),
        whole_rules(&of_rule),
        istio(),
        linkerd(),
        traefik(),
        app(),
    ]
}

/// Rules with one cluster for all their backends.
fn whole_rules(of_rule: &str) -> Replay {
    let mut whole = envoy("envoy-gateway-rules", "", &["checkout", "pinned"], |route, _, _| {
        of_rule.replace("default/backend", &format!("shop/{route}"))
    });
    // Both versions are one series: what they count is added up.
    let counters = &mut whole.targets[0].counters;
    let mut sums: Vec<Counter> = Vec::new();
    for counter in counters.drain(..) {
        match sums.iter_mut().find(|sum| sum.series == counter.series) {
            Some(sum) => sum.rate += counter.rate,
            None => sums.push(counter),
        }
    }
    *counters = sums;
    whole
}

/// Traefik found through a Service of Kubernetes, beside a gateway that counts nothing.
pub fn renamed_by_scraping() -> Vec<Replay> {
    let mut traefik = traefik();
    for target in &mut traefik.targets {
        target.labels.push(("service", "traefik-metrics".to_owned()));
    }
    vec![traefik, nginx()]
}
