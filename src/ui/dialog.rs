//! A change that waits for its confirmation. The first eight lines hold what must be read; the rest scrolls.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::dialog_rest;
use super::format::{self, left, middle, right};
use super::paint::{Look, cursor_at, cut, lines, popup, popup_edged, ruler, width};
use super::theme::Role;
use super::words;
use crate::app::{App, ChangeDialog, REASONS, Ready, Step, What, wrap};
use crate::pilot::Prepared;
use crate::rollout::{Demand, Edit, Effect, Intent, Plan, Verdict};
use crate::route::BackendRef;

/// Cells of the labels on the left.
pub(super) const LABEL: usize = 11;
/// Rows of a dialog, as far as the screen has them.
const ROWS: u16 = 22;
/// Lines that never scroll.
const FIXED: u16 = 8;

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
    let mut short = |text: &[Line<'_>]| {
        let rows = u16::try_from(text.len() + 2).unwrap_or(u16::MAX);
        let inside = popup(buffer, area, (columns, rows), &title, look);
        lines(buffer, inside, text);
    };
    match &dialog.step {
        Step::Choose(backends) => short(&choose(dialog, backends, look)),
        Step::Failed(why) => short(&failed(dialog, why, room, look)),
        // As large as what follows, so that nothing jumps.
        Step::Preparing => {
            let inside = popup(buffer, area, (columns, ROWS), &title, look);
            lines(buffer, inside, &preparing(dialog, room, look));
        }
        Step::Ready(ready) => {
            let failed = ready.prepared.gate.verdict() == Verdict::Fail;
            let edge = if failed { Role::Bad } else { Role::Accent };
            let inside = popup_edged(buffer, area, (columns, ROWS), &title, edge, look);
            return draw_ready(buffer, inside, app, dialog, ready, look);
        }
    }
    None
}

fn choose(dialog: &ChangeDialog, backends: &[(BackendRef, u32)], look: &Look) -> Vec<Line<'static>> {
    let question = if dialog.is_rollback() {
        "Which backend is to get no more traffic?"
    } else {
        "Which backend is the canary? Nothing but a guess says so; the answer is remembered."
    };
    let mut all = vec![Line::from(look.span(Role::Text, question)), Line::default()];
    for (place, (backend, weight)) in backends.iter().enumerate() {
        all.push(Line::from(vec![
            look.span(Role::Accent, format!("{}  ", place + 1)),
            look.span(Role::Text, backend.to_string()),
            look.span(Role::Muted, format!("  weight {weight}")),
        ]));
    }
    all.push(Line::default());
    all.push(told(dialog, look).unwrap_or_else(|| {
        Line::from(look.span(Role::Muted, format!("1 to {}  choose    n  decline", backends.len())))
    }));
    all
}

fn preparing(dialog: &ChangeDialog, room: usize, look: &Look) -> Vec<Line<'static>> {
    let mut all = note(dialog, room, look);
    all.push(Line::from(look.span(Role::Muted, "reading the route and what stands behind it ...")));
    if dialog.yes_waits {
        let words = "y was pressed: the traffic is moved as soon as this is known";
        all.push(Line::from(look.span(Role::Accent, words)));
    }
    all.extend(told(dialog, look));
    all.push(Line::default());
    all.push(Line::from(look.span(Role::Muted, "n  decline")));
    all
}

fn failed(dialog: &ChangeDialog, why: &str, room: usize, look: &Look) -> Vec<Line<'static>> {
    let mut all = note(dialog, room, look);
    all.push(Line::from(look.span(Role::Bad, "nothing was written")));
    all.extend(wrap(why, room).into_iter().map(|line| Line::from(look.span(Role::Text, line))));
    all.push(Line::default());
    all.extend(told(dialog, look));
    let keys = format!("{}  try again    n  close", dialog.ask.opened_by);
    all.push(Line::from(look.span(Role::Muted, keys)));
    all
}

fn note(dialog: &ChangeDialog, room: usize, look: &Look) -> Vec<Line<'static>> {
    let words = dialog.note.as_deref().unwrap_or_default();
    wrap(words, room).into_iter().map(|line| Line::from(look.span(Role::Warn, line))).collect()
}

