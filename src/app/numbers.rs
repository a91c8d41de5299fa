//! Numbers of the backends in sight: the newest, how old they are, and their series.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use super::state::App;
use crate::metrics::{BackendHistory, History, MetricError, Numbers, Snapshot, Used};
use crate::rollout::{ALPHA_ERRORS, ERROR_LIMIT, lies_above};
use crate::route::{Route, RouteId, RuleBackend};

/// What rates in rows are taken over.
pub const WINDOW: Duration = Duration::from_mins(1);
/// How often they are asked for, unless the settings say otherwise; half as often where no request flows at all.
pub const REFRESH: Duration = Duration::from_secs(5);
/// What a sparkline shows.
pub const SPAN: Duration = Duration::from_mins(10);
/// Distance of its values.
pub const STEP: Duration = Duration::from_secs(10);
/// How many of them it shows.
const CAPACITY: usize = 60;
/// Without numbers for so long, a sparkline has a gap.
const HOLE: Duration = Duration::from_secs(30);
/// A sample this old says nothing of now, whatever the scrape interval.
const OLD_SAMPLE: Duration = Duration::from_mins(2);

/// One backend's numbers.
#[derive(Debug)]
pub struct BackendNumbers {
    /// The newest; `None` is no data.
    pub latest: Option<Numbers>,
    /// When they came.
    pub at: Duration,
    /// When the server evaluated them.
    evaluated_at: Timestamp,
    /// Two refreshes, as they were when these came.
    fresh_for: Duration,
    /// The past.
    pub series: BackendHistory,
}

impl BackendNumbers {
    /// How old they are: since they came, and how old the newest sample was then.
    #[must_use]
    pub fn age(&self, now: Duration) -> Duration {
        let sample = self.latest.and_then(|numbers| numbers.newest_sample);
        let old = sample.and_then(|at| Duration::try_from(self.evaluated_at.duration_since(at)).ok());
        now.saturating_sub(self.at) + old.filter(|age| *age > OLD_SAMPLE).unwrap_or_default()
    }

    /// Whether they are older than two refreshes, and are to be drawn so.
    #[must_use]
    pub fn is_stale(&self, now: Duration) -> bool {
        self.age(now) > self.fresh_for
    }

    fn new() -> Self {
        Self {
            latest: None,
            at: Duration::ZERO,
            evaluated_at: Timestamp::UNIX_EPOCH,
            fresh_for: Duration::ZERO,
            series: BackendHistory::empty(STEP, CAPACITY),
        }
    }
}

/// Whether the window is evidence of more errors than the gate lets pass. A few of few requests are not.
#[must_use]
pub fn too_many_errors(numbers: &Numbers) -> bool {
    let (Some(rate), Some(requests)) = (numbers.error_rate, numbers.requests) else { return false };
    lies_above(ERROR_LIMIT, rate * requests, requests, ALPHA_ERRORS)
}

/// The state of all numbers.
#[derive(Debug, Default)]
pub struct NumbersState {
    /// Whether there is a source at all.
    pub has_source: bool,
    /// The usual pause between two questions.
    every: Duration,
    /// By route, whose series they are, once that is known; or why there are none.
    used: HashMap<RouteId, Result<Used, String>>,
    /// Why the last question had no answer, and since when there is none.
    pub failing: Option<(MetricError, Duration)>,
    /// What the server warned of with the last answer.
    pub warning: Option<String>,
    /// Why there is no source, where one was looked for.
    pub absent: Option<MetricError>,
    /// The address of the source, where nobody named it.
    pub found: Option<String>,
    /// Whether an answer has ever come.
    pub answered: bool,
    /// How often the source is scraped, once that was measured.
    scraped_every: Option<Duration>,
    /// The pause until the next question, where it is another than usual: nothing flows.
    pause: Option<Duration>,
    backends: HashMap<RouteId, Vec<(RuleBackend, BackendNumbers)>>,
    history_asked: HashSet<RuleBackend>,
    pub(super) in_flight: bool,
    pub(super) asked_at: Option<Duration>,
}

impl NumbersState {
    pub(super) fn new(has_source: bool, every: Duration) -> Self {
        Self { has_source, every, ..Self::default() }
    }

    /// Why there are no numbers and nobody asks for any, in words.
    pub(super) fn without_source(&self) -> String {
        match &self.absent {
            Some(error) => error.to_string(),
            None => "no Prometheus is configured (--prometheus URL)".to_owned(),
        }
    }

    /// Whether there is a source is to be found out again.
    pub(super) fn look_again(&mut self, has_source: bool) {
        self.has_source = has_source;
        self.absent = None;
    }

    /// How long to wait before they are asked for again.
    pub(super) fn refresh(&self) -> Duration {
        self.pause.unwrap_or(self.every)
    }

