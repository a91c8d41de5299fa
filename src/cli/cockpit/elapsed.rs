//! How long the program has run, the time in which the machine slept included.

use std::time::Duration;

/// What the time of day runs ahead by corrections alone, at most.
const CORRECTION: Duration = Duration::from_secs(5);

/// A clock of instants stands still while a laptop sleeps, and the time of day does not: what was looked at before
/// must not be confirmed as if it had been a moment ago.
#[derive(Debug, Default)]
pub(super) struct Elapsed {
    slept: Duration,
}

impl Elapsed {
    /// The time since the start, by what both clocks say of it. Never runs backwards as long as `instants` does not.
    pub fn of(&mut self, instants: Duration, time_of_day: Duration) -> Duration {
        let ahead = time_of_day.saturating_sub(instants);
        if ahead > self.slept + CORRECTION {
            self.slept = ahead;
        }
        instants + self.slept
    }

    /// When that will be, by the clock of instants.
    pub fn instants(&self, elapsed: Duration) -> Duration {
        elapsed.saturating_sub(self.slept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_counts_and_corrections_do_not() {
        let mut elapsed = Elapsed::default();
        let mut at =
            |instants, day| elapsed.of(Duration::from_secs(instants), Duration::from_secs(day)).as_secs();
        assert_eq!([at(10, 10), at(20, 24), at(30, 12), at(40, 0)], [10, 20, 30, 40]);
        assert_eq!([at(50, 3650), at(60, 3660), at(70, 60)], [3650, 3660, 3670], "an hour's sleep");
        assert_eq!(elapsed.instants(Duration::from_secs(3680)), Duration::from_secs(80));
    }
}
