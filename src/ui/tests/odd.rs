//! Odd sizes and odd texts: what the screen must bear without a panic, and without a cell out of place.

use ratatui::layout::Position;
use ratatui::style::Color;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::ui::theme::Background;

/// As long as Kubernetes allows.
const LONGEST: usize = 253;

/// Two cells a character, combining marks, one that turns the direction, escapes and a line break.
const ODD: &str = "支払いが遅い e\u{301}\u{301} 👩\u{200d}💻 \u{202e}txet\u{202c}\u{200f}\u{2067}x\u{2069} \u{1b}[31mred\u{7} a\nb\tc 한국어";

/// A route whose every text is longer and stranger than anybody's.
fn odd() -> Bench {
    let long = |ending: &str| format!("{}{ending}", "n".repeat(LONGEST - ending.len()));
    let (stable, canary) = (long("-stable"), long("-canary"));
    let mut changed = split(&long("-route"), 3, &[(&stable, 999_999), (&canary, 1)]);
    let weights = serde_json::json!({"0": {&stable: 1_000_000, &canary: 0}});
    let record = serde_json::json!({
        "id": "1", "namespace": "shop", "route": &changed.id.name, "uid": &changed.uid, "actor": ODD,
        "at": "2026-03-01T12:00:00Z", "action": ODD, "before": weights, "after": weights, "reason": ODD.repeat(9),
        "verdict": ODD,
    });
    changed.last_change = Some(record.to_string().into());
    changed.status[0].conditions[0].message = ODD.repeat(3).into();
    changed.status[0].conditions[0].status = crate::route::Truth::False;
    let bad = BadRoute { id: RouteId::new("shop", "zz"), why: ODD.repeat(5).into() };
    let mut bench = Bench::with(LARGE, vec![Ok(changed), Err(bad), Ok(checkout(7, 95, 5))]);
    bench.msg(Msg::User(ODD.into()));
    bench
}

/// Every layer over the odd route and beside it.
fn odd_screens() -> Vec<(&'static str, Bench)> {
    let pressed = |keys: &str| {
        let mut bench = odd();
        bench.keys(keys);
        bench
    };
    let mut proven = odd();
    proven.keys("j");
    let failed = |keys: &str| {
        let mut bench = odd();
        bench.keys(keys);
        let ticket = bench.ticket();
        bench.msg(Msg::Prepared { ticket, answer: Err(PrepareError::Gone(RouteId::new("shop", ODD))) });
        bench
    };
    let mut typed = odd();
    typed.keys("gj");
    typed.keys("r");
    let ready = |key: &str, demand: Demand| {
        let mut bench = odd();
        bench.keys("g").keys(key);
        let name = bench.dialog().ask.route.name.clone();
        bench.prepared_of(&name, Verdict::Fail, demand).after(400).keys("支払い n");
        bench
    };
    let name = Demand::Name(format!("{}-canary", "n".repeat(LONGEST - 7)).into());
    let mut reason = ready("s", Demand::Reason);
    reason.keys("3").keys(ODD);
    let mut opened = odd();
    opened.keys("g").key(Key::Enter);
    let mut yaml = odd();
    yaml.keys("gd");
    let Some(Effect::Object { generation, route }) = yaml.effects.first() else { panic!("not asked for") };
    let (generation, route) = (*generation, route.clone());
    let object = serde_json::json!({ "metadata": { "annotations": { "says": ODD, ODD: ODD.repeat(4) } } });
    yaml.msg(Msg::Object { generation, route, answer: Ok(Box::new(object)) });
    let mut said = odd();
    said.keys("G").key(Key::Enter).keys("m");
    vec![
        ("split", opened),
        ("timeline", pressed("gl")),
        ("name", ready("s", name)),
        ("reason", reason),
        ("rollback", ready("r", Demand::Yes)),
        ("yaml", yaml),
        ("messages", said),
        ("palette", pressed("g:nn")),
        ("filter", pressed("/支払い")),
        ("list", odd()),
        ("first", pressed("g")),
        ("last", pressed("G")),
        ("weights", pressed("gw")),
        ("help", pressed("g?")),
        ("failed", failed("gr")),
        ("bad", proven),
        ("typed", typed),
    ]
}

