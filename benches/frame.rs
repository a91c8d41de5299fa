//! What a frame costs at 200x50, into a sink: nothing changed, one row, everything; with 50 routes and with 10,000.
//!
//! Budgets, as medians (twice as much fails): 0.5 ms, 0.6 ms and 1.0 ms; a frame of 10,000 routes costs as much as one of 50 (ratio at
//! most 1.25, taken side by side); a letter of a filter over 10,000 routes with its frame 10 ms.
#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

#[path = "support/world.rs"]
mod world;

use tidegate::app::Msg;
use tidegate::keys::Key;
use world::World;

const ROUNDS: u32 = 300;
const MOST_RATIO: f64 = 1.25;

/// What is measured: before each frame this happens, outside of the clock.
type Before = fn(&mut World, u32);

const CASES: [(&str, Before, Duration); 3] = [
    ("nothing changed", |_, _| {}, Duration::from_micros(500)),
    ("one row", World::one_row, Duration::from_micros(600)),
    ("everything", |world, _| world.sample(), Duration::from_millis(1)),
];

fn main() -> ExitCode {
    let (mut few, mut many) = (World::new(50), World::new(10_000));
    let mut good = true;
    println!("frames at 200x50, median of {ROUNDS}:");
    for (name, before, budget) in CASES {
        let (small, large) = side_by_side(&mut few, &mut many, before);
        let ratio = large.as_secs_f64() / small.as_secs_f64();
        // A machine that does other things as well takes longer; the ratio is taken side by side.
        good &= small <= budget * 2 && large <= budget * 2 && ratio <= MOST_RATIO;
        println!(
            "  {name:16} 50 routes {small:>9.1?}   10,000 routes {large:>9.1?} (at most {budget:?})   ratio {ratio:.2} (at most {MOST_RATIO})"
        );
    }
    let (letter, budget) = (filter(&mut many), Duration::from_millis(10));
    good &= letter <= budget;
    println!(
        "  a letter of a filter over 10,000 routes, with its frame: at worst {letter:.1?} (at most {budget:?})"
    );
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The two worlds take turns, so that whatever else the machine does hits both.
fn side_by_side(few: &mut World, many: &mut World, before: Before) -> (Duration, Duration) {
    let (mut small, mut large) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        for (world, times) in [(&mut *few, &mut small), (&mut *many, &mut large)] {
            before(world, round);
            let began = Instant::now();
            world.draw();
            times.push(began.elapsed());
        }
    }
    (median(small), median(large))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The slowest letter of a word that at first fits thousands of rows; the median of several rounds for each letter.
fn filter(world: &mut World) -> Duration {
    let letters: Vec<Key> = "route-77".chars().map(Key::Char).collect();
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); letters.len()];
    for _ in 0..21 {
        world.msg(Msg::Key(Key::Char('/')));
        for (letter, times) in letters.iter().zip(&mut times) {
            let began = Instant::now();
            world.msg(Msg::Key(*letter));
            world.draw();
            times.push(began.elapsed());
        }
        world.msg(Msg::Key(Key::Esc));
        world.msg(Msg::Key(Key::Esc));
    }
    times.into_iter().map(median).max().unwrap()
}
