//! What each parent says of the route, in words.

use ratatui::text::Line;

use super::Part;
use crate::route::{Condition, ParentState, ParentView, Route, Truth};
use crate::ui::paint::Look;
use crate::ui::theme::Role;
use crate::ui::words;

/// The state of the route and of each of its parents, on one line.
pub(in crate::ui) fn state(route: &Route, look: &Look) -> Line<'static> {
    let state = route.state();
    let sign = words::route(&state, look);
    let label = crate::ui::format::left("state", super::part::LABEL);
    let mut line =
        vec![look.span(Role::Muted, label), look.span(sign.role, format!("{} {state}", sign.glyph))];
    for view in route.parent_views() {
        line.push(look.span(Role::Muted, format!("   {} {}", view.parent, seen(&view, route))));
    }
    if let Some(problem) = &route.status_problem {
        line.push(look.span(Role::Warn, format!("   status cannot be read: {problem}")));
    }
    Line::from(line)
}

fn seen(view: &ParentView<'_>, route: &Route) -> String {
    match view.state {
        ParentState::Observed => "has seen the newest spec".to_owned(),
        ParentState::Pending { seen } => format!("has seen generation {seen} of {}", route.generation),
        ParentState::Refused { seen } => format!("refused the edit and serves generation {seen}"),
        ParentState::NoGeneration => "reports no generation".to_owned(),
        ParentState::NoStatus => "has said nothing".to_owned(),
    }
}

/// One line a parent, and one for each condition that is not as it should be.
pub(super) fn lines(part: &Part<'_>) -> Vec<Line<'static>> {
    let (look, route) = (part.look, part.split.route);
    let mut all = Vec::new();
    for view in route.parent_views() {
        let conditions = view.status.map(|status| &status.conditions[..]).unwrap_or_default();
        let (fine, odd): (Vec<_>, Vec<_>) = conditions.iter().partition(|condition| is_fine(condition));
        let sign = match (&view.state, odd.is_empty()) {
            (ParentState::Observed, true) => words::good(look),
            (ParentState::NoStatus, _) => words::UNKNOWN,
            (_, true) => words::LOOK,
            (_, false) => words::bad(look),
        };
        let fine: Vec<String> = fine.into_iter().map(in_words).collect();
        let fine = if fine.is_empty() { String::new() } else { format!("{}, ", fine.join(", ")) };
        let controller = view.status.map(|status| format!(" ({})", status.controller)).unwrap_or_default();
        let said = format!("{}: {fine}{}{controller}", view.parent, seen(&view, route));
        all.extend(part.signed(sign, &said));
        for condition in odd {
            let status = match condition.status {
                Truth::True => "is true",
                Truth::False => "is false",
                Truth::Unknown => "is unknown",
            };
            let why = condition.words();
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            all.extend(part.wrapped(Role::Warn, "  ", &format!("{} {status}{why}", condition.kind)));
        }
    }
    if route.parents.is_empty() {
        all.push(Line::from(look.span(Role::Warn, "the route names no parent: nobody serves it")));
    }
    if let Some(problem) = &route.status_problem {
        all.extend(part.wrapped(Role::Warn, "", &format!("status cannot be read: {problem}")));
    }
    all
}

/// `PartiallyInvalid` is bad when it is true; the others when they are not.
fn is_fine(condition: &Condition) -> bool {
    (condition.status == Truth::True) != (&*condition.kind == "PartiallyInvalid")
}

fn in_words(condition: &Condition) -> String {
    match &*condition.kind {
        "Accepted" => "accepted".to_owned(),
        "ResolvedRefs" => "references resolved".to_owned(),
        "PartiallyInvalid" => "no part invalid".to_owned(),
        other => format!("{other} is true"),
    }
}
