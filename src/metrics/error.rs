//! What can go wrong between a question and its numbers, each in its own words: what happened, at
//! which URL (never with credentials), and what to do.

use std::time::Duration;

use jiff::SignedDuration;

use super::provider::Provider;
use crate::route::RuleBackend;

/// Why there are no numbers. Its text is for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetricError {
    /// The text given is no URL of a server.
    #[error(
        "--prometheus {url} is not a usable URL: {why}. Give it as http://HOST:PORT, \
         for example --prometheus http://localhost:9090, or kube://NAMESPACE/SERVICE:PORT"
    )]
    BadUrl {
        /// What was given, without credentials.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The HTTP client could not be made.
    #[error("no HTTP client for Prometheus could be made: {why}")]
    NoClient {
        /// What the client said.
        why: String,
    },
    /// Nothing listens there.
    #[error(
        "nothing listens at {url} (connection refused). Is Prometheus running, \
         and is its port-forward still open?"
    )]
    Refused {
        /// Where.
        url: String,
    },
    /// No connection, for another reason than a refusal, or one that broke.
    #[error("Prometheus at {url} cannot be reached: {why}. Check the address, the network and the VPN")]
    Unreachable {
        /// Where.
        url: String,
        /// What the network said.
        why: String,
    },
    /// No answer in time.
    #[error(
        "Prometheus at {url} did not answer within {}. It may be overloaded; tidegate asks again",
        seconds(after)
    )]
    TimedOut {
        /// Where.
        url: String,
        /// How long was waited.
        after: Duration,
    },
    /// 401.
    #[error(
        "Prometheus at {url} wants another login (401). Put user and password-file, or bearer-token-file, \
         under [prometheus] of the settings"
    )]
    Unauthorized {
        /// Where.
        url: String,
    },
    /// 401, since the server has many tenants.
    #[error(
        "Prometheus at {url} wants to know the tenant (401). Name it under [prometheus] of the settings, \
         headers = {{ X-Scope-OrgID = \"TENANT\" }}"
    )]
    NoTenant {
        /// Where.
        url: String,
    },
    /// A certificate that is not believed.
    #[error(
        "the certificate of Prometheus at {url} is not trusted: {why}. Name its authority with ca-file under \
         [prometheus] of the settings"
    )]
    Certificate {
        /// Where.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// A file, variable or header of the settings that is of no use.
    #[error("{what} cannot be used: {why}")]
    Unusable {
        /// Which.
        what: String,
        /// Why.
        why: String,
    },
    /// We may not go through the API server.
    #[error(
        "Prometheus at {url} cannot be asked through the API server: you lack the right to {right} (403)"
    )]
    NoRight {
        /// Where.
        url: String,
        /// Which.
        right: String,
    },
    /// The API server did not pass the question on.
    #[error("Prometheus at {url} cannot be asked through the API server: {why}")]
    Proxy {
        /// Where.
        url: String,
        /// What the API server said, or why it said nothing.
        why: String,
    },
    /// Nobody named one, and this cluster has none that could be found.
    #[error("no Prometheus was found in this cluster: {why}. Name one with --prometheus URL")]
    NoneFound {
        /// Where it was looked for, or what stood in the way.
        why: String,
    },
    /// Nobody named one, and those of this cluster do not answer.
    #[error("a Prometheus was found in this cluster, but gives no numbers: {why}")]
    NoneAnswers {
        /// What one of them said.
        why: String,
    },
    /// Nobody named one, and the API server did not tell which there are.
    #[error("no Prometheus was named, and none could be looked for: {why}")]
    NotLooked {
        /// What stood in the way.
        why: String,
    },
    /// Nobody named one, and this cluster has several.
    #[error(
        "this cluster has several Prometheus ({}); name the one that scrapes the gateway with --prometheus",
        urls.join(", ")
    )]
    SeveralFound {
        /// All that answered.
        urls: Vec<String>,
    },
    /// 403.
    #[error("Prometheus at {url} refuses this login (403): it may not query metrics. Ask for read access")]
    Forbidden {
        /// Where.
        url: String,
    },
    /// 404.
    #[error(
        "{url} has no Prometheus API (404). Check --prometheus: the path before /api/v1 must be part of it, \
         for example http://HOST/prometheus"
    )]
    NotFound {
        /// Where.
        url: String,
    },
    /// A redirect; it is not followed, since it mostly leads to a login page.
    #[error(
        "{url} redirects to {to} instead of answering, probably to a login page. \
         Give --prometheus the address of Prometheus itself"
    )]
    Redirect {
        /// Where.
        url: String,
        /// To where, without credentials.
        to: String,
    },
    /// A web page.
    #[error(
        "{url} answered with a web page, not with metrics: a login page or another server. \
         Give --prometheus the address of Prometheus itself"
    )]
    WebPage {
        /// Where.
        url: String,
    },
    /// Neither JSON nor a web page.
    #[error(
        "{url} is not Prometheus: its answer is not JSON but begins {start:?}. \
         Give --prometheus the address of Prometheus itself"
    )]
    NotJson {
        /// Where.
        url: String,
        /// The first characters of the answer.
        start: String,
    },
    /// JSON, but not in the shape of the Prometheus API.
    #[error(
        "{url} is not Prometheus: its JSON has another shape ({what}). \
         Give --prometheus the address of Prometheus itself"
    )]
    NotPrometheus {
        /// Where.
        url: String,
        /// What was missing or strange.
        what: String,
    },
    /// 400 or 422: the server understood, but cannot or will not run the query.
    #[error("Prometheus at {url} rejected a query ({status}): {why}")]
    Rejected {
        /// Where.
        url: String,
        /// 400 or 422.
        status: u16,
        /// The server's words.
        why: String,
    },
    /// 429 and 5xx.
    #[error("Prometheus at {url} is unable to answer now ({status}): {why}. tidegate asks again")]
    Unavailable {
        /// Where.
        url: String,
        /// The status.
        status: u16,
        /// The server's words.
        why: String,
    },
    /// Any other status.
    #[error("{url} answered with status {status}, which Prometheus does not: {why}. Check --prometheus")]
    Status {
        /// Where.
        url: String,
        /// The status.
        status: u16,
        /// The first words of the answer.
        why: String,
    },
    /// An answer too large to be meant.
    #[error(
        "the answer of {url} is larger than {limit_mib} MiB and was dropped. Show fewer backends at once"
    )]
    TooLarge {
        /// Where.
        url: String,
        /// The limit.
        limit_mib: usize,
    },
    /// The server warned that the answer may be incomplete, and something was to be decided on it.
    #[error("Prometheus at {url} answered only in part, and nothing is decided on a part: {}", warnings.join("; "))]
    Partial {
        /// Where.
        url: String,
        /// What the server warned of.
        warnings: Vec<String>,
    },
    /// Two clocks that do not show the same time, where something was to be decided on when it was.
    #[error(
        "the clock of this machine is {} that of Prometheus at {url}: which requests came before a change and which \
         after it cannot be told. Set it, or that of the server",
        apart(*ahead)
    )]
    OtherTime {
        /// Where.
        url: String,
        /// How far ours is ahead; below zero, behind.
        ahead: SignedDuration,
    },
    /// Series of several clusters under the same names.
    #[error(
        "Prometheus at {url} holds these series for several clusters ({}); their numbers cannot be told apart. \
         Name this one in the settings: matchers = {{ cluster = \"...\" }} in [prometheus.contexts.\"CONTEXT\"]",
        clusters.join(", ")
    )]
    Ambiguous {
        /// Where.
        url: String,
        /// Values of the label `cluster`.
        clusters: Vec<String>,
    },
    /// Prometheus is there, but no known exporter's series are in it (yet).
    #[error(
        "Prometheus at {url} has no metrics tidegate knows (looked for: {}). \
         Is the gateway scraped, and has it seen a request? tidegate looks again",
        known
    )]
    NoKnownMetrics {
        /// Where.
        url: String,
        /// The names of those that were looked for, with commas.
        known: String,
    },
    /// Nobody counts the requests of these backends.
    #[error("{why}")]
    NotCounted {
        /// In words.
        why: String,
    },
}

