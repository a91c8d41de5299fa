//! Proof: counts requests until the new split is shown, or the time is over.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::Pilot;
use super::progress::{Ending, Progress, Stage};
use super::states::Watched;
use super::subject::Subject;
use crate::metrics::{Counts, MetricSource};
use crate::rollout::{Finding, Observed, judge, share_dispersion};
use crate::route::{RouteId, RouteState, destinations};
use crate::stats::expected_dispersion;

/// Between counts, while the scrape interval is not known.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
/// A proof may take this many scrape intervals, if that is longer than the time that is set.
const INTERVALS: u32 = 4;
/// The old share is measured over this time before the change, where it cannot be taken from the weights.
const BEFORE: SignedDuration = SignedDuration::from_mins(2);

/// Said where a counter fell: the requests between its last scrape and its restart were seen by nobody.
const COUNTED_ANEW: &str =
    "a proxy or pod began to count anew, and what it counted before is lost: counting anew too";

impl Pilot {
    /// Counts requests from `settle` after the change was observed, until the claim is shown or time is over.
    pub async fn prove(&self, watched: Watched, progress: &UnboundedSender<Progress>) -> Ending {
        let stage = if watched.observed { Stage::Observed } else { Stage::Written };
        let mut subject = self.measured(watched.written.subject.clone(), watched.written.at).await;
        let caveats: Vec<String> = watched.written.unwritten().into_iter().chain(subject.caveat).collect();
        subject.caveat = (!caveats.is_empty()).then(|| caveats.join("; "));
        let ending = self.count(&subject, watched.at, stage, progress).await;
        self.finish().await;
        for (record, _) in &watched.written.done {
            let _ = self.journal.ended(&record.id, &ending.to_string());
        }
        ending
    }

    /// Where other requests reach the same Services, a drained backend had a smaller share of what is counted
    /// than its weight says. So the old share is measured, before it is forgotten.
    async fn measured(&self, mut subject: Subject, written: Timestamp) -> Subject {
        let drained: Vec<usize> = subject.drained().collect();
        let (true, false, Some(metrics)) = (subject.shared, drained.is_empty(), &self.metrics) else {
            return subject;
        };
        let since = written.saturating_sub(BEFORE).unwrap_or(written);
        let counts = metrics.counts(&subject.places, since).await.ok();
        let share = counts.and_then(|counts| observed(&counts, &subject, 0).ok()).and_then(|seen| {
            let total: f64 = seen.requests.iter().sum();
            let mine: f64 = drained.iter().filter_map(|index| seen.requests.get(*index)).sum();
            (mine > 0.0).then(|| mine / total)
        });
        let Some(share) = share else {
            let why = "other paths lead to the same Services, and the old share was not seen".to_owned();
            subject.caveat = subject.caveat.or(Some(why));
            return subject;
        };
        subject.lower_drained_shares(share);
        subject
    }

    pub(super) async fn count(
        &self,
        subject: &Subject,
        observed_at: Timestamp,
        stage: Stage,
        progress: &UnboundedSender<Progress>,
    ) -> Ending {
        let mut subject = subject.clone();
        let mut telling = Telling {
            route: subject.route.clone(),
            caveat: subject.unprovable(None),
            progress,
            furthest: stage,
            reached: stage,
            against: None,
        };
        let Some(metrics) = &self.metrics else {
            return telling.unproven("no Prometheus is configured (--prometheus URL)");
        };
        let mut since = observed_at.saturating_add(self.timing.settle).unwrap_or(observed_at);
        let settling = self.clock.until(since);
        telling.tell(match settling {
            Duration::ZERO => "counting requests".to_owned(),
            _ => format!("settling for {:.0} s", settling.as_secs_f64().ceil()),
        });
        let ((), answer) = tokio::join!(tokio::time::sleep(settling), metrics.check());
        if let Err(absent) = answer.as_ref()
            && absent.is_absence()
        {
            return telling.unproven(&absent.to_string());
        }

        let started = Instant::now();
        let mut restarts = 0;
        let mut limit = self.timing.proof;
        let mut announced = false;
        loop {
            let (finding, interval) = look(&**metrics, &subject, since, restarts).await;
            telling.caveat = subject.unprovable(metrics.granularity(&subject.route));
            // Only then: an answer may take long, and nothing is said of a split that is gone by the time it comes.
            let behind = match self.standing(&subject).await {
                Standing::Firm => None,
                Standing::Behind(why) => Some(why),
                Standing::Superseded(why) => return telling.unproven(&why),
            };
            if let (Stage::Counting, Ok(_), Some(why)) = (stage, &finding, &telling.caveat) {
                return Ending::Unproven(format!("a probe can tell (tidegate verify --probe): {why}"));
            }
            if matches!(&finding, Err(why) if why == COUNTED_ANEW) {
                // A zero of the time that is lost says nothing.
                since = self.clock.now();
            }
            limit = limit.max(interval * INTERVALS);
            // What is looked at without a change may have been changed before: the first scrape has requests of that time.
            let begins = stage != Stage::Counting || restarts == 0;
            if let (Ok(Finding::Contradicted { leak, .. }), true) = (&finding, begins) {
                // The data plane may be slow, and a clean count needs a clean start.
                since = self.clock.now();
                restarts += 1;
                if let Some(leak) = leak {
                    subject.lower_drained_shares(*leak);
                }
            }
            let waited = started.elapsed();
            match telling.hear(finding) {
                Heard::Proven(words) => match behind {
                    None => {
                        let words = match &subject.unseen {
                            Some(unseen) => format!("{words}; {unseen}"),
                            None => words,
                        };
                        let words = format!("{words}{}", in_flight(&**metrics, &subject).await);
                        return telling.proven(words);
                    }
                    Some(why) if waited >= limit => {
                        return telling.unproven(&format!("{why}; {words}"));
                    }
                    Some(why) => {
                        telling.tell(format!("{why}; {words}"));
                    }
                },
                Heard::NotYet(words) if waited >= limit + self.timing.watch_on => {
                    return telling.not_shown(&after(&words, waited), interval);
                }
                Heard::NotYet(words) if waited >= limit && !announced => {
                    announced = true;
                    let so_far = telling.not_shown(&after(&words, waited), interval);
                    telling.tell(format!("{so_far}; still watching"));
                }
                Heard::NotYet(words) if announced => {
                    telling.tell(format!("{}; still watching", telling.not_shown(&words, interval)));
                }
                Heard::NotYet(words) => telling.tell(words),
            }
            tokio::time::sleep(interval.max(SHORTEST_INTERVAL)).await;
        }
    }
}

