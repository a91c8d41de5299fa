//! From a request to everything a person must see: fresh read, plan, facts, gate, dry run.

use std::sync::Arc;

use thiserror::Error;

use super::Pilot;
use super::states::Prepared;
use crate::rollout::{Intent, Refusal};
use crate::route::{Route, RouteId};

/// What a person asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The route.
    pub route: RouteId,
    /// What is wanted.
    pub intent: Intent,
    /// Routes that may lead to the same backends, as last seen: other paths, and what a rollback of all paths
    /// takes as well.
    pub related: Vec<Arc<Route>>,
}

/// Why there is nothing to confirm. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PrepareError {
    /// The route could not be read.
    #[error("{0}")]
    Read(String),
    /// Reading the route is not allowed: which right is missing.
    #[error("{0}")]
    Forbidden(String),
    /// The route is gone.
    #[error("{0} does not exist any more")]
    Gone(RouteId),
    /// There is no plan.
    #[error("{0}")]
    Refused(#[from] Refusal),
}

impl Pilot {
    /// Reads the route afresh, plans, and gathers what a person must see. Writes nothing.
    ///
    /// # Errors
    /// [`PrepareError`] in words for a person.
    pub async fn prepare(&self, request: &Request) -> Result<Prepared, PrepareError> {
        todo!("{}", request.route)
    }
}