impl MetricError {
    /// Whether there is no source of numbers at all until somebody names one.
    #[must_use]
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::NoneFound { .. } | Self::SeveralFound { .. })
    }

    /// Whether what looked like a Prometheus is none, or none for us.
    pub(super) fn is_refusal(&self) -> bool {
        self.is_wrong_address() || matches!(self, Self::NoRight { .. })
    }

    /// Ticks of one look are of one answer: those of two have no common scrapes.
    pub(super) fn counted_in_parts(provider: &Provider, backends: usize) -> Self {
        let name = &provider.name;
        Self::NotCounted {
            why: format!(
                "{name} does not count all {backends} backends in one answer: they cannot be compared"
            ),
        }
    }

    pub(super) fn counted_whole(provider: &Provider, backend: &RuleBackend) -> Self {
        let (name, rule, route) = (&provider.name, backend.rule, &backend.route);
        Self::NotCounted {
            why: format!(
                "{name} counts rule {rule} of {route} as a whole: its backends cannot be told apart; numbers need the \
                 app's own metrics"
            ),
        }
    }

    /// Whether the URL itself is wrong, so that asking again cannot help: a verb given such a
    /// `--prometheus` ends with a usage error.
    #[must_use]
    pub fn is_wrong_address(&self) -> bool {
        matches!(
            self,
            Self::BadUrl { .. }
                | Self::NotFound { .. }
                | Self::Redirect { .. }
                | Self::WebPage { .. }
                | Self::NotJson { .. }
                | Self::NotPrometheus { .. }
                | Self::Status { .. }
        )
    }
}

/// `10 s`, `0.2 s`.
fn seconds(duration: &Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

/// `120 s ahead of`, `30 s behind`.
fn apart(ahead: SignedDuration) -> String {
    let seconds = ahead.as_secs();
    if seconds > 0 { format!("{seconds} s ahead of") } else { format!("{} s behind", -seconds) }
}
