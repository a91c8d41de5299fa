//! One split as a row sees it: roles, stage, and what may be said of its traffic.

use std::sync::Arc;
use std::time::Duration;

use super::numbers::BackendNumbers;
use super::routes::Shown;
use super::state::App;
use crate::metrics::{Granularity, Unclaimed, claim};
use crate::rollout::{
    ALPHA_SHARE, Conventions, Interval, Ladder, Role, Roles, interval, links, roles, untouched_paths,
};
use crate::route::{BackendRef, Path, Route, Rule, weight_sum};

/// How long a change stands out in its row.
pub(super) const FLASH: Duration = Duration::from_secs(2);

/// A split.
#[derive(Debug, Clone)]
pub struct Split<'a> {
    /// Its route.
    pub route: &'a Arc<Route>,
    /// Index of the rule.
    pub index: usize,
    /// The rule.
    pub rule: &'a Rule,
    /// The roles of its backends.
    pub roles: Roles,
    /// Whether the row above is of the same route.
    pub continued: bool,
    /// When the route's spec was last seen to change.
    pub changed: Option<Duration>,
    /// What is known of its backends, in their order: a row asks for it a dozen times.
    numbers: Vec<Option<&'a BackendNumbers>>,
}

/// What can be said of the share that each backend really gets.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// Requests of each backend in the window.
    Counted(Vec<f64>),
    /// Requests come by this many other paths, and the series do not tell them apart.
    Shared(usize),
    /// The window still holds requests of the split before.
    Settling,
    /// So does it, but requests counted since show the new one.
    Proven,
    /// No request at all.
    NoTraffic,
    /// Nothing to tell by: why.
    NoData(&'static str),
}

impl Observed {
    /// Share and interval of backend `index`, at the level of a proof.
    #[must_use]
    pub fn share(&self, index: usize) -> Option<(f64, Interval)> {
        let Self::Counted(requests) = self else { return None };
        let total: f64 = requests.iter().sum();
        let mine = *requests.get(index)?;
        Some((mine / total, interval(mine, total, ALPHA_SHARE)))
    }

    /// Why there is no share, in at most `room` cells if that can be said.
    #[must_use]
    pub fn reason(&self, room: usize) -> String {
        match self {
            Self::Counted(_) => String::new(),
            Self::Shared(paths) => {
                let of = if *paths == 1 { "path" } else { "paths" };
                let (long, short) = (format!("shared with {paths} {of}"), format!("shared +{paths} {of}"));
                if long.len() <= room { long } else { short }
            }
            Self::Settling => "settling".to_owned(),
            Self::Proven => "proven".to_owned(),
            Self::NoTraffic => "no traffic".to_owned(),
            Self::NoData(why) => (*why).to_owned(),
        }
    }
}

impl<'a> Split<'a> {
    /// What is known of a backend; `None` if nobody has asked yet.
    #[must_use]
    pub fn numbers(&self, index: Option<usize>) -> Option<&'a BackendNumbers> {
        index.and_then(|index| *self.numbers.get(index)?)
    }

    /// Index of the backend on the safe side: stable, or the active one of a pair; else the heaviest that is
    /// not the canary.
    #[must_use]
    pub fn stable(&self) -> Option<usize> {
        let known = self.roles.index(Role::Stable).or_else(|| self.roles.index(Role::Active));
        let canary = self.canary();
        let others = self.rule.backends.iter().enumerate().filter(|(index, _)| Some(*index) != canary);
        known.or_else(|| others.max_by_key(|(_, backend)| backend.weight).map(|(index, _)| index))
    }

    /// Index of the backend that is looked at: the canary, or the inactive one of a pair.
    #[must_use]
    pub fn canary(&self) -> Option<usize> {
        self.roles.canary().or_else(|| self.roles.index(Role::Previous))
    }

    /// What a backend of this split points to.
    #[must_use]
    pub fn backend(&self, index: Option<usize>) -> Option<&BackendRef> {
        index.and_then(|index| self.rule.backends.get(index)).map(|backend| &backend.to)
    }

    /// The links of `conventions` that can be filled in: names and URLs.
    #[must_use]
    pub fn links(&self, context: &str, conventions: &Conventions) -> Vec<(String, String)> {
        links(&conventions.links, context, self.route, self.index, &self.roles)
    }

    /// Weight of the canary and the sum of all weights.
    #[must_use]
    pub fn canary_weight(&self) -> Option<(u64, u64)> {
        let canary = self.rule.backends.get(self.canary()?)?;
        Some((canary.weight.into(), weight_sum(self.rule)))
    }

    /// Where the canary stands on the ladder, as `3` of `7`. A pair has none.
    #[must_use]
    pub fn stage(&self, default: &Ladder) -> Option<(usize, usize)> {
        if self.roles.is_pair() {
            return None;
        }
        let ladder = default.of(self.route);
        let (weight, sum) = self.canary_weight().filter(|(_, sum)| *sum > 0)?;
        Some((ladder.position(weight, sum), ladder.stages().len()))
    }

    /// Whether it has changed so short ago that the eye should be drawn to it.
    #[must_use]
    pub fn is_new(&self, now: Duration) -> bool {
        self.changed.is_some_and(|at| now.saturating_sub(at) < FLASH)
    }

    /// Whether this route has other splits, so that the rule must be named.
    #[must_use]
    pub fn is_one_of_many(&self) -> bool {
        self.route.splits().nth(1).is_some()
    }
}

