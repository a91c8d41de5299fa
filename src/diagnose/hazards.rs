//! What works as it is written, and has hurt others: copies of writes, headers that anybody can send, shadows that
//! are too small, rollbacks in turn.

use jiff::{SignedDuration, Timestamp};

use super::facts::{Behind, Facts};
use super::walk::Finding;
use crate::rollout::ChangeRecord;
use crate::route::{Backend, Match, Mirror, Rule, declared_share};

/// Methods that change nothing at the server.
const READS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];
/// Rollbacks of so long ago belong to another rollout.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(2);
/// One endpoint of a shadow may carry this many times what one of those carries that answer.
const MOST_TIMES: f64 = 1.5;

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, rule) in facts.route.rules.iter().enumerate() {
        for mirror in &rule.mirrors {
            found.extend(mirrored_writes(facts, index, rule, mirror));
            found.extend(shadow_overload(facts, index, rule, mirror));
        }
        found.extend(spoofed_header(facts, index, rule));
    }
    found.extend(failover_loop(facts));
    found
}

fn mirrored_writes(facts: &Facts<'_>, index: usize, rule: &Rule, mirror: &Mirror) -> Option<Finding> {
    let only_reads = |one: &Match| one.method.as_deref().is_some_and(|method| READS.contains(&method));
    if !rule.matches.is_empty() && rule.matches.iter().all(only_reads) {
        return None;
    }
    let seen = format!(
        "{}{} gets copies of all requests, POST, PUT and DELETE among them: what they write is written twice",
        facts.of_rule(index),
        mirror.to
    );
    let advice = "mirror a rule that matches method GET alone, or see that the shadow writes nowhere";
    Some(Finding::warning(seen).advise(advice).explained("mirrored-writes"))
}

/// Copies are sent whatever the shadow can bear.
fn shadow_overload(facts: &Facts<'_>, index: usize, rule: &Rule, mirror: &Mirror) -> Option<Finding> {
    let ready =
        |behind: Option<&Behind>| behind.and_then(|behind| behind.endpoints.as_ref().ok()).map(|e| e.ready);
    let shadow = ready(facts.behind.get(&mirror.to)).filter(|ready| *ready > 0)?;
    let carries = |(at, backend): (usize, &Backend)| {
        let ready = ready(facts.behind.get(&backend.to)).filter(|ready| *ready > 0)?;
        Some(declared_share(rule, at)? / f64::from(ready))
    };
    let busiest = rule.backends.iter().enumerate().filter_map(carries).fold(0.0, f64::max);
    let (numerator, denominator) = mirror.part;
    let part = f64::from(numerator) / f64::from(denominator.max(1));
    let times = part / f64::from(shadow) / busiest;
    if !times.is_finite() || times <= MOST_TIMES {
        return None;
    }
    let endpoints = if shadow == 1 { "endpoint" } else { "endpoints" };
    let seen = format!(
        "{}{} gets copies with {shadow} ready {endpoints}: each carries {times:.1} times what the busiest that answers carries",
        facts.of_rule(index),
        mirror.to
    );
    let advice = "scale it up, or copy a part only (requestMirror.percent)";
    Some(Finding::warning(seen).advise(advice).explained("shadow-overload"))
}

/// Rolled back again and again: somebody, or something, starts it each time.
fn failover_loop(facts: &Facts<'_>) -> Option<Finding> {
    let newest =
        ChangeRecord::newest(facts.route).filter(|newest| facts.changes.iter().all(|c| c.id != newest.id));
    let returns =
        facts.changes.iter().chain(&newest).filter(|change| change.was_rollback() || change.returns);
    let age = |change: &ChangeRecord| Some(facts.now.duration_since(change.at.parse::<Timestamp>().ok()?));
    let recent =
        returns.filter_map(|change| Some((age(change)?, change))).filter(|(age, _)| *age < LOOKED_BACK);
    let recent: Vec<_> = recent.collect();
    let ((oldest, _), (_, last)) =
        (recent.iter().max_by_key(|(age, _)| *age)?, recent.iter().min_by_key(|(age, _)| *age)?);
    if recent.len() < 2 {
        return None;
    }
    let seen = format!(
        "rolled back {} times in {} min, the last time by {}: something starts it again",
        recent.len(),
        oldest.as_secs() / 60,
        last.actor
    );
    let advice = "stop whoever starts it again (a Canary, a Rollout, a sync, a person), then roll back once";
    Some(Finding::warning(seen).advise(advice).explained("failover-loop"))
}

/// A header is chosen by who sends it.
fn spoofed_header(facts: &Facts<'_>, index: usize, rule: &Rule) -> Option<Finding> {
    let canary = facts.canary()?;
    let one = rule.matches.iter().find(|one| !one.headers.is_empty() || !one.query.is_empty())?;
    let mut live = rule.backends.iter().filter(|backend| backend.weight > 0).peekable();
    live.peek()?;
    if !live.all(|backend| backend.to.same_object(canary)) {
        return None;
    }
    let seen = format!("{}whoever sends {one} gets {canary}, whatever its weight is", facts.of_rule(index));
    let advice = "if strangers can reach this Gateway: have it strip the header, or use a secret value";
    Some(Finding::warning(seen).advise(advice).explained("spoofed-header"))
}
