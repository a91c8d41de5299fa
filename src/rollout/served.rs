//! Whether the declared split is served, with no change to compare with: the share check at all looks together.

use super::proof::{
    ALPHA_SHARE, FEWEST_SCRAPES, Finding, Observed, POWER_MISS, in_words, is_off, requests_to_miss, spent,
};
use crate::stats::needed;

/// A leak to a backend of weight 0 that would matter: as many requests are counted as would have shown it, 135.
pub(super) const LEAK: f64 = 0.05;

/// Judges whether `declared` (shares, 0 to 1) is what was `observed`.
pub(super) fn judge_served(declared: &[f64], observed: &Observed) -> Finding {
    let total: f64 = observed.requests.iter().sum();
    let hits = |index: usize| observed.requests.get(index).copied().unwrap_or(0.0);
    let parked = || (0..declared.len()).filter(|index| declared.get(*index).is_some_and(|d| *d <= 0.0));
    let strayed: f64 = parked().map(hits).sum();
    if strayed > 0.0 {
        let words = format!("{strayed:.0} of {total:.0} requests reached a backend of weight 0");
        return Finding::Contradicted { words, leak: None };
    }
    let mut words = Vec::new();
    let mut most_needed: f64 = 0.0;
    let mut shown = true;
    if parked().next().is_some() {
        most_needed = observed.dispersion() * requests_to_miss(LEAK, spent(POWER_MISS, observed.restarts));
        shown = total >= most_needed;
        words.push(format!("0 of {total:.0} requests reached a backend of weight 0"));
    }
    // Of two backends one tells the other, so only one is tested; one that gets everything is told by the others.
    let tested = if declared.len() == 2 { 1 } else { declared.len() };
    #[expect(clippy::cast_precision_loss, reason = "at most 16 backends")]
    let alpha = spent(ALPHA_SHARE, observed.restarts) / tested as f64;
    let shares = declared.iter().copied().enumerate().skip(declared.len() - tested);
    for (index, share) in shares.filter(|(_, share)| *share > 0.0 && *share < 1.0) {
        let seen = observed.interval(hits(index), alpha);
        // Within half of the smaller part, which is at least 0.2 points and at most 5.
        let close = (0.5 * share.min(1.0 - share)).clamp(0.002, 0.05);
        let said = in_words(hits(index), total, seen, share);
        if is_off(seen, share) {
            return Finding::Contradicted { words: format!("not the declared split: {said}"), leak: None };
        }
        shown &= share - close <= seen.lo && seen.hi <= share + close;
        #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
        let need = |edge: f64| {
            needed(share, edge, alpha).map_or(f64::INFINITY, |n| observed.dispersion() * n as f64)
        };
        most_needed = most_needed.max(need(share - close)).max(need(share + close));
        words.push(said);
    }
    let words = words.join("; ");
    if shown && observed.scrapes >= FEWEST_SCRAPES {
        Finding::Proven(words)
    } else {
        Finding::Undecided { seen: total, needed: most_needed, words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::{Claim, judge};

    fn found(declared: &[f64], requests: &[f64], scrapes: u32) -> Finding {
        judge(
            &Claim::served(declared),
            &Observed { requests: requests.to_vec(), scrapes, ..Observed::default() },
        )
    }

    #[test]
    fn weight_0_is_shown_by_enough_requests_elsewhere() {
        let of = |requests: f64, scrapes| found(&[1.0, 0.0], &[requests, 0.0], scrapes);
        let Finding::Undecided { seen, needed, .. } = of(37.0, 9) else { panic!() };
        assert_eq!(format!("{seen} of {needed}"), "37 of 135");
        assert!(matches!(of(134.0, 9), Finding::Undecided { .. }));
        assert!(matches!(of(135.0, 2), Finding::Proven(_)));
        assert!(matches!(of(135.0, 1), Finding::Undecided { .. }), "one scrape is no look");
        assert!(matches!(found(&[1.0, 0.0], &[9000.0, 1.0], 9), Finding::Contradicted { .. }));
        assert_eq!(found(&[1.0, 0.0], &[0.0, 0.0], 9), Finding::NoTraffic);
    }

    #[test]
    fn shares_are_shown_when_they_are_close_and_refuted_when_they_are_not() {
        let at = |canary: f64, total: f64| found(&[0.9, 0.1], &[total - canary, canary], 5);
        assert!(matches!(at(10.0, 100.0), Finding::Undecided { needed, .. } if needed > 300.0));
        assert!(matches!(at(200.0, 2000.0), Finding::Proven(_)));
        assert!(matches!(at(100.0, 2000.0), Finding::Contradicted { .. }), "half of what is declared");
        let three = found(&[0.6, 0.4, 0.0], &[6000.0, 4000.0, 0.0], 5);
        assert!(matches!(&three, Finding::Proven(words) if words.matches(';').count() == 2), "{three:?}");
        let swapped = found(&[0.6, 0.4, 0.0], &[4000.0, 6000.0, 0.0], 5);
        assert!(matches!(swapped, Finding::Contradicted { .. }));
    }
}