/// That a drained backend is not done with all its requests yet, to be said behind a proof: it does not take it away.
async fn in_flight(metrics: &dyn MetricSource, subject: &Subject) -> String {
    let drained: Vec<_> = subject.drained().filter_map(|index| subject.backends.get(index)).collect();
    let places: Vec<_> =
        subject.places.iter().filter(|place| drained.contains(&&place.to)).cloned().collect();
    let asked = tokio::time::timeout(DEFAULT_INTERVAL, metrics.in_flight(&places));
    match asked.await {
        Ok(Ok(Some(count))) if count >= 1.0 => format!("; draining: {count:.0} requests in flight"),
        _ => String::new(),
    }
}

/// One look at the counts: what they say, or why there are none, and the scrape interval.
async fn look(
    metrics: &dyn MetricSource,
    subject: &Subject,
    since: Timestamp,
    restarts: u32,
) -> (Result<Finding, String>, Duration) {
    match metrics.counts(&subject.places, since).await {
        Ok(counts) => {
            let interval = subject.backends.iter().filter_map(|b| counts.of(b)?.scrape_interval).max();
            let dispersion = dispersion(metrics, subject, since).await;
            let finding = observed(&counts, subject, restarts)
                .map(|observed| judge(&subject.claim, &Observed { dispersion, ..observed }));
            (finding, interval.unwrap_or(DEFAULT_INTERVAL))
        }
        Err(error) => (Err(error.to_string()), DEFAULT_INTERVAL),
    }
}

/// How much more the shares vary since an instant than those of independent requests.
async fn dispersion(metrics: &dyn MetricSource, subject: &Subject, since: Timestamp) -> f64 {
    let expected = expected_dispersion(subject.sticky);
    let is_shared_out = |(_, new): &(f64, f64)| *new > 0.0 && *new < 1.0;
    // A drained backend is told by none at all, and one of several rules by no order.
    if !subject.claim.shares.iter().any(is_shared_out)
        || destinations(&subject.places).len() != subject.claim.shares.len()
    {
        return expected;
    }
    match metrics.ticks(&subject.places, since).await {
        Ok(ticks) => share_dispersion(&ticks, &subject.claim, since, subject.sticky).unwrap_or(expected),
        Err(_) => expected,
    }
}

/// The counts as the claim needs them. A backend whose share is to be shown must have series, from targets that
/// are up: that nobody counted is not that nobody came.
fn observed(counts: &Counts, subject: &Subject, restarts: u32) -> Result<Observed, String> {
    let all = subject.claim.is_standing();
    let tested = || {
        let pairs = subject.backends.iter().zip(&subject.claim.shares);
        pairs.filter(|(_, (old, new))| all || (old - new).abs() > f64::EPSILON).map(|(backend, _)| backend)
    };
    if subject.backends.iter().filter_map(|backend| counts.of(backend)).any(|counted| counted.reset) {
        return Err(COUNTED_ANEW.to_owned());
    }
    for backend in tested() {
        match counts.of(backend) {
            None => return Err(format!("no series for {backend}")),
            Some(counted) if counted.target_up == Some(false) => {
                return Err(format!("a target that counts requests of {backend} is down"));
            }
            Some(_) => {}
        }
    }
    let counted = || subject.backends.iter().map(|backend| counts.of(backend).unwrap_or_default());
    // Of those, the one that was scraped least: old samples of another say nothing.
    let scrapes = tested().filter_map(|backend| counts.of(backend)).map(|counted| counted.scrapes).min();
    let scrapes = scrapes.unwrap_or(0);
    if scrapes == 0 {
        return Err("no scrape since it settled".to_owned());
    }
    Ok(Observed {
        restarts,
        requests: counted().map(|counted| counted.requests).collect(),
        scrapes: u32::try_from(scrapes).unwrap_or(u32::MAX),
        dispersion: 1.0,
    })
}

