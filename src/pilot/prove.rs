//! Proof: counts requests until the new split is shown, or the time is over.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::Pilot;
use super::progress::{Ending, Progress, Stage};
use super::states::{Prepared, Watched};
use crate::metrics::{Counts, MetricSource};
use crate::rollout::{Claim, Edit, Effect, Finding, Intent, Observed, Plan, judge};
use crate::route::{BackendRef, Path, Route};

/// Between counts, where the scrape interval is not known yet.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
/// A proof may take this many scrape intervals, if that is longer than the time that is set.
const INTERVALS: u32 = 4;

impl Pilot {
    /// Counts requests from `settle` after the change was observed, until the claim is shown or time is over.
    pub async fn prove(&self, watched: Watched, progress: &UnboundedSender<Progress>) -> Ending {
        let ending = self.count(&watched, progress).await;
        for (record, _) in &watched.written.done {
            let _ = self.journal.ended(&record.id, &ending.to_string());
        }
        ending
    }

    async fn count(&self, watched: &Watched, progress: &UnboundedSender<Progress>) -> Ending {
        let prepared = &watched.written.prepared;
        let Some((_, route)) = watched.written.done.first() else {
            return Ending::Unproven("nothing was written".to_owned());
        };
        let Some(metrics) = &self.metrics else {
            return Ending::Unproven("no Prometheus is configured (--prometheus URL)".to_owned());
        };
        let (backends, claim) = claim(prepared);
        let mut telling = Telling { route, progress, furthest: Stage::Written };
        telling.wait_for(watched, self.timing.settle).await;
        let since = watched.at.saturating_add(self.timing.settle).unwrap_or(watched.at);

        let started = Instant::now();
        let mut limit = self.timing.proof;
        let mut pause = SHORTEST_INTERVAL;
        loop {
            let (finding, interval) = look(&**metrics, &backends, &claim, since).await;
            if let Some(interval) = interval {
                limit = limit.max(interval * INTERVALS);
                pause = interval.max(SHORTEST_INTERVAL);
            }
            let over = started.elapsed() >= limit;
            if let Some(ending) = telling.hear(finding, over, prepared, limit) {
                return with_failures(ending, watched);
            }
            tokio::time::sleep(pause).await;
        }
    }
}

/// One look at the counts: what they say, or why there are none, and the scrape interval.
async fn look(
    metrics: &dyn MetricSource,
    backends: &[BackendRef],
    claim: &Claim,
    since: Timestamp,
) -> (Result<Finding, String>, Option<Duration>) {
    match metrics.counts(backends, since).await {
        Ok(counts) => {
            let interval = backends.iter().filter_map(|b| counts.get(b)?.scrape_interval).max();
            (Ok(judge(claim, &observed(&counts, backends))), Some(interval.unwrap_or(DEFAULT_INTERVAL)))
        }
        Err(error) => (Err(error.to_string()), None),
    }
}

fn observed(counts: &Counts, backends: &[BackendRef]) -> Observed {
    let of = |backend| counts.get(backend).copied().unwrap_or_default();
    Observed {
        requests: backends.iter().map(|backend| of(backend).requests).collect(),
        scrapes: backends
            .iter()
            .map(|backend| of(backend).scrapes)
            .max()
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(0),
    }
}

/// What is to be shown: of a drain the smallest share that any drained rule had (so that the power holds for
/// all of them), else the shares of the split that was selected.
fn claim(prepared: &Prepared) -> (Vec<BackendRef>, Claim) {
    let plans = || prepared.planned.iter().map(|planned| &planned.plan);
    let drained = plans().find_map(|plan| match &plan.intent {
        Intent::Drain { from, .. } => Some(from.clone()),
        _ => None,
    });
    if let Some(from) = drained {
        let mut backends: Vec<BackendRef> = plans().flat_map(Plan::backends).collect();
        backends.extend(plans().flat_map(|plan| &plan.edits).filter_map(|edit| match edit {
            Edit::Redirect { from, .. } => Some(from.clone()),
            _ => None,
        }));
        backends.sort();
        backends.dedup();
        let smallest = plans().map(|plan| smallest_share(plan, &from)).fold(1.0, f64::min);
        let share =
            |backend: &BackendRef| if backend.same_object(&from) { (smallest, 0.0) } else { (0.0, 0.0) };
        let shares = backends.iter().map(share).collect();
        return (backends, Claim { shares });
    }
    let Some(change) = plans().find_map(Plan::main_change) else {
        return (Vec::new(), Claim { shares: Vec::new() });
    };
    let share = |index| {
        let (before, after) = change.shares(index);
        (before.unwrap_or(0.0), after.unwrap_or(0.0))
    };
    (change.backends.clone(), Claim { shares: (0..change.backends.len()).map(share).collect() })
}

