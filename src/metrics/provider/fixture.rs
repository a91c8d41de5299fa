//! Providers and places by hand, for the tests of `metrics/`.

use std::sync::Arc;

use super::{PROVIDERS, Provider};
use crate::route::{BackendRef, DataPlane, RouteId, RuleBackend};

/// Backend `index` of the first rule of `checkout`.
pub(in crate::metrics) fn place(namespace: &str, name: &str, port: u16, index: usize) -> RuleBackend {
    let to = BackendRef::service(namespace, name, port);
    RuleBackend {
        route: RouteId::new(namespace, "checkout"),
        rule: 0,
        index,
        to,
        data_plane: DataPlane::default(),
    }
}

/// The first built-in provider of that name.
pub(in crate::metrics) fn named(name: &str) -> Arc<Provider> {
    PROVIDERS.iter().find(|provider| provider.name == name).unwrap().clone()
}

/// The names of a backend, where these are exact.
pub(in crate::metrics) fn exact(provider: &Provider, backend: &RuleBackend) -> Vec<Vec<String>> {
    let value = |value: &super::Template| value.exact().unwrap().to_owned();
    provider.names(backend).map(|(_, values)| values.iter().map(value).collect()).collect()
}
