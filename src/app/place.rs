//! Which cluster the cockpit is at.

use crate::cluster::Cluster;

/// A context, and what it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the context.
    pub context: String,
    /// The server's URL.
    pub server: String,
    /// The namespace to go to from all of them.
    pub namespace: Box<str>,
}

impl From<&Cluster> for Place {
    fn from(cluster: &Cluster) -> Self {
        Self {
            context: cluster.context().to_owned(),
            server: cluster.server().to_owned(),
            namespace: cluster.namespace().into(),
        }
    }
}
