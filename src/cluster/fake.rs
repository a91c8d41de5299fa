//! An API server inside the process, for tests: answers what the test says, and notes what it was asked.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use futures::stream::{self, BoxStream, StreamExt};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use kube::client::Body;
use serde_json::{Value, json};

use super::connect::Cluster;

/// What was asked: method, path with query, headers and body.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub line: String,
    pub content_type: String,
    pub body: Vec<u8>,
}

/// What to answer.
#[derive(Clone)]
pub(crate) enum Answer {
    /// Status and body at once.
    Say(u16, String),
    /// 429 in plain words, with this in the header `Retry-After`.
    Busy(&'static str),
    /// Nothing, ever.
    Hang,
    /// Status 200 and these pieces, then nothing more, without an end.
    Stay(Vec<String>),
    /// The connection fails after the request was taken.
    Break,
}

/// A route `shop/NAME` of this version, 90:10.
pub(crate) fn route_json(name: &str, version: u32) -> Value {
    json!({
        "metadata": {
            "namespace": "shop", "name": name, "uid": format!("uid-{name}"), "generation": 1,
            "resourceVersion": version.to_string()
        },
        "spec": { "rules": [{ "backendRefs": [
            { "name": "checkout-stable", "port": 8080, "weight": 90 },
            { "name": "checkout-canary", "port": 8080, "weight": 10 }
        ] }] }
    })
}

/// A failure as the server words it.
pub(crate) fn status_json(code: u16, reason: &str, message: &str) -> String {
    json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "code": code, "reason": reason, "message": message })
    .to_string()
}

type Pieces = StreamBody<BoxStream<'static, Result<Frame<bytes::Bytes>, Infallible>>>;

/// Handle on the server.
#[derive(Clone)]
pub(crate) struct FakeServer {
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl FakeServer {
    /// A server that answers by `script`, and a cluster connected to it and known to serve v1.
    pub fn start(script: impl FnMut(&Asked) -> Answer + Send + 'static) -> (Self, Cluster) {
        let (server, cluster) = Self::bare(script);
        cluster.assume_v1();
        (server, cluster)
    }

    /// A server that answers by `script` alone.
    pub fn bare(script: impl FnMut(&Asked) -> Answer + Send + 'static) -> (Self, Cluster) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        let script = Arc::new(Mutex::new(script));
        let service = tower::service_fn(move |request: Request<Body>| {
            let (log, script) = (log.clone(), script.clone());
            async move {
                let (parts, body) = request.into_parts();
                let header =
                    parts.headers.get("content-type").map(|value| value.to_str().unwrap().to_owned());
                let asked = Asked {
                    line: format!("{} {}", parts.method, parts.uri),
                    content_type: header.unwrap_or_default(),
                    body: body.collect_bytes().await.unwrap().to_vec(),
                };
                log.lock().unwrap().push(asked.clone());
                let answer = script.lock().unwrap()(&asked);
                respond(answer).await
            }
        });
        let client = kube::Client::new(service, "shop");
        (Self { asked }, Cluster::from_client(client, "fake", "in-process"))
    }

    /// All requests so far, as `METHOD path?query`.
    pub fn lines(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|asked| asked.line.clone()).collect()
    }

    /// The last request.
    pub fn last(&self) -> Asked {
        self.asked.lock().unwrap().last().unwrap().clone()
    }
}

async fn respond(answer: Answer) -> Result<Response<Pieces>, std::io::Error> {
    let mut head = Response::builder();
    let (status, pieces, stay) = match answer {
        Answer::Say(status, body) => (status, vec![body], false),
        Answer::Busy(later) => {
            head = head.header("retry-after", later);
            (429, vec!["Too many requests, please try again later.".to_owned()], false)
        }
        Answer::Stay(pieces) => (200, pieces, true),
        Answer::Hang => std::future::pending().await,
        Answer::Break => return Err(std::io::ErrorKind::ConnectionReset.into()),
    };
    let pieces =
        stream::iter(pieces).map(|piece| Ok::<_, Infallible>(Frame::data(piece.into_bytes().into())));
    let rest = if stay { stream::pending().left_stream() } else { stream::empty().right_stream() };
    Ok(head.status(status).body(StreamBody::new(pieces.chain(rest).boxed())).unwrap())
}
