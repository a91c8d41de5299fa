//! Ten minutes of a rollout from 0 to 5 %, scraped every five seconds from one gateway.

use jiff::{SignedDuration, Timestamp};
use tidegate::rollout::{Course, Evidence, Judged, Running, Seen, Split, Turn, judged};
use tidegate::route::BackendRef;
use tidegate::stats::{Counts, Limits, Tick, Ticks, unix_seconds};

pub const NOW: &str = "2026-03-01T12:00:00Z";
const TICKS: u32 = 120;
const EDGES: [f64; 4] = [5.0, 10.0, 25.0, 100.0];

/// What came of the canary's requests and errors; stable has 19 times as many requests, of which 4 in 10,000 failed.
pub fn running(requests: f64, errors: f64) -> Evidence {
    seen(judged_by(requests, errors, 2.0))
}

/// What the gate is told of it.
pub fn seen(judged: Judged) -> Evidence {
    let backend = BackendRef::service("shop", "checkout-canary", 8080);
    Evidence { seen: Seen::Running(vec![Running { backend, judged, pressure: Ok(None) }]), own: Vec::new() }
}

/// The same, as it is known `age` seconds after the newest sample.
pub fn judged_by(requests: f64, errors: f64, age: f64) -> Judged {
    let now: Timestamp = NOW.parse().unwrap();
    let began = now - SignedDuration::from_secs(602);
    let of = |requests: f64, errors: f64| {
        let requests = requests / f64::from(TICKS);
        let slow = [0.5, 0.1, 0.02, 0.001].map(|share| share * requests).to_vec();
        Counts { requests, errors: errors / f64::from(TICKS), slow }
    };
    let stable = 19.0 * requests;
    let tick = |index: u32| Tick {
        end: unix_seconds(began) + f64::from(index) * 5.0,
        seconds: 5.0,
        target: 0,
        scale: 1.0,
        backends: vec![of(stable, 0.0004 * stable), of(requests, errors)],
    };
    let newest = Some(unix_seconds(now) - age);
    let ticks = Ticks {
        rounds: (1..=TICKS).map(|index| vec![tick(index)]).collect(),
        edges_ms: EDGES.to_vec(),
        paired: true,
        scrape_seconds: Some(5.0),
        newest: vec![newest, newest],
        ..Ticks::default()
    };
    let turn = Turn { at: began, before: vec![1.0, 0.0], after: vec![0.95, 0.05] };
    let course = Course { began, turns: vec![turn] };
    let split = Split { canary: 1, stable: 0, target: 0.1, sticky: false };
    let limits = Limits { settle: 0.0, ..Limits::default() };
    judged(&ticks, &course, split, limits, now)
}
