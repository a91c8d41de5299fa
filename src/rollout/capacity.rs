//! Whether a backend can take what a rollback would send it.

use std::fmt;

use crate::route::{BackendRef, Rule};

/// An endpoint may have to carry this many times what the busiest one carries now.
const MOST_TIMES: f64 = 2.0;

/// A destination that is too small.
#[derive(Debug, Clone, PartialEq)]
pub struct TooSmall {
    /// The backend.
    pub backend: BackendRef,
    /// Its ready endpoints, ≥ 1.
    pub ready: u32,
    /// How many times more each of them would carry than the busiest endpoint carries now.
    pub times: f64,
}

impl fmt::Display for TooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { backend, ready, times } = self;
        let each = if *ready == 1 { "endpoint, which" } else { "endpoints, each of which" };
        write!(
            f,
            "{backend} has {ready} ready {each} would carry {times:.1} times the load of the busiest now"
        )
    }
}

/// Whether those who take the share of `from` in `rule` are large enough. Who has no traffic now gets it only where
/// nobody else has any: then it is `into`. Shares stand for load, since the traffic of the route stays the same.
///
/// `ready` are the ready endpoints of a backend, as far as known; what is not known is not judged.
///
/// # Errors
/// The first one that is not.
pub fn large_enough(
    rule: &Rule,
    from: &BackendRef,
    into: &BackendRef,
    ready: impl Fn(&BackendRef) -> Option<u32>,
) -> Result<(), TooSmall> {
    let total: f64 = rule.backends.iter().map(|backend| f64::from(backend.weight)).sum();
    let (gone, staying): (Vec<_>, Vec<_>) = rule.backends.iter().partition(|b| b.to.same_object(from));
    let gone: f64 = gone.iter().map(|backend| f64::from(backend.weight)).sum();
    if total <= 0.0 || gone <= 0.0 {
        return Ok(());
    }
    let load = |share: f64, ready: Option<u32>| ready.filter(|n| *n > 0).map(|n| share / f64::from(n));
    let now = rule.backends.iter().filter_map(|b| load(f64::from(b.weight) / total, ready(&b.to)));
    let busiest = now.fold(0.0, f64::max);
    for backend in staying {
        let share = match total - gone {
            rest if rest > 0.0 => f64::from(backend.weight) / rest,
            _ if backend.to.same_object(into) => 1.0,
            _ => 0.0,
        };
        let ready = ready(&backend.to);
        let (Some(load), Some(ready)) = (load(share, ready), ready) else { continue };
        if busiest > 0.0 && load > MOST_TIMES * busiest {
            return Err(TooSmall { backend: backend.to.clone(), ready, times: load / busiest });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::Backend;

    fn judged(weights: [u32; 2], ready: [Option<u32>; 2]) -> Result<(), String> {
        let names = ["stable", "canary"].map(|name| BackendRef::service("shop", name, 80));
        let backends = names.iter().zip(weights).map(|(to, weight)| Backend { to: to.clone(), weight });
        let rule = Rule {
            name: None,
            matches: [].into(),
            backends: backends.collect(),
            mirrors: [].into(),
            retries: false,
            sticky: false,
            timeout: None,
        };
        let [stable, canary] = &names;
        let of = |backend: &BackendRef| if backend == stable { ready[0] } else { ready[1] };
        large_enough(&rule, canary, stable, of).map_err(|small| small.to_string())
    }

    #[test]
    fn a_destination_that_was_scaled_down_is_too_small() {
        assert_eq!(judged([90, 10], [Some(3), Some(1)]), Ok(()));
        assert_eq!(judged([0, 100], [Some(2), Some(4)]), Ok(()), "twice the load is allowed");
        assert_eq!(
            judged([0, 100], [Some(1), Some(3)]).unwrap_err(),
            "stable has 1 ready endpoint, which would carry 3.0 times the load of the busiest now"
        );
        assert!(judged([50, 50], [Some(1), Some(50)]).is_ok(), "the busiest one is its own");
    }

    #[test]
    fn what_is_not_known_is_not_judged() {
        assert_eq!(judged([0, 100], [None, Some(3)]), Ok(()));
        assert_eq!(judged([0, 100], [Some(1), None]), Ok(()));
        assert_eq!(judged([100, 0], [Some(1), Some(3)]), Ok(()), "nothing is to be moved");
        assert_eq!(judged([0, 0], [Some(1), Some(3)]), Ok(()));
    }
}
