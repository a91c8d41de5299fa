//! What is known of the selected split.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::format::{self, left, right};
use super::paint::{Look, cut, lines, ruler, width};
use super::routes::{plain, too_many_errors, trend, version};
use super::theme::Role;
use super::words;
use crate::app::{App, Change, Observed, Shown, Split};
use crate::cluster::Scope;
use crate::metrics::{BackendHistory, Series};
use crate::pilot::{Ending, Stage};
use crate::rollout::{ChangeRecord, RuleWeights, weights_of};
use crate::route::{BackendRef, ParentState, ParentView, Route, declared_share};

/// Cells of the labels on the left.
const LABEL: usize = 9;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, look: &Look) {
    if area.height == 0 {
        return;
    }
    let inside =
        Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(2), height: area.height - 1 };
    match app.routes.shown(app.list.cursor()) {
        None => ruler(buffer, area, &[], look),
        Some(Shown::Bad(bad)) => {
            ruler(buffer, area, &[look.span(Role::Accent, bad.id.to_string())], look);
            lines(buffer, inside, &[Line::from(look.span(Role::Bad, bad.why.to_string()))]);
        }
        Some(Shown::Whole(route)) => {
            ruler(buffer, area, &[look.span(Role::Accent, route.id.to_string())], look);
            let no_split = look.span(Role::Muted, "no rule of this route has two or more backends");
            lines(buffer, inside, &[state(route, look), Line::from(no_split)]);
        }
        Some(Shown::Split { .. }) => {
            if let Some(split) = app.split(app.list.cursor()) {
                draw_split(buffer, area, inside, app, &split, look);
            }
        }
    }
}

pub(super) fn draw_split(
    buffer: &mut Buffer,
    area: Rect,
    inside: Rect,
    app: &App,
    split: &Split<'_>,
    look: &Look,
) {
    let rule = format!("  rule {}", split.route.rule_label(split.index));
    let title = [look.span(Role::Accent, split.route.id.to_string()), look.span(Role::Muted, rule)];
    ruler(buffer, area, &title, look);
    let mut all = Vec::new();
    let room = usize::from(inside.width);
    let airy = area.height >= 16;
    if area.height > 3 {
        all.extend(versions(app, split, room, look));
        if app.numbers.has_source {
            if airy {
                all.push(Line::default());
            }
            all.extend(trends(app, split, room, airy, look));
        }
        if airy {
            all.push(Line::default());
        }
    }
    all.push(state(split.route, look));
    if let Some(change) = app.changes.of(&split.route.id) {
        all.extend(change_lines(change, room, look));
    }
    all.push(changed(app, split.route, look));
    all.push(paths(app, split, look));
    all.push(owners(split.route, look));
    lines(buffer, inside, &all);
}

fn label(text: &str, look: &Look) -> Span<'static> {
    look.span(Role::Muted, left(text, LABEL))
}

