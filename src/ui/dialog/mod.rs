//! A change that waits for its confirmation.
//!
//! What must be read and the keys are in the first eight lines; the rest scrolls below. Where there is no room for that,
//! everything scrolls above the keys, the most important first.

mod asked;
mod rest;
mod top;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::fold::fold;
use super::more;
use super::paint::{Look, cursor_at, cut, lines, popup_edged, ruler};
use super::theme::Role;
use crate::app::{App, ChangeDialog, Step, What};
use crate::keys::Context;
use crate::pilot::Prepared;
use crate::rollout::{Intent, Verdict};
use crate::route::BackendRef;
use asked::Asked;

/// Cells of the labels on the left.
const LABEL: usize = 11;
/// Rows of a dialog, as far as the screen has them. One that has more to say grows downwards.
const ROWS: u16 = 22;
/// Lines that never scroll, where there is room.
const FIXED: usize = 8;
/// With fewer cells nothing is cut to fit into a line: it takes more lines.
const NARROW: usize = 60;

pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    app: &App,
    dialog: &ChangeDialog,
    look: &Look,
) -> Option<Position> {
    // On a narrow screen nothing is left beside it that could be read.
    let columns = if area.width < 96 { area.width } else { 100 };
    let room = usize::from(columns.saturating_sub(4));
    let what = match dialog.ask.what {
        What::StepNext => "step to the next stage",
        What::StepBack => "back one stage",
        What::Stage => dialog.ask.intent.as_ref().map_or("go to stage", Intent::word),
        What::Set => "set weights",
        What::Flip => "flip",
        What::Undo => "undo",
        What::RollBack => "roll back",
    };
    let title = format!("{what}  {}", dialog.ask.route);
    let mut open = |rows: u16, edge| popup_edged(buffer, area, (columns, rows), ROWS, &title, edge, look);
    let Step::Ready(ready) = &dialog.step else {
        let (body, asked) = not_ready(dialog, room, look);
        // While it is prepared it is as large as what follows, so that nothing jumps.
        let rows = match dialog.step {
            Step::Preparing => ROWS,
            _ => u16::try_from(body.len() + asked.lines.len() + 3).unwrap_or(u16::MAX),
        };
        let inside = open(rows, Role::Accent);
        return Layout { app, dialog, look }.draw(buffer, inside, &body, &asked);
    };
    let failed = ready.prepared.gate.verdict() == Verdict::Fail;
    let rest = rest::lines(app, &ready.prepared, room, look);
    let rows = u16::try_from(FIXED + 1 + rest.len() + 2).unwrap_or(u16::MAX).max(ROWS);
    let inside = open(rows, if failed { Role::Bad } else { Role::Accent });
    let room = usize::from(inside.width);
    let asked = asked::ready(app, dialog, ready, room, look);
    let most = FIXED.saturating_sub(asked.lines.len());
    let height = usize::from(inside.height);
    let layout = Layout { app, dialog, look };
    let top = top::lines(app, dialog, &ready.prepared, room, most, look).filter(|_| height > FIXED + 1);
    if let Some(top) = top {
        layout.draw_below(buffer, inside, top, &asked, &rest)
    } else {
        let seen = height.saturating_sub(asked.lines.len() + 1);
        let top = top::brief(app, dialog, &ready.prepared, room, seen, look);
        layout.draw(buffer, inside, &[top, rest].concat(), &asked)
    }
}

/// What there is to say and to ask before anything can be confirmed.
fn not_ready(dialog: &ChangeDialog, room: usize, look: &Look) -> (Vec<Line<'static>>, Asked) {
    let mut body = Vec::new();
    let mut say = |role, words: &str| {
        if !words.is_empty() {
            body.extend(fold(&Line::from(look.span(role, words)), room, 0));
        }
    };
    say(Role::Warn, dialog.note.as_deref().unwrap_or_default());
    let keys = match &dialog.step {
        Step::Choose(backends) => {
            say(
                Role::Text,
                if dialog.is_rollback() {
                    "Which backend is to get no more traffic?"
                } else {
                    "Which backend is the canary? Nothing but a guess says so; the answer is remembered."
                },
            );
            body.push(Line::default());
            for (place, (backend, weight)) in backends.iter().enumerate() {
                let line = Line::from(vec![
                    look.span(Role::Accent, format!("{}  ", place + 1)),
                    look.span(Role::Text, backend.to_string()),
                    look.span(Role::Muted, format!("  weight {weight}")),
                ]);
                body.extend(fold(&line, room, 3));
            }
            format!("1 to {}  choose    n  decline", backends.len())
        }
        Step::Failed(why) => {
            say(Role::Bad, "nothing was written");
            say(Role::Text, why);
            format!("{}  try again    n  close", dialog.ask.opened_by)
        }
        Step::Preparing | Step::Ready(_) => {
            say(Role::Muted, "reading the route and what stands behind it ...");
            if dialog.yes_waits {
                say(Role::Accent, "y was pressed: the traffic is moved as soon as this is known");
            }
            if dialog.is_rollback() { "n  decline".to_owned() } else { "y (wait)    n  decline".to_owned() }
        }
    };
    let lines = fold(&Line::from(look.span(Role::Muted, keys)), room, 0);
    (body, Asked { lines, cursor: None })
}

