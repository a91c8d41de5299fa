//! The Kubernetes API: connect, watch, read, look behind a backend, review access, emit events.
//!
//! Does not live here: what a route means (`route/`), what may be done with it (`rollout/`), and the
//! patch itself, which belongs to `pilot/` alone. Called by `cli/`, by the runner of `app/`'s effects and by
//! `pilot/`. Nothing here prints, panics or retries a write; every failure is a [`Trouble`] in words.

mod access;
mod call;
mod client;
mod connect;
mod contexts;
mod events;
mod facts;
mod gateways;
mod kubeconfig;
mod logs;
mod proxy;
mod read;
mod redact;
mod service_proxy;
mod services;
mod slices;
mod splitter;
mod trouble;
mod turn;
mod watch;

#[cfg(test)]
mod fake;

pub use access::{Access, User};
pub use connect::{Cluster, ConnectError, ConnectOptions, Version};
pub use events::Note;
pub use facts::{Endpoints, Facts, Known, Pods};
pub use logs::Logs;
pub use read::{Listed, Scope};
pub use service_proxy::{Relayed, ServiceAddress};
pub use services::{Service, ServiceMeta, ServicePort, ServiceSpec};
pub use slices::endpoint_changes;
pub use trouble::{Trouble, Why};
pub use watch::{Update, watch, watch_route};

pub(crate) use connect::CALL_LIMIT;
#[cfg(test)]
pub(crate) use fake::{Answer, Asked, FakeServer, route_json, status_json};
pub(crate) use redact::first_line;
pub(crate) use trouble::{right_in, service_error};
