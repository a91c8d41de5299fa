//! What is wrong with a settings file, and where.

use std::fmt;
use std::path::Path;

/// What a wrong setting touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// How the cockpit looks, and its keys: it can go on with those that come with it.
    Look,
    /// Where numbers come from: everything else goes on without them, and who wants some is told then.
    Numbers,
    /// What a change is judged by: a rollback is not judged, and goes on without numbers; nothing else goes on.
    Judging,
    /// What is done to a cluster, or shown of it: nothing may go on with a guess.
    Work,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Counted from one.
    pub line: usize,
    /// Such as `roles.canary`; empty where the file is no TOML.
    pub key: String,
    /// In words.
    pub message: String,
    /// What it touches.
    pub reach: Reach,
}

impl Fault {
    /// As compilers say it: file, line, key, words.
    #[must_use]
    pub fn in_file(&self, file: &Path) -> String {
        format!("{}:{self}", file.display())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.line)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}
