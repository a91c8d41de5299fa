//! The only type that can change a route. Its constructor is visible in `pilot/` alone.

use std::time::Duration;

use http::Request;
use http::header::RETRY_AFTER;
use json_patch::Patch;
use kube::client::Body;
use kube::core::Status;
use thiserror::Error;
use tokio::time::{Instant, sleep, timeout};

use crate::cluster::{CALL_LIMIT, Cluster, Trouble, Why, first_line, right_in, service_error};
use crate::route::{Route, RouteId};

/// Pause before a patch is sent again that the server had no time for, unless it names another one.
const PAUSE: Duration = Duration::from_secs(1);
/// It is not waited for longer, whatever the server says.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Permission to take a client that can write. Only this file can make one.
pub(crate) struct MayWrite(());

/// Sends patches and says precisely what became of them. One that may have been taken is never sent again.
#[derive(Clone)]
pub struct Writer {
    cluster: Cluster,
}

/// What became of a patch. Every variant but [`WriteError::Unanswered`] means that nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WriteError {
    /// A `test` failed or a path does not exist: the route is not what the patch was made for.
    #[error("the route has changed meanwhile")]
    Conflict,
    /// The schema or a rule of it says no.
    #[error("the server finds the change invalid: {}", causes.join("; "))]
    Invalid {
        /// Each with its field.
        causes: Vec<String>,
    },
    /// A right is missing.
    #[error("you lack the right to {right}")]
    Forbidden {
        /// As `patch httproutes.gateway.networking.k8s.io in namespace shop`.
        right: String,
    },
    /// The route is gone.
    #[error("the route no longer exists")]
    NotFound,
    /// A webhook or an admission policy says no, or a webhook that must be asked cannot be.
    #[error("{by}: {message}")]
    Denied {
        /// `webhook NAME` or `policy NAME`.
        by: String,
        /// What it said.
        message: String,
    },
    /// A webhook with side effects takes no dry runs: whether the write would work is not known.
    #[error(
        "webhook {webhook} cannot be asked by a dry run: whether it would accept the change is not known"
    )]
    DryRunUnsupported {
        /// Its name.
        webhook: String,
    },
    /// Sent, and no answer, or none that tells: it may have been written or not. Read the route again.
    #[error("it is not known whether the change was written: {why}")]
    Unanswered {
        /// What happened.
        why: String,
    },
    /// The server has too much to do, and took nothing.
    #[error("the API server has no time for it ({why}): repeat it in a moment")]
    Busy {
        /// What it said.
        why: String,
    },
    /// The request never left.
    #[error("nothing was sent: {why}")]
    Unreachable {
        /// What happened.
        why: String,
    },
    /// Any other refusal.
    #[error("{words}")]
    Other {
        /// What the server said.
        words: String,
    },
}

impl Writer {
    pub(super) fn new(cluster: Cluster) -> Self {
        Self { cluster }
    }

    /// Sends one JSON Patch; with `dry_run` the server goes through all of it and stores nothing.
    ///
    /// What the server has turned away before it looked at it is sent once more: after a pause where it had no time
    /// (429), with new credentials where it did not know us (401).
    ///
    /// A dry run also opens the connection, on which the write that follows is answered in one round trip.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn patch(&self, id: &RouteId, patch: &Patch, dry_run: bool) -> Result<Route, WriteError> {
        let nothing_sent = |trouble: Trouble| match trouble.why {
            Why::NotFound => WriteError::NotFound,
            why => WriteError::Unreachable { why: why.to_string() },
        };
        let url = self.cluster.route_path(id, "write").await.map_err(nothing_sent)?;
        let dry = if dry_run { "&dryRun=All" } else { "" };
        let request = Request::patch(format!("{url}?fieldManager=tidegate&fieldValidation=Strict{dry}"))
            .header(http::header::CONTENT_TYPE, "application/json-patch+json");
        let unsendable = |why: String| WriteError::Unreachable { why };
        let body = serde_json::to_vec(patch).map_err(|error| unsendable(error.to_string()))?;
        let request = request.body(body).map_err(|error| unsendable(error.to_string()))?;

        let (mut waited, mut renewed) = (false, false);
        loop {
            let sent = Instant::now();
            let client = self.cluster.client_for_writing(&MayWrite(()));
            let No { error, later } = match timeout(CALL_LIMIT, ask(client, request.clone())).await {
                Ok(Ok(text)) => {
                    return Route::from_json(&text).map_err(|bad| WriteError::Unanswered {
                        why: format!("the answer is no route: {}", bad.why),
                    });
                }
                Ok(Err(no)) => no,
                Err(_) => {
                    let why = format!("no answer within {} s", CALL_LIMIT.as_secs());
                    return Err(WriteError::Unanswered { why });
                }
            };
            match turned_away(&error, later) {
                Some(TurnedAway::Busy(pause)) if !waited => {
                    waited = true;
                    sleep(pause).await;
                }
                Some(TurnedAway::Unknown) if !renewed && self.cluster.renew(sent).await => renewed = true,
                _ => {
                    return Err(match error {
                        kube::Error::Api(status) => refusal(&status),
                        error => failure(&error),
                    });
                }
            }
        }
    }
}

