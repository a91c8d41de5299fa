//! The routes of the demo, and what stands behind them: data, and nothing that happens.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::scenario::Scenario;
use super::traffic::{Behaviour, Flow};
use crate::route::{BackendRef, Route, RouteId};

/// The namespace that the demo calls its own.
pub const NAMESPACE: &str = "shop";
/// The name of the one route that a person should try first.
pub const CHECKOUT: &str = "checkout";
/// The controller that serves the gateway.
pub const CONTROLLER: &str = "gateway.example/controller";
/// Whom the payments route belongs to: its namespace, its name, its weights, its manager.
pub const OWNED: (&str, &str, [u32; 2], &str) = ("wallet", "payments", [90, 10], "flagger");
/// Where a colleague edits: route, rule, and the weights that are gone back and forth between.
pub const EDITED: [(&str, usize, [[u32; 2]; 2]); 2] =
    [(CHECKOUT, 0, [[95, 5], [90, 10]]), ("search", 1, [[75, 25], [80, 20]])];

const CHECKOUT_UID: &str = "3c7b8f0a-91d4-4a27-8a55-0b6f2e19c4d1";
pub(super) const PORT: u16 = 8080;
const REGISTRY: &str = "registry.example";

/// Everything there is at first.
pub struct Shop {
    /// Objects for the API server.
    pub objects: Vec<Value>,
    /// What the gateway has served, and since when.
    pub served: Vec<(Timestamp, Arc<Route>)>,
    /// Who sends requests.
    pub flows: Vec<Flow>,
    /// How the versions answer.
    pub behaviours: HashMap<BackendRef, Behaviour>,
    now: Timestamp,
}

/// One version of a service.
struct Version {
    namespace: &'static str,
    name: &'static str,
    image: &'static str,
    pods: usize,
    restarts: u32,
    hours: i64,
    behaviour: Behaviour,
}

/// Errors in percent, median latency in milliseconds.
const fn answers(percent: f64, median: f64) -> Behaviour {
    Behaviour { errors: percent / 100.0, median, spread: 0.55, strained_above: None }
}

const fn version(
    name: &'static str,
    image: &'static str,
    pods: usize,
    hours: i64,
    behaviour: Behaviour,
) -> Version {
    Version { namespace: NAMESPACE, name, image, pods, restarts: 0, hours, behaviour }
}

fn versions(scenario: Scenario) -> Vec<Version> {
    let canary = match scenario {
        Scenario::Failing => Behaviour { strained_above: Some(0.05), ..answers(0.15, 34.0) },
        _ => answers(0.10, 28.0),
    };
    vec![
        version("checkout-stable", "checkout:v1.4.1", 6, 215, answers(0.12, 31.0)),
        version("checkout-canary", "checkout:v1.5.0-rc2", 3, 1, canary),
        version("orders-blue", "orders:v2.8.0", 4, 340, answers(0.05, 18.0)),
        version("orders-green", "orders:v2.9.0", 4, 2, answers(0.04, 16.0)),
        version("product-page-stable", "product-page:v5.2.3", 4, 98, answers(0.03, 12.0)),
        version("product-page-canary", "product-page:v5.3.0", 2, 5, answers(0.06, 11.0)),
        version("recommend-stable", "recommend:2026.10", 3, 410, answers(0.20, 64.0)),
        version("recommend-canary", "recommend:2026.11", 3, 6, answers(0.15, 58.0)),
        version("reviews-stable", "reviews:v0.9.4", 2, 77, answers(0.10, 22.0)),
        version("reviews-canary", "reviews:v0.10.0", 2, 3, answers(0.10, 22.0)),
        version("search-stable", "search:v3.2.0", 5, 160, answers(0.08, 41.0)),
        version("search-canary", "search:v3.3.0", 2, 9, answers(0.07, 36.0)),
        version("storefront", "storefront:v12.1.0", 3, 30, answers(0.01, 7.0)),
        Version {
            namespace: "video",
            ..version("thumbnails-stable", "thumbnails:v4.0.2", 4, 500, answers(0.30, 120.0))
        },
        Version {
            namespace: "video",
            ..version("thumbnails-canary", "thumbnails:v4.1.0", 2, 20, answers(0.25, 95.0))
        },
        Version {
            namespace: "video",
            restarts: 2,
            ..version("thumbnails-avif", "thumbnails:avif-7", 1, 44, answers(0.60, 170.0))
        },
        Version {
            namespace: "wallet",
            ..version("payments-primary", "payments:v8.0.1", 4, 130, answers(0.02, 53.0))
        },
        Version {
            namespace: "wallet",
            ..version("payments-canary", "payments:v8.1.0", 2, 1, answers(0.03, 51.0))
        },
    ]
}

