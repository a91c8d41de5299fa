//! The contract script against the demo's API server. `tests/cluster` runs it against a real one.
#![expect(clippy::expect_used, clippy::panic, reason = "a test panics when it fails")]

mod script;

use script::Server;
use tidegate::clock::Clock;
use tidegate::demo::api::User;
use tidegate::demo::{Demo, Scenario};

#[tokio::test(start_paused = true)]
async fn the_demos_server_answers_like_a_real_one() {
    let clock = Clock::starting_at("2026-03-14T09:00:00Z".parse().expect("a time"));
    let demo = Demo::start(Scenario::Healthy, 1, clock);
    let api = demo.api();
    let oncall = User { name: "oncall", groups: &["on-call"], writes: true };
    let viewer = User { name: "viewer", groups: &[], writes: false };
    let server = Server {
        oncall: api.client(oncall, "shop"),
        viewer: api.client(viewer, "shop"),
        namespace: "shop",
        forget: &|| api.forget_history(),
    };
    script::run(&server).await;
}
