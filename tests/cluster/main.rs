//! The real cluster of tests/rig: real API server, gateway, traffic and metrics, and the real program in a
//! pseudo-terminal.
//!
//! Run it by name, one test at a time: `tests/rig/up && cargo test --test cluster -- --test-threads=1`.
//! With `--nocapture` it prints what it saw. A test waits for what it wants to see, up to a deadline.
#![expect(clippy::expect_used, clippy::panic, reason = "a test panics when it fails")]

mod alerts;
mod api;
mod blame;
mod changes;
mod clocks;
mod cockpit;
mod contract;
mod diagnose;
mod hardship;
mod leaving;
mod load;
mod looking;
mod named;
mod pairs;
mod program;
mod prometheus;
mod races;
mod restarts;
mod rig;
mod superseded;
mod trouble;
mod truth;
mod verbs;
mod verify;
mod watching;
mod ways;
