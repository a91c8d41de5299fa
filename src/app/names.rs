//! What rows are called, and how much room that takes.

use unicode_width::UnicodeWidthStr;

use super::routes::Shown;
use super::state::App;
use crate::cluster::Scope;
use crate::route::RouteId;

/// Cells of a rule's label that the column of names grows for.
const MOST_LABEL: usize = 12;

impl App {
    /// What a route is called in the list: in one namespace, its name is in the title.
    #[must_use]
    pub fn called(&self, id: &RouteId) -> String {
        match self.scope {
            Scope::All => id.to_string(),
            Scope::Namespace(_) => id.name.to_string(),
        }
    }

    fn cells(&self, row: usize) -> Option<usize> {
        let shown = self.routes.shown(row)?;
        let name = self.called(shown.id()).width();
        let Shown::Split { route, rule, continued, .. } = shown else { return Some(name) };
        let label = route.splits().nth(1).map_or(0, |_| route.rule_label(rule).width().min(MOST_LABEL) + 1);
        Some(if continued { label + 2 } else { name + label })
    }
}

/// Gives the names in sight the room that they need. It is never taken away again: a column that shrinks moves all that
/// stands right of it.
pub(super) fn widen(app: &mut App) {
    let widest = app.rows_in_sight().filter_map(|row| app.cells(row)).max().unwrap_or_default();
    app.list.widen(u16::try_from(widest).unwrap_or(u16::MAX));
}

#[cfg(test)]
mod tests {
    use crate::app::fixture::{Bench, split};
    use crate::cluster::Update;
    use crate::route::RouteId;

    #[test]
    fn the_room_for_names_grows_and_does_not_shrink() {
        let of = |name: &str| Ok(split(name, 1, &[("x", 1), ("y", 1)]));
        let mut bench = Bench::with((80, 24), vec![of("cart")]);
        assert_eq!(bench.app.list.widest(), 4);
        bench.watch(Update::Applied(of("recommendations")));
        assert_eq!(bench.app.list.widest(), 15);
        bench.watch(Update::Deleted(RouteId::new("shop", "recommendations")));
        assert_eq!(bench.app.list.widest(), 15);
        bench.keys("a");
        assert_eq!(bench.app.list.widest(), 9);
    }
}
