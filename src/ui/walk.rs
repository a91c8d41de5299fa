//! The debugging walk: what to do first, then each step with what was seen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::fold::fold;
use super::paint::Look;
use super::reader;
use super::theme::Role;
use super::words::{self, Sign};
use crate::app::{App, WalkView};
use crate::diagnose::{Finding, Step, Verdict, Walk};

/// Cells before what was seen.
const INDENT: usize = 4;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, view: &WalkView, look: &Look) {
    let (title, all) = match &view.walk {
        None => (String::new(), vec![(0, Line::from(look.span(Role::Muted, "looking ...")))]),
        Some(Err(why)) => (String::new(), vec![(0, Line::from(look.span(Role::Warn, why)))]),
        Some(Ok(walk)) => (format!("  generation {}", walk.generation), told(walk, look)),
    };
    let room = reader::room(area);
    let all: Vec<Line<'_>> = all.iter().flat_map(|(indent, line)| fold(line, room, *indent)).collect();
    let title = format!("{}{title}  from the route to the requests", view.id);
    reader::show(buffer, area, &title, &all, (app, &view.scroll), look);
}

/// The lines, each with the cells by which its rest stands further in.
fn told(walk: &Walk, look: &Look) -> Vec<(usize, Line<'static>)> {
    let first = walk.what_to_do();
    let verdict = sign(walk.verdict(), look);
    let mut all = vec![
        (
            2,
            Line::from(vec![
                look.span(verdict.role, format!("{} ", verdict.glyph)),
                look.span(Role::Text, first),
            ]),
        ),
        (0, Line::default()),
    ];
    for (number, step) in (1..).zip(&walk.steps) {
        all.push((0, heading(number, step, look)));
        all.extend(step.findings.iter().flat_map(|finding| of_finding(finding, look)));
    }
    all
}

fn heading(number: usize, step: &Step, look: &Look) -> Line<'static> {
    let sign = sign(step.verdict, look);
    Line::from(vec![
        look.span(sign.role, format!("{} ", sign.glyph)),
        look.span(Role::Accent, format!("{number} {}", step.step.title())),
        look.span(Role::Muted, format!("  {}", step.verdict.word())),
    ])
}

fn of_finding(finding: &Finding, look: &Look) -> Vec<(usize, Line<'static>)> {
    let is_fine = finding.verdict == Verdict::Ok;
    let Sign { glyph, role } = sign(finding.verdict, look);
    let text = if is_fine { Role::Muted } else { Role::Text };
    let seen = Line::from(vec![look.span(role, format!("  {glyph} ")), look.span(text, &*finding.seen)]);
    let mut lines = vec![(INDENT, seen)];
    let arrow = if look.ascii { "->" } else { "→" };
    if let Some(advice) = &finding.advice {
        let indent = INDENT + arrow.chars().count() + 1;
        let before = look.span(Role::Accent, format!("    {arrow} "));
        lines.push((indent, Line::from(vec![before, look.span(Role::Text, &**advice)])));
    }
    if let Some(name) = finding.explain.filter(|_| !is_fine) {
        lines.push((INDENT, Line::from(look.span(Role::Muted, format!("    tidegate explain {name}")))));
    }
    lines
}

fn sign(verdict: Verdict, look: &Look) -> Sign {
    match verdict {
        Verdict::Ok => words::good(look),
        Verdict::Warning => words::LOOK,
        Verdict::Unknown => words::UNKNOWN,
        Verdict::Broken => words::bad(look),
    }
}
