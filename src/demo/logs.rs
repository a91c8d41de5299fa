//! What the simulated pods log: a line now and then, and one for each request that failed.

use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::traffic::Traffic;
use crate::route::BackendRef;

/// Requests that make one line.
const REQUESTS_A_LINE: u64 = 20;
/// Lines of one kind, at most.
const MOST: u64 = 2000;

/// The newest `seconds` of the log of one of `pods` pods behind `backend`, as they are at `now`.
pub(super) fn log(
    traffic: &Mutex<Traffic>,
    backend: &BackendRef,
    pods: u64,
    seconds: i64,
    now: Timestamp,
) -> String {
    let mut traffic = traffic.lock().unwrap_or_else(PoisonError::into_inner);
    let samples = traffic.samples(now);
    let from = now.saturating_sub(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MIN);
    let of = |sample: &super::traffic::Sample| sample.counters.get(backend).copied().unwrap_or_default();
    let newest = samples.back().map(of).unwrap_or_default();
    let oldest = samples.iter().rev().find(|sample| sample.at <= from).or(samples.front());
    let oldest = oldest.map(of).unwrap_or_default();
    let of_pod = |count: u64| count / pods.max(1);
    let (requests, errors) =
        (of_pod(newest.requests - oldest.requests), of_pod(newest.errors - oldest.errors));
    let mut text = String::new();
    // Writing to a string cannot fail.
    for _ in 0..(requests / REQUESTS_A_LINE).min(MOST) {
        let _ = writeln!(text, "INFO  handled {REQUESTS_A_LINE} requests");
    }
    for _ in 0..errors.min(MOST) {
        let _ = writeln!(text, "ERROR order could not be priced: no rate for EUR");
    }
    text
}
