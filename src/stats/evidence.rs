//! What the tests for "worse" have in common: a hypothesis with its evidence, now and at most, and what latches.

use super::bet::Hypothesis;
use super::mixture::Worse;
use super::tick::Pair;

/// A tick of two versions, and what its evidence counts for: `scale`/D, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Weighed {
    pub pair: Pair,
    pub factor: f64,
}

/// Evidence that the canary is worse than a hypothesis allows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Evidence {
    hypothesis: Hypothesis,
    mixture: Worse,
    /// ln E at the end of the last round.
    pub ln_now: f64,
    /// The largest it ever was.
    pub ln_most: f64,
}

impl Evidence {
    pub fn new(ratio: f64, slack: f64) -> Self {
        Self { hypothesis: Hypothesis { ratio, slack }, mixture: Worse::new(), ln_now: 0.0, ln_most: 0.0 }
    }

    /// From the next tick on the canary may be so much worse. Each tick is bet on by the rule of its own time, so that
    /// evidence goes on.
    pub fn allow(&mut self, ratio: f64) {
        self.hypothesis.ratio = ratio;
    }

    /// A tick, with the weight of the start that goes with it.
    pub fn weigh(&mut self, start: f64, tick: Weighed) {
        self.mixture.start(start);
        self.mixture.weigh(self.hypothesis, tick.pair, tick.factor);
    }

    /// A round is over; `cash` has not been bet.
    pub fn end_round(&mut self, cash: f64) {
        self.ln_now = self.mixture.ln_e(cash);
        self.ln_most = self.ln_most.max(self.ln_now);
    }
}

/// Latches when something was so at the end of two rounds running: one burst, or a pod that is replaced, does not convict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Latch {
    was: bool,
    /// Whether it ever was.
    pub closed: bool,
}

impl Latch {
    /// A round is over.
    pub fn end_round(&mut self, is: bool) {
        self.closed |= is && self.was;
        self.was = is;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_round_does_not_latch_and_two_do_for_good() {
        let mut latch = Latch::default();
        for (is, closed) in [(true, false), (false, false), (true, false), (true, true), (false, true)] {
            latch.end_round(is);
            assert_eq!(latch.closed, closed);
        }
    }
}
