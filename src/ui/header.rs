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
    let live = match &app.link {
        Link::Live => ("live", Role::Ok),
        Link::Connecting => ("connecting", Role::Muted),
        Link::Lost { .. } => ("not live", Role::Bad),
    };
    let metrics = match &app.numbers {
        numbers if !numbers.has_source => "no metrics",
        numbers if numbers.failing.is_some() => "metrics failing",
        numbers if numbers.answered => "metrics ok",
        _ => "metrics asked for",
    };
    let banners = [(app.in_production(), " PROD "), (read_only, " READ-ONLY ")];
    let banners = banners.into_iter().filter_map(|(shown, banner)| shown.then_some(banner));
    let right = width(metrics) + 2 + width(live.0) + 1 + banners.clone().map(|b| width(b) + 2).sum::<u16>();
    let room = area.width.saturating_sub(right + 2);
    let mut pen = Pen::new(buffer, area.x + 1, area.y, room);
    pen.put("tidegate", look.style(Role::Accent)).put("  ", text);
    let context = middle(&app.start.context, (pen.room() / 2).max(8));
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
    for banner in banners {
        pen.put(banner, look.style(Role::Banner)).put("  ", text);
    }
    pen.put(metrics, muted).put("  ", text).put(live.0, look.style(live.1));
}
