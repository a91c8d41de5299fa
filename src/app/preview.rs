//! What the gate would say of the next step of a split, from what is known without preparing it.

use std::sync::Arc;
use std::time::Duration;

use super::msg::Effect;
use super::split::Split;
use super::state::App;
use crate::metrics::untestable;
use crate::rollout::{
    Check, Direction, Evidence, Gate, GateInput, Intent, LOG_CHECK, Plan, Refusal, Release, Seen, Verdict,
    gate,
};
use crate::route::{BackendRef, Path};

/// How often requests are counted for it.
const REFRESH: Duration = Duration::from_secs(10);

/// What the gate would say.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Where the step leads, as in `10 %`.
    pub to: String,
    /// Its answer.
    pub gate: Gate,
}

/// The requests of the backend that the next step raises, as far as they were counted.
#[derive(Debug, Default)]
pub(super) struct CountsState {
    /// Of which object, at which generation, and which backend.
    of: Option<(Box<str>, i64, BackendRef)>,
    answer: Option<Result<Evidence, String>>,
    asked_at: Option<Duration>,
    in_flight: bool,
}

impl App {
    /// What the gate would say of the next step.
    ///
    /// # Errors
    /// Why there is no next step, in words.
    pub fn preview(&self, split: &Split<'_>) -> Result<Preview, String> {
        let plan = self.next_step(split)?;
        let to = plan.gaining().first().map_or(String::new(), |(backend, share)| match &plan.intent {
            Intent::Flip { .. } => format!("a flip to {backend}"),
            _ => format!("{} %", (share * 10_000.0).round() / 100.0),
        });
        let readiness: Vec<_> = plan.advancing.iter().map(|b| (b.clone(), self.readiness(b))).collect();
        let releases = self.releases(&plan);
        let counted = self.counted(split, &plan);
        let earlier: Vec<_> = self.written_before(split.route).collect();
        let rules = self.start.conventions.gates.of(split.route, self.start.settle);
        let gate = gate(&GateInput {
            route: split.route,
            plan: &plan,
            readiness: &readiness,
            releases: &releases,
            counted,
            alerts: self.firing(split),
            logs: (rules.logs && !plan.starts()).then(|| Check {
                name: LOG_CHECK,
                verdict: Verdict::NotApplicable,
                words: "read before the step".to_owned(),
            }),
            rules: &rules,
            shared: self.untestable(split, &plan),
            earlier: &earlier,
            now: self.now.wall,
        });
        Ok(Preview { to, gate })
    }

    /// Why the share of a split cannot be tested, if so; a change of it takes some paths along.
    fn untestable(&self, split: &Split<'_>, plan: &Plan) -> Option<String> {
        let edited =
            |path: &Path| plan.route == path.route && plan.edits.iter().any(|edit| edit.rule() == path.rule);
        let mut paths = self.other_paths(split);
        paths.retain(|path| !edited(path));
        let of = |index| split.numbers(Some(index))?.latest.map(|numbers| numbers.granularity);
        untestable((0..split.rule.backends.len()).filter_map(of).max(), &split.route.id, &paths)
    }

    fn next_step(&self, split: &Split<'_>) -> Result<Plan, String> {
        let step = |canary| Intent::Step { rule: split.index, direction: Direction::Next, canary };
        let intent = if split.roles.is_pair() { Intent::Flip { rule: split.index } } else { step(None) };
        let planned = match self.plan(split, &intent) {
            // The step will ask; until then, what is looked at is the guess.
            Err(Refusal::AskCanary(_)) => {
                let guess = split.backend(split.canary()).map(|backend| backend.name.clone());
                self.plan(split, &step(guess))
            }
            planned => planned,
        };
        planned.map_err(|refusal| refusal.to_string())
    }

    fn releases(&self, plan: &Plan) -> Vec<(BackendRef, Release)> {
        plan.advancing.iter().filter_map(|to| Some((to.clone(), self.release(to)?))).collect()
    }

    fn counted(&self, split: &Split<'_>, plan: &Plan) -> Result<Evidence, String> {
        if !self.numbers.has_source {
            return Err(self.numbers.without_source());
        }
        let of = subject(split, plan);
        let answer = self.counts.answer.as_ref().filter(|_| of.is_some() && self.counts.of == of);
        answer.cloned().unwrap_or_else(|| Err("requests are being counted".to_owned()))
    }

    /// When the requests of the open split are to be counted again.
    pub(super) fn counts_due(&self) -> Option<Duration> {
        self.open_split().filter(|_| self.numbers.has_source && !self.counts.in_flight)?;
        let split = self.selected()?;
        let of = self.next_step(&split).ok().and_then(|plan| subject(&split, &plan))?;
        let same = self.counts.of.as_ref() == Some(&of);
        Some(self.counts.asked_at.filter(|_| same).map_or(self.now.since_start, |at| at + REFRESH))
    }

    /// Asks for them, if it is time.
    pub(super) fn count(&mut self) -> Option<Effect> {
        self.counts_due().filter(|due| *due <= self.now.since_start)?;
        let split = self.selected()?;
        let route = Arc::clone(split.route);
        let plan = self.next_step(&split).ok()?;
        let of = subject(&split, &plan)?;
        if self.counts.of.as_ref() != Some(&of) {
            self.counts.answer = None;
        }
        self.counts.of = Some(of);
        self.counts.asked_at = Some(self.now.since_start);
        self.counts.in_flight = true;
        let releases = self.releases(&plan);
        Some(Effect::Count { generation: self.generation, route, plan: Box::new(plan), releases })
    }

    /// Takes what was counted for a backend.
    pub(super) fn take_counts(&mut self, backend: &BackendRef, answer: Result<Evidence, String>) {
        self.counts.in_flight = false;
        let interval = match &answer {
            Ok(Evidence { seen: Seen::Running(all), .. }) => {
                all.first().and_then(|running| running.judged.interval_seconds)
            }
            _ => None,
        };
        if let Some(interval) = interval.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
            self.numbers.scraped(interval);
        }
        if self.counts.of.as_ref().is_some_and(|(_, _, asked)| asked == backend) {
            self.counts.answer = Some(answer);
        }
    }
}

/// Whose requests decide, and on which version of the route.
fn subject(split: &Split<'_>, plan: &Plan) -> Option<(Box<str>, i64, BackendRef)> {
    let backend = plan.advancing.first()?;
    Some((split.route.uid.clone(), split.route.generation, backend.clone()))
}
