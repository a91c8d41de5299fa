//! Who takes the requests of a split before they come to it: equal matches, and narrower ones.
//!
//! Rules of the Gateway API: the most specific match wins; between equal ones the older route, then the first by
//! namespace and name, then the first rule.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::facts::{Facts, shares};
use super::walk::Finding;
use crate::route::{HeaderMatch, Match, ParentRef, PathMatch, Route, RouteState, Rule};

/// Narrower matches that are named; there may be hundreds.
const MOST_NAMED: usize = 4;

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, rule) in facts.route.splits() {
        let before = found.len();
        for one in matches(rule).iter() {
            found.extend(taken(facts, index, one));
        }
        found.extend(around(facts, index, rule));
        if found.len() == before && facts.around_note.is_none() {
            found.push(Finding::ok(format!("{}no other rule takes its requests", facts.of_rule(index))));
        }
    }
    found.extend(closer_hosts(facts));
    if let Some(note) = facts.around_note {
        found.push(Finding::unknown(format!("whether another route takes its requests: {note}")));
    }
    found
}

/// The matches of a rule; none means all requests.
fn matches(rule: &Rule) -> Cow<'_, [Match]> {
    if rule.matches.is_empty() { Cow::Owned(vec![Match::default()]) } else { Cow::Borrowed(&rule.matches) }
}

/// Another rule with the same match that comes first.
fn taken(facts: &Facts<'_>, index: usize, one: &Match) -> Vec<Finding> {
    let mine = facts.route;
    let equal = |rule: &Rule| matches(rule).iter().any(|other| Shape::of(other) == Shape::of(one));
    let earlier = mine.rules.iter().take(index).position(equal);
    let earlier = earlier.map(|earlier| {
        let seen = format!("{}rule {earlier} of the same route has the same match ({one}) and comes first: this rule gets nothing", facts.of_rule(index));
        Finding::broken(seen, "take one of the rules out, or give it another match")
    });
    let rivals = facts.others().filter(|other| other.rules.iter().any(equal));
    let rivals = rivals.filter_map(|other| {
        let hosts = contested(mine, other)?;
        takes_requests(other).then_some((other, hosts))
    });
    let rivals = rivals.map(|(other, hosts)| rival(facts, index, one, other, &hosts));
    earlier.into_iter().chain(rivals).collect()
}

/// What an equal match on another route means.
fn rival(facts: &Facts<'_>, index: usize, one: &Match, other: &Route, hosts: &str) -> Finding {
    let of = facts.of_rule(index);
    let what = format!("route {} has the same match ({one}) for {hosts}", other.id);
    let (mine, theirs) = (facts.route.created, other.created);
    let order = match (mine, theirs) {
        (Some(mine), Some(theirs)) => mine.cmp(&theirs).then_with(|| facts.route.id.cmp(&other.id)),
        _ => {
            return Finding::unknown(format!(
                "{of}{what}, and it is not known which of them is older: the older one gets the requests"
            ));
        }
    };
    let when = |at: Option<jiff::Timestamp>| at.map_or_else(String::new, |at| at.to_string());
    match order {
        Ordering::Less => Finding::warning(format!(
            "{of}{what}, and was created later ({}): it gets nothing, this route gets all of them",
            when(theirs)
        )),
        _ => Finding::broken(
            format!(
                "{of}{what}, and is older ({}, this one {}): it gets these requests, this rule gets none of them",
                when(theirs),
                when(mine)
            ),
            format!("take the match out of route {}, or give this rule another one; weights are never added up across routes", other.id),
        )
        .explained("none"),
    }
}

