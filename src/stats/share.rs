//! The share check: whether the split that is declared is the one that is served. Never a fail, and nothing latches.

use super::interval::{Interval, needed};
use super::leak::{DRAIN, Leak, LeakTest};
use super::share_run::ShareRun;
use super::tick::{SAME, Tick, Trials};
use super::verdict::Verdict;

/// The count begins anew so many seconds after the start of the stage: a slow data plane must not spoil all of it.
const STARTS: [f64; 4] = [0.0, 60.0, 180.0, 600.0];
/// Level of the whole check, all backends and starts together.
const LEVEL: f64 = 0.001;
/// D where sessions stick to a backend.
const STICKY: f64 = 10.0;

/// D of shares before any was seen: how much more they vary than those of independent requests.
#[must_use]
pub fn expected_dispersion(sticky: bool) -> f64 {
    if sticky { STICKY } else { 1.0 }
}

/// Whether a backend gets its declared share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareWord {
    /// Shown to be close enough.
    Consistent,
    /// Shown to be off by a difference worth a word.
    Inconsistent,
    /// Neither is shown yet.
    CannotTell,
}

/// Where the traffic is on its way from the old split to the new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// Nothing is shown yet.
    Undecided,
    /// It has left the old split on the way to the new one.
    Follows,
    /// It is past the middle: the proof. That it is close enough to where it should be would be none: of a move from 5 to
    /// 10 %, half way is close enough.
    Moved,
    /// It is still as it was.
    NotMoved,
    /// Neither: some proxies, or connections that are kept, are still as they were.
    InBetween,
}

/// What is known of one backend's share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BackendShare {
    /// Index of the backend.
    pub backend: usize,
    /// Its declared share, 0 to 1.
    pub declared: f64,
    /// Whether it gets it.
    pub word: ShareWord,
    /// Start of the count that decided it, in seconds as ticks have them; of the first count if none has.
    pub since: f64,
    /// Requests of the split since then, and those of this backend.
    pub counted: Trials,
    /// The interval of its share.
    pub interval: Interval,
    /// D ≥ 1 of its share.
    pub dispersion: f64,
    /// Requests of the split that are missing until it can be told. 0 once it is; `None` if it never can.
    pub missing: Option<f64>,
}

/// The share check with the numbers it saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Shares {
    /// `Pass`, `Hold`, or `NoData` without requests.
    pub verdict: Verdict,
    /// One for each backend that is tested: of two, the canary tells the other.
    pub backends: Vec<BackendShare>,
    /// `None` where no share was changed.
    pub movement: Option<Movement>,
    /// Requests of the split that are missing until the next word of the movement; `None` if there is none, or if it can
    /// never be told.
    pub missing: Option<f64>,
    /// Requests a second of the split: what is missing takes that long.
    pub rate: f64,
    /// One for each backend of weight 0.
    pub leaks: Vec<Leak>,
}

/// A difference worth a word, and one that is close enough; both as shares.
fn bands(share: f64) -> (f64, f64) {
    let smaller = share.min(1.0 - share);
    ((0.1 * smaller).clamp(0.001, 0.02), (0.5 * smaller).clamp(0.002, 0.05))
}

/// Whether an interval is that of a backend that gets `share`.
#[must_use]
pub fn share_word(interval: Interval, share: f64) -> ShareWord {
    let (worth_a_word, close) = bands(share);
    if interval.lo > share + worth_a_word || interval.hi < share - worth_a_word {
        ShareWord::Inconsistent
    } else if share - close <= interval.lo && interval.hi <= share + close {
        ShareWord::Consistent
    } else {
        ShareWord::CannotTell
    }
}

/// Requests that decide something, before dispersion; `None` if none would.
type Need = Option<f64>;

#[expect(clippy::cast_precision_loss, reason = "at most 2^40")]
fn requests(share: f64, out: f64, level: f64) -> Need {
    needed(share, out, level).map(|requests| requests as f64)
}

