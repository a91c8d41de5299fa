//! How much of a text is out of sight, and the keys that lead there.

use ratatui::text::Span;

use super::paint::Look;
use super::theme::Role;
use crate::app::App;
use crate::keys::{Action, Context};

/// The title of the line below a text of which so many lines are hidden above and below; empty where all is in sight.
/// Without a `context` no key scrolls now.
pub(super) fn title(
    app: &App,
    (above, below): (usize, usize),
    context: Option<Context>,
    look: &Look,
) -> Vec<Span<'static>> {
    let words = match (above, below) {
        (0, 0) => return Vec::new(),
        (0, below) => format!("{below} more below"),
        (above, 0) => format!("{above} more above"),
        (above, below) => format!("{above} more above, {below} below"),
    };
    let key = |action| app.start.keymap.key_of(action, context?).map(|key| key.to_string());
    let keys: Vec<String> = [Action::Down, Action::Up].into_iter().filter_map(key).collect();
    let mut title = vec![look.span(Role::Muted, words)];
    if !keys.is_empty() {
        title.push(look.span(Role::Accent, format!("  {}", keys.join(" "))));
    }
    title
}
