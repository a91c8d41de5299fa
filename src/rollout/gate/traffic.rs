//! The checks of a backend that has traffic, in words: freshness, bake time, share, errors, latency, burn rate.

use super::{Check, GateInput, switched};
use crate::rollout::{Judged, Switchable};
use crate::stats::{
    BackendShare, Burn, BurnReason, Errors, ErrorsReason, LatencyReason, Missing, Movement, QuantileCheck,
    Rule, ShareWord, Shares, Verdict,
};

/// Samples older than this many scrape intervals are stale.
const FRESH_INTERVALS: f64 = 3.0;
/// Said of a stage that has just begun.
const SETTLING: &str = "settling: the stage has just begun";
/// Until a scrape is in the answers of a Prometheus, in seconds.
const SCRAPED: f64 = 15.0;
/// Less of the error budget of a month than this goes without a word, as a ratio.
const LEAST_COST: f64 = 0.001;
/// A margin from here on makes a pass weak evidence, as a probability.
const WEAK: f64 = 0.05;

/// Where nothing was counted.
pub(super) fn unknown(why: &str) -> Vec<Check> {
    ["freshness", "errors"].map(|name| check(name, Verdict::NoData, why.to_owned())).into()
}

pub(super) fn checks(judged: &Judged, input: &GateInput<'_>) -> Vec<Check> {
    let switchable = |of, check| switched(input.rules, of, check);
    vec![
        freshness(judged),
        bake(judged),
        switchable(Switchable::Share, share(judged, input)),
        errors(judged),
        switchable(Switchable::Latency, latency(judged)),
        switchable(Switchable::BurnRate, burn(&judged.burn)),
    ]
}

fn check(name: &'static str, verdict: Verdict, words: String) -> Check {
    Check { name, verdict, words }
}

fn freshness(judged: &Judged) -> Check {
    let (verdict, words) = match (judged.age_seconds, judged.interval_seconds) {
        (None, _) => (Verdict::NoData, "no samples of this backend".to_owned()),
        (_, None) => (Verdict::NoData, "too few samples to tell the scrape interval".to_owned()),
        (Some(age), Some(interval)) => {
            let fresh = age <= FRESH_INTERVALS * interval;
            let anew = judged.restarted_seconds.filter(|ago| *ago <= FRESH_INTERVALS * interval);
            match anew {
                Some(ago) if fresh => (
                    Verdict::Hold,
                    format!("a proxy or pod began to count anew {} ago: some is lost", time(ago)),
                ),
                _ => {
                    let verdict = if fresh { Verdict::Pass } else { Verdict::NoData };
                    let sums = judged.summed_seconds.map(|width| format!(", in sums of {width:.0} s"));
                    let sums = sums.unwrap_or_default();
                    (
                        verdict,
                        format!("newest sample is {age:.0} s old, one comes every {interval:.0} s{sums}"),
                    )
                }
            }
        }
    };
    check("freshness", verdict, words)
}

/// A stage from which nothing was counted yet; that lasts a settle time and some scrapes.
fn settling(judged: &Judged) -> (Verdict, String) {
    let scrapes = FRESH_INTERVALS * judged.interval_seconds.unwrap_or_default();
    // The first sum of a stage begins up to one after it.
    let sums = 2.0 * judged.summed_seconds.unwrap_or_default();
    if judged.stage_seconds <= judged.limits.settle + scrapes + sums + SCRAPED {
        return (Verdict::Hold, SETTLING.to_owned());
    }
    (Verdict::NoData, "nothing was counted at these weights".to_owned())
}

fn bake(judged: &Judged) -> Check {
    let (past, bake) = (judged.stage_seconds, judged.limits.bake);
    let name = "bake time";
    if past < bake {
        return check(name, Verdict::Hold, format!("bakes for {} more of {}", time(bake - past), time(bake)));
    }
    check(name, Verdict::Pass, format!("at these weights for {}", time(past)))
}

fn share(judged: &Judged, input: &GateInput<'_>) -> Check {
    let name = "share";
    if let Some(why) = &input.shared {
        return check(name, Verdict::NotApplicable, why.clone());
    }
    let Some(shares) = &judged.shares else {
        let (verdict, words) = settling(judged);
        return check(name, verdict, words);
    };
    let tested = shares.backends.iter().max_by(|one, other| rank(one).cmp(&rank(other)));
    let Some(tested) = tested else {
        return check(name, Verdict::NotApplicable, "one backend gets everything".to_owned());
    };
    let leak = shares.leaks.iter().find(|leak| leak.is_leaking());
    let words = match leak {
        Some(leak) => {
            let trials = leak.counted;
            format!("{:.0} of {:.0} requests reached a backend of weight 0", trials.events, trials.requests)
        }
        None => format!("{}{}", seen(tested), standing(shares, tested)),
    };
    check(name, shares.verdict, words)
}

fn rank(share: &BackendShare) -> u8 {
    match share.word {
        ShareWord::Inconsistent => 2,
        ShareWord::CannotTell => 1,
        ShareWord::Consistent => 0,
    }
}