/// Requests of a split after which a backend that gets `share` is shown to, at `level`; `None` if it never is.
#[must_use]
pub fn requests_until_consistent(share: f64, level: f64) -> Option<f64> {
    let close = bands(share).1;
    let ends = [share - close, share + close].into_iter().filter(|end| (0.0..=1.0).contains(end));
    ends.map(|end| requests(share, end, level)).reduce(larger).flatten()
}

/// One backend that is tested.
#[derive(Debug, Clone, PartialEq)]
struct Tested {
    backend: usize,
    declared: f64,
    /// Its share before, if that was another one.
    before: Option<f64>,
    need_consistent: Need,
    need_follows: Need,
    need_moved: Need,
    runs: Vec<ShareRun>,
}

impl Tested {
    fn new(backend: usize, declared: f64, before: f64, level: f64) -> Self {
        let before = ((declared - before).abs() > f64::EPSILON).then_some(before);
        let until_past = |point: Option<f64>| point.and_then(|point| requests(declared, point, level));
        Self {
            backend,
            declared,
            before,
            need_consistent: requests_until_consistent(declared, level),
            need_follows: until_past(before),
            need_moved: until_past(before.map(|before| f64::midpoint(before, declared))),
            runs: Vec::new(),
        }
    }

    /// The latest count that has decided, and what.
    fn decided(&self, level: f64) -> (usize, ShareWord) {
        let words = self.runs.iter().map(|run| share_word(run.interval(level), self.declared)).enumerate();
        let decided = words.rev().find(|(_, word)| *word != ShareWord::CannotTell);
        decided.unwrap_or((0, ShareWord::CannotTell))
    }

    /// Whether some count shows the share past this point, on the way from `before`.
    fn is_past(&self, before: f64, point: f64, level: f64) -> bool {
        self.runs.iter().any(|run| {
            let interval = run.interval(level);
            let past = if self.declared > before { interval.lo > point } else { interval.hi < point };
            past && share_word(interval, self.declared) != ShareWord::Inconsistent
        })
    }

    /// Requests missing until `need` is reached by the count that is nearest to it and has not yet got there.
    fn missing(&self, need: Need) -> Option<f64> {
        let left = |run: &ShareRun| need.map(|need| need * run.dispersion - run.counted().requests);
        self.runs.iter().filter_map(left).filter(|left| *left > 0.0).reduce(f64::min)
    }

    fn movement(&self, before: f64, level: f64) -> Movement {
        let (index, word) = self.decided(level);
        if word == ShareWord::Inconsistent {
            let interval = self.runs.get(index).map(|run| run.interval(level));
            let is_not_before =
                interval.is_some_and(|found| share_word(found, before) == ShareWord::Inconsistent);
            return if is_not_before { Movement::InBetween } else { Movement::NotMoved };
        }
        let is_past = |point| self.is_past(before, point, level);
        if !is_past(before) {
            Movement::Undecided
        } else if is_past(f64::midpoint(before, self.declared)) {
            Movement::Moved
        } else {
            Movement::Follows
        }
    }
}

fn larger(one: Need, other: Need) -> Need {
    Some(one?.max(other?))
}

/// The share check of one stage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ShareTests {
    began: f64,
    block_seconds: f64,
    level: f64,
    expected_dispersion: f64,
    tested: Vec<Tested>,
    /// When each count really began: as many as there are runs of each tested backend.
    starts: Vec<f64>,
    leaks: Vec<LeakTest>,
}

impl ShareTests {
    /// A stage that began at `began` and goes from shares `before` to `declared`. Of two backends only `canary` is
    /// tested. `sticky`: sessions stick to a backend.
    pub fn new(
        began: f64,
        block_seconds: f64,
        (declared, before): (&[f64], &[f64]),
        canary: usize,
        sticky: bool,
    ) -> Self {
        let of_two = declared.len() == 2;
        #[expect(clippy::cast_precision_loss, reason = "a rule has at most 16 backends")]
        let tests = if of_two { 1.0 } else { declared.len().max(1) as f64 };
        let level = LEVEL / (4.0 * tests);
        let all = || declared.iter().copied().enumerate();
        let tested = all().filter(|(backend, _)| !of_two || *backend == canary).map(|(backend, share)| {
            Tested::new(backend, share, before.get(backend).copied().unwrap_or(share), level)
        });
        Self {
            began,
            block_seconds,
            level,
            expected_dispersion: expected_dispersion(sticky),
            tested: tested.collect(),
            starts: Vec::new(),
            leaks: all()
                .filter(|(_, share)| *share <= 0.0)
                .map(|(backend, _)| LeakTest::new(backend))
                .collect(),
        }
    }

