//! What tidegate asks of an API server, and how one answers. Written once, run against the demo's server and against
//! a real one: codes, reasons and shapes must be equal, so that the demo cannot drift.

use http::Request;
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Value, json};

/// A server to ask. Its namespace has the Services `checkout-stable` and `checkout-canary` with at least one pod each,
/// and the route `checkout` with these two in its first rule.
pub struct Server<'a> {
    /// Reads, patches routes, creates events.
    pub oncall: kube::Client,
    /// Only reads.
    pub viewer: kube::Client,
    /// Where.
    pub namespace: &'a str,
    /// Makes the server forget what was long ago, where it remembers everything.
    pub forget: &'a dyn Fn(),
}

/// A status and a body; a watch's lines as an array.
struct Answer {
    what: String,
    code: u16,
    body: Value,
}

impl Answer {
    fn is(&self, code: u16) -> &Self {
        assert_eq!(self.code, code, "{}: {:#}", self.what, self.body);
        self
    }

    /// A refusal in the real shape.
    fn refused(&self, code: u16, reason: &str) -> &Self {
        self.is(code).has("/kind", &json!("Status")).has("/status", &json!("Failure"));
        self.has("/reason", &json!(reason)).has("/code", &json!(code)).some("/message")
    }

    fn has(&self, pointer: &str, value: &Value) -> &Self {
        assert_eq!(self.body.pointer(pointer), Some(value), "{} at {pointer}: {:#}", self.what, self.body);
        self
    }

    fn some(&self, pointer: &str) -> &Self {
        let found = self.body.pointer(pointer).filter(|found| !found.is_null() && **found != json!(""));
        assert!(found.is_some(), "{} has no {pointer}: {:#}", self.what, self.body);
        self
    }

    fn none(&self, pointer: &str) -> &Self {
        let found = self.body.pointer(pointer).filter(|found| **found != json!(""));
        assert_eq!(found, None, "{} at {pointer}", self.what);
        self
    }

    fn text(&self, pointer: &str) -> String {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn says(&self, words: &str) -> &Self {
        assert!(self.text("/message").contains(words), "{}: {:#}", self.what, self.body);
        self
    }

    fn number(&self, pointer: &str) -> i64 {
        self.body.pointer(pointer).and_then(Value::as_i64).expect("a number")
    }

    fn length(&self, pointer: &str) -> usize {
        self.body.pointer(pointer).and_then(Value::as_array).map_or(0, Vec::len)
    }
}

async fn send(client: &kube::Client, method: &str, path: &str, kind: &str, body: String) -> Answer {
    let what = format!("{method} {path} {body}");
    let request = Request::builder().method(method).uri(path).header("Content-Type", kind);
    let request = request.body(Body::from(body.into_bytes())).expect("a request");
    let response = client.send(request).await.unwrap_or_else(|error| panic!("{what}: {error}"));
    let code = response.status().as_u16();
    let bytes = response.into_body().collect().await.expect("a whole body").to_bytes();
    let text = String::from_utf8_lossy(&bytes);
    let body = if path.contains("watch=true") && code == 200 {
        text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON")).collect()
    } else {
        serde_json::from_str(&text).unwrap_or(Value::String(text.into_owned()))
    };
    Answer { what, code, body }
}

impl Server<'_> {
    fn routes(&self) -> String {
        format!("/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes", self.namespace)
    }

    fn checkout(&self) -> String {
        format!("{}/checkout", self.routes())
    }

    async fn get(&self, path: &str) -> Answer {
        send(&self.oncall, "GET", path, "application/json", String::new()).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        send(&self.oncall, "POST", path, "application/json", body.to_string()).await
    }

    async fn patch(&self, query: &str, operations: &Value) -> Answer {
        let path = format!("{}?fieldManager=tidegate{query}", self.checkout());
        send(&self.oncall, "PATCH", &path, "application/json-patch+json", operations.to_string()).await
    }
}

fn weight(backend: usize, weight: &Value) -> Value {
    json!({ "op": "add", "path": format!("/spec/rules/0/backendRefs/{backend}/weight"), "value": weight })
}

