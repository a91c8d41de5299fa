//! Help, messages, YAML, themes, palette, contexts, and the question whether to quit.

use super::*;

#[test]
fn other_keys_do_what_the_settings_say() {
    let swap = |row: &Binding| match row.action {
        Action::StepNext => Binding { keys: vec![Key::Char('x')].into(), ..row.clone() },
        _ => row.clone(),
    };
    let mut bench = bench();
    bench.app.start.keymap = Keymap::default().iter().map(swap).collect();
    bench.keys("s");
    assert!(bench.app.layers.is_empty());
    bench.keys("x");
    bench.ticket();
}

#[test]
fn help_lies_over_anything_and_leads_back() {
    let mut bench = armed(Verdict::Pass, Demand::Yes);
    bench.keys("?").keys("y");
    assert!(!bench.carries(), "y means nothing in the help");
    bench.after(60_000).keys("?");
    assert!(bench.dialog().is_expired(bench.app.now.since_start));
    bench.keys("s").keys("?");
    bench.key(Key::Esc).keys("n").keys("w?");
    assert!(matches!(bench.app.layers.top(), Some(Layer::Help(_))));
    bench.keys("q");
    assert!(matches!(bench.app.layers.top(), Some(Layer::Weights(_))));
}

#[test]
fn quitting_asks_only_while_a_proof_runs() {
    let quits = |bench: &Bench| bench.effects.iter().any(|effect| matches!(effect, Effect::Quit));
    let mut bench = armed(Verdict::Pass, Demand::Yes);
    bench.keys("y").keys("q");
    assert!(!quits(&bench) && matches!(bench.app.layers.top(), Some(Layer::Quit)));
    bench.keys("n").keys("q").keys("y");
    assert!(quits(&bench));
    bench.keys("n");
    let change = bench.app.changes.running().next().unwrap().id;
    bench.msg(Msg::Ended { change, ending: Ending::Proven("seen".into()) }).keys("q");
    assert!(quits(&bench));
    bench.key(Key::Ctrl('c'));
    assert!(quits(&bench));
}

#[test]
fn the_object_is_fetched_and_shown_without_managed_fields() {
    let mut bench = bench();
    bench.keys("d");
    let Some(Effect::Object { generation, route }) = bench.effects.first() else { panic!("not asked for") };
    let (generation, route) = (*generation, route.clone());
    let object = serde_json::json!({
        "kind": "HTTPRoute", "metadata": {"name": "checkout", "managedFields": [{"manager": "kubectl"}]},
    });
    let answer = Ok(Box::new(object));
    bench.msg(Msg::Object { generation, route, answer });
    let lines = |bench: &Bench| match bench.app.layers.top() {
        Some(Layer::Object(view)) => view.lines().unwrap().join("\n"),
        other => panic!("{other:?}"),
    };
    assert_eq!(lines(&bench), "kind: HTTPRoute\nmetadata:\n  name: checkout");
    bench.keys("m");
    assert!(lines(&bench).contains("manager: kubectl"));
    bench.key(Key::Esc);
    assert!(bench.app.layers.is_empty());
}

#[test]
fn what_was_said_is_kept() {
    let mut bench = bench();
    bench.keys("s").keys("n").keys(".").keys("j");
    assert!(bench.app.log.iter().any(|logged| logged.said.text == "nothing was written to shop/checkout"));
    bench.keys("m");
    assert!(matches!(bench.app.layers.top(), Some(Layer::Messages(_))));
}

#[test]
fn themes_go_round_and_a_broken_one_is_passed() {
    let mut bench = bench();
    let asked = |bench: &Bench| {
        bench.effects.iter().find_map(|effect| match effect {
            Effect::Theme(name) => Some(name.clone()),
            _ => None,
        })
    };
    bench.keys("t");
    assert_eq!(asked(&bench).as_deref(), Some("light"));
    bench.msg(Msg::Theme { name: "light".into(), trouble: Some("line 3".into()) });
    assert_eq!(bench.said(), "not theme light: line 3");
    bench.keys("t");
    assert_eq!(asked(&bench).as_deref(), Some("dark"));
}

#[test]
fn the_palette_finds_by_a_few_letters_and_does_it() {
    let mut bench = shop();
    bench.keys(":srch").key(Key::Enter);
    assert_eq!(selected(&bench), "search");
    bench.keys(":themlight").key(Key::Enter);
    assert!(bench.effects.iter().any(|e| matches!(e, Effect::Theme(name) if name == "light")));
    bench.keys(":namespace billing").key(Key::Enter);
    assert_eq!(bench.app.scope, Scope::Namespace("billing".into()));
    bench.keys(":zzzz").key(Key::Enter);
    assert_eq!(bench.said(), "nothing is called zzzz");
    let mut bench = shop();
    bench.watch(lost()).keys(":step: the").key(Key::Enter);
    assert!(bench.app.layers.is_empty() && bench.said().starts_with("not sent"), "{}", bench.said());
}

#[test]
fn a_context_that_cannot_be_opened_leaves_one_where_one_was() {
    let mut bench = bench();
    bench.keys(":produs").key(Key::Enter);
    let ticket = bench.effects.iter().find_map(|effect| match effect {
        Effect::Context { ticket, name } if name == "prod-us" => Some(*ticket),
        _ => None,
    });
    let answer = Err("no answer within 20 s".to_owned());
    bench.msg(Msg::Context { ticket: ticket.unwrap(), answer });
    assert_eq!(bench.said(), "still on context prod-eu; prod-us: no answer within 20 s");
    assert_eq!((bench.app.routes.len(), &bench.app.link), (1, &Link::Live));
}

#[test]
fn the_walk_is_asked_for_and_shown_when_it_comes() {
    let mut bench = bench();
    bench.keys("x");
    let Some(Effect::Walk { generation, route, .. }) = bench.effects.first() else { panic!("not asked for") };
    let (generation, route) = (*generation, route.clone());
    let elsewhere = crate::route::RouteId::new("shop", "another");
    let answer = || Err::<Box<crate::diagnose::Walk>, _>("you lack the right".to_owned());
    bench.msg(Msg::Walked { generation, route: elsewhere, answer: answer() });
    bench.msg(Msg::Walked { generation: generation + 1, route: route.clone(), answer: answer() });
    let shown = |bench: &Bench| match bench.app.layers.top() {
        Some(Layer::Walk(view)) => view.walk.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(shown(&bench), None, "an answer about something else is dropped");
    bench.msg(Msg::Walked { generation, route, answer: answer() });
    assert_eq!(shown(&bench), Some(answer()));
    bench.key(Key::Esc);
    assert!(bench.app.layers.is_empty());
}
