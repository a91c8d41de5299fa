//! Errors by version, judged as the gate does.

use super::facts::{Facts, percent};
use super::traffic::{of_now, settled};
use super::walk::Finding;
use crate::metrics::BackendCounts;
use crate::rollout::{ERROR_LIMIT, ErrorCount};
use crate::route::BackendRef;

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let traffic = match settled(facts) {
        Ok(traffic) => traffic,
        Err(why) => return vec![why],
    };
    let known: Vec<&BackendCounts> = traffic.counts.backends.values().collect();
    if let Err(why) = of_now(facts, &known) {
        return vec![why];
    }
    let rules = facts.route.rules.iter().flat_map(|rule| &rule.backends);
    let mut live: Vec<&BackendRef> =
        rules.filter(|backend| backend.weight > 0).map(|backend| &backend.to).collect();
    live.sort();
    live.dedup();
    if live.is_empty() {
        return vec![Finding::ok("no backend of it has any weight")];
    }
    let seconds = facts.now.duration_since(traffic.counts.since).as_secs_f64();
    let failing: Vec<&BackendRef> = live
        .iter()
        .copied()
        .filter(|to| traffic.counts.of(to).is_some_and(|c| count(&c, seconds).fails()))
        .collect();
    live.iter().map(|to| of_backend(facts, to, traffic.counts.of(to), seconds, &failing)).collect()
}

fn count(counted: &BackendCounts, seconds: f64) -> ErrorCount {
    ErrorCount { requests: counted.requests, errors: counted.errors, seconds }
}

fn of_backend(
    facts: &Facts<'_>,
    to: &BackendRef,
    counted: Option<BackendCounts>,
    seconds: f64,
    failing: &[&BackendRef],
) -> Finding {
    let Some(counted) = counted.filter(|counted| counted.requests > 0.0) else {
        return Finding::unknown(format!("{to}: no request in {seconds:.0} s"));
    };
    let judged = count(&counted, seconds);
    let interval = judged.interval();
    let BackendCounts { requests, errors, .. } = counted;
    let limit = percent(ERROR_LIMIT);
    let seen = format!(
        "{to}: {errors:.0} of {requests:.0} requests failed in {seconds:.0} s, {} % ({} to {})",
        percent(errors / requests),
        percent(interval.lo),
        percent(interval.hi)
    );
    if judged.fails() {
        let is_canary = facts.canary().is_some_and(|canary| canary.same_object(to));
        let advice = if failing.len() > 1 {
            format!("{} versions fail: the cause is not one of them; look at what they share", failing.len())
        } else if is_canary {
            format!("roll it back: tidegate rollback {}", facts.route.id)
        } else {
            format!(
                "this version fails alone: look at its pods and logs; give it less: tidegate set {}",
                facts.route.id
            )
        };
        return Finding::broken(format!("{seen}, above {limit} %"), advice);
    }
    if interval.hi <= ERROR_LIMIT {
        return Finding::ok(seen);
    }
    Finding::unknown(format!("{seen}: too few to tell whether it is above {limit} %"))
}