/// All of it, in order.
pub async fn run(server: &Server<'_>) {
    discovery(server).await;
    lists(server).await;
    reads(server).await;
    patches(server).await;
    refused_patches(server).await;
    watches(server).await;
    rights(server).await;
    events(server).await;
}

async fn discovery(server: &Server<'_>) {
    let known = server.get("/apis/gateway.networking.k8s.io/v1").await;
    known.is(200).has("/kind", &json!("APIResourceList")).some("/groupVersion");
    let resources = known.body["resources"].as_array().expect("resources");
    let routes = resources.iter().find(|resource| resource["name"] == "httproutes").expect("routes");
    assert_eq!((&routes["kind"], &routes["namespaced"]), (&json!("HTTPRoute"), &json!(true)));
    server.get("/apis/gateway.networking.k8s.io/v9").await.is(404);
    server.get("/apis/nobody.example/v1").await.is(404);
}

async fn lists(server: &Server<'_>) {
    let all = server.get("/apis/gateway.networking.k8s.io/v1/httproutes").await;
    all.is(200).has("/kind", &json!("HTTPRouteList")).some("/metadata/resourceVersion");
    all.has("/apiVersion", &json!("gateway.networking.k8s.io/v1"));
    all.has("/items/0/kind", &json!("HTTPRoute")).some("/items/0/apiVersion").none("/metadata/continue");
    let one = server.get(&format!("{}?fieldSelector=metadata.name%3Dcheckout", server.routes())).await;
    assert_eq!(one.is(200).length("/items"), 1);
    let other = server.get(&format!("{}?fieldSelector=metadata.name%3Dnobody", server.routes())).await;
    assert_eq!(other.is(200).length("/items"), 0);
    let bad = server.get(&format!("{}?fieldSelector=spec.nothing%3D1", server.routes())).await;
    bad.refused(400, "BadRequest");
    let nowhere = server.get("/apis/gateway.networking.k8s.io/v1/namespaces/nowhere/httproutes").await;
    nowhere.is(200).has("/items", &json!([]));

    let pods = format!("/api/v1/namespaces/{}/pods", server.namespace);
    let whole = server.get(&pods).await;
    whole
        .is(200)
        .has("/kind", &json!("PodList"))
        .none("/items/0/kind")
        .some("/items/0/spec/containers/0/image");
    let number = whole.length("/items");
    assert!(number >= 2, "two pods at least");
    let page = server.get(&format!("{pods}?limit=1")).await;
    page.is(200).some("/metadata/continue").some("/metadata/resourceVersion");
    assert_eq!(page.length("/items"), 1);
    assert_eq!(page.number("/metadata/remainingItemCount"), i64::try_from(number - 1).expect("few"));
    let token = page.text("/metadata/continue");
    let rest = server.get(&format!("{pods}?limit=500&continue={token}")).await;
    rest.is(200).none("/metadata/continue");
    rest.has("/metadata/resourceVersion", &page.body["metadata"]["resourceVersion"]);
    assert_eq!(rest.length("/items"), number - 1);
    server.get(&format!("{pods}?limit=1&continue=nonsense!")).await.refused(400, "BadRequest");

    let slices = format!("/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices", server.namespace);
    let selected =
        server.get(&format!("{slices}?labelSelector=kubernetes.io%2Fservice-name%3Dcheckout-canary")).await;
    selected.is(200).has("/kind", &json!("EndpointSliceList")).some("/items/0/endpoints/0/conditions/ready");
    selected.has("/items/0/endpoints/0/targetRef/kind", &json!("Pod"));
}

