use super::*;
use crate::app::fixture::{Bench, checkout, split};
use crate::app::{LogsRead, Msg};
use crate::cluster::Access;
use crate::keys::Key::Char;
use crate::pilot::{Ending, Progress};
use crate::rollout::{Demand, Verdict};
use crate::route::Route;

fn bench(route: Route) -> Bench {
    Bench::with((120, 40), vec![Ok(route)])
}

fn pair(blue: u32, green: u32) -> Route {
    split("web", 1, &[("web-blue", blue), ("web-green", green)])
}

/// A route with the note of a step from 95/5 to 90/10.
fn stepped(canary: u32) -> Route {
    let mut route = checkout(2, 100 - canary, canary);
    let note = serde_json::json!({
        "id": "a", "namespace": "shop", "route": "checkout", "uid": "uid-checkout", "actor": "ada",
        "at": "2026-03-01T11:00:00Z", "action": "step", "verdict": "pass",
        "before": {"0": {"checkout-stable": 95, "checkout-canary": 5}},
        "after": {"0": {"checkout-stable": 90, "checkout-canary": 10}},
    });
    route.last_change = Some(note.to_string().into());
    route
}

fn intent(bench: &Bench) -> Option<Intent> {
    bench.effects.iter().find_map(|effect| match effect {
        Effect::Prepare { request, .. } => Some(request.intent.clone()),
        _ => None,
    })
}

#[test]
fn each_key_asks_for_its_change() {
    assert_eq!(intent(bench(pair(100, 0)).keys("f")), Some(Intent::Flip { rule: 0 }));
    assert_eq!(intent(bench(stepped(10)).keys("u")), Some(Intent::Undo { change: "a".into() }));
    let mut bench = bench(checkout(1, 90, 10));
    bench.effects = begin(&mut bench.app, Action::Promote, Char('x'));
    let all = Intent::Stage { rule: 0, stage: rollout::Stage::ALL, canary: None };
    assert_eq!(intent(&bench), Some(all));
    assert!(matches!(begin(&mut bench.app, Action::Help, Char('?')).as_slice(), []));
}

#[test]
fn a_promotion_of_a_guessed_canary_asks_which_one_and_promotes_that() {
    let mut bench = bench(split("web", 1, &[("web-one", 75), ("web-two", 25)]));
    begin(&mut bench.app, Action::Promote, Char('x'));
    bench.keys("2");
    let all = |canary: &str| {
        Some(Intent::Stage { rule: 0, stage: rollout::Stage::ALL, canary: Some(canary.into()) })
    };
    assert_eq!(intent(&bench), all("web-two"));
}

