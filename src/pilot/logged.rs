//! Errors in the logs of each version of a split, read when somebody asks.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::Pilot;
use super::prepare::{PATIENCE, within};
use crate::rollout::{Check, Effect, LOG_CHECK, LogErrors, LogRules, Plan, Role, Verdict, log_check, roles};
use crate::route::{BackendRef, Route};

/// What one backend has logged.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    /// The backend.
    pub backend: BackendRef,
    /// What was counted in its logs.
    pub errors: LogErrors,
    /// Its requests in the same time, if they were counted.
    pub requests: Option<f64>,
}

impl Logged {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} {}", self.backend.name, self.errors.words(self.requests))
    }
}

impl Pilot {
    /// Counts the errors in the newest logs behind each backend of rule `rule`, and how the canary's compare with stable's
    /// where the roles are known. `chosen` is the canary that somebody named. Never fails: what cannot be read is said.
    pub async fn logged(
        &self,
        route: &Route,
        rule: usize,
        chosen: Option<&str>,
    ) -> (Vec<Logged>, Option<Check>) {
        let LogRules { pattern, since } = &self.conventions.logs;
        let since = *since;
        let places: Vec<_> = route.rule_backends(rule).collect();
        let back = SignedDuration::try_from(since).unwrap_or_default();
        let from = self.clock.now().saturating_sub(back).unwrap_or(Timestamp::MIN);
        let counts = async {
            match &self.metrics {
                Some(metrics) => metrics.counts(&places, from).await.ok(),
                None => None,
            }
        };
        let read = join_all(places.iter().map(|place| self.cluster.logs(&place.to, since)));
        let (counts, read) = tokio::join!(counts, read);
        let logged: Vec<Logged> = places
            .iter()
            .zip(read)
            .map(|(place, logs)| Logged {
                backend: place.to.clone(),
                errors: LogErrors::count(logs.texts.iter().map(String::as_str), logs.unread, pattern),
                requests: counts
                    .as_ref()
                    .and_then(|counts| counts.get(place))
                    .map(|counted| counted.requests),
            })
            .collect();
        let roles = roles(route, rule, &self.conventions.names, chosen);
        let of = |role| roles.index(role).and_then(|index| logged.get(index));
        let pair = of(Role::Canary).zip(of(Role::Stable));
        let check = pair.map(|(canary, stable)| {
            log_check((&canary.errors, canary.requests), (&stable.errors, stable.requests))
        });
        (logged, check)
    }

    /// What the gate says of errors in logs, where its rules ask for it and the canary has traffic to have logged of.
    pub(super) async fn log_gate(&self, plan: &Plan, fresh: &Route) -> Option<Check> {
        let asked = self.conventions.gates.of(fresh, self.timing.settle).logs;
        let change =
            plan.main_change().filter(|_| asked && plan.effect == Effect::Advance && !plan.starts())?;
        let canary = plan.canary.as_ref().map(|canary| &*canary.name);
        let unknown =
            |words: &str| Check { name: LOG_CHECK, verdict: Verdict::NoData, words: words.to_owned() };
        Some(match within("metrics and logs", PATIENCE, self.logged(fresh, change.rule, canary)).await {
            Ok((_, check)) => {
                check.unwrap_or_else(|| unknown("which backends are to be compared is not known"))
            }
            Err(why) => unknown(&why),
        })
    }
}
