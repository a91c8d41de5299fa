use http::{Request, Response};
use kube::client::Body;

use super::*;
use crate::app::fixture::{Bench, checkout};
use crate::app::{Change, Msg};
use crate::cluster::Update;
use crate::keys::Key;

/// A cluster that nobody answers for.
fn cluster(context: &str, server: &str) -> Cluster {
    let silent = |_: Request<Body>| std::future::pending::<Result<Response<Body>, std::io::Error>>();
    Cluster::from_client(kube::Client::new(tower::service_fn(silent), "web"), context, server)
}

/// On `checkout`, with a change under way, and `prod-us` chosen in the palette.
fn switching() -> (Bench, u64) {
    let mut bench = Bench::with((120, 40), vec![Ok(checkout(7, 95, 5))]);
    let (route, since) = (checkout(7, 95, 5), bench.app.now.since_start);
    bench.app.changes.begin(Change::verify(9, &route, "verify 95/5".to_owned(), since));
    bench.keys(":prod-us").key(Key::Enter);
    let asked = |effect: &Effect| match effect {
        Effect::Context { ticket, name } if name == "prod-us" => Some(*ticket),
        _ => None,
    };
    let ticket = bench.effects.iter().find_map(asked).unwrap();
    (bench, ticket)
}

fn uses(bench: &Bench) -> Option<&str> {
    bench.effects.iter().find_map(|effect| match effect {
        Effect::Use { cluster, with_metrics } => {
            assert_eq!(*with_metrics, bench.app.numbers.has_source, "one rule for what is asked and shown");
            Some(cluster.context())
        }
        _ => None,
    })
}

#[tokio::test]
async fn nothing_of_the_old_context_stays_but_its_changes() {
    let (mut bench, ticket) = switching();
    assert_eq!(bench.app.place.context, "prod-eu", "until it has answered nothing changes");
    let answer = || Ok(cluster("prod-us", "https://10.0.0.2:6443"));
    bench.msg(Msg::Context { ticket: ticket + 1, answer: answer() });
    assert_eq!(uses(&bench), None, "another question's answer");
    let old = bench.app.generation;
    bench.msg(Msg::Context { ticket, answer: answer() });
    assert_eq!(uses(&bench), Some("prod-us"));
    let watched = |effect: &Effect| matches!(effect, Effect::Watch { scope: Scope::Namespace(name), .. } if &**name == "web");
    assert!(bench.effects.iter().any(watched), "{:?}", bench.effects);
    assert_eq!((&*bench.app.place.context, &*bench.app.place.server), ("prod-us", "https://10.0.0.2:6443"));
    assert!(bench.app.routes.is_empty() && bench.app.user.is_none() && bench.app.access.is_empty());
    assert!(!bench.app.numbers.has_source, "the metrics are of the other one");
    assert_eq!(bench.app.changes.running().next().unwrap().place(), "[prod-eu] shop/checkout");
    let update = Update::Reset(vec![Ok(checkout(7, 95, 5))]);
    bench.msg(Msg::Watch { generation: old, update });
    assert!(bench.app.routes.is_empty(), "what the old watch says is dropped");
}

#[tokio::test]
async fn the_way_back_is_home_again() {
    let (mut bench, ticket) = switching();
    bench.msg(Msg::Context { ticket, answer: Ok(cluster("prod-us", "https://10.0.0.2:6443")) });
    bench.effects = switch(&mut bench.app, "prod-eu".to_owned());
    let Some(Effect::Context { ticket, .. }) = bench.effects.first() else { panic!("{:?}", bench.effects) };
    let ticket = *ticket;
    bench.msg(Msg::Context { ticket, answer: Ok(cluster("prod-eu", "https://10.0.0.1:6443")) });
    assert_eq!(uses(&bench), Some("prod-eu"));
    assert!(bench.app.numbers.has_source);
    assert_eq!(bench.app.changes.running().next().unwrap().place(), "shop/checkout");
}

#[tokio::test]
async fn a_dialog_stays_about_the_context_that_it_was_opened_in() {
    let (mut bench, ticket) = switching();
    bench.keys("r");
    assert!(bench.app.layers.dialog().is_some());
    bench.msg(Msg::Context { ticket, answer: Ok(cluster("prod-us", "https://10.0.0.2:6443")) });
    assert_eq!((uses(&bench), &*bench.app.place.context), (None, "prod-eu"));
    bench.keys("n");
    assert_eq!((uses(&bench), &*bench.app.place.context), (Some("prod-us"), "prod-us"));
}

#[test]
fn what_is_asked_for_anew_is_seen_on_a_frozen_screen_too() {
    for key in [Key::Ctrl('r'), Key::Char('a')] {
        let mut bench = Bench::with((80, 24), vec![Ok(checkout(7, 95, 5))]);
        bench.keys(" ").key(key);
        assert!(bench.app.frozen.is_none(), "{key:?}");
        bench.watch(Update::Reset(vec![Ok(checkout(8, 90, 10))]));
        assert_eq!((bench.app.routes.len(), &bench.app.link), (1, &Link::Live), "{key:?}");
    }
}

#[tokio::test]
async fn what_was_asked_on_a_connection_that_is_replaced_is_asked_again() {
    let mut bench = Bench::with((120, 40), vec![Ok(checkout(7, 95, 5))]);
    bench.key(Key::Ctrl('r'));
    let asked = |effect: &Effect| match effect {
        Effect::Context { ticket, .. } => Some(*ticket),
        _ => None,
    };
    let ticket = bench.effects.iter().find_map(asked).unwrap();
    let update = Update::Reset(vec![Ok(checkout(7, 95, 5))]);
    bench.watch(update).key(Key::Enter).keys("d");
    bench.msg(Msg::Context { ticket, answer: Ok(cluster("prod-eu", "https://10.0.0.1:6443")) });
    let now = bench.app.generation;
    let object = |effect: &Effect| matches!(effect, Effect::Object { generation, .. } if *generation == now);
    let past = |effect: &Effect| matches!(effect, Effect::Past { generation, .. } if *generation == now);
    assert!(bench.effects.iter().any(object), "YAML would wait for ever: {:?}", bench.effects);
    assert!(bench.effects.iter().any(past), "the timeline would stay empty: {:?}", bench.effects);
}
