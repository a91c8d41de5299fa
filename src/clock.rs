//! What time of day it is: the machine's, or one that runs with tokio's clock from a chosen moment on.
//!
//! Here because the pilot, the cockpit and the demo must agree on it. Waiting is not here: that is `tokio::time`.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// Where the time of day is taken from. Cheap to copy; all copies agree.
#[derive(Debug, Clone, Copy, Default)]
pub enum Clock {
    /// The machine's, with every correction it gets.
    #[default]
    System,
    /// This time of day at that instant, and on from there as tokio's clock runs. Under tokio's paused clock it
    /// stands still with it, so that a test or a picture is the same each time.
    From {
        /// The time of day.
        wall: Timestamp,
        /// When it was that.
        start: Instant,
    },
}

impl Clock {
    /// A clock that shows `wall` now and runs from there.
    #[must_use]
    pub fn starting_at(wall: Timestamp) -> Self {
        Self::From { wall, start: Instant::now() }
    }

    /// The time of day.
    #[must_use]
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::From { wall, start } => wall.saturating_add(start.elapsed()).unwrap_or(Timestamp::MAX),
        }
    }

    /// How long from now until `at`; zero if that is past.
    #[must_use]
    pub fn until(self, at: Timestamp) -> Duration {
        at.duration_since(self.now()).try_into().unwrap_or(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_runs_with_tokios_clock() {
        let wall: Timestamp = "2026-03-14T09:00:00Z".parse().unwrap();
        let clock = Clock::starting_at(wall);
        assert_eq!(clock.now(), wall);
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(clock.now().to_string(), "2026-03-14T09:01:30Z");
        assert_eq!(clock.until(wall), Duration::ZERO);
        assert_eq!(clock.until("2026-03-14T09:02:00Z".parse().unwrap()), Duration::from_secs(30));
    }
}
