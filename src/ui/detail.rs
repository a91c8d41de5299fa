//! What is known of the selected split.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::format::{self, left, middle};
use super::paint::{Look, lines, ruler};
use super::routes::{plain, version};
use super::split_view::{
    ERRORS, Kind, P99, Part, RATE, TableColumn, changed, owners, paths, state, table, under_way,
};
use super::theme::Role;
use crate::app::{App, Shown};

/// Cells of the labels on the left.
const LABEL: usize = 9;

/// Rows beside the versions and their charts: title, headings, gaps, and what is known in words.
const REST: u16 = 13;

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
                draw_split(
                    buffer,
                    area,
                    inside,
                    &Part { app, split: &split, look, room: inside.width.into() },
                );
            }
        }
    }
}

pub(super) fn draw_split(buffer: &mut Buffer, area: Rect, inside: Rect, part: &Part<'_>) {
    let Part { app, split, look, .. } = part;
    let rule = format!("  rule {}", split.route.rule_label(split.index));
    let title = [look.span(Role::Accent, split.route.id.to_string()), look.span(Role::Muted, rule)];
    ruler(buffer, area, &title, look);
    let mut all = Vec::new();
    let airy = area.height >= 16;
    all.extend(versions(part));
    let under_way = under_way(part);
    if !airy {
        // Where not all has room, what goes on comes first.
        all.extend(under_way.iter().cloned());
    }
    if app.numbers.has_source {
        if airy {
            all.push(Line::default());
        }
        all.extend(trends(part, airy, chart_rows(part, area.height)));
    }
    if airy {
        all.push(Line::default());
    }
    all.push(state(split.route, look));
    if airy {
        all.extend(under_way);
    }
    all.push(part.lamp());
    all.push(changed(part));
    all.push(paths(part));
    all.push(owners(part));
    lines(buffer, inside, &all);
}

/// Rows of each chart, of what the height leaves beside the rest.
fn chart_rows(part: &Part<'_>, height: u16) -> u8 {
    let versions = u16::try_from(part.split.rule.backends.len()).unwrap_or(u16::MAX).max(1);
    let rest = REST.saturating_add(versions);
    let rows = height.saturating_sub(rest) / versions;
    u8::try_from(rows.clamp(1, 3)).unwrap_or(1)
}

fn versions(part: &Part<'_>) -> Vec<Line<'static>> {
    use TableColumn as C;
    let known = [C::Role, C::Name, C::Image, C::Ready, C::Weight, C::Share];
    let seen = [C::Observed, C::Errors, C::P50, C::P95, C::P99, C::Rate];
    let seen = if part.app.numbers.has_source { &seen[..] } else { &[] };
    table(part, &[&known, seen].concat())
}

/// Sparklines of each backend, on one scale each.
fn trends(part: &Part<'_>, airy: bool, rows: u8) -> Vec<Line<'static>> {
    let Part { split, look, .. } = part;
    let kinds = [ERRORS, P99, RATE];
    // Without a row of headings, each curve says what it is of.
    let name = |kind: &Kind| if airy { String::new() } else { format!("{} ", kind.name) };
    let names: usize = kinds.iter().map(|kind| name(kind).len()).sum();
    let cells = (part.room.saturating_sub(LABEL + names + 4) / kinds.len()).min(60);
    let mut all = Vec::new();
    if airy {
        let mut heading = vec![look.span(Role::Muted, left("10 min", LABEL))];
        for kind in &kinds {
            let top = kind.top(part).map_or(format::NONE.to_owned(), kind.words);
            heading.push(look.span(Role::Muted, left(&format!("{} up to {top}", kind.name), cells)));
            heading.push(Span::raw("  "));
        }
        heading.pop();
        all.push(Line::from(heading));
    }
    for index in 0..split.rule.backends.len() {
        let role = version(split, index);
        let charts: Vec<Vec<String>> = kinds.iter().map(|kind| kind.rows(part, index, cells, rows)).collect();
        for row in 0..usize::from(rows) {
            let label = if row + 1 == usize::from(rows) { part.called(index) } else { String::new() };
            let mut line = vec![look.span(role, left(&middle(&label, LABEL - 1), LABEL))];
            for (place, (kind, chart)) in kinds.iter().zip(&charts).enumerate() {
                line.push(Span::raw(if place > 0 { "  " } else { "" }));
                line.push(look.span(Role::Muted, name(kind)));
                line.push(Span::styled(chart.get(row).cloned().unwrap_or_default(), plain(look, role)));
            }
            all.push(Line::from(line));
        }
    }
    all
}