async fn reads(server: &Server<'_>) {
    let route = server.get(&server.checkout()).await;
    route.is(200).has("/kind", &json!("HTTPRoute")).has("/metadata/name", &json!("checkout"));
    for field in ["uid", "resourceVersion", "creationTimestamp", "managedFields/0/manager"] {
        route.some(&format!("/metadata/{field}"));
    }
    route.some("/status/parents/0/conditions/0/observedGeneration").some("/status/parents/0/controllerName");
    assert!(route.number("/metadata/generation") >= 1);
    let parent = &route.body["spec"]["parentRefs"][0];
    let of = |field: &str| parent[field].as_str().unwrap_or_default().to_owned();
    let path =
        format!("/apis/gateway.networking.k8s.io/v1/namespaces/{}/gateways/{}", of("namespace"), of("name"));
    let gateway = server.get(&path).await;
    gateway.is(200).has("/kind", &json!("Gateway")).some("/spec/gatewayClassName");
    gateway.some("/spec/listeners/0/port").some("/spec/listeners/0/allowedRoutes/namespaces/from");
    gateway.has("/status/listeners/0/name", &gateway.body["spec"]["listeners"][0]["name"]);
    for conditions in ["/status/conditions", "/status/listeners/0/conditions"] {
        let all = gateway.body.pointer(conditions).and_then(Value::as_array).cloned().unwrap_or_default();
        let programmed = all.iter().find(|condition| condition["type"] == "Programmed").expect("Programmed");
        assert_eq!(programmed["status"], "True", "{programmed:#}");
        assert_eq!(
            programmed["observedGeneration"], gateway.body["metadata"]["generation"],
            "{programmed:#}"
        );
    }
    server.get(&format!("{path}-absent")).await.refused(404, "NotFound");
    let absent = server.get(&format!("{}/absent", server.routes())).await;
    absent.refused(404, "NotFound").says("httproutes.gateway.networking.k8s.io \"absent\" not found");
    absent.has(
        "/details",
        &json!({ "name": "absent", "group": "gateway.networking.k8s.io", "kind": "httproutes" }),
    );
    let service = format!("/api/v1/namespaces/{}/services", server.namespace);
    server.get(&format!("{service}/checkout-stable")).await.is(200).some("/spec/ports/0/port");
    let absent = server.get(&format!("{service}/absent")).await;
    absent.refused(404, "NotFound").has("/details", &json!({ "name": "absent", "kind": "services" }));
    server.post(&server.checkout(), &json!({})).await.refused(403, "Forbidden");
}

async fn patches(server: &Server<'_>) {
    let before = server.get(&server.checkout()).await;
    let generation = before.number("/metadata/generation");
    let change = json!([
        { "op": "test", "path": "/metadata/uid", "value": before.body["metadata"]["uid"] },
        { "op": "test", "path": "/metadata/generation", "value": generation },
        { "op": "test", "path": "/spec/rules/0/backendRefs/1/name", "value": "checkout-canary" },
        weight(0, &json!(83)), weight(1, &json!(17)),
    ]);
    let rehearsed = server.patch("&fieldValidation=Strict&dryRun=All", &change).await;
    rehearsed.is(200).has("/metadata/generation", &json!(generation + 1));
    rehearsed.has("/spec/rules/0/backendRefs/1/weight", &json!(17));
    let same = server.get(&server.checkout()).await;
    same.has("/metadata/generation", &json!(generation)).has("/spec", &before.body["spec"]);

    let written = server.patch("&fieldValidation=Strict", &change).await;
    written.is(200).has("/metadata/generation", &json!(generation + 1));
    assert_ne!(written.text("/metadata/resourceVersion"), before.text("/metadata/resourceVersion"));
    let owners = written.body["metadata"]["managedFields"].as_array().expect("owners");
    let ours = owners.iter().find(|owner| owner["manager"] == "tidegate").expect("our entry");
    assert_eq!((&ours["operation"], &ours["fieldsType"]), (&json!("Update"), &json!("FieldsV1")));
    assert!(ours["time"].is_string() && ours["fieldsV1"]["f:spec"]["f:rules"].is_object(), "{ours:#}");

    let note = json!([{ "op": "add", "path": "/metadata/annotations", "value": { "contract": "1" } }]);
    let noted = server.patch("", &note).await;
    noted.is(200).has("/metadata/generation", &json!(generation + 1));
    let again = server.patch("", &note).await;
    again.is(200).has("/metadata/resourceVersion", &noted.body["metadata"]["resourceVersion"]);
    let absent = json!([{ "op": "test", "path": "/metadata/labels", "value": null }]);
    server.patch("", &absent).await.is(200);
    let present = json!([{ "op": "test", "path": "/metadata/annotations", "value": null }]);
    server.patch("", &present).await.refused(422, "Invalid");
}