/// Rules with the same match and more on top: their requests never come to the split.
fn around(facts: &Facts<'_>, index: usize, rule: &Rule) -> Option<Finding> {
    let mine = facts.route;
    let own = mine.rules.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, other)| (mine, other));
    let theirs = facts.others().filter(|other| contested(mine, other).is_some());
    let theirs = theirs.flat_map(|other| other.rules.iter().map(move |rule| (other, rule)));
    let mut named: Vec<String> = Vec::new();
    for (route, other) in own.chain(theirs) {
        // The same split again is moved together with this one.
        if same_shares(rule, other) {
            continue;
        }
        let narrower = |n: &&Match| matches(rule).iter().any(|m| is_narrower(n, m));
        for narrow in matches(other).iter().filter(narrower) {
            let place = if route.id == mine.id { String::new() } else { format!(" of route {}", route.id) };
            named.push(format!("{narrow} to {}{place}", shares(other)));
        }
    }
    if named.is_empty() {
        return None;
    }
    let more = shortened(&mut named);
    let seen = format!(
        "{}requests with these matches never come to the split: {}{more}",
        facts.of_rule(index),
        named.join("; ")
    );
    Some(
        Finding::warning(seen)
            .advise("they are served by rules of their own, which no step moves: count them apart"),
    )
}

/// Routes for hosts that this one serves by a wildcard, or since it names none: the more specific host comes first.
fn closer_hosts(facts: &Facts<'_>) -> Option<Finding> {
    let mine = facts.route;
    mine.splits().next()?;
    let covered = |host: &str| {
        let below = |own: &str| {
            own.strip_prefix('*').is_some_and(|end| host.len() > own.len() && host.ends_with(end))
        };
        mine.hostnames.is_empty() || mine.hostnames.iter().any(|own| below(own))
    };
    let is_named = |host: &str| mine.hostnames.iter().any(|own| own.eq_ignore_ascii_case(host));
    let beside = facts.others().filter(|other| share_a_parent(mine, other) && takes_requests(other));
    let mut taken: Vec<String> = beside
        .flat_map(|other| other.hostnames.iter().map(move |host| (host, &other.id)))
        .filter(|(host, _)| covered(host) && !is_named(host))
        .map(|(host, id)| format!("{host} (route {id})"))
        .collect();
    if taken.is_empty() {
        return None;
    }
    let more = shortened(&mut taken);
    let own = if mine.hostnames.is_empty() { "all hosts".to_owned() } else { mine.hostnames.join(", ") };
    let seen = format!(
        "it serves {own}; requests for hosts that other routes name go there: {}{more}",
        taken.join("; ")
    );
    Some(Finding::warning(seen).advise("name the hosts in this route if it is to get their requests"))
}

/// Keeps the first few, and says how many more there were.
fn shortened(named: &mut Vec<String>) -> String {
    let more = named.len().saturating_sub(MOST_NAMED);
    named.truncate(MOST_NAMED);
    if more > 0 { format!(" and {more} more") } else { String::new() }
}

/// What is not accepted takes nothing.
fn takes_requests(route: &Route) -> bool {
    !matches!(route.state(), RouteState::NotAccepted(_) | RouteState::NoStatus)
}

fn same_shares(one: &Rule, other: &Rule) -> bool {
    one.backends.len() == other.backends.len()
        && one.backends.iter().all(|backend| other.backends.contains(backend))
}

/// Whether both attach to the same listener, or may.
fn share_a_parent(mine: &Route, other: &Route) -> bool {
    let meet = |a: &ParentRef, b: &ParentRef| {
        let same = (&a.group, &a.kind, &a.namespace, &a.name) == (&b.group, &b.kind, &b.namespace, &b.name);
        let apart = |a: bool, b: bool, equal: bool| a && b && !equal;
        same && !apart(a.section.is_some(), b.section.is_some(), a.section == b.section)
            && !apart(a.port.is_some(), b.port.is_some(), a.port == b.port)
    };
    mine.parents.iter().any(|a| other.parents.iter().any(|b| meet(a, b)))
}

/// The hosts that both routes serve at a parent of both; `None` if there is none.
fn contested(mine: &Route, other: &Route) -> Option<String> {
    if !share_a_parent(mine, other) {
        return None;
    }
    if mine.hostnames.is_empty() && other.hostnames.is_empty() {
        return Some("all hosts".to_owned());
    }
    let shared = mine
        .hostnames
        .iter()
        .filter(|host| other.hostnames.iter().any(|theirs| theirs.eq_ignore_ascii_case(host)));
    let shared: Vec<&str> = shared.map(|host| &**host).collect();
    (!shared.is_empty()).then(|| shared.join(", "))
}

