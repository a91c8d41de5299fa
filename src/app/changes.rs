//! Changes under way, and how the newest of each route ended.

use std::time::Duration;

use super::dialog::Ask;
use crate::pilot::{Ending, Progress, Stage};
use crate::rollout::{ChangeRecord, Plan, RuleChange};
use crate::route::{Route, RouteId};

/// One confirmed change, or a look at what is served.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its number.
    pub id: u64,
    /// The route that was selected.
    pub route: RouteId,
    /// What was asked for, to show it again if it was not written; nothing for one taken up after a crash.
    pub ask: Option<Ask>,
    /// What it is, in words: `step 95/5 -> 90/10`.
    pub what: String,
    /// Identity of the object, and the canary that the plan names.
    pub canary: Option<(Box<str>, String)>,
    /// Whether it only looks at what is served: then nothing is written.
    pub looks: bool,
    /// The furthest stage seen.
    pub stage: Stage,
    /// What is seen or waited for.
    pub words: String,
    /// When it was confirmed.
    pub since: Duration,
    /// Generation of the route as it left it, or found it where it only looks; `None` until that is known.
    generation: Option<i64>,
    /// How and when it ended; `None` while it goes on.
    ended: Option<(Ending, Duration)>,
    /// The rules of the route that it is about.
    rules: Vec<usize>,
    /// The context it was made in, once another one is shown.
    pub elsewhere: Option<String>,
}

impl Change {
    /// A change that was just confirmed.
    #[must_use]
    pub fn new(id: u64, ask: Ask, plan: &Plan, since: Duration) -> Self {
        let weights = plan.main_change().map(|change| format!(" {}", moved(change))).unwrap_or_default();
        let what = format!("{}{weights}", plan.intent.word());
        Self {
            canary: plan.canary.as_ref().map(|canary| (plan.uid.clone(), canary.name.to_string())),
            rules: plan.changes().map(|change| change.rule).collect(),
            ask: Some(ask.clone()),
            ..Self::begun(id, ask.route, what, Stage::Writing, since)
        }
    }

    /// A change that was written before the program ended, and is taken up again.
    #[must_use]
    pub fn taken_up(id: u64, record: &ChangeRecord, since: Duration) -> Self {
        let route = RouteId::new(&record.namespace, &record.route);
        Self {
            words: "taken up again".to_owned(),
            ..Self::begun(id, route, record.action.clone(), Stage::Written, since)
        }
    }

    /// A look at a split that nothing was written to.
    #[must_use]
    pub fn verify(id: u64, route: &Route, what: String, since: Duration) -> Self {
        let begun = Self::begun(id, route.id.clone(), what, Stage::Counting, since);
        Self { looks: true, generation: Some(route.generation), ..begun }
    }

    fn begun(id: u64, route: RouteId, what: String, stage: Stage, since: Duration) -> Self {
        Self {
            id,
            route,
            ask: None,
            what,
            canary: None,
            looks: false,
            stage,
            words: String::new(),
            since,
            generation: None,
            ended: None,
            rules: Vec::new(),
            elsewhere: None,
        }
    }

    /// The route, with its context if that is not the one shown.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.elsewhere {
            Some(context) => format!("[{context}] {}", self.route),
            None => self.route.to_string(),
        }
    }

    /// The stages that it goes through.
    #[must_use]
    pub fn stages(&self) -> &'static [Stage] {
        if self.looks {
            return &[Stage::Counting, Stage::Proven];
        }
        &[Stage::Writing, Stage::Written, Stage::Observed, Stage::TrafficFollows, Stage::Proven]
    }

    /// Whether it still goes on.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.ended.is_none()
    }

    /// How it ended; `None` while it goes on.
    #[must_use]
    pub fn ending(&self) -> Option<&Ending> {
        self.ended.as_ref().map(|(ending, _)| ending)
    }

    /// Whether `route` still is as this change left it.
    #[must_use]
    pub fn left(&self, route: &Route) -> bool {
        self.generation == Some(route.generation)
    }

    fn ended_at(&self) -> Option<Duration> {
        self.ended.as_ref().map(|(_, at)| *at)
    }
}

/// The weights of a rule before and after: `95/5 -> 90/10`.
fn moved(change: &RuleChange) -> String {
    format!("{} -> {}", list(&change.before), list(&change.after))
}

/// Weights in the order of their rule: `95/5`.
pub(super) fn list(weights: &[u32]) -> String {
    weights.iter().map(ToString::to_string).collect::<Vec<_>>().join("/")
}

/// All of them, the oldest first; of each route at most one that has ended.
#[derive(Debug, Default)]
pub struct Changes(Vec<Change>);

impl Changes {
    /// Takes a change that begins. What ended on the same route before is no longer of interest.
    pub fn begin(&mut self, change: Change) {
        self.0.retain(|old| old.is_running() || old.place() != change.place());
        self.0.push(change);
    }

    /// A change has come further.
    pub fn progress(&mut self, id: u64, progress: &Progress) {
        if let Some(change) = self.0.iter_mut().find(|change| change.id == id) {
            change.stage = change.stage.max(progress.stage);
            change.words.clone_from(&progress.words);
            // Later ones may be of somebody else's write.
            let own = progress.fresh.as_ref().filter(|_| progress.route == change.route);
            change.generation = change.generation.or(own.map(|fresh| fresh.generation));
        }
    }

    /// A change has ended. Returns it as it is then.
    pub fn end(&mut self, id: u64, ending: Ending, now: Duration) -> Option<Change> {
        let index = self.0.iter().position(|change| change.id == id)?;
        self.0[index].ended = Some((ending, now));
        let ended = self.0[index].clone();
        // An older one that ends late must not hide the newer one.
        let newer = self.0.iter().skip(index + 1).any(|other| other.place() == ended.place());
        if newer {
            self.0.remove(index);
        }
        Some(ended)
    }

    /// Another context is shown from now on: what goes on in `context` is followed to its end.
    pub fn leave(&mut self, context: &str) {
        self.0.retain(Change::is_running);
        for change in &mut self.0 {
            change.elsewhere.get_or_insert_with(|| context.to_owned());
        }
    }

    /// Back in a context: what was made there is of what is shown.
    pub fn enter(&mut self, context: &str) {
        for change in &mut self.0 {
            change.elsewhere.take_if(|elsewhere| elsewhere == context);
        }
    }

    /// Those that still go on.
    pub fn running(&self) -> impl Iterator<Item = &Change> {
        self.0.iter().filter(|change| change.is_running())
    }

    /// The newest change of a route.
    #[must_use]
    pub fn of(&self, route: &RouteId) -> Option<&Change> {
        self.0.iter().rev().find(|change| change.elsewhere.is_none() && change.route == *route)
    }

    /// The newest change of a route, unless it has ended and the route was changed since, at `changed`.
    #[must_use]
    pub fn standing(&self, route: &RouteId, changed: Option<Duration>) -> Option<&Change> {
        let overtaken =
            |change: &Change| change.ended_at().is_some_and(|end| changed.is_some_and(|at| at > end));
        self.of(route).filter(|change| !overtaken(change))
    }

    /// Whether what a rule of `route` has said since `changed` was proven.
    #[must_use]
    pub fn is_proven(&self, route: &RouteId, rule: usize, changed: Duration) -> bool {
        self.of(route).is_some_and(|change| {
            matches!(change.ended, Some((Ending::Proven(_), at)) if at >= changed)
                && change.rules.contains(&rule)
        })
    }

    /// A change by its number.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&Change> {
        self.0.iter().find(|change| change.id == id)
    }
}
