//! The error check: whether the canary fails requests that stable would not.

use super::evidence::{Evidence, Latch, Weighed};
use super::pass::SAME_RATIO;
use super::setup::Limits;
use super::tick::{Pair, Trials};
use super::verdict::Verdict;

/// E from which "worse than stable" convicts.
const CONVICTS: f64 = 250.0;
/// The same for the gross checks.
pub(super) const CONVICTS_GROSS: f64 = 500.0;
/// E from which something is suspected: it holds a pass, or exonerates who shares it with stable.
pub(super) const SUSPECTS: f64 = 20.0;
/// E of "worse than stable" without which a limit that stable keeps does not convict the canary.
pub(super) const POINTS_AT_CANARY: f64 = 10.0;
/// Fewest failed requests of the canary that convict.
const FEWEST_ERRORS: f64 = 3.0;
/// "Worse than stable" begins here, as a probability: 0.1 points.
const WORSE_BY: f64 = 0.001;

/// A way to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A: by more than 0.1 points and by more than a quarter.
    WorseThanStable,
    /// B: more than twice stable's errors and half a point.
    TwiceAsBad,
    /// C: more than the limit, which stable keeps.
    AboveLimit,
}

/// Evidence as ln E. "1 in E" is a p-value that is valid at any time: exp(−ln E).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErrorEvidence {
    /// A: the canary is worse than stable.
    pub worse: f64,
    /// B: it is more than twice as bad.
    pub twice_as_bad: f64,
    /// C: it is above the limit.
    pub above_limit: f64,
    /// Stable is above the limit.
    pub stable_above_limit: f64,
    /// The canary has at least twice stable's rate; 20 or more (ln 20 here) may be said in words.
    pub twice_stable: f64,
    /// It is good enough for the next step.
    pub good_enough: f64,
}

/// What is still missing for a pass, if the canary is as good as stable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Missing {
    /// Requests of the canary.
    pub requests: f64,
    /// How long that takes at the present rate; `None` without traffic.
    pub seconds: Option<f64>,
    /// Where it takes more than 30 minutes: the smallest round share, 0 to 1, that would pass within 10 minutes.
    pub share: Option<f64>,
}

/// Why the verdict is what it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ErrorsReason {
    /// Shown to be bad; stays so until the share is 0, the revision changes, or a person overrides.
    Failed(Rule),
    /// The stage has not begun yet.
    Settling,
    /// Nobody asked the canary since the stage began.
    NoCanaryRequests,
    /// Nobody asked stable since then.
    NoStableRequests,
    /// Both are above the limit: not the canary's fault alone.
    BothAboveLimit,
    /// It may be worse than stable (E ≥ 20).
    Suspicious,
    /// Fewer than 20 requests of one of them since the stage began.
    TooFewRequests,
    /// Good enough, but the stage is younger than the bake time: so many seconds are left.
    Baking(f64),
    /// Not shown to be good enough yet; `None` if that cannot be shown at this rate of errors.
    Undecided(Option<Missing>),
    /// Shown to be good enough for the next step.
    GoodEnough,
}

/// The error check with the numbers it saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Errors {
    /// The answer.
    pub verdict: Verdict,
    /// Why.
    pub reason: ErrorsReason,
    /// Requests and errors of the canary since the stage began.
    pub canary: Trials,
    /// The same of stable.
    pub stable: Trials,
    /// Evidence, by hypothesis.
    pub evidence: ErrorEvidence,
    /// m of a pass, a probability: by how much less than this the canary is worse. From 0.05 on a pass is weak evidence.
    pub margin: f64,
    /// D ≥ 1, how much more errors vary than independent ones.
    pub dispersion: f64,
}

/// The fail tests. They run from the start of the rollout.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ErrorTests {
    limits: Limits,
    worse: [Evidence; 2],
    twice_as_bad: Evidence,
    above_limit: Evidence,
    stable_above_limit: Evidence,
    twice_stable: Evidence,
    errors: f64,
    ln_worse_most: f64,
    latches: [(Rule, Latch); 3],
    failed: Option<Rule>,
}

impl ErrorTests {
    pub fn new(limits: Limits) -> Self {
        let latch = |rule| (rule, Latch::default());
        Self {
            limits,
            worse: [Evidence::new(1.0, WORSE_BY), Evidence::new(SAME_RATIO, 0.0)],
            twice_as_bad: Evidence::new(2.0, 0.005),
            above_limit: Evidence::new(0.0, limits.errors),
            stable_above_limit: Evidence::new(0.0, limits.errors),
            twice_stable: Evidence::new(2.0, 0.0),
            errors: 0.0,
            ln_worse_most: 0.0,
            latches: [latch(Rule::WorseThanStable), latch(Rule::TwiceAsBad), latch(Rule::AboveLimit)],
            failed: None,
        }
    }

    /// A tick: its evidence as it is, and for the gross checks.
    pub fn weigh(&mut self, start: f64, pair: Pair, factor: f64, gross: f64) {
        let tick = Weighed { pair, factor };
        let grossly = Weighed { pair, factor: gross };
        self.errors += pair.canary.events;
        for worse in &mut self.worse {
            worse.weigh(start, tick);
        }
        self.twice_stable.weigh(start, tick);
        self.twice_as_bad.weigh(start, grossly);
        self.above_limit.weigh(start, grossly);
        self.stable_above_limit.weigh(start, Weighed { pair: pair.swapped(), factor: gross });
    }

