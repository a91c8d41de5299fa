//! One open split: what it is set to, what is seen of it, and what may be done next.
//!
//! Lives here: the parts, one a file, each a list of lines for a width; and how they are laid out. The pane below the
//! list is made of the same parts. Does not live here: which split is open and how far it is scrolled (`app/`).

mod after;
mod alerts;
mod changes;
mod checks;
mod curves;
mod ladder;
mod logs;
mod panels;
mod parents;
mod part;
mod paths;
mod source;
mod versions;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::fold::fold;
use super::format::{left, middle};
use super::more;
use super::paint::{Look, Pen, cut, lines, ruler, section, width};
use super::theme::Role;
use super::words;
use crate::app::{App, Page, Pane, SplitView};
use crate::keys::{Action, Context};
use versions::Column;

pub(super) use changes::under_way;
pub(super) use curves::{ERRORS, Kind, P99, RATE};
use part::NARROW;
pub(super) use part::Part;
pub(super) use versions::table;
pub(super) use {parents::state, paths::brief as paths, paths::owners};
pub(super) type TableColumn = Column;

/// Cells from which on there are two columns.
const TWO_COLUMNS: usize = 110;
/// Cells that a title needs besides the state.
const LEAST_TITLE: usize = 16;
/// Cells of the left one from which on the changes are told there.
const WIDE_LEFT: usize = 50;
/// Rows that the ten things to look at after a rollback need, with their heading and a blank before it.
const TEN: usize = 12;
/// Rows of one column from which on there is room for all of them.
const ROOM_FOR_TEN: usize = 32;
/// Rows from which on one of them tells how much more there is.
const LEAST_TOLD: u16 = 5;
/// Cells between them.
const GAP: usize = 3;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, view: &SplitView, look: &Look) {
    if area.height == 0 {
        return;
    }
    let inside =
        Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(2), height: area.height - 1 };
    let Some(split) = app.selected() else {
        ruler(buffer, area, &[look.span(Role::Accent, view.id.to_string())], look);
        let why = app.gone(view).unwrap_or_default();
        let mut all = fold(&Line::from(look.span(Role::Bad, why)), inside.width.into(), 0);
        let back = app.start.keymap.key_of(Action::Close, Context::View);
        all.extend(
            back.map(|key| Line::from(look.span(Role::Muted, format!("{key} goes back to the list")))),
        );
        return lines(buffer, inside, &all);
    };
    let part = Part { app, split: &split, look, room: inside.width.into() };
    ruler_of(buffer, area, &part);
    if view.page != Page::Overview {
        let all = changes::all(&part);
        let (top, above) = scrolled(buffer, inside, all.len(), &part, view);
        return lines(buffer, above, &all[top..]);
    }
    if part.room < TWO_COLUMNS {
        let all = one_column(&part, view, inside.height.into());
        let (top, above) = scrolled(buffer, inside, all.len(), &part, view);
        return lines(buffer, above, &all[top..]);
    }
    let summary = summary(&part);
    let above = u16::try_from(summary.len()).unwrap_or(u16::MAX).min(inside.height);
    lines(buffer, inside, &summary);
    let below = Rect { y: inside.y + above, height: inside.height - above, ..inside };
    let height = usize::from(below.height);
    let left_room = (part.room * 3 / 10).clamp(38, 56);
    let (left, right) = (part.with(left_room), part.with(part.room - left_room - GAP));
    let beside = left.room >= WIDE_LEFT;
    let (left, right) = (left_column(&left, view, height), right_column(&right, height, beside));
    let (top, below) = scrolled(buffer, below, left.len().max(right.len()), &part, view);
    let height = usize::from(below.height);
    // A column that is in sight as a whole stays where it is.
    let from = |column: &Vec<Line<'_>>| top.min(column.len().saturating_sub(height));
    lines(buffer, Rect { width: cells(left_room), ..below }, &left[from(&left)..]);
    let x = below.x + cells(left_room + GAP);
    lines(buffer, Rect { x, width: below.right().saturating_sub(x), ..below }, &right[from(&right)..]);
}

