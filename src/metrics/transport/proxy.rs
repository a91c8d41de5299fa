//! Through the API server's service proxy, with the credentials of the kubeconfig. GET only: that is what the right
//! `get services/proxy` allows.

use reqwest::header::HeaderMap;

use super::{LIMIT_MIB, Question, Reply};
use crate::cluster::{Cluster, Relayed, ServiceAddress, Trouble, Why};
use crate::metrics::error::MetricError;

/// A Service of the cluster.
#[derive(Clone)]
pub(super) struct Proxy {
    pub cluster: Cluster,
    pub service: ServiceAddress,
    /// The path before `/api/v1`.
    pub prefix: String,
    pub headers: HeaderMap,
    pub shown: String,
}

impl Proxy {
    pub async fn ask(&self, question: &Question) -> Result<Reply, MetricError> {
        let path = format!("{}/api/v1/{}?{}", self.prefix, question.endpoint, question.form());
        let answer = self.cluster.through_proxy(&self.service, &path, &self.headers, LIMIT_MIB << 20).await;
        match answer {
            Ok(Relayed::Whole { status, kind, location, body }) => Ok(Reply { status, kind, location, body }),
            Ok(Relayed::TooLarge) => {
                Err(MetricError::TooLarge { url: self.shown.clone(), limit_mib: LIMIT_MIB })
            }
            Err(Trouble { why: Why::Forbidden(right), .. }) => {
                Err(MetricError::NoRight { url: self.shown.clone(), right: right.into() })
            }
            Err(trouble) => Err(MetricError::Proxy { url: self.shown.clone(), why: trouble.why.to_string() }),
        }
    }
}
