//! The checks of a backend that has no traffic yet: nobody can be judged before the first request.

use super::super::restart;
use super::{Check, Evidence, GateInput, Seen};
use crate::rollout::ChangeRecord;
use crate::stats::{Interval, Verdict, interval};

/// Level of the interval by which errors of an idle backend are judged: 0.1 % for all looks together.
pub const ALPHA_ERRORS: f64 = 0.001;
/// The share of failed requests above which a canary fails, unless the settings or the route say otherwise.
pub const ERROR_LIMIT: f64 = 0.01;
/// How the reason begins where a backend never ran and nothing would be counted of it.
pub const BLIND: &str = "errors cannot be judged";

/// What was counted of a backend in the last minutes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErrorCount {
    /// Requests.
    pub requests: f64,
    /// Those of them that failed.
    pub errors: f64,
    /// The time over which they were counted, in seconds.
    pub seconds: f64,
}

impl ErrorCount {
    /// The interval of the error share, at the level of the error check.
    #[must_use]
    pub fn interval(&self) -> Interval {
        interval(self.errors, self.requests, ALPHA_ERRORS)
    }

    /// Whether it is evidence of more errors than a gate lets pass.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.interval().lo > ERROR_LIMIT
    }

    /// The share first, then of how many: the ends of long lines are cut.
    fn in_words(&self) -> String {
        let Self { requests, errors, seconds } = *self;
        let share = if requests > 0.0 { errors / requests } else { 0.0 };
        let (share, minutes) = (super::traffic::percent(share), (seconds / 60.0).ceil());
        format!("{share} of {requests:.0} failed in {minutes}m")
    }
}

/// The checks of traffic, for one that has none.
pub(super) fn checks(input: &GateInput<'_>) -> Vec<Check> {
    let (verdict, words) = match (errors(input), input.plan.advancing.as_slice()) {
        // The others are known by nothing.
        ((Verdict::Pass | Verdict::NotApplicable, _), [counted, _, ..]) => {
            (Verdict::Hold, format!("requests were counted for {counted} alone, and others advance as well"))
        }
        (judged, _) => judged,
    };
    vec![Check { name: "errors", verdict, words }]
}

/// What is said of a backend that has no share yet.
fn idle(input: &GateInput<'_>) -> &'static str {
    let mut mirrors = input.route.rules.iter().flat_map(|rule| &rule.mirrors);
    let gets_copies = mirrors.any(|mirror| input.plan.advancing.iter().any(|to| mirror.to.same_object(to)));
    if gets_copies { "gets mirrored copies only" } else { "no traffic now" }
}

/// What was taken out before, and what could not be judged afterwards either, is not started without a person's reason.
fn errors(input: &GateInput<'_>) -> (Verdict, String) {
    let newest = ChangeRecord::newest(input.route);
    let known = || input.earlier.iter().copied().chain(&newest);
    let drained = |backend| restart::drained_by(backend, &input.route.id.namespace, known());
    let drained = input.plan.advancing.iter().find_map(drained);
    let drained = drained.map(|record| restart::in_words(record, input.now));
    let counted = match &input.counted {
        Ok(Evidence { seen: Seen::Entry(counted), .. }) => Ok(counted),
        // It was counted when it still had traffic.
        Ok(Evidence { seen: Seen::Running(..), .. }) => Err("requests are being counted"),
        Err(why) => Err(why.as_str()),
    };
    match (drained, counted) {
        // Errors of a moment ago are no reason to start again.
        (None, Ok(counted)) if counted.fails() => {
            (Verdict::Hold, format!("before it was drained, {}", counted.in_words()))
        }
        (None, Ok(_)) => (Verdict::NotApplicable, idle(input).to_owned()),
        (None, Err(why)) => (Verdict::Hold, format!("{BLIND}: {why}")),
        (Some(drained), Ok(counted)) if counted.requests > 0.0 => {
            (Verdict::Hold, format!("{drained}; before that, {}", counted.in_words()))
        }
        (Some(drained), Ok(_)) => (Verdict::Hold, format!("{drained}; nothing was counted since")),
        (Some(drained), Err(why)) => (Verdict::Hold, format!("{drained}; {BLIND}: {why}")),
    }
}