/// Puts the parts of a dialog where they belong.
struct Layout<'a> {
    app: &'a App,
    dialog: &'a ChangeDialog,
    look: &'a Look,
}

impl Layout<'_> {
    /// What must be read on top, the keys as the last of the eight lines, and what scrolls below.
    fn draw_below(
        &self,
        buffer: &mut Buffer,
        inside: Rect,
        mut top: Vec<Line<'static>>,
        asked: &Asked,
        rest: &[Line<'static>],
    ) -> Option<Position> {
        let at = FIXED - asked.lines.len();
        top.resize_with(at, Line::default);
        top.extend(asked.lines.iter().cloned());
        lines(buffer, inside, &top);
        // Where there was no room for it above the keys, it stands below them.
        let is_seen = |told: &str| top.iter().any(|line| line.to_string() == cut(told, inside.width.into()));
        let told = self.dialog.told_at(self.app.now.since_start).filter(|told| !is_seen(told));
        let fixed = u16::try_from(FIXED).ok()?;
        let line = Rect { y: inside.y + fixed, height: 1, ..inside };
        let below = Rect { y: line.y + 1, height: inside.height - fixed - 1, ..inside };
        self.scrolled(buffer, line, below, rest, told);
        let (row, cells) = asked.cursor?;
        cursor_at(inside, u16::try_from(at + row).ok()?, cells)
    }

    /// Everything scrolls above the keys.
    fn draw(
        &self,
        buffer: &mut Buffer,
        inside: Rect,
        body: &[Line<'static>],
        asked: &Asked,
    ) -> Option<Position> {
        // One line of what scrolls, whatever is asked.
        let keys = u16::try_from(asked.lines.len()).unwrap_or(u16::MAX).min(inside.height.saturating_sub(2));
        let first = asked.lines.len() - usize::from(keys);
        let above = Rect { height: inside.height.saturating_sub(keys + 1), ..inside };
        let line = Rect { y: above.bottom(), height: inside.height.min(1), ..inside };
        self.scrolled(buffer, line, above, body, self.dialog.told_at(self.app.now.since_start));
        let below = Rect { y: line.bottom(), height: keys, ..inside };
        lines(buffer, below, &asked.lines[first..]);
        let (row, cells) = asked.cursor?;
        cursor_at(below, u16::try_from(row.checked_sub(first)?).ok()?, cells)
    }

    /// As many of the lines as `area` has, and in the ruler how many more there are, with the keys that lead there; or
    /// what was `told` of the last key.
    fn scrolled(
        &self,
        buffer: &mut Buffer,
        line: Rect,
        area: Rect,
        all: &[Line<'static>],
        told: Option<&str>,
    ) {
        let (app, look) = (self.app, self.look);
        let height = usize::from(area.height);
        let above = self.dialog.scroll.within(all.len(), height).min(all.len());
        let below = all.len().saturating_sub(above + height);
        let context =
            if self.dialog.is_typing(app.now.since_start) { Context::Text } else { Context::Dialog };
        let mut title = more::title(app, (above, below), Some(context), look);
        if let Some(told) = told {
            title = vec![look.span(Role::Warn, cut(told, usize::from(line.width).saturating_sub(3)))];
        }
        ruler(buffer, line, &title, look);
        lines(buffer, area, all.get(above..).unwrap_or_default());
    }
}

/// How many paths stay open, in words.
fn remaining(prepared: &Prepared) -> Option<String> {
    match prepared.remaining.len() {
        0 => None,
        1 => Some("1 other path remains".to_owned()),
        paths => Some(format!("{paths} other paths remain")),
    }
}

/// Whether a backend is known to have no ready endpoint.
fn has_none_ready(prepared: &Prepared, backend: &BackendRef) -> bool {
    ready_of(prepared, backend).is_some_and(|(ready, _)| ready == 0)
}

fn ready_of(prepared: &Prepared, backend: &BackendRef) -> Option<(u32, u32)> {
    let facts = prepared.backends.iter().find(|known| known.backend == *backend)?;
    facts.facts.endpoints.as_ref().ok().map(|ends| (ends.ready, ends.total))
}