impl Shop {
    /// The shop at `now`, with `past` to look back on.
    pub fn open(scenario: Scenario, now: Timestamp, past: SignedDuration) -> Self {
        let mut shop = Self {
            objects: vec![gateway_class(), gateway()],
            served: Vec::new(),
            flows: Vec::new(),
            behaviours: HashMap::new(),
            now,
        };
        shop.objects
            .extend(["gateway-system", NAMESPACE, "video", "wallet"].map(
                |name| json!({ "kind": "Namespace", "apiVersion": "v1", "metadata": { "name": name } }),
            ));
        for version in versions(scenario) {
            shop.deploy(&version);
        }
        shop.routes();
        let origin = now.saturating_sub(past).unwrap_or(now);
        shop.serve(origin);
        shop
    }

    fn ago(&self, minutes: i64) -> Timestamp {
        self.now.saturating_sub(SignedDuration::from_mins(minutes)).unwrap_or(self.now)
    }

    fn deploy(&mut self, version: &Version) {
        let Version { namespace, name, image, pods, restarts, hours, behaviour } = version;
        self.behaviours.insert(BackendRef::service(namespace, name, PORT), *behaviour);
        let created = time(self.ago(hours * 60));
        let labels = json!({ "app": name });
        let mut endpoints = Vec::new();
        for number in 0..*pods {
            let pod =
                format!("{name}-{}", ["7c9fd", "b2x4k", "m8q5z", "t6w2h", "p9r7j", "d4s6v"][number % 6]);
            endpoints.push(json!({
                "addresses": [format!("10.0.{}.{}", name.len(), number + 10)],
                "conditions": { "ready": true, "serving": true, "terminating": false },
                "targetRef": { "kind": "Pod", "namespace": namespace, "name": pod },
            }));
            let restarts = if number == 0 { *restarts } else { 0 };
            self.objects.push(json!({
                "kind": "Pod", "apiVersion": "v1",
                "metadata": {
                    "namespace": namespace, "name": pod, "labels": labels, "creationTimestamp": created,
                },
                "spec": { "containers": [{ "name": "app", "image": format!("{REGISTRY}/{image}") }] },
                "status": { "phase": "Running", "containerStatuses": [{
                    "name": "app", "ready": true, "restartCount": restarts,
                    "image": format!("{REGISTRY}/{image}"), "imageID": "",
                }] },
            }));
        }
        self.objects.push(json!({
            "kind": "Service", "apiVersion": "v1",
            "metadata": { "namespace": namespace, "name": name, "creationTimestamp": created },
            "spec": { "selector": labels, "ports": [{ "name": "http", "port": PORT, "protocol": "TCP" }] },
        }));
        self.objects.push(json!({
            "kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "addressType": "IPv4",
            "metadata": {
                "namespace": namespace, "name": format!("{name}-1"),
                "labels": { "kubernetes.io/service-name": name },
            },
            "endpoints": endpoints, "ports": [{ "name": "http", "port": PORT, "protocol": "TCP" }],
        }));
    }