fn seen(share: &BackendShare) -> String {
    let (counted, interval) = (share.counted, share.interval);
    if counted.requests <= 0.0 {
        return format!("no request observed, {:.1} % declared", share.declared * 100.0);
    }
    let [seen, lo, hi, declared] =
        [counted.rate(), interval.lo, interval.hi, share.declared].map(|share| share * 100.0);
    format!("{seen:.1} % observed ({lo:.1}-{hi:.1}), {declared:.1} % declared")
}

fn standing(shares: &Shares, tested: &BackendShare) -> String {
    match (shares.movement, tested.word) {
        (Some(Movement::NotMoved), _) => ": not moved".to_owned(),
        (Some(Movement::InBetween), _) => ": neither the old split nor the new one".to_owned(),
        (_, ShareWord::Inconsistent) => ": not what is declared".to_owned(),
        (Some(Movement::Moved | Movement::Follows), _) | (_, ShareWord::Consistent) => String::new(),
        (_, ShareWord::CannotTell) => {
            match shares.missing.or(tested.missing).filter(|missing| *missing > 0.0) {
                Some(missing) if shares.rate > 0.0 => {
                    format!(": {missing:.0} requests to tell ({})", time(missing / shares.rate))
                }
                Some(missing) => format!(": {missing:.0} requests to tell"),
                None => ": cannot be told yet".to_owned(),
            }
        }
    }
}

fn errors(judged: &Judged) -> Check {
    let (verdict, words) = match judged.errors.reason {
        ErrorsReason::Settling => settling(judged),
        _ => (judged.errors.verdict, errors_in_words(&judged.errors, judged.limits.errors)),
    };
    check("errors", verdict, words)
}

fn errors_in_words(errors: &Errors, limit: f64) -> String {
    let (canary, stable) = (percent(errors.canary.rate()), percent(errors.stable.rate()));
    let requests = errors.canary.requests;
    let counts = if requests <= 0.0 {
        // What fails is weighed at once; the counts are those since the stage has settled.
        "seen before the stage has settled".to_owned()
    } else if errors.stable.requests > 0.0 {
        format!("{canary} of {requests:.0} failed, stable {stable}")
    } else {
        format!("{canary} of {requests:.0} failed")
    };
    let evidence = &errors.evidence;
    // Stable may have failed at another time.
    let failed = |what: &str| {
        let when = if requests <= 0.0 || errors.canary.rate() > errors.stable.rate() {
            ""
        } else {
            " for a time; in all"
        };
        format!("{what}{when}: {counts}")
    };
    match errors.reason {
        ErrorsReason::Failed(Rule::WorseThanStable) if evidence.twice_stable >= 20.0_f64.ln() => {
            failed("at least twice stable's errors")
        }
        ErrorsReason::Failed(Rule::WorseThanStable) => failed("worse than stable"),
        ErrorsReason::Failed(Rule::TwiceAsBad) => failed("more than twice as bad as stable"),
        ErrorsReason::Failed(Rule::AboveLimit) => format!("above the limit of {}: {counts}", percent(limit)),
        ErrorsReason::Settling => SETTLING.to_owned(),
        ErrorsReason::NoCanaryRequests => "no request was counted for this backend in this stage".to_owned(),
        ErrorsReason::NoStableRequests => "no request of stable in this stage to compare with".to_owned(),
        ErrorsReason::BothAboveLimit => format!("both versions are above {}: {counts}", percent(limit)),
        ErrorsReason::Suspicious => format!("suspicious (1 in {:.0}): {counts}", evidence.worse.exp()),
        ErrorsReason::TooFewRequests => format!("fewer than 20 requests: {counts}"),
        ErrorsReason::Baking(left) => format!("bakes for {} more: {counts}", time(left)),
        ErrorsReason::Undecided(missing) => format!("{counts}{}", until(missing)),
        ErrorsReason::GoodEnough => {
            let weak = if errors.margin >= WEAK { ", weak evidence" } else { "" };
            format!("{counts}: less than {} worse{weak}", points(errors.margin))
        }
    }
}

fn until(missing: Option<Missing>) -> String {
    match missing {
        None => ": cannot be shown to be good enough".to_owned(),
        Some(Missing { requests, seconds, share }) => {
            let time = seconds.map(|seconds| format!(" ({})", time(seconds))).unwrap_or_default();
            let other =
                share.map(|share| format!("; {} would pass in 10m", percent(share))).unwrap_or_default();
            format!(": {requests:.0} more to tell{time}{other}")
        }
    }
}

fn latency(judged: &Judged) -> Check {
    let latency = &judged.latency;
    let quantiles = || latency.quantiles.iter().map(quantile).collect::<Vec<_>>().join("; ");
    let words = match latency.reason {
        LatencyReason::Failed(failed) => {
            let own = latency.quantiles.iter().find(|check| (check.quantile - failed).abs() < 1e-9);
            format!("slower than stable: {}", own.map(slower).unwrap_or_default())
        }
        LatencyReason::ErrorsFailed => "not judged: failures are quick".to_owned(),
        LatencyReason::NoHistogram => "no histogram with the same buckets of both versions".to_owned(),
        LatencyReason::Settling => {
            let (verdict, words) = settling(judged);
            return check("latency", verdict, words);
        }
        LatencyReason::NoReference => "stable has fewer than 500 requests to compare with".to_owned(),
        LatencyReason::NoRequests => "no request of one of the versions in this stage".to_owned(),
        LatencyReason::Undecided => format!("too few to tell: {}", quantiles()),
        LatencyReason::GoodEnough => quantiles(),
    };
    check("latency", latency.verdict, words)
}

