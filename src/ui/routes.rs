//! The list of routes: one row a split.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::columns::{Column, Placed, solve};
use super::format::{self, middle, right};
use super::headings::{self, halves};
use super::paint::{Look, Pen, cut, width};
use super::theme::Role;
use super::words::{self, Sign};
use crate::app::{App, BackendNumbers, Link, Observed, Shown, Split, Worst, wrap};
use crate::cluster::Scope;
use crate::keys::{Action, Context};
use crate::metrics::{BackendHistory, Numbers, Series};
use crate::route::{Owner, OwnerRule, Route, RouteId, declared_share};

/// Tops of the scale of errors.
const ERROR_SCALES: [f64; 4] = [0.01, 0.05, 0.2, 1.0];
/// Cells of a namespace that still tell something, with what stands for the rest.
const SHORTEST_NAMESPACE: usize = 2;

pub(super) fn draw(buffer: &mut Buffer, above: Rect, area: Rect, app: &App, look: &Look) {
    let columns = solve(area.width, app.numbers.has_source, app.list.widest());
    if app.routes.is_empty() {
        return empty(buffer, area, app, look);
    }
    let rows = app.list.top()..app.routes.len().min(app.list.top() + usize::from(area.height));
    let splits: Vec<Option<Split<'_>>> = rows.clone().map(|index| app.split(index)).collect();
    let most = most_errors(&splits);
    headings::draw(buffer, above, &columns, app.arrangement.sort, most, look);
    say_no_split(buffer, area, app, look);
    for ((index, split), y) in rows.zip(&splits).zip(area.y..) {
        let Some(shown) = app.routes.shown(index) else { continue };
        let row = Rect { y, height: 1, ..area };
        if index == app.list.cursor() {
            buffer.set_style(row, look.style(Role::Selection));
        }
        match shown {
            Shown::Split { .. } => {
                if let Some(split) = split {
                    draw_split(buffer, row, &columns, app, split, most, look);
                }
            }
            Shown::Whole(route) => quiet(buffer, row, &columns, app, route, look),
            Shown::Bad(bad) => {
                let mut pen = Pen::new(buffer, row.x + 1, y, row.width.saturating_sub(1));
                let sign = words::bad(look);
                pen.put(sign.glyph, look.style(sign.role)).put(" ", Style::new());
                pen.put(&app.called(&bad.id), look.style(Role::Text));
                pen.put(&format!("  cannot be read: {}", bad.why), look.style(Role::Bad));
            }
        }
    }
}

/// Where routes have no split, what to do is said below them.
fn say_no_split(buffer: &mut Buffer, area: Rect, app: &App, look: &Look) {
    let below = area.y.saturating_add(u16::try_from(app.routes.len()).unwrap_or(u16::MAX)).saturating_add(1);
    if below >= area.bottom() || app.routes.splits() > 0 || !app.has_no_split() {
        return;
    }
    let words = cut(&no_split(app), usize::from(area.width.saturating_sub(4)));
    Pen::new(buffer, area.x + 3, below, area.width.saturating_sub(4)).put(&words, look.style(Role::Muted));
}

/// Nothing to show: why, and what to do.
fn empty(buffer: &mut Buffer, area: Rect, app: &App, look: &Look) {
    let words = match (&app.link, &app.scope) {
        _ if app.routes.entries().len() > 0 => {
            let key = app.start.keymap.key_of(Action::Close, Context::Routes);
            let key = key.map(|key| format!("; {key} shows all")).unwrap_or_default();
            format!("none of {} routes fits{key}", app.routes.entries().len())
        }
        (Link::Connecting, _) => format!("connecting to {}", app.place.server),
        (Link::Lost { .. }, _) => format!("no connection to {} yet; trying again", app.place.server),
        (Link::Live, _) => no_split(app),
    };
    let lines = wrap(&words, usize::from(area.width.saturating_sub(2)));
    for (line, y) in lines.iter().zip(area.y + area.height / 3..area.bottom()) {
        let x = area.x + area.width.saturating_sub(width(line)) / 2;
        Pen::new(buffer, x, y, area.right().saturating_sub(x)).put(line, look.style(Role::Muted));
    }
}

/// What to do where there is no split.
pub(super) fn no_split(app: &App) -> String {
    const DEMO: &str = "`tidegate demo` shows what they look like";
    let Scope::Namespace(name) = &app.scope else { return format!("no splits in this cluster; {DEMO}") };
    let key = app.start.keymap.key_of(Action::AllNamespaces, Context::Routes);
    let key = key.map_or(String::new(), |key| format!("; {key} = all namespaces"));
    match app.splits_elsewhere() {
        Some((0, _)) => format!("no splits in {name}, nor in any namespace; {DEMO}"),
        Some((splits, namespaces)) => format!("no splits in {name}{key} ({splits} in {namespaces})"),
        None => format!("no splits in {name}{key}"),
    }
}