impl App {
    /// The split in row `index`, if it is one.
    #[must_use]
    pub fn split(&self, index: usize) -> Option<Split<'_>> {
        let Shown::Split { route, rule, continued, changed } = self.routes.shown(index)? else { return None };
        self.split_of(route, rule, continued, changed)
    }

    /// The split in rule `rule` of `route`.
    pub(super) fn split_of<'a>(
        &'a self,
        route: &'a Arc<Route>,
        rule: usize,
        continued: bool,
        changed: Option<Duration>,
    ) -> Option<Split<'a>> {
        let index = rule;
        let numbers = |at| self.numbers.get(route, index, at);
        let rule = route.rules.get(index)?;
        Some(Split {
            route,
            index,
            rule,
            numbers: (0..rule.backends.len()).map(numbers).collect(),
            roles: roles(route, index, &self.start.conventions.names, self.chosen_canary(&route.uid)),
            continued,
            changed,
        })
    }

    /// The split that the keys act on: the open one, else the selected one.
    #[must_use]
    pub fn selected(&self) -> Option<Split<'_>> {
        match self.open_split() {
            Some(view) => self.find(view),
            None => self.split(self.list.cursor()),
        }
    }

    /// The canary that somebody named on this machine for the route with this uid.
    #[must_use]
    pub fn chosen_canary(&self, uid: &str) -> Option<&str> {
        self.chosen.get(uid).map(String::as_str)
    }

    /// The paths by which requests reach the backends of a split without the split.
    #[must_use]
    pub fn other_paths(&self, split: &Split<'_>) -> Vec<Path> {
        let related = self.routes.related(split.rule.backends.iter().map(|backend| &backend.to));
        untouched_paths(split.route, split.index, related.iter().map(|route| &**route))
    }

    /// How many of them are counted with the split.
    fn paths_beside(&self, split: &Split<'_>, apart: Granularity) -> usize {
        let paths = self.other_paths(split);
        paths.iter().filter(|path| apart != Granularity::Route || path.route == split.route.id).count()
    }

    /// What can be said of the shares that were served.
    #[must_use]
    pub fn observed(&self, split: &Split<'_>) -> Observed {
        if !self.numbers.has_source {
            return Observed::NoData("nobody counts");
        }
        let now = self.shown_at();
        let settles = split.changed.filter(|at| now.saturating_sub(*at) < self.settling());
        let known = split.numbers.iter().map(|numbers| numbers.and_then(|numbers| numbers.latest));
        let backends = split.rule.backends.iter().map(|backend| &backend.to).zip(known);
        let used = self.numbers.used(&split.route.id);
        match claim(backends, used, |apart| self.paths_beside(split, apart)) {
            Ok(_) | Err(Unclaimed::NoTraffic | Unclaimed::NoSeries(_) | Unclaimed::TooFew(_))
                if let Some(at) = settles =>
            {
                let proven = self.changes.is_proven(&split.route.id, split.index, at);
                if proven { Observed::Proven } else { Observed::Settling }
            }
            Ok(requests) => Observed::Counted(requests),
            Err(Unclaimed::Shared(paths)) => Observed::Shared(paths),
            Err(Unclaimed::PerRule) => Observed::NoData("counted per rule"),
            Err(Unclaimed::Uncounted(_)) => Observed::NoData("not counted"),
            Err(Unclaimed::NoTraffic) => Observed::NoTraffic,
            Err(Unclaimed::NotANumber(_)) => Observed::NoData("not a number"),
            Err(Unclaimed::UnknownSource | Unclaimed::NoSeries(_) | Unclaimed::TooFew(_)) => {
                Observed::NoData("no data")
            }
        }
    }
}
