//! What the gate judges a backend by: what was counted of it.

mod parties;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};

use self::parties::Parties;
use super::Pilot;
use super::prepare::{PATIENCE, within};
use crate::metrics::MetricSource;
use crate::rollout::{
    Course, Effect, ErrorCount, Evidence, HISTORY, Names, OwnAnswer, OwnCheck, Plan, Release, RuleChange,
    Running, Seen, Split, judged as judged_by,
};
use crate::route::{BackendRef, Route, Rule, RuleBackend};
use crate::stats::Limits;

/// What backends run, as far as it is known.
pub type Releases = [(BackendRef, Release)];

/// Requests of a backend that has no traffic now are counted over this time.
const COUNTED: SignedDuration = SignedDuration::from_mins(10);
/// Said where a first step would be judged by numbers that nobody collects.
const NOTHING_COUNTED: &str =
    "no series of any backend of this split that has traffic: nobody could be judged afterwards";

impl Pilot {
    /// What was counted for the backends that gain. Only an advance is judged, so only then is anybody asked.
    pub(super) async fn counted(
        &self,
        plan: &Plan,
        fresh: &Route,
        releases: &Releases,
    ) -> Result<Evidence, String> {
        if plan.effect != Effect::Advance {
            return Err("not asked for".to_owned());
        }
        self.evidence(fresh, plan, releases).await
    }

    /// What was counted for the backends of `fresh` that `plan` would give more traffic: what the gate judges. All the rollout
    /// of those that have some now; where none has, the last ten minutes of the first. That such a one has no series is a
    /// count of 0 only where others of its split have some.
    ///
    /// # Errors
    /// Why nothing was counted, in words.
    pub async fn evidence(
        &self,
        fresh: &Route,
        plan: &Plan,
        releases: &Releases,
    ) -> Result<Evidence, String> {
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
                    self.running(&**metrics, fresh, plan, releases, rules.limits).await.map(Seen::Running)
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
        releases: &Releases,
        limits: Limits,
    ) -> Result<Vec<Running>, String> {
        let served = |change: &RuleChange| {
            let served = change.backends.iter().zip(&change.before).filter(|(_, before)| **before > 0);
            served.map(|(backend, _)| backend.clone()).collect::<Vec<_>>()
        };
        let advances = |change: &RuleChange| served(change).iter().any(|to| plan.advancing.contains(to));
        let parties = Parties::of(fresh, plan, advances).ok_or("there is nothing to compare it with")?;
        let now = self.clock.now();
        let (earlier, unknown) = (self.earlier(plan), Release::default());
        let judged: Vec<(&BackendRef, Course, Split)> = plan
            .advancing
            .iter()
            .filter(|to| plan.changes().any(|change| served(change).contains(to)))
            .filter_map(|to| {
                let release =
                    releases.iter().find(|(known, _)| known == to).map_or(&unknown, |(_, release)| release);
                Some((to, parties.course(to, &earlier, release, now)?, parties.split(to)?))
            })
            .collect();
        let courses = || judged.iter().map(|(_, course, _)| course);
        let began =
            courses().map(|course| course.began).min().ok_or("no rule that changes sends it requests now")?;
        let since = began.saturating_sub(HISTORY).unwrap_or(Timestamp::MIN);
        let lately = now.saturating_sub(COUNTED).unwrap_or(Timestamp::MIN);
        let lately = courses()
            .filter_map(|course| course.turns.last())
            .map(|turn| turn.at)
            .fold(lately, Timestamp::max);
        let (ticks, strained) =
            tokio::join!(metrics.ticks(&parties.asked, since), metrics.strain(&parties.asked, lately));
        let ticks = ticks.map_err(|error| error.to_string())?;
        let strained = strained.map_err(|error| error.to_string());
        let granularity = metrics.granularity(&fresh.id);
        let limits = Limits { canaries: parties.canaries(), ..limits };
        let running = |(backend, course, split): (&BackendRef, Course, Split)| Running {
            backend: backend.clone(),
            pressure: strained.clone().map(|strained| {
                strained
                    .map(|strained| parties.pressure(split.canary, &strained, granularity, &ticks, lately))
            }),
            judged: judged_by(&ticks, &course, split, limits, now),
        };
        Ok(judged.into_iter().map(running).collect())
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
    let parties = Parties::of(fresh, plan, |change| change.backends.contains(backend));
    let stable = parties.and_then(|parties| Some(parties.stable()?.name.clone())).unwrap_or_default();
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

/// The backends of all rules in which `backend` stands, with their weights.
fn beside(fresh: &Route, backend: &BackendRef) -> Vec<(RuleBackend, u32)> {
    let rules = fresh.rules.iter().enumerate();
    let rules = rules.filter(|(_, rule)| rule.backends.iter().any(|other| other.to.same_object(backend)));
    let weighed = |(index, rule): (usize, &Rule)| fresh.rule_backends(index).zip(rule.weights());
    rules.flat_map(weighed).collect()
}

#[cfg(test)]
mod tests;