/// One line a backend, under headings; columns leave from the right.
fn versions(app: &App, split: &Split<'_>, room: usize, look: &Look) -> Vec<Line<'static>> {
    let longest = split.rule.backends.iter().map(|b| usize::from(width(&b.to.name))).max().unwrap_or(0);
    let numbers = app.numbers.has_source;
    // heading, width, whether it is a number
    let columns = [
        ("role", LABEL - 1, false),
        ("backend", longest.clamp(12, 32), false),
        ("image", 16, false),
        ("ready", 5, true),
        ("weight", 7, true),
        ("share", 6, true),
        ("observed", 15, false),
        ("errors of requests", 18, false),
        ("p50", 6, true),
        ("p95", 6, true),
        ("p99", 6, true),
        ("req/s", 6, true),
    ];
    let known = if numbers { columns.len() } else { 6 };
    let mut used = 0;
    let fitting = columns.iter().take(known).take_while(|(_, width, _)| {
        used += width + 1;
        used <= room + 1
    });
    let columns: Vec<_> = fitting.copied().collect();
    let cell = |text: &str, (_, width, number): (&str, usize, bool)| {
        if number { right(text, width) } else { left(text, width) }
    };
    let mut all = Vec::new();
    let heading: Vec<String> = columns.iter().map(|column| cell(column.0, *column)).collect();
    all.push(Line::from(look.span(Role::Muted, heading.join(" "))));
    let observed = app.observed(split);
    for index in 0..split.rule.backends.len() {
        let cells = backend_cells(app, split, index, &observed, look);
        let mut line = Vec::new();
        for (column, (text, style)) in columns.iter().zip(cells) {
            line.push(Span::styled(cell(&text, *column), style));
            line.push(Span::raw(" "));
        }
        all.push(Line::from(line));
    }
    all
}

fn backend_cells(
    app: &App,
    split: &Split<'_>,
    index: usize,
    observed: &Observed,
    look: &Look,
) -> Vec<(String, Style)> {
    let Some(backend) = split.rule.backends.get(index) else { return Vec::new() };
    let (text, no_data) = (look.style(Role::Text), look.style(Role::NoData));
    let colour = version(split, index);
    let role = split.roles.of.get(index).copied().flatten();
    let guess = if split.roles.guessed() { "?" } else { "" };
    let role = role.map_or(String::new(), |role| format!("{}{guess}", role.word()));
    let facts = app.facts.known.get(&backend.to);
    let image = match facts.map(|facts| &facts.pods) {
        Some(Ok(pods)) => (pods.version().unwrap_or("?").to_owned(), text),
        Some(Err(_)) => ("unknown".to_owned(), no_data),
        None => ("...".to_owned(), no_data),
    };
    let ready = match facts.map(|facts| &facts.endpoints) {
        Some(Ok(ends)) if ends.ready == 0 => (format!("0/{}", ends.total), look.style(Role::Bad)),
        Some(Ok(ends)) if ends.ready < ends.total => {
            (format!("{}/{}", ends.ready, ends.total), look.style(Role::Warn))
        }
        Some(Ok(ends)) => (format!("{}/{}", ends.ready, ends.total), text),
        Some(Err(_)) => ("?".to_owned(), no_data),
        None => ("...".to_owned(), no_data),
    };
    let share = declared_share(split.rule, index).map_or(format::NONE.to_owned(), |_| {
        format::share(backend.weight.into(), crate::route::weight_sum(split.rule))
    });
    let seen = observed.share(index).map_or_else(
        || (observed.reason(15), no_data),
        |(share, interval)| {
            let share = right(&format::percent(Some(share)), format::PERCENT_WIDTH);
            (format!("{share} {}", words::range(interval)), text)
        },
    );
    let known = app.numbers.get(&backend.to);
    let stale = known.is_none_or(|numbers| numbers.is_stale(app.now.since_start));
    let numbers = known.and_then(|numbers| numbers.latest).unwrap_or_default();
    let number = |text: String| {
        let missing = stale || text == format::NONE;
        (text, if missing { no_data } else { plain(look, colour) })
    };
    let errors = match (numbers.error_rate, numbers.requests) {
        (Some(rate), Some(requests)) => {
            format!("{} of {}", right(&format::percent(Some(rate)), 6), format::count(whole(requests)))
        }
        _ => format::NONE.to_owned(),
    };
    let seconds = |quantile: Option<crate::metrics::Quantile>| {
        number(format::seconds(quantile.map(|quantile| quantile.seconds)))
    };
    vec![
        (role, look.style(colour)),
        (backend.to.to_string(), text),
        image,
        ready,
        (backend.weight.to_string(), text),
        (share, text),
        seen,
        if too_many_errors(&numbers) && !stale { (errors, look.style(Role::Bad)) } else { number(errors) },
        seconds(numbers.p50),
        seconds(numbers.p95),
        seconds(numbers.p99),
        number(format::rate(numbers.requests_per_second)),
    ]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of requests, at least 0"
)]
fn whole(requests: f64) -> u64 {
    requests.round() as u64
}

