//! A confidence sequence for one share: an interval that is valid at all looks together, so that somebody
//! may watch it all night. Robbins' beta-binomial mixture with a Beta(½, ½) prior.

/// Steps of the search for an end. It needs 5 to 10, since the evidence is convex.
const MOST_STEPS: u32 = 60;
/// The search ends when a step is smaller than this part of where it stands.
const NO_STEP: f64 = 1e-15;

/// An interval of probabilities, `0 <= lo <= hi <= 1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

fn ln_beta(a: f64, b: f64) -> f64 {
    libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b)
}

/// Log evidence against share `p` after `x` events in `n` trials: above ln(1/α), `p` is outside the
/// interval at level α.
fn ln_evidence(x: f64, n: f64, p: f64) -> f64 {
    ln_mixture(x, n) - ln_likelihood(x, n, p)
}

/// The part of the evidence that no share has a part in.
fn ln_mixture(x: f64, n: f64) -> f64 {
    ln_beta(0.5 + x, 0.5 + n - x) - ln_beta(0.5, 0.5)
}

/// Log likelihood of share `p`.
fn ln_likelihood(x: f64, n: f64, p: f64) -> f64 {
    let hits = if x > 0.0 { x * p.ln() } else { 0.0 };
    let rest = if n > x { (n - x) * (-p).ln_1p() } else { 0.0 };
    hits + rest
}

/// The interval of the share behind `x` events in `n` trials, at level `alpha`. Counts need not be integers;
/// `x` is clamped to `0..=n`. With `n = 0` nothing is known: `[0, 1]`.
#[must_use]
pub fn interval(x: f64, n: f64, alpha: f64) -> Interval {
    if n <= 0.0 {
        return Interval { lo: 0.0, hi: 1.0 };
    }
    let x = x.clamp(0.0, n);
    let estimate = x / n;
    let most_surprise = -alpha.ln() - ln_mixture(x, n);
    Interval {
        lo: if x <= 0.0 { 0.0 } else { lower(x, n, most_surprise).min(estimate) },
        hi: if x >= n { 1.0 } else { (1.0 - lower(n - x, n, most_surprise)).max(estimate) },
    }
}

/// The smallest share whose surprise, −log likelihood, is at most `most`; `0 < x <= n`.
///
/// Every row of the list asks in every frame, so few steps count: Newton's method in the logit of the share, where the
/// surprise is convex and becomes a straight line far out. It begins on that line, so outside, and never steps over the end.
fn lower(x: f64, n: f64, most: f64) -> f64 {
    let mut logit = -most / x;
    for _ in 0..MOST_STEPS {
        let odds = (-logit.abs()).exp();
        let surprise = n * odds.ln_1p() + if logit < 0.0 { -x * logit } else { (n - x) * logit };
        let slope = x - n * share(logit, odds);
        let step = (surprise - most) / slope;
        // At the estimate itself the slope is 0: the interval is nothing but the estimate.
        if slope <= 0.0 || step <= NO_STEP * logit.abs() {
            break;
        }
        logit += step;
    }
    share(logit, (-logit.abs()).exp())
}

/// The share with this logit, whose smaller part has these odds.
fn share(logit: f64, odds: f64) -> f64 {
    if logit < 0.0 { odds / (1.0 + odds) } else { 1.0 / (1.0 + odds) }
}

/// Whether the interval of `x` events in `n` trials at level `alpha` lies above `p`; cheaper than the interval.
#[must_use]
pub fn lies_above(p: f64, x: f64, n: f64, alpha: f64) -> bool {
    n > 0.0 && x / n > p && ln_evidence(x.min(n), n, p) > -alpha.ln()
}

