//! Failures of the API in words: what could not be done, why, and what to do about it.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use kube::client::AuthError;
use kube::core::Status;

use super::connect::CONNECT_LIMIT;
use super::redact::first_line;
use crate::web;

/// A call that failed. Printed as one line: `cannot WHAT: WHY; ADVICE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What was tried, to what: `list routes in namespace shop`.
    pub what: Box<str>,
    /// Why it failed.
    pub why: Why,
    /// What a person can do about it, if we know better than `why` does.
    pub advice: Option<Box<str>>,
}

/// The reason of a failure, for code to decide on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// No connection was made: the request was certainly not sent.
    Unreachable(Box<str>),
    /// Sent, and no complete answer came within this time.
    Silent(Duration),
    /// Sent, and the connection broke before the answer was complete.
    Broken(Box<str>),
    /// No credentials could be had: a plugin failed, a file is missing. The request was not sent.
    Credentials(Box<str>),
    /// 401: the server does not know who we are.
    Unauthorized,
    /// 403: the right that is missing, as `list httproutes.gateway.networking.k8s.io in namespace shop`.
    Forbidden(Box<str>),
    /// 404.
    NotFound,
    /// 410: the server no longer has the history that a watch asked for.
    Gone,
    /// 429 or 503: the server has too much to do, or is starting or stopping.
    Busy(Box<str>),
    /// Any other refusal: HTTP status and the server's words.
    Refused(u16, Box<str>),
    /// An answer that could not be understood.
    Unreadable(Box<str>),
}

impl Trouble {
    pub(super) fn new(what: impl Into<Box<str>>, why: Why) -> Self {
        Self { what: what.into(), why, advice: None }
    }

    pub(super) fn from_kube(what: impl Into<Box<str>>, error: &kube::Error) -> Self {
        Self::new(what, why(error))
    }

    pub(super) fn advise(mut self, advice: &str) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.what, self.why)?;
        match &self.advice {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl StdError for Trouble {}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(detail) => write!(f, "the API server cannot be reached ({detail})"),
            Self::Silent(limit) => write!(f, "no answer from the API server within {} s", limit.as_secs()),
            Self::Broken(detail) => {
                write!(f, "the connection broke before the answer was complete ({detail})")
            }
            Self::Credentials(detail) => write!(f, "no credentials: {detail}"),
            Self::Unauthorized => {
                f.write_str("the API server does not accept your credentials (401); log in again")
            }
            Self::Forbidden(right) => write!(f, "you lack the right to {right} (403)"),
            Self::NotFound => f.write_str("it does not exist (404)"),
            Self::Gone => f.write_str("the server has forgotten this version (410)"),
            Self::Busy(detail) => write!(f, "the API server is overloaded or restarting ({detail})"),
            Self::Refused(code, words) => write!(f, "the API server refused it ({code}): {words}"),
            Self::Unreadable(detail) => write!(f, "the answer could not be read ({detail})"),
        }
    }
}

/// kube's own messages end in a Debug dump of the whole status, and may quote tokens.
pub(super) fn why(error: &kube::Error) -> Why {
    match error {
        kube::Error::Api(status) => why_status(status),
        kube::Error::Auth(error) => Why::Credentials(credentials(error).into()),
        kube::Error::Service(error) => service_error(&**error),
        kube::Error::HyperError(error) => Why::Broken(innermost(error).into()),
        kube::Error::ReadEvents(error) => Why::Broken(innermost(error).into()),
        kube::Error::SerdeError(error) => Why::Unreadable(first_line(&error.to_string(), 120).into()),
        kube::Error::FromUtf8(_) => Why::Unreadable("not UTF-8".into()),
        other => Why::Unreachable(innermost(other).into()),
    }
}

fn why_status(status: &Status) -> Why {
    match status.code {
        401 => Why::Unauthorized,
        403 => Why::Forbidden(right_in(&status.message).into()),
        404 => Why::NotFound,
        410 => Why::Gone,
        code @ (429 | 503) => Why::Busy(format!("{code}: {}", first_line(&status.message, 120)).into()),
        code => Why::Refused(code, first_line(&status.message, 200).into()),
    }
}

