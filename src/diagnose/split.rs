//! Which version requests really reach: counted requests beside the declared shares.

use super::facts::{Facts, percent};
use super::traffic::{of_now, settled};
use super::walk::Finding;
use crate::metrics::{BackendCounts, Granularity, Numbers, Unclaimed, claim_counted};
use crate::rollout::{self, Claim, Observed, judge, untouched_paths};
use crate::route::{BackendRef, RouteId, Rule, RuleBackend, declared_share, weight_sum};
use crate::stats::expected_dispersion;

/// A split in which a verdict on its canary takes longer than this is hardly used.
const RARE_MINUTES: f64 = 60.0;

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, rule) in facts.route.splits() {
        let of = facts.of_rule(index);
        let live = rule.backends.iter().filter(|backend| backend.weight > 0).count();
        if rule.sticky && live > 1 {
            let seen = format!(
                "{of}sessionPersistence is set: a session stays with the version that it began on, so shares follow slowly and weight 0 drains none"
            );
            let advice = "before a rollback counts as done, wait for the sessions to end, or end them";
            found.push(Finding::warning(seen).advise(advice).explained("broken-sessions"));
        }
        if weight_sum(rule) == 0 {
            found.push(Finding::unknown(format!("{of}all weights are 0: there is nothing to compare with")));
            continue;
        }
        match counted(facts, index) {
            Ok(observed) => found.extend(judged(facts, &of, rule, &observed)),
            Err(finding) => found.push(Finding { seen: format!("{of}{}", finding.seen), ..finding }),
        }
    }
    if found.is_empty() {
        found.push(Finding::ok("no rule of it splits traffic"));
    }
    found
}

/// The requests of a split's backends since the newest write, if they are the split's own and of now.
fn counted(facts: &Facts<'_>, index: usize) -> Result<Observed, Finding> {
    let traffic = settled(facts)?;
    let seconds = facts.now.duration_since(traffic.counts.since).as_secs();
    let places: Vec<RuleBackend> = facts.route.rule_backends(index).collect();
    let known: Vec<&BackendCounts> = places.iter().filter_map(|place| traffic.counts.get(place)).collect();
    if known.is_empty() {
        return Err(Finding::unknown("no data: none of its backends has series").explained("metrics-down"));
    }
    of_now(facts, &known)?;
    // A backend that was never sent anything has no series yet; that others have some shows that they are counted.
    let requests = |place: &RuleBackend| traffic.counts.get(place).map_or(0.0, |counted| counted.requests);
    let numbers = places
        .iter()
        .map(|place| (&place.to, Some(Numbers { requests: Some(requests(place)), ..Numbers::default() })));
    // Where the backends of a split are counted in different ways, what tells least holds.
    let granularity = known.iter().map(|counted| counted.granularity).max().unwrap_or_default();
    let other_paths = |apart: Granularity| {
        let paths = untouched_paths(facts.route, index, facts.around.iter().copied().chain([facts.route]));
        paths.iter().filter(|path| apart != Granularity::Route || path.route == facts.route.id).count()
    };
    let requests = claim_counted(numbers, granularity, other_paths)
        .map_err(|unclaimed| unclaimable(&facts.route.id, &unclaimed, seconds))?;
    let scrapes = known.iter().map(|counted| counted.scrapes).max().unwrap_or(0);
    let dispersion = expected_dispersion(facts.route.rules.get(index).is_some_and(|rule| rule.sticky));
    Ok(Observed { requests, scrapes: u32::try_from(scrapes).unwrap_or(u32::MAX), dispersion, restarts: 0 })
}

fn unclaimable(route: &RouteId, unclaimed: &Unclaimed<'_>, seconds: i64) -> Finding {
    match unclaimed {
        Unclaimed::Shared(paths) => {
            let by = if *paths == 1 { "another path leads" } else { "other paths lead" };
            Finding::unknown(format!(
                "{by} to the same Services ({paths}), and the metrics count per Service"
            ))
            .advise(format!(
                "count the versions by requests of your own: tidegate verify {route} --probe URL"
            ))
        }
        Unclaimed::PerRule => Finding::unknown("the metrics count per rule, not per backend"),
        Unclaimed::Uncounted(why) => Finding::unknown(*why),
        Unclaimed::UnknownSource => Finding::unknown("it is not known whose metrics these are"),
        Unclaimed::NoSeries(backend) => Finding::unknown(format!("{backend} has no series")),
        Unclaimed::TooFew(backend) => Finding::unknown(format!("{backend} has too few samples")),
        Unclaimed::NotANumber(backend) => Finding::unknown(format!("the rate of {backend} is not a number")),
        Unclaimed::NoTraffic => {
            Finding::unknown(format!("no request in {seconds} s: nothing shows where they go"))
                .advise("send some, and see that host and path are those of the route")
        }
    }
}

