//! One panel a version: its curves, each kind on one scale for all versions, and its numbers beside them.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::Part;
use super::curves::{ALL, Kind};
use super::versions::whole;
use crate::app::{SPAN, STEP, too_many_errors};
use crate::route::weight_sum;
use crate::ui::format::{self, left, right};
use crate::ui::paint::{section, width};
use crate::ui::routes::{plain, version};
use crate::ui::theme::Role;

/// Cells before and behind a curve.
const BEFORE: usize = 24;
const BEHIND: usize = 7;
/// Cells from which on two panels stand beside each other.
const BESIDE: usize = 132;
/// Cells between them.
const GAP: usize = 3;
/// The highest curve, and which of them grow first.
const HIGHEST: u8 = 8;
const GROWING: [usize; ALL.len()] = [0, 3, 4, 2, 1];

/// Rows of each kind of curve.
pub(super) type Heights = [u8; ALL.len()];

/// How high the curves can be in `height` rows.
pub(super) fn heights(part: &Part<'_>, height: usize) -> Heights {
    let mut heights = [1; ALL.len()];
    if !part.app.numbers.has_source {
        return heights;
    }
    let stacked = part.split.rule.backends.len().div_ceil(beside(part));
    let mut spare = height.saturating_sub(stacked * (2 + ALL.len()));
    for highest in 2..=HIGHEST {
        for kind in GROWING {
            if spare >= stacked && heights.get(kind).is_some_and(|rows| *rows < highest) {
                heights[kind] += 1;
                spare -= stacked;
            }
        }
    }
    heights
}

fn beside(part: &Part<'_>) -> usize {
    if part.room >= BESIDE { 2 } else { 1 }
}

/// All panels, in as many columns as fit.
pub(super) fn lines(part: &Part<'_>, heights: Heights) -> Vec<Line<'static>> {
    let columns = beside(part);
    let look = part.look;
    if !part.app.numbers.has_source {
        return Vec::new();
    }
    let room = (part.room - GAP * (columns - 1)) / columns;
    let one = part.with(room);
    let curve = room.saturating_sub(BEFORE + BEHIND);
    let span = (u64::try_from(curve).unwrap_or(u64::MAX).saturating_mul(STEP.as_secs())).min(SPAN.as_secs());
    let about = format!("each on one scale; curves of {}m", span / 60);
    let title = [look.span(Role::Muted, format!("versions  numbers of 1m, {about}"))];
    let mut all = vec![section(part.room, &title, look)];
    let airy = heights.iter().any(|rows| *rows > 1);
    let indices: Vec<usize> = (0..part.split.rule.backends.len()).collect();
    for row in indices.chunks(columns) {
        let mut panels = row.iter().map(|index| panel(&one, *index, curve, heights));
        let Some(mut joined) = panels.next() else { continue };
        for panel in panels {
            for (line, right) in joined.iter_mut().zip(panel) {
                let used: usize = line.spans.iter().map(|span| usize::from(width(&span.content))).sum();
                line.spans.push(Span::raw(" ".repeat((room + GAP).saturating_sub(used))));
                line.spans.extend(right.spans);
            }
        }
        if airy && all.len() > 1 {
            all.push(Line::default());
        }
        all.extend(joined);
    }
    all
}

fn panel(part: &Part<'_>, index: usize, curve: usize, heights: Heights) -> Vec<Line<'static>> {
    let mut all = vec![heading(part, index)];
    for (kind, rows) in ALL.iter().zip(heights) {
        all.extend(kind_lines(part, index, kind, curve, rows));
    }
    all
}

/// Name, image, role and share.
fn heading(part: &Part<'_>, index: usize) -> Line<'static> {
    let Part { split, look, .. } = part;
    let Some(backend) = split.rule.backends.get(index) else { return Line::default() };
    let role = version(split, index);
    let (image, style) = part.image(backend);
    let share = format::share(backend.weight.into(), weight_sum(split.rule));
    let called = split.roles.of.get(index).copied().flatten().map(|_| part.called(index));
    let (ready, ready_style) = part.ready(backend);
    let tail = format!("{}{share}", called.map(|called| format!("{called} ")).unwrap_or_default());
    let room = part.room.saturating_sub(usize::from(width(&image) + width(&tail) + width(&ready)) + 12);
    let name = format::middle(&backend.to.to_string(), room.max(8));
    Line::from(vec![
        look.span(role, name),
        Span::styled(format!("  {image}"), style),
        look.span(Role::Muted, format!("  {tail}  ")),
        Span::styled(ready, ready_style),
        look.span(Role::Muted, " ready"),
    ])
}

fn kind_lines(part: &Part<'_>, index: usize, kind: &Kind, curve: usize, rows: u8) -> Vec<Line<'static>> {
    let Part { app, split, look, .. } = part;
    let known = split.numbers(Some(index));
    let old = known.is_none_or(|numbers| numbers.is_stale(app.shown_at()));
    let numbers = known.and_then(|numbers| numbers.latest).unwrap_or_default();
    let colour = plain(look, version(split, index));
    let value = (kind.value)(&numbers);
    let bad = kind.name == "errors" && too_many_errors(&numbers);
    let quiet = old || part.is_idle(index);
    let style = match (quiet || value == format::NONE, bad) {
        (true, _) => look.style(Role::NoData),
        (_, true) => look.style(Role::Bad),
        _ => colour,
    };
    let of = numbers.requests.filter(|_| value != format::NONE);
    let of = of.map(|requests| format!("of {}", right(&format::count(whole(requests)), format::COUNT_WIDTH)));
    let top = kind.top(part).map_or(String::new(), kind.words);
    let last = usize::from(rows).saturating_sub(1);
    let curves = kind.rows(part, index, curve, rows);
    let line = |(row, cells): (usize, String)| {
        let before = if row == 0 {
            vec![
                look.span(Role::Muted, left(kind.name, 7)),
                Span::styled(right(&value, 6), style),
                look.span(Role::Muted, format!(" {} ", left(of.as_deref().unwrap_or_default(), 9))),
            ]
        } else {
            vec![Span::styled(" ".repeat(BEFORE), Style::new())]
        };
        let scale = match row {
            0 => top.as_str(),
            row if row == last && !top.is_empty() => "0",
            _ => "",
        };
        let mut line = before;
        line.push(Span::styled(cells, if quiet { look.style(Role::NoData) } else { colour }));
        line.push(look.span(Role::Muted, format!(" {}", left(scale, BEHIND - 1))));
        Line::from(line)
    };
    curves.into_iter().enumerate().map(line).collect()
}
