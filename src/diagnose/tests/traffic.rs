//! The live split and errors by version.

use serde_json::json;

use super::*;
use crate::rollout::Verdict as GateVerdict;

#[test]
fn shares_that_are_not_the_declared_ones() {
    let seen = |requests: &[f64]| {
        let (place, seen) = checkout(90, 10).counted(requests).broken();
        assert_eq!(place, Place::Split, "{seen}");
        seen
    };
    assert!(seen(&[5000.0, 5000.0]).contains("spread evenly, as by a gateway that ignores weights"));
    assert!(
        seen(&[10_000.0, 0.0]).contains("checkout-canary gets nothing: its share goes to checkout-stable")
    );
    assert!(seen(&[8000.0, 2000.0]).contains("possible causes: sticky sessions by cookie"));
    let by_endpoints = checkout(50, 50).behind("checkout-canary", standing(1, 1)).counted(&[7500.0, 2500.0]);
    assert!(by_endpoints.broken().1.contains("by the number of endpoints (75 %, 25 %)"));
    let gone = checkout(90, 10).behind("checkout-canary", standing(0, 0)).counted(&[10_000.0, 0.0]);
    let said = gone.said(Place::Split);
    assert!(
        said[0].1.contains("checkout-canary gets nothing: its share goes to checkout-stable"),
        "{said:?}"
    );
    let leak = checkout(100, 0).counted(&[10_000.0, 4.0]);
    assert!(leak.broken().1.contains("4 of 10004 requests reached a backend of weight 0"));
    // no series where the others have some is 0
    let mut never = checkout(90, 10);
    never.counted = Ok(vec![Some((10_000.0, 0.0)), None]);
    assert_eq!(never.broken().0, Place::Split);
}

#[test]
fn what_counts_cannot_tell_is_not_known() {
    let unknown = |world: &World| {
        let said = world.said(Place::Split);
        assert_eq!((world.walk().first_broken(), said[0].0), (None, Verdict::Unknown), "{said:?}");
        said[0].1.clone()
    };
    assert!(unknown(&checkout(90, 10).counted(&[20.0, 2.0])).contains("22 of about"));
    assert!(unknown(&checkout(90, 10).counted(&[0.0, 0.0])).contains("no request in 300 s"));
    let mut world = checkout(90, 10);
    world.counted = Err("connection refused".to_owned());
    assert_eq!(unknown(&world), "no data: connection refused");
    assert_eq!(world.of(Place::Errors), Verdict::Unknown);
    let mut old = checkout(90, 10);
    old.age = 60;
    assert_eq!(unknown(&old), "the newest sample is 60 s old, scrapes are 2 s apart");
    let mut by_rule = checkout(90, 10);
    by_rule.granularity = Granularity::Rule;
    assert!(unknown(&by_rule).contains("count per rule"));
    let mut shared = checkout(90, 10);
    let rules = json!([{ "matches": [{ "path": { "type": "PathPrefix", "value": "/x" } }], "backendRefs": [backend("checkout-stable", 1)] }]);
    shared.others = vec![read(&object("x", NOW, &rules))];
    assert!(unknown(&shared).contains("another path leads to the same Services"));
    shared.granularity = Granularity::Split;
    assert_eq!(shared.of(Place::Split), Verdict::Ok);
    assert!(checkout(99, 1).counted(&[9.0, 0.0]).warns_of("rare-path"));
    assert!(!checkout(90, 10).counted(&[900.0, 100.0]).warns_of("rare-path"));
}