    fn routes(&mut self) {
        let mut checkout = route(
            NAMESPACE,
            CHECKOUT,
            7,
            &json!([rule(&[], &[("checkout-stable", 95), ("checkout-canary", 5)])]),
        );
        checkout["metadata"]["uid"] = json!(CHECKOUT_UID);
        checkout["metadata"]["annotations"] = json!({
            "tidegate.dev/canary": "checkout-canary",
            "tidegate.dev/last-change": last_change(&time(self.ago(3))),
        });
        self.route(checkout, &[300.0]);
        self.route(
            route(NAMESPACE, "orders", 12, &json!([rule(&[], &[("orders-blue", 100), ("orders-green", 0)])])),
            &[70.0],
        );
        // Testers get the new version by a header, and so does one user in ten.
        let product_page = json!([
            rule(&[("x-beta-tester", "yes")], &[("product-page-canary", 1)]),
            rule(&[], &[("product-page-stable", 90), ("product-page-canary", 10)]),
        ]);
        self.route(route(NAMESPACE, "product-page", 4, &product_page), &[3.0, 140.0]);
        // The new model sees copies of all requests before it answers any.
        let mut recommend = rule(&[], &[("recommend-stable", 100), ("recommend-canary", 0)]);
        recommend["filters"] = json!([{ "type": "RequestMirror",
            "requestMirror": { "backendRef": { "name": "recommend-canary", "port": PORT } } }]);
        self.route(route(NAMESPACE, "recommend", 3, &json!([recommend])), &[35.0]);
        let mut reviews = route(
            NAMESPACE,
            "reviews",
            2,
            &json!([rule(&[], &[("reviews-stable", 99), ("reviews-canary", 1)])]),
        );
        refuse(&mut reviews);
        self.route(reviews, &[]);
        // Who pays for it stays on the version that is known.
        let search = json!([
            rule(&[("x-tier", "premium")], &[("search-stable", 1)]),
            rule(&[], &[("search-stable", 75), ("search-canary", 25)]),
        ]);
        self.route(route(NAMESPACE, "search", 9, &search), &[12.0, 90.0]);
        self.route(route(NAMESPACE, "storefront", 1, &json!([rule(&[], &[("storefront", 1)])])), &[110.0]);
        let thumbnails = [("thumbnails-stable", 80), ("thumbnails-canary", 10), ("thumbnails-avif", 10)];
        self.route(route("video", "thumbnails", 6, &json!([rule(&[], &thumbnails)])), &[45.0]);
        let (namespace, name, [primary, canary], manager) = OWNED;
        let mut payments = route(
            namespace,
            name,
            31,
            &json!([rule(&[], &[("payments-primary", primary), ("payments-canary", canary)])]),
        );
        payments["metadata"]["managedFields"][0]["manager"] = json!(manager);
        payments["metadata"]["ownerReferences"] = json!([{
            "apiVersion": "flagger.app/v1beta1", "kind": "Canary", "name": name, "controller": true,
            "uid": "5f0c1d7e-52c3-4a5e-9b3f-9f6e0d1c2b3a",
        }]);
        self.route(payments, &[55.0]);
    }

    /// A route with a stream of requests for each of its first rules.
    fn route(&mut self, mut route: Value, rates: &[f64]) {
        let written = time(self.ago(3));
        route["metadata"]["managedFields"][0]["time"] = json!(written);
        route["metadata"]["creationTimestamp"] = json!(time(self.ago(60 * 24 * 40)));
        let text = |field: &str| route["metadata"][field].as_str().unwrap_or_default();
        let id = RouteId::new(text("namespace"), text("name"));
        self.flows.extend(rates.iter().enumerate().map(|(rule, rate)| Flow {
            route: id.clone(),
            rule,
            rate: *rate,
        }));
        self.objects.push(route);
    }

    /// All routes were served as they are, but checkout, whose canary came a few minutes ago.
    fn serve(&mut self, origin: Timestamp) {
        let routes = self.objects.iter().filter(|object| object["kind"] == "HTTPRoute");
        let read = |route: &Value| Route::from_json(&route.to_string()).ok().map(Arc::new);
        for route in routes {
            let accepted = route["status"]["parents"][0]["conditions"][0]["status"] == "True";
            if !accepted {
                continue;
            }
            if route["metadata"]["name"] == CHECKOUT {
                for (at, stable, canary) in [(origin, 100, 0), (self.ago(8), 99, 1), (self.ago(3), 95, 5)] {
                    let mut then = route.clone();
                    set_weights(&mut then, 0, &[stable, canary]);
                    self.served.extend(read(&then).map(|route| (at, route)));
                }
            } else {
                self.served.extend(read(route).map(|route| (origin, route)));
            }
        }
    }
}

