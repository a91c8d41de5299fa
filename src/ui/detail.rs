//! What is known of the selected split.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::format::{self, left, middle};
use super::paint::{Look, lines, ruler};
use super::routes::{plain, version};
use super::split_view::{ERRORS, Kind, P99, Part, RATE, TableColumn, owners, paths, state, table, under_way};
use super::theme::Role;
use crate::app::{App, Shown};

/// Cells of the labels on the left.
const LABEL: usize = 9;

/// Rows beside the versions and their charts: title, headings, gaps, and what is known in words.
const REST: u16 = 11;

/// Rows of a chart.
const HIGHEST: u16 = 6;

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
    let airy = area.height >= 16;
    let needed = [state(split.route, look), part.lamp()];
    let mut all = versions(part);
    if app.numbers.has_source {
        let charts = trends(part, airy, chart_rows(part, area.height));
        // What is needed before a change comes before what is good to see.
        if airy {
            all.push(Line::default());
            all.extend(charts);
        } else if all.len() + charts.len() + needed.len() <= inside.height.into() {
            all.extend(charts);
        }
    }
    if airy {
        all.push(Line::default());
    }
    all.extend(needed);
    all.push(paths(part));
    all.push(owners(part));
    all.extend(under_way(part));
    lines(buffer, inside, &all);
}

/// Rows of each chart, of what the height leaves beside the rest.
fn chart_rows(part: &Part<'_>, height: u16) -> u8 {
    let versions = u16::try_from(part.split.rule.backends.len()).unwrap_or(u16::MAX).max(1);
    let rest = REST.saturating_add(versions);
    let rows = height.saturating_sub(rest) / versions;
    u8::try_from(rows.clamp(1, HIGHEST)).unwrap_or(1)
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
    // Without a row of headings, each curve says what it is of, and the one below it the scale of both.
    let scale = |kind: &Kind| kind.scale(part).unwrap_or_default();
    let beside = |kind: &Kind| if airy { 0 } else { kind.name.len().max(scale(kind).len()) + 1 };
    let name = |kind: &Kind, index: usize| {
        let words = match index {
            0 => kind.name.to_owned(),
            1 => scale(kind),
            _ => String::new(),
        };
        left(&words, beside(kind))
    };
    let names: usize = kinds.iter().map(beside).sum();
    let cells = (part.room.saturating_sub(LABEL + names + 4) / kinds.len()).min(60);
    let mut all = Vec::new();
    if airy {
        let mut heading = vec![look.span(Role::Muted, left("10 min", LABEL))];
        for kind in &kinds {
            let scale = kind.scale(part).unwrap_or_else(|| format::NONE.to_owned());
            heading.push(look.span(Role::Muted, left(&format!("{}  {scale}", kind.name), cells)));
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
                line.push(look.span(Role::Muted, name(kind, index)));
                line.push(Span::styled(chart.get(row).cloned().unwrap_or_default(), plain(look, role)));
            }
            all.push(Line::from(line));
        }
    }
    all
}
