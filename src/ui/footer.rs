//! What is under way, what was said last, and hints of the keys that work now: a row each, always in the same place.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Clear, Widget};
use tui_input::Input;

use super::paint::{Look, Pen, cursor_at, cut, width};
use super::theme::Role;
use super::words;
use crate::app::{App, Layer, Page, Pane, panes, wrap};
use crate::keys::{Action, Binding, Context};

/// Whose hints come first. The others follow in the order of the table.
const FIRST: [Action; 14] = [
    Action::Done,
    Action::Close,
    Action::Messages,
    Action::RollBack,
    Action::StepNext,
    Action::Flip,
    Action::Open,
    Action::NextPane,
    Action::Palette,
    Action::Filter,
    Action::Quit,
    Action::SetWeights,
    Action::StepBack,
    Action::Undo,
];

/// Whose hints come before those while the keys go to the ladder.
const LADDER: [Action; 3] = [Action::Down, Action::Open, Action::NextPane];

pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, look: &Look) {
    let Some(last) = area.height.checked_sub(1).map(|rest| area.y + rest) else { return };
    hints(buffer, Rect { y: last, height: 1, ..area }, app, look);
    let above = Rect { height: area.height - 1, ..area };
    let first = Rect { height: above.height.min(1), ..above };
    let others = Rect { y: above.y + first.height, height: above.height - first.height, ..above };
    match (app.changes.running().next().is_some(), app.said.is_some()) {
        (true, true) if others.height > 0 => {
            under_way(buffer, first, app, look);
            message(buffer, others, app, look);
        }
        (true, false) => under_way(buffer, above, app, look),
        _ => message(buffer, above, app, look),
    }
}

/// The newest change that goes on, and how many others do. Of that of the open split, what it is stands above already.
fn under_way(buffer: &mut Buffer, area: Rect, app: &App, look: &Look) {
    let count = app.changes.running().count();
    let Some(change) = app.changes.running().last() else { return };
    let more = if count > 1 { format!("+{}", count - 1) } else { String::new() };
    let words = if change.words.is_empty() { String::new() } else { format!(": {}", change.words) };
    let is_open = app.open_split().is_some_and(|view| view.page == Page::Overview && view.id == change.route);
    let text = if is_open && change.elsewhere.is_none() {
        format!("{}{words}", change.stage.word())
    } else {
        format!("{}: {} {}{words}", change.stage.word(), change.place(), change.what)
    };
    let sign = words::UNDER_WAY;
    Pen::new(buffer, area.x + 1, area.y, 1).put(sign.glyph, look.style(sign.role));
    let behind = u16::from(!more.is_empty()) + width(&more);
    let area = Rect { x: area.x + 3, width: area.width.saturating_sub(4), ..area };
    let inside = Rect { width: area.width.saturating_sub(behind), ..area };
    sentence(buffer, inside, &text, look.style(Role::Text));
    let x = area.right().saturating_sub(width(&more));
    Pen::new(buffer, x, area.y, width(&more)).put(&more, look.style(Role::Accent));
}

/// What was said last, as far as there is room; the log has the whole. A short one stands right above the hints.
fn message(buffer: &mut Buffer, area: Rect, app: &App, look: &Look) {
    let Some(said) = &app.said else { return };
    let room = area.width.saturating_sub(2);
    let rows = if width(&said.text) <= room { 1 } else { area.height };
    let area = Rect { x: area.x + 1, y: area.bottom().saturating_sub(rows), width: room, height: rows };
    sentence(buffer, area, &said.text, look.style(words::tone(said.tone)));
}

/// In as many rows as there are; what is too long for them is cut at its end.
fn sentence(buffer: &mut Buffer, area: Rect, text: &str, style: Style) {
    for (row, y) in rows(text, area.width.into(), area.height.into()).iter().zip(area.y..area.bottom()) {
        Pen::new(buffer, area.x, y, area.width).put(&cut(row, area.width.into()), style);
    }
}

/// A text in at most `most` rows; the last one holds the rest, however long.
fn rows(text: &str, room: usize, most: usize) -> Vec<String> {
    let mut rows = wrap(text, room);
    if rows.len() > most {
        let rest = rows.split_off(most.saturating_sub(1)).join(" ");
        rows.push(rest);
    }
    rows
}

/// The filter being typed, where messages stand.
pub(super) fn filter(
    buffer: &mut Buffer,
    area: Rect,
    app: &App,
    input: &Input,
    look: &Look,
) -> Option<Position> {
    let y = area.bottom().checked_sub(2)?;
    let line = Rect { y, height: 1, ..area };
    Clear.render(line, buffer);
    let text = look.style(Role::Text);
    buffer.set_style(line, look.ground());
    let found = format!("{} of {} routes", app.routes.routes_shown(), app.routes.entries().len());
    let mut pen = Pen::new(buffer, area.x + 1, y, area.width.saturating_sub(width(&found) + 4));
    pen.put("/", look.style(Role::Accent)).put(input.value(), text);
    let x = area.right().saturating_sub(width(&found) + 1);
    Pen::new(buffer, x, y, width(&found)).put(&found, look.style(Role::Muted));
    cursor_at(
        Rect { x: area.x + 2, y, width: area.width.saturating_sub(2), height: 1 },
        0,
        input.visual_cursor(),
    )
}