/// Sparklines of each backend, on one scale each.
fn trends(app: &App, split: &Split<'_>, room: usize, airy: bool, look: &Look) -> Vec<Line<'static>> {
    type Pick = fn(&BackendHistory) -> &Series;
    let kinds: [(&str, Pick, f64); 3] = [
        ("errors", |past| &past.error_rate, 0.01),
        ("p99", |past| &past.p99, 0.0),
        ("req/s", |past| &past.requests_per_second, 0.0),
    ];
    let past = |backend: &BackendRef| app.numbers.get(backend).map(|numbers| &numbers.series);
    let cells = (room.saturating_sub(LABEL + 4) / 3).min(60);
    let most = kinds.map(|(_, pick, least)| {
        let series = split.rule.backends.iter().filter_map(|backend| past(&backend.to));
        series.filter_map(|past| pick(past).max()).fold(least, f64::max)
    });
    let mut all = Vec::new();
    if airy {
        let mut heading = vec![look.span(Role::Muted, left("10 min", LABEL))];
        for ((name, ..), most) in kinds.iter().zip(most) {
            let top = match *name {
                "errors" => format::percent(Some(most)),
                "p99" => format::seconds(Some(most).filter(|most| *most > 0.0)),
                _ => format::rate(Some(most).filter(|most| *most > 0.0)),
            };
            heading.push(look.span(Role::Muted, left(&format!("{name} up to {top}"), cells + 2)));
        }
        all.push(Line::from(heading));
    }
    for (index, backend) in split.rule.backends.iter().enumerate() {
        let role = version(split, index);
        let name = split.roles.of.get(index).copied().flatten().map_or("", crate::rollout::Role::word);
        let mut line = vec![look.span(role, left(name, LABEL))];
        for ((_, pick, _), most) in kinds.iter().zip(most) {
            let series = past(&backend.to).map(pick);
            line.push(Span::styled(trend(series, cells, most, look), plain(look, role)));
            line.push(Span::raw("  "));
        }
        all.push(Line::from(line));
    }
    all
}

/// The state of the route and of each of its parents, in words.
fn state(route: &Route, look: &Look) -> Line<'static> {
    let state = route.state();
    let sign = words::route(&state, look);
    let mut line = vec![label("state", look), look.span(sign.role, format!("{} {state}", sign.glyph))];
    for view in route.parent_views() {
        line.push(look.span(Role::Muted, format!("   {} {}", view.parent, parent(&view, route))));
    }
    if let Some(problem) = &route.status_problem {
        line.push(look.span(Role::Warn, format!("   status cannot be read: {problem}")));
    }
    Line::from(line)
}

fn parent(view: &ParentView<'_>, route: &Route) -> String {
    match view.state {
        ParentState::Observed => "has seen the newest spec".to_owned(),
        ParentState::Pending { seen } => format!("has seen generation {seen} of {}", route.generation),
        ParentState::Refused { seen } => format!("refused the edit and serves generation {seen}"),
        ParentState::NoGeneration => "reports no generation".to_owned(),
        ParentState::NoStatus => "has said nothing".to_owned(),
    }
}

/// Cells from which on all stages of a change fit on a line.
const WHOLE_LADDER: usize = 100;

/// The ladder of a change's stages, and what is seen.
fn change_lines(change: &Change, room: usize, look: &Look) -> Vec<Line<'static>> {
    let stages = [Stage::Writing, Stage::Written, Stage::Observed, Stage::TrafficFollows, Stage::Proven];
    let mut line = vec![label("change", look), look.span(Role::Text, format!("{}  ", change.what))];
    let unproven = change.ended.as_ref().is_some_and(|ending| !matches!(ending, Ending::Proven(_)));
    // Where there is no room for all, the stage that was reached, and how many there are.
    let narrow = room < WHOLE_LADDER;
    for (place, stage) in stages.into_iter().enumerate() {
        if narrow && stage != change.stage {
            continue;
        }
        if narrow {
            line.push(look.span(Role::Muted, format!("{}/{} ", place + 1, stages.len())));
        } else if place > 0 {
            line.push(look.span(Role::Border, " > "));
        }
        let style = match stage.cmp(&change.stage) {
            Ordering::Greater => look.style(Role::NoData),
            Ordering::Equal if change.is_running() => look.style(Role::Accent).add_modifier(Modifier::BOLD),
            Ordering::Equal if unproven => look.style(Role::Warn),
            Ordering::Less | Ordering::Equal => look.style(Role::Ok),
        };
        // Without colours, brackets tell how far it is.
        let word =
            if stage == change.stage { format!("[{}]", stage.word()) } else { stage.word().to_owned() };
        line.push(Span::styled(word, style));
    }
    if let Some(ending) = change.ended.as_ref().filter(|_| narrow) {
        let sign = words::ending(ending, look);
        line.push(look.span(sign.role, format!("  {} {}", sign.glyph, ending.word())));
    }
    let mut all = vec![Line::from(line)];
    let (role, text) = match &change.ended {
        Some(ending) => {
            let sign = words::ending(ending, look);
            (sign.role, format!("{} {ending}", sign.glyph))
        }
        None => (Role::Text, change.words.clone()),
    };
    if !text.is_empty() {
        let text = cut(&text, room.saturating_sub(LABEL));
        all.push(Line::from(vec![label("", look), look.span(role, text)]));
    }
    all
}

