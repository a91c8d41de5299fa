//! What an `HTTPRoute` says, and the Gateway before it, as pure types: parsing, status, shares, owners, paths to a backend.
//!
//! Does not live here: what may be *done* with a route (`rollout/`), and everything that needs a
//! clock, a socket or a runtime (`cluster/`). Called by nearly everybody; depends on nothing of ours.

mod gateway;
mod model;
mod owner;
mod parse;
mod paths;
mod rule_backend;
mod share;
mod status;

pub use gateway::{Gateway, Listener};
pub use model::{
    Backend, BackendRef, HeaderMatch, Match, Mirror, ParentRef, PathMatch, Route, RouteId, Rule, Writer,
};
pub use owner::{Owner, OwnerRule};
pub use parse::{ANNOTATION_CANARY, ANNOTATION_LAST_CHANGE, BadRoute, writers};
pub use paths::{Path, PathKind, kinds_to, paths_to};
pub use rule_backend::{DataPlane, RuleBackend, destinations};
pub use share::{declared_share, weight_sum};
pub use status::{Condition, ParentState, ParentStatus, ParentView, RouteState, Truth};
