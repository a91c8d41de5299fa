//! The API server's service proxy: a Service asked by GET through the API server, with the credentials of the kubeconfig.

use std::fmt;

use http::header::{CONTENT_TYPE, DATE, HeaderMap, LOCATION};
use http::{Request, Response};
use http_body_util::BodyExt;
use jiff::Timestamp;
use kube::client::Body;

use super::connect::Cluster;
use super::read::segment;
use super::trouble::Trouble;

/// A port of a Service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceAddress {
    namespace: String,
    /// `http`, `https`, or empty, which is http.
    scheme: String,
    name: String,
    /// By name or number.
    port: String,
}

impl ServiceAddress {
    /// `None` where a part is none that could be a name.
    #[must_use]
    pub fn new(namespace: &str, scheme: &str, name: &str, port: &str) -> Option<Self> {
        for part in [namespace, name, port] {
            segment(part, "").ok()?;
        }
        let [namespace, scheme, name, port] = [namespace, scheme, name, port].map(ToOwned::to_owned);
        Some(Self { namespace, scheme, name, port })
    }

    /// Where the API server passes requests on to it.
    fn path(&self) -> String {
        format!("/api/v1/namespaces/{}/services/{}/proxy", self.namespace, self.in_path())
    }

    fn in_path(&self) -> String {
        match self.scheme.as_str() {
            "" => format!("{}:{}", self.name, self.port),
            scheme => format!("{scheme}:{}:{}", self.name, self.port),
        }
    }
}

impl fmt::Display for ServiceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.in_path())
    }
}

/// What came back from behind the API server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relayed {
    /// An answer, whatever its status.
    Whole {
        /// The status.
        status: u16,
        /// The content type, or nothing.
        kind: String,
        /// Where a redirect leads, or nothing.
        location: String,
        /// When it was sent by the sender's clock, as HTTP writes it, or nothing.
        date: String,
        /// When it came, by the clock of this machine.
        at: Timestamp,
        /// The body.
        body: Vec<u8>,
    },
    /// More bytes than were wanted.
    TooLarge,
}

impl Cluster {
    /// Asks a Service for `path` (with its query), and reads at most `most` bytes.
    ///
    /// # Errors
    /// [`Trouble`] where the API server answered itself, or did not answer.
    pub async fn through_proxy(
        &self,
        service: &ServiceAddress,
        path: &str,
        headers: &HeaderMap,
        most: usize,
    ) -> Result<Relayed, Trouble> {
        let what = format!("ask {service} through the API server");
        let path = format!("{}{path}", service.path());
        self.read(&what, |client| {
            let (path, headers) = (path.clone(), headers.clone());
            async move {
                let mut request = Request::get(path).body(Body::empty()).map_err(kube::Error::HttpError)?;
                request.headers_mut().extend(headers);
                receive(client.send(request).await?, most).await
            }
        })
        .await
    }
}

async fn receive(response: Response<Body>, most: usize) -> kube::Result<Relayed> {
    let (head, mut received) = response.into_parts();
    let status = head.status.as_u16();
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    let (kind, location, date) = (header(CONTENT_TYPE), header(LOCATION), header(DATE));
    let at = Timestamp::now();
    let mut body = Vec::new();
    while let Some(frame) = received.frame().await {
        if let Ok(data) = frame?.into_data() {
            body.extend_from_slice(&data);
        }
        if body.len() > most {
            return Ok(Relayed::TooLarge);
        }
    }
    match own_words(status, &body) {
        Some(refusal) => Err(kube::Error::Api(refusal.boxed())),
        None => Ok(Relayed::Whole { status, kind, location, date, at, body }),
    }
}

/// The API server's own refusal, which is told from one of the Service by its kind.
fn own_words(status: u16, body: &[u8]) -> Option<kube::core::Status> {
    if status < 400 {
        return None;
    }
    let json: serde_json::Value = serde_json::from_slice(body).ok()?;
    if json["kind"] != "Status" {
        return None;
    }
    serde_json::from_value(json).ok()
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Answer, FakeServer, status_json};
    use super::*;

    fn prometheus() -> ServiceAddress {
        ServiceAddress::new("monitoring", "", "prometheus", "9090").unwrap()
    }

    async fn asked(answer: Answer) -> (Vec<String>, Result<Relayed, Trouble>) {
        let (server, cluster) = FakeServer::start(move |_| answer.clone());
        let (service, headers) = (prometheus(), HeaderMap::new());
        let relayed = cluster.through_proxy(&service, "/api/v1/query?query=1", &headers, 1000).await;
        (server.lines(), relayed)
    }

    #[tokio::test]
    async fn the_services_own_refusal_is_an_answer() {
        let (lines, relayed) = asked(Answer::Say(422, r#"{"status":"error"}"#.to_owned())).await;
        assert_eq!(
            lines,
            ["GET /api/v1/namespaces/monitoring/services/prometheus:9090/proxy/api/v1/query?query=1"]
        );
        assert!(matches!(relayed, Ok(Relayed::Whole { status: 422, .. })), "{relayed:?}");
    }

    #[tokio::test]
    async fn the_api_servers_refusal_is_trouble() {
        let message = "services \"prometheus:9090\" is forbidden: User \"v\" cannot get resource \
                       \"services/proxy\" in API group \"\" in the namespace \"monitoring\"";
        let (_, relayed) = asked(Answer::Say(403, status_json(403, "Forbidden", message))).await;
        assert_eq!(
            relayed.unwrap_err().to_string(),
            "cannot ask monitoring/prometheus:9090 through the API server: \
             you lack the right to get services/proxy in namespace monitoring (403)"
        );
    }

    #[tokio::test]
    async fn an_endless_answer_is_not_read_to_its_end() {
        let (_, relayed) = asked(Answer::Stay(vec!["x".repeat(600), "x".repeat(600)])).await;
        assert_eq!(relayed.unwrap(), Relayed::TooLarge);
    }

    #[test]
    fn names_that_would_lead_elsewhere_are_none() {
        for bad in ["", "..", "a/b", "A", "a?b", "a%2fb"] {
            assert_eq!(ServiceAddress::new("ns", "", bad, "1"), None, "{bad}");
        }
    }
}