/// What a failure below HTTP means; above all, whether the request can have left this machine.
pub(crate) fn service_error(error: &(dyn StdError + Send + Sync + 'static)) -> Why {
    if let Some(error) = error.downcast_ref::<AuthError>() {
        return Why::Credentials(credentials(error).into());
    }
    let detail = innermost(error);
    match error.downcast_ref::<hyper_util::client::legacy::Error>() {
        Some(error) if error.is_connect() && detail == "deadline has elapsed" => {
            Why::Unreachable(format!("no connection within {} s", CONNECT_LIMIT.as_secs()).into())
        }
        Some(error) if error.is_connect() => {
            Why::Unreachable(match detail.strip_prefix("invalid peer certificate: ") {
                Some(detail) => {
                    format!("its certificate is not the one your kubeconfig expects: {detail}").into()
                }
                None => detail.into(),
            })
        }
        _ => Why::Broken(detail.into()),
    }
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
    first_line(&web::innermost(error), 160)
}

/// Messages of credential plugins hold the command with its environment, and tokens.
fn credentials(error: &AuthError) -> String {
    match error {
        AuthError::AuthExecRun { cmd, out } => {
            let stderr = String::from_utf8_lossy(&out.stderr);
            let said = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
            format!("{} failed ({}): {}", program(cmd), out.status, first_line(said, 160))
        }
        AuthError::AuthExecStart(error) => {
            format!("the credential plugin of your kubeconfig could not be started ({error}); is it in PATH?")
        }
        AuthError::AuthExecParse(_) => {
            "the credential plugin of your kubeconfig printed something that is no ExecCredential".to_owned()
        }
        other => first_line(&other.to_string(), 160),
    }
}

/// From the Debug form of a command, `A="1" B="\"2\"" "aws" "eks" ...`: the program, without the environment before it.
fn program(command: &str) -> String {
    let (mut start, mut quoted, mut escaped, mut before) = (None, false, false, ' ');
    for (at, c) in command.char_indices() {
        match (c, start) {
            _ if escaped => escaped = false,
            ('\\', _) if quoted => escaped = true,
            ('"', Some(start)) => {
                let path: &str = &command[start..at];
                return format!("the credential plugin {}", path.rsplit('/').next().unwrap_or(path));
            }
            ('"', None) if !quoted && before == ' ' => (quoted, start) = (true, Some(at + 1)),
            ('"', None) => quoted = !quoted,
            _ => {}
        }
        before = c;
    }
    "the credential plugin".to_owned()
}

/// From `... is forbidden: User "ann" cannot list resource "httproutes" in API group "g" in the namespace "shop"`:
/// `list httproutes.g in namespace shop`.
pub(crate) fn right_in(message: &str) -> String {
    let parse = || {
        let rest = message.split_once(" cannot ")?.1;
        let (verb, rest) = rest.split_once(" resource \"")?;
        let (resource, rest) = rest.split_once('"')?;
        let group = after(rest, "API group \"").filter(|group| !group.is_empty());
        let group = group.map_or(String::new(), |group| format!(".{group}"));
        let place = after(rest, "namespace \"")
            .map_or(" in all namespaces".to_owned(), |namespace| format!(" in namespace {namespace}"));
        Some(format!("{verb} {resource}{group}{place}"))
    };
    parse().unwrap_or_else(|| format!("do this: {}", first_line(message, 200)))
}

fn after<'a>(text: &'a str, marker: &str) -> Option<&'a str> {
    text.split_once(marker)?.1.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_right_is_named() {
        let message = "httproutes.gateway.networking.k8s.io is forbidden: User \"viewer\" cannot list resource \
                       \"httproutes\" in API group \"gateway.networking.k8s.io\" in the namespace \"shop\"";
        assert_eq!(right_in(message), "list httproutes.gateway.networking.k8s.io in namespace shop");
        let message = "pods is forbidden: User \"v\" cannot list resource \"pods\" in API group \"\" at the cluster scope";
        assert_eq!(right_in(message), "list pods in all namespaces");
    }

    #[test]
    fn another_refusal_keeps_its_words() {
        assert_eq!(right_in("go away"), "do this: go away");
    }

    #[test]
    fn a_status_says_what_to_do_in_one_line() {
        let status = Status::failure("nope", "Unauthorized").with_code(401);
        let trouble = Trouble::from_kube("list routes", &kube::Error::Api(status.boxed()));
        assert_eq!(
            trouble.to_string(),
            "cannot list routes: the API server does not accept your credentials (401); log in again"
        );
    }

    #[test]
    fn a_plugin_is_named_without_its_environment() {
        let command = r#"INFO="{\"a b\": \" c\"}" SECRET="s3cr3t" "/usr/bin/aws" "eks" "get-token""#;
        assert_eq!(program(command), "the credential plugin aws");
        assert_eq!(program(r#""gke-gcloud-auth-plugin""#), "the credential plugin gke-gcloud-auth-plugin");
    }
}
