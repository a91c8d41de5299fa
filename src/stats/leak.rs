//! A backend of weight 0: whether it is really left alone.

use super::interval::{Interval, interval};
use super::tick::Trials;

/// Requests under way, and connections that are kept, may still reach the backend for so long, in seconds.
pub(super) const DRAIN: f64 = 30.0;
/// A leak of this size is excluded with 99 % once its probability of no hit at all is below this.
const MISSED: f64 = 0.01;
/// A backend leaks until a leak of this size is excluded anew.
const TOLERATED: f64 = 0.01;

/// What reached a backend of weight 0 after the drain time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leak {
    /// Index of the backend.
    pub backend: usize,
    /// Requests of the split since the drain time, and those that reached it.
    pub counted: Trials,
    /// The interval of its share since then.
    pub interval: Interval,
    /// A leak of this share or more is excluded with 99 %, by the requests since the last hit. `None` without any:
    /// unproven.
    pub excluded: Option<f64>,
}

impl Leak {
    /// Whether there were hits, and nothing since then that would exclude a leak of 1 %.
    #[must_use]
    pub fn is_leaking(&self) -> bool {
        self.counted.events > 0.0 && self.excluded.is_none_or(|excluded| excluded > TOLERATED)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct LeakTest {
    pub backend: usize,
    counted: Trials,
    /// Requests of the split since the last hit.
    clean: f64,
}

impl LeakTest {
    pub fn new(backend: usize) -> Self {
        Self { backend, counted: Trials::default(), clean: 0.0 }
    }

    /// A tick after the drain time.
    pub fn count(&mut self, tick: Trials) {
        self.counted += tick;
        self.clean = if tick.events > 0.0 { 0.0 } else { self.clean + tick.requests };
    }

    /// `dispersion`: the D that is expected of this split.
    pub fn read(&self, dispersion: f64, level: f64) -> Leak {
        let Trials { requests, events } = self.counted;
        Leak {
            backend: self.backend,
            counted: self.counted,
            interval: interval(events / dispersion, requests / dispersion, level),
            excluded: (self.clean > 0.0).then(|| excluded_leak(self.clean, dispersion)),
        }
    }
}

/// The smallest leak that `requests` without a hit exclude with 99 %: the rule of three, and valid at any time as it is.
#[must_use]
pub fn excluded_leak(requests: f64, dispersion: f64) -> f64 {
    1.0 - MISSED.powf(dispersion / requests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_count_excludes_the_reference_leaks() {
        for (requests, leak) in [(459.0, 0.01), (90.0, 0.05), (4603.0, 0.001)] {
            assert!(
                excluded_leak(requests, 1.0) <= leak && excluded_leak(requests - 1.0, 1.0) > leak,
                "{requests}"
            );
            assert!((excluded_leak(10.0 * requests, 10.0) - excluded_leak(requests, 1.0)).abs() < 1e-12);
        }
    }

    #[test]
    fn a_hit_is_a_leak_until_459_clean_requests() {
        let mut test = LeakTest::new(1);
        assert_eq!(test.read(1.0, 0.001).excluded, None);
        assert!(!test.read(1.0, 0.001).is_leaking());
        test.count(Trials { requests: 1000.0, events: 1.0 });
        let leak = test.read(1.0, 0.001);
        assert!(leak.is_leaking() && leak.excluded.is_none());
        assert!(leak.interval.lo < 0.001 && 0.001 < leak.interval.hi);
        test.count(Trials { requests: 458.0, events: 0.0 });
        assert!(test.read(1.0, 0.001).is_leaking());
        test.count(Trials { requests: 1.0, events: 0.0 });
        assert!(!test.read(1.0, 0.001).is_leaking());
    }
}
