//! Every screen as text: a few of them pinned, all of them at every size.

mod kinds;
mod low;
mod moves;
mod odd;
mod rows;

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

/// A night in the shop: routes in every state.
fn shop() -> Bench {
    let mut pending = split("payments", 3, &[("payments-stable", 50), ("payments-canary", 50)]);
    pending.generation = 4;
    let mut refused = split("search", 2, &[("search-blue", 100), ("search-green", 0)]);
    refused.status[0].conditions[0].status = crate::route::Truth::False;
    refused.status[0].conditions[0].message = "no listener matches".into();
    let bad =
        BadRoute { id: RouteId::new("shop", "legacy"), why: "invalid type: string, expected u32".into() };
    let premium: &[(&str, u32)] = &[("cart-stable", 1)];
    let cart = route(
        "cart",
        1,
        &[
            ("/", &[("cart-stable", 90), ("cart-canary", 10)]),
            ("/v2", &[("cart-v2", 3), ("cart-v3", 1)]),
            ("/p", premium),
        ],
    );
    let mut owned = split("api", 5, &[("api-v1", 95), ("api-v2", 5)]);
    owned.owners = [crate::route::Owner::ArgoCd].into();
    let listed = vec![
        Ok(checkout(7, 95, 5)),
        Ok(pending),
        Ok(refused),
        Err(bad),
        Ok(cart),
        Ok(owned),
        Ok(split("static", 1, &[("static", 1)])),
        Ok(split("triple", 1, &[("a-stable", 800), ("a-canary", 150), ("a-next", 50)])),
    ];
    let mut bench = Bench::with(LARGE, listed);
    while bench.app.selected().is_none_or(|split| &*split.route.id.name != "checkout") {
        bench.keys("j");
    }
    for _ in 0..12 {
        bench.numbers().after(10_000);
    }
    bench.numbers().facts();
    bench
}

fn step(verdict: Verdict, demand: Demand) -> Bench {
    let mut bench = shop();
    bench.keys("s").prepared(verdict, demand).after(400);
    bench
}

fn rollback() -> Bench {
    let mut bench = shop();
    bench.keys("r");
    let (ticket, intent) = (bench.ticket(), bench.dialog().ask.intent.clone().unwrap());
    let mut answer = prepared(&checkout(7, 95, 5), &intent, Verdict::NotApplicable, Demand::Yes);
    let path = |rule, label: &str, kind| Path {
        route: RouteId::new("shop", "beta"),
        rule,
        label: label.to_owned(),
        kind,
    };
    answer.remaining = vec![path(0, "x-beta: 1", PathKind::Alone), path(1, "/copy", PathKind::Mirror)];
    bench.msg(Msg::Prepared { ticket, answer: Ok(Box::new(answer)) });
    bench
}

fn nobody_ready() -> Bench {
    let mut bench = shop();
    bench.keys("r");
    let (ticket, intent) = (bench.ticket(), bench.dialog().ask.intent.clone().unwrap());
    let demand = Demand::Name("checkout-stable".into());
    let mut answer = prepared(&checkout(7, 95, 5), &intent, Verdict::NotApplicable, demand);
    for known in &mut answer.backends {
        known.facts.endpoints = Ok(crate::cluster::Endpoints { ready: 0, total: 3 });
    }
    bench.msg(Msg::Prepared { ticket, answer: Ok(Box::new(answer)) }).keys("checkout-st");
    bench
}

fn running() -> Bench {
    let mut bench = step(Verdict::Pass, Demand::Yes);
    bench.keys("y");
    let change = bench.app.changes.running().next().unwrap().id;
    let fresh: Route = checkout(8, 90, 10);
    bench.msg(Msg::Progress {
        change,
        progress: Progress {
            route: fresh.id.clone(),
            stage: Stage::Observed,
            words: "settling for 15 s".to_owned(),
            fresh: Some(fresh),
        },
    });
    bench
}

