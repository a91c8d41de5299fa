//! The list of routes: one row a split.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::columns::{Column, Placed, solve};
use super::format::{self, left, middle, right};
use super::paint::{Look, Pen, width};
use super::theme::Role;
use super::words::{self, Sign};
use crate::app::{App, BackendNumbers, Link, Shown, Sort, Split, too_many_errors};
use crate::cluster::Scope;
use crate::keys::{Action, Context};
use crate::metrics::{BackendHistory, Numbers, Series};
use crate::route::{Owner, OwnerRule, Route, declared_share};

pub(super) fn draw(buffer: &mut Buffer, headings: Rect, area: Rect, app: &App, look: &Look) {
    let columns = solve(area.width, app.numbers.has_source);
    if app.routes.is_empty() {
        return empty(buffer, area, app, look);
    }
    heading(buffer, headings, &columns, app.arrangement.sort, look);
    let rows = (app.list.top()..app.routes.len()).zip(area.y..area.bottom());
    for (index, y) in rows {
        let Some(shown) = app.routes.shown(index) else { continue };
        let row = Rect { y, height: 1, ..area };
        if index == app.list.cursor() {
            buffer.set_style(row, look.style(Role::Selection));
        }
        match shown {
            Shown::Split { .. } => {
                if let Some(split) = app.split(index) {
                    draw_split(buffer, row, &columns, app, &split, look);
                }
            }
            Shown::Whole(route) => quiet(buffer, row, &columns, app, route, look),
            Shown::Bad(bad) => {
                let mut pen = Pen::new(buffer, row.x + 1, y, row.width.saturating_sub(1));
                let sign = words::bad(look);
                pen.put(sign.glyph, look.style(sign.role)).put(" ", Style::new());
                pen.put(&name(app, &bad.id.namespace, &bad.id.name), look.style(Role::Text));
                pen.put(&format!("  cannot be read: {}", bad.why), look.style(Role::Bad));
            }
        }
    }
}

/// Nothing to show: why, and what to do.
fn empty(buffer: &mut Buffer, area: Rect, app: &App, look: &Look) {
    let words = match (&app.link, &app.scope) {
        _ if app.routes.entries().len() > 0 => {
            format!("none of {} routes fits; Esc clears the filter", app.routes.entries().len())
        }
        (Link::Connecting, _) => format!("connecting to {}", app.start.server),
        (Link::Lost { .. }, _) => format!("no connection to {} yet; trying again", app.start.server),
        (Link::Live, _) => no_split(app),
    };
    let y = area.y + area.height / 3;
    let x = area.x + area.width.saturating_sub(width(&words)) / 2;
    if y < area.bottom() {
        Pen::new(buffer, x, y, area.right().saturating_sub(x)).put(&words, look.style(Role::Muted));
    }
}

/// What to do where there is no split.
pub(super) fn no_split(app: &App) -> String {
    const DEMO: &str = "`tidegate demo` shows what they look like";
    let Scope::Namespace(name) = &app.scope else { return format!("no splits in this cluster; {DEMO}") };
    let key = app.start.keymap.keys_of(Action::AllNamespaces, Context::Routes).first();
    let key = key.map_or(String::new(), |key| format!("; {key} = all namespaces"));
    match app.splits_elsewhere() {
        Some((0, _)) => format!("no splits in {name}, nor in any namespace; {DEMO}"),
        Some((splits, namespaces)) => format!("no splits in {name}{key} ({splits} in {namespaces})"),
        None => format!("no splits in {name}{key}"),
    }
}

