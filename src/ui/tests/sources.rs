//! Whose numbers an open split shows.

use std::collections::HashMap;

use super::*;
use crate::app::WINDOW;
use crate::app::fixture::places;
use crate::metrics::{PROVIDERS, Snapshot, Used};

fn told(used: Result<Used, String>, size: (u16, u16)) -> String {
    let mut bench = Bench::with(size, vec![Ok(checkout(7, 95, 5))]);
    let (generation, evaluated_at) = (bench.app.generation, bench.now().wall);
    let answer = Ok(Snapshot {
        evaluated_at,
        window: WINDOW,
        backends: HashMap::new(),
        used: [(places()[0].route.clone(), used)].into(),
        warnings: Vec::new(),
    });
    bench.msg(Msg::Numbers { generation, asked: places(), answer });
    bench.key(Key::Enter);
    text(&mut bench, size)
}

#[test]
fn that_nobody_counts_is_told_and_what_is_usual_is_not() {
    let why = "kong does not count per backend; numbers need the app's own metrics";
    let contour = Used::of(PROVIDERS[0].clone());
    let mut noted = contour.clone();
    noted.note = Some("app is found as well".to_owned());
    for size in [SMALL, LARGE] {
        assert!(told(Err(why.to_owned()), size).contains(&why[..60]), "{}", told(Err(why.to_owned()), size));
        assert!(!told(Ok(contour.clone()), size).contains("numbers  "));
        assert!(told(Ok(noted.clone()), size).contains("contour (app is found as well)"));
    }
}
