//! The share check: when it finds the word, and how often the wrong one.

use fastrand::Rng;
use tidegate::stats::{Counts, Input, Judge, Limits, Movement, Setup, ShareWord, Shares, Stage, Tick};

use crate::figure::{Cell, share, times};
use crate::sample::poisson;
use crate::simulated::repeat;
use crate::{Effort, row};

/// Ticks of 5 s in a stage of 12 minutes.
const TICKS: usize = 144;
const SECONDS: f64 = 5.0;
/// Sessions stay on one backend, for 2 minutes and 10 requests each.
const SESSION: (usize, f64) = (24, 10.0);

/// How requests come to the backends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Random,
    RoundRobin,
    Sticky,
}

/// What a stage said, in seconds or ∞: follows, moved, consistent, inconsistent; and whether it was inconsistent in the end.
struct Said {
    follows: f64,
    moved: f64,
    consistent: f64,
    inconsistent: f64,
    wrong_at_last: bool,
}

/// Hits of the canary and all requests, tick by tick.
fn traffic(rng: &mut Rng, rps: f64, canary: f64, way: Way) -> Vec<(f64, f64)> {
    let mean = rps * SECONDS;
    match way {
        Way::Random => (0..TICKS)
            .map(|_| {
                let (hits, others) = (poisson(rng, mean * canary), poisson(rng, mean * (1.0 - canary)));
                (hits, hits + others)
            })
            .collect(),
        Way::RoundRobin => {
            let (mut sum, mut before) = (rng.f64(), 0.0);
            let mut tick = || {
                let requests = poisson(rng, mean);
                sum += requests * canary;
                let hits = (sum.floor() - before).clamp(0.0, requests);
                before = sum.floor();
                (hits, requests)
            };
            (0..TICKS).map(|_| tick()).collect()
        }
        Way::Sticky => {
            let (hits, others) = (sticky(rng, mean * canary), sticky(rng, mean * (1.0 - canary)));
            hits.into_iter().zip(others).map(|(hits, others)| (hits, hits + others)).collect()
        }
    }
}

fn sticky(rng: &mut Rng, mean: f64) -> Vec<f64> {
    let (ticks, requests) = SESSION;
    let begun: Vec<f64> = (0..TICKS + ticks).map(|_| poisson(rng, mean / requests)).collect();
    #[expect(clippy::cast_precision_loss, reason = "24")]
    let each = requests / ticks as f64;
    begun.windows(ticks).take(TICKS).map(|open| poisson(rng, open.iter().sum::<f64>() * each)).collect()
}

fn stage(rng: &mut Rng, rps: f64, (old, new): (f64, f64), really: f64, (way, sticky): (Way, bool)) -> Said {
    let mut judge = Judge::new(
        Setup {
            canary: 1,
            stable: 0,
            edges_ms: Vec::new(),
            began: 0.0,
            scrape_seconds: SECONDS,
            paired: true,
            raw_history: true,
            sticky,
            limits: Limits::default(),
        },
        &[],
    );
    let split = |canary: f64| vec![1.0 - canary, canary];
    let observed = -Limits::default().settle;
    judge.feed(&Input::Stage(Stage { observed, shares: split(new), before: split(old), next: 1.0 }));
    let never = f64::INFINITY;
    let mut said =
        Said { follows: never, moved: never, consistent: never, inconsistent: never, wrong_at_last: false };
    let mut end = 0.0;
    for (hits, requests) in traffic(rng, rps, really, way) {
        end += SECONDS;
        let counts = |requests| Counts { requests, ..Counts::default() };
        let backends = vec![counts(requests - hits), counts(hits)];
        judge.feed(&Input::Round(vec![Tick { end, seconds: SECONDS, target: 0, scale: 1.0, backends }]));
        if let Some(found) = judge.shares() {
            said.hear(&found, end);
        }
    }
    said
}

impl Said {
    fn hear(&mut self, found: &Shares, at: f64) {
        let word = found.backends[0].word;
        let first = |time: &mut f64, is: bool| *time = if is { time.min(at) } else { *time };
        let movement = found.movement;
        first(&mut self.follows, matches!(movement, Some(Movement::Follows | Movement::Moved)));
        first(&mut self.moved, movement == Some(Movement::Moved));
        first(&mut self.consistent, word == ShareWord::Consistent);
        first(&mut self.inconsistent, word == ShareWord::Inconsistent);
        self.wrong_at_last = word == ShareWord::Inconsistent;
    }
}

