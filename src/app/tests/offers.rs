//! What a dialog offers fits what it is about.

use super::*;

#[test]
fn other_paths_are_taken_only_where_there_are_some() {
    let mut bench = bench();
    bench.keys("r").prepared(Verdict::NotApplicable, Demand::Yes).keys("a");
    assert!(bench.effects.is_empty() && !bench.dialog().takes_other_paths(), "{:?}", bench.effects);
    assert!(bench.dialog().told.is_some_and(|told| told.contains("no other path")));
    let mut taken = super::bench();
    taken.keys("r").prepared_beside(1).keys("a").prepared_beside(0).keys("a");
    assert!(!taken.dialog().takes_other_paths(), "back to what was planned first");
}

#[test]
fn the_first_reason_answers_what_the_gate_holds_against_it() {
    let offered_with = |check: &'static str, words: &str, canary: u32| {
        let mut bench = Bench::with((80, 24), vec![Ok(checkout(7, 100 - canary, canary))]);
        bench.keys("s").prepared(Verdict::Hold, Demand::Reason);
        let Some(Layer::Change(dialog)) = bench.app.layers.top_mut() else { panic!("no dialog") };
        let crate::app::Step::Ready(ready) = &mut dialog.step else { panic!("not ready") };
        ready.prepared.gate.checks[2].name = check;
        ready.prepared.gate.checks[2].words = words.to_owned();
        bench.after(400).keys("1");
        bench.dialog().ready().and_then(|ready| ready.reason.clone()).unwrap()
    };
    let offered = |check, canary| offered_with(check, "", canary);
    assert_eq!(offered("accepted", 5), "state is known");
    assert_eq!(offered("endpoints", 5), "pods are ready");
    assert_eq!(offered("freshness", 5), "no metrics", "how much traffic there is, nobody counted");
    assert_eq!(offered("errors", 5), "low traffic");
    assert_eq!(offered("errors", 0), "mended since", "nothing is counted of what has no traffic");
    let blind = "errors cannot be judged: no Prometheus is configured";
    assert_eq!(offered_with("errors", blind, 0), "no metrics", "what never ran needed no mending");
}
