//! Texts that are read: what was said, and a whole object; the box around them is the debugging walk's as well.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::fold::fold;
use super::paint::{Look, Pen, lines, popup, width};
use super::theme::Role;
use super::words;
use crate::app::{App, ObjectView, Scroll, wrap};
use crate::keys::{Action, Context};
use crate::rollout::ChangeRecord;
use crate::route::Route;

/// Cells of a time of day and the blank behind it.
const CLOCK: usize = 9;
/// Cells by which the rest of a long line stands further in.
const FURTHER: usize = 4;

/// The widest that is still easy to read.
const WIDEST: u16 = 110;

pub(super) fn messages(buffer: &mut Buffer, area: Rect, app: &App, scroll: &Scroll, look: &Look) {
    let room = room(area).saturating_sub(CLOCK);
    let mut all = Vec::new();
    for logged in &app.log {
        let clock = logged.at.strftime("%H:%M:%S ").to_string();
        for (index, text) in wrap(&logged.said.text, room).into_iter().enumerate() {
            let before = if index == 0 { clock.clone() } else { " ".repeat(CLOCK) };
            all.push(Line::from(vec![
                look.span(Role::Muted, before),
                look.span(words::tone(logged.said.tone), text),
            ]));
        }
    }
    if all.is_empty() {
        all.push(Line::from(look.span(Role::Muted, "nothing was said yet")));
    }
    show(buffer, area, "messages (UTC)", &all, (app, scroll), look);
}

pub(super) fn object(buffer: &mut Buffer, area: Rect, app: &App, view: &ObjectView, look: &Look) {
    let room = room(area);
    let mut all = app.routes.get(&view.id).map(|route| newest_change(route, look)).unwrap_or_default();
    match view.lines() {
        Ok(yaml) => all.extend(yaml.into_iter().map(|line| yaml_line(&line, look))),
        Err(why) => all.push(Line::from(look.span(Role::Warn, why))),
    }
    let all: Vec<_> = all.iter().flat_map(|line| fold(line, room, indent(line) + FURTHER)).collect();
    show(buffer, area, &format!("{}  as the server has it", view.id), &all, (app, &view.scroll), look);
}

/// Blanks before a line.
fn indent(line: &Line<'_>) -> usize {
    let letters = line.spans.iter().flat_map(|span| span.content.chars());
    letters.take_while(|letter| *letter == ' ').count()
}

/// What the newest change of ours did to the weights.
fn newest_change(route: &Route, look: &Look) -> Vec<Line<'static>> {
    let Some(record) = ChangeRecord::newest(route) else { return Vec::new() };
    let text = format!("# newest change: {} by {}, {}", record.action, record.actor, record.at);
    let mut all = vec![Line::from(look.span(Role::Muted, text))];
    for (rule, after) in &record.after {
        let before = record.before.get(rule);
        let rule = route.rule_label(*rule);
        for (name, weight) in after {
            let old = before.and_then(|before| before.get(name));
            if old == Some(weight) {
                continue;
            }
            if let Some(old) = old {
                let line = format!("- rule {rule}  {name}: weight {old}");
                all.push(Line::from(look.span(Role::Bad, line)));
            }
            let line = format!("+ rule {rule}  {name}: weight {weight}");
            all.push(Line::from(look.span(Role::Ok, line)));
        }
    }
    all.push(Line::default());
    all
}

/// A key and what it says.
fn yaml_line(line: &str, look: &Look) -> Line<'static> {
    match line.split_once(':') {
        Some((key, value)) if value.is_empty() || value.starts_with(' ') => Line::from(vec![
            look.span(Role::Accent, key),
            look.span(Role::Muted, ":"),
            look.span(Role::Text, value),
        ]),
        _ => Line::from(look.span(Role::Text, line)),
    }
}

/// Cells of one line.
pub(super) fn room(area: Rect) -> usize {
    usize::from(area.width.min(WIDEST)).saturating_sub(4)
}

pub(super) fn show(
    buffer: &mut Buffer,
    area: Rect,
    title: &str,
    all: &[Line<'_>],
    (app, scroll): (&App, &Scroll),
    look: &Look,
) {
    let height = u16::try_from(all.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let inside = popup(buffer, area, (area.width.min(WIDEST), height), title, look);
    let at = scroll.within(all.len(), inside.height.into());
    lines(buffer, inside, &all[at..]);
    place(buffer, inside, at, all.len(), app, look);
}

/// In the lower border: which of the lines are in sight, and the key that shows more.
pub(super) fn place(buffer: &mut Buffer, inside: Rect, at: usize, all: usize, app: &App, look: &Look) {
    let shown = usize::from(inside.height);
    if all <= shown || shown == 0 {
        return;
    }
    let (action, word) = if at + shown < all { (Action::Down, "more") } else { (Action::Up, "back") };
    let key = app.start.keymap.key_of(action, Context::Help);
    let key = key.map(|key| key.to_string()).unwrap_or_default();
    let told = [format!(" {}-{} of {all}  ", at + 1, (at + shown).min(all)), key, format!(" {word} ")];
    let x = inside.right().saturating_sub(told.iter().map(|part| width(part)).sum());
    let mut pen = Pen::new(buffer, x.max(inside.x), inside.bottom(), inside.width);
    for (part, role) in told.iter().zip([Role::Muted, Role::Accent, Role::Muted]) {
        pen.put(part, look.style(role));
    }
}