/// First line in sight of a text of `lines`, and where it is drawn: where not all is in sight, the last row says so.
fn scrolled(
    buffer: &mut Buffer,
    area: Rect,
    lines: usize,
    part: &Part<'_>,
    view: &SplitView,
) -> (usize, Rect) {
    if lines <= usize::from(area.height) || area.height < LEAST_TOLD {
        return (view.scroll.within(lines, area.height.into()), area);
    }
    let above = Rect { height: area.height - 1, ..area };
    let height = usize::from(above.height);
    let top = view.scroll.within(lines, height);
    let keys = (view.pane != Pane::Ladder || view.page != Page::Overview).then_some(Context::View);
    let hidden = (top, lines.saturating_sub(top + height));
    let last = Rect { y: above.bottom(), height: 1, ..area };
    ruler(buffer, last, &more::title(part.app, hidden, keys, part.look), part.look);
    (top, above)
}

fn cells(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// Which split, for whom, and in which state.
fn ruler_of(buffer: &mut Buffer, area: Rect, part: &Part<'_>) {
    let Part { split, look, .. } = part;
    let state = split.route.state();
    let sign = words::route(&state, look);
    let said = format!(" {} {} ", sign.glyph, state.word());
    let hosts = match split.route.hostnames.as_ref() {
        [] => "all hosts".to_owned(),
        [one] => one.to_string(),
        [first, rest @ ..] => format!("{first} +{}", rest.len()),
    };
    // The state leaves first, then the hosts, then the rule.
    let all = usize::from(area.width).saturating_sub(6);
    let room = all.saturating_sub(usize::from(width(&said)));
    let (room, said) = if room < LEAST_TITLE { (all, String::new()) } else { (room, said) };
    let id = middle(&split.route.id.to_string(), room);
    let more = format!("  rule {}  {hosts}", split.route.rule_label(split.index));
    let more = cut(&more, room.saturating_sub(usize::from(width(&id))));
    ruler(buffer, area, &[look.span(Role::Accent, id), look.span(Role::Muted, more)], look);
    let x = area.right().saturating_sub(width(&said) + 2).max(area.x);
    Pen::new(buffer, x, area.y, width(&said)).put(&said, look.style(sign.role));
}

/// What is declared and observed, whether a rollback would work, and the change under way.
fn summary(part: &Part<'_>) -> Vec<Line<'static>> {
    let told = alerts::brief(part).into_iter().chain(source::brief(part));
    [part.weights(), part.lamp()].into_iter().chain(told).chain(under_way(part)).collect()
}

/// Where there is room for one column, the most important comes first.
fn one_column(part: &Part<'_>, view: &SplitView, height: usize) -> Vec<Line<'static>> {
    use Column as C;
    let look = part.look;
    let mut head = vec![part.weights(), part.lamp()];
    // What is moved in must be in sight.
    let first = view.pane == Pane::Ladder && part.room < NARROW;
    let at = if first { 0 } else { head.len() };
    head.splice(at..at, ladder::across(part, view));
    head.push(checks::verdict(part, view));
    head.extend(alerts::brief(part));
    head.extend(source::brief(part));
    // The second row of these parts the table from what stands above it.
    head.extend(under_way(part));
    let mut all: Vec<_> = head.iter().flat_map(|line| fold(line, part.room, part::LABEL)).collect();
    let columns = [C::Role, C::Image, C::Errors, C::ErrorTrend, C::P99, C::P99Trend, C::Rate, C::Observed];
    let without = [C::Role, C::Image, C::Ready, C::Weight, C::Share];
    all.extend(table(part, if part.app.numbers.has_source { &columns } else { &without }));
    all.extend(after_rollback(part, height >= ROOM_FOR_TEN));
    all.extend(logs::lines(part));
    let gate = checks::lines(part, 0);
    if !gate.is_empty() {
        all.push(section(part.room, &checks::title(part, view), look));
        all.extend(gate);
    }
    all.extend(behind(part));
    all.extend(changed_before(part, changes::NEWEST));
    all.extend(panels::lines(part, [1; curves::ALL.len()]));
    all
}

/// Where it is wide, what was changed before takes what the gate leaves.
fn left_column(part: &Part<'_>, view: &SplitView, height: usize) -> Vec<Line<'static>> {
    let look = part.look;
    let mut all = vec![section(part.room, &ladder::title(part, view), look)];
    all.extend(ladder::upright(part, view));
    // The gate may be scrolled to: of a canary that was just drained it matters less.
    let after = after_rollback(part, height >= all.len() + TEN);
    if !after.is_empty() {
        all.push(Line::default());
        all.extend(after);
    }
    all.push(Line::default());
    all.push(section(part.room, &checks::title(part, view), look));
    // The changes keep their rows below it.
    let below = if part.room >= WIDE_LEFT { changes::NEWEST + 2 } else { 0 };
    let spare = height.saturating_sub(all.len() + checks::lines(part, 0).len() + below);
    all.extend(checks::lines(part, spare));
    if part.room >= WIDE_LEFT {
        all.push(Line::default());
        let left = height.saturating_sub(all.len() + 1);
        all.extend(changed_before(part, left.max(changes::NEWEST)));
    }
    all
}

/// The panels take what the rest leaves; where the changes stand here, they take what cannot be dealt out to curves.
fn right_column(part: &Part<'_>, height: usize, changes_beside: bool) -> Vec<Line<'static>> {
    let behind = [logs::lines(part), behind(part)].concat();
    let changes = if changes_beside { 0 } else { changes::NEWEST + 1 };
    let heights = panels::heights(part, height.saturating_sub(behind.len() + changes));
    let mut all = panels::lines(part, heights);
    all.extend(behind);
    if !changes_beside {
        let left = height.saturating_sub(all.len() + 1);
        all.extend(changed_before(part, left.max(changes::NEWEST)));
    }
    // Nobody has to scroll for the rows that are kept for changes to come.
    while all.len() > height && all.last().is_some_and(|line| line.spans.is_empty()) {
        all.pop();
    }
    all
}

/// What stands behind the versions, and who else has to do with them.
fn behind(part: &Part<'_>) -> Vec<Line<'static>> {
    use Column as C;
    let mut all = Vec::new();
    let alerts = alerts::lines(part);
    if !alerts.is_empty() {
        all.push(title(part, "alerts"));
        all.extend(alerts);
    }
    let links = links(part);
    all.push(title(part, "backends"));
    let columns = [C::Name, C::Image, C::Ready, C::Restarts, C::OomKills, C::NewestPod, C::Weight, C::Share];
    all.extend(table(part, &columns));
    all.extend(part.unknown());
    all.push(title(part, "parents"));
    all.extend(parents::lines(part));
    all.push(title(part, "other paths, and owners"));
    all.extend(paths::lines(part));
    if !links.is_empty() {
        all.push(title(part, "links"));
        all.extend(links);
    }
    all
}

/// What is left to look at after a rollback; where they are not `all` in sight, the heading says what of them is open.
fn after_rollback(part: &Part<'_>, all: bool) -> Vec<Line<'static>> {
    let Some(points) = part.app.checklist(part.split) else { return Vec::new() };
    let title = section(part.room, &after::title(part, &points, all), part.look);
    std::iter::once(title).chain(after::lines(part, &points)).collect()
}

/// Where else to look; the palette copies them.
fn links(part: &Part<'_>) -> Vec<Line<'static>> {
    let links = part.split.links(&part.app.place.context, &part.app.start.conventions);
    let longest = links.iter().map(|(name, _)| usize::from(width(name))).max().unwrap_or_default();
    let before = |name: &str| format!("  {}  ", left(name, longest));
    links.iter().flat_map(|(name, url)| part.wrapped(Role::Muted, &before(name), url)).collect()
}

fn changed_before(part: &Part<'_>, rows: usize) -> Vec<Line<'static>> {
    let mut all = vec![title(part, "changes")];
    all.extend(changes::newest(part, rows));
    all
}

fn title(part: &Part<'_>, text: &str) -> Line<'static> {
    section(part.room, &[part.look.span(Role::Muted, text.to_owned())], part.look)
}
