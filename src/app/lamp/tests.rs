use super::*;
use crate::app::Msg;
use crate::app::fixture::{Bench, backend, checkout, split};
use crate::cluster::{Endpoints, Facts, Trouble, Update, Why};
use crate::route::Route;

/// The list on one split, which has rested for as long as it takes.
fn bench(route: Route) -> Bench {
    let mut bench = Bench::with((120, 40), vec![Ok(route)]);
    bench.facts();
    bench.after(1000);
    bench
}

fn lamp(bench: &Bench) -> Lamp {
    bench.app.rollback_ready(&bench.app.selected().unwrap())
}

fn asked(bench: &Bench) -> Option<(u64, Intent)> {
    bench.effects.iter().find_map(|effect| match effect {
        Effect::Rehearse { ticket, request } => Some((*ticket, request.intent.clone())),
        _ => None,
    })
}

fn answer(bench: &mut Bench, ticket: u64, generation: i64, dry_run: DryRun) {
    let answer = Ok(Rehearsed { uid: "uid-checkout".into(), generation, dry_run });
    bench.msg(Msg::Rehearsed { ticket, answer });
}

/// Asked and answered with this.
fn after(dry_run: DryRun) -> Lamp {
    let mut bench = bench(checkout(1, 90, 10));
    bench.after(1000);
    let ticket = bench.app.lamps.asked.as_ref().unwrap().0;
    answer(&mut bench, ticket, 1, dry_run);
    lamp(&bench)
}

fn endpoints(bench: &mut Bench, name: &str, ready: u32) {
    let generation = bench.app.generation;
    let facts = Facts { endpoints: Ok(Endpoints { ready, total: 3 }), pods: Err("no".into()) };
    bench.msg(Msg::Facts { generation, found: vec![(backend(name), facts)] });
}

#[test]
fn it_is_on_when_all_four_were_looked_at() {
    assert_eq!(after(DryRun::Accepted), Lamp::On);
    assert_eq!(after(DryRun::Refused("no".into())), Lamp::Off("no".into()));
    assert_eq!(after(DryRun::Forbidden("no right".into())), Lamp::Off("no right".into()));
    assert_eq!(after(DryRun::Unknown("late".into())), Lamp::Unknown("late".into()));
    let mut bench = bench(checkout(1, 90, 10));
    assert!(matches!(lamp(&bench), Lamp::Unknown(_)), "nobody has answered");
    endpoints(&mut bench, "checkout-stable", 0);
    assert_eq!(lamp(&bench), Lamp::Off("checkout-stable has no ready endpoint".into()));
}

#[test]
fn a_small_destination_puts_it_out() {
    let mut bench = bench(checkout(1, 0, 100));
    endpoints(&mut bench, "checkout-stable", 1);
    let Lamp::Off(why) = lamp(&bench) else { panic!("{:?}", lamp(&bench)) };
    assert!(why.starts_with("checkout-stable has 1 ready endpoint, which would carry 3.0 times"), "{why}");
}

#[test]
fn who_takes_over_in_another_rule_counts_as_well() {
    let rules: [(&str, &[(&str, u32)]); 2] = [
        ("/", &[("checkout-stable", 90), ("checkout-canary", 10)]),
        ("/old", &[("checkout-old", 90), ("checkout-canary", 10)]),
    ];
    let mut bench = bench(crate::app::fixture::route("checkout", 1, &rules));
    let wanted = bench.app.facts.known.len();
    assert_eq!(wanted, 2, "the bench knows two of the three");
    assert_eq!(lamp(&bench), Lamp::Unknown("endpoints of checkout-old in rule /old: not read yet".into()));
    endpoints(&mut bench, "checkout-old", 0);
    assert_eq!(lamp(&bench), Lamp::Off("checkout-old has no ready endpoint in rule /old".into()));
    endpoints(&mut bench, "checkout-old", 3);
    assert_eq!(lamp(&bench), Lamp::Unknown("the server was not asked yet".into()));
    endpoints(&mut bench, "checkout-stable", 0);
    assert_eq!(lamp(&bench), Lamp::Off("checkout-stable has no ready endpoint".into()));
}

#[test]
fn all_who_would_take_over_are_looked_at() {
    let rules: [(&str, &[(&str, u32)]); 2] = [
        ("/", &[("checkout-stable", 90), ("checkout-canary", 10)]),
        ("/old", &[("checkout-old", 90), ("checkout-canary", 10)]),
    ];
    let route = crate::app::fixture::route("checkout", 1, &rules);
    let bench = Bench::with((120, 40), vec![Ok(route)]);
    let looked = |effect: &Effect| matches!(effect, Effect::Facts { backends, .. } if backends.contains(&backend("checkout-old")));
    assert!(bench.effects.iter().any(looked), "{:?}", bench.effects);
}

