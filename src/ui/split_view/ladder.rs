//! The stages, upright or across, with the present one and the chosen one.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::Part;
use crate::app::SplitView;
use crate::keys::{Action, Context};
use crate::rollout::{Ladder, Role as BackendRole, SHARE_SCALE, Stage};
use crate::ui::format::{self, left, right};
use crate::ui::paint::{Look, width};
use crate::ui::routes::plain;
use crate::ui::theme::Role;

/// Cells of the bar of a stage.
const BAR: usize = 12;

/// Where the canary stands on the ladder.
struct Position {
    ladder: Ladder,
    /// Stages that were reached.
    reached: usize,
    /// Whether it stands on the last of these, and not between two.
    exact: bool,
    /// Its share in words.
    share: String,
}

impl Position {
    fn of(part: &Part<'_>) -> Option<Self> {
        if part.split.roles.is_pair() {
            return None;
        }
        let ladder = part.app.start.conventions.ladder.of(part.split.route);
        let (weight, sum) = part.split.canary_weight().filter(|(_, sum)| *sum > 0)?;
        let reached = ladder.position(weight, sum);
        let last = reached.checked_sub(1).and_then(|last| ladder.stages().get(last));
        let exact = last.is_some_and(|s| u64::from(s.share()) * sum == weight * u64::from(SHARE_SCALE));
        Some(Self { reached, exact, share: format::share(weight, sum), ladder })
    }

    fn word(&self, index: usize) -> &'static str {
        match index + 1 {
            at if at == self.reached && self.exact => "now",
            at if at == self.reached + 1 => "next",
            _ => "",
        }
    }
}

pub(super) fn title(part: &Part<'_>, view: &SplitView) -> Vec<Span<'static>> {
    let look = part.look;
    let chosen = view.stage(&part.app.start.conventions.ladder.of(part.split.route)).is_some();
    let name = look.span(if chosen { Role::Accent } else { Role::Muted }, "ladder");
    if part.split.roles.is_pair() {
        return vec![look.span(Role::Muted, "blue-green pair")];
    }
    let (action, does) = if chosen { (Action::Open, "shows it") } else { (Action::NextPane, "chooses") };
    let key = part.app.start.keymap.key_of(action, Context::View);
    let help = key
        .map(|key| [look.span(Role::Accent, format!("  {key}")), look.span(Role::Muted, format!(" {does}"))]);
    [name].into_iter().chain(help.into_iter().flatten()).collect()
}

/// One line a stage.
pub(super) fn upright(part: &Part<'_>, view: &SplitView) -> Vec<Line<'static>> {
    let Some(position) = Position::of(part) else { return pair(part) };
    let look = part.look;
    let chosen = view.stage(&position.ladder);
    let mut all = Vec::new();
    for (index, stage) in position.ladder.stages().iter().enumerate() {
        let reached = index < position.reached;
        let word = position.word(index);
        let role = if word == "now" { Role::Canary } else { Role::Muted };
        let pointer = if chosen == Some(index) { " > " } else { "   " };
        let fill = plain(look, if reached { Role::Canary } else { Role::Muted });
        let mut line = vec![
            look.span(Role::Accent, pointer),
            look.span(role, right(&stage.to_string(), 7)),
            Span::raw("  "),
        ];
        line.extend(bar(*stage, fill, look));
        line.push(look.span(role, format!("  {word}")));
        if chosen == Some(index) {
            let used: usize = line.iter().map(|span| usize::from(width(&span.content))).sum();
            line.push(Span::raw(" ".repeat(part.room.saturating_sub(used))));
            for span in &mut line {
                span.style = span.style.patch(look.style(Role::Selection));
            }
        }
        all.push(Line::from(line));
        if index + 1 == position.reached && !position.exact {
            let between = format!("   {}  now, between two stages", right(&position.share, 7));
            all.push(Line::from(look.span(Role::Canary, between)));
        }
    }
    if position.reached == 0 {
        let below = format!("   {}  now, below the ladder", right(&position.share, 7));
        all.insert(0, Line::from(look.span(Role::Canary, below)));
    }
    all
}

fn bar(stage: Stage, fill: Style, look: &Look) -> [Span<'static>; 2] {
    look.bar(f64::from(stage.share()) / f64::from(SHARE_SCALE), BAR, fill)
}

/// On one line, as many of the stages as fit.
pub(super) fn across(part: &Part<'_>, view: &SplitView) -> Vec<Line<'static>> {
    let look = part.look;
    let Some(position) = Position::of(part) else { return pair(part) };
    let chosen = view.stage(&position.ladder);
    let mut line = vec![part.label("ladder")];
    for (index, stage) in position.ladder.stages().iter().enumerate() {
        if index > 0 {
            line.push(look.span(Role::Border, if look.ascii { " - " } else { " ─ " }));
        }
        let text = stage.to_string();
        let now = position.word(index) == "now";
        let text = if now { format!("[{text}]") } else { text };
        let text = if chosen == Some(index) { format!(">{text}") } else { text };
        let style = match (chosen == Some(index), now) {
            (true, _) => look.style(Role::Accent).patch(look.style(Role::Selection)),
            (_, true) => look.style(Role::Canary),
            _ if index < position.reached => look.style(Role::Text),
            _ => look.style(Role::Muted),
        };
        line.push(Span::styled(text, style));
        if index + 1 == position.reached && !position.exact {
            line.push(look.span(Role::Canary, format!(" [{}]", position.share)));
        }
    }
    vec![Line::from(line)]
}

/// A pair has no stages; nor has a rule whose weights are all 0.
fn pair(part: &Part<'_>) -> Vec<Line<'static>> {
    let Part { split, look, .. } = part;
    if !split.roles.is_pair() {
        return vec![Line::from(look.span(Role::Warn, "all weights are 0: every request fails"))];
    }
    let line = |role: BackendRole, colour: Role| {
        let index = split.roles.index(role)?;
        let backend = split.rule.backends.get(index)?;
        let share = format::share(backend.weight.into(), crate::route::weight_sum(split.rule));
        let words = format!("{} {}", right(&share, 6), backend.to);
        Some(Line::from(vec![look.span(colour, left(role.word(), 9)), look.span(Role::Text, words)]))
    };
    [line(BackendRole::Active, Role::Stable), line(BackendRole::Previous, Role::Canary)]
        .into_iter()
        .flatten()
        .collect()
}