/// Sends one request. Unlike kube's own call it goes by the status line, since a proxy may answer with JSON that is no
/// Status, and reads the headers.
async fn ask(client: kube::Client, request: Request<Vec<u8>>) -> Result<String, No> {
    let answer = client.send(request.map(Body::from)).await?;
    let code = answer.status();
    let later = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let bytes = answer.into_body().collect_bytes().await?;
    let text = String::from_utf8(bytes.to_vec()).map_err(kube::Error::FromUtf8)?;
    if !code.is_client_error() && !code.is_server_error() {
        return Ok(text);
    }
    let mut status: Status = serde_json::from_str(&text).unwrap_or_default();
    status.code = code.as_u16();
    if status.message.is_empty() {
        text.trim().clone_into(&mut status.message);
    }
    Err(No { error: kube::Error::Api(status.boxed()), later })
}

/// No route for an answer.
struct No {
    error: kube::Error,
    /// The header `Retry-After`, in seconds: a server that has no time may answer in plain words besides.
    later: Option<u32>,
}

impl From<kube::Error> for No {
    fn from(error: kube::Error) -> Self {
        Self { error, later: None }
    }
}

/// Why the server did not even look at a patch.
enum TurnedAway {
    /// It has too much to do: how long to wait.
    Busy(Duration),
    /// It does not know who we are, or we have nothing to tell it by.
    Unknown,
}

fn turned_away(error: &kube::Error, later: Option<u32>) -> Option<TurnedAway> {
    match error {
        // A webhook may refuse with any code, and has looked at it.
        kube::Error::Api(status) if denied(&status.message).is_some() => None,
        kube::Error::Api(status) if status.code == 401 => Some(TurnedAway::Unknown),
        kube::Error::Api(status) if status.code == 429 => {
            let in_body = status.details.as_ref().map(|details| details.retry_after_seconds);
            let asked = in_body.filter(|seconds| *seconds > 0).or(later).unwrap_or_default();
            let asked = Duration::from_secs(asked.into());
            Some(TurnedAway::Busy(asked.clamp(PAUSE, LONGEST_PAUSE)))
        }
        kube::Error::Auth(_) => Some(TurnedAway::Unknown),
        kube::Error::Service(error) => {
            matches!(service_error(&**error), Why::Credentials(_)).then_some(TurnedAway::Unknown)
        }
        _ => None,
    }
}

/// No answer: was it sent?
fn failure(error: &kube::Error) -> WriteError {
    let why = match error {
        kube::Error::Service(error) => service_error(&**error),
        kube::Error::BuildRequest(_) | kube::Error::HttpError(_) => {
            return WriteError::Unreachable { why: "the request could not be built".to_owned() };
        }
        other => Why::Broken(first_line(&other.to_string(), 160).into()),
    };
    match why {
        Why::Unreachable(_) | Why::Credentials(_) => WriteError::Unreachable { why: why.to_string() },
        why => WriteError::Unanswered { why: why.to_string() },
    }
}

/// The server's answer, when it is not a route.
fn refusal(status: &Status) -> WriteError {
    let message = status.message.as_str();
    let causes = status.details.as_ref().map_or(&[][..], |details| &details.causes);
    if let Some(error) = denied(message) {
        return error;
    }
    if let Some((_, detail)) = message.split_once("strict decoding error:") {
        // the server quotes the whole object before that
        let causes = detail.split(", ").map(|cause| first_line(cause, 160)).collect();
        return WriteError::Invalid { causes };
    }
    match status.code {
        404 => WriteError::NotFound,
        403 => WriteError::Forbidden { right: right_in(message) },
        409 => WriteError::Conflict,
        422 if causes.is_empty() => WriteError::Conflict,
        422 => WriteError::Invalid {
            causes: causes
                .iter()
                // the last one only says that there may be more
                .filter(|cause| cause.field != "<nil>")
                .map(|cause| {
                    let message = first_line(&cause.message, 200);
                    if cause.field.is_empty() { message } else { format!("{}: {message}", cause.field) }
                })
                .collect(),
        },
        429 => WriteError::Busy { why: format!("429: {}", first_line(message, 160)) },
        401 => WriteError::Other { words: Why::Unauthorized.to_string() },
        // Above 500 the server, or a proxy before it, lost track: the store may have it all the same.
        code if code >= 500 => WriteError::Unanswered {
            why: format!("the server answered {code}: {}", first_line(message, 160)),
        },
        code => WriteError::Other {
            words: format!("the server refused it ({code}): {}", first_line(message, 200)),
        },
    }
}

/// What admission webhooks and policies say, whatever status they choose to say it with.
fn denied(message: &str) -> Option<WriteError> {
    if let Some((name, rest)) = quoted_after(message, "admission webhook \"", '"') {
        if rest.contains("does not support dry run") {
            return Some(WriteError::DryRunUnsupported { webhook: name.to_owned() });
        }
        let said = rest.split_once("denied the request").map_or(rest, |(_, said)| said);
        let said = said.trim_start_matches([':', ' ']);
        let message = if said.is_empty() { "denied the request".to_owned() } else { first_line(said, 300) };
        return Some(WriteError::Denied { by: format!("webhook {name}"), message });
    }
    if let Some((name, rest)) = quoted_after(message, "failed calling webhook \"", '"') {
        let message = format!(
            "it must be asked and does not answer: {}",
            first_line(rest.trim_start_matches([':', ' ']), 200)
        );
        return Some(WriteError::Denied { by: format!("webhook {name}"), message });
    }
    let (name, rest) = quoted_after(message, "ValidatingAdmissionPolicy '", '\'')?;
    let said = rest.split_once("denied request: ").map_or(rest, |(_, said)| said);
    Some(WriteError::Denied { by: format!("policy {name}"), message: first_line(said, 300) })
}

fn quoted_after<'a>(text: &'a str, marker: &str, quote: char) -> Option<(&'a str, &'a str)> {
    text.split_once(marker)?.1.split_once(quote)
}

#[cfg(test)]
mod tests;
