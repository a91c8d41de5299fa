//! What the open split follows, and where its keys lead.

use super::super::fixture::{Bench, checkout, route, split};
use super::super::{Effect, Layer};
use super::*;
use crate::cluster::Update;
use crate::pilot::Request;
use crate::rollout::{Demand, Verdict};

const STABLE_AND_CANARY: &[(&str, u32)] = &[("cart-stable", 90), ("cart-canary", 10)];
const TWO: &[(&str, u32)] = &[("cart-v1", 1), ("cart-v2", 1)];
const ONE: &[(&str, u32)] = &[("cart-stable", 1)];

/// `cart` is open, between `api` and `checkout`.
fn opened(rules: &[(&str, &[(&str, u32)])]) -> Bench {
    let api = split("api", 1, &[("api-stable", 1), ("api-canary", 1)]);
    let mut bench =
        Bench::with((120, 40), vec![Ok(api), Ok(route("cart", 1, rules)), Ok(checkout(7, 95, 5))]);
    bench.keys("j").key(Key::Enter);
    assert_eq!(shown(&bench), Some(("cart".to_owned(), 0)));
    bench
}

fn shown(bench: &Bench) -> Option<(String, usize)> {
    assert!(bench.app.open_split().is_some());
    bench.app.selected().map(|split| (split.route.id.name.to_string(), split.index))
}

fn gone(bench: &Bench) -> String {
    bench.app.gone(bench.app.open_split().unwrap()).unwrap_or_default()
}

fn request(bench: &Bench) -> Option<&Request> {
    bench.effects.iter().find_map(|effect| match effect {
        Effect::Prepare { request, .. } => Some(request),
        _ => None,
    })
}

#[test]
fn esc_returns_to_the_row_it_came_from() {
    let mut bench = opened(&[("/", STABLE_AND_CANARY)]);
    bench.watch(Update::Applied(Ok(split("aaa", 1, &[("a-stable", 1), ("a-canary", 1)]))));
    bench.key(Key::Esc);
    assert!(bench.app.open_split().is_none());
    assert_eq!(&*bench.app.selected().unwrap().route.id.name, "cart");
}

#[test]
fn it_follows_its_object_through_lists_and_edits() {
    let mut bench = opened(&[("/", STABLE_AND_CANARY)]);
    let heavier: &[(&str, u32)] = &[("cart-stable", 80), ("cart-canary", 20)];
    let listed = vec![Ok(split("aaa", 1, &[("a", 1), ("b", 1)])), Ok(route("cart", 2, &[("/", heavier)]))];
    bench.watch(Update::Reset(listed));
    assert_eq!(shown(&bench), Some(("cart".to_owned(), 0)));
    assert_eq!(bench.app.selected().unwrap().rule.backends[1].weight, 20);
}

#[test]
fn it_follows_its_rule_and_never_shows_another_one_in_its_place() {
    let mut bench = opened(&[("/", STABLE_AND_CANARY)]);
    bench.watch(Update::Applied(Ok(route("cart", 2, &[("/new", TWO), ("/", STABLE_AND_CANARY)]))));
    assert_eq!(shown(&bench), Some(("cart".to_owned(), 1)), "a rule was put before it");
    bench.watch(Update::Applied(Ok(route("cart", 3, &[("/new", TWO), ("/shop", STABLE_AND_CANARY)]))));
    assert_eq!(shown(&bench), Some(("cart".to_owned(), 1)), "its match was edited");
    bench.watch(Update::Applied(Ok(route("cart", 4, &[("/shop", STABLE_AND_CANARY)]))));
    assert_eq!(shown(&bench), Some(("cart".to_owned(), 0)), "found by its new match");
    bench.watch(Update::Applied(Ok(route("cart", 5, &[("/new", TWO)]))));
    assert_eq!(shown(&bench), None);
    assert!(gone(&bench).contains("rule /shop of route shop/cart is gone"), "{}", gone(&bench));
}

#[test]
fn it_says_what_became_of_it_and_changes_nothing_then() {
    let id = RouteId::new("shop", "cart");
    let mut deleted = opened(&[("/", STABLE_AND_CANARY)]);
    deleted.watch(Update::Deleted(id.clone()));
    let mut again = opened(&[("/", STABLE_AND_CANARY)]);
    let mut other = route("cart", 1, &[("/", STABLE_AND_CANARY)]);
    other.uid = "another".into();
    again.watch(Update::Applied(Ok(other)));
    let mut whole = opened(&[("/", STABLE_AND_CANARY)]);
    whole.watch(Update::Applied(Ok(route("cart", 2, &[("/", ONE)]))));
    for (mut bench, words) in [
        (deleted, "route shop/cart is gone"),
        (again, "another one"),
        (whole, "rule / of route shop/cart is gone, or no split any more"),
    ] {
        assert!(gone(&bench).contains(words), "{words}: {}", gone(&bench));
        for key in ['s', 'b', 'r', 'w'] {
            bench.key(Key::Char(key));
            assert!(bench.app.layers.is_empty() && request(&bench).is_none(), "{key}");
            assert!(bench.said().contains(words), "{key}: {}", bench.said());
        }
        bench.key(Key::Esc);
        assert!(bench.app.open_split().is_none());
    }
}

#[test]
fn keys_act_on_the_open_split_and_not_on_the_row_below() {
    let mut bench = opened(&[("/", STABLE_AND_CANARY)]);
    bench.keys("jjj").keys("s");
    assert_eq!(request(&bench).unwrap().route, RouteId::new("shop", "cart"));
    bench.key(Key::Esc);
    assert!(bench.app.layers.is_empty() && bench.app.open_split().is_some(), "Esc closed the dialog alone");
}

#[test]
fn the_ladder_asks_for_the_chosen_stage_and_enter_confirms_nothing() {
    let mut bench = opened(&[("/", STABLE_AND_CANARY)]);
    bench.key(Key::Enter);
    assert!(bench.app.layers.is_empty() && request(&bench).is_none(), "no stage is chosen yet");
    // 10 % -> 25 % is the next stage; one further is 50 %.
    bench.key(Key::Tab).keys("j").key(Key::Enter);
    let Intent::Stage { stage, .. } = &request(&bench).unwrap().intent else { panic!("{:?}", bench.effects) };
    assert_eq!(stage.share(), 5_000);
    bench.prepared_of("cart", Verdict::Pass, Demand::Yes).after(300);
    bench.key(Key::Enter);
    assert!(!bench.carries() && matches!(bench.app.layers.top(), Some(Layer::Change(_))));
}

#[test]
fn numbers_and_facts_of_the_open_split_are_asked_for_without_any_room_for_the_list() {
    let mut bench = opened(&[("/", STABLE_AND_CANARY)]);
    bench.msg(super::super::Msg::Resize(80, 12)).after(30_000);
    let asked = bench.effects.iter().any(|effect| match effect {
        Effect::Facts { backends, .. } => backends.iter().any(|backend| &*backend.name == "cart-canary"),
        _ => false,
    });
    assert!(asked, "{:?}", bench.effects);
}
