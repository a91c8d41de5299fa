//! Retries and time-outs, as far as the route, the proxies' counters and the latencies tell.

use super::facts::Facts;
use super::strain;
use super::walk::Finding;
use crate::route::Rule;

/// So near to a time-out, requests run into it.
const NEAR: f64 = 0.9;

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, rule) in facts.route.rules.iter().enumerate() {
        let of = facts.of_rule(index);
        if rule.retries {
            let seen = format!(
                "{of}retry is set: it hides errors from clients, and where each attempt is counted a failing version looks busier than it is"
            );
            found.push(Finding::warning(seen).explained("too-much"));
        }
        let strain = strain::findings(facts, index, rule);
        let new: Vec<Finding> = strain.into_iter().filter(|finding| !found.contains(finding)).collect();
        found.extend(new);
        found.extend(time_out(facts, &of, rule));
    }
    if found.is_empty() {
        found.push(Finding::ok(
            "the route sets neither; what the gateway sets by itself is not seen here, and its 504 counts as an error above",
        ));
    }
    found
}

fn time_out(facts: &Facts<'_>, of: &str, rule: &Rule) -> Option<Finding> {
    let text = rule.timeout.as_deref()?;
    // 0 means none.
    let limit = seconds(text).filter(|limit| *limit > 0.0)?;
    let p99 = &facts.traffic.as_ref().ok()?.p99;
    let slowest = rule.backends.iter().filter(|backend| backend.weight > 0);
    let slowest = slowest.filter_map(|backend| Some((&backend.to, *p99.get(&backend.to)?)));
    let Some((to, p99)) = slowest.max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return Some(Finding::unknown(format!(
            "{of}how near latency is to the time-out of {text}: no latency is known"
        )));
    };
    let seen = format!("{of}time-out {text}; 99 % of the requests to {to} take less than {p99:.3} s");
    Some(if p99 > NEAR * limit {
        Finding::broken(
            seen,
            "requests run into the time-out and get 504: find out why it is slow, or raise timeouts.request",
        )
    } else {
        Finding::ok(seen)
    })
}

/// A duration of the Gateway API (GEP-2257) in seconds. Its units come in any order, and each more than once, which
/// readers of other durations do not take.
fn seconds(text: &str) -> Option<f64> {
    let (mut rest, mut sum) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: f64 = rest[..digits].parse().ok()?;
        let after = &rest[digits..];
        let (unit, length) = match after {
            _ if after.starts_with("ms") => (0.001, 2),
            _ if after.starts_with('h') => (3600.0, 1),
            _ if after.starts_with('m') => (60.0, 1),
            _ if after.starts_with('s') => (1.0, 1),
            _ => return None,
        };
        sum += number * unit;
        rest = &after[length..];
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_the_gateway_api_writes_them() {
        assert_eq!(seconds("10s"), Some(10.0));
        assert_eq!(seconds("500ms"), Some(0.5));
        assert_eq!(seconds("1h2m3s"), Some(3723.0));
        assert_eq!(seconds("10s30m1h10s"), Some(5420.0));
        assert!("10s30m1h".parse::<jiff::SignedDuration>().is_err(), "else jiff could read it");
        assert_eq!(seconds("10"), None);
        assert_eq!(seconds("ten"), None);
    }
}
