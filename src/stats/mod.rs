//! What counted requests show: whether a split is served, whether a canary fails or delays more requests than stable.
//!
//! People look at a rollout all the time, so every test here holds for all looks together: e-processes and confidence
//! sequences. `docs/statistics.md` states hypotheses, formulas and guarantees. Everything is a function of ticks, which are
//! increments of counters; a [`Judge`] is fed them and asked for verdicts.
//!
//! Does not live here: counters, scrapes and queries (`metrics/`), what a verdict means for a change (`rollout/`), words for
//! a person, time and I/O. Depends on nothing of ours.

mod bet;
mod burn;
mod comparable;
mod dispersion;
mod errors;
mod evidence;
mod interval;
mod judge;
mod latency;
mod leak;
mod mixture;
mod pass;
mod recent;
mod reference;
mod setup;
mod share;
mod share_run;
mod stage;
mod tick;
mod verdict;

pub use burn::{Burn, BurnRate, BurnReason};
pub use errors::{ErrorEvidence, Errors, ErrorsReason, Missing, Rule};
pub use interval::{Interval, interval, lies_above, needed};
pub use judge::Judge;
pub use latency::{Latency, LatencyReason, QuantileCheck};
pub use leak::{Leak, excluded_leak};
pub use setup::{Input, Limits, Setup};
pub use share::{
    BackendShare, Movement, ShareWord, Shares, expected_dispersion, requests_until_consistent, share_word,
};
pub use stage::Stage;
pub use tick::{Counts, Tick, Ticks, Trials, unix_seconds};
pub use verdict::Verdict;
