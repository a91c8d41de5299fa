//! What the gate judges a backend by: what was counted of it.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::Pilot;
use super::prepare::{PATIENCE, within};
use crate::metrics::{MetricSource, Strain};
use crate::rollout::{
    Course, Effect, ErrorCount, Evidence, HISTORY, Names, OwnAnswer, OwnCheck, Plan, Pressure, RuleChange,
    Seen, Split, Turn, course, judged, shares,
};
use crate::route::{BackendRef, Route, Rule, RuleBackend};
use crate::stats::{Limits, Ticks, Trials, unix_seconds};

/// Requests of a backend that has no traffic now are counted over this time.
const COUNTED: SignedDuration = SignedDuration::from_mins(10);
/// Said where a first step would be judged by numbers that nobody collects.
const NOTHING_COUNTED: &str =
    "no series of any backend of this split that has traffic: nobody could be judged afterwards";

impl Pilot {
    /// What was counted for the backend that gains. Only an advance is judged, so only then is anybody asked.
    pub(super) async fn counted(&self, plan: &Plan, fresh: &Route) -> Result<Evidence, String> {
        if plan.effect != Effect::Advance {
            return Err("not asked for".to_owned());
        }
        self.evidence(fresh, plan).await
    }

    /// What was counted for the first backend of `fresh` that `plan` would give more traffic: what the gate judges. All
    /// its rollout, or the last ten minutes of one that has no traffic now. That such a one has no series is a count of 0
    /// only where others of its split have some.
    ///
    /// # Errors
    /// Why nothing was counted, in words.
    pub async fn evidence(&self, fresh: &Route, plan: &Plan) -> Result<Evidence, String> {
        let Some(metrics) = &self.metrics else {
            return Err("no Prometheus is configured (--prometheus URL)".to_owned());
        };
        let backend = plan.advancing.first().ok_or("no backend gains")?;
        let rules = self.conventions.gates.of(fresh, self.timing.settle);
        let looked = async {
            let seen = async {
                if plan.starts() {
                    self.idle(&**metrics, fresh, backend).await.map(Seen::Entry)
                } else {
                    self.running(&**metrics, fresh, plan, backend, rules.limits).await
                }
            };
            let (seen, own) = tokio::join!(seen, own_answers(&**metrics, fresh, plan, backend, &rules.own));
            Ok(Evidence { seen: seen?, own })
        };
        within("the metrics", PATIENCE, looked).await?
    }

    async fn idle(
        &self,
        metrics: &dyn MetricSource,
        fresh: &Route,
        backend: &BackendRef,
    ) -> Result<ErrorCount, String> {
        let now = self.clock.now();
        let since = now.saturating_sub(COUNTED).unwrap_or(Timestamp::MIN);
        let asked: Vec<RuleBackend> = beside(fresh, backend)
            .into_iter()
            .filter(|(place, weight)| *weight > 0 || place.to == *backend)
            .map(|(place, _)| place)
            .collect();
        let counts = metrics.counts(&asked, since).await.map_err(|error| error.to_string())?;
        if counts.backends.is_empty() {
            return Err(NOTHING_COUNTED.to_owned());
        }
        let counted = counts.of(backend);
        Ok(ErrorCount {
            requests: counted.map_or(0.0, |counted| counted.requests),
            errors: counted.map_or(0.0, |counted| counted.errors),
            seconds: COUNTED.as_secs_f64(),
        })
    }

    async fn running(
        &self,
        metrics: &dyn MetricSource,
        fresh: &Route,
        plan: &Plan,
        backend: &BackendRef,
        limits: Limits,
    ) -> Result<Seen, String> {
        let is_looked_at = |change: &&RuleChange| {
            let mut pairs = change.backends.iter().zip(&change.before);
            pairs.any(|(other, before)| other == backend && *before > 0)
        };
        let change = plan.changes().find(is_looked_at).ok_or("no rule that changes sends it requests now")?;
        let rule = fresh.rules.get(change.rule).ok_or("the rule is gone")?;
        let parties = Parties::of(fresh, change, backend).ok_or("there is nothing to compare it with")?;
        let now = self.clock.now();
        let place = change.backends.iter().position(|other| other == backend).unwrap_or_default();
        let course = course(fresh, change.rule, place, &self.earlier(plan), now);
        let course = parties.of_course(&course);
        let since = course.began.saturating_sub(HISTORY).unwrap_or(Timestamp::MIN);
        let lately = now.saturating_sub(COUNTED).unwrap_or(Timestamp::MIN);
        let lately = course.turns.last().map_or(lately, |turn| turn.at.max(lately));
        let (ticks, strained) =
            tokio::join!(metrics.ticks(&parties.asked, since), metrics.strain(&parties.asked, lately));
        let ticks = ticks.map_err(|error| error.to_string())?;
        let pressure = strained
            .map(|strained| strained.map(|strained| parties.pressure(&strained, &ticks, lately)))
            .map_err(|error| error.to_string());
        let split = parties.split(change, rule);
        Ok(Seen::Running(Box::new(judged(&ticks, &course, split, limits, now)), pressure))
    }
}

