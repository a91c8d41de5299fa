//! What is asked of the person: a name or a reason, and the keys that count now.

use ratatui::text::{Line, Span};
use tui_input::Input;

use super::LABEL;
use crate::app::{App, ChangeDialog, Ready};
use crate::keys::{Action, Context};
use crate::rollout::Demand;
use crate::ui::fold::fold;
use crate::ui::format::left;
use crate::ui::paint::{Look, width};
use crate::ui::theme::Role;

/// The rows, and where in them the cursor stands.
#[derive(Default)]
pub(super) struct Asked {
    pub lines: Vec<Line<'static>>,
    /// Row and cells into it.
    pub cursor: Option<(usize, usize)>,
}

/// For a change that can be confirmed.
pub(super) fn ready(app: &App, dialog: &ChangeDialog, ready: &Ready, room: usize, look: &Look) -> Asked {
    let mut asked = Asked::default();
    // Nothing is typed for what is no longer shown.
    if !dialog.is_expired(app.now.since_start) {
        asked.demand(ready, room, look);
    }
    asked.lines.extend(keys(app, dialog, ready, room, look));
    asked
}

impl Asked {
    /// What is asked for besides `y`.
    fn demand(&mut self, ready: &Ready, room: usize, look: &Look) {
        match &ready.prepared.demand {
            Demand::Yes => {}
            Demand::Name(name) => {
                let done = ready.text.value() == &**name;
                let role = if done { Role::Ok } else { Role::Accent };
                self.field(name, &ready.text, role, room, look);
            }
            Demand::Reason if ready.typing => {
                self.field("the reason", &ready.text, Role::Accent, room, look);
            }
            Demand::Reason => {
                let mut line = vec![look.span(Role::Muted, left("reason", LABEL))];
                if let Some(reason) = &ready.reason {
                    line.push(look.span(Role::Ok, format!("{reason}   ")));
                }
                for (place, reason) in ready.reasons().iter().chain(&["other"]).enumerate() {
                    line.push(look.span(Role::Accent, format!("{} ", place + 1)));
                    line.push(look.span(Role::Text, format!("{reason}   ")));
                }
                self.lines.extend(fold(&Line::from(line), room, 2));
            }
        }
    }

    /// A line of text behind what it is for, or below that where both do not fit. Of a long text the part around the
    /// cursor is shown.
    fn field(&mut self, what: &str, text: &Input, role: Role, room: usize, look: &Look) {
        let prompt = look.span(Role::Text, format!("type {what}: "));
        let before = prompt.width();
        let beside = before + usize::from(width(what)) + 1;
        let mut rows = fold(&Line::from(prompt.clone()), room, 2);
        let before = if beside <= room && rows.len() == 1 {
            rows = vec![Line::from(prompt)];
            before
        } else {
            rows.push(Line::default());
            0
        };
        let (shown, cursor) = window(text, room.saturating_sub(before));
        if let Some(last) = rows.last_mut() {
            last.push_span(look.span(role, shown));
        }
        self.cursor = Some((self.lines.len() + rows.len() - 1, before + cursor));
        self.lines.extend(rows);
    }
}

/// As much of a text as fits into `room` cells with the cursor behind it, and the cells before the cursor.
fn window(text: &Input, room: usize) -> (String, usize) {
    let hidden = text.visual_scroll(room.saturating_sub(1));
    let mut before = 0;
    let shown: String = text
        .value()
        .chars()
        .skip_while(|letter| {
            let hides = before < hidden;
            before += if hides { usize::from(width(letter.encode_utf8(&mut [0; 4]))) } else { 0 };
            hides
        })
        .collect();
    (shown, text.visual_cursor().saturating_sub(before))
}

/// Keys with what they do, as many as fit: each in one piece, the most important first.
fn hints(hints: Vec<[Span<'static>; 2]>, room: usize) -> Line<'static> {
    let mut line = Line::default();
    for hint in hints {
        let used: usize = hint.iter().map(Span::width).sum();
        if line.width() + used > room {
            break;
        }
        line.extend(hint);
        line.push_span(Span::raw("    "));
    }
    line
}

fn keys(app: &App, dialog: &ChangeDialog, ready: &Ready, room: usize, look: &Look) -> Vec<Line<'static>> {
    let now = app.now.since_start;
    if dialog.is_expired(now) {
        let words = format!("EXPIRED - {} to refresh    n decline", dialog.ask.opened_by);
        return fold(&Line::from(look.span(Role::Warn, words)), room, 0);
    }
    let key =
        |key: &str, word: &str| [look.span(Role::Accent, format!("{key} ")), look.span(Role::Text, word)];
    let quiet = |words: &str| [look.span(Role::NoData, words), Span::raw("")];
    let missing = match &ready.prepared.demand {
        Demand::Reason if ready.reason.is_none() => Some("y (after a reason)"),
        Demand::Name(name) if ready.text.value() != &**name => Some("y (after the name)"),
        Demand::Yes | Demand::Reason | Demand::Name(_) => None,
    };
    let is_typing = dialog.is_typing(now);
    let mut all = vec![if dialog.yes_waits {
        [look.span(Role::Accent, "y pressed, preparing"), Span::raw("")]
    } else if ready.typing {
        key("Enter", "ends the text, then y")
    } else if let Some(missing) = missing {
        quiet(missing)
    } else if dialog.is_armed(now) {
        key("y", "confirm")
    } else {
        quiet("y (wait)")
    }];
    all.push(match (is_typing, ready.text.value().is_empty()) {
        (false, _) => key("n", "decline"),
        (true, true) => key("Esc", "decline"),
        (true, false) => key("Esc", "drop the text"),
    });
    let keymap = &app.start.keymap;
    let mut add = |action, context, word: &str| {
        all.extend(keymap.key_of(action, context).map(|name| key(&name.to_string(), word)));
    };
    if dialog.is_rollback() && !is_typing && dialog.has_other_paths() {
        let word = if dialog.takes_other_paths() { "only the splits" } else { "other paths too" };
        add(Action::OtherPaths, Context::Rollback, word);
    }
    add(Action::Copy, if is_typing { Context::Text } else { Context::Dialog }, "copy");
    vec![hints(all, room)]
}