#[test]
fn a_version_that_fails_is_named() {
    let mut world = checkout(90, 10);
    world.counted = Ok(vec![Some((9000.0, 9.0)), Some((1000.0, 120.0))]);
    let (place, seen) = world.broken();
    assert_eq!(place, Place::Errors);
    assert!(seen.starts_with("checkout-canary: 120 of 1000 requests failed in 300 s, 12 %"), "{seen}");
    assert!(world.walk().what_to_do().ends_with("roll it back: tidegate rollback shop/checkout"));
    world.counted = Ok(vec![Some((9000.0, 1000.0)), Some((1000.0, 120.0))]);
    assert!(world.walk().what_to_do().contains("2 versions fail: the cause is not one of them"));
    world.counted = Ok(vec![Some((9000.0, 9.0)), Some((1000.0, 8.0))]);
    assert_eq!(world.of(Place::Errors), Verdict::Unknown, "too few to tell is not fine");
}

fn says(name: &'static str, verdict: GateVerdict, words: &str) -> Check {
    Check { name, verdict, words: words.to_owned() }
}

#[test]
fn the_walk_never_contradicts_the_gate() {
    let mut world = checkout(90, 10);
    // Half a percent is below the limit, and worse than stable.
    world.counted = Ok(vec![Some((45_000.0, 0.0)), Some((5000.0, 25.0))]);
    assert_eq!(world.broken().0, Place::Errors, "by counts alone");
    world.gate =
        Some(says("errors", GateVerdict::Fail, "worse than stable: 0.50 % of 5000 failed, stable 0 %"));
    let (place, seen) = world.broken();
    assert_eq!(place, Place::Errors);
    assert_eq!(seen, "checkout-canary: errors: worse than stable: 0.50 % of 5000 failed, stable 0 %");
    assert!(world.walk().what_to_do().ends_with("roll it back: tidegate rollback shop/checkout"));
    let of_canary = world.said(Place::Errors).into_iter().filter(|(_, seen)| seen.contains("canary"));
    assert_eq!(of_canary.count(), 1, "it is said once");
    world.gate = Some(says("errors", GateVerdict::Hold, "suspicious (1 in 40)"));
    let (verdict, seen) = world.said(Place::Errors).swap_remove(0);
    assert_eq!(verdict, Verdict::Unknown, "{seen}");
    assert!(seen.ends_with("; the gate does not pass: suspicious (1 in 40)"), "{seen}");
    world.gate = Some(says("errors", GateVerdict::Pass, "less than 1 point worse"));
    assert_eq!(world.of(Place::Errors), Verdict::Ok);
    world.gate = Some(says("latency", GateVerdict::Fail, "slower than stable: p99 > 1 s"));
    assert!(world.broken().1.starts_with("checkout-canary: latency: slower"));
    world.counted = Err("connection refused".to_owned());
    assert_eq!(world.broken().0, Place::Errors, "it was shown before");
}

#[test]
fn warnings_are_counted_in_what_to_do() {
    let mut world = checkout(90, 10);
    world.object["spec"]["rules"][0]["retry"] = json!({ "attempts": 2 });
    world.retried = Ok(Some(vec![0.0, 0.0]));
    assert_eq!(world.walk().what_to_do(), "nothing is broken; 1 warning: retries and time-outs");
}

#[test]
fn requests_of_before_a_change_of_a_moment_ago_break_nothing() {
    let mut world = checkout(100, 0).counted(&[10_000.0, 4.0]);
    assert_eq!(world.broken().0, Place::Split);
    // Counted over the last five minutes, of which the controller may have needed one.
    world.object["metadata"]["creationTimestamp"] = "2026-03-14T08:54:40Z".into();
    let (verdict, seen) = world.said(Place::Split).swap_remove(0);
    assert_eq!(verdict, Verdict::Unknown);
    assert!(seen.ends_with("written 320 s ago, and requests of before may be among these"), "{seen}");
    let since = |seconds: i64| {
        let written = now().saturating_sub(SignedDuration::from_secs(seconds)).unwrap();
        world.object["metadata"]["creationTimestamp"] = written.to_string().into();
        let (settle, patience) = (Duration::from_secs(15), Duration::from_mins(1));
        let since = counted_since(&read(&world.object), settle, patience, now());
        since.duration_since(written).as_secs()
    };
    assert_eq!([50, 100, 106, 200].map(since), [15, 15, 75, 75]);
}