/// What comes of a team's own checks. Names stand for the backend that gains and the largest of the others.
async fn own_answers(
    metrics: &dyn MetricSource,
    fresh: &Route,
    plan: &Plan,
    backend: &BackendRef,
    checks: &[OwnCheck],
) -> Vec<OwnAnswer> {
    let parties = plan.changes().find_map(|change| Parties::of(fresh, change, backend));
    let stable = parties.and_then(|parties| parties.asked.into_iter().nth(parties.stable));
    let stable = stable.map(|place| place.to.name).unwrap_or_default();
    let (namespace, route) = (&fresh.id.namespace, &fresh.id.name);
    let names = Names { stable: &stable, canary: &backend.name, namespace, route };
    join_all(checks.iter().map(|check| async move {
        let value = match metrics.values(&check.query(names)).await {
            Ok(values) => match values.as_slice() {
                [value] => Ok(*value),
                [] => Err("the query gave nothing".to_owned()),
                several => Err(format!("the query gave {} series, one is wanted", several.len())),
            },
            Err(error) => Err(error.to_string()),
        };
        OwnAnswer { check: check.clone(), value }
    }))
    .await
}

/// The backends of a rule, each once: one that stands in it twice has one series.
struct Parties {
    asked: Vec<RuleBackend>,
    /// For each place in the rule, the index in `asked`.
    places: Vec<usize>,
    canary: usize,
    stable: usize,
}

impl Parties {
    /// `None` when there is no other one.
    fn of(fresh: &Route, change: &RuleChange, canary: &BackendRef) -> Option<Self> {
        let mut asked: Vec<RuleBackend> = Vec::new();
        let mut places = Vec::new();
        for place in fresh.rule_backends(change.rule) {
            let known = asked.iter().position(|known| known.to == place.to);
            places.push(known.unwrap_or(asked.len()));
            if known.is_none() {
                asked.push(place);
            }
        }
        let canary = asked.iter().position(|place| place.to == *canary)?;
        let mut parties = Self { asked, places, canary, stable: canary };
        let weights: Vec<f64> = change.before.iter().copied().map(f64::from).collect();
        let weights = parties.fold(&weights);
        let others = weights.iter().enumerate().filter(|(index, _)| *index != canary);
        parties.stable = others.max_by(|one, other| one.1.total_cmp(other.1))?.0;
        Some(parties)
    }

    /// What stands at each place, added up by backend.
    fn fold(&self, values: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.asked.len()];
        for (place, value) in self.places.iter().zip(values) {
            sums.get_mut(*place).into_iter().for_each(|sum: &mut f64| *sum += value);
        }
        sums
    }

    fn of_course(&self, course: &Course) -> Course {
        let turn = |turn: &Turn| Turn {
            at: turn.at,
            before: self.fold(&turn.before),
            after: self.fold(&turn.after),
        };
        Course { began: course.began, turns: course.turns.iter().map(turn).collect() }
    }

    /// What was counted besides requests since an instant, of the requests in that time.
    fn pressure(&self, strained: &[Strain], ticks: &Ticks, since: Timestamp) -> Vec<Pressure> {
        let since = unix_seconds(since);
        let lately = || ticks.rounds.iter().flatten().filter(|tick| tick.end > since);
        let requests = |index: usize| {
            lately().filter_map(|tick| tick.backends.get(index)).map(|counts| counts.requests).sum::<f64>()
        };
        let of = |strain: &Strain, index: usize| {
            let events = self.asked.get(index).and_then(|place| strain.events.get(place)).copied();
            Trials { requests: requests(index), events: events.unwrap_or(0.0) }
        };
        let pressure = |strain: &Strain| Pressure {
            what: strain.what,
            canary: of(strain, self.canary),
            stable: of(strain, self.stable),
        };
        strained.iter().map(pressure).collect()
    }

    fn split(&self, change: &RuleChange, rule: &Rule) -> Split {
        let target = self.fold(&shares(&change.after)).get(self.canary).copied().unwrap_or(1.0);
        Split { canary: self.canary, stable: self.stable, target, sticky: rule.sticky }
    }
}

/// The backends of all rules in which `backend` stands, with their weights.
fn beside(fresh: &Route, backend: &BackendRef) -> Vec<(RuleBackend, u32)> {
    let rules = fresh.rules.iter().enumerate();
    let rules = rules.filter(|(_, rule)| rule.backends.iter().any(|other| other.to.same_object(backend)));
    let weighed = |(index, rule): (usize, &Rule)| fresh.rule_backends(index).zip(rule.weights());
    rules.flat_map(weighed).collect()
}

#[cfg(test)]
mod tests;
