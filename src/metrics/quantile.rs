//! Quantiles from the cumulative buckets of a classic histogram.

/// A latency quantile, and the bucket it was found in: that is what is really known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    /// The interpolated quantile in seconds.
    pub seconds: f64,
    /// Edges of its bucket in seconds; the upper one is `+∞` above the last finite edge.
    pub bucket: (f64, f64),
}

/// The quantile `q` (0 to 1) of a histogram given as (upper edge in seconds, cumulative count or rate).
///
/// The rules are those of Prometheus' `histogram_quantile` for classic histograms
/// (<https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile>): linear
/// interpolation inside the bucket; the lowest bucket begins at 0; a quantile in the `+Inf` bucket is
/// the highest finite edge; counts that fall from one edge to the next are raised to the one before.
/// `None` without observations, without a `+Inf` bucket, without a finite one, or with a count that is
/// no number.
#[must_use]
pub fn quantile(q: f64, buckets: &[(f64, f64)]) -> Option<Quantile> {
    let buckets = cumulative(buckets)?;
    let total = buckets.last()?.1;
    if total <= 0.0 || buckets.len() < 2 {
        return None;
    }
    let rank = q.clamp(0.0, 1.0) * total;
    let found = buckets.iter().position(|&(_, count)| count >= rank)?;
    let (upper, count) = *buckets.get(found)?;
    let (lower, below) = match found.checked_sub(1) {
        Some(before) => *buckets.get(before)?,
        None => (upper.min(0.0), 0.0),
    };
    let seconds = if upper.is_infinite() {
        lower
    } else if count > below {
        lower + (upper - lower) * ((rank - below) / (count - below))
    } else {
        upper
    };
    Some(Quantile { seconds, bucket: (lower, upper) })
}

/// Sorted by edge, equal edges added up (`le="1"` and `le="1.0"`), counts never falling.
fn cumulative(buckets: &[(f64, f64)]) -> Option<Vec<(f64, f64)>> {
    if buckets.iter().any(|(edge, count)| edge.is_nan() || !count.is_finite()) {
        return None;
    }
    let mut sorted = buckets.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut merged: Vec<(f64, f64)> = Vec::with_capacity(sorted.len());
    for (edge, count) in sorted {
        match merged.last_mut() {
            Some(last) if last.0.total_cmp(&edge).is_eq() => last.1 += count,
            _ => merged.push((edge, count)),
        }
    }
    let mut highest = 0.0_f64;
    for (_, count) in &mut merged {
        highest = highest.max(*count);
        *count = highest;
    }
    merged.last().is_some_and(|&(edge, _)| edge == f64::INFINITY).then_some(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    fn close(found: Option<Quantile>, seconds: f64, bucket: (f64, f64)) {
        let found = found.expect("a quantile");
        assert!((found.seconds - seconds).abs() < 1e-9, "{found:?}, not {seconds}");
        assert_eq!(found.bucket, bucket);
    }

    #[test]
    fn it_interpolates_inside_the_bucket() {
        // Rank 50 of 100: 40 are below 0.1, 60 more below 0.2, so a sixth of the way.
        let buckets = [(0.1, 40.0), (0.2, 100.0), (INF, 100.0)];
        close(quantile(0.5, &buckets), 0.1 + 0.1 / 6.0, (0.1, 0.2));
        // Rank 20 of 100 in the lowest bucket, which begins at 0: half of the way.
        close(quantile(0.2, &buckets), 0.05, (0.0, 0.1));
    }

    #[test]
    fn above_the_last_finite_edge_it_is_that_edge() {
        close(quantile(0.99, &[(1.0, 50.0), (5.0, 90.0), (INF, 100.0)]), 5.0, (5.0, INF));
    }

    #[test]
    fn a_rank_on_an_edge_belongs_to_the_lower_bucket() {
        close(quantile(0.5, &[(1.0, 50.0), (2.0, 100.0), (INF, 100.0)]), 1.0, (0.0, 1.0));
    }

    #[test]
    fn without_observations_there_is_none() {
        assert_eq!(quantile(0.5, &[]), None);
        assert_eq!(quantile(0.5, &[(1.0, 0.0), (INF, 0.0)]), None);
        assert_eq!(quantile(0.5, &[(INF, 10.0)]), None);
        assert_eq!(quantile(0.5, &[(1.0, 3.0), (2.0, 4.0)]), None, "no +Inf bucket");
        assert_eq!(quantile(0.5, &[(1.0, f64::NAN), (INF, f64::NAN)]), None);
    }

    #[test]
    fn order_equal_edges_and_falling_counts_do_not_matter() {
        let odd = [(INF, 100.0), (2.0, 39.0), (1.0, 25.0), (1.0, 25.0)];
        // Edge 1 has 50, edge 2 is raised to 50: rank 75 is above both.
        close(quantile(0.75, &odd), 2.0, (2.0, INF));
        close(quantile(0.25, &odd), 0.5, (0.0, 1.0));
    }

    #[test]
    fn the_envoy_capture() {
        // corpora/metrics-samples/contour-envoy.txt, canary: rank 7608.55 of 8009, between 5 ms
        // (7191) and 10 ms (7880): 5 + 5 × 417.55 ÷ 689 ms.
        let buckets = [
            (0.0005, 85.0),
            (0.001, 3225.0),
            (0.005, 7191.0),
            (0.01, 7880.0),
            (0.025, 7994.0),
            (0.05, 8003.0),
            (0.1, 8008.0),
            (0.25, 8009.0),
            (INF, 8009.0),
        ];
        close(quantile(0.95, &buckets), 0.005 + 0.005 * 417.55 / 689.0, (0.005, 0.01));
    }
}
