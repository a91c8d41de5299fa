//! Errors by version: what the gate says of a canary, and of every version what was counted lately.

use super::facts::{Facts, percent};
use super::traffic::{of_now, settled};
use super::walk::Finding;
use crate::metrics::BackendCounts;
use crate::rollout::{Check, ERROR_LIMIT, ErrorCount, Verdict as GateVerdict};
use crate::route::BackendRef;

/// What the gate shows to be bad is bad, whatever was counted lately: its tests look at the whole rollout.
pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found: Vec<Finding> =
        facts.gated.iter().flat_map(|(canary, checks)| failed(facts, canary, checks)).collect();
    match counted(facts) {
        Ok(counted) => found.extend(counted),
        Err(_) if !found.is_empty() => {}
        Err(why) => found.push(why),
    }
    found
}

fn failed(facts: &Facts<'_>, canary: &BackendRef, checks: &[Check]) -> Vec<Finding> {
    let failed = checks.iter().filter(|check| check.verdict == GateVerdict::Fail);
    let broken = |check: &Check| {
        Finding::broken(format!("{canary}: {}: {}", check.name, check.words), roll_back(facts))
    };
    failed.map(broken).collect()
}

fn roll_back(facts: &Facts<'_>) -> String {
    format!("roll it back: tidegate rollback {}", facts.route.id)
}

/// Of each backend that has a share: what was counted in the last minutes.
fn counted(facts: &Facts<'_>) -> Result<Vec<Finding>, Finding> {
    let traffic = settled(facts)?;
    let known: Vec<&BackendCounts> = traffic.counts.backends.values().collect();
    of_now(facts, &known)?;
    let rules = facts.route.rules.iter().flat_map(|rule| &rule.backends);
    let mut live: Vec<&BackendRef> =
        rules.filter(|backend| backend.weight > 0).map(|backend| &backend.to).collect();
    live.sort();
    live.dedup();
    if live.is_empty() {
        return Ok(vec![Finding::ok("no backend of it has any weight")]);
    }
    let seconds = facts.now.duration_since(traffic.counts.since).as_secs_f64();
    let counts: Vec<(&BackendRef, Option<ErrorCount>)> =
        live.into_iter().map(|to| (to, traffic.counts.of(to).map(|c| count(&c, seconds)))).collect();
    Ok(counts.iter().filter_map(|(to, counted)| of_backend(facts, to, *counted, seconds, &counts)).collect())
}

fn count(counted: &BackendCounts, seconds: f64) -> ErrorCount {
    ErrorCount { requests: counted.requests, errors: counted.errors, seconds }
}

/// `None` where the gate has told that it fails already.
fn of_backend(
    facts: &Facts<'_>,
    to: &BackendRef,
    counted: Option<ErrorCount>,
    seconds: f64,
    all: &[(&BackendRef, Option<ErrorCount>)],
) -> Option<Finding> {
    let gate = facts.gated.iter().find(|(canary, _)| canary.same_object(to));
    let gate = gate.and_then(|(_, checks)| checks.iter().find(|check| check.name == "errors"));
    if gate.is_some_and(|check| check.verdict == GateVerdict::Fail) {
        return None;
    }
    let Some(judged) = counted.filter(|counted| counted.requests > 0.0) else {
        return Some(Finding::unknown(format!("{to}: no request in {seconds:.0} s")));
    };
    let interval = judged.interval();
    let ErrorCount { requests, errors, .. } = judged;
    let limit = percent(ERROR_LIMIT);
    let seen = format!(
        "{to}: {errors:.0} of {requests:.0} requests failed in {seconds:.0} s, {} % ({} to {})",
        percent(errors / requests),
        percent(interval.lo),
        percent(interval.hi)
    );
    if let Some(check) = gate.filter(|check| check.verdict == GateVerdict::Pass) {
        return Some(Finding::ok(format!("{seen}; the gate passes: {}", check.words)));
    }
    let others = || all.iter().filter(|(other, _)| *other != to).filter_map(|(_, counted)| *counted);
    if judged.fails() {
        let failing = 1 + others().filter(ErrorCount::fails).count();
        let is_canary = facts.canary().is_some_and(|canary| canary.same_object(to));
        let advice = if failing > 1 {
            format!("{failing} versions fail: the cause is not one of them; look at what they share")
        } else if is_canary {
            roll_back(facts)
        } else {
            alone(facts)
        };
        return Some(Finding::broken(format!("{seen}, above {limit} %"), advice));
    }
    Some(match gate {
        Some(check) => Finding::unknown(format!("{seen}; the gate does not pass: {}", check.words)),
        None if facts.gated.is_empty() && is_worse(judged, others()) => {
            Finding::broken(format!("{seen}, more than the others"), alone(facts))
        }
        None if interval.hi <= ERROR_LIMIT => Finding::ok(seen),
        None => Finding::unknown(format!("{seen}: too few to tell whether it is above {limit} %")),
    })
}

fn alone(facts: &Facts<'_>) -> String {
    format!(
        "this version fails alone: look at its pods and logs; give it less: tidegate set {}",
        facts.route.id
    )
}

/// Whether one fails more requests than all others together, by as much as the gate calls worse: 0.1 points and a
/// quarter. The intervals are apart.
fn is_worse(one: ErrorCount, others: impl Iterator<Item = ErrorCount>) -> bool {
    let add = |sum: ErrorCount, other: ErrorCount| ErrorCount {
        requests: sum.requests + other.requests,
        errors: sum.errors + other.errors,
        ..sum
    };
    others.reduce(add).is_some_and(|others| {
        let most = others.interval().hi;
        one.interval().lo > (most + 0.001).max(most * 1.25)
    })
}