#[test]
fn what_was_looked_at_long_ago_tells_nothing() {
    let mut bench = bench(checkout(1, 90, 10));
    bench.after(1000);
    let ticket = bench.app.lamps.asked.as_ref().unwrap().0;
    answer(&mut bench, ticket, 1, DryRun::Accepted);
    bench.facts().after(90_000);
    assert_eq!(lamp(&bench), Lamp::On);
    bench.after(1000);
    assert_eq!(lamp(&bench), Lamp::Unknown("endpoints of checkout-stable: read 2 min ago".into()));
    bench.facts();
    assert_eq!(lamp(&bench), Lamp::On);
}

#[test]
fn what_speaks_against_it_is_named_without_asking_the_server() {
    let bare = |route: Route| lamp(&bench(route));
    assert_eq!(bare(checkout(1, 100, 0)), Lamp::Nothing("checkout-canary has no traffic here".into()));
    assert!(matches!(bare(checkout(1, 0, 0)), Lamp::Off(why) if why.contains("every request gets 500")));
    assert!(
        matches!(bare(split("checkout", 1, &[("one", 9), ("two", 1)])), Lamp::Unknown(why) if why.contains("a rollback asks"))
    );
    let owned = |owner: Owner| {
        let mut route = checkout(1, 90, 10);
        route.owners = [owner].into();
        let bench = bench(route);
        (lamp(&bench), asked(&bench).is_some() || bench.app.lamps.asked.is_some())
    };
    assert!(matches!(owned(Owner::ArgoRollouts), (Lamp::Off(_), false)));
    let flux = |reconcile_disabled| Owner::Flux { name: "apps".into(), reconcile_disabled };
    assert!(matches!(owned(flux(false)), (Lamp::Off(_), false)));
    assert!(matches!(owned(flux(true)), (Lamp::Unknown(_), true)), "it is not taken back");
    assert!(matches!(owned(Owner::ArgoCd), (Lamp::Unknown(why), false) if why.contains("self-heal")));
    assert!(matches!(owned(Owner::Helm { release: "shop".into() }), (_, true)));

    let mut denied = bench(checkout(1, 90, 10));
    let right = Access::Denied("patch httproutes".into());
    denied.msg(Msg::Access { namespace: "shop".into(), answer: Ok(right) });
    assert_eq!(lamp(&denied), Lamp::Off("you lack the right to patch httproutes".into()));
    let mut lost = bench(checkout(1, 90, 10));
    let trouble = Trouble { what: "watch".into(), why: Why::Broken("gone".into()), advice: None };
    lost.watch(Update::Lost(trouble));
    assert_eq!(lamp(&lost), Lamp::Unknown("there is no connection".into()));
}

#[test]
fn the_server_is_asked_once_the_selection_rests_and_not_again_before_something_changes() {
    let mut bench = Bench::with((120, 40), vec![Ok(checkout(1, 90, 10))]);
    let (ticket, intent) = asked(&bench).unwrap();
    bench.facts();
    let Intent::Drain { from, into, other_paths: false } = intent else { panic!() };
    assert_eq!((&*from.name, &*into.name), ("checkout-canary", "checkout-stable"));
    answer(&mut bench, ticket, 1, DryRun::Accepted);
    assert_eq!(lamp(&bench), Lamp::On);
    for _ in 0..29 {
        bench.after(10_000);
        assert!(asked(&bench).is_none(), "an answer lasts");
    }
    bench.watch(Update::Applied(Ok(checkout(2, 80, 20))));
    assert!(asked(&bench).is_none(), "it must rest first");
    assert!(matches!(lamp(&bench), Lamp::Unknown(_)), "that answer was for another generation");
    let (ticket, _) = asked(bench.after(1000)).unwrap();
    answer(&mut bench, ticket, 2, DryRun::Accepted);
    bench.facts();
    assert_eq!(lamp(&bench), Lamp::On);
    assert!(asked(bench.after(300_000)).is_some(), "an old answer is asked for again");
}

#[test]
fn nobody_asks_while_rows_fly_by_or_a_dialog_is_open() {
    let listed = ["a", "b", "c"].map(|name| Ok(split(name, 1, &[("x-stable", 90), ("x-canary", 10)])));
    let mut bench = Bench::with((120, 40), listed.into());
    bench.after(2000);
    for key in ["j", "j", "k"] {
        bench.keys(key);
        assert!(asked(bench.after(500)).is_none());
    }
    bench.keys("s");
    assert!(asked(bench.after(5000)).is_none(), "its preparation asks the server anyway");
}