/// Nothing in the cells that a terminal would take for an order, and no wide character without its second cell.
#[track_caller]
fn assert_sound(buffer: &Buffer, what: &str) {
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[Position { x, y }].symbol();
            assert!(!symbol.chars().any(char::is_control), "{what}: {symbol:?} at {x},{y}");
            let turning = ['\u{202e}', '\u{202c}', '\u{200f}', '\u{2067}', '\u{2069}'];
            assert!(!symbol.contains(turning), "{what}: turned at {x},{y}");
            let cells = u16::try_from(symbol.width()).unwrap().max(1);
            assert!(x + cells <= buffer.area.width, "{what}: {symbol:?} hangs over the edge at {x},{y}");
            x += cells;
        }
    }
}

#[test]
fn odd_texts_stay_in_their_cells_at_every_width() {
    for (name, mut bench) in odd_screens() {
        // All narrow ones, and of the others one in seven.
        for columns in (0..=130).filter(|columns| *columns < 26 || columns % 7 == 3) {
            for rows in [0, 1, 2, 7, 8, 24, 40] {
                let buffer = render(&mut bench, (columns, rows), &look(false));
                assert_sound(&buffer, &format!("{name} {columns}x{rows}"));
            }
        }
    }
}

/// The borders of a box stand below each other, whatever is written into it.
#[test]
fn wide_characters_do_not_move_the_border() {
    let mut bench = odd();
    bench.keys("gr");
    let ticket = bench.ticket();
    bench.msg(Msg::Prepared { ticket, answer: Err(PrepareError::Gone(RouteId::new("shop", ODD))) });
    for columns in 40..=120 {
        let buffer = render(&mut bench, (columns, 24), &look(false));
        let cell = |x, y| buffer[(x, y)].symbol();
        let corner = |symbol| {
            let all = buffer.area.positions();
            all.into_iter().find(|at| cell(at.x, at.y) == symbol).unwrap()
        };
        let (from, to) = (corner("╭"), corner("╯"));
        for y in from.y + 1..to.y {
            assert_eq!((cell(from.x, y), cell(to.x, y)), ("│", "│"), "{columns} columns, row {y}");
        }
    }
}

#[test]
fn forty_columns_keep_names_and_weights() {
    let shown = text(&mut shop(), (40, 24));
    let row = shown.lines().find(|line| line.contains("checkout")).unwrap();
    assert!(row.contains("95/5"), "{shown}");
    let shown = text(&mut rollback(), (40, 24));
    for needed in ["ALL TRAFFIC", "y confirm"] {
        assert!(shown.contains(needed), "{needed}:\n{shown}");
    }
}

/// A window dragged about, with keys between: afterwards all is as before.
#[test]
fn a_storm_of_sizes_leaves_nothing_behind() {
    for (name, mut bench) in screens() {
        let selected = bench.app.looked_at().cloned();
        let before = text(&mut bench, LARGE);
        let mut seed: u32 = 7;
        for _ in 0..300 {
            // the generator of Numerical Recipes
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [columns, rows, ..] = seed.to_be_bytes();
            bench.msg(Msg::Resize(u16::from(columns), u16::from(rows) / 3));
        }
        assert_eq!(text(&mut bench, LARGE), before, "{name}");
        assert_eq!(bench.app.looked_at(), selected.as_ref(), "{name}");
    }
}

#[test]
fn a_theme_for_the_other_kind_of_terminal_leaves_no_cell_unpainted() {
    let theme = Theme::built_in("light", Depth::TrueColor).unwrap();
    let look = Look { theme, terminal: Some(Background::Dark), ascii: false };
    for layer in ["", "s", "r", "w", ":", "/", "?", "m"] {
        let mut bench = shop();
        bench.keys(layer);
        for size in [SMALL, LARGE, (20, 4)] {
            let buffer = render(&mut bench, size, &look);
            assert!(buffer.content().iter().all(|cell| cell.bg != Color::Reset), "{layer} {size:?}");
        }
    }
}
