//! Sends the requests of a probe: few at a time, a new connection each, nothing twice.

use std::time::Duration;

use futures::{StreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Url};
use thiserror::Error;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::naming::VersionFrom;
use super::tally::{Answer, Tally};
use crate::web;

/// How many requests are sent where nobody says.
pub const REQUESTS: u32 = 200;
/// At least so many.
pub const FEWEST_REQUESTS: u32 = 1;
/// At most so many.
pub const MOST_REQUESTS: u32 = 10_000;
/// Between two requests: at most 50 a second.
const BETWEEN: Duration = Duration::from_millis(20);
/// So many may wait for their answers at the same time.
const AT_ONCE: usize = 20;
/// For each answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// After so many requests in a row without an answer nobody is asked any more.
const SILENCE: u32 = 20;
/// More of a body is not read: what names the version stands at its beginning.
const MOST_BODY: usize = 64 * 1024;

/// What a probe sends, and where.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The address, `http` or `https`.
    url: Url,
    /// Sent with each request.
    headers: HeaderMap,
    /// How many requests.
    requests: u32,
    /// How answers name their version.
    from: VersionFrom,
}

/// Why nothing can be sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadProbe {
    /// It is no URL, or of another kind.
    #[error("'{0}' is no URL to send requests to; give one that begins with http:// or https://")]
    Url(String),
    /// The HTTP client cannot be made.
    #[error("no HTTP client could be made: {0}")]
    Client(String),
}

impl Probe {
    /// A probe of `url`; `requests` is brought within its bounds. Sends nothing.
    ///
    /// # Errors
    /// When `url` is none.
    pub fn new(
        url: &str,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
        requests: u32,
        from: VersionFrom,
    ) -> Result<Self, BadProbe> {
        let parsed = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = parsed.filter(Url::has_host).ok_or_else(|| BadProbe::Url(url.to_owned()))?;
        let requests = requests.clamp(FEWEST_REQUESTS, MOST_REQUESTS);
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            // A later one takes the place of an earlier one: two hosts are none.
            all.insert(name, value);
        }
        Ok(Self { url, headers: all, requests, from })
    }

    /// How many requests it sends.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.requests
    }

    /// Where to, without what may be secret, and how versions are told.
    #[must_use]
    pub fn in_words(&self) -> String {
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let host = self.url.host_str().unwrap_or_default();
        let host = match self.headers.get(http::header::HOST).and_then(|host| host.to_str().ok()) {
            Some(asked) => format!("{asked} at {host}"),
            None => host.to_owned(),
        };
        format!("GET {}://{host}{port}{}, version by {}", self.url.scheme(), self.url.path(), self.from)
    }

    /// Sends the requests, tells `each` after every answer, and returns what came. Ends early where nobody answers.
    ///
    /// # Errors
    /// When no HTTP client can be made. That a request fails is a part of what came.
    pub async fn send(&self, mut each: impl FnMut(&Tally)) -> Result<Tally, BadProbe> {
        let client = self.client()?;
        let mut tick = interval(BETWEEN);
        // Late ones must not be made up for: that would be more than is promised.
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let starts = stream::unfold((tick, self.requests), |(mut tick, left)| async move {
            let left = left.checked_sub(1)?;
            tick.tick().await;
            Some(((), (tick, left)))
        });
        let answers = starts.map(|()| self.ask(&client)).buffer_unordered(AT_ONCE);
        let mut answers = std::pin::pin!(answers);
        let mut tally = Tally::default();
        while let Some(answer) = answers.next().await {
            tally.add(answer);
            each(&tally);
            if tally.silence() >= SILENCE {
                break;
            }
        }
        Ok(tally)
    }

    fn client(&self) -> Result<Client, BadProbe> {
        web::client(&self.url)
            .map_err(BadProbe::Client)?
            .user_agent(concat!("tidegate/", env!("CARGO_PKG_VERSION"), " probe"))
            // A proxy balances connections: a second request on one would follow the first.
            .pool_max_idle_per_host(0)
            .http1_only()
            .retry(reqwest::retry::never())
            .build()
            .map_err(|error| BadProbe::Client(web::innermost(&error)))
    }

    async fn ask(&self, client: &Client) -> Answer {
        let asked = async {
            let mut response = client.get(self.url.clone()).headers(self.headers.clone()).send().await?;
            let mut body = Vec::new();
            while self.from.reads_body() && body.len() < MOST_BODY {
                let Some(chunk) = response.chunk().await? else { break };
                body.extend_from_slice(&chunk);
            }
            let version = self.from.of(response.headers(), &body);
            Ok::<_, reqwest::Error>(Answer::Came { version, status: response.status().as_u16() })
        };
        match timeout(PATIENCE, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => Answer::Lost(web::innermost(&error)),
            Err(_) => Answer::Lost(format!("no answer within {} s", PATIENCE.as_secs())),
        }
    }
}