/// The split of `route`, open.
fn open(mut bench: Bench, route: &str) -> Bench {
    bench.keys("g");
    while bench.app.selected().is_none_or(|split| &*split.route.id.name != route) {
        bench.keys("j");
    }
    bench.key(Key::Enter).counted(1234.0, 15.0);
    bench.numbers().facts();
    bench
}

/// The open splits there are.
fn splits() -> Vec<(&'static str, Bench)> {
    let mut ladder = open(shop(), "checkout");
    ladder.key(Key::Tab);
    let mut gone = open(shop(), "checkout");
    gone.watch(Update::Deleted(RouteId::new("shop", "checkout")));
    let mut no_metrics = Bench::new(Start { has_metrics: false, ..start() }, LARGE);
    no_metrics.watch(Update::Reset(vec![Ok(checkout(7, 93, 7))])).key(Key::Enter);
    vec![
        ("split", open(shop(), "checkout")),
        ("split ladder", ladder),
        ("split of three", open(shop(), "triple")),
        ("split pair", open(shop(), "search")),
        ("split guessed", open(shop(), "api")),
        ("split under way", open(running(), "checkout")),
        ("split gone", gone),
        ("split without metrics", no_metrics),
    ]
}

fn lost() -> Trouble {
    Trouble {
        what: "watch routes in namespace shop".into(),
        why: Why::Unreachable("refused".into()),
        advice: None,
    }
}

/// Every screen and dialog there is.
fn screens() -> Vec<(&'static str, Bench)> {
    let mut all = vec![
        ("connecting", Bench::new(start(), LARGE)),
        ("routes", shop()),
        ("step", step(Verdict::Pass, Demand::Yes)),
        ("reason", step(Verdict::Hold, Demand::Reason)),
        ("name", step(Verdict::Fail, Demand::Name("checkout-canary".into()))),
        ("rollback", rollback()),
        ("nobody ready", nobody_ready()),
        ("running", running()),
        ("empty", Bench::with(LARGE, Vec::new())),
    ];
    let mut no_metrics = Bench::new(Start { has_metrics: false, scope: Scope::All, ..start() }, LARGE);
    no_metrics.watch(Update::Reset(vec![Ok(checkout(7, 95, 5))]));
    let with = |mut bench: Bench, keys: &str| {
        bench.keys(keys);
        bench
    };
    all.push(("palette", with(shop(), ":sto")));
    all.push(("filter", with(shop(), "/cart")));
    all.push(("messages", with(shop(), ".om")));
    all.push(("yaml", with(shop(), "d")));
    all.push(("frozen", with(shop(), " ")));
    all.push(("timeline", with(shop(), "l")));
    let mut away = shop();
    away.watch(Update::Lost(lost())).after(27_000);
    let mut never = Bench::new(start(), LARGE);
    never.watch(Update::Lost(lost()));
    let mut expired = step(Verdict::Pass, Demand::Yes);
    expired.after(30_000);
    let mut failed = shop();
    failed.keys("s");
    let ticket = failed.ticket();
    failed.msg(Msg::Prepared { ticket, answer: Err(PrepareError::Gone(RouteId::new("shop", "checkout"))) });
    let mut proven = running();
    let change = proven.app.changes.running().next().unwrap().id;
    proven.msg(Msg::Ended { change, ending: Ending::Proven("9.6 % observed".into()) });
    let mut viewer = shop();
    viewer
        .msg(Msg::Access { namespace: "shop".into(), answer: Ok(Access::Denied("patch httproutes".into())) });
    let mut choose = shop();
    while choose.app.selected().is_none_or(|split| &*split.route.id.name != "api") {
        choose.keys("k");
    }
    choose.keys("s");
    let mut reason = step(Verdict::NoData, Demand::Reason);
    reason.keys("3").keys("it is the only one");
    all.extend(vec![
        ("help", with(shop(), "?")),
        ("quit", with(running(), "q")),
        ("weights", with(shop(), "w7")),
        ("preparing", with(shop(), "ry")),
        ("bad object", with(shop(), "gjjj")),
        ("whole route", with(shop(), "G")),
        ("no metrics", no_metrics),
        ("lost", away),
        ("never connected", never),
        ("expired", expired),
        ("failed", failed),
        ("proven", proven),
        ("viewer", viewer),
        ("choose", choose),
        ("typed reason", reason),
    ]);
    all.extend(splits());
    all
}

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
fn the_destination_is_the_first_line_and_eight_lines_tell_what_matters() {
    let dialog = |bench: &mut Bench| -> Vec<String> {
        let text = text(bench, SMALL);
        let inside = text.lines().filter_map(|line| line.strip_prefix("│ ")).take(8);
        inside.map(|line| line.trim_end_matches([' ', '│']).to_owned()).collect()
    };
    let shown = dialog(&mut rollback());
    assert!(shown[0].starts_with("ALL TRAFFIC -> checkout-stable  v1.4.1  3/3 ready"), "{shown:#?}");
    let all = shown.join("\n");
    for needed in
        ["prod-eu", "shop/checkout", "5 -> 0", "5 % -> 0 %", "3/3 ready", "2 other paths remain", "y confirm"]
    {
        assert!(all.contains(needed), "{needed} is not in\n{all}");
    }
    let shown = dialog(&mut nobody_ready());
    assert!(shown[0].starts_with("0 READY -> 503 FOR ALL   ALL TRAFFIC -> checkout-stable"), "{shown:#?}");
    assert!(shown.join("\n").contains("type checkout-stable: checkout-st"), "{shown:#?}");
}

