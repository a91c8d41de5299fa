//! A ring of values at a fixed distance in time, for sparklines. It knows its gaps.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

/// The last `capacity` values, one a `step`. A value that never came is `None`, and is drawn as a gap:
/// a line through it would show numbers nobody measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    step: Duration,
    capacity: usize,
    /// Slot number (time ÷ step) of the newest value.
    newest: Option<i128>,
    values: VecDeque<Option<f64>>,
}

impl Series {
    /// An empty series of at most `capacity` values (at least 1), one a `step` (at least 1 ms).
    #[must_use]
    pub fn new(step: Duration, capacity: usize) -> Self {
        let step = step.max(Duration::from_millis(1));
        Self { step, capacity: capacity.max(1), newest: None, values: VecDeque::new() }
    }

    /// Puts `value` into the slot of `at`. Slots skipped since the last push become gaps; a second
    /// value for the newest slot replaces the first; one for an older slot is dropped, since a late
    /// answer must not rewrite what is on the screen. NaN and infinities are gaps.
    pub fn push(&mut self, at: Timestamp, value: Option<f64>) {
        let value = value.filter(|v| v.is_finite());
        // Euclidean, so that times before 1970 do not share a slot with those after.
        let slot = at.as_nanosecond().div_euclid(self.step_nanoseconds());
        match self.newest {
            Some(newest) if slot < newest => return,
            Some(newest) if slot == newest => {
                self.values.pop_back();
            }
            Some(newest) => {
                let skipped = usize::try_from(slot - newest - 1).unwrap_or(usize::MAX);
                for _ in 0..skipped.min(self.capacity) {
                    self.append(None);
                }
            }
            None => {}
        }
        self.newest = Some(slot);
        self.append(value);
    }

    fn append(&mut self, value: Option<f64>) {
        if self.values.len() == self.capacity {
            self.values.pop_front();
        }
        self.values.push_back(value);
    }

    fn step_nanoseconds(&self) -> i128 {
        i128::try_from(self.step.as_nanos()).unwrap_or(i128::MAX)
    }

    /// The values, oldest first; `None` is a gap.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Option<f64>> + ExactSizeIterator + '_ {
        self.values.iter().copied()
    }

    /// The newest value; `None` if it is a gap or there is none yet.
    #[must_use]
    pub fn last(&self) -> Option<f64> {
        self.values.back().copied().flatten()
    }

    /// Number of slots, gaps included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether nothing was pushed yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The largest value, for the scale; `None` if there are only gaps.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        self.values.iter().flatten().copied().reduce(f64::max)
    }

    /// Distance of the values.
    #[must_use]
    pub fn step(&self) -> Duration {
        self.step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn filled(capacity: usize, values: &[(i64, f64)]) -> Vec<Option<f64>> {
        let mut series = Series::new(Duration::from_secs(5), capacity);
        for &(second, value) in values {
            series.push(at(second), Some(value));
        }
        series.iter().collect()
    }

    #[test]
    fn a_missed_refresh_is_a_gap() {
        assert_eq!(filled(9, &[(100, 1.0), (105, 2.0), (115, 3.0)]), [Some(1.0), Some(2.0), None, Some(3.0)]);
    }

    #[test]
    fn the_oldest_values_leave() {
        assert_eq!(filled(2, &[(0, 1.0), (5, 2.0), (10, 3.0)]), [Some(2.0), Some(3.0)]);
    }

    #[test]
    fn a_long_silence_leaves_only_gaps() {
        assert_eq!(filled(3, &[(0, 1.0), (1_000_000_000, 2.0)]), [None, None, Some(2.0)]);
    }

    #[test]
    fn a_slot_keeps_its_newest_value_and_late_answers_are_dropped() {
        assert_eq!(filled(9, &[(10, 1.0), (12, 2.0), (4, 9.0)]), [Some(2.0)]);
    }

    #[test]
    fn what_is_no_number_is_a_gap() {
        let mut series = Series::new(Duration::from_secs(1), 4);
        series.push(at(1), Some(4.0));
        series.push(at(2), Some(f64::NAN));
        series.push(at(3), Some(f64::INFINITY));
        assert_eq!(series.iter().collect::<Vec<_>>(), [Some(4.0), None, None]);
        assert_eq!((series.last(), series.max()), (None, Some(4.0)));
    }
}