fn heading(buffer: &mut Buffer, area: Rect, columns: &[Placed], sort: Sort, look: &Look) {
    let muted = look.style(Role::Muted);
    for placed in columns {
        let (title, versions) = match placed.column {
            Column::Glyph => continue,
            Column::Name => ("route", false),
            Column::Weights => ("weights", false),
            Column::Observed => ("canary observed", false),
            Column::Errors | Column::ErrorTrend => ("errors", true),
            Column::P99 | Column::LatencyTrend => ("p99", true),
            Column::Rate => (" req/s", false),
            Column::Stage => ("stage", false),
            Column::Lamp => ("rollback", false),
            Column::Word => ("state", false),
            Column::Owner => ("owner", false),
        };
        let below = area.y + 1;
        let number = matches!(placed.column, Column::Errors | Column::P99);
        if !versions || area.height < 2 {
            let y = if area.height < 2 { area.y } else { below };
            let mut pen = Pen::new(buffer, placed.x, y, placed.width);
            pen.put(title, muted);
            if placed.column == Column::Name && sort != Sort::Name {
                pen.put(" ", muted).put(sort.word(), look.style(Role::Accent));
            }
            continue;
        }
        let (stable, canary) = (look.style(Role::Stable), look.style(Role::Canary));
        let mut pen = Pen::new(buffer, placed.x, area.y, placed.width);
        if number {
            pen.put(&format!("{title:^13}"), muted);
            Pen::new(buffer, placed.x, below, placed.width).put("stable", stable).put(" canary", canary);
            continue;
        }
        pen.put(title, muted);
        let mut pen = Pen::new(buffer, placed.x, below, placed.width);
        match halves(placed.width) {
            (0, _) => pen.put("canary", canary),
            (first, _) => pen.put(&left("stable", first + 1), stable).put("canary", canary),
        };
    }
}

/// Cells for the sparklines of stable and canary; with little room there is only the canary's.
fn halves(width: u16) -> (usize, usize) {
    let width = usize::from(width);
    if width < 17 { (0, width) } else { ((width - 1) / 2, (width - 1) / 2) }
}

/// In one namespace its name is in the title.
fn name(app: &App, namespace: &str, name: &str) -> String {
    match app.scope {
        Scope::All => format!("{namespace}/{name}"),
        Scope::Namespace(_) => name.to_owned(),
    }
}

/// The sign and the word of a row: a change under way comes before the state.
fn state(app: &App, route: &Route, look: &Look) -> (Sign, String) {
    if let Some(change) = app.changes.of(&route.id).filter(|change| change.is_running()) {
        return (words::UNDER_WAY, change.stage.word().to_owned());
    }
    let state = route.state();
    (words::route(&state, look), state.word().to_owned())
}

fn quiet(buffer: &mut Buffer, row: Rect, columns: &[Placed], app: &App, route: &Route, look: &Look) {
    let (sign, word) = state(app, route, look);
    for placed in columns {
        let mut pen = Pen::new(buffer, placed.x, row.y, placed.width);
        match placed.column {
            Column::Glyph => pen.put(sign.glyph, look.style(sign.role)),
            Column::Name => {
                let name = name(app, &route.id.namespace, &route.id.name);
                pen.put(&middle(&name, placed.width.into()), look.style(Role::Muted))
            }
            Column::Weights => pen.put("no split", look.style(Role::Muted)),
            Column::Word => pen.put(&word, look.style(Role::Muted)),
            Column::Owner => pen.put(&owner(route).0, look.style(Role::Muted)),
            _ => &mut pen,
        };
    }
}