#[test]
fn a_dialog_that_is_not_armed_says_wait() {
    let mut bench = shop();
    bench.keys("s").prepared(Verdict::Pass, Demand::Yes);
    assert!(text(&mut bench, SMALL).contains("y (wait)"));
    bench.after(300);
    assert!(text(&mut bench, SMALL).contains("y confirm"));
    bench.after(30_000);
    assert!(text(&mut bench, SMALL).contains("EXPIRED - s to refresh"));
}

#[test]
fn old_numbers_stay_and_missing_ones_are_never_zero() {
    let mut bench = shop();
    let style = |bench: &mut Bench, what: &str| {
        let buffer = render(bench, LARGE, &look(false));
        let row = text(bench, LARGE).lines().position(|line| line.contains("checkout ")).unwrap();
        let line: String = (0..LARGE.0).map(|x| buffer[(x, u16::try_from(row).unwrap())].symbol()).collect();
        let x = line
            .chars()
            .collect::<Vec<_>>()
            .windows(what.len())
            .position(|w| w.iter().collect::<String>() == what);
        let x = x.unwrap_or_else(|| panic!("no {what} in {line}"));
        buffer[(u16::try_from(x).unwrap(), u16::try_from(row).unwrap())].modifier
    };
    assert!(!style(&mut bench, "1.23").contains(Modifier::DIM));
    bench.after(11_000);
    assert!(style(&mut bench, "1.23").contains(Modifier::DIM), "older than two refreshes");
    let mut fresh = Bench::with(LARGE, vec![Ok(checkout(7, 95, 5))]);
    let shown = text(&mut fresh, LARGE);
    let row = shown.lines().find(|line| line.contains("checkout")).unwrap();
    assert!(!row.contains("0 %") && row.contains("no data") && row.contains(" - "), "{row}");
}

#[test]
fn only_what_may_be_claimed_is() {
    let mut bench = shop();
    assert!(text(&mut bench, LARGE).contains("5.00 % 4."), "200/s for a minute: an interval around 5 %");
    let premium: &[(&str, u32)] = &[("checkout-stable", 1)];
    bench.watch(Update::Applied(Ok(route("premium", 1, &[("/p", premium)]))));
    assert!(text(&mut bench, (200, 40)).contains("shared with 1 path"));
    bench.watch(Update::Deleted(RouteId::new("shop", "premium")));
    bench.watch(Update::Applied(Ok(checkout(8, 90, 10))));
    let shown = text(&mut bench, LARGE);
    assert!(shown.lines().any(|line| line.contains("90/10") && line.contains("settling")), "{shown}");
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