fn told(dialog: &ChangeDialog, look: &Look) -> Option<Line<'static>> {
    dialog.told.map(|words| Line::from(look.span(Role::Warn, words)))
}

fn draw_ready(
    buffer: &mut Buffer,
    inside: Rect,
    app: &App,
    dialog: &ChangeDialog,
    ready: &Ready,
    look: &Look,
) -> Option<Position> {
    let prepared = &ready.prepared;
    let plan = &prepared.main()?.plan;
    let room = usize::from(inside.width);
    let mut top = vec![destination(prepared, plan, look), place(app, plan, room, look)];
    top.extend(backends(prepared, plan, room, look));
    top.push(verdict(prepared, plan, room, look));
    // One line for what is not as usual, the most important first.
    let remain = match prepared.remaining.len() {
        0 => None,
        1 => Some("1 other path remains".to_owned()),
        paths => Some(format!("{paths} other paths remain")),
    };
    let remain =
        remain.map(|words| if dialog.is_rollback() { format!("{words}; a = take them too") } else { words });
    let note = dialog.note.clone().or(remain).unwrap_or_default();
    top.push(Line::from(look.span(Role::Warn, cut(&note, room))));
    let demanded = top.len();
    top.push(demand(ready, look));
    top.push(keys(app, dialog, ready, look));
    lines(buffer, inside, &top);

    let fixed = FIXED.min(u16::try_from(top.len()).unwrap_or(FIXED));
    if inside.height > fixed + 1 {
        let line = Rect { y: inside.y + fixed, height: 1, ..inside };
        let below = Rect { y: line.y + 1, height: inside.height - fixed - 1, ..inside };
        let rest = dialog_rest::lines(app, prepared, room, look);
        let hidden = rest.len().saturating_sub(usize::from(below.height));
        let scroll = dialog.scroll.min(hidden);
        let title = if hidden > 0 {
            format!("more: j k, {} of {}", rest.len() - hidden + scroll, rest.len())
        } else {
            String::new()
        };
        ruler(buffer, line, &[look.span(Role::Muted, title)], look);
        lines(buffer, below, &rest[scroll..]);
    }
    let typed = dialog.is_typing(app.now.since_start).then(|| typed_at(ready)).flatten()?;
    cursor_at(inside, u16::try_from(demanded).ok()?, typed)
}

/// Where the traffic goes comes first; that nobody would answer comes before that.
fn destination(prepared: &Prepared, plan: &Plan, look: &Look) -> Line<'static> {
    let gaining = plan.gaining();
    let Some((to, share)) = gaining.first() else {
        return Line::from(look.span(Role::Text, "no backend gains traffic"));
    };
    let all = *share > 1.0 - 1e-9;
    let percent = exact_share(plan, to).unwrap_or_else(|| format::percent(Some(*share)));
    let nobody =
        gaining.iter().all(|(backend, _)| ready_of(prepared, backend).is_some_and(|(ready, _)| ready == 0));
    let mut line = Vec::new();
    let dead = |edit: &Edit| {
        let receivers = edit.receivers().unwrap_or_default();
        let none = |backend: &BackendRef| ready_of(prepared, backend).is_some_and(|(ready, _)| ready == 0);
        !receivers.is_empty() && receivers.iter().all(none)
    };
    if !nobody && prepared.planned.iter().flat_map(|planned| &planned.plan.edits).any(dead) {
        line.push(look.span(Role::Bad, "503 IN ONE RULE   "));
    }
    if nobody {
        let whom = if all { "ALL".to_owned() } else { percent.clone() };
        line.push(look.span(Role::Bad, format!("0 READY -> 503 FOR {whom}   ")));
    }
    let amount = if all { "ALL TRAFFIC".to_owned() } else { percent };
    let colour = match &plan.canary {
        Some(canary) if canary.same_object(to) => Role::Canary,
        _ => Role::Stable,
    };
    line.push(look.span(Role::Accent, format!("{amount} -> ")));
    line.push(look.span(colour, to.to_string()));
    let ready = if nobody { String::new() } else { readiness(prepared, to) };
    line.push(look.span(Role::Text, format!("  {}  {ready}", version(prepared, to))));
    match prepared.planned.len() - 1 {
        0 => {}
        more => line.push(look.span(Role::Warn, format!("  +{more} more routes"))),
    }
    Line::from(line)
}

