//! What stable's latency allows the canary: at which edges of the histogram they are compared, and how much larger the
//! canary's share above an edge may be.

use super::setup::Limits;
use super::tick::Trials;

/// Fewest requests of stable from which its histogram is taken for its latency.
const FEWEST_REQUESTS: f64 = 500.0;
/// An edge above which more requests lie says little about the tail.
const MOST_ABOVE_LOW: f64 = 0.3;
/// A canary may have at most so many times stable's share above an edge.
const MOST_RATIO: f64 = 10.0;
/// Slopes of a tail that are believed.
const SLOPES: (f64, f64) = (0.5, 8.0);
/// The quantiles that are judged.
pub(super) const QUANTILES: [f64; 2] = [0.95, 0.99];

/// An edge at which both are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bound {
    /// Index of the edge.
    pub edge: usize,
    /// R, 1 to 10: how many times stable's share above the edge a canary has that is just slow enough to be called slow.
    pub ratio: f64,
}

/// The edges around one quantile of stable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    /// The edge below the quantile; the same as `up` where that one would say nothing about the tail.
    pub low: Bound,
    /// The first edge with no more requests above than the quantile says.
    pub up: Bound,
}

/// Bounds for each of [`QUANTILES`], from stable's requests above each of `edges` (ms, rising). `None` with too few
/// requests or without edges.
pub(super) fn bounds(edges: &[f64], slow: &[Trials], limits: &Limits) -> Option<[Bounds; 2]> {
    let enough = slow.iter().all(|trials| trials.requests >= FEWEST_REQUESTS);
    if edges.is_empty() || slow.len() != edges.len() || !enough {
        return None;
    }
    let above: Vec<f64> = slow.iter().map(|trials| trials.events.max(0.5) / trials.requests).collect();
    let last = edges.len() - 1;
    Some(QUANTILES.map(|quantile| {
        let up = above.iter().position(|above| *above <= 1.0 - quantile).unwrap_or(last);
        let below = up.saturating_sub(1);
        let low = if above.get(below).is_some_and(|above| *above <= MOST_ABOVE_LOW) { below } else { up };
        let bound = |edge| Bound { edge, ratio: allowed(edges, &above, edge, limits) };
        Bounds { low: bound(low), up: bound(up) }
    }))
}

/// R: the share above the edge of a canary that is `latency_ratio` × or `latency_floor_ms` slower, for one of stable.
fn allowed(edges: &[f64], above: &[f64], edge: usize, limits: &Limits) -> f64 {
    let Some(&at) = edges.get(edge) else { return 1.0 };
    let as_stable = (at / limits.latency_ratio).min(at - limits.latency_floor_ms);
    let slower = if as_stable > 0.0 { at / as_stable } else { MOST_RATIO };
    slower.powf(slope(edges, above, edge)).min(MOST_RATIO)
}

/// κ: how steeply the tail falls around an edge, on logarithmic scales.
fn slope(edges: &[f64], above: &[f64], edge: usize) -> f64 {
    let between = |lower: usize, upper: usize| {
        let width = (edges.get(upper)? / edges.get(lower)?).ln();
        let fall = (above.get(lower)? / above.get(upper)?).ln();
        (width > 0.0 && width.is_finite()).then_some(fall / width)
    };
    let before = edge.checked_sub(1).and_then(|lower| between(lower, edge));
    let mean = match (before, between(edge, edge + 1)) {
        (Some(before), Some(after)) => f64::midpoint(before, after),
        (Some(one), None) | (None, Some(one)) => one,
        // One edge alone tells no slope.
        (None, None) => 1.0,
    };
    mean.clamp(SLOPES.0, SLOPES.1)
}

