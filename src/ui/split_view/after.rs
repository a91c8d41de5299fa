//! What is left to look at after a rollback: ten things, each with what is seen of it.

use ratatui::text::{Line, Span};

use super::Part;
use crate::keys::Action;
use crate::rollout::{Point, PointState, in_brief};
use crate::ui::format::left;
use crate::ui::paint::{cut, width};
use crate::ui::theme::Role;
use crate::ui::words;

/// Cells of the name of an item.
const NAME: usize = 11;

/// The heading: how many of the ten are seen, and where these are not `listed` below, what of the others.
pub(super) fn title(part: &Part<'_>, points: &[Point], listed: bool) -> Vec<Span<'static>> {
    let open = points.iter().any(|point| point.state == PointState::NotSeen);
    let role = if open { Role::Warn } else { Role::Muted };
    let brief = in_brief(points);
    let brief = match brief.split_once(',') {
        Some((seen, _)) if listed => seen.to_owned(),
        _ => brief,
    };
    vec![part.look.span(Role::Muted, "after rollback  "), part.look.span(role, brief)]
}

/// One line an item; what a person ticks off with the word of the palette for it, where there is room.
pub(super) fn lines(part: &Part<'_>, points: &[Point]) -> Vec<Line<'static>> {
    let look = part.look;
    let one = |point: &Point| {
        let sign = words::point(point.state, look);
        let room = part.room.saturating_sub(NAME + 3);
        let said = match point.state {
            PointState::Seen | PointState::Person => Role::Muted,
            PointState::NotSeen | PointState::Unknown => Role::Text,
        };
        let how = format!("  :{}", Action::Tick(point.item).name());
        let fits = usize::from(width(&point.words) + width(&how)) <= room;
        let how = if point.state == PointState::Person && fits { how } else { String::new() };
        Line::from(vec![
            look.span(sign.role, format!("{} ", sign.glyph)),
            look.span(Role::Text, left(point.item.name(), NAME)),
            look.span(said, format!(" {}", cut(&point.words, room))),
            look.span(Role::Accent, how),
        ])
    };
    points.iter().map(one).collect()
}
