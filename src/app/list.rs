//! Which row is selected, and which are in sight. The selection follows the object, not the row.

use super::routes::{Routes, Shown};
use crate::route::RouteId;

/// The selected object.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Selected {
    id: RouteId,
    uid: Option<Box<str>>,
    rule: Option<usize>,
}

/// The list's cursor and window.
#[derive(Debug, Default)]
pub struct List {
    selected: Option<Selected>,
    /// What was selected before its row went away: it is selected again when it comes back, unless somebody has
    /// moved the cursor meanwhile.
    missed: Option<Selected>,
    cursor: usize,
    top: usize,
    /// Cells of the widest name that was in sight so far.
    widest: u16,
}

/// Rows that stay in sight beyond the cursor, where there is room.
const BEYOND: usize = 2;

impl List {
    /// Index of the selected row.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Index of the first row in sight.
    #[must_use]
    pub fn top(&self) -> usize {
        self.top
    }

    /// Cells of the widest name that was in sight so far: a column that shrinks moves all that is right of it.
    #[must_use]
    pub fn widest(&self) -> u16 {
        self.widest
    }

    pub(super) fn widen(&mut self, cells: u16) {
        self.widest = self.widest.max(cells);
    }

    /// Other names are shown from now on.
    pub(super) fn forget_width(&mut self) {
        self.widest = 0;
    }

    /// Moves the cursor to `index`, or as near as there is a row.
    pub fn go(&mut self, index: usize, routes: &Routes) {
        self.missed = None;
        self.stay(index, routes);
    }

    /// Moves the cursor to a route, if it has a row.
    pub fn go_to(&mut self, id: &RouteId, routes: &Routes) -> bool {
        let found =
            (0..routes.len()).find(|index| routes.shown(*index).is_some_and(|shown| shown.id() == id));
        if let Some(index) = found {
            self.go(index, routes);
        }
        found.is_some()
    }

    fn stay(&mut self, index: usize, routes: &Routes) {
        self.cursor = index.min(routes.len().saturating_sub(1));
        self.selected = routes.shown(self.cursor).map(|shown| describe(&shown));
    }

    /// Finds the selected object again after the rows have changed. Where it is gone, the cursor stays.
    pub fn follow(&mut self, routes: &Routes) {
        let find = |wanted: &Selected, test: fn(&Selected, &Shown<'_>) -> bool| {
            (0..routes.len()).find(|index| routes.shown(*index).is_some_and(|shown| test(wanted, &shown)))
        };
        if let Some(index) = self.missed.as_ref().and_then(|missed| find(missed, Selected::is)) {
            return self.go(index, routes);
        }
        let Some(wanted) = &self.selected else { return self.stay(self.cursor, routes) };
        if routes.shown(self.cursor).is_some_and(|shown| wanted.is(&shown)) {
            return;
        }
        let found = find(wanted, Selected::is).or_else(|| find(wanted, Selected::is_of));
        if found.is_none() && self.missed.is_none() {
            self.missed.clone_from(&self.selected);
        }
        self.stay(found.unwrap_or(self.cursor), routes);
    }

    /// The object that was selected and exists no more, told once: what is selected instead was nobody's choice.
    pub(super) fn take_gone(&mut self, routes: &Routes) -> Option<RouteId> {
        let missed = self.missed.take_if(|missed| !routes.has(&missed.id))?;
        Some(missed.id)
    }

    /// Moves the window so that the cursor is in it, and no row below is wasted.
    pub fn scroll(&mut self, height: usize, routes: &Routes) {
        let height = height.max(1);
        let beyond = BEYOND.min((height - 1) / 2);
        let first = self.cursor.saturating_sub(beyond);
        let last = self.cursor + beyond + 1;
        self.top = self.top.min(first).max(last.saturating_sub(height));
        self.top = self.top.min(routes.len().saturating_sub(height));
    }
}

impl Selected {
    /// Whether `shown` is the very same split.
    fn is(&self, shown: &Shown<'_>) -> bool {
        self.is_of(shown) && self.rule == rule(shown)
    }

    /// Whether `shown` is of the same object.
    fn is_of(&self, shown: &Shown<'_>) -> bool {
        self.id == *shown.id() && self.uid.as_deref() == uid(shown)
    }
}

fn uid<'a>(shown: &Shown<'a>) -> Option<&'a str> {
    match shown {
        Shown::Split { route, .. } | Shown::Whole(route) => Some(&route.uid),
        Shown::Bad(_) => None,
    }
}

fn rule(shown: &Shown<'_>) -> Option<usize> {
    match shown {
        Shown::Split { rule, .. } => Some(*rule),
        Shown::Whole(_) | Shown::Bad(_) => None,
    }
}

fn describe(shown: &Shown<'_>) -> Selected {
    Selected { id: shown.id().clone(), uid: uid(shown).map(Into::into), rule: rule(shown) }
}

#[cfg(test)]
mod tests {
    use crate::app::fixture::{Bench, split};
    use crate::app::panes;

    #[test]
    fn two_rows_stay_in_sight_beyond_the_cursor() {
        let names: Vec<String> = (10..60).map(|n| format!("r{n}")).collect();
        let listed = names.iter().map(|name| Ok(split(name, 1, &[("x", 1), ("y", 1)]))).collect();
        let mut bench = Bench::with((80, 24), listed);
        let rows = usize::from(panes(&bench.app).list);
        for _ in 0..rows {
            bench.keys("j");
        }
        assert_eq!((bench.app.list.cursor(), bench.app.list.top()), (rows, 3));
        for _ in 0..rows - 3 {
            bench.keys("k");
        }
        assert_eq!((bench.app.list.cursor(), bench.app.list.top()), (3, 1));
        bench.keys("G");
        assert_eq!(bench.app.list.top() + rows, 50, "no row below is wasted");
        bench.keys("g");
        assert_eq!(bench.app.list.top(), 0);
    }
}
