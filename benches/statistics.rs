//! What the checks cost and what they find: the figures of docs/statistics.md, simulated again on the code of `stats/`.
//!
//! Each figure stands beside the published one, which another implementation gave; a difference beyond four standard
//! errors of both fails. `cargo bench --bench statistics` takes half a minute with a part of the repetitions; `-- --full`
//! takes as many as were published, and some minutes.
#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::process::ExitCode;
use std::time::Instant;

#[path = "support/figure.rs"]
mod figure;
#[path = "support/sample.rs"]
mod sample;
#[path = "support/shares.rs"]
mod shares;
#[path = "support/simulated.rs"]
mod simulated;

use figure::{Cell, share, times};
use simulated::{Case, Errors, repeat};
use tidegate::stats::{Judge, LatencyReason, Verdict};

/// How often each is repeated: as published, or less.
#[derive(Debug, Clone, Copy)]
struct Effort {
    full: bool,
}

impl Effort {
    /// Repetitions of something that was published with this many.
    fn of(self, published: u64, quick: u64) -> u64 {
        if self.full { published } else { quick }
    }
}

/// Prints its figures, and says whether all of them agree.
type Section = fn(Effort) -> bool;

fn main() -> ExitCode {
    let full = std::env::args().any(|argument| argument == "--full");
    let effort = Effort { full };
    println!("simulated [published], (!) where they differ by more than their errors");
    let sections: [(&str, Section); 4] = [
        ("fails of healthy canaries in an hour, % of rollouts", false_alarms),
        ("time until fail, median / 95 %", detection),
        ("time until pass, median / 95 %; sick canaries that pass, %", passes),
        ("shares: time until the word, median / 95 %; false words, %", shares::section),
    ];
    let mut good = sample::is_sound();
    println!("random numbers have the right means and variances: {good}");
    for (title, section) in sections {
        let began = Instant::now();
        println!("\n{title}");
        good &= section(effort);
        println!("  ({:.0} s)", began.elapsed().as_secs_f64());
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a row, and says whether all of it agrees.
fn row(name: &str, cells: &[Cell]) -> bool {
    let texts: Vec<&str> = cells.iter().map(|cell| cell.text.as_str()).collect();
    println!("  {name:34} {}", texts.join("  |  "));
    cells.iter().all(|cell| cell.agrees)
}

fn count(flags: &[bool]) -> usize {
    flags.iter().filter(|flag| **flag).count()
}

/// ln 20: what is called suspicious.
const SUSPICIOUS: f64 = 2.995_732_273_553_991;

fn false_alarms(effort: Effort) -> bool {
    let mut good = true;
    for (seed, (rps, suspicious)) in
        (100..).zip([(0.2, 0.0), (1.0, 0.1), (10.0, 0.4), (100.0, 0.1), (1000.0, 0.1)])
    {
        let case = Case::ladder(rps, 0.002, 0.002);
        let runs = repeat(effort.of(4000, 600), seed, |rng| {
            let mut suspected = false;
            let judge = case.run(rng, |judge, _| {
                suspected |= judge.errors(1.0).evidence.worse >= SUSPICIOUS;
                true
            });
            let failed = judge.errors(1.0).verdict == Verdict::Fail || judge.burn().verdict == Verdict::Fail;
            (failed, suspected)
        });
        let (failed, suspected): (Vec<bool>, Vec<bool>) = runs.into_iter().unzip();
        let cells = [
            share(0.0, 4000.0, count(&failed), failed.len()),
            share(suspicious, 4000.0, count(&suspected), suspected.len()),
        ];
        good &= row(&format!("{rps} rps: errors | suspicious"), &cells);
    }
    for (seed, rps) in (110..).zip([1.0, 10.0, 100.0, 1000.0]) {
        let case = Case { slower: Some(1.0), ..Case::ladder(rps, 0.0, 0.0) };
        let failed = repeat(effort.of(800, 100), seed, |rng| {
            let judge = case.run(rng, |_, _| true);
            matches!(judge.latency(1.0).reason, LatencyReason::Failed(_))
        });
        good &= row(&format!("{rps} rps: latency"), &[share(0.0, 800.0, count(&failed), failed.len())]);
    }
    good
}

/// The time at which something was first so, in seconds; ∞ if it never was.
fn until(case: &Case, rng: &mut fastrand::Rng, is: impl Fn(&Judge) -> bool) -> f64 {
    let mut found = f64::INFINITY;
    case.run(rng, |judge, seconds| {
        let now = is(judge);
        if now {
            found = seconds;
        }
        !now
    });
    found
}

fn errors_fail(judge: &Judge) -> bool {
    judge.errors(1.0).verdict == Verdict::Fail
}

fn latency_fails(judge: &Judge) -> bool {
    judge.latency(1.0).verdict == Verdict::Fail
}

/// rps, stage, and what was published for 0.4, 1, 5 and 100 % errors and for 1.3 and 2 times the latency.
const DETECTION: [(f64, f64, [&str; 6]); 13] = [
    (10.0, 0.01, ["–", "–", "15 min / 39 min", "35 s / 70 s", "–", "17 min / 34 min"]),
    (10.0, 0.05, ["–", "51 min / –", "3.7 min / 8.1 min", "15 s / 20 s", "–", "3.6 min / 6.7 min"]),
    (10.0, 0.1, ["–", "29 min / –", "2.1 min / 4.5 min", "10 s / 15 s", "–", "2.1 min / 3.6 min"]),
    (10.0, 0.25, ["–", "14 min / 30 min", "70 s / 2.2 min", "10 s / 10 s", "–", "70 s / 2.0 min"]),
    (10.0, 0.5, ["–", "11 min / 23 min", "50 s / 95 s", "10 s / 10 s", "5 %", "60 s / 105 s"]),
    (100.0, 0.01, ["–", "27 min / 58 min", "100 s / 4.1 min", "10 s / 15 s", "–", "105 s / 3.5 min"]),
    (100.0, 0.05, ["6 %", "5.5 min / 12 min", "25 s / 55 s", "10 s / 10 s", "12 %", "30 s / 50 s"]),
    (100.0, 0.1, ["26 %", "3.1 min / 6.8 min", "20 s / 35 s", "10 s / 10 s", "16 %", "20 s / 35 s"]),
    (
        100.0,
        0.25,
        ["42 min / –", "90 s / 3.1 min", "15 s / 20 s", "10 s / 10 s", "48 min / –", "15 s / 20 s"],
    ),
    (100.0, 0.5, ["31 min / –", "80 s / 2.6 min", "10 s / 15 s", "10 s / 10 s", "40 min / –", "15 s / 20 s"]),
    (1000.0, 0.01, ["29 %", "2.8 min / 6.1 min", "15 s / 30 s", "10 s / 10 s", "25 %", "20 s / 25 s"]),
    (
        1000.0,
        0.05,
        ["19 min / 37 min", "45 s / 85 s", "10 s / 15 s", "10 s / 10 s", "44 min / –", "10 s / 10 s"],
    ),
    (
        1000.0,
        0.5,
        ["3.2 min / 6.5 min", "15 s / 20 s", "10 s / 10 s", "10 s / 10 s", "6.0 min / 29 min", "10 s / 10 s"],
    ),
];

fn detection(effort: Effort) -> bool {
    let mut good = true;
    let mut seed = 300;
    for (rps, stage, published) in DETECTION {
        let [errors @ .., faster, slower] = published;
        let mut cells = Vec::new();
        for (published, canary) in errors.into_iter().zip([0.004, 0.01, 0.05, 1.0]) {
            seed += 1;
            let case = Case::stage(rps, stage, 1.0, 0.002, canary);
            let found = repeat(effort.of(500, 100), seed, |rng| until(&case, rng, errors_fail));
            cells.push(times(published, 500.0, found, case.seconds));
        }
        for (published, factor) in [(faster, 1.3), (slower, 2.0)] {
            seed += 1;
            let case =
                Case { slower: Some(factor), plain_history: true, ..Case::stage(rps, stage, 1.0, 0.0, 0.0) };
            let found = repeat(effort.of(300, 60), seed, |rng| until(&case, rng, latency_fails));
            cells.push(times(published, 300.0, found, case.seconds));
        }
        good &= row(&format!("{rps} rps, {:.0} %", 100.0 * stage), &cells);
    }
    good & late_and_rare(effort) & at_the_limit(effort)
}

fn late_and_rare(effort: Effort) -> bool {
    let mut good = true;
    for (seed, (stage, published)) in (400..).zip([
        (0.1, ["6.1 min / 10 min", "30 s / 45 s", "10 s / 10 s"]),
        (0.5, ["3.3 min / 5.8 min", "15 s / 25 s", "10 s / 10 s"]),
    ]) {
        let cells = published.into_iter().zip([0.01, 0.05, 1.0]).map(|(published, canary)| {
            let case = Case { ticks: 1080, onset: 360, ..Case::stage(100.0, stage, 1.0, 0.002, canary) };
            let found = repeat(effort.of(300, 100), seed, |rng| until(&case, rng, errors_fail) - 1800.0);
            times(published, 300.0, found, case.seconds)
        });
        good &= row(&format!("100 rps, {:.0} %, after 30 min", 100.0 * stage), &cells.collect::<Vec<_>>());
    }
    for (seed, (seconds, published)) in (410..).zip([
        (15.0, ["6.0 min / 12 min", "45 s / 75 s", "30 s / 30 s"]),
        (30.0, ["7.0 min / 14 min", "60 s / 90 s", "60 s / 60 s"]),
    ]) {
        let cells = published.into_iter().zip([0.01, 0.05, 1.0]).map(|(published, canary)| {
            let ticks = if seconds > 20.0 { 120 } else { 240 };
            let case = Case { seconds, ticks, ..Case::stage(100.0, 0.05, 1.0, 0.002, canary) };
            let found = repeat(effort.of(300, 100), seed, |rng| until(&case, rng, errors_fail));
            times(published, 300.0, found, case.seconds)
        });
        good &= row(&format!("100 rps, 5 %, scraped every {seconds} s"), &cells.collect::<Vec<_>>());
    }
    good
}

fn at_the_limit(effort: Effort) -> bool {
    let cases = [(10.0, 0.5, 0.0), (100.0, 0.1, 0.1), (100.0, 0.5, 0.0), (1000.0, 0.5, 0.1)];
    let cells = (420..).zip(cases).map(|(seed, (rps, stage, published))| {
        let case = Case::stage(rps, stage, 1.0, 0.002, 0.003);
        let failed = repeat(effort.of(1000, 150), seed, |rng| until(&case, rng, errors_fail).is_finite());
        share(published, 1000.0, count(&failed), failed.len())
    });
    row("just worse by what A allows: fails", &cells.collect::<Vec<_>>())
}

const STAGES: [(f64, f64); 5] = [(0.01, 0.05), (0.05, 0.1), (0.1, 0.25), (0.25, 0.5), (0.5, 1.0)];

/// rps, errors of both, how they come, and what was published for the five stages.
const PASSES: [(f64, f64, Errors, [&str; 5]); 10] = [
    (
        0.2,
        0.002,
        Errors::Alone,
        ["212 min / –", "44 min / 62 min", "22 min / 32 min", "9.3 min / 14 min", "5.3 min / 7.7 min"],
    ),
    (
        1.0,
        0.002,
        Errors::Alone,
        [
            "43 min / 61 min",
            "8.7 min / 13 min",
            "4.3 min / 6.7 min",
            "3.7 min / 5.7 min",
            "3.7 min / 6.0 min",
        ],
    ),
    (
        10.0,
        0.002,
        Errors::Alone,
        [
            "8.6 min / 14 min",
            "3.4 min / 5.7 min",
            "4.2 min / 9.5 min",
            "4.9 min / 9.8 min",
            "7.4 min / 15 min",
        ],
    ),
    (
        10.0,
        0.01,
        Errors::Alone,
        ["8.7 min / 18 min", "4.4 min / 8.8 min", "8.2 min / 18 min", "11 min / 24 min", "25 min / –"],
    ),
    (
        100.0,
        0.002,
        Errors::Alone,
        [
            "4.2 min / 9.2 min",
            "2.3 min / 4.5 min",
            "4.3 min / 9.7 min",
            "5.8 min / 14 min",
            "12 min / 31 min",
        ],
    ),
    (
        100.0,
        0.01,
        Errors::Alone,
        ["7.6 min / 20 min", "5.2 min / 11 min", "12 min / 31 min", "17 min / 39 min", "13 min / 31 min"],
    ),
    (
        100.0,
        0.002,
        Errors::InThrees,
        ["12 min / 25 min", "6.5 min / 14 min", "11 min / 26 min", "14 min / 38 min", "30 min / –"],
    ),
    (
        100.0,
        0.002,
        Errors::InCommonBursts,
        ["5.2 min / 11 min", "4.7 min / 8.2 min", "11 min / 18 min", "18 min / 29 min", "32 min / 59 min"],
    ),
    (
        1000.0,
        0.002,
        Errors::Alone,
        [
            "2.0 min / 2.0 min",
            "2.0 min / 2.0 min",
            "2.0 min / 2.0 min",
            "2.0 min / 2.0 min",
            "2.0 min / 3.3 min",
        ],
    ),
    (
        1000.0,
        0.002,
        Errors::InCommonBursts,
        [
            "2.0 min / 2.8 min",
            "2.7 min / 4.5 min",
            "6.5 min / 9.4 min",
            "9.4 min / 13 min",
            "15 min / 21 min",
        ],
    ),
];

/// rps, and for the five stages what was published of canaries worse by m, with 1, 5 and 30 % errors.
const SICK: [(f64, [[f64; 4]; 5]); 3] = [
    (
        1.0,
        [
            [0.7, 100.0, 62.0, 0.2],
            [0.3, 100.0, 68.0, 0.0],
            [0.2, 100.0, 73.0, 0.0],
            [0.2, 100.0, 30.0, 0.0],
            [0.4, 99.0, 0.5, 0.0],
        ],
    ),
    (
        10.0,
        [
            [1.2, 98.0, 24.0, 0.0],
            [0.6, 96.0, 1.2, 0.0],
            [0.9, 66.0, 0.0, 0.0],
            [1.5, 7.2, 0.0, 0.0],
            [1.1, 0.0, 0.0, 0.0],
        ],
    ),
    (
        100.0,
        [
            [1.2, 60.0, 0.0, 0.0],
            [0.9, 4.8, 0.0, 0.0],
            [1.2, 0.0, 0.0, 0.0],
            [0.4, 0.0, 0.0, 0.0],
            [0.5, 0.0, 0.0, 0.0],
        ],
    ),
];

/// A stage of an hour, or of four where there is little traffic.
fn long_stage(rps: f64, (stage, next): (f64, f64), stable: f64, canary: f64) -> Case {
    let seconds = if rps < 10.0 { 20.0 } else { 5.0 };
    Case { seconds, ..Case::stage(rps, stage, next, stable, canary) }
}

fn passes(effort: Effort) -> bool {
    let mut good = true;
    for (seed, (rps, probability, errors, published)) in (500..).zip(PASSES) {
        let cells = published.into_iter().zip(STAGES).map(|(published, stage)| {
            let case = Case { errors, ..long_stage(rps, stage, probability, probability) };
            let passed = |judge: &Judge| judge.errors(stage.1).verdict == Verdict::Pass;
            let found = repeat(effort.of(400, 120), seed, |rng| until(&case, rng, passed));
            times(published, 400.0, found, case.seconds)
        });
        let name = format!("{rps} rps, {} % {errors:?}", 100.0 * probability);
        good &= row(&name, &cells.collect::<Vec<_>>());
    }
    for (seed, (rps, published)) in (520..).zip(SICK) {
        for (stage, published) in STAGES.into_iter().zip(published) {
            let margin = (0.001 / stage.1).max(30.0 / (rps * stage.1 * 600.0)).min(0.2);
            let cells =
                [0.002 + margin, 0.01, 0.05, 0.3].into_iter().zip(published).map(|(canary, published)| {
                    let case = long_stage(rps, stage, 0.002, canary);
                    let passed = repeat(effort.of(400, 120), seed, |rng| passes_first(&case, stage.1, rng));
                    share(published, 400.0, count(&passed), passed.len())
                });
            let name = format!("{rps} rps, {:.0} → {:.0} %: sick", 100.0 * stage.0, 100.0 * stage.1);
            good &= row(&name, &cells.collect::<Vec<_>>());
        }
    }
    good
}

/// Whether it passes before it fails.
fn passes_first(case: &Case, next: f64, rng: &mut fastrand::Rng) -> bool {
    let mut passed = false;
    case.run(rng, |judge, _| {
        let verdict = judge.errors(next).verdict;
        passed = verdict == Verdict::Pass;
        !passed && verdict != Verdict::Fail
    });
    passed
}
