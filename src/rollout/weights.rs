//! From a wanted share to integer weights.

/// Shares are counted in hundredths of a percent.
pub const SHARE_SCALE: u32 = 10_000;

/// The largest weight the API server takes.
pub const MOST_WEIGHT: u32 = 1_000_000;

/// The share of each weight, 0 to 1; all 0 where all weights are.
#[must_use]
pub fn shares(weights: &[u32]) -> Vec<f64> {
    let sum: f64 = weights.iter().copied().map(f64::from).sum();
    weights.iter().map(|weight| if sum > 0.0 { f64::from(*weight) / sum } else { 0.0 }).collect()
}

/// New weights of a rule in which the backends marked `moving` get `share` (hundredths of a percent, 0 to
/// 10,000) together, and the others keep their proportions by largest remainder.
///
/// The rule's total is kept when the share is exact in it and none of the others would go from non-zero to
/// zero; else the smallest of 100, 1,000, 10,000, ... that can do so. If the others sum to 0, all that is
/// left goes to `receiver`.
///
/// `None` when no weights can say it: nobody moves, nobody can take the rest, or the shares are too fine.
pub(super) fn set_share(
    weights: &[u32],
    moving: &[bool],
    share: u32,
    receiver: Option<usize>,
) -> Option<Vec<u32>> {
    let total: u64 = weights.iter().map(|w| u64::from(*w)).sum();
    let totals = [total, 100, 1_000, 10_000, 100_000, u64::from(MOST_WEIGHT)];
    totals.into_iter().filter(|t| *t > 0).find_map(|t| at_total(weights, moving, share, receiver, t))
}

fn at_total(
    weights: &[u32],
    moving: &[bool],
    share: u32,
    receiver: Option<usize>,
    total: u64,
) -> Option<Vec<u32>> {
    let scaled = u64::from(share) * total;
    if !scaled.is_multiple_of(u64::from(SHARE_SCALE)) {
        return None;
    }
    let moved = scaled / u64::from(SHARE_SCALE);
    let part = |mine: bool| -> Vec<u64> {
        weights.iter().zip(moving).map(|(w, m)| if *m == mine { u64::from(*w) } else { 0 }).collect()
    };
    let mut movers = part(true);
    if movers.iter().all(|w| *w == 0) {
        *movers.get_mut(moving.iter().position(|m| *m)?)? = 1;
    }
    let mut others = part(false);
    if others.iter().all(|w| *w == 0) && total > moved {
        *others.get_mut(receiver.filter(|r| moving.get(*r) == Some(&false))?)? = 1;
    }
    let movers = apportion(&movers, moved)?;
    let others = apportion(&others, total - moved)?;
    movers.iter().zip(&others).map(|(a, b)| u32::try_from(a + b).ok().filter(|w| *w <= MOST_WEIGHT)).collect()
}

/// Deals `total` out in proportion, by largest remainder, ties to the first. `None` if a non-zero part
/// would become 0 though there is something to deal out.
fn apportion(parts: &[u64], total: u64) -> Option<Vec<u64>> {
    let sum: u64 = parts.iter().sum();
    if sum == 0 || total == 0 {
        return Some(vec![0; parts.len()]);
    }
    let mut dealt: Vec<u64> = parts.iter().map(|part| part * total / sum).collect();
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|i| std::cmp::Reverse(parts.get(*i).map_or(0, |part| part * total % sum)));
    let missing = usize::try_from(total - dealt.iter().sum::<u64>()).ok()?;
    for index in by_remainder.into_iter().take(missing) {
        *dealt.get_mut(index)? += 1;
    }
    let vanished = parts.iter().zip(&dealt).any(|(part, got)| *part > 0 && *got == 0);
    (!vanished).then_some(dealt)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keeps_the_total_when_the_share_is_exact_in_it() {
        assert_eq!(set_share(&[95, 5], &[false, true], 1000, Some(0)), Some(vec![90, 10]));
        assert_eq!(set_share(&[19, 1], &[false, true], 1000, Some(0)), Some(vec![18, 2]));
        assert_eq!(set_share(&[3, 1], &[false, true], 5000, Some(0)), Some(vec![2, 2]));
    }

    #[test]
    fn goes_to_the_next_total_when_it_is_not() {
        assert_eq!(set_share(&[1, 1], &[false, true], 1000, Some(0)), Some(vec![90, 10]));
        assert_eq!(set_share(&[99, 1], &[false, true], 250, Some(0)), Some(vec![975, 25]));
        assert_eq!(set_share(&[99, 1], &[false, true], 25, Some(0)), Some(vec![9975, 25]));
    }

    #[test]
    fn a_rollback_of_all_traffic_needs_a_receiver() {
        assert_eq!(set_share(&[0, 100], &[false, true], 0, Some(0)), Some(vec![100, 0]));
        assert_eq!(set_share(&[0, 0, 5], &[false, false, true], 0, None), None);
        assert_eq!(set_share(&[0, 0, 5], &[false, false, true], 0, Some(1)), Some(vec![0, 5, 0]));
        assert_eq!(
            set_share(&[0, 5], &[false, true], 0, Some(1)),
            None,
            "the drained backend receives nothing"
        );
    }

    #[test]
    fn others_keep_their_proportions_and_none_vanishes() {
        assert_eq!(set_share(&[60, 30, 10], &[false, false, true], 2500, None), Some(vec![50, 25, 25]));
        assert_eq!(
            set_share(&[98, 1, 1], &[false, false, true], 9900, None),
            Some(vec![99, 1, 9900]),
            "0.01 % survives"
        );
        assert_eq!(
            set_share(&[0, 0], &[false, true], 5000, Some(0)),
            Some(vec![50, 50]),
            "all weights were 0"
        );
    }

    proptest! {
        #[test]
        fn share_is_exact_and_zeros_stay(weights in prop::collection::vec(0u32..=MOST_WEIGHT, 2..=16), which in any::<prop::sample::Index>(), share in 0u32..=SHARE_SCALE) {
            let which = which.index(weights.len());
            let moving: Vec<bool> = (0..weights.len()).map(|i| i == which).collect();
            if let Some(new) = set_share(&weights, &moving, share, None) {
                let total: u64 = new.iter().map(|w| u64::from(*w)).sum();
                prop_assert!(total > 0);
                prop_assert_eq!(u64::from(new[which]) * u64::from(SHARE_SCALE), u64::from(share) * total);
                for (i, (old, new)) in weights.iter().zip(&new).enumerate().filter(|(i, _)| *i != which) {
                    prop_assert!(share == SHARE_SCALE || (*old == 0) == (*new == 0), "backend {} went {} -> {}", i, old, new);
                }
            }
        }
    }
}