/// Sets the weights of one rule.
pub fn set_weights(route: &mut Value, rule: usize, weights: &[u32]) {
    if let Some(backends) = route["spec"]["rules"][rule]["backendRefs"].as_array_mut() {
        for (backend, weight) in backends.iter_mut().zip(weights) {
            backend["weight"] = json!(weight);
        }
    }
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn rule(headers: &[(&str, &str)], backends: &[(&str, u32)]) -> Value {
    let mut one = json!({ "path": { "type": "PathPrefix", "value": "/" } });
    if !headers.is_empty() {
        one["headers"] = headers
            .iter()
            .map(|(name, value)| json!({ "type": "Exact", "name": name, "value": value }))
            .collect();
    }
    let backend = |(name, weight): &(&str, u32)| json!({ "group": "", "kind": "Service", "name": name, "port": PORT, "weight": weight });
    json!({ "matches": [one], "backendRefs": backends.iter().map(backend).collect::<Vec<_>>() })
}

fn route(namespace: &str, name: &str, generation: i64, rules: &Value) -> Value {
    let parent = json!({
        "group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "gateway-system", "name": "edge",
    });
    let condition = |kind: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": "True", "reason": reason, "message": message,
            "observedGeneration": generation, "lastTransitionTime": "2026-01-12T08:30:00Z",
        })
    };
    json!({
        "kind": "HTTPRoute", "apiVersion": "gateway.networking.k8s.io/v1",
        "metadata": {
            "namespace": namespace, "name": name, "generation": generation,
            "managedFields": [{
                "manager": "kubectl-client-side-apply", "operation": "Update", "fieldsType": "FieldsV1",
                "apiVersion": "gateway.networking.k8s.io/v1", "fieldsV1": { "f:spec": { "f:rules": {} } },
            }],
        },
        "spec": { "parentRefs": [parent], "hostnames": [format!("{name}.{namespace}.example")], "rules": rules },
        "status": { "parents": [{
            "parentRef": parent, "controllerName": CONTROLLER,
            "conditions": [
                condition("Accepted", "Accepted", "Accepted HTTPRoute"),
                condition("ResolvedRefs", "ResolvedRefs", "References resolved"),
            ],
        }] },
    })
}

/// The gateway does not take this route.
fn refuse(route: &mut Value) {
    let accepted = &mut route["status"]["parents"][0]["conditions"][0];
    accepted["status"] = json!("False");
    accepted["reason"] = json!("NoMatchingListenerHostname");
    accepted["message"] = json!("no listener of edge serves reviews.shop.example");
}

/// As tidegate leaves it at a route.
fn last_change(at: &str) -> String {
    let weights =
        |stable: u32, canary: u32| json!({ "0": { "checkout-stable": stable, "checkout-canary": canary } });
    json!({
        "id": "demo-1", "namespace": NAMESPACE, "route": CHECKOUT, "uid": CHECKOUT_UID, "actor": "release-pipeline",
        "at": at, "action": "step", "canary": "checkout-canary", "before": weights(99, 1), "after": weights(95, 5),
        "verdict": "pass",
    })
    .to_string()
}

fn gateway_class() -> Value {
    json!({
        "kind": "GatewayClass", "apiVersion": "gateway.networking.k8s.io/v1", "metadata": { "name": "demo" },
        "spec": { "controllerName": CONTROLLER },
    })
}

fn gateway() -> Value {
    let condition = |kind: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": "True", "reason": reason, "message": message,
            "observedGeneration": 1, "lastTransitionTime": "2026-01-12T08:30:00Z",
        })
    };
    let accepted = condition("Accepted", "Accepted", "Gateway is accepted");
    let programmed = condition("Programmed", "Programmed", "Gateway is programmed");
    json!({
        "kind": "Gateway", "apiVersion": "gateway.networking.k8s.io/v1",
        "metadata": { "namespace": "gateway-system", "name": "edge", "generation": 1 },
        "status": {
            "conditions": [accepted, programmed],
            "listeners": [{
                "name": "http", "attachedRoutes": 9,
                "supportedKinds": [{ "group": "gateway.networking.k8s.io", "kind": "HTTPRoute" }],
                "conditions": [accepted, programmed],
            }],
        },
        "spec": { "gatewayClassName": "demo", "listeners": [{
            "name": "http", "protocol": "HTTP", "port": 80, "allowedRoutes": { "namespaces": { "from": "All" } },
        }] },
    })
}
