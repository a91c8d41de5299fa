//! Retries, time-outs and overflow as the proxies counted them, for each request, judged as the gate does.

use super::facts::{Facts, percent};
use super::traffic::{of_now, settled};
use super::walk::Finding;
use crate::metrics::{BackendCounts, Granularity, Strain};
use crate::rollout::Pressure;
use crate::route::{BackendRef, Rule, RuleBackend};
use crate::stats::Trials;

/// What was counted for the backends of a rule. Where nothing was, that is only missed if the route sets retries.
pub(super) fn findings(facts: &Facts<'_>, index: usize, rule: &Rule) -> Vec<Finding> {
    let of = facts.of_rule(index);
    match counted(facts, index) {
        // Counts of a Service are of no rule.
        Ok(counted) if counted.iter().any(|one| one.granularity != Granularity::Split) => {
            judged(facts, "", rule, &counted)
        }
        Ok(counted) => judged(facts, &of, rule, &counted),
        Err(why) if rule.retries => {
            vec![Finding::unknown(format!("{of}how many requests were retried: {why}"))]
        }
        Err(_) => Vec::new(),
    }
}

/// What the proxies counted for a backend.
struct Counted<'a> {
    place: RuleBackend,
    requests: f64,
    granularity: Granularity,
    strain: &'a [Strain],
}

impl Counted<'_> {
    fn trials(&self, strain: &Strain) -> Trials {
        let events = strain.events.get(&self.place).copied().unwrap_or(0.0);
        Trials { requests: self.requests, events }
    }

    fn words(&self) -> String {
        let each = |strain: &Strain| match self.trials(strain) {
            Trials { events, .. } if events <= 0.0 => format!("no {}", strain.what),
            trials => format!("{} {:.0} ({} %)", strain.what, trials.events, percent(trials.rate())),
        };
        let each: Vec<String> = self.strain.iter().map(each).collect();
        format!("{}: {:.0} requests, {}", self.place.to, self.requests, each.join(", "))
    }
}

/// Of each backend that got requests; or why that is not known.
fn counted<'a>(facts: &'a Facts<'_>, index: usize) -> Result<Vec<Counted<'a>>, String> {
    let traffic = settled(facts).map_err(|finding| finding.seen)?;
    let strain = traffic.strain.as_ref().map_err(Clone::clone)?;
    let strain = strain.as_deref().ok_or("this metrics provider does not count it")?;
    let mut known: Vec<&BackendCounts> = Vec::new();
    let mut all: Vec<Counted<'a>> = Vec::new();
    for place in facts.route.rule_backends(index) {
        let Some(counts) = traffic.counts.get(&place).filter(|counts| counts.requests > 0.0) else {
            continue;
        };
        known.push(counts);
        // One that stands in the rule twice has one series.
        if !all.iter().any(|other| other.place.to.same_object(&place.to)) {
            all.push(Counted { place, requests: counts.requests, granularity: counts.granularity, strain });
        }
    }
    of_now(facts, &known).map_err(|finding| finding.seen)?;
    if all.is_empty() { Err("no request was counted".to_owned()) } else { Ok(all) }
}

fn judged(facts: &Facts<'_>, of: &str, rule: &Rule, counted: &[Counted<'_>]) -> Vec<Finding> {
    let mut found: Vec<Finding> =
        counted.iter().map(|one| Finding::ok(format!("{of}{}", one.words()))).collect();
    let is_canary = |to: &BackendRef| facts.canary().is_some_and(|canary| canary.same_object(to));
    let weight = |one: &&Counted<'_>| rule.backends.get(one.place.index).map_or(0, |backend| backend.weight);
    let canary = counted.iter().find(|one| is_canary(&one.place.to));
    let stable = counted.iter().filter(|one| !is_canary(&one.place.to)).max_by_key(weight);
    let (Some(canary), Some(stable)) = (canary, stable) else { return found };
    for strain in canary.strain {
        let pressure =
            Pressure { what: strain.what, canary: canary.trials(strain), stable: stable.trials(strain) };
        if pressure.is_worse() {
            found.push(worse(of, &canary.place.to, &stable.place.to, &pressure).advise(format!(
                "it does not keep up with its requests: look at its pods; tidegate rollback {} takes them off it",
                facts.route.id
            )));
        }
    }
    found
}

fn worse(of: &str, canary: &BackendRef, stable: &BackendRef, pressure: &Pressure) -> Finding {
    let [more, less] = [pressure.canary, pressure.stable]
        .map(|Trials { requests, events }| format!("{events:.0} for {requests:.0} requests"));
    Finding::warning(format!("{of}more {} of {canary} than of {stable}: {more}, {less}", pressure.what))
}
