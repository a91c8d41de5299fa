//! One question, one answer: HTTP with a time-out, and every way to fail told apart.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use prometheus_http_query::{Client, Error as ClientError};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Response, StatusCode, Url};

use super::decode::{self, Answer, Undecodable};
use super::error::MetricError;

/// More than any answer we ask for: 200,000 raw samples are about 6 MiB.
const LIMIT_MIB: usize = 64;

/// A connection to one Prometheus.
#[derive(Clone)]
pub(super) struct Transport {
    client: Client,
    url: String,
    timeout: Duration,
}

/// By hand: the client's own URL holds the password.
impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Transport {
    /// Checks only the syntax of `url`; asks nobody. `timeout` is for each question, connecting included.
    pub fn new(url: &str, timeout: Duration) -> Result<Self, MetricError> {
        let (parsed, shown) = address(url)?;
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // reqwest would panic.
            return Err(MetricError::NoClient {
                why: "no TLS provider is installed in this process".to_owned(),
            });
        }
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("tidegate/", env!("CARGO_PKG_VERSION")))
            // A redirect turns POST into GET and mostly ends at a login page: say so instead.
            .redirect(reqwest::redirect::Policy::none());
        if is_loopback(&parsed) {
            // A port-forward or tunnel of this machine: a proxy elsewhere cannot reach it.
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| MetricError::NoClient { why: innermost(&error) })?;
        let client = Client::from(http, parsed.as_str())
            .map_err(|error| MetricError::BadUrl { url: shown.clone(), why: error.to_string() })?;
        Ok(Self { client, url: shown, timeout })
    }

    /// The address without credentials, for words.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// An instant query at the server's own time.
    pub async fn instant(&self, promql: &str) -> Result<Answer, MetricError> {
        // POST: a selector of many backends does not fit the length of a URL.
        self.run(self.client.query(promql).post_raw()).await
    }

    /// A range query, one value a `step` from `start` to `end`, both to the second.
    pub async fn range(
        &self,
        promql: &str,
        start: Timestamp,
        end: Timestamp,
        step: Duration,
    ) -> Result<Answer, MetricError> {
        let (start, end) = (start.as_second(), end.as_second());
        self.run(self.client.query_range(promql, start, end, step.as_secs_f64()).post_raw()).await
    }

    /// One time-out over sending and reading: a server that sends a byte a second must not hold us.
    async fn run(
        &self,
        send: impl Future<Output = Result<Response, ClientError>>,
    ) -> Result<Answer, MetricError> {
        let ask = async {
            let response = send.await.map_err(|error| self.sending(&error))?;
            self.read(response).await
        };
        tokio::time::timeout(self.timeout, ask).await.unwrap_or_else(|_| Err(self.timed_out()))
    }

    async fn read(&self, mut response: Response) -> Result<Answer, MetricError> {
        let status = response.status();
        let url = self.url.clone();
        if status.is_redirection() {
            let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("");
            return Err(MetricError::Redirect { url, to: without_credentials(to) });
        }
        let is_page = response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().to_ascii_lowercase().starts_with(b"text/html"));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.network(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > LIMIT_MIB << 20 {
                return Err(MetricError::TooLarge { url, limit_mib: LIMIT_MIB });
            }
        }
        if !status.is_success() {
            return Err(self.bad_status(status, &body));
        }
        if is_page || is_markup(&body) {
            return Err(MetricError::WebPage { url });
        }
        decode::answer(&body).map_err(|error| match error {
            Undecodable::NotJson => MetricError::NotJson { url, start: beginning(&body) },
            Undecodable::Shape(what) => MetricError::NotPrometheus { url, what },
            Undecodable::Refused(why) => MetricError::Rejected { url, status: status.as_u16(), why },
        })
    }

    fn bad_status(&self, status: StatusCode, body: &[u8]) -> MetricError {
        let url = self.url.clone();
        let why = || decode::refusal(body).unwrap_or_else(|| beginning(body));
        match status.as_u16() {
            401 => MetricError::Unauthorized { url },
            403 => MetricError::Forbidden { url },
            404 => MetricError::NotFound { url },
            status @ (400 | 422) => MetricError::Rejected { url, status, why: why() },
            status @ (429 | 500..=599) => MetricError::Unavailable { url, status, why: why() },
            status => MetricError::Status { url, status, why: why() },
        }
    }

    fn sending(&self, error: &ClientError) -> MetricError {
        match error.source().and_then(|source| source.downcast_ref::<reqwest::Error>()) {
            Some(error) => self.network(error),
            None => MetricError::Unreachable { url: self.url.clone(), why: error.to_string() },
        }
    }

    fn network(&self, error: &reqwest::Error) -> MetricError {
        if error.is_timeout() {
            return self.timed_out();
        }
        let url = self.url.clone();
        let mut cause = error.source();
        while let Some(inner) = cause {
            if inner
                .downcast_ref::<std::io::Error>()
                .is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused)
            {
                return MetricError::Refused { url };
            }
            cause = inner.source();
        }
        MetricError::Unreachable { url, why: innermost(error) }
    }

    fn timed_out(&self) -> MetricError {
        MetricError::TimedOut { url: self.url.clone(), after: self.timeout }
    }
}