/// The share of `to` in the split that was looked at, as it is declared.
fn exact_share(plan: &Plan, to: &BackendRef) -> Option<String> {
    let change = plan.main_change()?;
    let index = change.backends.iter().position(|backend| backend == to)?;
    let sum = change.after.iter().map(|weight| u64::from(*weight)).sum();
    Some(format::share((*change.after.get(index)?).into(), sum))
}

fn ready_of(prepared: &Prepared, backend: &BackendRef) -> Option<(u32, u32)> {
    let facts = prepared.backends.iter().find(|known| known.backend == *backend)?;
    facts.facts.endpoints.as_ref().ok().map(|ends| (ends.ready, ends.total))
}

fn readiness(prepared: &Prepared, backend: &BackendRef) -> String {
    ready_of(prepared, backend)
        .map_or("readiness unknown".to_owned(), |(ready, total)| format!("{ready}/{total} ready"))
}

fn version(prepared: &Prepared, backend: &BackendRef) -> String {
    let facts = prepared.backends.iter().find(|known| known.backend == *backend);
    let pods = facts.and_then(|known| known.facts.pods.as_ref().ok());
    pods.and_then(|pods| pods.version()).unwrap_or("version unknown").to_owned()
}

fn place(app: &App, plan: &Plan, room: usize, look: &Look) -> Line<'static> {
    let rule = plan.main_change().map(|change| format!("  rule {}", change.label)).unwrap_or_default();
    let text = format!("{}  {}  {}{rule}", app.start.context, app.start.server, plan.route);
    Line::from(vec![
        look.span(Role::Muted, left("cluster", LABEL)),
        look.span(Role::Text, middle(&text, room.saturating_sub(LABEL))),
    ])
}

/// Before and after of each backend: weights, shares, readiness. Two lines; more backends follow below.
fn backends(prepared: &Prepared, plan: &Plan, room: usize, look: &Look) -> Vec<Line<'static>> {
    let Some(change) = plan.main_change() else { return vec![Line::default(), Line::default()] };
    let mut order: Vec<usize> = (0..change.backends.len()).collect();
    // those that move come first
    order.sort_by_key(|index| change.before.get(*index) == change.after.get(*index));
    let longest = change.backends.iter().map(|b| usize::from(width(&b.name))).max().unwrap_or(0);
    let name_room = longest.min(room.saturating_sub(LABEL + 44)).max(8);
    let mut all: Vec<Line<'static>> = order
        .iter()
        .take(2)
        .filter_map(|index| {
            let backend = change.backends.get(*index)?;
            let (before, after) = (*change.before.get(*index)?, *change.after.get(*index)?);
            let share = |weights: &[u32], weight: u32| {
                format::share(weight.into(), weights.iter().map(|weight| u64::from(*weight)).sum())
            };
            let (was, is) = (share(&change.before, before), share(&change.after, after));
            let is_canary = plan.canary.as_ref().is_some_and(|canary| canary.same_object(backend));
            let (label, role) = match &plan.canary {
                Some(_) if is_canary => ("canary", Role::Canary),
                Some(_) if change.backends.len() == 2 => ("stable", Role::Stable),
                _ => ("", Role::Text),
            };
            let none_ready = ready_of(prepared, backend).is_some_and(|(ready, _)| ready == 0);
            let ready_role = if none_ready { Role::Bad } else { Role::Muted };
            Some(Line::from(vec![
                look.span(role, left(label, LABEL)),
                look.span(Role::Text, left(&backend.to_string(), name_room)),
                look.span(
                    Role::Text,
                    format!("  {} -> {}", right(&before.to_string(), 4), left(&after.to_string(), 4)),
                ),
                look.span(Role::Accent, format!("  {} -> {}", right(&was, 6), left(&is, 6))),
                look.span(ready_role, format!("  {}", readiness(prepared, backend))),
            ]))
        })
        .collect();
    all.resize_with(2, Line::default);
    all
}

