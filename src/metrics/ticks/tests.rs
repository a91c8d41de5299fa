//! Ticks of series that were scraped by hand.

use proptest::prelude::*;

use super::super::provider::PROVIDERS;
use super::*;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

/// A series of Contour's: of one class, or of one bucket.
fn series(cluster: &str, (label, value): (&str, &str), instance: &str, samples: &[(i64, f64)]) -> RawSeries {
    let labels = [("envoy_cluster_name", cluster), (label, value), ("instance", instance), ("job", "envoy")];
    RawSeries {
        labels: labels.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        samples: samples.iter().map(|&(second, value)| (at(second * 1000), value)).collect(),
    }
}

fn class(class: &str) -> (&str, &str) {
    ("envoy_response_code_class", class)
}

fn found(series: &[RawSeries]) -> Ticks {
    let place = |series: &RawSeries| match series.label("envoy_cluster_name") {
        "stable" => [0].into(),
        "canary" => [1].into(),
        _ => BTreeSet::new(),
    };
    ticks(series, &PROVIDERS[0], 2, place)
}

/// (end, seconds, requests and errors of stable and canary) of every tick, and the number of its round.
fn rounds(ticks: &Ticks) -> Vec<Vec<(f64, f64, [f64; 4])>> {
    let numbers = |tick: &Tick| {
        let [stable, canary] = tick.backends.as_slice() else { panic!() };
        (tick.end, tick.seconds, [stable.requests, stable.errors, canary.requests, canary.errors])
    };
    ticks.rounds.iter().map(|round| round.iter().map(numbers).collect()).collect()
}

#[test]
fn each_scrape_of_a_proxy_is_a_tick() {
    let batch = [
        series("stable", class("2"), "e1", &[(10, 100.0), (15, 190.0), (20, 280.0), (30, 460.0)]),
        series("canary", class("2"), "e1", &[(10, 0.0), (15, 9.0), (20, 18.0), (30, 36.0)]),
        series("canary", class("5"), "e1", &[(20, 3.0), (30, 3.0)]),
    ];
    let ticks = found(&batch);
    assert!(ticks.paired);
    let expected = [
        (15.0, 5.0, [90.0, 0.0, 9.0, 0.0]),
        (20.0, 5.0, [90.0, 0.0, 12.0, 3.0]),
        (30.0, 10.0, [180.0, 0.0, 18.0, 0.0]),
    ];
    assert_eq!(
        rounds(&ticks),
        expected.map(|tick| vec![tick]),
        "a birth counts, a missed scrape loses nothing"
    );
    assert_eq!(ticks.newest, [Some(30.0), Some(30.0)]);
}

#[test]
fn ticks_of_several_proxies_are_not_added_up_and_a_round_waits_for_all() {
    let of = |instance: &str, phase: i64| {
        let at = |round: i64| 10 + 5 * round + phase;
        let samples = |each: f64| [(at(0), 0.0), (at(1), each), (at(2), 2.0 * each)];
        [
            series("stable", class("2"), instance, &samples(90.0)),
            series("canary", class("2"), instance, &samples(10.0)),
        ]
    };
    let [a, b] = [of("e1", 1), of("e2", 3)];
    let ticks = found(&[&a[..], &b[..]].concat());
    let rounds = rounds(&ticks);
    assert_eq!(rounds.len(), 1, "e1 may be scraped again before the second is over: {rounds:?}");
    assert_eq!(rounds[0].iter().map(|tick| tick.0).collect::<Vec<_>>(), [16.0, 18.0]);
    assert_ne!(ticks.rounds[0][0].target, ticks.rounds[0][1].target);
}

#[test]
fn a_late_target_is_not_waited_for_for_ever() {
    let of = |instance: &str, samples: &[(i64, f64)]| {
        [series("stable", class("2"), instance, samples), series("canary", class("2"), instance, samples)]
    };
    let late = of("e2", &[(13, 0.0), (18, 5.0)]);
    let rounds_by = |newest: usize| {
        let all = [(11, 0.0), (16, 5.0), (21, 10.0), (26, 15.0), (31, 20.0)];
        rounds(&found(&[&of("e1", &all[..newest])[..], &late[..]].concat()))
    };
    assert_eq!(rounds_by(4), [[]; 0], "the round to 20 s may still get the one at 18 s; it is 26 s");
    let closed = rounds_by(5);
    let ends: Vec<Vec<f64>> = closed.iter().map(|round| round.iter().map(|tick| tick.0).collect()).collect();
    assert_eq!(
        ends,
        [[16.0, 18.0]],
        "31 s is more than one interval and a half after 20 s, and not after 25 s"
    );
}

