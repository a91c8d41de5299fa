//! Whose numbers are shown, where that is not a matter of course.

use ratatui::text::Line;

use super::Part;
use super::part::LABEL;
use crate::ui::theme::Role;
use crate::ui::words;

/// Why there are none, or who else could have given them; nothing where neither is to be told.
pub(super) fn brief(part: &Part<'_>) -> Option<Line<'static>> {
    let (sign, role, said) = match part.app.numbers.used(&part.split.route.id)? {
        Err(why) => (words::LOOK, Role::Text, why.clone()),
        Ok(used) if used.note.is_some() => (words::UNDER_WAY, Role::Muted, used.words()),
        Ok(_) => return None,
    };
    let room = part.room.saturating_sub(LABEL + 2);
    Some(Line::from(vec![
        part.label("numbers"),
        part.look.span(sign.role, format!("{} ", sign.glyph)),
        part.look.span(role, part.cut(&said, room)),
    ]))
}
