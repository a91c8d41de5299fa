//! How the program ends: exit codes, and the one message for a failure.

use std::fmt::Display;
use std::process::ExitCode;

use crate::cluster::{Cluster, ConnectError, Trouble, Why};
use crate::metrics::MetricError;
use crate::pilot::{NotWritten, PrepareError};
use crate::rollout::Refusal;

/// Exit codes. Scripts rely on them, so they never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done: shown, written, or proven where that was waited for.
    Done,
    /// Something failed, as a route that does not exist.
    Error,
    /// Of `diagnose`: something is broken, and was printed.
    Broken,
    /// Usage or configuration: flags, kubeconfig, addresses.
    Usage,
    /// The gate did not pass, and the reason or the name that it wants then was not given. Nothing was written.
    Gate,
    /// The route changed after it was read. Nothing was written.
    Conflict,
    /// Written, but not proven; of `verify`: not proven.
    Unproven,
    /// Sent, and no answer came: it may have been written.
    Unknown,
    /// Of `verify`, which sends no write that could be unknown: what is declared is not what is served.
    Disproven,
    /// A right is missing; the message names it. Nothing was written.
    NotPermitted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        let code: u8 = match exit {
            Exit::Done => 0,
            Exit::Error | Exit::Broken => 1,
            Exit::Usage => 2,
            Exit::Gate => 3,
            Exit::Conflict => 4,
            Exit::Unproven => 5,
            Exit::Unknown | Exit::Disproven => 6,
            Exit::NotPermitted => 7,
        };
        code.into()
    }
}

/// Why a verb did not do what it was asked for: one message that says what happened, to what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// The message, without a full stop.
    pub message: String,
}

impl Failure {
    /// A failure with its code.
    #[must_use]
    pub fn new(exit: Exit, message: impl Display) -> Self {
        Self { exit, message: message.to_string() }
    }

    /// Wrong usage or configuration.
    #[must_use]
    pub fn usage(message: impl Display) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Any other error.
    #[must_use]
    pub fn error(message: impl Display) -> Self {
        Self::new(Exit::Error, message)
    }

    /// A call to the API server that failed: what is wrong with the way to it is configuration.
    #[must_use]
    pub fn trouble(cluster: &Cluster, trouble: &Trouble) -> Self {
        let place = || format!("context `{}` ({})", cluster.context(), cluster.server());
        match (&trouble.why, advice(&trouble.why)) {
            (Why::Forbidden(_), _) => Self::new(Exit::NotPermitted, trouble),
            (_, Some(advice)) => Self::usage(format!("{}: {trouble}; {advice}", place())),
            (_, None) => Self::error(trouble),
        }
    }
}

/// What to do where no answer came that tells about the request itself.
fn advice(why: &Why) -> Option<&'static str> {
    match why {
        Why::Unreachable(_) | Why::Silent(_) => {
            Some("check the server's address in the kubeconfig and the network, or choose another --context")
        }
        Why::Credentials(_) => Some("log in again, or choose another --context"),
        Why::Unauthorized => Some("or choose another --context"),
        _ => None,
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        match &error {
            ConnectError::Server { why: Why::Forbidden(_), .. } => Self::new(Exit::NotPermitted, error),
            ConnectError::Server { why, .. } => match advice(why) {
                Some(advice) => Self::usage(format!("{error}; {advice}")),
                None => Self::error(error),
            },
            _ => Self::usage(error),
        }
    }
}

impl From<MetricError> for Failure {
    fn from(error: MetricError) -> Self {
        if error.is_wrong_address() { Self::usage(error) } else { Self::error(error) }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(Exit::from(&refusal), refusal)
    }
}

impl From<PrepareError> for Failure {
    fn from(error: PrepareError) -> Self {
        let exit = match &error {
            PrepareError::Read(_) | PrepareError::Gone(_) => Exit::Error,
            PrepareError::Forbidden(_) => Exit::NotPermitted,
            PrepareError::Refused(refusal) => refusal.into(),
        };
        Self::new(exit, error)
    }
}

impl From<&Refusal> for Exit {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::UndoneElse(_) => Self::Conflict,
            Refusal::NothingToUndo(_) => Self::Error,
            _ => Self::Usage,
        }
    }
}

impl From<&NotWritten> for Exit {
    fn from(why: &NotWritten) -> Self {
        match why {
            NotWritten::Changed { .. } => Self::Conflict,
            NotWritten::Forbidden(_) => Self::NotPermitted,
            NotWritten::Unknown(_) => Self::Unknown,
            NotWritten::Refused(_) | NotWritten::Unreachable(_) | NotWritten::NoJournal(_) => Self::Error,
        }
    }
}
