//! The demo at a fixed moment with a fixed seed.

use tempfile::TempDir;
use tidegate::cli::{Session, demo_session};
use tidegate::clock::Clock;
use tidegate::config::Settings;
use tidegate::demo::{Demo, Scenario};

const SEED: u64 = 7;

/// A demo that ends when this is dropped.
pub struct World {
    _demo: Demo,
    _folder: TempDir,
}

/// Opens it, with a session on it.
pub fn open(scenario: Scenario) -> (World, Session) {
    let clock = Clock::starting_at("2026-03-14T09:30:00Z".parse().unwrap());
    let demo = Demo::start(scenario, SEED, clock);
    let folder = TempDir::new().unwrap();
    let session = demo_session(&demo, folder.path(), Settings::default());
    (World { _demo: demo, _folder: folder }, session)
}