#[test]
fn what_cannot_be_done_says_why_and_opens_nothing() {
    let refused = |route: Route, keys: &str| {
        let mut bench = bench(route);
        bench.keys(keys);
        assert!(bench.app.layers.is_empty(), "{keys}: {:?}", bench.app.layers);
        bench.said().to_owned()
    };
    insta::assert_snapshot!([
        refused(pair(90, 10), "f"),
        refused(checkout(1, 100, 0), "f"),
        refused(pair(100, 0), "s"),
        refused(checkout(1, 90, 10), "u"),
        refused(stepped(20), "u"),
        refused(checkout(1, 0, 0), "v"),
        refused(checkout(1, 90, 10), "c"),
    ].join("\n"), @r"
    a flip swaps 100/0 and 0/100, and web-blue has 90 and web-green has 10: set weights first
    checkout-canary is a canary: it is stepped or promoted, not flipped
    f flips it: a blue-green pair is not stepped
    there is no change to undo: this route carries no note of one made with tidegate
    not undone: rule / has checkout-stable 80, checkout-canary 20 now, and the change left checkout-stable 90, checkout-canary 10; the change was step by ada at 2026-03-01T11:00:00Z
    all weights are 0: there are no shares to look for
    there is no change on the screen: open one, and c sends the kubectl command that makes it
    ");
}

#[test]
fn whoever_may_not_write_may_still_verify() {
    let mut bench = bench(pair(100, 0));
    bench
        .msg(Msg::Access { namespace: "shop".into(), answer: Ok(Access::Denied("patch httproutes".into())) });
    for (action, may) in [
        (Action::Flip, false),
        (Action::Undo, false),
        (Action::StepNext, false),
        (Action::Promote, false),
        (Action::SetWeights, false),
        (Action::RollBack, true),
        (Action::Verify, true),
    ] {
        assert_eq!(bench.app.cannot(action).is_none(), may, "{action:?}: {:?}", bench.app.cannot(action));
    }
}

#[test]
fn verify_counts_without_a_question_and_ends_like_a_proof() {
    let mut bench = bench(checkout(1, 95, 5));
    bench.keys("v");
    let change = match bench.effects.as_slice() {
        [Effect::Verify { change, ask }] if ask.rule == 0 && &*ask.route.name == "checkout" => *change,
        other => panic!("{other:?}"),
    };
    let words = "37 of 135 requests".to_owned();
    let route = bench.app.selected().unwrap().route.id.clone();
    let progress = Progress { route: route.clone(), stage: Stage::Counting, words, fresh: None };
    bench.msg(Msg::Progress { change, progress });
    assert_eq!(bench.app.changes.of(&route).unwrap().words, "37 of 135 requests");
    bench.keys("v");
    assert!(bench.effects.is_empty());
    assert_eq!(bench.said(), "requests are counted already: verify 95/5 37 of 135 requests");
    bench.msg(Msg::Ended { change, ending: Ending::Proven("5 % observed".into()) });
    assert_eq!(bench.said(), "proven: shop/checkout verify 95/5");
    assert!(bench.app.changes.running().next().is_none());
}

#[test]
fn logs_are_read_when_somebody_asks_and_said_with_their_verdict() {
    let mut bench = bench(checkout(1, 95, 5));
    let effects = begin(&mut bench.app, Action::LogErrors, Char('x'));
    assert!(matches!(effects.as_slice(), [Effect::Logs { rule: 0, .. }]), "{effects:?}");
    let (generation, route) = (bench.app.generation, bench.app.selected().unwrap().route.clone());
    let lines = vec!["checkout-canary 12 of 400 lines in 3 pods".to_owned()];
    let read = LogsRead { lines, is_worse: true, ..LogsRead::of(&route, 0) };
    bench.msg(Msg::Logs { generation, read: read.clone() });
    assert_eq!(bench.said(), "shop/checkout log errors: checkout-canary 12 of 400 lines in 3 pods");
    bench.after(600_000).key(Key::Enter);
    let kept = bench.app.selected().and_then(|split| bench.app.logs_of(&split).cloned());
    assert_eq!(kept.map(|(_, read)| read), Some(read), "it stays until somebody asks again");
    let elsewhere = LogsRead { uid: "another".into(), ..LogsRead::of(&route, 0) };
    bench.msg(Msg::Logs { generation, read: elsewhere });
    assert!(bench.app.selected().is_some_and(|split| bench.app.logs_of(&split).is_none()));
}

#[test]
fn c_sends_the_command_of_what_is_shown_and_is_a_letter_where_a_name_is_typed() {
    let mut bench = bench(checkout(1, 90, 10));
    bench.keys("sc");
    assert!(bench.effects.is_empty(), "nothing to copy yet");
    bench.keys("n").keys("s").prepared(Verdict::Pass, Demand::Yes).keys("c");
    let [Effect::Copy(command)] = bench.effects.as_slice() else { panic!("{:?}", bench.effects) };
    assert!(
        command.starts_with("kubectl --context prod-eu -n shop patch httproute checkout --type=json -p '[")
    );
    assert!(!command.contains('\n'));
    assert_eq!(bench.dialog().told, Some("the kubectl command was sent to your terminal"));

    let mut typing = self::bench(pair(100, 0));
    typing.keys("f").prepared_of("web", Verdict::Pass, Demand::Name("cc".into())).after(1000).keys("cc");
    assert!(typing.effects.is_empty());
    assert_eq!(typing.dialog().ready().unwrap().text.value(), "cc");
}

#[test]
fn a_flip_is_confirmed_by_the_receivers_name_and_y() {
    let mut bench = bench(pair(100, 0));
    bench.keys("f").prepared_of("web", Verdict::Pass, Demand::Name("web-green".into())).after(1000);
    bench.keys("y").keys("web-green");
    assert!(!bench.carries(), "y was a letter: {:?}", bench.dialog().ready().unwrap().text);
    bench.key(Key::Ctrl('u')).keys("web-green").key(Key::Enter);
    assert!(!bench.carries(), "Enter confirms nothing");
    assert!(bench.keys("y").carries());
}

#[test]
fn a_letter_that_opened_the_dialog_can_be_typed_twice() {
    let mut bench = bench(checkout(1, 50, 50));
    bench.keys("s").prepared(Verdict::Pass, Demand::Name("ssass".into()));
    for _ in 0..3 {
        bench.after(500).keys("s");
    }
    assert_eq!(bench.dialog().ready().unwrap().text.value(), "", "a held key types nothing");
    bench.after(700).keys("ss").keys("ass");
    assert_eq!(bench.dialog().ready().unwrap().text.value(), "ssass");
}

#[test]
fn a_y_that_was_meant_for_another_object_confirms_nothing() {
    let mut bench = bench(checkout(1, 90, 10));
    bench.keys("r");
    let ticket = bench.ticket();
    bench.keys("y");
    let mut again = checkout(1, 90, 10);
    again.uid = "uid-other".into();
    let intent = Intent::Drain {
        from: crate::app::fixture::backend("checkout-canary"),
        into: crate::app::fixture::backend("checkout-stable"),
        other_paths: false,
    };
    let other = crate::app::fixture::prepared(&again, &intent, Verdict::NotApplicable, Demand::Yes);
    bench.msg(Msg::Prepared { ticket, answer: Ok(Box::new(other)) });
    assert!(!bench.carries());
    assert!(bench.dialog().note.as_ref().is_some_and(|note| note.contains("made again")));
}