/// The top of the scale of errors that all rows in sight share: the same curve means the same in each.
fn most_errors(splits: &[Option<Split<'_>>]) -> f64 {
    let known = splits
        .iter()
        .flatten()
        .flat_map(|split| [split.stable(), split.canary()].map(|index| split.numbers(index)));
    let most = known.flatten().filter_map(|known| known.series.error_rate.max()).fold(0.0, f64::max);
    ERROR_SCALES.into_iter().find(|scale| most <= *scale).unwrap_or(1.0)
}

/// The sign and the word of a row.
fn state(app: &App, worst: Worst, route: &Route, look: &Look) -> (Sign, String) {
    words::worst(worst, app.changes.of(&route.id), &route.state(), look)
}

fn quiet(buffer: &mut Buffer, row: Rect, columns: &[Placed], app: &App, route: &Route, look: &Look) {
    let (sign, word) = state(app, app.worst_of_whole(route), route, look);
    for placed in columns {
        let mut pen = Pen::new(buffer, placed.x, row.y, placed.width);
        match placed.column {
            Column::Glyph => pen.put(sign.glyph, look.style(sign.role)),
            Column::Name => pen.put(&place(app, &route.id, placed.width.into()), look.style(Role::Muted)),
            Column::Weights => pen.put("no split", look.style(Role::Muted)),
            Column::Word => pen.put(&word, look.style(Role::Muted)),
            Column::Owner => pen.put(&owner(route).0, look.style(Role::Muted)),
            _ => &mut pen,
        };
    }
}

/// The name of a route in at most `room` cells. The namespace, which many rows share, is cut first.
fn place(app: &App, id: &RouteId, room: usize) -> String {
    let name = usize::from(width(&id.name));
    match app.scope {
        Scope::All if room > name + SHORTEST_NAMESPACE => {
            format!("{}/{}", cut(&id.namespace, room - name - 1), id.name)
        }
        _ => middle(&app.called(id), room),
    }
}

fn draw_split(
    buffer: &mut Buffer,
    row: Rect,
    columns: &[Placed],
    app: &App,
    split: &Split<'_>,
    most_errors: f64,
    look: &Look,
) {
    let worst = app.worst_of(split);
    let (sign, said) = state(app, worst, split.route, look);
    let has_word = columns.iter().any(|placed| placed.column == Column::Word);
    let (stable, canary) = (split.numbers(split.stable()), split.numbers(split.canary()));
    let mut word = (!has_word && worst != Worst::Fine).then_some((said.as_str(), sign.role));
    for placed in columns {
        let pen = &mut Pen::new(buffer, placed.x, row.y, placed.width);
        match placed.column {
            Column::Glyph => drop(pen.put(sign.glyph, look.style(sign.role)).room()),
            Column::Name => word = draw_name(pen, app, split, word, look),
            Column::Weights => {
                draw_weights(pen, split, placed.width, look);
                if split.is_new(app.shown_at()) {
                    let cell = Rect { x: placed.x, width: placed.width, ..row };
                    buffer.set_style(cell, Style::new().add_modifier(Modifier::REVERSED));
                }
            }
            // That there are errors is told by their red number.
            Column::Observed => {
                draw_observed(pen, app, split, word.filter(|_| worst != Worst::Errors), look);
            }
            Column::Errors => {
                let cell = |numbers: &Numbers| format::percent(numbers.error_rate);
                draw_pair(pen, app, split, cell, |index| app.errs(split, index), look);
            }
            Column::P99 => {
                let cell = |numbers: &Numbers| format::seconds(numbers.p99.map(|p99| p99.seconds));
                draw_pair(pen, app, split, cell, |_| false, look);
            }
            Column::Rate => {
                let rate = |index| split.numbers(Some(index))?.latest?.requests_per_second;
                let all: Option<f64> = (0..split.rule.backends.len()).map(rate).sum();
                let old = stable.is_some_and(|numbers| numbers.is_stale(app.shown_at()));
                let role = if old || all.is_none() { Role::NoData } else { Role::Text };
                pen.put(&right(&format::rate(all), placed.width.into()), look.style(role));
            }
            Column::ErrorTrend => {
                draw_trend(
                    pen,
                    placed.width,
                    (stable, canary),
                    |past| &past.error_rate,
                    Some(most_errors),
                    look,
                );
            }
            Column::LatencyTrend => {
                draw_trend(pen, placed.width, (stable, canary), |past| &past.p99, None, look);
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
            Column::Word => {
                // Colour is for what differs.
                let role = if worst == Worst::Fine { Role::Muted } else { sign.role };
                pen.put(&said, look.style(role));
            }
            Column::Owner => {
                let (text, role) = owner(split.route);
                pen.put(&text, look.style(role));
            }
        }
    }
}

/// Returns the word that found no room.
fn draw_name<'w>(
    pen: &mut Pen<'_>,
    app: &App,
    split: &Split<'_>,
    word: Option<(&'w str, Role)>,
    look: &Look,
) -> Option<(&'w str, Role)> {
    let room = pen.room();
    let id = &split.route.id;
    let label = split.is_one_of_many().then(|| split.route.rule_label(split.index));
    if split.continued {
        let label = label.unwrap_or_default();
        pen.put("  ", Style::new()).put(&middle(&label, room.saturating_sub(2)), look.style(Role::Muted));
        return word;
    }
    let name = place(app, id, room);
    // The name comes before the word, and half a word says less than the glyph.
    let beside = word.filter(|(word, _)| usize::from(width(&name)) + usize::from(width(word)) < room);
    let for_word = beside.map_or(0, |(word, _)| usize::from(width(word)) + 1);
    pen.put(&name, look.style(Role::Text));
    if let Some(label) = label.filter(|_| pen.room() > for_word + 4) {
        let label = middle(&label, pen.room() - for_word - 1);
        pen.put(" ", Style::new()).put(&label, look.style(Role::Muted));
    }
    let Some((beside, role)) = beside else { return word };
    pen.put(" ", Style::new()).put(beside, look.style(role));
    None
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
        pen.put(&part, drawn(plain(look, Role::Canary)));
        pen.put(&rest, drawn(look.style(Role::Border))).put(" ", Style::new());
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

/// Where no share can be claimed stands why: the row's `word`, if it is still to be said, comes before that.
fn draw_observed(pen: &mut Pen<'_>, app: &App, split: &Split<'_>, word: Option<(&str, Role)>, look: &Look) {
    let observed = app.observed(split);
    let focus = split.canary().unwrap_or(split.rule.backends.len().saturating_sub(1));
    let Some((share, interval)) = observed.share(focus) else {
        let role = if observed == Observed::Proven { Role::Ok } else { Role::NoData };
        let reason = observed.reason(pen.room());
        let (words, role) = word.unwrap_or((&reason, role));
        pen.put(words, look.style(role));
        return;
    };
    let stale = split.numbers(Some(focus)).is_some_and(|numbers| numbers.is_stale(app.shown_at()));
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

/// Numbers of stable and canary beside each other. Those of a backend without traffic are of requests from before.
fn draw_pair(
    pen: &mut Pen<'_>,
    app: &App,
    split: &Split<'_>,
    cell: impl Fn(&Numbers) -> String,
    is_bad: impl Fn(usize) -> bool,
    look: &Look,
) {
    let versions = [(split.stable(), Role::Stable), (split.canary(), Role::Canary)];
    for (place, (index, role)) in versions.into_iter().enumerate() {
        let backend = index.and_then(|index| split.rule.backends.get(index));
        let numbers = split.numbers(index);
        let text = numbers.and_then(|n| n.latest.as_ref()).map_or_else(|| format::NONE.to_owned(), &cell);
        let old = numbers.is_none_or(|numbers| numbers.is_stale(app.shown_at()));
        let drained = backend.is_some_and(|backend| backend.weight == 0);
        let role = if old || drained || text == format::NONE {
            Role::NoData
        } else if index.is_some_and(&is_bad) {
            Role::Bad
        } else {
            role
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

/// What is drawn is not reversed with a selected row: a full cell would be a hole.
fn drawn(style: Style) -> Style {
    style.remove_modifier(Modifier::REVERSED)
}

/// Sparklines of stable and canary on one scale: up to `most`, else up to the highest of both.
fn draw_trend(
    pen: &mut Pen<'_>,
    room: u16,
    versions: (Option<&BackendNumbers>, Option<&BackendNumbers>),
    pick: fn(&BackendHistory) -> &Series,
    most: Option<f64>,
    look: &Look,
) {
    let (stable, canary) = (versions.0.map(|n| pick(&n.series)), versions.1.map(|n| pick(&n.series)));
    let highest = || [stable, canary].into_iter().flatten().filter_map(Series::max).fold(0.0, f64::max);
    let most = most.unwrap_or_else(highest);
    let (first, second) = halves(room);
    if first > 0 {
        pen.put(&trend(stable, first, most, look), drawn(plain(look, Role::Stable))).skip(1);
    }
    pen.put(&trend(canary, second, most, look), drawn(plain(look, Role::Canary)));
}

/// The newest `cells` values of a series, the newest on the right.
pub(super) fn trend(series: Option<&Series>, cells: usize, most: f64, look: &Look) -> String {
    let values: Vec<Option<f64>> = series.map(|series| series.iter().collect()).unwrap_or_default();
    let newest = &values[values.len().saturating_sub(cells)..];
    let line = format::sparkline(newest, most, look.ascii);
    " ".repeat(cells - newest.len()) + &line
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
