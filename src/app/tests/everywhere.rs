//! When nobody can send requests to a backend unseen: only then may a proof say so.

use super::*;

/// What the effects claim to know of all namespaces.
fn claims(bench: &Bench) -> Vec<bool> {
    let claim = |effect: &Effect| match effect {
        Effect::Prepare { request, .. } | Effect::Rehearse { request, .. } => Some(request.everywhere),
        Effect::Verify { ask, .. } => Some(ask.everywhere),
        _ => None,
    };
    bench.effects.iter().filter_map(claim).collect()
}

/// A rollback and a verification, one after the other.
fn asks(bench: &mut Bench) -> Vec<bool> {
    let mut all = claims(bench.keys("r"));
    bench.keys("n");
    all.extend(claims(bench.keys("v")));
    all
}

#[test]
fn all_namespaces_are_known_once_they_were_listed_and_as_long_as_they_are_watched() {
    let mut bench = bench();
    assert_eq!(asks(&mut bench), [false, false], "one namespace");
    let mut bench = super::bench();
    assert_eq!(asks(bench.keys("a")), [false, false], "nothing has come yet");
    bench.watch(lost());
    assert_eq!(claims(bench.keys("r")), [false], "and nothing ever will");
    bench.keys("n").watch(Update::Started);
    assert_eq!(claims(bench.keys("r")), [false], "what is known is still of one namespace");
    bench.keys("n").watch(Update::Reset(vec![Ok(checkout(7, 95, 5))]));
    assert_eq!(claims(bench.keys("r")), [true]);
    bench.keys("n").watch(lost());
    assert_eq!(claims(bench.keys("r")), [false], "they may be others by now");
    bench.keys("n").watch(Update::Started);
    assert_eq!(claims(bench.keys("r")), [true], "the watch went on from where it was");
}

#[test]
fn a_scope_that_was_left_and_entered_again_is_listed_again() {
    let mut bench = bench();
    bench.keys("a").watch(Update::Reset(vec![Ok(checkout(7, 95, 5))]));
    bench.keys("aa").watch(Update::Started);
    assert_eq!(bench.app.scope, Scope::All);
    assert_eq!(claims(bench.keys("r")), [false]);
}