fn draw_split(buffer: &mut Buffer, row: Rect, columns: &[Placed], app: &App, split: &Split<'_>, look: &Look) {
    let (sign, said) = state(app, split.route, look);
    let has_word = columns.iter().any(|placed| placed.column == Column::Word);
    let numbers = |index: Option<usize>| split.backend(index).and_then(|b| app.numbers.get(b));
    let (stable, canary) = (numbers(split.stable()), numbers(split.canary()));
    for placed in columns {
        let pen = &mut Pen::new(buffer, placed.x, row.y, placed.width);
        match placed.column {
            Column::Glyph => drop(pen.put(sign.glyph, look.style(sign.role)).room()),
            Column::Name => {
                let word = (!has_word && sign.role != Role::Ok).then_some((said.as_str(), sign.role));
                draw_name(pen, app, split, word, look);
            }
            Column::Weights => {
                draw_weights(pen, split, placed.width, look);
                if split.is_new(app.now.since_start) {
                    let cell = Rect { x: placed.x, width: placed.width, ..row };
                    buffer.set_style(cell, Style::new().add_modifier(Modifier::REVERSED));
                }
            }
            Column::Observed => draw_observed(pen, app, split, placed.width, look),
            Column::Errors => {
                let cell =
                    |numbers: &Numbers| (format::percent(numbers.error_rate), too_many_errors(numbers));
                draw_pair(pen, app, (stable, canary), cell, look);
            }
            Column::P99 => {
                let cell = |numbers: &Numbers| (format::seconds(numbers.p99.map(|p99| p99.seconds)), false);
                draw_pair(pen, app, (stable, canary), cell, look);
            }
            Column::Rate => {
                let all: Option<f64> = split
                    .rule
                    .backends
                    .iter()
                    .map(|backend| app.numbers.get(&backend.to)?.latest?.requests_per_second)
                    .sum();
                let old = stable.is_some_and(|numbers| numbers.is_stale(app.now.since_start));
                let role = if old || all.is_none() { Role::NoData } else { Role::Text };
                pen.put(&right(&format::rate(all), placed.width.into()), look.style(role));
            }
            Column::ErrorTrend => {
                draw_trend(pen, placed.width, (stable, canary), |past| &past.error_rate, 0.01, look);
            }
            Column::LatencyTrend => {
                draw_trend(pen, placed.width, (stable, canary), |past| &past.p99, 0.0, look);
            }
            Column::Stage => {
                let stage = split.stage(&app.start.conventions.ladder);
                let text = stage.map_or(format::NONE.to_owned(), |(at, of)| format!("{at}/{of}"));
                pen.put(&text, look.style(if stage.is_some() { Role::Text } else { Role::NoData }));
            }
            Column::Lamp => {
                let (sign, word) = words::lamp(&app.rollback_ready(split), look);
                pen.put(sign.glyph, look.style(sign.role)).put(" ", Style::new());
                pen.put(word, look.style(sign.role));
            }
            Column::Word => drop(pen.put(&said, look.style(sign.role)).room()),
            Column::Owner => {
                let (text, role) = owner(split.route);
                pen.put(&text, look.style(role));
            }
        }
    }
}

fn draw_name(pen: &mut Pen<'_>, app: &App, split: &Split<'_>, word: Option<(&str, Role)>, look: &Look) {
    let room = pen.room();
    let id = &split.route.id;
    let label = split.is_one_of_many().then(|| split.route.rule_label(split.index));
    if split.continued {
        let label = label.unwrap_or_default();
        pen.put("  ", Style::new()).put(&middle(&label, room.saturating_sub(2)), look.style(Role::Muted));
        return;
    }
    let name = name(app, &id.namespace, &id.name);
    // The name comes before the word, and half a word says less than the glyph.
    let word = word.filter(|(word, _)| usize::from(width(&name)) + usize::from(width(word)) < room);
    let for_word = word.map_or(0, |(word, _)| usize::from(width(word)) + 1);
    pen.put(&middle(&name, room), look.style(Role::Text));
    if let Some(label) = label.filter(|_| pen.room() > for_word + 4) {
        let label = middle(&label, pen.room() - for_word - 1);
        pen.put(" ", Style::new()).put(&label, look.style(Role::Muted));
    }
    if let Some((word, role)) = word {
        pen.put(" ", Style::new()).put(word, look.style(role));
    }
}

fn draw_weights(pen: &mut Pen<'_>, split: &Split<'_>, room: u16, look: &Look) {
    let room = usize::from(room);
    let bar = if room >= 18 { 9 } else { 6 };
    let guess = if split.roles.guessed() { "?" } else { "" };
    let text: Vec<String> = split.rule.backends.iter().map(|backend| backend.weight.to_string()).collect();
    let needed = text.join("/").len() + guess.len();
    // Numbers that need the room take it from the bar.
    if needed < room - bar {
        let share = split.canary().and_then(|index| declared_share(split.rule, index)).unwrap_or(0.0);
        let (part, rest) = format::bar(share, bar, look.ascii);
        pen.put(&part, plain(look, Role::Canary)).put(&rest, look.style(Role::Border)).put(" ", Style::new());
    }
    if needed > room {
        pen.put(&middle(&text.join("/"), room - guess.len()), look.style(Role::Text));
    } else {
        for (index, weight) in text.iter().enumerate() {
            pen.put(if index > 0 { "/" } else { "" }, look.style(Role::Muted));
            pen.put(weight, look.style(version(split, index)));
        }
    }
    pen.put(guess, look.style(Role::Warn));
}

/// The colour of a backend.
pub(super) fn version(split: &Split<'_>, index: usize) -> Role {
    if split.canary() == Some(index) {
        Role::Canary
    } else if split.stable() == Some(index) {
        Role::Stable
    } else {
        Role::Text
    }
}

