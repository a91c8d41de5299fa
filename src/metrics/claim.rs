//! The observed share of a split: what may be claimed from the numbers of a window, and why nothing may be.

use super::model::Numbers;
use super::provider::Granularity;
use crate::route::BackendRef;

/// Why no share can be claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unclaimed<'a> {
    /// It is not known whose series these are.
    UnknownSource,
    /// The series count per rule, not per backend.
    PerRule,
    /// The series count per Service, and requests come by this many other paths.
    Shared(usize),
    /// A backend has no series.
    NoSeries(&'a BackendRef),
    /// A backend has too few samples for a rate.
    TooFew(&'a BackendRef),
    /// No request at all.
    NoTraffic,
}

/// The requests of each backend of a split in a window, if these are the split's alone.
///
/// # Errors
/// The first reason why they cannot be called so.
pub fn claim<'a>(
    backends: impl IntoIterator<Item = (&'a BackendRef, Option<Numbers>)>,
    granularity: Option<Granularity>,
    other_paths: impl FnOnce() -> usize,
) -> Result<Vec<f64>, Unclaimed<'a>> {
    match granularity {
        None => return Err(Unclaimed::UnknownSource),
        Some(Granularity::Rule) => return Err(Unclaimed::PerRule),
        Some(Granularity::Split) => {}
        Some(Granularity::Service) => match other_paths() {
            0 => {}
            paths => return Err(Unclaimed::Shared(paths)),
        },
    }
    let counted = |(backend, numbers): (&'a BackendRef, Option<Numbers>)| {
        let numbers = numbers.ok_or(Unclaimed::NoSeries(backend))?;
        numbers.requests.ok_or(Unclaimed::TooFew(backend))
    };
    let requests = backends.into_iter().map(counted).collect::<Result<Vec<f64>, _>>()?;
    if requests.iter().sum::<f64>() > 0.0 { Ok(requests) } else { Err(Unclaimed::NoTraffic) }
}