#[test]
fn versions_that_count_for_themselves_are_laid_on_a_grid() {
    // Scraped at different moments; 2 and 1 requests a second.
    let batch = [
        series("stable", class("2"), "pod-a", &[(10, 0.0), (20, 20.0), (30, 40.0), (40, 60.0)]),
        series("canary", class("2"), "pod-b", &[(13, 0.0), (23, 10.0), (33, 20.0), (43, 30.0)]),
    ];
    let ticks = found(&batch);
    assert!(!ticks.paired);
    let rounds = rounds(&ticks);
    assert_eq!(rounds.len(), 3, "the fourth is not over for stable: {rounds:?}");
    let close = |found: &[(f64, f64, [f64; 4])], end: f64, stable: f64, canary: f64| {
        let (at, seconds, counts) = found[0];
        assert!((at - end).abs() < 1e-9 && (seconds - 10.0).abs() < 1e-9, "{found:?}");
        assert!((counts[0] - stable).abs() < 1e-6 && (counts[2] - canary).abs() < 1e-6, "{found:?}");
    };
    close(&rounds[0], 20.0, 20.0, 7.0);
    close(&rounds[1], 30.0, 20.0, 10.0);
    close(&rounds[2], 40.0, 20.0, 10.0);
}

#[test]
fn slow_requests_are_those_above_an_edge_that_both_have() {
    let bucket = |cluster: &str, edge: &'static str, counts: [f64; 2]| {
        series(cluster, ("le", edge), "e1", &[(10, counts[0]), (15, counts[1])])
    };
    let batch = [
        series("stable", class("2"), "e1", &[(10, 0.0), (15, 100.0)]),
        series("canary", class("2"), "e1", &[(10, 0.0), (15, 10.0)]),
        bucket("stable", "5", [0.0, 60.0]),
        bucket("stable", "10", [0.0, 90.0]),
        bucket("stable", "+Inf", [0.0, 100.0]),
        bucket("canary", "5.0", [0.0, 2.0]),
        bucket("canary", "25", [0.0, 9.0]),
        bucket("canary", "+Inf", [0.0, 10.0]),
    ];
    let ticks = found(&batch);
    assert_eq!(ticks.edges_ms, [5.0]);
    let slow: Vec<_> = ticks.rounds[0][0].backends.iter().map(|counts| counts.slow.clone()).collect();
    assert_eq!(slow, [vec![40.0], vec![8.0]]);
}

#[test]
fn whoever_counts_anew_is_noticed() {
    let stable = |samples: &[(i64, f64)]| series("stable", class("2"), "e1", samples);
    let steady = stable(&[(10, 0.0), (15, 90.0), (20, 180.0), (25, 270.0), (30, 360.0)]);
    assert_eq!(found(std::slice::from_ref(&steady)).restarted, None);
    assert_eq!(found(&[stable(&[(10, 0.0), (15, 90.0), (20, 7.0), (25, 97.0)])]).restarted, Some(20.0));
    let late = series("stable", class("2"), "e2", &[(28, 5.0), (33, 9.0)]);
    assert_eq!(found(&[steady.clone(), late]).restarted, Some(28.0));
    let born = series("canary", class("2"), "e1", &[(25, 5.0), (30, 9.0)]);
    assert_eq!(found(&[steady, born]).restarted, None, "its target was there");
}

#[test]
fn without_two_samples_there_is_nothing() {
    let one = found(&[series("stable", class("2"), "e1", &[(10, 5.0)])]);
    assert_eq!((one.rounds.len(), one.scrape_seconds, one.newest), (0, None, vec![Some(10.0), None]));
    assert_eq!(found(&[]).newest, [None, None]);
}

proptest! {
    #[test]
    fn nothing_is_lost_or_counted_twice(
        rises in prop::collection::vec((0u32..50, 0u32..5), 2..40), paired in any::<bool>(), phase in 0i64..5,
    ) {
        let counter = |pick: fn(&(u32, u32)) -> u32, phase: i64| {
            let mut sum = 0.0;
            let at = |index: usize| 10 + phase + 5 * i64::try_from(index).unwrap();
            let add = |(index, rise)| { sum += f64::from(pick(rise)); (at(index), sum) };
            rises.iter().enumerate().map(add).collect::<Vec<_>>()
        };
        let other = if paired { "e1" } else { "e2" };
        let (stable, canary) = (counter(|r| r.0, 0), counter(|r| r.1, if paired { 0 } else { phase }));
        let batch = [
            series("stable", class("2"), "e1", &stable),
            series("canary", class("2"), other, &canary),
        ];
        let ticks = found(&batch);
        let all: Vec<&Tick> = ticks.rounds.iter().flatten().collect();
        prop_assert!(all.windows(2).all(|pair| pair[0].end <= pair[1].end));
        for (index, samples) in [stable, canary].iter().enumerate() {
            let counted: f64 = all.iter().map(|tick| tick.backends[index].requests).sum();
            let risen = samples[samples.len() - 1].1 - samples[0].1;
            if paired {
                prop_assert!((counted - risen).abs() < 1e-6);
            } else {
                prop_assert!(counted <= risen + 1e-6);
            }
        }
    }
}