/// A quantile is its bucket: more is not known.
fn quantile(check: &QuantileCheck) -> String {
    let name = check.quantile * 100.0;
    let of = |bucket: Option<(f64, f64)>| bucket.map_or_else(|| "no data".to_owned(), milliseconds);
    format!("p{name:.0} {}, stable {}", of(check.canary_bucket_ms), of(check.stable_bucket_ms))
}

/// What speaks against it: the requests above an edge of the histogram.
fn slower(check: &QuantileCheck) -> String {
    let [canary, stable] = [check.canary, check.stable].map(|above| percent(above.rate()));
    let edge = milliseconds((check.edge_ms, f64::INFINITY));
    format!(
        "{canary} of requests take {edge}, stable {stable} ({:.1}x allowed); {}",
        check.allowed,
        quantile(check)
    )
}

fn milliseconds((from, to): (f64, f64)) -> String {
    let of = |ms: f64| if ms >= 1000.0 { format!("{} s", ms / 1000.0) } else { format!("{ms} ms") };
    match (from <= 0.0, to.is_infinite()) {
        (_, true) => format!("> {}", of(from)),
        (true, _) => format!("≤ {}", of(to)),
        _ if to < 1000.0 => format!("{from}-{to} ms"),
        _ => format!("{}-{}", of(from), of(to)),
    }
}

fn burn(burn: &Burn) -> Check {
    let long = burn.canary_long;
    // A rollout that has just begun has no long window yet, and no data is not 0.
    let long = if long.seconds >= 1.0 {
        format!(", {} in {}", times(long.rate), time(long.seconds))
    } else {
        String::new()
    };
    let rates = format!(
        "{} the error budget in {}{long}; stable {}{}",
        times(burn.canary.rate),
        time(burn.canary.seconds),
        times(burn.stable.rate),
        cost(burn.budget_used)
    );
    let words = match burn.reason {
        BurnReason::RouteBurns => format!("not the canary alone: {rates}"),
        BurnReason::TooLittleTraffic => "too little traffic to judge".to_owned(),
        BurnReason::Failed | BurnReason::Warns | BurnReason::Fine => rates,
    };
    check("burn rate", burn.verdict, words)
}

/// What the canary cost of the month's error budget, where that is worth a word.
fn cost(used: Option<f64>) -> String {
    let worth = used.filter(|used| *used >= LEAST_COST);
    worth.map(|used| format!("; {} of the month's budget used", percent(used))).unwrap_or_default()
}

fn times(rate: f64) -> String {
    if rate < 9.95 { format!("{rate:.1}x") } else { format!("{rate:.0}x") }
}

/// A ratio in percent with three digits at most.
pub(super) fn percent(ratio: f64) -> String {
    match ratio * 100.0 {
        none if none <= 0.0 => "0 %".to_owned(),
        percent if percent < 9.995 => format!("{percent:.2} %"),
        percent if percent < 99.95 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    }
}

fn points(margin: f64) -> String {
    match (margin * 10_000.0).round() / 100.0 {
        one if (one - 1.0).abs() < 1e-9 => "1 point".to_owned(),
        points => format!("{points} points"),
    }
}

/// `45s`, `12m`, `3h`.
fn time(seconds: f64) -> String {
    match seconds {
        s if s < 119.5 => format!("{:.0}s", s.ceil()),
        s if s < 7200.0 => format!("{:.0}m", s / 60.0),
        s => format!("{:.0}h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Trials;

    #[test]
    fn what_is_slower_is_told_by_the_requests_above_an_edge() {
        let of = |requests: f64, events: f64| Trials { requests, events };
        let check = QuantileCheck {
            quantile: 0.99,
            edge_ms: 250.0,
            allowed: 1.7,
            canary: of(1000.0, 77.0),
            stable: of(10_000.0, 110.0),
            worse: 0.0,
            good_enough: 0.0,
            dispersion: 1.0,
            canary_bucket_ms: Some((500.0, 1000.0)),
            stable_bucket_ms: Some((250.0, 500.0)),
        };
        let words = "7.70 % of requests take > 250 ms, stable 1.10 % (1.7x allowed); p99 500 ms-1 s, stable 250-500 ms";
        assert_eq!(slower(&check), words);
    }

    #[test]
    fn only_a_cost_that_is_worth_a_word_is_told() {
        assert_eq!([None, Some(0.0), Some(0.0009)].map(cost), ["", "", ""]);
        assert_eq!(cost(Some(0.004)), "; 0.40 % of the month's budget used");
    }
}
