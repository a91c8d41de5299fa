//! What the cockpit sends to a terminal of 200x50, counted: over a slow line every byte is waited for.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../benches/support/world.rs"]
mod world;

use world::{SAMPLE, World};

/// At most that many bytes a second while every number in sight changes with each sample.
const BUDGET: usize = 5 * 1024;

#[test]
fn a_frame_that_changes_nothing_sends_nothing() {
    let mut world = World::new(50);
    assert!(world.draw() > 0);
    assert_eq!(world.draw(), 0);
}

#[test]
fn one_changed_row_sends_one_row() {
    let mut world = World::new(50);
    let whole = world.draw();
    world.one_row(0);
    let row = world.draw();
    println!("{row} bytes for one row, {whole} for the first frame");
    assert!(row > 0 && row < whole / 20, "{row} bytes of {whole}");
}

#[test]
fn a_sample_that_changes_all_rows_sends_less_than_the_first_frame() {
    let mut world = World::new(50);
    let whole = world.draw();
    world.sample();
    let rows = world.draw();
    println!("{rows} bytes for all rows, {whole} for the first frame");
    assert!(rows > 1000 && rows < whole, "{rows} bytes of {whole}");
}

#[test]
fn a_busy_minute_keeps_to_its_budget() {
    let mut world = World::new(50);
    world.draw();
    let minute = 60 / usize::try_from(SAMPLE.as_secs()).unwrap();
    let samples: Vec<usize> = (0..minute)
        .map(|_| {
            world.sample();
            world.draw()
        })
        .collect();
    let sent: usize = samples.iter().sum();
    println!("{sent} bytes in a busy minute, at most {} after one sample", samples.iter().max().unwrap());
    assert!(samples.iter().all(|bytes| *bytes > 1000), "nothing has changed: {samples:?}");
    assert!(sent <= 60 * BUDGET, "{sent} bytes in a minute: {samples:?}");
}