/// The newest change, and who made it: ours by its record, others by who wrote the spec last.
fn changed(app: &App, route: &Route, look: &Look) -> Line<'static> {
    let time = |at: &str| -> Option<Timestamp> { at.parse().ok() };
    let ago = |at: &str| {
        let age = time(at).and_then(|at| Duration::try_from(app.now.wall.duration_since(at)).ok());
        age.map_or_else(String::new, |age| match age.as_secs() {
            0..60 => "just now".to_owned(),
            _ => format!("{} ago", format::age(age)),
        })
    };
    let record = ChangeRecord::newest(route);
    let writer = route.last_writer.as_ref();
    let since = |record: &ChangeRecord| {
        let (ours, theirs) = (time(&record.at), writer.and_then(|writer| time(&writer.at)));
        writer.is_some_and(|writer| &*writer.manager != "tidegate") && theirs > ours
    };
    let mut line = vec![label("changed", look)];
    match (record.filter(|record| !since(record)), writer) {
        (Some(record), _) => {
            let done = format!("{} by {}: {}", ago(&record.at), record.actor, record.action);
            line.push(look.span(Role::Text, format!("{done}{}", moved(route, &record))));
            line.push(look.span(Role::Muted, format!("  {}", record.verdict)));
            if let Some(reason) = &record.reason {
                line.push(look.span(Role::Muted, format!("  reason: {reason}")));
            }
        }
        (None, Some(writer)) => {
            line.push(look.span(Role::Text, format!("{} with {}", ago(&writer.at), writer.manager)));
        }
        (None, None) => line.push(look.span(Role::NoData, "not known")),
    }
    Line::from(line)
}

/// The weights before and after, of the first rule that was changed, in its order: ` 95/5 -> 90/10`.
fn moved(route: &Route, record: &ChangeRecord) -> String {
    let Some(index) = record.after.keys().next() else { return String::new() };
    let list = |all: &BTreeMap<usize, RuleWeights>| {
        let weights = all.get(index).zip(route.rules.get(*index));
        let weights = weights.and_then(|(weights, rule)| weights_of(weights, rule, &route.id.namespace));
        let weights = weights.unwrap_or_default();
        if weights.is_empty() {
            return "?".to_owned();
        }
        weights.iter().map(ToString::to_string).collect::<Vec<_>>().join("/")
    };
    format!(" {} -> {}", list(&record.before), list(&record.after))
}

fn paths(app: &App, split: &Split<'_>, look: &Look) -> Line<'static> {
    let paths = app.other_paths(split);
    let words = match paths.first() {
        None if app.scope == Scope::All => look.span(Role::Muted, "no other path leads to these backends"),
        None => look.span(Role::Muted, "no other path in this namespace leads to these backends"),
        Some(first) if paths.len() == 1 => look.span(Role::Text, format!("1 other path: {first}")),
        Some(first) => look.span(Role::Text, format!("{} other paths: {first}, ...", paths.len())),
    };
    Line::from(vec![label("paths", look), words])
}

fn owners(route: &Route, look: &Look) -> Line<'static> {
    let words: Vec<String> = route.owners.iter().map(ToString::to_string).collect();
    let words = if words.is_empty() {
        look.span(Role::Muted, "nobody else writes this route")
    } else {
        look.span(Role::Warn, words.join("; "))
    };
    Line::from(vec![label("owners", look), words])
}