/// The smallest number of requests after which a backend whose true share is `p` excludes `out` at level
/// `alpha`, if it gets exactly its share. `None` if it never would (`p = out`).
#[must_use]
pub fn needed(p: f64, out: f64, alpha: f64) -> Option<u64> {
    const MOST: u64 = 1 << 40;
    let limit = -alpha.ln();
    #[expect(clippy::cast_precision_loss, reason = "below 2^40")]
    let enough = |n: u64| ln_evidence(n as f64 * p, n as f64, out) >= limit;
    let mut high = 1;
    while !enough(high) {
        if high >= MOST {
            return None;
        }
        high *= 2;
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        if enough(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-6, "{a} is not {b}");
    }

    #[test]
    fn evidence_has_the_reference_values() {
        close(ln_evidence(5.0, 100.0, 0.05), -2.537_962_498);
        close(ln_evidence(0.0, 459.0, 0.01), 0.975_941_778);
        close(ln_evidence(30.0, 200.0, 0.10), -0.429_977_708);
    }

    #[test]
    fn intervals_have_the_reference_values() {
        let cases = [
            (5.0, 100.0, 0.001, 0.003_021_657, 0.200_547_991),
            (0.0, 459.0, 0.001, 0.0, 0.022_711_791),
            (30.0, 200.0, 0.001, 0.061_910_755, 0.282_249_525),
            (100.0, 100.0, 0.001, 0.906_794_384, 1.0),
            (4986.0, 100_000.0, 0.001, 0.046_442_437, 0.053_432_272),
            (2.5, 50.0, 0.001, 0.000_498_313, 0.284_327_701),
            (5.0, 100.0, 0.000_25, 0.002_256_865, 0.215_011_782),
        ];
        for (x, n, alpha, lo, hi) in cases {
            let got = interval(x, n, alpha);
            close(got.lo, lo);
            close(got.hi, hi);
        }
        assert_eq!(interval(0.0, 0.0, 0.001), Interval { lo: 0.0, hi: 1.0 });
    }

    proptest! {
        #[test]
        fn an_interval_contains_the_estimate_and_ends_where_the_evidence_is(
            n in prop_oneof![1e-6..1.0, 1.0..100.0, 100.0..1e8], part in 0.0..=1.0f64, alpha in 1e-6..0.5f64,
        ) {
            let x = n * part;
            let Interval { lo, hi } = interval(x, n, alpha);
            prop_assert!(0.0 <= lo && lo <= x / n && x / n <= hi && hi <= 1.0, "{} to {}", lo, hi);
            for end in [lo, hi].into_iter().filter(|end| (1e-300..1.0 - 1e-9).contains(end)) {
                let off = ln_evidence(x, n, end) + alpha.ln();
                prop_assert!(off.abs() < 1e-6 * (1.0 + n), "{}: {}", end, off);
            }
        }

        #[test]
        fn a_stricter_level_gives_a_wider_interval_and_more_requests_a_narrower_one(
            n in 10.0..1e6f64, part in 0.0..=1.0f64, alpha in 1e-6..0.4f64,
        ) {
            let width = |n: f64, alpha| {
                let found = interval(n * part, n, alpha);
                found.hi - found.lo
            };
            prop_assert!(width(n, alpha / 2.0) >= width(n, alpha));
            prop_assert!(width(4.0 * n, alpha) <= width(n, alpha));
        }
    }

    #[test]
    fn the_ends_are_where_the_evidence_says() {
        const EXACT: f64 = 1e-9;
        let level = 0.001;
        for n in [1.0, 2.0, 20.0, 459.0, 1e4, 1e7, 1e12] {
            for part in [0.0, 1e-6, 0.01, 0.3, 0.5, 0.9, 0.999_999, 1.0] {
                let (x, limit) = (n * part, -f64::ln(level));
                let Interval { lo, hi } = interval(x, n, level);
                let (below, above) = (lo - EXACT, hi + EXACT);
                assert!(below <= 0.0 || ln_evidence(x, n, below) > limit, "{x} of {n}: {lo}");
                assert!(above >= 1.0 || ln_evidence(x, n, above) > limit, "{x} of {n}: {hi}");
                let (low, high) = (lo + EXACT, hi - EXACT);
                assert!(low > high || ln_evidence(x, n, low) < limit, "{x} of {n}: {lo}");
                assert!(low > high || ln_evidence(x, n, high) < limit, "{x} of {n}: {hi}");
            }
        }
    }

    /// The ends as the method defines them: halving, sixty times.
    fn bisected(x: f64, n: f64, alpha: f64) -> Interval {
        let edge = |mut inside: f64, mut outside: f64| {
            for _ in 0..60 {
                let middle = f64::midpoint(inside, outside);
                if ln_evidence(x, n, middle) < -alpha.ln() { inside = middle } else { outside = middle }
            }
            outside
        };
        let estimate = x / n;
        Interval {
            lo: if x <= 0.0 { 0.0 } else { edge(estimate, 0.0) },
            hi: if x >= n { 1.0 } else { edge(estimate, 1.0) },
        }
    }

    #[test]
    fn its_ends_are_those_of_sixty_bisections() {
        for n in [0.3, 1.0, 7.5, 100.0, 12_345.0, 1e6] {
            for x in [0.0, 1e-3 * n, 0.05 * n, 0.5 * n, 0.9 * n, n] {
                for alpha in [0.05, 0.001, 0.001 / 16.0] {
                    let (got, expected) = (interval(x, n, alpha), bisected(x, n, alpha));
                    let off =
                        (got.lo - expected.lo).abs() / expected.lo.max(1e-6) + (got.hi - expected.hi).abs();
                    assert!(off < 1e-9, "{x} of {n} at {alpha}: {got:?}, not {expected:?}");
                }
            }
        }
    }

    #[test]
    fn an_interval_lies_above_what_is_below_its_lower_end() {
        for (x, n) in [(5.0, 100.0), (30.0, 200.0), (100.0, 100.0), (0.0, 459.0), (2.5, 50.0), (0.0, 0.0)] {
            let lo = interval(x, n, 0.001).lo;
            assert!(!lies_above(lo + 1e-6, x, n, 0.001), "{x} of {n}");
            assert!(lo == 0.0 || lies_above(lo - 1e-6, x, n, 0.001), "{x} of {n}");
        }
    }

    #[test]
    fn needed_has_the_reference_values() {
        let cases = [
            (0.05, 0.01, 240, 275),
            (0.10, 0.05, 497, 567),
            (0.25, 0.10, 103, 119),
            (0.50, 0.25, 65, 75),
            (0.90, 0.50, 24, 29),
            (0.01, 0.05, 411, 470),
            (0.01, 0.005, 5904, 6647),
            (0.05, 0.03, 1898, 2150),
            (0.10, 0.075, 2698, 3050),
            (0.25, 0.175, 584, 666),
            (0.50, 0.375, 311, 356),
        ];
        for (p, out, at_001, at_00025) in cases {
            // The reference bisects down to half a request and rounds up, so it may be one more.
            for (alpha, reference) in [(0.001, at_001), (0.000_25, at_00025)] {
                let got = needed(p, out, alpha).unwrap();
                assert!(reference - 1 <= got && got <= reference, "{p} {out}: {got}, not {reference}");
            }
        }
        assert_eq!(needed(0.1, 0.1, 0.001), None);
    }
}
