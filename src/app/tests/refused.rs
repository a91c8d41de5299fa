//! What is refused before anything is asked, and in which words.

use super::*;

#[test]
fn a_lost_connection_refuses_an_advance_and_tries_a_rollback() {
    let mut bench = bench();
    bench.watch(lost()).after(25_000).keys("s");
    assert!(bench.app.layers.is_empty());
    assert!(bench.said().contains("25 s old"), "{}", bench.said());
    bench.keys("r");
    assert!(!bench.is_ready());
    assert_eq!(bench.app.routes.len(), 1, "what was known stays");
    bench.keys("n").watch(Update::Started).keys("s");
    assert!(!bench.app.layers.is_empty());
}

#[test]
fn a_missing_right_is_named_and_asked_about_again() {
    let mut bench = bench();
    let right = "patch httproutes.gateway.networking.k8s.io in namespace shop";
    bench.msg(Msg::Access { namespace: "shop".into(), answer: Ok(Access::Denied(right.into())) });
    bench.keys("s");
    assert_eq!(bench.said(), format!("you lack the right to {right}"));
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::Access { .. })));
}

#[test]
fn the_end_of_the_ladder_is_said_without_a_dialog() {
    let mut bench = Bench::with((80, 24), vec![Ok(checkout(1, 0, 100))]);
    bench.keys("s");
    assert!(bench.app.layers.is_empty() && bench.said().contains("the ladder ends there"));
}

/// Who may not write: every action that the table says leads to a write is refused, by its key, from the palette, in
/// the list and in an open split. A rollback is tried all the same: it is never blocked, and the server refuses it.
#[test]
fn every_action_that_writes_is_refused_without_the_right() {
    let keymap = Keymap::default();
    let writing: Vec<&Binding> = keymap.iter().filter(|row| row.writes && !row.context.asks()).collect();
    assert!(writing.len() >= 7, "{writing:?}");
    for row in writing {
        for opened in [false, true] {
            for from_palette in [false, true] {
                let mut bench = bench();
                let denied = Ok(Access::Denied("patch".into()));
                bench.msg(Msg::Access { namespace: "shop".into(), answer: denied });
                if opened {
                    bench.key(Key::Enter);
                }
                match row.keys.first() {
                    _ if from_palette => {
                        let name = format!("{}: {}", row.action.name(), row.help);
                        bench.keys(":").keys(&name).key(Key::Enter);
                    }
                    Some(key) => drop(bench.key(*key)),
                    None => continue,
                }
                let place = format!("{:?}, open: {opened}, palette: {from_palette}", row.action);
                if row.action == Action::RollBack {
                    assert!(bench.app.layers.dialog().is_some(), "{place}");
                    continue;
                }
                assert_eq!(bench.said(), "you lack the right to patch", "{place}");
                assert!(!bench.app.layers.asks(), "{place}");
                let harmless =
                    |effect: &Effect| !matches!(effect, Effect::Prepare { .. } | Effect::Carry { .. });
                assert!(bench.effects.iter().all(harmless), "{place}");
            }
        }
    }
}

/// The ladder leads to a write as well, by a key that elsewhere opens.
#[test]
fn the_ladder_asks_nothing_without_the_right() {
    let mut bench = bench();
    bench.key(Key::Enter).key(Key::Tab).keys("j");
    bench.msg(Msg::Access { namespace: "shop".into(), answer: Ok(Access::Denied("patch".into())) });
    bench.key(Key::Enter);
    assert_eq!(bench.said(), "you lack the right to patch");
    assert!(bench.app.layers.is_empty());
}
