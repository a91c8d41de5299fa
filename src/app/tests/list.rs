//! The list: selection, filter, order, freezing, scope.

use super::*;

#[test]
fn answers_for_another_scope_are_dropped() {
    let mut bench = bench();
    let old = bench.app.generation;
    bench.keys("a");
    assert_eq!(bench.app.scope, Scope::All);
    assert!(bench.effects.iter().any(|e| matches!(e, Effect::Watch { scope: Scope::All, .. })));
    bench.msg(Msg::Watch { generation: old, update: Update::Reset(Vec::new()) });
    bench.msg(Msg::Watch { generation: old, update: Update::Deleted(RouteId::new("shop", "checkout")) });
    assert_eq!(bench.app.routes.len(), 1);
    assert_eq!(bench.app.link, Link::Connecting);
    bench.keys("a");
    assert_eq!(bench.app.scope, Scope::Namespace("shop".into()));
}

#[test]
fn the_selection_follows_the_object() {
    let names = ["a", "b", "c", "d"];
    let all = |names: &[&str]| names.iter().map(|n| Ok(split(n, 1, &[("x", 1), ("y", 1)]))).collect();
    let mut bench = Bench::with((80, 24), all(&names));
    let selected = |bench: &Bench| bench.app.selected().unwrap().route.id.name.to_string();
    bench.keys("jj");
    assert_eq!(selected(&bench), "c");
    bench.watch(Update::Reset(all(&["0", "1", "a", "b", "c", "d"])));
    assert_eq!((selected(&bench).as_str(), bench.app.list.cursor()), ("c", 4));
    bench.watch(Update::Deleted(RouteId::new("shop", "a")));
    assert_eq!(selected(&bench), "c");
    bench.watch(Update::Deleted(RouteId::new("shop", "c")));
    assert_eq!(selected(&bench), "d", "the row below comes up");
}

#[test]
fn a_bad_object_is_one_row() {
    let bad = BadRoute { id: RouteId::new("shop", "bad"), why: "invalid type".into() };
    let mut bench = Bench::with((80, 24), vec![Ok(checkout(1, 95, 5)), Err(bad)]);
    assert_eq!(bench.app.routes.len(), 2);
    bench.keys("g").keys("s");
    assert!(bench.said().contains("no split"), "{}", bench.said());
}

fn names(bench: &Bench) -> Vec<String> {
    let routes = &bench.app.routes;
    let name = |row| match routes.shown(row) {
        Some(Shown::Split { route, .. } | Shown::Whole(route)) => route.id.name.to_string(),
        _ => "?".to_owned(),
    };
    (0..routes.len()).map(name).collect()
}

#[test]
fn a_filter_narrows_with_each_letter_and_the_selection_survives_it() {
    let mut bench = shop();
    bench.keys("jj");
    assert_eq!(selected(&bench), "checkout");
    bench.keys("/ca");
    assert_eq!(names(&bench), ["api", "cart", "checkout", "search"], "backends count: canary");
    bench.keys("rt");
    assert_eq!(names(&bench), ["cart"]);
    assert_eq!(selected(&bench), "cart");
    bench.key(Key::Esc);
    assert_eq!((names(&bench).len(), selected(&bench).as_str()), (5, "checkout"), "where one was");
    bench.keys("/SHOP/s accepted").key(Key::Enter);
    assert_eq!(names(&bench), ["search", "static"]);
    bench.keys("j");
    assert_eq!(selected(&bench), "static", "keys move again");
    bench.key(Key::Esc);
    assert_eq!((names(&bench).len(), selected(&bench).as_str()), (5, "static"));
    bench.keys("/zzz").watch(Update::Applied(Ok(split("zzz", 1, &[("a", 1), ("b", 1)]))));
    assert_eq!(names(&bench), ["zzz"], "what comes later is filtered too");
}

#[test]
fn rows_are_sorted_and_the_selection_follows() {
    let mut bench = shop();
    let mut refused = split("search", 2, &[("search-stable", 50), ("search-canary", 50)]);
    refused.status[0].conditions[0].status = crate::route::Truth::False;
    bench.watch(Update::Applied(Ok(refused))).keys("j");
    assert_eq!(selected(&bench), "cart");
    bench.keys("o");
    assert_eq!((names(&bench)[0].as_str(), selected(&bench).as_str()), ("search", "cart"));
    bench.watch(Update::Deleted(RouteId::new("shop", "api")));
    assert_eq!(names(&bench), ["search", "cart", "checkout", "static"], "sorted again");
    assert_eq!(selected(&bench), "cart");
    bench.keys("o");
    assert_eq!(names(&bench)[0], "search", "the largest share");
    bench.watch(Update::Reset(vec![Ok(checkout(2, 10, 90)), Ok(split("cart", 1, &[("a", 1), ("b", 1)]))]));
    assert_eq!((names(&bench)[0].as_str(), selected(&bench).as_str()), ("checkout", "cart"));
    bench.keys("oo");
    assert_eq!(names(&bench), ["cart", "checkout"]);
}

#[test]
fn routes_without_a_split_can_be_hidden() {
    let mut bench = shop();
    bench.keys("G");
    assert_eq!(selected(&bench), "static");
    bench.keys(".");
    assert!(!names(&bench).contains(&"static".to_owned()));
    bench.keys(".");
    assert_eq!(selected(&bench), "static");
}

#[test]
fn a_frozen_screen_holds_data_back_and_a_dialog_thaws_it() {
    let mut bench = bench();
    bench.keys(" ").watch(Update::Applied(Ok(checkout(8, 50, 50)))).numbers();
    assert_eq!(bench.app.selected().unwrap().route.generation, 7);
    assert!(bench.app.numbers.at(&places()[1]).is_none());
    let asked = bench.effects.iter().any(|effect| matches!(effect, Effect::Numbers { .. }));
    assert!(asked, "the data goes on meanwhile");
    bench.keys("s");
    assert!(bench.app.frozen.is_none());
    assert_eq!(bench.app.selected().unwrap().route.generation, 8);
    assert!(bench.app.numbers.at(&places()[1]).is_some());
    bench.prepared(Verdict::Pass, Demand::Yes);
    bench.keys("n").keys(" ").watch(Update::Deleted(RouteId::new("shop", "checkout")));
    assert_eq!(bench.app.routes.len(), 1);
    bench.keys(" ");
    assert!(bench.app.routes.is_empty());
}

#[test]
fn another_scope_thaws_the_screen_first() {
    let mut bench = bench();
    bench.keys(" ").watch(Update::Applied(Ok(split("other", 1, &[("a", 1), ("b", 1)])))).keys("a");
    assert!(bench.app.frozen.is_none());
    assert_eq!(bench.app.routes.len(), 2, "what was held back was of the scope before");
}

#[test]
fn an_empty_namespace_asks_once_where_the_splits_are() {
    let mut bench = Bench::with((80, 24), Vec::new());
    assert!(bench.app.survey.is_some() && bench.app.has_no_split());
    let generation = bench.app.generation;
    bench.msg(Msg::Survey {
        generation,
        namespaces: Some(vec![("a".into(), 3), ("b".into(), 0), ("c".into(), 9)]),
    });
    assert_eq!(bench.app.splits_elsewhere(), Some((12, 2)));
    bench.after(60_000);
    assert!(!bench.effects.iter().any(|effect| matches!(effect, Effect::Survey { .. })));
}
