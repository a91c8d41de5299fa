//! The contract script against the real API server: what the demo's server must be like.

use crate::api::{block_on, client};
use crate::rig::Space;

#[path = "../contract/script.rs"]
mod script;

#[test]
fn the_real_server_keeps_the_contract() {
    let space = Space::new("95/5");
    let server = script::Server {
        oncall: client("RIG_KUBECONFIG_ONCALL"),
        viewer: client("RIG_KUBECONFIG_VIEWER"),
        namespace: &space.name,
        forget: &|| {},
    };
    block_on(script::run(&server));
}