async fn refused_patches(server: &Server<'_>) {
    let before = server.get(&server.checkout()).await;
    let words = "the server rejected our request due to an error in our request";
    let stale = json!([{ "op": "test", "path": "/metadata/generation", "value": 0 }, weight(0, &json!(1))]);
    for dry in ["", "&dryRun=All"] {
        let refused = server.patch(dry, &stale).await;
        refused.refused(422, "Invalid").says(words).has("/details", &json!({}));
    }
    let nowhere = json!([{ "op": "add", "path": "/spec/rules/9/backendRefs/0/weight", "value": 1 }]);
    server.patch("", &nowhere).await.refused(422, "Invalid").says(words).has("/details", &json!({}));

    let field = json!("spec.rules[0].backendRefs[0].weight");
    for (value, reason) in [
        (json!(1_000_001), "FieldValueInvalid"),
        (json!(-1), "FieldValueInvalid"),
        (json!("many"), "FieldValueTypeInvalid"),
    ] {
        let refused = server.patch("", &json!([weight(0, &value)])).await;
        refused.refused(422, "Invalid").has("/details/name", &json!("checkout"));
        refused.has("/details/group", &json!("gateway.networking.k8s.io"));
        refused.has("/details/kind", &json!("HTTPRoute")).has("/details/causes/0/field", &field);
        refused.has("/details/causes/0/reason", &json!(reason)).says("is invalid");
    }
    let unknown = json!([{ "op": "add", "path": "/spec/rules/0/nothing", "value": 1 }]);
    let strict = server.patch("&fieldValidation=Strict", &unknown).await;
    strict.refused(422, "Invalid").says("strict decoding error: unknown field \"spec.rules[0].nothing\"");
    let old =
        json!([{ "op": "replace", "path": "/metadata/resourceVersion", "value": "1" }, weight(0, &json!(1))]);
    server.patch("", &old).await.refused(409, "Conflict").says("the object has been modified");
    server.patch("&dryRun=Some", &json!([weight(0, &json!(1))])).await.refused(422, "Invalid");

    let kind = "application/json-patch+json";
    let path = server.checkout();
    send(&server.oncall, "PATCH", &path, kind, "{".to_owned()).await.refused(400, "BadRequest");
    send(&server.oncall, "PATCH", &path, "text/plain", "[]".to_owned())
        .await
        .refused(415, "UnsupportedMediaType");
    let absent = format!("{}/absent", server.routes());
    send(&server.oncall, "PATCH", &absent, kind, "[]".to_owned()).await.refused(404, "NotFound");
    let after = server.get(&server.checkout()).await;
    after.has("/metadata/generation", &before.body["metadata"]["generation"]);
    after.has("/spec", &before.body["spec"]);
}