    /// A round is over. `stable_has_traffic`: else the limit is judged without it.
    pub fn end_round(&mut self, cash: f64, stable_has_traffic: bool) {
        let [first, second] = &mut self.worse;
        let rest = [
            &mut self.twice_as_bad,
            &mut self.above_limit,
            &mut self.stable_above_limit,
            &mut self.twice_stable,
        ];
        for evidence in [first, second].into_iter().chain(rest) {
            evidence.end_round(cash);
        }
        self.ln_worse_most = self.ln_worse_most.max(self.ln_worse());
        let enough = self.has_enough_errors();
        let is_guilty = !stable_has_traffic || self.points_at_canary(&self.stable_above_limit);
        let met = [
            enough && self.ln_worse() >= self.limits.threshold(CONVICTS),
            enough && self.twice_as_bad.ln_now >= self.limits.threshold(CONVICTS_GROSS),
            enough && is_guilty && self.is_above_limit(),
        ];
        for ((rule, latch), met) in self.latches.iter_mut().zip(met) {
            latch.end_round(met);
            if latch.closed && self.failed.is_none() {
                self.failed = Some(*rule);
            }
        }
    }

    /// Both parts of "worse than stable" must be rejected: the smaller evidence counts.
    fn ln_worse(&self) -> f64 {
        self.worse[0].ln_now.min(self.worse[1].ln_now)
    }

    fn is_above_limit(&self) -> bool {
        self.above_limit.ln_now >= self.limits.threshold(CONVICTS_GROSS)
    }

    /// Whether there are enough errors to convict.
    pub fn has_enough_errors(&self) -> bool {
        self.errors >= FEWEST_ERRORS
    }

    /// Whether the canary was worse than stable at some time, and stable never did the same by this evidence.
    pub fn points_at_canary(&self, stable: &Evidence) -> bool {
        self.ln_worse_most >= POINTS_AT_CANARY.ln() && stable.ln_most < SUSPECTS.ln()
    }

    /// By which rule it failed.
    pub fn failed(&self) -> Option<Rule> {
        self.failed
    }

    /// Why it must wait whatever else is known.
    pub fn holds(&self) -> Option<ErrorsReason> {
        if self.is_above_limit()
            && self.has_enough_errors()
            && self.stable_above_limit.ln_most >= SUSPECTS.ln()
        {
            Some(ErrorsReason::BothAboveLimit)
        } else if self.ln_worse() >= SUSPECTS.ln() {
            Some(ErrorsReason::Suspicious)
        } else {
            None
        }
    }

    pub fn evidence(&self, good_enough: f64) -> ErrorEvidence {
        ErrorEvidence {
            worse: self.ln_worse(),
            twice_as_bad: self.twice_as_bad.ln_now,
            above_limit: self.above_limit.ln_now,
            stable_above_limit: self.stable_above_limit.ln_now,
            twice_stable: self.twice_stable.ln_now,
            good_enough,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(rounds: u32, pair: Pair, stable_has_traffic: bool) -> ErrorTests {
        let mut tests = ErrorTests::new(Limits::default());
        for round in 0..rounds {
            tests.weigh(if round == 0 { 1.0 } else { 0.0 }, pair, 1.0, 1.0);
            tests.end_round(0.0, stable_has_traffic);
        }
        tests
    }

    fn pair(nc: f64, xc: f64, ns: f64, xs: f64) -> Pair {
        let trials = |requests, events| Trials { requests, events };
        Pair { canary: trials(nc, xc), stable: trials(ns, xs) }
    }

    #[test]
    fn one_round_of_whatever_evidence_does_not_convict() {
        let bad = pair(100.0, 100.0, 900.0, 0.0);
        assert_eq!(fed(1, bad, true).failed(), None);
        assert_eq!(fed(2, bad, true).failed(), Some(Rule::WorseThanStable));
    }

    #[test]
    fn two_errors_do_not_convict() {
        let few = pair(1.0, 1.0, 1e6, 0.0);
        let two = fed(2, few, true);
        assert!(two.ln_worse() > 250.0_f64.ln(), "evidence there is");
        assert_eq!(two.failed(), None);
        // The third error, and the round after it.
        assert_eq!(fed(3, few, true).failed(), None);
        assert_eq!(fed(4, few, true).failed(), Some(Rule::WorseThanStable));
    }

    #[test]
    fn a_limit_that_stable_breaks_as_well_holds_and_does_not_convict() {
        let both = fed(50, pair(1000.0, 30.0, 1000.0, 30.0), true);
        assert_eq!(both.failed(), None);
        assert_eq!(both.holds(), Some(ErrorsReason::BothAboveLimit));
    }

    #[test]
    fn without_stable_traffic_the_limit_stands_alone() {
        let lonely = pair(1000.0, 30.0, 0.0, 0.0);
        assert_eq!(fed(50, lonely, false).failed(), Some(Rule::AboveLimit));
        assert_eq!(fed(50, lonely, true).failed(), None, "nothing says that it is the canary's fault");
    }

    #[test]
    fn several_canaries_need_as_much_more_evidence() {
        let worse = pair(100.0, 4.0, 900.0, 9.0);
        let rounds = |canaries| {
            let mut tests = ErrorTests::new(Limits { canaries, ..Limits::default() });
            let mut rounds = 0;
            while tests.failed().is_none() && rounds < 1000 {
                tests.weigh(if rounds == 0 { 1.0 } else { 0.0 }, worse, 1.0, 1.0);
                tests.end_round(0.0, true);
                rounds += 1;
            }
            rounds
        };
        let each = [1, 10, 100].map(rounds);
        assert!(each.is_sorted_by(|fewer, more| fewer < more), "{each:?}");
    }
}
