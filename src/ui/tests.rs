//! Every screen as text: a few of them pinned, all of them at every size.

mod benches;
mod dialogs;
mod kinds;
mod low;
mod moves;
mod odd;
mod rows;
mod sources;
mod still;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

use super::theme::{Depth, Theme};
use super::{Look, draw, help};
use crate::app::fixture::{Bench, checkout, prepared, route, split, start};
use crate::app::{Effect, Msg, Start};
use crate::cluster::{Access, Scope, Trouble, Update, Why};
use crate::keys::{Context, Key, Keymap, sheet};
use crate::pilot::{Ending, PrepareError, Progress, Stage};
use crate::rollout::{Demand, Verdict};
use crate::route::{BadRoute, Path, PathKind, Route, RouteId};
use benches::{nobody_ready, open, rollback, running, screens, shop, splits, step};

fn look(ascii: bool) -> Look {
    Look { theme: Theme::built_in("mono", Depth::Ansi16).unwrap(), terminal: None, ascii }
}

fn render(bench: &mut Bench, size: (u16, u16), look: &Look) -> Buffer {
    bench.msg(Msg::Resize(size.0, size.1));
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal.draw(|frame| draw(frame, &bench.app, look)).unwrap();
    terminal.backend().buffer().clone()
}

fn text(bench: &mut Bench, size: (u16, u16)) -> String {
    let buffer = render(bench, size, &look(false));
    let row = |y| {
        let cells: String = (0..size.0).map(|x| buffer[(x, y)].symbol()).collect();
        cells.trim_end().to_owned()
    };
    (0..size.1).map(row).collect::<Vec<_>>().join("\n")
}

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (120, 40);
const HUGE: (u16, u16) = (200, 50);

#[test]
fn pinned() {
    for (name, mut bench) in screens() {
        let pinned = [
            "routes",
            "step",
            "rollback",
            "nobody ready",
            "reason",
            "weights",
            "lost",
            "running",
            "help",
            "palette",
            "filter",
            "messages",
            "empty",
        ];
        if pinned.contains(&name) {
            for size in [SMALL, LARGE] {
                insta::assert_snapshot!(format!("{name} {}x{}", size.0, size.1), text(&mut bench, size));
            }
        }
    }
}

#[test]
fn pinned_splits() {
    for (name, mut bench) in splits() {
        for size in [SMALL, LARGE, HUGE] {
            insta::assert_snapshot!(format!("{name} {}x{}", size.0, size.1), text(&mut bench, size));
        }
    }
}

#[test]
fn no_screen_panics_at_any_size() {
    for (name, mut bench) in screens() {
        let every = ["routes", "running", "rollback"].contains(&name);
        let look = look(name == "quit" || name == "lost");
        for columns in 0..=120 {
            for rows in 0..=40 {
                // Every size for the main screens; for the others all narrow and flat ones, and a sample.
                if every || columns < 24 || rows < 12 || (columns + rows) % 7 == 0 {
                    render(&mut bench, (columns, rows), &look);
                }
            }
        }
    }
}

#[test]
fn the_help_lists_the_whole_table() {
    let keymap = Keymap::default();
    let sections = help::sections(&keymap, &[Context::View], 57, &look(false));
    let shown: Vec<String> = sections.iter().flatten().map(ToString::to_string).collect();
    assert!(shown[0].contains(Context::View.title()), "where one is comes first");
    for context in Context::ALL {
        for entry in sheet(&keymap, context) {
            let found =
                shown.iter().any(|line| line.contains(&entry.keys.join(" ")) && line.contains(entry.help));
            assert!(found, "{entry:?} is not in the help");
        }
    }
}

#[test]
fn a_quiet_screen_is_drawn_the_same_twice() {
    for (name, mut bench) in screens() {
        let before = text(&mut bench, LARGE);
        bench.after(1);
        assert_eq!(text(&mut bench, LARGE), before, "{name}");
    }
}

#[test]
fn ascii_draws_no_other_characters() {
    for (name, mut bench) in screens() {
        let buffer = render(&mut bench, LARGE, &look(true));
        let other: Vec<&str> = buffer
            .content
            .iter()
            .map(ratatui::buffer::Cell::symbol)
            .filter(|symbol| !symbol.is_ascii())
            .collect();
        assert!(other.iter().all(|symbol| *symbol == "µ"), "{name}: {other:?}");
    }
}
