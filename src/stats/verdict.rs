//! The answer of a check.

use std::fmt;

/// Answer of a check, and of the gate. Ordered: the largest is the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The check does not apply; it does not count.
    NotApplicable,
    /// Shown to be good enough.
    Pass,
    /// Not yet, or a person must look.
    Hold,
    /// Nothing to judge by; never good news.
    NoData,
    /// Shown to be bad.
    Fail,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotApplicable => "not applicable",
            Self::Pass => "pass",
            Self::Hold => "hold",
            Self::NoData => "no data",
            Self::Fail => "fail",
        })
    }
}
