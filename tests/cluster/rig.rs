//! The rig: where it is, its parts, a namespace for each test.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, process, thread};

use serde_json::{Value, json};

use crate::api;

/// Longer than anything takes on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Milliseconds since 1970, as the load client counts them.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_millis()).expect("before the year 500,000,000")
}

/// The value of a key of the rig's env file, such as `RIG_GATEWAY_URL`.
pub fn var(key: &str) -> &'static str {
    static ENV: OnceLock<HashMap<String, String>> = OnceLock::new();
    ENV.get_or_init(read_env).get(key).unwrap_or_else(|| panic!("the rig's env file has no {key}"))
}

fn read_env() -> HashMap<String, String> {
    let up = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rig/up");
    let path = env::var_os("TIDEGATE_RIG_ENV").map_or_else(
        || {
            let said = Command::new(up).arg("--print-env-path").output().expect("tests/rig/up runs");
            PathBuf::from(String::from_utf8_lossy(&said.stdout).trim())
        },
        PathBuf::from,
    );
    let text = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("no rig runs ({}: {error}): run {up} first", path.display()));
    text.lines().filter_map(|line| line.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

/// Whether requests of one host reach a version, by one request: the version that answered, if any did.
pub fn request(host: &str, header: Option<(&str, &str)>) -> (u16, Option<String>) {
    let request = || {
        let mut get = api::http().get(var("RIG_GATEWAY_URL")).header("Host", host);
        if let Some((name, value)) = header {
            get = get.header(name, value);
        }
        get
    };
    let answer = api::block_on(request().send()).expect("the gateway answers");
    let version = answer.headers().get("x-version").map(|v| v.to_str().expect("ASCII").to_owned());
    (answer.status().as_u16(), version)
}

/// Runs kubectl as the administrator.
pub fn kubectl(arguments: &[&str]) -> String {
    let mut command = Command::new(var("RIG_KUBECTL"));
    success(command.env("KUBECONFIG", var("RIG_KUBECONFIG_ADMIN")).args(arguments))
}

fn success(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("the program can be started");
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command:?}: {status}\n{stderr}");
    String::from_utf8_lossy(&stdout).into_owned()
}

/// A part of the rig that is stopped for as long as this lives.
pub struct Stopped {
    part: &'static str,
    running: bool,
}

/// Stops a part; it starts again when the answer is dropped, whatever happens to the test.
pub fn stop(part: &'static str) -> Stopped {
    let stopped = Stopped { part, running: false };
    success(Command::new(var("RIG_PART")).args([part, "stop"]));
    stopped
}

impl Stopped {
    /// Starts it now.
    pub fn start(mut self) {
        self.running = true;
        success(Command::new(var("RIG_PART")).args([self.part, "start"]));
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        if !self.running {
            let _ = Command::new(var("RIG_PART")).args([self.part, "start"]).output();
        }
    }
}

/// Restarts a part.
pub fn restart(part: &str) {
    success(Command::new(var("RIG_PART")).args([part, "restart"]));
}

/// A namespace with two services and the route `checkout`; a test's own is gone when it is dropped.
pub struct Space {
    /// Its name.
    pub name: String,
    /// The host of its route.
    pub host: String,
    own: bool,
}

impl Space {
    /// A route with these weights, which the gateway serves already.
    pub fn new(weights: &str) -> Self {
        Self::made(&["--weights", weights, "--no-extra-fields"])
    }

    /// The same with fields of the experimental channel, by which its sessions stick to a backend.
    pub fn sticky(weights: &str) -> Self {
        Self::made(&["--weights", weights])
    }

    fn made(flags: &[&str]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let host = format!("{name}.example");
        let space = Self { name, host, own: true };
        success(Command::new(var("RIG_FIXTURE")).args([&space.name, &space.host]).args(flags));
        space
    }

    /// A blue-green pair in place of the canary: `checkout-blue` is what `checkout-stable` is and has all traffic,
    /// `checkout-green` is what `checkout-canary` is and has none.
    pub fn pair() -> Self {
        let space = Self::new("100/0");
        let mut rules = space.route()["spec"]["rules"].clone();
        for (index, (name, like)) in
            [("checkout-blue", "checkout-stable"), ("checkout-green", "checkout-canary")]
                .into_iter()
                .enumerate()
        {
            space.add_service(name, like);
            rules[0]["backendRefs"][index]["name"] = json!(name);
        }
        space.set_rules(&rules);
        space.settled();
        space
    }

    /// The rig's own demo, 95/5, which nobody changes: what it shows has settled.
    pub fn demo() -> Self {
        let (name, host) = (var("RIG_DEMO_NAMESPACE").to_owned(), var("RIG_DEMO_HOST").to_owned());
        Self { name, host, own: false }
    }

    /// Path of a route at the API server.
    pub fn route_path(&self, name: &str) -> String {
        format!("/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes/{name}", self.name)
    }

    /// The route as the API server has it now.
    pub fn route(&self) -> Value {
        api::get(&self.route_path("checkout"))
    }