async fn watches(server: &Server<'_>) {
    let watch = |query: String| {
        let path = format!("{}?watch=true&timeoutSeconds=1&{query}", server.routes());
        async move { server.get(&path).await }
    };
    // The controller may still be writing the status of what was patched.
    let mut version = String::new();
    for attempt in 1.. {
        assert!(attempt < 20, "the route does not come to rest");
        version = server.get(&server.routes()).await.text("/metadata/resourceVersion");
        let quiet = watch(format!("resourceVersion={version}")).await;
        if quiet.is(200).body == json!([]) {
            break;
        }
    }

    server.patch("", &json!([weight(0, &json!(50)), weight(1, &json!(50))])).await.is(200);
    let changed = watch(format!("resourceVersion={version}")).await;
    changed.is(200).has("/0/type", &json!("MODIFIED")).some("/0/object/metadata/resourceVersion");
    changed.has("/0/object/kind", &json!("HTTPRoute"));
    let others = watch(format!("resourceVersion={version}&fieldSelector=metadata.name%3Dnobody")).await;
    assert_eq!(others.is(200).body, json!([]));

    let from_nothing = watch("resourceVersion=0".to_owned()).await;
    from_nothing.is(200).has("/0/type", &json!("ADDED")).has("/0/object/metadata/name", &json!("checkout"));
    let streamed = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let streamed = watch(streamed.to_owned()).await;
    let lines = streamed.is(200).body.as_array().cloned().unwrap_or_default();
    let end = lines.iter().find(|line| line["type"] == "BOOKMARK").expect("a bookmark");
    assert_eq!(end["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    assert_eq!(end["object"]["kind"], "HTTPRoute");
    assert!(lines.iter().any(|line| line["type"] == "ADDED"));

    (server.forget)();
    let gone = watch("resourceVersion=1".to_owned()).await;
    gone.is(200).has("/0/type", &json!("ERROR")).has("/0/object/code", &json!(410));
    gone.has("/0/object/reason", &json!("Expired")).has("/0/object/kind", &json!("Status"));
}

async fn rights(server: &Server<'_>) {
    let path = server.checkout();
    send(&server.viewer, "GET", &path, "application/json", String::new()).await.is(200);
    let kind = "application/json-patch+json";
    let refused = send(&server.viewer, "PATCH", &path, kind, json!([weight(0, &json!(1))]).to_string()).await;
    refused.refused(403, "Forbidden").says("cannot patch resource \"httproutes\" in API group");
    refused.says("httproutes.gateway.networking.k8s.io \"checkout\" is forbidden: User \"");
    refused.has("/details/name", &json!("checkout")).has("/details/kind", &json!("httproutes"));

    let me = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let review = json!({ "kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1" });
    let who = server.post(me, &review).await;
    who.is(201).has("/kind", &json!("SelfSubjectReview")).some("/status/userInfo/username");
    assert!(
        who.body["status"]["userInfo"]["groups"]
            .as_array()
            .expect("groups")
            .contains(&json!("system:authenticated"))
    );

    let may = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let question = json!({
        "kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1",
        "spec": { "resourceAttributes": {
            "group": "gateway.networking.k8s.io", "resource": "httproutes", "verb": "patch",
            "namespace": server.namespace,
        } },
    });
    server.post(may, &question).await.is(201).has("/status/allowed", &json!(true));
    let viewer = send(&server.viewer, "POST", may, "application/json", question.to_string()).await;
    viewer.is(201).has("/status/allowed", &json!(false));
    send(&server.oncall, "POST", may, "application/json", "{".to_owned()).await.refused(400, "BadRequest");
}

async fn events(server: &Server<'_>) {
    let path = format!("/apis/events.k8s.io/v1/namespaces/{}/events", server.namespace);
    let event = json!({
        "kind": "Event", "apiVersion": "events.k8s.io/v1",
        "metadata": { "generateName": "checkout-", "namespace": server.namespace },
        "regarding": { "kind": "HTTPRoute", "namespace": server.namespace, "name": "checkout" },
        "type": "Normal", "reason": "WeightsChanged", "action": "SetWeights", "note": "90/10",
        "eventTime": "2026-03-14T09:00:00.000000Z",
        "reportingController": "tidegate.dev/tidegate", "reportingInstance": "tidegate-1",
    });
    let made = server.post(&path, &event).await;
    made.is(201).has("/kind", &json!("Event")).some("/metadata/uid").has("/note", &json!("90/10"));
    assert!(made.text("/metadata/name").starts_with("checkout-"), "{}", made.body);
    let mut bad = event.clone();
    bad["note"] = json!("x".repeat(1025));
    server.post(&path, &bad).await.refused(422, "Invalid").some("/details/causes/0/field");
    bad = event.clone();
    bad["reportingController"] = json!("");
    server.post(&path, &bad).await.refused(422, "Invalid").some("/details/causes/0/field");
    let refused = send(&server.viewer, "POST", &path, "application/json", event.to_string()).await;
    refused
        .refused(403, "Forbidden")
        .says("cannot create resource \"events\" in API group \"events.k8s.io\"");
}
