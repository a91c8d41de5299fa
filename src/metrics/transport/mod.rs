//! One question, one answer, by one of two ways: over the network, or through the API server. Every way to fail is told apart.

mod address;
mod http;
mod proxy;

use std::fmt;
use std::time::Duration;

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};

use super::access::Access;
use super::decode::{self, Answer, Undecodable};
use super::error::MetricError;
use crate::cluster::Cluster;
use address::Place;
use http::Http;
use proxy::Proxy;

pub(super) use address::{fault, without_credentials};

/// More than any answer we ask for: 200,000 raw samples are about 6 MiB.
const LIMIT_MIB: usize = 64;
/// VictoriaMetrics hides the newest 30 s of an answer otherwise, and rejects less than this (422); others do not know the
/// word.
const NEWEST: (&str, &str) = ("latency_offset", "1ms");
/// For what something is decided on: Thanos is to fail rather than to leave out a store, VictoriaMetrics to look at
/// what is stored, not at what it answered before.
const WHOLE: [(&str, &str); 2] = [("partial_response", "false"), ("nocache", "1")];

/// Two clocks that differ by no more show the same time. A stage settles for longer than that.
const SAME_TIME: Duration = Duration::from_secs(10);

/// A connection to one Prometheus.
#[derive(Clone)]
pub(super) struct Transport {
    way: Way,
    url: String,
    timeout: Duration,
}

#[derive(Clone)]
enum Way {
    Http(Http),
    Proxy(Proxy),
}

/// What goes to the API: its endpoint and the fields of the form.
struct Question {
    endpoint: &'static str,
    fields: Vec<(&'static str, String)>,
}

impl Question {
    /// The fields as they are sent.
    fn form(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.fields).finish()
    }
}

/// What came back, whatever its status.
struct Reply {
    status: u16,
    /// The content type, or nothing.
    kind: String,
    /// Where a redirect leads, or nothing.
    location: String,
    /// How far the clock of this machine is ahead of the server's, to a second or so; `None` if the server did not tell.
    ahead: Option<SignedDuration>,
    body: Vec<u8>,
}

