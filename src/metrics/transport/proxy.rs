//! Through the API server's service proxy, with the credentials of the kubeconfig. GET only: that is what the right
//! `get services/proxy` allows.

use reqwest::header::HeaderMap;

use super::{LIMIT_MIB, Question, Reply, ahead};
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
}

impl Proxy {
    /// `shown` is the address, for words.
    pub async fn ask(&self, question: &Question, shown: &str) -> Result<Reply, MetricError> {
        let url = shown.to_owned();
        let path = format!("{}/api/v1/{}?{}", self.prefix, question.endpoint, question.form());
        let answer = self.cluster.through_proxy(&self.service, &path, &self.headers, LIMIT_MIB << 20).await;
        match answer {
            Ok(Relayed::Whole { status, kind, location, date, at, body }) => {
                Ok(Reply { status, kind, location, ahead: ahead(at, &date), body })
            }
            Ok(Relayed::TooLarge) => Err(MetricError::TooLarge { url, limit_mib: LIMIT_MIB }),
            Err(Trouble { why: Why::Forbidden(right), .. }) => {
                Err(MetricError::NoRight { url, right: right.into() })
            }
            Err(trouble) => Err(MetricError::Proxy { url, why: trouble.why.to_string() }),
        }
    }
}
