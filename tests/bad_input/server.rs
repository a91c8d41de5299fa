//! HTTP servers on loopback that answer what a test says: an API server, a Prometheus, something else.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use serde_json::{Value, json};

/// What a server does with a request.
pub enum Answer {
    /// Status and body.
    Say(u16, String),
    /// Nothing, until the client hangs up.
    Silence,
}

/// A server that lives as long as the test's process.
#[derive(Clone, Copy)]
pub struct Server {
    address: SocketAddr,
}

impl Server {
    /// Answers by `script`, which gets the method and the path with its query.
    pub fn start(script: impl Fn(&str, &str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(script);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let script = Arc::clone(&script);
                thread::spawn(move || serve(stream, &*script));
            }
        });
        Self { address }
    }

    /// An address at which nothing listens.
    pub fn closed() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self { address: listener.local_addr().unwrap() }
    }

    pub fn url(self) -> String {
        format!("http://{}", self.address)
    }
}

fn serve(stream: TcpStream, script: &dyn Fn(&str, &str) -> Answer) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let mut words = line.split_whitespace();
        let (method, path) = (words.next()?, words.next()?);
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            let header = header.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = String::new();
        reader.by_ref().take(length).read_to_string(&mut body).ok()?;
        // A query may come in the body as well.
        let path = if body.starts_with("query=") { format!("{path}?{body}") } else { path.to_owned() };
        match script(method, &path) {
            Answer::Say(200, was) if method == "PATCH" => {
                let route = patched(&was, &body);
                let head = format!("HTTP/1.1 200 x\r\ncontent-length: {}\r\n\r\n", route.len());
                stream.write_all((head + &route).as_bytes()).ok()?;
            }
            Answer::Say(status, body) => {
                let kind = if body.starts_with('<') { "text/html" } else { "application/json" };
                let head = format!(
                    "HTTP/1.1 {status} x\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                stream.write_all((head + &body).as_bytes()).ok()?;
            }
            Answer::Silence => return std::io::copy(&mut reader, &mut std::io::sink()).ok().map(|_| ()),
        }
    }
}

/// What a server holds that accepts a patch.
fn patched(was: &str, patch: &str) -> String {
    let mut route: Value = serde_json::from_str(was).unwrap();
    let mut patch: json_patch::Patch = serde_json::from_str(patch).unwrap();
    patch.0.retain(|operation| !matches!(operation, json_patch::PatchOperation::Test(_)));
    json_patch::patch(&mut route, &patch).unwrap();
    route.to_string()
}

/// What an API server says when it says no.
pub fn status(code: u16, message: &str) -> Answer {
    let body = json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code,
        "reason": "", "message": message });
    Answer::Say(code, body.to_string())
}

/// What RBAC says.
pub fn forbidden(verb: &str, namespace: Option<&str>) -> Answer {
    let place = match namespace {
        Some(namespace) => format!("in the namespace \"{namespace}\""),
        None => "at the cluster scope".to_owned(),
    };
    status(
        403,
        &format!(
            "httproutes.gateway.networking.k8s.io is forbidden: User \"ann\" cannot {verb} resource \"httproutes\" \
             in API group \"gateway.networking.k8s.io\" {place}"
        ),
    )
}

/// A route `shop/NAME` with one rule a list of backends.
pub fn route(name: &str, rules: &[&[(&str, u32)]]) -> Value {
    let rules: Vec<Value> = rules
        .iter()
        .map(|backends| {
            let refs: Vec<Value> = backends
                .iter()
                .map(|(name, weight)| json!({"name": name, "port": 8080, "weight": weight}))
                .collect();
            json!({ "matches": [{"path": {"type": "PathPrefix", "value": "/"}}], "backendRefs": refs })
        })
        .collect();
    json!({
        "metadata": {"namespace": "shop", "name": name, "uid": format!("uid-{name}"), "generation": 1,
            "resourceVersion": "1"},
        "spec": {"rules": rules},
    })
}

/// The routes that a test's API server has.
pub fn routes() -> Vec<Value> {
    vec![
        route("checkout", &[&[("checkout-stable", 90), ("checkout-canary", 10)]]),
        route("search", &[&[("one", 90), ("two", 10)]]),
        route("two", &[&[("a-stable", 90), ("a-canary", 10)], &[("b-stable", 90), ("b-canary", 10)]]),
        route("alone", &[&[("alone", 1)]]),
        route("web", &[&[("web-blue", 100), ("web-green", 0)]]),
        undoable(route("stepped", &[&[("s-stable", 90), ("s-canary", 10)]]), 10),
        undoable(route("edited", &[&[("s-stable", 90), ("s-canary", 10)]]), 12),
    ]
}

/// With the note of a step to 90 and `canary`.
fn undoable(mut route: Value, canary: u32) -> Value {
    let meta = &route["metadata"];
    let note = json!({
        "id": "a", "namespace": "shop", "route": meta["name"], "uid": meta["uid"], "actor": "anna",
        "at": "2026-03-01T12:00:00Z", "action": "step", "verdict": "pass",
        "before": {"0": {"s-stable": 95, "s-canary": 5}}, "after": {"0": {"s-stable": 90, "s-canary": canary}},
    });
    route["metadata"]["annotations"] = json!({"tidegate.dev/last-change": note.to_string()});
    route
}

/// What a healthy API server with [`routes`] in namespace `shop` answers.
pub fn healthy(_: &str, path: &str) -> Answer {
    const ROOT: &str = "/apis/gateway.networking.k8s.io/v1";
    let (path, _) = path.split_once('?').unwrap_or((path, ""));
    if path.ends_with("selfsubjectreviews") {
        let user = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview",
            "metadata": {}, "status": {"userInfo": {"username": "ann"}}});
        return Answer::Say(201, user.to_string());
    }
    if path == ROOT {
        return Answer::Say(200, json!({"resources": [{"name": "httproutes"}]}).to_string());
    }
    let list = |items: Vec<Value>| {
        Answer::Say(200, json!({"metadata": {"resourceVersion": "1"}, "items": items}).to_string())
    };
    let Some(rest) = path.strip_prefix(ROOT) else {
        // Nobody may look behind a backend here, so readiness is not known.
        return status(403, "not allowed to look");
    };
    match rest.strip_prefix("/namespaces/shop/httproutes/") {
        Some(name) => match routes().into_iter().find(|route| route["metadata"]["name"] == name) {
            Some(route) => Answer::Say(200, route.to_string()),
            None => status(404, &format!("httproutes.gateway.networking.k8s.io \"{name}\" not found")),
        },
        None if rest == "/httproutes" || rest == "/namespaces/shop/httproutes" => list(routes()),
        None => list(Vec::new()),
    }
}

/// A Prometheus that counts, as the app says of itself, 9 requests a second for stable and 1 for canary.
pub fn prometheus(_: &str, path: &str) -> Answer {
    let series = |service: &str, value: &str| {
        let labels = json!({"namespace": "shop", "service": service, "status": "200"});
        json!({"metric": labels, "value": [1, value]})
    };
    let result = if path.contains("vector") {
        json!([{"metric": {}, "value": [1, "1"]}])
    } else if path.contains("bucket") {
        json!([])
    } else {
        json!([series("checkout-stable", "9"), series("checkout-canary", "1")])
    };
    Answer::Say(
        200,
        json!({"status": "success", "data": {"resultType": "vector", "result": result}}).to_string(),
    )
}
