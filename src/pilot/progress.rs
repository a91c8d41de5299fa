//! What a change tells while it is carried through, and how it ends.

use crate::route::{Route, RouteId};

/// Where a change is. Four different words on the screen: what was not seen is not claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The request is on its way.
    Writing,
    /// The API server has accepted it.
    Written,
    /// The controllers report the new generation.
    Observed,
    /// Requests are counted, with nothing written before.
    Counting,
    /// Counted requests have left the old split.
    TrafficFollows,
    /// Counted requests show the new split.
    Proven,
}

impl Stage {
    /// The word for it on the screen.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Writing => "writing",
            Self::Written => "written",
            Self::Observed => "observed",
            Self::Counting => "counting",
            Self::TrafficFollows => "traffic follows",
            Self::Proven => "proven",
        }
    }
}

/// One message about a change under way.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The route that was selected.
    pub route: RouteId,
    /// The furthest stage reached.
    pub stage: Stage,
    /// What is seen or waited for, in words.
    pub words: String,
    /// The object as it is now, when this message brings a newer one than the watch may have.
    pub fresh: Option<Route>,
}

/// Why it cannot be said that a change was written. But for [`NotWritten::Unknown`], nothing was.
#[derive(Debug, Clone, PartialEq)]
pub enum NotWritten {
    /// The spec changed after it was shown: what changed, and the new state.
    Changed {
        /// Which assumption broke, in words.
        words: String,
        /// The route as it is now; `None` if it is gone.
        fresh: Option<Box<Route>>,
    },
    /// A right is missing: which.
    Forbidden(String),
    /// The server, a webhook or a policy refused it.
    Refused(String),
    /// The server could not be asked.
    Unreachable(String),
    /// No answer, and the route does not show the change: it is not known whether it will.
    Unknown(String),
    /// The intent could not be journalled, so an advance is not made.
    NoJournal(String),
}

impl NotWritten {
    /// What happened.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Changed { words, .. }
            | Self::Forbidden(words)
            | Self::Refused(words)
            | Self::Unreachable(words)
            | Self::Unknown(words)
            | Self::NoJournal(words) => words,
        }
    }
}

impl std::fmt::Display for NotWritten {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self {
            Self::Unknown(_) => "not known whether it was written",
            _ => "nothing was written",
        };
        write!(f, "{what}: {}", self.words())
    }
}

/// How a change ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// Nothing was written, as far as is known.
    NotWritten(NotWritten),
    /// Written, and shown by counted requests.
    Proven(String),
    /// Written, but not shown, and why.
    Unproven(String),
    /// Written, and at the end counted requests show something else.
    Disproven(String),
}

impl Ending {
    /// The word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::NotWritten(NotWritten::Unknown(_)) => "not known whether it was written",
            Self::NotWritten(_) => "nothing was written",
            Self::Proven(_) => "proven",
            Self::Unproven(_) => "unproven",
            Self::Disproven(_) => "disproven",
        }
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotWritten(why) => write!(f, "{why}"),
            Self::Proven(words) => write!(f, "proven: {words}"),
            Self::Unproven(words) | Self::Disproven(words) => write!(f, "{}: {words}", self.word()),
        }
    }
}
