//! Which rows of the list are shown, and in which order.

use std::cmp::Reverse;

use super::routes::Shown;
use super::state::App;
use crate::route::declared_share;

/// The order of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// By namespace and name.
    #[default]
    Name,
    /// What is broken, then what has errors.
    Worst,
    /// The largest declared share of a canary first.
    Share,
    /// What was written last first.
    Newest,
}

impl Sort {
    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Name => Self::Worst,
            Self::Worst => Self::Share,
            Self::Share => Self::Newest,
            Self::Newest => Self::Name,
        }
    }

    /// For the heading.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "by name",
            Self::Worst => "worst first",
            Self::Share => "by share",
            Self::Newest => "newest first",
        }
    }
}

/// What the list shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arrangement {
    /// Words that a row must hold; empty for all rows.
    pub filter: String,
    /// The order.
    pub sort: Sort,
    /// Whether routes without a split are left out.
    pub hides_quiet: bool,
}

impl App {
    /// Shows other rows, or the same in another order. The selection stays with its object.
    pub(super) fn arrange(&mut self, change: impl FnOnce(&mut Arrangement)) {
        change(&mut self.arrangement);
        self.routes.show(&self.arrangement.filter, self.arrangement.hides_quiet);
        self.rows_changed();
    }

    /// Brings the rows into their order, and the cursor to the selected object.
    pub(super) fn rows_changed(&mut self) {
        if self.arrangement.sort != Sort::Name {
            let keys: Vec<_> = (0..self.routes.len()).map(|row| self.sort_key(row)).collect();
            self.routes.sort_rows(keys);
        }
        self.list.follow(&self.routes);
    }

    /// The smallest comes first.
    fn sort_key(&self, row: usize) -> (i64, Reverse<Box<str>>) {
        let first = |key: i64| (key, Reverse(Box::default()));
        let route = match self.routes.shown(row) {
            Some(Shown::Split { route, .. } | Shown::Whole(route)) => route,
            Some(Shown::Bad(_)) | None => return first(i64::MIN),
        };
        match self.arrangement.sort {
            Sort::Name => first(0),
            Sort::Worst => {
                let split = self.split(row);
                let worst =
                    split.as_ref().map_or_else(|| self.worst_of_whole(route), |s| self.worst_whenever(s));
                // Of what is fine, that which can be stepped.
                first(worst as i64 * 2 + i64::from(split.is_none()))
            }
            Sort::Share => {
                let share = self.split(row).and_then(|split| declared_share(split.rule, split.canary()?));
                #[expect(clippy::cast_possible_truncation, reason = "a share is at most one")]
                first(share.map_or(i64::MAX, |share| -(share * 1e9) as i64))
            }
            Sort::Newest => {
                let at = route.last_writer.as_ref().map(|writer| writer.at.clone());
                (0, Reverse(at.unwrap_or_default()))
            }
        }
    }
}