/// What the counts say of the declared shares.
fn judged(facts: &Facts<'_>, of: &str, rule: &Rule, observed: &Observed) -> Vec<Finding> {
    let declared: Vec<f64> =
        (0..rule.backends.len()).map(|index| declared_share(rule, index).unwrap_or(0.0)).collect();
    match judge(&Claim::served(&declared), observed) {
        rollout::Finding::Proven(words) => vec![Finding::ok(format!("{of}{words}"))],
        rollout::Finding::NoTraffic => vec![Finding::unknown(format!("{of}no traffic"))],
        rollout::Finding::Undecided { seen, needed, words }
        | rollout::Finding::Follows { seen, needed, words } => undecided(facts, of, (seen, needed), &words),
        rollout::Finding::Contradicted { words, .. } if let Some(seconds) = facts.counts_of_before() => {
            let seen = format!(
                "{of}{words}; the route was written {seconds} s ago, and requests of before may be among these"
            );
            vec![Finding::unknown(seen).advise("look again in two minutes")]
        }
        rollout::Finding::Contradicted { words, .. } => {
            vec![other_shares(facts, of, rule, &declared, observed, &words)]
        }
    }
}

/// Too few requests so far; and whether that will ever change.
fn undecided(facts: &Facts<'_>, of: &str, (seen, needed): (f64, f64), words: &str) -> Vec<Finding> {
    let mut found =
        vec![Finding::unknown(format!("{of}{words}: {seen:.0} of about {needed:.0} requests that decide"))];
    let since = facts
        .traffic
        .as_ref()
        .ok()
        .map(|traffic| facts.now.duration_since(traffic.counts.since).as_secs_f64());
    let minutes = since.map(|seconds| needed / (seen / seconds) / 60.0);
    if let Some(minutes) = minutes.filter(|minutes| minutes.is_finite() && *minutes > RARE_MINUTES) {
        let hours = minutes / 60.0;
        let seen = format!(
            "{of}at this rate {hours:.0} h pass before the counts can tell anything: hardly anybody comes this way"
        );
        let advice =
            format!("judge it by requests of your own: tidegate verify {} --probe URL", facts.route.id);
        found.push(Finding::warning(seen).advise(advice).explained("rare-path"));
    }
    found
}

/// The split that is served is another one; which one tells what is wrong.
fn other_shares(
    facts: &Facts<'_>,
    of: &str,
    rule: &Rule,
    declared: &[f64],
    observed: &Observed,
    words: &str,
) -> Finding {
    let total: f64 = observed.requests.iter().sum();
    let gets: Vec<f64> = observed.requests.iter().map(|requests| requests / total).collect();
    let broken = |why: &str, advice: &str, name| {
        Finding::broken(format!("{of}{words}; {why}"), advice).explained(name)
    };
    let starved = declared.iter().zip(&gets).position(|(want, got)| *want > 0.0 && *got <= 0.0);
    if let Some(starved) = starved.and_then(|index| rule.backends.get(index)) {
        let taker = gets
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(b.1))
            .and_then(|(index, _)| rule.backends.get(index));
        let taker = taker.map(|backend| backend.to.to_string()).unwrap_or_default();
        let why = format!("{} gets nothing: its share goes to {taker}", starved.to);
        return broken(
            &why,
            "see the steps before this one: a backend that cannot be reached loses its share silently",
            "none",
        );
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 16 backends")]
    let equal = vec![1.0 / declared.len() as f64; declared.len()];
    if fits(&equal, observed) {
        let why = "requests are spread evenly, as by a gateway that ignores weights";
        return broken(
            why,
            "see whether this gateway supports weights, and whether another object configures the same host",
            "too-much",
        );
    }
    if let Some(by_endpoints) = by_endpoints(facts, rule).filter(|shares| fits(shares, observed)) {
        let shares: Vec<String> = by_endpoints.iter().map(|share| format!("{} %", percent(*share))).collect();
        let why = format!(
            "requests are spread by the number of endpoints ({}), as by a gateway that ignores weights",
            shares.join(", ")
        );
        return broken(&why, "see whether this gateway supports weights", "too-much");
    }
    let causes = causes(rule);
    let why = format!("possible causes: {}", causes.join("; "));
    let over = facts
        .canary()
        .and_then(|canary| rule.backends.iter().position(|backend| backend.to.same_object(canary)));
    let too_much = over.is_some_and(|index| gets.get(index) > declared.get(index));
    broken(
        &why,
        &format!("tell them apart by new connections: tidegate verify {} --probe URL", facts.route.id),
        if too_much { "too-much" } else { "none" },
    )
}

/// What can turn a declared split into another one, as far as the route shows it.
fn causes(rule: &Rule) -> Vec<&'static str> {
    let mut causes = Vec::new();
    if rule.sticky {
        causes.push("sticky sessions (sessionPersistence is set)");
    } else {
        causes.push("sticky sessions by cookie or source address, set outside of the route");
    }
    if rule.retries {
        causes.push("retries, each of which counts (retry is set)");
    }
    causes.push("few long connections (gRPC, HTTP/2) that stay with one version");
    causes.push("an edit that the data plane has not taken up");
    causes
}

/// Whether these shares are not contradicted by what was counted.
fn fits(shares: &[f64], observed: &Observed) -> bool {
    !matches!(judge(&Claim::served(shares), observed), rollout::Finding::Contradicted { .. })
}

fn by_endpoints(facts: &Facts<'_>, rule: &Rule) -> Option<Vec<f64>> {
    let ready = |to: &BackendRef| Some(f64::from(facts.behind.get(to)?.endpoints.as_ref().ok()?.ready));
    let ready = rule.backends.iter().map(|backend| ready(&backend.to)).collect::<Option<Vec<f64>>>()?;
    // One without endpoints gets nothing for another reason.
    let sum: f64 = ready.iter().sum();
    ready.iter().all(|ready| *ready > 0.0).then(|| ready.iter().map(|ready| ready / sum).collect())
}