    /// A tick of this stage.
    pub fn count(&mut self, tick: &Tick) {
        while STARTS.get(self.starts.len()).is_some_and(|start| tick.start() >= self.began + start - SAME) {
            self.starts.push(tick.start());
            for tested in &mut self.tested {
                tested.runs.push(ShareRun::new(self.expected_dispersion));
            }
        }
        let requests = tick.requests() * tick.scale;
        let hits =
            |backend: usize| tick.backends.get(backend).map_or(0.0, |counts| counts.requests) * tick.scale;
        for tested in &mut self.tested {
            let trials = Trials { requests, events: hits(tested.backend) };
            for (run, start) in tested.runs.iter_mut().zip(&self.starts) {
                run.count(trials, tick.block(*start, self.block_seconds));
            }
        }
        if tick.start() >= self.began + DRAIN - SAME {
            for leak in &mut self.leaks {
                leak.count(Trials { requests, events: hits(leak.backend) });
            }
        }
    }

    /// What is known at the end of this round; `rate`: requests a second.
    pub fn read(&self, rate: f64) -> Shares {
        let backends: Vec<BackendShare> =
            self.tested.iter().filter_map(|tested| self.backend(tested)).collect();
        let leaks: Vec<Leak> =
            self.leaks.iter().map(|leak| leak.read(self.expected_dispersion, self.level)).collect();
        let movements = || {
            let of = |tested: &Tested| tested.before.map(|before| tested.movement(before, self.level));
            self.tested.iter().filter_map(of)
        };
        let movement = movements().reduce(weaker);
        let missing = match movement {
            Some(Movement::Undecided) => self.longest(|tested| tested.need_follows),
            Some(Movement::Follows) => self.longest(|tested| tested.need_moved),
            _ => None,
        };
        let is_counted = backends.iter().any(|backend| backend.counted.requests > 0.0);
        let are_consistent = backends.iter().all(|backend| backend.word == ShareWord::Consistent);
        let is_shown = are_consistent || matches!(movement, Some(Movement::Follows | Movement::Moved));
        let verdict = if !is_counted {
            Verdict::NoData
        } else if is_shown && !leaks.iter().any(Leak::is_leaking) {
            Verdict::Pass
        } else {
            Verdict::Hold
        };
        Shares { verdict, backends, movement, missing, rate, leaks }
    }

    fn backend(&self, tested: &Tested) -> Option<BackendShare> {
        let (index, word) = tested.decided(self.level);
        let run = tested.runs.get(index)?;
        Some(BackendShare {
            backend: tested.backend,
            declared: tested.declared,
            word,
            since: *self.starts.get(index)?,
            counted: run.counted(),
            interval: run.interval(self.level),
            dispersion: run.dispersion,
            missing: match word {
                ShareWord::CannotTell => tested.missing(tested.need_consistent),
                ShareWord::Consistent | ShareWord::Inconsistent => Some(0.0),
            },
        })
    }

    /// Of the backends that move, the one that takes longest.
    fn longest(&self, need: impl Fn(&Tested) -> Need) -> Option<f64> {
        let moving = self.tested.iter().filter(|tested| tested.before.is_some());
        moving.filter_map(|tested| tested.missing(need(tested))).reduce(f64::max)
    }
}

/// What can be said of two backends together.
fn weaker(one: Movement, other: Movement) -> Movement {
    use Movement::{Follows, InBetween, Moved, NotMoved, Undecided};
    match (one, other) {
        (InBetween, _) | (_, InBetween) => InBetween,
        (NotMoved, _) | (_, NotMoved) => NotMoved,
        (Undecided, _) | (_, Undecided) => Undecided,
        (Follows, _) | (_, Follows) => Follows,
        (Moved, Moved) => Moved,
    }
}

#[cfg(test)]
mod tests;