/// Reads `Name: value`.
///
/// # Errors
/// What is wrong with it, in words.
pub fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let wrong = || "give it as 'Name: value'".to_owned();
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let name = name.trim().parse().map_err(|_| wrong())?;
    let value =
        value.trim().parse().map_err(|_| "a header takes visible ASCII characters only".to_owned())?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::{Arc, Mutex};
    use std::time::Instant;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that answers the n-th connection by `answer`, and keeps each open; where it is, and what it was asked.
    async fn server(
        answer: impl Fn(usize) -> String + Send + Sync + 'static,
    ) -> (String, Arc<Mutex<Vec<String>>>) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/pay?token=secret", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        tokio::spawn(async move {
            let answer = Arc::new(answer);
            for number in 0.. {
                let (mut socket, from) = listener.accept().await.unwrap();
                let (answer, log) = (answer.clone(), log.clone());
                tokio::spawn(async move {
                    let mut buffer = vec![0; 4096];
                    while let Ok(read @ 1..) = socket.read(&mut buffer).await {
                        let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
                        log.lock().unwrap().push(format!("{from} {text}"));
                        let _ = socket.write_all(answer(number).as_bytes()).await;
                    }
                });
            }
        });
        (url, asked)
    }

    fn probe(url: &str, requests: u32, from: &str) -> Probe {
        let host = (http::header::HOST, HeaderValue::from_static("shop.example"));
        Probe::new(url, [host], requests, from.parse().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn every_request_has_a_connection_of_its_own_and_none_is_followed_or_repeated() {
        let (url, asked) = server(|number| {
            let version = if number % 4 == 0 { "v2" } else { "v1" };
            let status = if number % 8 == 1 { "302 Found\r\nlocation: /elsewhere" } else { "200 OK" };
            format!("HTTP/1.1 {status}\r\nx-version: {version}\r\ncontent-length: 0\r\n\r\n")
        })
        .await;
        let began = Instant::now();
        let mut told = 0;
        let tally = probe(&url, 24, "header:X-Version").send(|_| told += 1).await.unwrap();
        assert!(began.elapsed() >= BETWEEN * 23, "50 a second");
        assert_eq!((tally.versions["v1"].answers, tally.versions["v2"].answers, told), (18, 6, 24));
        let asked = asked.lock().unwrap();
        let connections: BTreeSet<&str> = asked.iter().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!((asked.len(), connections.len()), (24, 24));
        assert!(
            asked.iter().all(|line| line.contains("GET /pay") && line.contains("shop.example")),
            "{asked:?}"
        );
    }

    #[tokio::test]
    async fn a_body_names_the_version_and_too_much_of_it_is_not_read() {
        let body = r#"{"build": {"version": "v3"}}"#;
        let (url, _) =
            server(move |_| format!("HTTP/1.1 503 No\r\ncontent-length: {}\r\n\r\n{body}", body.len())).await;
        let tally = probe(&url, 2, "json:build.version").send(|_| ()).await.unwrap();
        assert_eq!((tally.versions["v3"].answers, tally.versions["v3"].errors5xx), (2, 2));
        let endless =
            |_| format!("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n{}", "x".repeat(200_000));
        let (url, _) = server(endless).await;
        let tally = probe(&url, 1, "regex:y").send(|_| ()).await.unwrap();
        assert_eq!(tally.unnamed.answers, 1);
    }

    #[tokio::test]
    async fn nobody_is_asked_on_and_on_who_does_not_answer() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let tally = probe(&format!("http://{closed}/"), 10_000, "header:x").send(|_| ()).await.unwrap();
        assert_eq!(tally.sent(), SILENCE);
        assert!(tally.why_lost().unwrap().to_lowercase().contains("refused"), "{tally:?}");
    }

    #[test]
    fn what_is_said_of_it_tells_no_secret() {
        let probe = probe("https://me:pass@10.0.0.1:8443/pay?token=secret", 1, "header:X-Version");
        assert_eq!(
            probe.in_words(),
            "GET https://shop.example at 10.0.0.1:8443/pay, version by header x-version"
        );
    }

    #[test]
    fn only_web_addresses_are_probed_and_only_so_often() {
        let new = |url: &str, requests| Probe::new(url, [], requests, "json:v".parse().unwrap());
        for bad in ["shop.example", "ftp://shop.example", "file:///etc/passwd", "", "http://"] {
            assert!(matches!(new(bad, 1), Err(BadProbe::Url(_))), "{bad}");
        }
        assert_eq!(new("http://a/", 99_999).unwrap().requests(), MOST_REQUESTS);
        assert_eq!(new("http://a/", 0).unwrap().requests(), 1);
    }
}
