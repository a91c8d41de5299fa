//! The alerts that fire on the route, its Services or its namespace.

use ratatui::text::Line;

use super::Part;
use super::part::LABEL;
use crate::rollout::Alert;
use crate::ui::theme::Role;
use crate::ui::words::{self, Sign};

/// The worst one and how many there are, on one line; nothing where none fires.
pub(super) fn brief(part: &Part<'_>) -> Option<Line<'static>> {
    let firing = part.app.firing(part.split);
    let (first, rest) = firing.known().split_first()?;
    let more = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
    let room = part.room.saturating_sub(LABEL + 2 + more.chars().count());
    let sign = sign(part, first);
    Some(Line::from(vec![
        part.label("alerts"),
        part.look.span(sign.role, format!("{} ", sign.glyph)),
        part.look.span(Role::Text, format!("{}{more}", part.cut(&said(first), room))),
    ]))
}

/// One line an alert.
pub(super) fn lines(part: &Part<'_>) -> Vec<Line<'static>> {
    let firing = part.app.firing(part.split);
    firing.known().iter().flat_map(|alert| part.signed(sign(part, alert), &said(alert))).collect()
}

fn sign(part: &Part<'_>, alert: &Alert) -> Sign {
    if alert.is_critical() { words::bad(part.look) } else { words::LOOK }
}

fn said(alert: &Alert) -> String {
    match alert.severity.as_str() {
        "" => alert.to_string(),
        severity => format!("{severity}: {alert}"),
    }
}
