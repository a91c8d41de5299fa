//! Other contexts of the same kubeconfig.

use super::connect::{Cluster, ConnectError, ConnectOptions};
use super::kubeconfig;

impl Cluster {
    /// The contexts of the kubeconfig; none for a cluster inside the process, and where it cannot be read.
    #[must_use]
    pub fn contexts(&self) -> Vec<String> {
        self.origin().and_then(|options| kubeconfig::contexts(options).ok()).unwrap_or_default()
    }

    /// The cluster of another context, or this one with credentials that were read anew. It has answered.
    ///
    /// # Errors
    /// [`ConnectError`], also when the server does not answer.
    pub async fn in_context(&self, name: &str) -> Result<Self, ConnectError> {
        let cluster = match self.origin() {
            None => self.clone(),
            Some(options) => {
                // A namespace that was named belongs to the context that it was named with.
                let namespace = options.namespace.clone().filter(|_| name == self.context());
                let context = Some(name.to_owned());
                Self::connect(&ConnectOptions { context, namespace, ..options.clone() }).await?
            }
        };
        cluster.discover().await?;
        Ok(cluster)
    }
}
