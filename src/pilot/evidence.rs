//! What the gate judges the errors of a backend by.

use jiff::{SignedDuration, Timestamp};

use super::Pilot;
use super::prepare::{PATIENCE, within};
use crate::metrics::BackendCounts;
use crate::rollout::{ChangeRecord, Effect, ErrorCount, Plan, RuleWeights, weight_keys};
use crate::route::{BackendRef, Route, Rule, RuleBackend};

/// Errors are counted over this time, or since the canary left 0 % if that is shorter.
const COUNTED: SignedDuration = SignedDuration::from_mins(10);
/// What is judged by itself as well.
const LAST: SignedDuration = SignedDuration::from_mins(1);
/// Said where a first step would be judged by numbers that nobody collects.
const NOTHING_COUNTED: &str =
    "no series of any backend of this split that has traffic: nobody could be judged afterwards";

impl Pilot {
    /// What was counted for the backend that gains. Only an advance is judged, so only then is anybody asked.
    pub(super) async fn counted(&self, plan: &Plan, fresh: &Route) -> Result<ErrorCount, String> {
        if plan.effect != Effect::Advance {
            return Err("not asked for".to_owned());
        }
        match plan.advancing.first() {
            Some(backend) => self.count_errors(fresh, backend).await,
            None => Err("no backend gains".to_owned()),
        }
    }

    /// Counts the requests and errors of a backend of `fresh` that may get more traffic, in all its rollout or the last ten
    /// minutes: what the gate judges. Where its last minute alone fails, that is judged: good minutes before must not
    /// hide it. That one that has no traffic yet has no series is a count of 0 only where others of its split have some.
    ///
    /// # Errors
    /// Why nothing was counted, in words.
    pub async fn count_errors(&self, fresh: &Route, backend: &BackendRef) -> Result<ErrorCount, String> {
        let Some(metrics) = &self.metrics else {
            return Err("no Prometheus is configured (--prometheus URL)".to_owned());
        };
        let now = self.clock.now();
        let since = counted_since(now, fresh, backend);
        let places = beside(fresh, backend);
        let with_traffic = || places.iter().filter(|(_, weight)| *weight > 0).map(|(place, _)| place);
        let starts = !with_traffic().any(|place| place.to == *backend);
        let own = || places.iter().map(|(place, _)| place).filter(|place| place.to == *backend);
        let asked: Vec<RuleBackend> = if starts {
            with_traffic().chain(own()).cloned().collect()
        } else {
            with_traffic().cloned().collect()
        };
        let counts = within(PATIENCE, metrics.counts(&asked, since)).await?;
        let counts = counts.map_err(|error| error.to_string())?;
        if starts && counts.backends.is_empty() {
            return Err(NOTHING_COUNTED.to_owned());
        }
        let whole = error_count(counts.of(backend), since, now);
        let minute_ago = now.saturating_sub(LAST).unwrap_or(Timestamp::MIN);
        if starts || since >= minute_ago {
            return Ok(whole);
        }
        let own: Vec<RuleBackend> = own().cloned().collect();
        let last = within(PATIENCE, metrics.counts(&own, minute_ago)).await?;
        let last = last.map_err(|error| error.to_string())?;
        let last = error_count(last.of(backend), minute_ago, now);
        Ok(if last.fails() { last } else { whole })
    }
}

/// A backend that was never sent anything has no series yet.
fn error_count(counted: Option<BackendCounts>, since: Timestamp, now: Timestamp) -> ErrorCount {
    let (newest, interval) = (counted.and_then(|c| c.newest), counted.and_then(|c| c.scrape_interval));
    ErrorCount {
        requests: counted.map_or(0.0, |counted| counted.requests),
        errors: counted.map_or(0.0, |counted| counted.errors),
        seconds: now.duration_since(since).as_secs_f64(),
        age_seconds: newest.map(|newest| now.duration_since(newest).as_secs_f64().max(0.0)),
        interval_seconds: interval.map(|interval| interval.as_secs_f64()),
    }
}

/// A new rollout starts when the canary leaves 0 %: older errors are those of another version.
fn counted_since(now: Timestamp, fresh: &Route, canary: &BackendRef) -> Timestamp {
    let ten_minutes_ago = now.saturating_sub(COUNTED).unwrap_or(Timestamp::MIN);
    let key = weight_keys([canary], &fresh.id.namespace);
    let from_zero = |change: &ChangeRecord| {
        let was_zero = |weights: &RuleWeights| key.iter().any(|key| weights.get(key) == Some(&0));
        change.before.values().any(was_zero)
    };
    let born =
        ChangeRecord::newest(fresh).filter(from_zero).and_then(|change| change.at.parse::<Timestamp>().ok());
    born.map_or(ten_minutes_ago, |at| at.max(ten_minutes_ago))
}

/// The backends of all rules in which `backend` stands, with their weights.
fn beside(fresh: &Route, backend: &BackendRef) -> Vec<(RuleBackend, u32)> {
    let rules = fresh.rules.iter().enumerate();
    let rules = rules.filter(|(_, rule)| rule.backends.iter().any(|other| other.to.same_object(backend)));
    let weighed = |(index, rule): (usize, &Rule)| {
        let weights: Vec<u32> = rule.backends.iter().map(|backend| backend.weight).collect();
        fresh.rule_backends(index).zip(weights)
    };
    rules.flat_map(weighed).collect()
}

#[cfg(test)]
mod tests;