/// The bucket, `(lower, upper)` edge in ms, in which a quantile lies; 0 below the first edge, +∞ above the last. `None`
/// without requests.
pub(super) fn bucket(edges: &[f64], slow: &[Trials], quantile: f64) -> Option<(f64, f64)> {
    let requests = slow.first()?.requests;
    if requests <= 0.0 {
        return None;
    }
    let at_most = (1.0 - quantile) * requests;
    let upper = slow.iter().position(|trials| trials.events <= at_most);
    let below = |edge: usize| edge.checked_sub(1).and_then(|edge| edges.get(edge)).copied().unwrap_or(0.0);
    Some(match upper {
        Some(edge) => (below(edge), *edges.get(edge)?),
        None => (*edges.last()?, f64::INFINITY),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Requests above each edge, from the counts of the buckets.
    fn slow(buckets: &[f64]) -> Vec<Trials> {
        let requests: f64 = buckets.iter().sum();
        let above = |edge: usize| buckets[edge + 1..].iter().sum();
        (0..buckets.len() - 1).map(|edge| Trials { requests, events: above(edge) }).collect()
    }

    const ENVOY: [f64; 13] =
        [0.5, 1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10_000.0];

    fn named(edges: &[f64], buckets: &[f64]) -> [[(f64, f64); 2]; 2] {
        let found = bounds(edges, &slow(buckets), &Limits::default()).unwrap();
        let name = |bound: Bound| (edges[bound.edge], (bound.ratio * 1e6).round() / 1e6);
        found.map(|bounds| [name(bounds.up), name(bounds.low)])
    }

    #[test]
    fn edges_and_ratios_have_the_reference_values() {
        let envoy = [85.0, 3140.0, 3966.0, 689.0, 114.0, 9.0, 5.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let [p95, p99] = named(&ENVOY, &envoy);
        assert_eq!(p95, [(10.0, 5.682_536), (5.0, 10.0)]);
        assert_eq!((p99[0], p99[1].0), ((25.0, 1.506_062), 10.0));
        let few = [100.0, 300.0, 1200.0, 5000.0];
        let [p95, p99] = named(&few, &[9500.0, 400.0, 90.0, 8.0, 2.0]);
        assert_eq!(p95, [(100.0, 1.306_166), (100.0, 1.306_166)], "too many requests lie above nothing");
        assert_eq!((p99[0], p99[1].0), ((300.0, 1.329_713), 100.0));
    }

    #[test]
    fn a_slope_is_believed_within_limits() {
        assert!((slope(&[100.0, 110.0], &[0.5, 0.0001], 0) - 8.0).abs() < 1e-12);
        assert!((slope(&[100.0, 1000.0], &[0.5, 0.49], 1) - 0.5).abs() < 1e-12);
        assert!((slope(&[100.0, 1000.0], &[0.5, 0.005], 0) - 2.0).abs() < 1e-12);
        assert!((slope(&[100.0], &[0.5], 0) - 1.0).abs() < 1e-12, "one edge tells none");
    }

    #[test]
    fn a_quantile_is_its_bucket() {
        let slow = slow(&[90.0, 8.0, 1.0, 1.0]);
        let edges = [100.0, 250.0, 500.0];
        assert_eq!(bucket(&edges, &slow, 0.5), Some((0.0, 100.0)));
        assert_eq!(bucket(&edges, &slow, 0.95), Some((100.0, 250.0)));
        assert_eq!(bucket(&edges, &slow, 0.985), Some((250.0, 500.0)));
        assert_eq!(bucket(&edges, &slow, 0.995), Some((500.0, f64::INFINITY)));
        assert_eq!(bucket(&edges, &[Trials::default(); 3], 0.5), None);
        assert_eq!(bucket(&[], &[], 0.5), None);
    }

    #[test]
    fn too_few_requests_are_no_reference() {
        assert!(bounds(&[100.0], &slow(&[499.0, 0.0]), &Limits::default()).is_none());
        assert!(bounds(&[100.0], &slow(&[499.0, 1.0]), &Limits::default()).is_some());
        assert!(bounds(&[], &[], &Limits::default()).is_none());
    }

    proptest! {
        #[test]
        fn a_ratio_is_a_number_from_1_to_10_whatever_the_edges_are(
            edges in prop::collection::vec(prop_oneof![Just(0.0), -10.0..10.0f64, 0.0..1e9f64], 1..8),
            above in prop::collection::vec(0.0..1e6f64, 8),
        ) {
            let slow: Vec<Trials> =
                edges.iter().zip(&above).map(|(_, events)| Trials { requests: 1e6, events: *events }).collect();
            for bounds in bounds(&edges, &slow, &Limits::default()).unwrap() {
                for bound in [bounds.low, bounds.up] {
                    prop_assert!((1.0..=10.0).contains(&bound.ratio), "{:?}", bound);
                }
            }
        }
    }
}
