//! The title and the lines below it: where one is, who one is, what is not as it should be.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::format::middle;
use super::paint::{Look, Pen, cut, width};
use super::theme::Role;
use super::words;
use crate::app::{App, Link, Tone, banners};
use crate::cluster::Scope;

const OK: &str = "metrics ok";
const ASKED: &str = "metrics asked for";
const LIVE: &str = "live";
/// Cells that context and namespace need at least.
const PLACE: u16 = 30;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, look: &Look) {
    if area.height == 0 {
        return;
    }
    title(buffer, area, app, look);
    for (y, banner) in (area.y + 1..area.bottom()).zip(banners(app)) {
        let role = words::tone(banner.tone);
        let glyph = match banner.tone {
            Tone::Plain => "-",
            Tone::Good => words::UNDER_WAY.glyph,
            Tone::Warn => "!",
            Tone::Bad => words::bad(look).glyph,
        };
        let role = if banner.tone == Tone::Good { Role::Accent } else { role };
        let glyph = if banner.continued { " " } else { glyph };
        let mut pen = Pen::new(buffer, area.x + 1, y, area.width.saturating_sub(2));
        pen.put(glyph, look.style(role)).put(" ", Style::new()).put(&banner.text, look.style(role));
    }
}

fn title(buffer: &mut Buffer, area: Rect, app: &App, look: &Look) {
    let (text, muted) = (look.style(Role::Text), look.style(Role::Muted));
    let read_only = app.missing_right(app.namespace()).is_some();
    let frozen = app.frozen_for().map(|age| format!(" FROZEN{age} "));
    let live = match &app.link {
        Link::Live => (LIVE, Role::Muted),
        Link::Connecting => ("connecting", Role::Muted),
        Link::Lost { .. } => ("not live", Role::Bad),
    };
    let metrics = match &app.numbers {
        numbers if !numbers.has_source => ("no metrics", Role::Muted),
        numbers if numbers.failing.is_some() => ("metrics failing", Role::Warn),
        numbers if numbers.answered => (OK, Role::Muted),
        _ => (ASKED, Role::Muted),
    };
    let banners = [(app.in_production(), " PROD "), (read_only, " READ-ONLY ")];
    let banners = banners.into_iter().filter(|(shown, _)| *shown).map(|(_, words)| (words, Role::Banner));
    let mut told: Vec<(&str, Role)> = banners.chain([metrics, live]).collect();
    // In the place of what comes and goes, so that nothing moves.
    if let Some(frozen) = &frozen {
        told.retain(|(words, _)| ![OK, LIVE, ASKED].contains(words));
        told.push((frozen, Role::Banner));
    }
    let cells = |told: &[(&str, Role)]| told.iter().map(|(words, _)| width(words) + 2).sum::<u16>();
    // Where there is little room, what is as it should be is not told.
    for usual in [OK, LIVE, ASKED] {
        if area.width < cells(&told) + PLACE {
            told.retain(|(words, _)| *words != usual);
        }
    }
    let right = cells(&told).saturating_sub(1);
    let room = area.width.saturating_sub(right + 2);
    let mut pen = Pen::new(buffer, area.x + 1, area.y, room);
    if room >= PLACE {
        pen.put("tidegate", look.style(Role::Accent)).put("  ", text);
    }
    let context = middle(&app.place.context, (pen.room() / 2).max(8));
    pen.put(&context, text).put("  ", text);
    let scope = match &app.scope {
        Scope::All => "all namespaces".to_owned(),
        Scope::Namespace(name) => format!("namespace {name}"),
    };
    pen.put(&middle(&scope, pen.room()), text);
    if !app.arrangement.filter.is_empty() && pen.room() > 8 {
        let filter = format!("/{}", app.arrangement.filter);
        let filter = cut(&filter, pen.room() - 2);
        pen.put("  ", text).put(&filter, look.style(Role::Accent));
    }
    if let Some(user) = &app.user
        && pen.room() > usize::from(width(user)) + 2
    {
        pen.put("  ", text).put(user, muted);
    }
    let start = area.right().saturating_sub(right).max(area.x);
    let mut pen = Pen::new(buffer, start, area.y, area.right().saturating_sub(start));
    for (place, (words, role)) in told.into_iter().enumerate() {
        pen.put(if place > 0 { "  " } else { "" }, text).put(words, look.style(role));
    }
}
