//! Saturation: what a proxy does for a backend that does not keep up, as a share of its requests.

use super::{Check, traffic};
use crate::stats::{Trials, Verdict, interval};

/// Level of the interval by which it is judged: 0.1 % for all looks together.
const ALPHA: f64 = 0.001;
/// How much more of it than stable a canary may have, as a share of requests.
const WORSE_BY: f64 = 0.01;

/// Something that a proxy counts when a backend does not keep up. Retries and time-outs may be more than requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Pressure {
    /// What it is, as in `retries`.
    pub what: &'static str,
    /// The canary's requests, and how often it was counted for them.
    pub canary: Trials,
    /// The same of stable.
    pub stable: Trials,
}

impl Pressure {
    /// Whether the canary has more of it than stable, by a hundredth of its requests and beyond chance.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        let Trials { requests, events } = self.canary;
        let seen = interval(events.min(requests), requests, ALPHA);
        seen.lo > self.stable.rate() + WORSE_BY
    }
}

/// The check; not applicable where the provider counts nothing of the kind.
pub(super) fn check(seen: &Result<Option<Vec<Pressure>>, String>) -> Check {
    let (verdict, words) = match seen {
        Err(why) => (Verdict::NoData, why.clone()),
        Ok(None) => (Verdict::NotApplicable, "this metrics provider does not count it".to_owned()),
        Ok(Some(all)) => match all.iter().find(|pressure| pressure.is_worse()) {
            Some(worse) => (Verdict::Hold, in_words(worse)),
            None => (Verdict::Pass, passed(all)),
        },
    };
    Check { name: "saturation", verdict, words }
}

/// What there was of it, if there was any.
fn passed(all: &[Pressure]) -> String {
    let is_any = |pressure: &&Pressure| pressure.canary.events > 0.0 || pressure.stable.events > 0.0;
    let some: Vec<String> = all.iter().filter(is_any).map(in_words).collect();
    if some.is_empty() {
        let names: Vec<&str> = all.iter().map(|pressure| pressure.what).collect();
        return format!("no {}", names.join(", no "));
    }
    some.join("; ")
}

fn in_words(pressure: &Pressure) -> String {
    let [canary, stable] = [pressure.canary, pressure.stable].map(|trials| traffic::percent(trials.rate()));
    format!("{} {canary}, stable {stable}", pressure.what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(requests: f64, canary: f64, stable: f64) -> Verdict {
        let trials = |events| Trials { requests, events };
        let retries = Pressure { what: "retries", canary: trials(canary), stable: trials(stable) };
        check(&Ok(Some(vec![retries]))).verdict
    }

    #[test]
    fn one_point_more_than_stable_holds_beyond_chance_alone() {
        assert_eq!(verdict(1000.0, 60.0, 2.0), Verdict::Hold);
        assert_eq!(verdict(1000.0, 60.0, 60.0), Verdict::Pass, "both are retried");
        assert_eq!(verdict(50.0, 2.0, 0.0), Verdict::Pass, "4 % of 50 may be chance");
        assert_eq!(verdict(1000.0, 5000.0, 0.0), Verdict::Hold, "several for each request");
        assert_eq!(verdict(0.0, 0.0, 0.0), Verdict::Pass);
    }

    #[test]
    fn what_is_not_known_does_not_pass() {
        assert_eq!(check(&Err("503".to_owned())).verdict, Verdict::NoData);
        assert_eq!(check(&Ok(None)).verdict, Verdict::NotApplicable);
    }
}