/// By hand: the client's own URL holds the password.
impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Transport {
    /// Checks what `access` says, and reads its certificates; asks nobody. Addresses of the service proxy need a
    /// `cluster`. `timeout` is for each question, connecting included.
    pub fn new(
        url: &str,
        access: &Access,
        cluster: Option<&Cluster>,
        timeout: Duration,
    ) -> Result<Self, MetricError> {
        let (place, shown) = address::parse(url)?;
        let bad = |why: &str| MetricError::BadUrl { url: shown.clone(), why: why.to_owned() };
        let way = match (place, cluster) {
            (Place::Http(url), _) => Way::Http(Http::new(url, access)?),
            (Place::Proxy(..), None) => return Err(bad("there is no API server to go through")),
            (Place::Proxy(..), _) if access.login.is_some() => {
                return Err(bad("the API server passes no login on; what needs one is asked at its own URL"));
            }
            (Place::Proxy(service, prefix), Some(cluster)) => Way::Proxy(Proxy {
                cluster: cluster.clone(),
                service,
                prefix,
                headers: http::headers(access)?,
            }),
        };
        Ok(Self { way, url: shown, timeout })
    }

    /// The address without credentials, for words.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many backends one question may name: through the API server the question stands in the URL, which some load
    /// balancers cut at 8 KiB; a name takes up to 140 bytes.
    pub fn most_backends(&self) -> usize {
        match self.way {
            Way::Http(_) => usize::MAX,
            Way::Proxy(_) => 32,
        }
    }

    /// An instant query at the server's own time.
    pub async fn instant(&self, promql: &str) -> Result<Answer, MetricError> {
        self.run("query", &[("query", promql), NEWEST]).await
    }

    /// An instant query on which something is decided: servers that can are asked to fail rather than to answer in part.
    pub async fn whole(&self, promql: &str) -> Result<Answer, MetricError> {
        let [all, stored] = WHOLE;
        self.unbroken(self.run("query", &[("query", promql), NEWEST, all, stored]).await?)
    }

    /// As [`Transport::whole`], of what is to be matched with when something was written: that is told by a clock here, and
    /// when samples were taken by one there.
    pub async fn samples(&self, promql: &str) -> Result<Answer, MetricError> {
        let answer = self.whole(promql).await?;
        match answer.ahead.filter(|ahead| ahead.unsigned_abs() > SAME_TIME) {
            Some(ahead) => Err(MetricError::OtherTime { url: self.url.clone(), ahead }),
            None => Ok(answer),
        }
    }

    /// A range query, one value a `step` from `start` to `end`, both to the second.
    pub async fn range(
        &self,
        promql: &str,
        start: Timestamp,
        end: Timestamp,
        step: Duration,
    ) -> Result<Answer, MetricError> {
        self.stretch(promql, (start, end, step), &[NEWEST]).await
    }

    /// As [`Transport::range`], where something is decided on the answer.
    pub async fn whole_range(
        &self,
        promql: &str,
        start: Timestamp,
        end: Timestamp,
        step: Duration,
    ) -> Result<Answer, MetricError> {
        let [all, stored] = WHOLE;
        self.unbroken(self.stretch(promql, (start, end, step), &[NEWEST, all, stored]).await?)
    }

    async fn stretch(
        &self,
        promql: &str,
        (start, end, step): (Timestamp, Timestamp, Duration),
        more: &[(&'static str, &str)],
    ) -> Result<Answer, MetricError> {
        let [start, end] = [start, end].map(|at| at.as_second().to_string());
        let step = step.as_secs_f64().to_string();
        let fields = [("query", promql), ("start", &start), ("end", &end), ("step", &step)];
        self.run("query_range", &[&fields, more].concat()).await
    }

    /// An answer that nothing was left out of.
    fn unbroken(&self, answer: Answer) -> Result<Answer, MetricError> {
        if answer.warnings.is_empty() {
            return Ok(answer);
        }
        Err(MetricError::Partial { url: self.url.clone(), warnings: answer.warnings })
    }

    /// One time-out over sending and reading: a server that sends a byte a second must not hold us.
    async fn run(
        &self,
        endpoint: &'static str,
        fields: &[(&'static str, &str)],
    ) -> Result<Answer, MetricError> {
        let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let question = Question { endpoint, fields };
        let ask = async {
            match &self.way {
                Way::Http(http) => http.ask(&question, &self.url).await,
                Way::Proxy(proxy) => proxy.ask(&question, &self.url).await,
            }
        };
        let late = |_| MetricError::TimedOut { url: self.url.clone(), after: self.timeout };
        let reply = tokio::time::timeout(self.timeout, ask).await.map_err(late)??;
        self.understand(reply)
    }

    fn understand(&self, reply: Reply) -> Result<Answer, MetricError> {
        let Reply { status, kind, location, ahead, body } = reply;
        let url = self.url.clone();
        if (300..400).contains(&status) {
            return Err(MetricError::Redirect { url, to: without_credentials(&location) });
        }
        if !(200..300).contains(&status) {
            return Err(self.bad_status(status, &body));
        }
        if kind.to_ascii_lowercase().starts_with("text/html") || is_markup(&body) {
            return Err(MetricError::WebPage { url });
        }
        let answer = decode::answer(&body).map_err(|error| match error {
            Undecodable::NotJson => MetricError::NotJson { url, start: beginning(&body) },
            Undecodable::Shape(what) => MetricError::NotPrometheus { url, what },
            Undecodable::Refused(why) => MetricError::Rejected { url, status, why },
        })?;
        Ok(Answer { ahead, ..answer })
    }

    fn bad_status(&self, status: u16, body: &[u8]) -> MetricError {
        let url = self.url.clone();
        let why = || decode::refusal(body).unwrap_or_else(|| beginning(body));
        match status {
            401 if wants_tenant(body) => MetricError::NoTenant { url },
            401 => MetricError::Unauthorized { url },
            403 => MetricError::Forbidden { url },
            404 => MetricError::NotFound { url },
            400 | 422 => MetricError::Rejected { url, status, why: why() },
            429 | 500..=599 => MetricError::Unavailable { url, status, why: why() },
            _ => MetricError::Status { url, status, why: why() },
        }
    }
}

/// How far a clock that shows `at` is ahead of the one that wrote this header `Date`.
fn ahead(at: Timestamp, date: &str) -> Option<SignedDuration> {
    Some(at.duration_since(rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?))
}

/// Mimir's and Cortex' word for a missing `X-Scope-OrgID`.
fn wants_tenant(body: &[u8]) -> bool {
    body.windows(9).any(|words| words == b"no org id")
}

fn is_markup(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

/// The first words of a body, on one line.
fn beginning(body: &[u8]) -> String {
    if is_markup(body) {
        return "a web page".to_owned();
    }
    let text = String::from_utf8_lossy(body.get(..400).unwrap_or(body)).replace(char::is_control, " ");
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(120).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    if short.is_empty() { "an empty answer".to_owned() } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_compared_by_the_header_of_the_answer() {
        let at: Timestamp = "2026-03-14T09:02:00Z".parse().unwrap();
        assert_eq!(ahead(at, "Sat, 14 Mar 2026 09:00:00 GMT"), Some(SignedDuration::from_mins(2)));
        assert_eq!(ahead(at, "Sat, 14 Mar 2026 09:02:30 GMT"), Some(SignedDuration::from_secs(-30)));
        assert_eq!(ahead(at, ""), None);
    }

    #[test]
    fn the_beginning_of_a_body_is_short_and_on_one_line() {
        assert_eq!(beginning(b" no\n healthy \x1b[31mupstream "), "no healthy [31mupstream");
        assert_eq!(beginning(b""), "an empty answer");
        assert!(beginning(&[b'x'; 500]).ends_with('…'));
    }
}
