//! What stays where it is, and what is in sight, whatever happens.

use super::*;

/// The rows in which these words begin a part of the screen.
fn places(shown: &str) -> Vec<(&'static str, Option<usize>)> {
    let marks =
        [" weights ", " rollback ", " gate ", " role ", " state ", "─ ladder", "─ versions", "─ backends"];
    marks.into_iter().map(|mark| (mark, shown.lines().position(|line| line.contains(mark)))).collect()
}

/// A step that is confirmed, goes on, and ends.
#[test]
fn nothing_moves_when_a_change_begins_runs_and_ends() {
    for size in [SMALL, LARGE, HUGE] {
        for opened in [true, false] {
            let mut bench = if opened { open(shop(), "checkout") } else { shop() };
            let before = places(&text(&mut bench, size));
            bench.keys("s").prepared(Verdict::Pass, Demand::Yes).after(400).keys("y");
            let change = bench.app.changes.running().next().unwrap().id;
            let written = places(&text(&mut bench, size));
            let words = "1234 of 2305 needed: 9.81 % observed (8.20 to 11.6), 10.0 % declared";
            bench.msg(Msg::Progress {
                change,
                progress: Progress {
                    route: RouteId::new("shop", "checkout"),
                    stage: Stage::Observed,
                    words: words.to_owned(),
                    fresh: None,
                },
            });
            let shown = text(&mut bench, size);
            let running = places(&shown);
            let whole = shown.replace("\n   ", " ");
            assert_eq!(whole.matches(words).count(), 1, "once, and whole: {size:?}\n{shown}");
            bench.msg(Msg::Ended { change, ending: Ending::Proven(words.to_owned()) });
            let ended = places(&text(&mut bench, size));
            for places in [written, running, ended] {
                assert_eq!(places, before, "{size:?} open: {opened}\n{shown}");
            }
        }
    }
}

#[test]
fn three_backends_leave_room_for_state_and_rollback() {
    let mut bench = shop();
    while bench.app.selected().is_none_or(|split| &*split.route.id.name != "triple") {
        bench.keys("j");
    }
    let shown = text(&mut bench, SMALL);
    assert!(shown.contains(" state    ✓ accepted") && shown.contains(" rollback "), "{shown}");
}

#[test]
fn every_curve_has_a_scale_at_80_columns() {
    let shown = text(&mut open(shop(), "checkout"), SMALL);
    let headings = shown.lines().find(|line| line.contains(" role ")).unwrap();
    assert!(headings.contains(" 0-2 % ") && headings.contains(" 0-20.0ms "), "{headings}");
    let shown = text(&mut shop(), SMALL);
    let curves = shown.lines().find(|line| line.starts_with(" canary   0-2 %")).unwrap();
    assert!(curves.contains(" 0-20.0ms ") && curves.contains(" 0-200/s "), "{shown}");
}

/// The curves take what the rest leaves.
#[test]
fn no_rows_stay_empty_below_an_open_split() {
    for size in [LARGE, HUGE] {
        let shown = text(&mut open(shop(), "checkout"), size);
        let above_footer: Vec<&str> = shown.lines().take(usize::from(size.1) - 3).collect();
        let empty = above_footer.iter().rev().take_while(|line| line.is_empty()).count();
        // Of the changes there is one, and room for three.
        assert!(empty <= 3, "{empty} rows are empty\n{shown}");
    }
}

#[test]
fn names_are_whole_in_the_weight_editor_at_40_columns() {
    let shown = text(shop().keys("w7"), (40, 12));
    assert!(shown.contains("checkout-stable ") && shown.contains("checkout-canary "), "{shown}");
}

#[test]
fn a_sentence_takes_the_row_that_nothing_else_needs() {
    let mut bench = shop();
    bench.keys("f");
    let said = bench.said().to_owned();
    assert!(said.len() > 40);
    let shown = text(&mut bench, (40, 12));
    let whole = shown.replace("\n ", " ");
    assert!(whole.contains(&said) && !shown.contains("all of it"), "{said}\n{shown}");
}

#[test]
fn reasons_in_the_palette_stand_in_one_column() {
    for size in [SMALL, LARGE] {
        let mut bench = shop();
        let denied = Ok(Access::Denied("patch httproutes".into()));
        bench.msg(Msg::Access { namespace: "shop".into(), answer: denied }).keys(":");
        let shown = text(&mut bench, size);
        let refused = || shown.lines().filter(|line| line.contains("│ ") && line.contains("you lack"));
        let before = |line: &str| line.split("you lack").next().unwrap_or_default().to_owned();
        let columns: Vec<usize> = refused().map(|line| before(line).chars().count()).collect();
        assert!(columns.len() > 3 && columns.iter().all(|column| *column == columns[0]), "{shown}");
        assert!(
            refused().all(|line| before(line).ends_with("  ") && line.contains("patch httproutes ")),
            "{shown}"
        );
    }
}

#[test]
fn other_paths_are_offered_only_where_there_are_some() {
    assert!(text(&mut rollback(), SMALL).contains("a other paths too"));
    let mut bench = shop();
    bench.keys("r").prepared(Verdict::NotApplicable, Demand::Yes);
    assert!(!text(&mut bench, SMALL).contains("other paths too"));
}

#[test]
fn the_ladder_is_offered_only_where_there_is_one() {
    for (route, key, has_ladder) in [("checkout", "", true), ("search", "", false), ("checkout", "l", false)]
    {
        let mut bench = open(shop(), route);
        bench.keys(key);
        let shown = text(&mut bench, LARGE);
        assert_eq!(shown.contains("Tab ladder"), has_ladder, "{route} {key}\n{shown}");
        let before = text(&mut bench, LARGE);
        bench.key(Key::Tab);
        assert_eq!(text(&mut bench, LARGE) != before, has_ladder, "{route} {key}");
    }
}

#[test]
fn numbers_say_of_which_window_they_are() {
    let shown = text(&mut open(shop(), "checkout"), SMALL);
    for words in ["observed 5.00 % in 1m (4.0-6.1)", "errors in 1m", "p99 1m", "of 1234 fail"] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
}

#[test]
fn the_verdict_of_the_gate_is_not_cut_off_its_heading() {
    let shown = text(&mut open(shop(), "search"), LARGE);
    assert!(shown.contains("─ gate  ! hold  for a flip to"), "{shown}");
}
