//! A probe: requests of our own to one URL, and which version answered each.
//!
//! It shows what counts of the gateway's metrics cannot: what one path serves, whether there is traffic or not. It is
//! only ever sent to a URL that a person gave, it is bounded, and nothing starts it by itself. Here: how an answer names
//! its version, whose that is, what the counts show (all pure), and the sending. Called by `cli/`.

mod finding;
mod naming;
mod send;
mod tally;
mod whose;

pub use finding::{Finding, judge};
pub use naming::{BadNaming, VersionFrom};
pub use send::{BadProbe, FEWEST_REQUESTS, MOST_REQUESTS, Probe, REQUESTS, header};
pub use tally::{Answer, Count, Tally};
pub use whose::{Known, whose};