fn smallest_share(plan: &Plan, target: &BackendRef) -> f64 {
    let of = |edit: &Edit| match edit {
        Edit::Weights(change) => {
            let mine = (0..change.backends.len())
                .filter(|i| change.backends.get(*i).is_some_and(|b| b.same_object(target)));
            mine.filter_map(|i| change.shares(i).0).sum::<f64>()
        }
        Edit::Redirect { .. } | Edit::Unmirror { .. } => 1.0,
    };
    plan.edits.iter().map(of).fold(1.0, f64::min)
}

fn with_failures(ending: Ending, watched: &Watched) -> Ending {
    let failed = &watched.written.failed;
    if failed.is_empty() {
        return ending;
    }
    let failed: Vec<String> = failed.iter().map(|(route, why)| format!("{route}: {why}")).collect();
    Ending::Unproven(format!("{}; {ending}", failed.join("; ")))
}

struct Telling<'a> {
    route: &'a Route,
    progress: &'a UnboundedSender<Progress>,
    furthest: Stage,
}

impl Telling<'_> {
    fn tell(&self, words: String) {
        let progress = Progress { route: self.route.id.clone(), stage: self.furthest, words, fresh: None };
        let _ = self.progress.send(progress);
    }

    async fn wait_for(&mut self, watched: &Watched, settle: Duration) {
        self.furthest = if watched.observed { Stage::Observed } else { Stage::Written };
        self.tell(format!("settling for {} s", settle.as_secs()));
        tokio::time::sleep(settle).await;
    }

    /// Tells what was found; the ending, if this is one.
    fn hear(
        &mut self,
        finding: Result<Finding, String>,
        over: bool,
        prepared: &Prepared,
        limit: Duration,
    ) -> Option<Ending> {
        let seconds = limit.as_secs();
        let (words, proven) = match finding {
            Err(words) => (words, false),
            Ok(Finding::NoTraffic) => ("no traffic to judge".to_owned(), false),
            Ok(Finding::Undecided { seen, needed, words }) => (progress(seen, needed, &words), false),
            Ok(Finding::Follows { seen, needed, words }) => {
                self.furthest = Stage::TrafficFollows;
                (progress(seen, needed, &words), false)
            }
            Ok(Finding::Contradicted(words)) => (words, false),
            Ok(Finding::Proven(words)) => {
                self.furthest = Stage::TrafficFollows;
                self.tell(words.clone());
                (words, true)
            }
        };
        match (proven, unclaimable(prepared)) {
            (true, None) => {
                self.furthest = Stage::Proven;
                self.tell(words.clone());
                Some(Ending::Proven(words))
            }
            (true, Some(why)) => Some(Ending::Unproven(format!("{why}; {words}"))),
            (false, why) if over => {
                let why = why.map(|why| format!("{why}; ")).unwrap_or_default();
                Some(Ending::Unproven(format!("{why}{words} after {seconds} s")))
            }
            (false, _) => {
                self.tell(words);
                None
            }
        }
    }
}

fn progress(seen: f64, needed: f64, words: &str) -> String {
    format!("{seen:.0} of {needed:.0} requests: {words}")
}

/// Why the counts cannot prove the claim, however many there are: they name Services, not splits.
fn unclaimable(prepared: &Prepared) -> Option<String> {
    let effect = prepared.main().map(|planned| planned.plan.effect);
    let list = |paths: &[Path]| paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let count = |paths: &[Path], word: &str| {
        format!("{} other path{} {word}", paths.len(), if paths.len() == 1 { "" } else { "s" })
    };
    match effect {
        Some(Effect::Rollback) if !prepared.remaining.is_empty() => {
            let remain = if prepared.remaining.len() == 1 { "remains" } else { "remain" };
            Some(format!(
                "split drained, {}: {}",
                count(&prepared.remaining, remain),
                list(&prepared.remaining)
            ))
        }
        Some(Effect::Rollback) | None => None,
        Some(_) if !prepared.shared.is_empty() => Some(format!(
            "the share is shared with {}: {}",
            count(&prepared.shared, ""),
            list(&prepared.shared)
        )),
        Some(_) => None,
    }
}
