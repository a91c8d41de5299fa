//! Whether a tick may be compared where canary and stable are scraped at different times: only while stable does not
//! change, or an outage of both would be pinned on the canary.

use super::tick::Trials;

/// Chi-square with two degrees of freedom that has a probability of 1 in 10,000 at one rate.
const LIMIT: f64 = 18.4;

/// Whether stable's rate was one rate in the tick before, the tick itself and the one after; `cluster`, c ≥ 1, is the
/// size in which its events come.
pub(super) fn is_one_rate(ticks: [Trials; 3], cluster: f64) -> bool {
    chi_square(ticks) <= LIMIT * cluster
}

fn chi_square(ticks: [Trials; 3]) -> f64 {
    let mut all = Trials::default();
    for tick in ticks {
        all += tick;
    }
    let rate = all.expected_rate();
    let of = |tick: Trials| {
        let expected = tick.requests * rate;
        (tick.events - expected).powi(2) / (expected * (1.0 - rate).max(0.001)).max(0.5)
    };
    ticks.into_iter().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(requests: [f64; 3], events: [f64; 3]) -> [Trials; 3] {
        [0, 1, 2].map(|i| Trials { requests: requests[i], events: events[i] })
    }

    #[test]
    fn it_has_the_reference_values() {
        let cases = [
            (of([1000.0; 3], [2.0, 3.0, 40.0]), 62.824_457, false),
            (of([1000.0; 3], [2.0, 3.0, 9.0]), 5.978_815, true),
            (of([500.0, 510.0, 490.0], [1.0, 200.0, 488.0]), 998.439_471, false),
        ];
        for (ticks, expected, one) in cases {
            assert!((chi_square(ticks) - expected).abs() < 1e-6, "{}", chi_square(ticks));
            assert_eq!(is_one_rate(ticks, 1.0), one);
        }
        assert!(is_one_rate(of([1000.0; 3], [2.0, 3.0, 40.0]), 62.9 / 18.4), "events in clusters jump more");
    }

    #[test]
    fn rare_events_and_rare_successes_are_not_taken_for_changes() {
        for (ticks, expected) in
            [(of([10.0; 3], [0.0, 1.0, 0.0]), 1.469_303), (of([1000.0; 3], [1000.0; 3]), 0.083_292)]
        {
            assert!((chi_square(ticks) - expected).abs() < 1e-6, "{}", chi_square(ticks));
        }
    }

    #[test]
    fn without_requests_nothing_changes() {
        assert!(is_one_rate([Trials::default(); 3], 1.0));
    }
}