/// Whether the routes still are what was written.
enum Standing {
    /// They are, and their controllers say that they serve it.
    Firm,
    /// They are, but a controller has not come so far, or refuses it: nothing is proven until it has.
    Behind(String),
    /// Somebody has changed one of them again: what is counted is no longer this change.
    Superseded(String),
}

impl Pilot {
    async fn standing(&self, subject: &Subject) -> Standing {
        for (id, generation) in &subject.routes {
            let route = match self.cluster.get(id).await {
                Ok(route) => route,
                Err(trouble) => return Standing::Behind(trouble.to_string()),
            };
            if route.generation != *generation {
                let by = route.last_writer.as_ref().map(|writer| format!(" by {}", writer.manager));
                return Standing::Superseded(format!(
                    "superseded: {id} was changed again{} (generation {generation} -> {})",
                    by.unwrap_or_default(),
                    route.generation
                ));
            }
            match route.state() {
                RouteState::Accepted | RouteState::NoStatus => {}
                state => return Standing::Behind(format!("{id} is {state}")),
            }
        }
        Standing::Firm
    }
}

enum Heard {
    Proven(String),
    NotYet(String),
}

struct Telling<'a> {
    route: RouteId,
    caveat: Option<String>,
    progress: &'a UnboundedSender<Progress>,
    furthest: Stage,
    /// The stage before requests were counted.
    reached: Stage,
    /// What the newest look that counted requests has shown against the claim, and when.
    against: Option<(String, Instant)>,
}

impl Telling<'_> {
    fn tell(&self, words: String) {
        let route = self.route.clone();
        let _ = self.progress.send(Progress { route, stage: self.furthest, words, fresh: None });
    }

    fn hear(&mut self, finding: Result<Finding, String>) -> Heard {
        let counted = |seen: f64, needed: f64, words: String| {
            if seen < needed { format!("{seen:.0} of {needed:.0} needed: {words}") } else { words }
        };
        if finding.is_ok() {
            self.against = None;
        }
        match finding {
            Err(words) => Heard::NotYet(words),
            Ok(Finding::Contradicted { words, .. }) => {
                self.furthest = self.reached;
                self.against = Some((words.clone(), Instant::now()));
                Heard::NotYet(words)
            }
            Ok(Finding::NoTraffic) => Heard::NotYet("no traffic to judge".to_owned()),
            Ok(Finding::Undecided { seen, needed, words }) => Heard::NotYet(counted(seen, needed, words)),
            Ok(Finding::Follows { seen, needed, words }) => {
                self.furthest = Stage::TrafficFollows;
                Heard::NotYet(counted(seen, needed, words))
            }
            Ok(Finding::Proven(words)) => {
                // Nothing was written, so there is nothing for traffic to follow.
                if self.reached != Stage::Counting {
                    self.furthest = Stage::TrafficFollows;
                }
                self.tell(words.clone());
                Heard::Proven(words)
            }
        }
    }

    fn proven(&mut self, words: String) -> Ending {
        if self.caveat.is_some() {
            return self.unproven(&words);
        }
        self.furthest = Stage::Proven;
        self.tell(words.clone());
        Ending::Proven(words)
    }

    /// What can be said now of a claim that was not shown. With a caveat it may be others who were counted.
    fn not_shown(&self, words: &str, interval: Duration) -> Ending {
        let fresh = |at: &Instant| at.elapsed() <= interval * INTERVALS;
        match &self.against {
            Some((against, at)) if self.caveat.is_none() && fresh(at) => {
                // The count that was begun anew may have no scrape yet.
                let rest = if words.starts_with(against) { "" } else { &format!("{against}; ") };
                Ending::Disproven(format!("{rest}{words}"))
            }
            _ => self.unproven(words),
        }
    }

    fn unproven(&self, words: &str) -> Ending {
        let caveat = self.caveat.as_ref().map(|caveat| format!("{caveat}; ")).unwrap_or_default();
        Ending::Unproven(format!("{caveat}{words}"))
    }
}

fn after(words: &str, waited: Duration) -> String {
    format!("{words} after {} s", waited.as_secs())
}

#[cfg(test)]
mod tests;
