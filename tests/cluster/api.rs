//! The API server as its administrator sees it, without the program under test.

use std::fs;
use std::future::Future;
use std::sync::OnceLock;

use http::Request;
use serde_json::Value;

use crate::rig::var;

struct Connection {
    runtime: tokio::runtime::Runtime,
    cluster: kube::Client,
    http: reqwest::Client,
}

fn connection() -> &'static Connection {
    static CONNECTION: OnceLock<Connection> = OnceLock::new();
    CONNECTION.get_or_init(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let cluster = runtime.block_on(connect("RIG_KUBECONFIG_ADMIN"));
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Connection { runtime, cluster, http }
    })
}

async fn connect(key: &str) -> kube::Client {
    let file = fs::read_to_string(var(key)).expect("the kubeconfig can be read");
    let kubeconfig = kube::config::Kubeconfig::from_yaml(&file).expect("the kubeconfig is one");
    let mut config =
        kube::Config::from_custom_kubeconfig(kubeconfig, &kube::config::KubeConfigOptions::default())
            .await
            .expect("the kubeconfig is complete");
    config.proxy_url = None;
    kube::Client::try_from(config).expect("a client")
}

/// A client of a user of the rig, by the key of the kubeconfig.
pub fn client(key: &str) -> kube::Client {
    block_on(connect(key))
}

/// Waits for something asynchronous.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    connection().runtime.block_on(future)
}

/// A client for the gateway.
pub fn http() -> &'static reqwest::Client {
    &connection().http
}

/// Reads an object.
pub fn get(path: &str) -> Value {
    let request = Request::get(path).body(Vec::new()).expect("a request");
    block_on(connection().cluster.request(request)).unwrap_or_else(|error| panic!("GET {path}: {error}"))
}

/// Sends a body, once. A refusal comes back as the server's status code.
pub fn send(method: &str, path: &str, kind: &str, body: &Value) -> Result<Value, u16> {
    let request = Request::builder()
        .method(method)
        .uri(path.trim_end_matches('/'))
        .header("Content-Type", kind)
        .body(body.to_string().into_bytes())
        .expect("a request");
    match block_on(connection().cluster.request(request)) {
        Ok(object) => Ok(object),
        Err(kube::Error::Api(status)) => Err(status.code),
        Err(error) => panic!("{method} {path}: {error}"),
    }
}

/// Merges something into an object; it must work.
pub fn merge(path: &str, change: &Value) -> Value {
    send("PATCH", path, "application/merge-patch+json", change)
        .unwrap_or_else(|code| panic!("PATCH {path}: {code}"))
}