fn verdict(prepared: &Prepared, plan: &Plan, room: usize, look: &Look) -> Line<'static> {
    let (verdict, gate_words) = (prepared.gate.verdict(), prepared.gate.words());
    let words = match (verdict, plan.effect) {
        (Verdict::NotApplicable, Effect::Rollback) => "no gate: a rollback is never blocked".to_owned(),
        (Verdict::NotApplicable, _) => "no gate: nobody new gets traffic".to_owned(),
        _ => format!("{verdict}: {gate_words}"),
    };
    let sign = words::verdict(verdict, look);
    Line::from(vec![
        look.span(Role::Muted, left("gate", LABEL)),
        look.span(sign.role, format!("{} {}", sign.glyph, cut(&words, room.saturating_sub(LABEL + 2)))),
    ])
}

/// What is asked for besides `y`.
fn demand(ready: &Ready, look: &Look) -> Line<'static> {
    let prompt = |words: &str| look.span(Role::Text, prompt_text(words));
    match &ready.prepared.demand {
        Demand::Yes => Line::default(),
        Demand::Name(name) => {
            let done = ready.text.value() == &**name;
            let role = if done { Role::Ok } else { Role::Accent };
            Line::from(vec![prompt(name), look.span(role, ready.text.value())])
        }
        Demand::Reason if ready.typing => {
            Line::from(vec![prompt("the reason"), look.span(Role::Accent, ready.text.value())])
        }
        Demand::Reason => {
            let mut line = vec![look.span(Role::Muted, left("reason", LABEL))];
            if let Some(reason) = &ready.reason {
                line.push(look.span(Role::Ok, format!("{reason}   ")));
            }
            let others = ["other"];
            for (place, reason) in REASONS.iter().chain(&others).enumerate() {
                line.push(look.span(Role::Accent, format!("{} ", place + 1)));
                line.push(look.span(Role::Text, format!("{reason}   ")));
            }
            Line::from(line)
        }
    }
}

fn prompt_text(what: &str) -> String {
    format!("type {what}: ")
}

/// Cells before the cursor in the line of what is asked for.
fn typed_at(ready: &Ready) -> Option<usize> {
    let prompt = match &ready.prepared.demand {
        Demand::Name(name) => prompt_text(name),
        Demand::Reason => prompt_text("the reason"),
        Demand::Yes => return None,
    };
    Some(usize::from(width(&prompt)) + ready.text.visual_cursor())
}

fn keys(app: &App, dialog: &ChangeDialog, ready: &Ready, look: &Look) -> Line<'static> {
    let now = app.now.since_start;
    if dialog.is_expired(now) {
        let words = format!("EXPIRED - {} to refresh    n decline", dialog.ask.opened_by);
        return Line::from(look.span(Role::Warn, words));
    }
    if let Some(line) = told(dialog, look) {
        return line;
    }
    let key = |key: &str, word: &str| -> [Span<'static>; 2] {
        [look.span(Role::Accent, format!("{key} ")), look.span(Role::Text, format!("{word}    "))]
    };
    let mut line = Vec::new();
    let missing = match &ready.prepared.demand {
        Demand::Yes => false,
        Demand::Reason => ready.reason.is_none() || ready.typing,
        Demand::Name(name) => ready.text.value() != &**name,
    };
    if dialog.yes_waits {
        line.push(look.span(Role::Accent, "y pressed, preparing    "));
    } else if ready.typing {
        line.extend(key("Enter", "ends the text, then y"));
    } else if missing {
        line.push(look.span(Role::NoData, "y (not yet)    "));
    } else if dialog.is_armed(now) {
        line.extend(key("y", "confirm"));
    } else {
        line.push(look.span(Role::NoData, "y (wait)    "));
    }
    line.extend(match (dialog.is_typing(app.now.since_start), ready.text.value().is_empty()) {
        (false, _) => key("n", "decline"),
        (true, true) => key("Esc", "decline"),
        (true, false) => key("Esc", "drop the text"),
    });
    let all_paths = matches!(&dialog.ask.intent, Some(Intent::Drain { other_paths: true, .. }));
    if !dialog.is_typing(now) {
        line.extend(key("c", "copy"));
    }
    if dialog.is_rollback() && !dialog.is_typing(app.now.since_start) {
        line.extend(key("a", if all_paths { "only the splits" } else { "other paths too" }));
    }
    Line::from(line)
}
