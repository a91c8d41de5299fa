//! Who else sends requests to the backends, and who else writes the route.

use ratatui::text::Line;

use super::Part;
use crate::app::App;
use crate::cluster::Scope;
use crate::route::{OwnerRule, Path, paths_to};
use crate::ui::theme::Role;

/// How many there are, and the first.
pub(in crate::ui) fn brief(part: &Part<'_>) -> Line<'static> {
    let paths = part.app.other_paths(part.split);
    let look = part.look;
    let words = match paths.first() {
        None => look.span(Role::Muted, none(part.app)),
        Some(first) if paths.len() == 1 => look.span(Role::Text, format!("1 other path: {first}")),
        Some(first) => look.span(Role::Text, format!("{} other paths: {first}, ...", paths.len())),
    };
    Line::from(vec![part.label("paths"), words])
}

fn none(app: &App) -> &'static str {
    match app.scope {
        Scope::All if app.sees_everywhere() => "no other path leads to these backends",
        Scope::All => "no other path is known; other namespaces may hold one",
        Scope::Namespace(_) => "no other path in this namespace leads to these backends",
    }
}

/// Who else writes the route, on one line.
pub(in crate::ui) fn owners(part: &Part<'_>) -> Line<'static> {
    let words: Vec<String> = part.split.route.owners.iter().map(ToString::to_string).collect();
    let words = if words.is_empty() {
        part.look.span(Role::Muted, "nobody else writes this route")
    } else {
        part.look.span(Role::Warn, words.join("; "))
    };
    Line::from(vec![part.label("owners"), words])
}

/// One line a path under its backend, the mirrors of the rule itself, and one line an owner.
pub(super) fn lines(part: &Part<'_>) -> Vec<Line<'static>> {
    let Part { app, split, look, .. } = part;
    let paths = app.other_paths(split);
    let mut all = Vec::new();
    for backend in &split.rule.backends {
        let related = app.routes.related([&backend.to]);
        let leads =
            |path: &&Path| related.iter().any(|route| paths_to(&backend.to, route).any(|p| p == **path));
        for (place, path) in paths.iter().filter(leads).enumerate() {
            let name = if place == 0 { format!("{}: ", backend.to) } else { String::new() };
            all.extend(part.wrapped(Role::Text, "! ", &format!("{name}{path}")));
        }
    }
    if all.is_empty() {
        all.push(Line::from(look.span(Role::Muted, format!("  {}", none(app)))));
    }
    for mirror in &split.rule.mirrors {
        let words = format!("this rule sends copies of its requests to {}", mirror.to);
        all.extend(part.wrapped(Role::Text, "  ", &words));
    }
    let more = [(split.rule.retries, "retries"), (split.rule.sticky, "session persistence")];
    for (_, what) in more.iter().filter(|(is_set, _)| *is_set) {
        let means =
            if *what == "retries" { "upstream counts hold each attempt" } else { "shares follow slowly" };
        all.push(Line::from(look.span(Role::Muted, format!("  {what} configured: {means}"))));
    }
    if split.route.owners.is_empty() {
        all.push(Line::from(look.span(Role::Muted, "  nobody else writes this route")));
    }
    for owner in &split.route.owners {
        let role = if owner.rule() == OwnerRule::Free { Role::Muted } else { Role::Warn };
        all.extend(part.wrapped(role, "! ", &owner.to_string()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::none;
    use crate::app::fixture::{Bench, checkout};
    use crate::cluster::Update;

    #[test]
    fn what_was_not_seen_is_not_said_to_be_absent() {
        let listed = || vec![Ok(checkout(7, 95, 5))];
        let mut bench = Bench::with((120, 40), listed());
        assert_eq!(none(&bench.app), "no other path in this namespace leads to these backends");
        bench.keys("a");
        assert_eq!(none(&bench.app), "no other path is known; other namespaces may hold one");
        bench.watch(Update::Reset(listed()));
        assert_eq!(none(&bench.app), "no other path leads to these backends");
    }
}
