//! What the demo is to show.

use std::fmt;
use std::time::Duration;

use clap::ValueEnum;

/// A story. All have the same routes; they differ in how the world behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Scenario {
    /// The canary of checkout is as good as stable
    Healthy,
    /// It does not bear load: each step makes more of its requests fail
    #[default]
    Failing,
    /// The API server, the controller and the gateway take their time
    Slow,
    /// Nobody counts requests
    NoMetrics,
    /// Somebody else edits the same routes now and then
    Contested,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Healthy, Self::Failing, Self::Slow, Self::NoMetrics, Self::Contested];

    /// How long the API server takes for an answer.
    pub(super) fn answer_delay(self) -> Duration {
        Duration::from_millis(if self == Self::Slow { 700 } else { 0 })
    }

    /// How long the controller takes to report a new generation.
    pub(super) fn observe_delay(self) -> Duration {
        Duration::from_millis(if self == Self::Slow { 7000 } else { 600 })
    }

    /// How long after that the gateway serves it.
    pub(super) fn serve_delay(self) -> Duration {
        Duration::from_millis(if self == Self::Slow { 9000 } else { 400 })
    }

    /// What is shown above everything while the demo runs: that it is one, and what to try first. In braces stand
    /// actions, in place of their keys.
    #[must_use]
    pub fn note(self) -> &'static str {
        match self {
            Self::Healthy => {
                "nothing is real: {step} {confirm} steps the canary, {roll-back} {confirm} rolls back, {help} is help"
            }
            Self::Failing => {
                "nothing is real: {step} {confirm} steps until the canary fails, {roll-back} {confirm} rolls back"
            }
            Self::Slow => {
                "nothing is real, all is slow: {step} {confirm} steps the canary, {roll-back} {confirm} rolls back"
            }
            Self::NoMetrics => {
                "nothing is real: {roll-back} {confirm} rolls back, but without metrics proves nothing"
            }
            Self::Contested => "nothing is real: others edit these routes too; {step} steps, {help} has keys",
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Healthy => "healthy",
            Self::Failing => "failing",
            Self::Slow => "slow",
            Self::NoMetrics => "no-metrics",
            Self::Contested => "contested",
        })
    }
}
