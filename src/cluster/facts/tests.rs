use serde_json::{Value, json};

use super::*;
use crate::cluster::{Answer, FakeServer, status_json};

fn endpoint(pod: &str, address: &str, conditions: &Value) -> Value {
    json!({ "addresses": [address], "conditions": conditions, "targetRef": { "kind": "Pod", "name": pod } })
}

fn slice(endpoints: &[Value]) -> Value {
    json!({ "metadata": {}, "addressType": "IPv4", "endpoints": endpoints })
}

fn pod(name: &str, created: &str, images: &[(&str, &str)], restarts: u32) -> Value {
    let containers: Vec<_> =
        images.iter().map(|(name, image)| json!({ "name": name, "image": image })).collect();
    let labels = json!({ "app": "x", "app.kubernetes.io/version": "2026.1" });
    json!({ "metadata": { "name": name, "creationTimestamp": created, "labels": labels }, "spec": { "containers": containers },
        "status": { "containerStatuses": [{ "name": "x", "image": "x", "imageID": "", "ready": true,
            "restartCount": restarts, "lastState": { "terminated": { "exitCode": 137, "reason": "OOMKilled" } } }] } })
}

fn list_of(items: &[Value]) -> Answer {
    Answer::Say(200, json!({ "metadata": {}, "items": items }).to_string())
}

/// Service `canary` with these slices and pods; `denied` names the resource that we may not read.
fn server(
    selector: Value,
    slices: Vec<Value>,
    pods: Vec<Value>,
    denied: &'static str,
) -> (FakeServer, Cluster) {
    FakeServer::start(move |asked| {
        let path = asked.line.split(['?', ' ']).nth(1).unwrap();
        if !denied.is_empty() && path.contains(denied) {
            let message = format!(
                "no: User \"v\" cannot list resource \"{denied}\" in API group \"\" in the namespace \"shop\""
            );
            return Answer::Say(403, status_json(403, "Forbidden", &message));
        }
        match path.rsplit('/').next().unwrap() {
            "canary" => {
                Answer::Say(200, json!({ "metadata": {}, "spec": { "selector": selector } }).to_string())
            }
            "endpointslices" => list_of(&slices),
            "pods" => list_of(&pods),
            name => pods.iter().find(|pod| pod["metadata"]["name"] == *name).map_or_else(
                || Answer::Say(404, status_json(404, "NotFound", "not found")),
                |pod| Answer::Say(200, pod.to_string()),
            ),
        }
    })
}

fn canary() -> BackendRef {
    BackendRef::service("shop", "canary", 80)
}

#[tokio::test]
async fn what_stands_behind_a_service() {
    let ready = &json!({ "ready": true });
    let slices = vec![
        slice(&[
            endpoint("a", "10.0.0.1", ready),
            endpoint("b", "10.0.0.2", &json!({ "ready": false })),
            endpoint("c", "10.0.0.3", &json!({})),
            endpoint("going", "10.0.0.4", &json!({ "ready": false, "terminating": true })),
        ]),
        // the same pod by its other address
        slice(&[endpoint("a", "fd00::1", ready)]),
    ];
    let pods = vec![
        pod("a", "2026-01-01T00:00:00Z", &[("istio-proxy", "mesh:1"), ("app", "r/app:v2")], 1),
        pod("b", "2026-01-03T00:00:00Z", &[("app", "r/app:v3")], 2),
        pod("c", "2026-01-02T00:00:00Z", &[("app", "r/app:v2")], 0),
        pod("stranger", "2026-01-09T00:00:00Z", &[("app", "r/other:v9")], 9),
    ];
    let (server, cluster) = server(json!({ "app": "checkout", "track": "canary" }), slices, pods, "");
    let facts = cluster.facts(&canary()).await;
    assert_eq!(facts.endpoints, Ok(Endpoints { ready: 2, total: 3 }));
    let pods = facts.pods.unwrap();
    assert_eq!(pods.images, ["r/app:v2".into(), "r/app:v3".into()].into());
    assert_eq!(pods.version(), Some("v2"));
    assert_eq!(pods.versions, ["2026.1".into(), "v2".into(), "v3".into()].into());
    assert_eq!((pods.restarts, pods.oom_kills), (3, 3));
    assert_eq!(pods.newest, Some("2026-01-03T00:00:00Z".parse().unwrap()));
    assert!(server.lines().iter().any(|line| line.contains("service-name%3Dcanary")), "{:?}", server.lines());
    assert!(server.lines().iter().any(|line| line.contains("app%3Dcheckout%2Ctrack%3Dcanary")));
}

#[tokio::test]
async fn a_service_without_selector_has_its_pods_read_one_by_one() {
    let slices =
        vec![slice(&[endpoint("a", "10.0.0.1", &json!({})), endpoint("gone", "10.0.0.2", &json!({}))])];
    let pods = vec![pod("a", "2026-01-01T00:00:00Z", &[("app", "app@sha256:0123456789abcdef")], 0)];
    let (_, cluster) = server(json!({}), slices, pods, "");
    assert_eq!(cluster.facts(&canary()).await.pods.unwrap().version(), Some("sha256:0123456789ab"));
}

#[tokio::test]
async fn each_part_may_be_unknown_by_itself() {
    let slices = vec![slice(&[endpoint("a", "10.0.0.1", &json!({}))])];
    let (_, cluster) = server(json!({ "a": "b" }), slices, vec![], "pods");
    let facts = cluster.facts(&canary()).await;
    assert_eq!(facts.endpoints, Ok(Endpoints { ready: 1, total: 1 }));
    assert_eq!(
        &*facts.pods.unwrap_err(),
        "cannot read the pods of shop/canary: you lack the right to list pods in namespace shop (403)"
    );
}

#[tokio::test]
async fn no_service_and_no_kind_of_service() {
    let (_, cluster) = FakeServer::start(|_| Answer::Say(404, status_json(404, "NotFound", "not found")));
    let facts = cluster.facts(&canary()).await;
    assert_eq!(facts.endpoints, Ok(Endpoints { ready: 0, total: 0 }), "nobody would answer");
    assert_eq!(&*facts.pods.unwrap_err(), "there is no Service shop/canary");
    let pool = BackendRef { kind: "InferencePool".into(), group: "x".into(), ..canary() };
    assert!(cluster.facts(&pool).await.pods.unwrap_err().starts_with("InferencePool is no Service"));
}

#[tokio::test]
async fn a_name_outside_the_cluster_has_no_endpoints_and_is_not_dead() {
    let (_, cluster) = FakeServer::start(|asked| {
        let service = json!({ "metadata": {}, "spec": { "type": "ExternalName" } });
        let of_slices = asked.line.contains("endpointslices");
        if of_slices { list_of(&[]) } else { Answer::Say(200, service.to_string()) }
    });
    let why = cluster.facts(&canary()).await.endpoints.unwrap_err();
    assert_eq!(&*why, "shop/canary is a name outside the cluster (ExternalName)");
}

#[test]
fn the_part_of_an_image_that_tells_versions_apart() {
    for (image, expected) in [
        ("registry:5000/shop/app:v1", "v1"),
        ("registry:5000/shop/app", "registry:5000/shop/app"),
        ("app:v1@sha256:0123456789abcdef", "v1"),
        ("registry:5000/app@sha256:0123456789abcdef", "sha256:0123456789ab"),
    ] {
        assert_eq!(tag(image), expected);
    }
}
