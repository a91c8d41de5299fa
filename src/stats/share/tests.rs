//! Words and numbers of the share check.

use super::*;
use crate::stats::tick::Counts;

fn close(got: f64, expected: f64) {
    assert!((got - expected).abs() < 1e-9, "{got}, not {expected}");
}

#[test]
fn bands_have_the_reference_values() {
    for (share, worth_a_word, near) in
        [(0.01, 0.001, 0.005), (0.05, 0.005, 0.025), (0.1, 0.01, 0.05), (0.25, 0.02, 0.05), (0.5, 0.02, 0.05)]
    {
        for share in [share, 1.0 - share] {
            close(bands(share).0, worth_a_word);
            close(bands(share).1, near);
        }
    }
}

#[test]
fn requests_until_consistent_have_the_reference_values() {
    for (share, at_001, at_00025) in [
        (0.01, 12365.0, 13872.0),
        (0.05, 2169.0, 2455.0),
        (0.10, 971.0, 1104.0),
        (0.25, 1764.0, 2000.0),
        (0.50, 2185.0, 2473.0),
    ] {
        for (level, expected) in [(0.001, at_001), (0.000_25, at_00025)] {
            let need = Tested::new(0, share, share, level).need_consistent.unwrap();
            // The reference counts in halves of a request and rounds up.
            assert!((0.0..=1.0).contains(&(expected - need)), "{share}: {need}, not {expected}");
        }
    }
}

/// A stage from 5 to 10 % in ticks of 5 s with 1000 requests, of which these reach the canary.
fn stage(sticky: bool, hits: impl Fn(u32) -> f64, ticks: u32) -> Shares {
    let mut tests = ShareTests::new(0.0, 60.0, (&[0.9, 0.1], &[0.95, 0.05]), 1, sticky);
    for index in 0..ticks {
        let counts = |requests| Counts { requests, errors: 0.0, slow: vec![] };
        let hits = hits(index);
        tests.count(&Tick {
            end: 5.0 * f64::from(index + 1),
            seconds: 5.0,
            target: 0,
            scale: 1.0,
            backends: vec![counts(1000.0 - hits), counts(hits)],
        });
    }
    tests.read(200.0)
}

#[test]
fn traffic_that_goes_where_it_should_follows_moves_and_is_consistent() {
    let first = stage(false, |_| 100.0, 1);
    assert_eq!((first.verdict, first.movement), (Verdict::Pass, Some(Movement::Follows)));
    let missing = first.missing.unwrap();
    assert!((3049.0..=3050.0).contains(&(missing + 1000.0)), "{missing}");
    let later = stage(false, |_| 100.0, 12);
    assert_eq!((later.verdict, later.movement, later.missing), (Verdict::Pass, Some(Movement::Moved), None));
    assert_eq!(later.backends[0].word, ShareWord::Consistent);
    assert_eq!(later.backends.len(), 1, "one tells the other");
}

#[test]
fn traffic_that_stays_is_told_from_traffic_in_between() {
    assert_eq!(stage(false, |_| 50.0, 20).movement, Some(Movement::NotMoved));
    let between = stage(false, |_| 75.0, 12);
    assert_eq!((between.verdict, between.movement), (Verdict::Hold, Some(Movement::InBetween)));
    assert_eq!(between.backends[0].word, ShareWord::Inconsistent);
}

#[test]
fn a_slow_data_plane_does_not_spoil_the_stage() {
    let late = |tick| if tick < 12 { 50.0 } else { 100.0 };
    let found = stage(false, late, 40);
    assert_eq!(found.movement, Some(Movement::Moved));
    assert_eq!(found.backends[0].word, ShareWord::Consistent);
    close(found.backends[0].since, 180.0);
}

#[test]
fn sticky_sessions_take_ten_times_the_requests() {
    let (free, sticky) = (stage(false, |_| 100.0, 1), stage(true, |_| 100.0, 1));
    assert_eq!(sticky.movement, Some(Movement::Undecided));
    close(sticky.backends[0].dispersion, 10.0);
    let missing = |found: &Shares| found.backends[0].missing.unwrap() + 1000.0;
    assert!((missing(&sticky) - 10.0 * missing(&free)).abs() < 1e-6);
}

#[test]
fn without_requests_there_is_no_data() {
    let mut none = ShareTests::new(0.0, 60.0, (&[0.9, 0.1], &[0.95, 0.05]), 1, false);
    assert_eq!(none.read(0.0).verdict, Verdict::NoData);
    none.count(&Tick { end: 5.0, seconds: 5.0, target: 0, scale: 1.0, backends: vec![] });
    assert_eq!(none.read(0.0).verdict, Verdict::NoData);
}

#[test]
fn a_first_hit_shows_that_a_new_canary_gets_traffic() {
    let mut tests = ShareTests::new(0.0, 60.0, (&[0.99, 0.01], &[1.0, 0.0]), 1, false);
    let counts = |requests| Counts { requests, errors: 0.0, slow: vec![] };
    let backends = vec![counts(99.0), counts(1.0)];
    tests.count(&Tick { end: 5.0, seconds: 5.0, target: 0, scale: 1.0, backends });
    assert_eq!(tests.read(20.0).movement, Some(Movement::Follows));
}

#[test]
fn a_drained_backend_is_watched_after_the_drain_time() {
    let mut tests = ShareTests::new(0.0, 60.0, (&[1.0, 0.0], &[0.9, 0.1]), 1, false);
    let mut found = Vec::new();
    for (index, hits) in (1u32..).zip([5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]) {
        let counts = |requests| Counts { requests, errors: 0.0, slow: vec![] };
        let backends = vec![counts(1000.0 - hits), counts(hits)];
        tests.count(&Tick { end: 5.0 * f64::from(index), seconds: 5.0, target: 0, scale: 1.0, backends });
        found.push(tests.read(200.0));
    }
    assert_eq!(found[5].leaks[0].excluded, None, "still draining");
    assert_eq!((found[6].verdict, found[6].movement), (Verdict::Pass, Some(Movement::Moved)));
    assert!(found[6].leaks[0].excluded.unwrap() < 0.01);
    assert_eq!(found[7].verdict, Verdict::Hold);
    assert!(found[7].leaks[0].is_leaking());
}
