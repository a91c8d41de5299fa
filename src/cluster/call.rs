//! One call to the API server: a time-out on each, and a second try for reads that it had no time for.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures::AsyncBufRead;
use http::Request;
use tokio::time::{Instant, sleep, timeout};

use super::connect::{CALL_LIMIT, Cluster};
use super::trouble::{Trouble, Why};

/// The bytes of an answer as they arrive.
pub(super) type Body = Pin<Box<dyn AsyncBufRead + Send>>;

/// Pauses before a read is tried again after 429 or 503.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

impl Cluster {
    /// Performs a read, within the time limit for one call. `what` says it in words.
    pub(super) async fn read<T, F>(
        &self,
        what: &str,
        mut call: impl FnMut(kube::Client) -> F,
    ) -> Result<T, Trouble>
    where
        F: Future<Output = kube::Result<T>>,
    {
        let tries = async {
            let mut pauses = PAUSES.iter();
            loop {
                let sent = Instant::now();
                let trouble = match call(self.client()).await {
                    Ok(answer) => return Ok(answer),
                    Err(error) => Trouble::from_kube(what, &error),
                };
                match (&trouble.why, pauses.next()) {
                    (Why::Busy(_), Some(pause)) => sleep(*pause).await,
                    (Why::Unauthorized | Why::Credentials(_), _) if self.renew(sent).await => {}
                    _ => return Err(trouble),
                }
            }
        };
        let late = |_| Trouble::new(what, Why::Silent(CALL_LIMIT));
        timeout(CALL_LIMIT, tries).await.map_err(late)?
    }

    /// The whole answer to a GET, as text. For small answers, and for what goes through the API server to a service.
    ///
    /// # Errors
    /// [`Trouble`] that begins with `what`.
    pub async fn get_text(&self, what: &str, path: &str) -> Result<String, Trouble> {
        self.read(what, |client| async move { client.request_text(get(path)?).await }).await
    }

    /// The answer to a GET, from its first byte on. Only the wait for that byte is limited here.
    pub(super) async fn open(&self, what: &str, path: &str) -> Result<Body, Trouble> {
        self.read(
            what,
            |client| async move { Ok(Box::pin(client.request_stream(get(path)?).await?) as Body) },
        )
        .await
    }

    /// Like [`Cluster::open`], for a watch: it is not tried again here, and it is not compressed, since a server may
    /// compress each event on its own and the client decodes the first one only.
    pub(super) async fn open_watch(&self, what: &str, path: &str) -> Result<Body, Trouble> {
        let open = async {
            let mut request = get(path)?;
            request
                .headers_mut()
                .insert(http::header::ACCEPT_ENCODING, http::HeaderValue::from_static("identity"));
            Ok(Box::pin(self.client().request_stream(request).await?) as Body)
        };
        match timeout(CALL_LIMIT, open).await {
            Ok(outcome) => outcome.map_err(|error| Trouble::from_kube(what, &error)),
            Err(_) => Err(Trouble::new(what, Why::Silent(CALL_LIMIT))),
        }
    }
}

fn get(path: &str) -> kube::Result<Request<Vec<u8>>> {
    Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)
}