/// A match so that equal ones compare equal.
#[derive(PartialEq, Eq)]
struct Shape<'a> {
    path: (&'a str, &'a str),
    method: Option<&'a str>,
    headers: Vec<(String, &'a str, &'a str)>,
    query: Vec<(String, &'a str, &'a str)>,
}

impl<'a> Shape<'a> {
    fn of(one: &'a Match) -> Self {
        let list = |all: &'a [HeaderMatch], name: fn(&str) -> String| {
            let mut all: Vec<_> = all.iter().map(|one| (name(&one.name), &*one.kind, &*one.value)).collect();
            all.sort_unstable();
            all
        };
        Self {
            path: path(one.path.as_ref()),
            method: one.method.as_deref(),
            headers: list(&one.headers, str::to_ascii_lowercase),
            query: list(&one.query, str::to_owned),
        }
    }
}

/// Kind and value; a prefix is compared without the slash at its end.
fn path(path: Option<&PathMatch>) -> (&str, &str) {
    match path {
        None => ("PathPrefix", ""),
        Some(path) if &*path.kind == "PathPrefix" => ("PathPrefix", path.value.trim_end_matches('/')),
        Some(path) => (&path.kind, &path.value),
    }
}

/// Whether all requests of `narrow` would fit `wide` too, and `narrow` asks for a header, a parameter or a method more.
fn is_narrower(narrow: &Match, wide: &Match) -> bool {
    let (n, w) = (Shape::of(narrow), Shape::of(wide));
    let within = match (w.path, n.path) {
        (("PathPrefix", prefix), ("PathPrefix" | "Exact", value)) => {
            value.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        (wide, narrow) => wide == narrow,
    };
    let has_all = w.headers.iter().all(|one| n.headers.contains(one))
        && w.query.iter().all(|one| n.query.contains(one));
    let asks_more = n.headers.len() > w.headers.len()
        || n.query.len() > w.query.len()
        || n.method.is_some() && w.method.is_none();
    within && has_all && asks_more && (w.method.is_none() || w.method == n.method)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(path: &str, method: Option<&str>, headers: &[(&str, &str)]) -> Match {
        let header = |(name, value): &(&str, &str)| HeaderMatch {
            kind: "Exact".into(),
            name: (*name).into(),
            value: (*value).into(),
        };
        Match {
            path: Some(PathMatch { kind: "PathPrefix".into(), value: path.into() }),
            method: method.map(Into::into),
            headers: headers.iter().map(header).collect(),
            query: [].into(),
        }
    }

    #[test]
    fn equal_matches_may_be_written_otherwise() {
        let equal = |a: &Match, b: &Match| Shape::of(a) == Shape::of(b);
        assert!(equal(&one("/", None, &[]), &Match::default()));
        assert!(equal(
            &one("/a/", None, &[("X-A", "1"), ("b", "2")]),
            &one("/a", None, &[("B", "2"), ("x-a", "1")])
        ));
        assert!(!equal(&one("/a", None, &[]), &one("/ab", None, &[])));
        assert!(!equal(&one("/a", None, &[]), &one("/a", Some("GET"), &[])));
        assert!(!equal(&one("/a", None, &[("x", "1")]), &one("/a", None, &[("x", "2")])));
    }

    #[test]
    fn narrower_is_a_header_more_on_the_same_or_a_longer_path() {
        let all = one("/", None, &[]);
        assert!(is_narrower(&one("/", None, &[("x", "1")]), &all));
        assert!(is_narrower(&one("/api", Some("POST"), &[]), &all));
        assert!(!is_narrower(&all, &all));
        assert!(
            !is_narrower(&one("/api", None, &[]), &all),
            "a longer path alone is another part of the site"
        );
        assert!(!is_narrower(&one("/other", None, &[("x", "1")]), &one("/api", None, &[])));
        assert!(!is_narrower(&one("/apis", None, &[("x", "1")]), &one("/api", None, &[])));
        assert!(!is_narrower(&one("/", None, &[("y", "1")]), &one("/", None, &[("x", "1")])));
    }
}