fn draw_observed(pen: &mut Pen<'_>, app: &App, split: &Split<'_>, room: u16, look: &Look) {
    let observed = app.observed(split);
    let focus = split.canary().unwrap_or(split.rule.backends.len().saturating_sub(1));
    let Some((share, interval)) = observed.share(focus) else {
        pen.put(&observed.reason(room.into()), look.style(Role::NoData));
        return;
    };
    let stale = split
        .backend(Some(focus))
        .and_then(|backend| app.numbers.get(backend))
        .is_some_and(|numbers| numbers.is_stale(app.now.since_start));
    let declared = declared_share(split.rule, focus);
    let off = declared.is_some_and(|declared| declared < interval.lo || declared > interval.hi);
    let role = if stale {
        Role::NoData
    } else if off {
        Role::Warn
    } else {
        Role::Text
    };
    let quiet = if off && !stale { Role::Warn } else { Role::Muted };
    pen.put(&right(&format::percent(Some(share)), format::PERCENT_WIDTH), look.style(role));
    pen.put(" ", Style::new()).put(&words::range(interval), look.style(quiet));
    if off {
        pen.put("!", look.style(quiet));
    }
}

/// Numbers of stable and canary beside each other.
fn draw_pair(
    pen: &mut Pen<'_>,
    app: &App,
    versions: (Option<&BackendNumbers>, Option<&BackendNumbers>),
    cell: impl Fn(&Numbers) -> (String, bool),
    look: &Look,
) {
    for (place, (numbers, role)) in
        [(versions.0, Role::Stable), (versions.1, Role::Canary)].iter().enumerate()
    {
        let unknown = || (format::NONE.to_owned(), false);
        let (text, bad) = numbers.and_then(|n| n.latest.as_ref()).map_or_else(unknown, &cell);
        let old = numbers.is_none_or(|numbers| numbers.is_stale(app.now.since_start));
        let role = match (old || text == format::NONE, bad) {
            (true, _) => Role::NoData,
            (false, true) => Role::Bad,
            (false, false) => *role,
        };
        if place > 0 {
            pen.put(" ", Style::new());
        }
        // Bad is underlined where there are no colours; a version is not.
        let style = if role == Role::Bad { look.style(role) } else { plain(look, role) };
        pen.put(&" ".repeat(6 - text.chars().count().min(6)), Style::new()).put(&text, style);
    }
}

/// A version's colour without an underline: numbers are set apart by their column.
pub(super) fn plain(look: &Look, role: Role) -> Style {
    look.style(role).remove_modifier(Modifier::UNDERLINED)
}

/// Sparklines of stable and canary on one scale of at least `least`.
fn draw_trend(
    pen: &mut Pen<'_>,
    room: u16,
    versions: (Option<&BackendNumbers>, Option<&BackendNumbers>),
    pick: fn(&BackendHistory) -> &Series,
    least: f64,
    look: &Look,
) {
    let series = |numbers: Option<&BackendNumbers>| numbers.map(|numbers| pick(&numbers.series)).cloned();
    let (stable, canary) = (series(versions.0), series(versions.1));
    let most = [&stable, &canary].into_iter().flatten().filter_map(Series::max).fold(least, f64::max);
    let (first, second) = halves(room);
    if first > 0 {
        pen.put(&trend(stable.as_ref(), first, most, look), plain(look, Role::Stable)).skip(1);
    }
    pen.put(&trend(canary.as_ref(), second, most, look), plain(look, Role::Canary));
}

/// The newest `cells` values of a series, the newest on the right.
pub(super) fn trend(series: Option<&Series>, cells: usize, most: f64, look: &Look) -> String {
    let values: Vec<Option<f64>> = series.map(|series| series.iter().collect()).unwrap_or_default();
    let newest = &values[values.len().saturating_sub(cells)..];
    let line = format::sparkline(newest, most, look.ascii);
    right(&line, cells)
}

fn owner(route: &Route) -> (String, Role) {
    let Some(first) = route.owners.first() else { return (format::NONE.to_owned(), Role::NoData) };
    let more = if route.owners.len() > 1 { "+" } else { "" };
    let role = match route.owners.iter().map(Owner::rule).max() {
        Some(OwnerRule::Refuse) => Role::Warn,
        _ => Role::Muted,
    };
    (format!("{}{more}", first.badge()), role)
}
