//! When the next frame is due: keys at once, data at a steady pace, nothing for nothing.

use std::time::{Duration, Instant};

/// Decides when to draw. It has no clock of its own.
#[derive(Debug, Clone)]
pub struct FramePacer {
    /// The least time between a frame and one that only new data asked for.
    interval: Duration,
    last: Option<Instant>,
    wanted: Wanted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    Nothing,
    Soon,
    Now,
}

impl Default for FramePacer {
    /// Thirty frames a second for data; the first frame is due at once.
    fn default() -> Self {
        Self::new(Duration::from_secs(1) / 30)
    }
}

impl FramePacer {
    /// At most one frame for data each `interval`; the first frame is due at once.
    #[must_use]
    pub const fn new(interval: Duration) -> Self {
        Self { interval, last: None, wanted: Wanted::Now }
    }

    /// A key, a paste, another size: somebody waits for the answer.
    pub fn key(&mut self) {
        self.wanted = Wanted::Now;
    }

    /// Something shown has changed.
    pub fn data(&mut self) {
        self.wanted = self.wanted.max(Wanted::Soon);
    }

    /// When to draw, `now` at the earliest; `None` while there is nothing to draw.
    #[must_use]
    pub fn due(&self, now: Instant) -> Option<Instant> {
        match self.wanted {
            Wanted::Nothing => None,
            Wanted::Now => Some(now),
            Wanted::Soon => Some(self.last.map_or(now, |last| now.max(last + self.interval))),
        }
    }

    /// A frame was drawn.
    pub fn drawn(&mut self, now: Instant) {
        self.last = Some(now);
        self.wanted = Wanted::Nothing;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(33);

    /// A pacer that drew its first frame at the returned moment.
    fn drawn() -> (FramePacer, Instant) {
        let start = Instant::now();
        let mut pacer = FramePacer::new(INTERVAL);
        assert_eq!(pacer.due(start), Some(start), "the first frame");
        pacer.drawn(start);
        (pacer, start)
    }

    #[test]
    fn nothing_changed_draws_nothing() {
        let (pacer, start) = drawn();
        assert_eq!(pacer.due(start + Duration::from_hours(1)), None);
    }

    #[test]
    fn data_waits_for_its_turn_and_keys_do_not() {
        let (mut pacer, start) = drawn();
        let now = start + Duration::from_millis(5);
        pacer.data();
        assert_eq!(pacer.due(now), Some(start + INTERVAL));
        pacer.key();
        pacer.data();
        assert_eq!(pacer.due(now), Some(now));
    }

    #[test]
    fn late_data_draws_at_once() {
        let (mut pacer, start) = drawn();
        let now = start + INTERVAL * 10;
        pacer.data();
        assert_eq!(pacer.due(now), Some(now));
    }

    #[test]
    fn a_flood_of_data_makes_thirty_frames_a_second() {
        let mut pacer = FramePacer::default();
        let start = Instant::now();
        let mut frames = 0;
        for millisecond in 0..1000 {
            let now = start + Duration::from_millis(millisecond);
            pacer.data();
            if pacer.due(now).is_some_and(|due| due <= now) {
                pacer.drawn(now);
                frames += 1;
            }
        }
        assert!((29..=31).contains(&frames), "{frames}");
    }
}
