//! The observed share of a split: what may be claimed from the numbers of a window, and why nothing may be.

use super::model::Numbers;
use super::provider::{Granularity, Used};
use crate::route::{BackendRef, Path, RouteId};

/// Why no share can be claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unclaimed<'a> {
    /// It is not known whose series these are.
    UnknownSource,
    /// Nobody counts them: why.
    Uncounted(&'a str),
    /// The series count per rule, not per backend.
    PerRule,
    /// The series count per Service or route, and requests come by this many other paths.
    Shared(usize),
    /// A backend has no series.
    NoSeries(&'a BackendRef),
    /// A backend has too few samples for a rate.
    TooFew(&'a BackendRef),
    /// The rate of a backend is not a number.
    NotANumber(&'a BackendRef),
    /// No request at all.
    NoTraffic,
}

/// The requests of each backend of a split in a window, if these are the split's alone.
///
/// # Errors
/// The first reason why they cannot be called so.
pub fn claim<'a>(
    backends: impl IntoIterator<Item = (&'a BackendRef, Option<Numbers>)>,
    used: Option<&'a Result<Used, String>>,
    other_paths: impl FnOnce(Granularity) -> usize,
) -> Result<Vec<f64>, Unclaimed<'a>> {
    let provider = match used {
        None => return Err(Unclaimed::UnknownSource),
        Some(Err(why)) => return Err(Unclaimed::Uncounted(why)),
        Some(Ok(used)) => &used.provider,
    };
    let backends: Vec<_> = backends.into_iter().collect();
    let known =
        backends.iter().filter_map(|(_, numbers)| numbers.as_ref().map(|numbers| numbers.granularity));
    let granularity = known.max().or(provider.granularity()).ok_or(Unclaimed::UnknownSource)?;
    // Who sends requests counts those to all backends, from the first one on. What counts those that it gets itself may
    // not be asked at all.
    let is_live = |numbers: &Option<Numbers>| numbers.is_some_and(|numbers| numbers.requests.is_some());
    let counts_all = provider.counts_what_it_sends() && backends.iter().any(|(_, numbers)| is_live(numbers));
    let none = |backend: &BackendRef| {
        let has_name = backend.is_service() && backend.port.is_some();
        (counts_all && has_name).then(|| Numbers { requests: Some(0.0), ..Numbers::default() })
    };
    let backends =
        backends.into_iter().map(|(backend, numbers)| (backend, numbers.or_else(|| none(backend))));
    claim_counted(backends, granularity, other_paths)
}

/// As [`claim`], where it is known what the series tell apart: of the backends the coarsest.
///
/// # Errors
/// As [`claim`].
pub fn claim_counted<'a>(
    backends: impl IntoIterator<Item = (&'a BackendRef, Option<Numbers>)>,
    granularity: Granularity,
    other_paths: impl FnOnce(Granularity) -> usize,
) -> Result<Vec<f64>, Unclaimed<'a>> {
    match granularity {
        Granularity::Rule => return Err(Unclaimed::PerRule),
        Granularity::Split => {}
        Granularity::Route | Granularity::Service => match other_paths(granularity) {
            0 => {}
            paths => return Err(Unclaimed::Shared(paths)),
        },
    }
    let counted = |(backend, numbers): (&'a BackendRef, Option<Numbers>)| {
        let numbers = numbers.ok_or(Unclaimed::NoSeries(backend))?;
        let why = if numbers.not_a_number { Unclaimed::NotANumber } else { Unclaimed::TooFew };
        numbers.requests.ok_or_else(|| why(backend))
    };
    let requests = backends.into_iter().map(counted).collect::<Result<Vec<f64>, _>>()?;
    if requests.iter().sum::<f64>() > 0.0 { Ok(requests) } else { Err(Unclaimed::NoTraffic) }
}

/// Those of `paths` beside a split of `route` whose requests are counted with it. Until it is known what the series tell apart,
/// that may be all of them.
pub fn counted_with<'a>(
    granularity: Option<Granularity>,
    route: &'a RouteId,
    paths: &'a [Path],
) -> impl Iterator<Item = &'a Path> {
    paths.iter().filter(move |path| match granularity {
        Some(Granularity::Split) => false,
        Some(Granularity::Route) => path.route == *route,
        Some(Granularity::Service | Granularity::Rule) | None => true,
    })
}

/// Why the observed share of a split of `route` is not to be tested; `None` if it is. `paths`: those that lead to its
/// backends beside it.
#[must_use]
pub fn untestable(granularity: Option<Granularity>, route: &RouteId, paths: &[Path]) -> Option<String> {
    if granularity? == Granularity::Rule {
        return Some("counted per rule: not tested".to_owned());
    }
    let beside = counted_with(granularity, route, paths).count();
    let of = if beside == 1 { "path" } else { "paths" };
    (beside > 0).then(|| format!("shared with {beside} other {of}: not tested"))
}
