//! Errors in the logs of each version, where somebody has asked for them.

use ratatui::text::Line;

use super::Part;
use crate::ui::paint::section;
use crate::ui::theme::Role;

/// A heading with the time of reading, and one line a version; nothing where nobody has asked.
pub(super) fn lines(part: &Part<'_>) -> Vec<Line<'static>> {
    let Some((at, read)) = part.app.logs_of(part.split) else { return Vec::new() };
    let role = if read.is_worse { Role::Warn } else { Role::Muted };
    let worse = if read.is_worse { "  more than twice stable's" } else { "" };
    let title = [
        part.look.span(Role::Muted, format!("errors in logs  read at {}", at.strftime("%H:%M:%SZ"))),
        part.look.span(role, worse),
    ];
    let words = read.lines.iter().flat_map(|line| part.wrapped(Role::Text, "  ", line));
    std::iter::once(section(part.room, &title, part.look)).chain(words).collect()
}