/// The URL to ask and the one to show.
fn address(text: &str) -> Result<(Url, String), MetricError> {
    let bad = |why: &str| MetricError::BadUrl { url: without_credentials(text), why: why.to_owned() };
    let mut url = Url::parse(text.trim()).map_err(|error| bad(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("it begins neither with http:// nor with https://"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("it must end before ? and #"));
    }
    // What people copy from a browser or from the API's documentation.
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/api/v1").unwrap_or(path).to_owned();
    url.set_path(&path);
    let shown = without_credentials(url.as_str());
    Ok((url, shown))
}

/// `text` without user, password, query, and the slash at its end.
fn without_credentials(text: &str) -> String {
    let shown = match Url::parse(text) {
        Ok(mut url) if url.has_host() => {
            // Both fail only for URLs that cannot carry credentials.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.set_query(None);
            url.to_string()
        }
        // No URL with a host, but it may hold a password all the same.
        _ => {
            let text = text.split(['?', '#']).next().unwrap_or_default();
            text.rsplit_once('@').map_or(text, |(_, host)| host).to_owned()
        }
    };
    shown.trim_end_matches('/').to_owned()
}

fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let host = host.trim_matches(['[', ']']);
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    })
}

/// The cause at the bottom, which is the one that says something, without the URL.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
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
    let mut short: String = line.chars().take(80).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    if short.is_empty() { "an empty answer".to_owned() } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_cleaned_and_its_credentials_are_not_shown() {
        let (url, shown) = address("https://anna:secret@prom.example/prometheus/api/v1/").unwrap();
        assert_eq!(url.as_str(), "https://anna:secret@prom.example/prometheus");
        assert_eq!(shown, "https://prom.example/prometheus");
        let (url, shown) = address(" http://localhost:9090/ ").unwrap();
        assert_eq!((url.as_str(), shown.as_str()), ("http://localhost:9090/", "http://localhost:9090"));
    }

    #[test]
    fn what_is_no_address_says_so_without_its_password() {
        for text in
            ["localhost:9090", "ftp://x/", "http://", "http://h/?query=up", "", "anna:secret@prom:9090"]
        {
            let words = address(text).unwrap_err().to_string();
            assert!(words.starts_with("--prometheus "), "{words}");
            assert!(words.contains("for example --prometheus http://localhost:9090"), "{words}");
            assert!(!words.contains("secret"), "{words}");
        }
    }

    #[test]
    fn loopback_is_never_proxied() {
        for (text, expected) in [
            ("http://localhost:9090", true),
            ("http://127.0.0.2", true),
            ("http://[::1]:1", true),
            ("http://prom.example", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn the_beginning_of_a_body_is_short_and_on_one_line() {
        assert_eq!(beginning(b" no\n healthy \x1b[31mupstream "), "no healthy [31mupstream");
        assert_eq!(beginning(b""), "an empty answer");
        assert!(beginning(&[b'x'; 500]).ends_with('…'));
    }
}