    /// The numbers of backend `index` of rule `rule`; `None` if nobody has asked yet.
    #[must_use]
    pub fn get(&self, route: &Route, rule: usize, index: usize) -> Option<&BackendNumbers> {
        let to = &route.rules.get(rule)?.backends.get(index)?.to;
        let same = |place: &RuleBackend| place.rule == rule && place.index == index && place.to == *to;
        self.backends.get(&route.id)?.iter().find(|(place, _)| same(place)).map(|(_, numbers)| numbers)
    }

    /// Whose series the numbers of a route are, or why there are none; `None` if nobody has asked yet.
    #[must_use]
    pub fn used(&self, route: &RouteId) -> Option<&Result<Used, String>> {
        self.used.get(route)
    }

    /// The numbers of a backend; `None` if nobody has asked yet.
    pub(super) fn at(&self, place: &RuleBackend) -> Option<&BackendNumbers> {
        self.backends
            .get(&place.route)?
            .iter()
            .find(|(known, _)| known.same_place(place))
            .map(|(_, numbers)| numbers)
    }

    /// Those of a backend, or none yet.
    fn at_mut(&mut self, place: &RuleBackend) -> &mut BackendNumbers {
        let known = self.backends.entry(place.route.clone()).or_default();
        let index = known.iter().position(|(known, _)| known.same_place(place)).unwrap_or_else(|| {
            // What stood there before has gone.
            known.retain(|(known, _)| (known.rule, known.index) != (place.rule, place.index));
            known.push((place.clone(), BackendNumbers::new()));
            known.len() - 1
        });
        &mut known[index].1
    }

    /// The source was measured: a sample comes this often.
    pub(super) fn scraped(&mut self, every: Duration) {
        self.scraped_every = Some(every);
    }

    /// Takes an answer.
    pub(super) fn take(
        &mut self,
        asked: &[RuleBackend],
        answer: Result<Snapshot, MetricError>,
        now: Duration,
    ) {
        self.in_flight = false;
        let snapshot = match answer {
            Ok(snapshot) => snapshot,
            Err(error) if error.is_absence() => {
                self.has_source = false;
                self.failing = None;
                self.absent = Some(error);
                return;
            }
            Err(error) => {
                let since = self.failing.take().map_or(now, |(_, since)| since);
                self.failing = Some((error, since));
                return;
            }
        };
        if self.failing.take().is_some() {
            // What was counted meanwhile can be had now.
            self.history_asked.clear();
        }
        self.answered = true;
        self.warning = snapshot.warnings.first().cloned();
        self.used.extend(snapshot.used.iter().map(|(route, used)| (route.clone(), used.clone())));
        let flows = |backend: &RuleBackend| {
            snapshot.get(backend).is_some_and(|numbers| numbers.requests_per_second.unwrap_or(0.0) > 0.0)
        };
        self.pause = (!asked.iter().any(flows)).then_some(self.every * 2);
        let refresh = self.refresh();
        for backend in asked {
            let latest = snapshot.get(backend).copied();
            let known = self.at_mut(backend);
            known.latest = latest;
            known.at = now;
            known.evaluated_at = snapshot.evaluated_at;
            known.fresh_for = refresh * 2;
            known.series.push(snapshot.evaluated_at, &latest.unwrap_or_default());
        }
    }

    /// Takes series of the past. One value may have come meanwhile; the next one closes the gap.
    pub(super) fn take_history(&mut self, asked: &[RuleBackend], answer: Result<History, MetricError>) {
        let Ok(mut history) = answer else {
            // asked again with the next refresh
            for backend in asked {
                self.history_asked.remove(backend);
            }
            return;
        };
        for backend in asked {
            if let Some(series) = history.backends.remove(backend) {
                self.at_mut(backend).series = series;
            }
        }
    }

    /// Those of `backends` whose past is not known, or has a hole since they were out of sight; they count as asked
    /// for from now on.
    pub(super) fn without_history(&mut self, backends: &[RuleBackend], now: Duration) -> Vec<RuleBackend> {
        let answers = self.failing.is_none();
        let most = HOLE.max(self.refresh() * 3);
        let has_hole = |known: &BackendNumbers| answers && now.saturating_sub(known.at) > most;
        let wanted = backends.iter().filter(|backend| {
            let is_new = self.history_asked.insert((*backend).clone());
            is_new || self.at(backend).is_some_and(has_hole)
        });
        wanted.cloned().collect()
    }

    /// A question is under way; its answer will be dropped.
    pub(super) fn abandon(&mut self) {
        self.in_flight = false;
        self.asked_at = None;
        self.history_asked.clear();
    }
}

impl App {
    /// After a change the window holds requests of the old split for so long: until it has settled, the window is over,
    /// and the next sample has come.
    pub(super) fn settling(&self) -> Duration {
        WINDOW + self.start.settle + self.numbers.scraped_every.unwrap_or_default()
    }
}
