//! An API server with three routes, and the program that looks at them.

use std::cell::RefCell;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::exporter::serve;
use crate::prometheus::Prometheus;

/// The home of a run.
pub struct World {
    home: TempDir,
    said: RefCell<String>,
}

impl World {
    pub fn start() -> Self {
        let api = serve("application/json", |_| routes().to_string());
        let home = tempfile::tempdir().unwrap();
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "one",
            "clusters": [{"name": "one", "cluster": {"server": format!("http://{api}")}}],
            "users": [{"name": "one", "user": {}}],
            "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one", "namespace": "shop"}}],
        });
        std::fs::create_dir(home.path().join(".kube")).unwrap();
        std::fs::write(home.path().join(".kube/config"), config.to_string()).unwrap();
        Self { home, said: RefCell::default() }
    }

    /// `tidegate list -o json`.
    pub fn list(&self, prometheus: &Prometheus, provider: &str) -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .args(["list", "-o", "json", "--prometheus", &prometheus.url(), "--provider", provider])
            .env_clear()
            .env("HOME", self.home.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{provider}: {said}");
        *self.said.borrow_mut() = said;
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What the last run warned of.
    pub fn said(&self) -> String {
        self.said.borrow().clone()
    }
}

fn routes() -> Value {
    let route = |name: &str, rules: Value| {
        json!({
            "metadata": {"namespace": "shop", "name": name, "uid": name, "generation": 1},
            "spec": {"parentRefs": [{"name": "edge"}], "rules": rules},
        })
    };
    let split = |name: &str| {
        let backend = |role: &str, weight: u32| json!({"name": format!("{name}-{role}"), "port": 8080, "weight": weight});
        json!({"backendRefs": [backend("stable", 90), backend("canary", 10)]})
    };
    let premium = json!({
        "matches": [{"headers": [{"name": "plan", "value": "premium"}]}],
        "backendRefs": [{"name": "pinned-stable", "port": 8080}],
    });
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRouteList", "metadata": {"resourceVersion": "1"},
        "items": [
            route("checkout", json!([split("checkout")])),
            route("apart", json!([split("apart")])),
            route("pinned", json!([split("pinned"), premium])),
        ],
    })
}
