//! Whether what was counted says anything of now.

use super::facts::{Facts, Traffic};
use super::walk::Finding;
use crate::metrics::BackendCounts;

/// With samples older than this many scrapes nothing is said of now.
const STALE_SCRAPES: f64 = 3.0;
/// After a change that settled less than this long ago, nothing is said.
const LEAST_SECONDS: i64 = 5;

/// What was counted, once the newest change has settled.
pub(super) fn settled<'a>(facts: &'a Facts<'_>) -> Result<&'a Traffic, Finding> {
    let traffic = facts
        .traffic
        .as_ref()
        .map_err(|why| Finding::unknown(format!("no data: {why}")).explained("metrics-down"))?;
    if facts.now.duration_since(traffic.counts.since).as_secs() < LEAST_SECONDS {
        return Err(Finding::unknown(
            "the route was just written: requests of before may still be on their way",
        ));
    }
    Ok(traffic)
}

/// Whether these counts are of now.
pub(super) fn of_now(facts: &Facts<'_>, known: &[&BackendCounts]) -> Result<(), Finding> {
    let down = |why: String| Err(Finding::unknown(why).explained("metrics-down"));
    let newest = known.iter().filter_map(|counted| counted.newest).max();
    let interval = known.iter().filter_map(|counted| counted.scrape_interval).max();
    if let (Some(newest), Some(interval)) = (newest, interval) {
        let age = facts.now.duration_since(newest).as_secs_f64();
        if age > STALE_SCRAPES * interval.as_secs_f64() {
            return down(format!(
                "the newest sample is {age:.0} s old, scrapes are {} s apart",
                interval.as_secs()
            ));
        }
    }
    if known.iter().any(|counted| counted.target_up == Some(false)) {
        return down("a target that counts these requests is not up".to_owned());
    }
    Ok(())
}