/// rps, the move, and what was published: follows, moved, consistent; still at the old share and at 1.5 × the new one:
/// inconsistent.
const MOVES: [(f64, f64, f64, [&str; 5]); 7] = [
    (0.2, 0.25, 0.5, ["5.7 min / –", "8 %", "–", "8.1 min / –", "7.7 min / –"]),
    (1.0, 0.01, 0.05, ["4.4 min / 10 min", "5 %", "–", "9.1 min / –", "–"]),
    (1.0, 0.25, 0.5, ["75 s / 2.5 min", "5.9 min / 12 min", "–", "95 s / 2.9 min", "95 s / 2.8 min"]),
    (
        10.0,
        0.01,
        0.05,
        ["30 s / 60 s", "3.3 min / 6.7 min", "4.5 min / 7.8 min", "55 s / 95 s", "6.1 min / 11 min"],
    ),
    (
        10.0,
        0.05,
        0.1,
        ["60 s / 115 s", "5.1 min / 9.9 min", "115 s / 3.4 min", "100 s / 3.1 min", "2.6 min / 5.1 min"],
    ),
    (10.0, 0.25, 0.5, ["10 s / 15 s", "35 s / 70 s", "5.8 min / 9.1 min", "10 s / 20 s", "10 s / 20 s"]),
    (100.0, 0.01, 0.05, ["5 s / 10 s", "25 s / 40 s", "30 s / 45 s", "10 s / 10 s", "40 s / 70 s"]),
];

/// rps, and what was published of sticky sessions that are not configured: inconsistent at some time, and in the end.
const STICKY: [(f64, f64, f64); 3] = [(10.0, 21.0, 3.0), (100.0, 1.2, 0.4), (1000.0, 0.0, 0.0)];

fn part(published: f64, repetitions: f64, said: &[Said], is: impl Fn(&Said) -> bool) -> Cell {
    share(published, repetitions, said.iter().filter(|said| is(said)).count(), said.len())
}

/// Prints all figures, and says whether they agree.
pub fn section(effort: Effort) -> bool {
    let mut good = true;
    for (seed, (rps, old, new, published)) in (600..).zip(MOVES) {
        let free = (Way::Random, false);
        let run = |published, quick, salt: u64, really| {
            let repetitions = effort.of(published, quick);
            repeat(repetitions, seed * 8 + salt, |rng| stage(rng, rps, (old, new), really, free))
        };
        let right = run(500, 250, 0, new);
        let stayed = run(300, 150, 1, old);
        let too_much = run(300, 150, 2, (1.5 * new).min(0.99));
        let half_way = run(300, 150, 3, f64::midpoint(old, new));
        let until = |index: usize, repetitions, said: &[Said], time: fn(&Said) -> f64| {
            times(published[index], repetitions, said.iter().map(time).collect(), SECONDS)
        };
        let cells = [
            part(0.0, 500.0, &right, |said| said.inconsistent.is_finite()),
            until(0, 500.0, &right, |said| said.follows),
            until(1, 500.0, &right, |said| said.moved),
            until(2, 500.0, &right, |said| said.consistent),
            until(3, 300.0, &stayed, |said| said.inconsistent),
            until(4, 300.0, &too_much, |said| said.inconsistent),
            part(0.0, 300.0, &half_way, |said| said.moved.is_finite()),
        ];
        good &= row(&format!("{rps} rps, {:.0} → {:.0} %", 100.0 * old, 100.0 * new), &cells);
    }
    for (seed, (rps, at_some_time, at_last)) in (650..).zip(STICKY) {
        let run = |salt: u64, way| {
            repeat(effort.of(500, 150), seed * 8 + salt, |rng| stage(rng, rps, (0.05, 0.1), 0.1, way))
        };
        let (unknown, known, robin) =
            (run(0, (Way::Sticky, false)), run(1, (Way::Sticky, true)), run(2, (Way::RoundRobin, false)));
        let cells = [
            part(at_some_time, 500.0, &unknown, |said| said.inconsistent.is_finite()),
            part(at_last, 500.0, &unknown, |said| said.wrong_at_last),
            part(0.0, 500.0, &known, |said| said.inconsistent.is_finite()),
            part(0.0, 500.0, &robin, |said| said.inconsistent.is_finite()),
        ];
        good &= row(&format!("{rps} rps, 5 → 10 %, sticky"), &cells);
    }
    good
}
