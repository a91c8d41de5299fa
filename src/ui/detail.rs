//! What is known of the selected split.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::format::{self, left};
use super::paint::{Look, lines, ruler};
use super::routes::{plain, version};
use super::split_view::{
    ERRORS, P99, Part, RATE, TableColumn, changed, owners, paths, state, table, under_way,
};
use super::theme::Role;
use crate::app::{App, Shown};

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
    if app.numbers.has_source {
        if airy {
            all.push(Line::default());
        }
        all.extend(trends(part, airy));
    }
    if airy {
        all.push(Line::default());
    }
    all.push(state(split.route, look));
    all.extend(under_way(part));
    all.push(part.lamp());
    all.push(changed(part));
    all.push(paths(part));
    all.push(owners(part));
    lines(buffer, inside, &all);
}

fn versions(part: &Part<'_>) -> Vec<Line<'static>> {
    use TableColumn as C;
    let known = [C::Role, C::Name, C::Image, C::Ready, C::Weight, C::Share];
    let seen = [C::Observed, C::Errors, C::P50, C::P95, C::P99, C::Rate];
    let seen = if part.app.numbers.has_source { &seen[..] } else { &[] };
    table(part, &[&known, seen].concat())
}

/// Sparklines of each backend, on one scale each.
fn trends(part: &Part<'_>, airy: bool) -> Vec<Line<'static>> {
    let Part { split, look, .. } = part;
    let kinds = [ERRORS, P99, RATE];
    let cells = (part.room.saturating_sub(LABEL + 4) / kinds.len()).min(60);
    let mut all = Vec::new();
    if airy {
        let mut heading = vec![look.span(Role::Muted, left("10 min", LABEL))];
        for kind in &kinds {
            let top = kind.top(part).map_or(format::NONE.to_owned(), kind.words);
            heading.push(look.span(Role::Muted, left(&format!("{} up to {top}", kind.name), cells + 2)));
        }
        all.push(Line::from(heading));
    }
    for index in 0..split.rule.backends.len() {
        let role = version(split, index);
        let mut line = vec![look.span(role, left(&part.called(index), LABEL))];
        for kind in &kinds {
            line.push(Span::styled(kind.rows(part, index, cells, 1).concat(), plain(look, role)));
            line.push(Span::raw("  "));
        }
        all.push(Line::from(line));
    }
    all
}
