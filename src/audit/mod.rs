//! The journal: who changed what, when, before → after, why, under which verdict, and how it ended.
//!
//! One JSON line an entry, appended and flushed, under the user's state directory. An intent is written
//! before the change, so that a crash leaves a trace. Does not live here: the Kubernetes event
//! (`cluster/`). Called by `pilot/`; read by the cockpit for chosen canaries and unfinished changes.

mod journal;

pub use journal::{Journal, JournalError, Recorded};