    /// The route once its controller has reported the newest generation: from then on nobody writes to it but who
    /// changes it.
    #[track_caller]
    pub fn settled(&self) -> Value {
        wait_for("the controller's report", || {
            let route = self.route();
            let conditions = route["status"]["parents"][0]["conditions"].as_array()?;
            let current = |condition: &Value| {
                condition["observedGeneration"] == route["metadata"]["generation"]
                    && condition["status"] == "True"
            };
            (!conditions.is_empty() && conditions.iter().all(current)).then_some(route.clone())
        })
    }

    /// Its weights in rule `rule` as the API server has them now.
    pub fn weights_of(&self, rule: usize) -> Vec<i64> {
        weights(&self.route(), rule)
    }

    /// The weights of its first rule.
    pub fn weights(&self) -> Vec<i64> {
        self.weights_of(0)
    }

    /// Adds a route with this spec, whose parent is the rig's gateway.
    pub fn add_route(&self, name: &str, hostnames: &[&str], rules: &Value) {
        self.add_route_to(var("RIG_GATEWAY_NAME"), name, hostnames, rules);
    }

    /// Adds a route whose parent is this gateway.
    pub fn add_route_to(&self, gateway: &str, name: &str, hostnames: &[&str], rules: &Value) {
        let parent = json!({
            "group": "gateway.networking.k8s.io", "kind": "Gateway",
            "namespace": var("RIG_GATEWAY_NAMESPACE"), "name": gateway,
        });
        let route = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": name},
            "spec": {"parentRefs": [parent], "hostnames": hostnames, "rules": rules},
        });
        api::send("POST", &self.route_path(""), "application/json", &route).expect("the route is stored");
    }

    /// Replaces the rules of `checkout`, as an administrator would.
    pub fn set_rules(&self, rules: &Value) {
        api::merge(&self.route_path("checkout"), &json!({"spec": {"rules": rules}}));
    }

    /// Gives the route an annotation.
    pub fn annotate(&self, key: &str, value: &str) {
        let annotation = format!("{key}={value}");
        kubectl(&["-n", &self.name, "annotate", "httproute", "checkout", &annotation]);
    }

    /// Adds a Service `name` with the endpoints of `checkout-stable` or `checkout-canary`.
    pub fn add_service(&self, name: &str, like: &str) {
        let services = format!("/api/v1/namespaces/{}/services", self.name);
        let service = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"ports": [{"name": "http", "port": 8080, "protocol": "TCP"}]},
        });
        api::send("POST", &services, "application/json", &service).expect("the service is stored");
        let like = api::get(&self.slice_path(like));
        let slice = json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": format!("{name}-1"), "labels": {"kubernetes.io/service-name": name}},
            "endpoints": like["endpoints"], "ports": like["ports"],
        });
        api::send("POST", &self.slice_path_of(""), "application/json", &slice).expect("the slice is stored");
    }

    fn slice_path_of(&self, name: &str) -> String {
        format!("/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices/{name}", self.name)
    }

    fn slice_path(&self, service: &str) -> String {
        self.slice_path_of(&format!("{service}-1"))
    }

    /// Takes all endpoints of a service away, as scaling it to 0 does.
    pub fn scale_to_nothing(&self, service: &str) {
        api::merge(&self.slice_path(service), &json!({"endpoints": []}));
    }

    /// Waits until requests of `host` are answered as wanted.
    pub fn wait_served(host: &str, header: Option<(&str, &str)>, want: impl Fn(u16, Option<&str>) -> bool) {
        let end = Instant::now() + DEADLINE;
        loop {
            let (status, version) = request(host, header);
            if want(status, version.as_deref()) {
                return;
            }
            assert!(Instant::now() < end, "{host} {header:?}: still {status} {version:?} after {DEADLINE:?}");
            // There is nothing to wait on but the next answer.
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        if self.own {
            let _ = Command::new(var("RIG_FIXTURE")).args([&self.name, "--delete"]).output();
        }
    }
}

/// Asks again and again until there is an answer: for what nobody announces.
#[track_caller]
pub fn wait_for<T>(what: &str, ask: impl Fn() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "{what} did not come within {DEADLINE:?}");
        // There is nothing to wait on but the next answer.
        thread::sleep(Duration::from_millis(20));
    }
}

/// The weights of rule `rule` in a route.
pub fn weights(route: &Value, rule: usize) -> Vec<i64> {
    let backends = route["spec"]["rules"][rule]["backendRefs"].as_array().expect("backends");
    backends.iter().map(|backend| backend["weight"].as_i64().expect("a weight")).collect()
}

/// The spec with other weights in its first rule.
pub fn spec_with_weights(route: &Value, weights: &[i64]) -> Value {
    let mut spec = route["spec"].clone();
    for (index, weight) in weights.iter().enumerate() {
        spec["rules"][0]["backendRefs"][index]["weight"] = json!(weight);
    }
    spec
}