/// As many hints as there is room for, none of them cut. The way to all keys is always among them.
fn hints(buffer: &mut Buffer, row: Rect, app: &App, look: &Look) {
    let place = match app.routes.len() {
        _ if app.open_split().is_some() => String::new(),
        // It is of the list: what lies above that scrolls by itself.
        _ if app.layers.top().is_some_and(|layer| !matches!(layer, Layer::Filter(_))) => String::new(),
        0 => String::new(),
        rows => format!("{}/{rows}", app.list.cursor() + 1),
    };
    let x = row.right().saturating_sub(width(&place) + 1);
    Pen::new(buffer, x, row.y, width(&place)).put(&place, look.style(Role::Muted));
    let (help, others): (Vec<_>, Vec<_>) =
        working(app).into_iter().partition(|(binding, _)| binding.action == Action::Help);
    let cells =
        |(binding, hint): &(&Binding, &str)| usize::from(width(&keys(app, binding)) + width(hint)) + 1;
    let mut room = usize::from(row.width.saturating_sub(width(&place) + 4));
    let mut fitting = Vec::new();
    for hint in help.iter().chain(&others) {
        if cells(hint) <= room {
            room = room.saturating_sub(cells(hint) + 2);
            fitting.push(*hint);
        }
    }
    // Help is given its room first, and stands last.
    if fitting.first().is_some_and(|(binding, _)| binding.action == Action::Help) {
        fitting.rotate_left(1);
    }
    let mut pen = Pen::new(buffer, row.x + 1, row.y, row.width.saturating_sub(1));
    for (binding, hint) in fitting {
        pen.put(&keys(app, binding), look.style(Role::Accent)).put(" ", Style::new());
        pen.put(hint, look.style(Role::Text)).put("  ", Style::new());
    }
}

/// The usual key; where one goes down and up a ladder, both.
fn keys(app: &App, binding: &Binding) -> String {
    let usual = |action| app.start.keymap.key_of(action, binding.context).map(|key| key.to_string());
    let up = (is_ladder_key(app, binding) && binding.action == Action::Down).then(|| usual(Action::Up));
    [usual(binding.action), up.flatten()].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Whether the keys go to the ladder of the open split, and this is one of its own.
fn is_ladder_key(app: &App, binding: &Binding) -> bool {
    binding.context == Context::View
        && LADDER.contains(&binding.action)
        && app.layers.is_empty()
        && app.open_split().is_some_and(|view| view.pane == Pane::Ladder)
}

/// The rows of the table that mean something now, the most important first, with what they do.
fn working(app: &App) -> Vec<(&Binding, &'static str)> {
    // A dialog says itself which keys count now.
    if matches!(app.layers.top(), Some(Layer::Change(_))) {
        return Vec::new();
    }
    let contexts = app.contexts();
    let here = app.start.keymap.iter().filter(|binding| contexts.contains(&binding.context));
    let mut all: Vec<(&Binding, &'static str)> = here
        .filter(|binding| !binding.keys.is_empty() && works(app, binding))
        .map(|binding| (binding, hint(app, binding)))
        .filter(|(_, hint)| !hint.is_empty())
        .collect();
    all.sort_by_key(|(binding, _)| {
        let is_ladder = is_ladder_key(app, binding);
        let first: &[Action] = if is_ladder { &LADDER } else { &FIRST };
        // The way out of a frozen screen is never pushed out of the row.
        let thaws = binding.action == Action::Freeze && app.frozen.is_some();
        (!thaws, !is_ladder, first.iter().position(|first| *first == binding.action).unwrap_or(first.len()))
    });
    all
}

/// Whether a key does something now. A rollback is tried whatever is known; where the right is missing it is not offered.
fn works(app: &App, binding: &Binding) -> bool {
    if !app.layers.is_empty() {
        return true;
    }
    let needs_split = binding.writes || matches!(binding.action, Action::Open | Action::Timeline);
    let has_what_it_needs = match binding.action {
        _ if needs_split => app.selected().is_some(),
        Action::Timeline => app.open_split().is_none_or(|view| view.page == Page::Overview),
        Action::Yaml | Action::Diagnose => app.looked_at().is_some(),
        Action::NextPane => app.has_ladder(),
        Action::Filter | Action::Sort => app.routes.entries().len() > 0,
        _ => true,
    };
    let is_denied = binding.writes && app.missing_right(app.namespace()).is_some();
    has_what_it_needs && !is_denied && app.cannot(binding.action).is_none()
}

/// Whether there is too little room for what was said.
fn is_cut(app: &App) -> bool {
    let room = usize::from(app.size.0.saturating_sub(2));
    let running = u16::from(app.changes.running().next().is_some());
    let height = panes(app).footer.saturating_sub(1 + running).max(1);
    let cut = |text: &str| rows(text, room, height.into()).iter().any(|row| usize::from(width(row)) > room);
    app.said.as_ref().is_some_and(|said| cut(&said.text))
}

/// Whether the timeline was opened from the overview, to which closing it leads back.
fn from_overview(app: &App) -> bool {
    app.open_split().is_some_and(|view| view.page == Page::Timeline { from_list: false })
}

/// The word of a hint; some mean another thing now.
fn hint(app: &App, binding: &Binding) -> &'static str {
    match (binding.action, binding.context) {
        (Action::Close, Context::Routes) if app.said.is_some() => "clear",
        (Action::Messages, _) if is_cut(app) => "all of it",
        (Action::Close, Context::Routes) if !app.arrangement.filter.is_empty() => "all routes",
        (Action::Freeze, _) if app.frozen.is_some() => "go on",
        (Action::Down, _) if is_ladder_key(app, binding) => "stage",
        (Action::Open, _) if is_ladder_key(app, binding) => "show",
        (Action::NextPane, _) if is_ladder_key(app, binding) => "leave",
        (Action::Close, Context::View) if from_overview(app) => "overview",
        _ => binding.hint,
    }
}
