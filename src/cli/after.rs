//! What `show` says after a rollback: the ten things to look at.

use jiff::Timestamp;
use serde::Serialize;

use super::session::Session;
use crate::app::WINDOW;
use crate::metrics::{MetricSource, Snapshot};
use crate::rollout::{AfterRollback, ChangeRecord, Point, checklist, drained, in_brief, remaining_paths};
use crate::route::{Route, RuleBackend};

/// The ten, and how many are seen.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct After {
    /// On one line.
    pub brief: String,
    /// Each of them.
    pub items: Vec<Looked>,
}

/// One of the ten.
#[derive(Serialize)]
pub struct Looked {
    /// Its name.
    pub item: &'static str,
    /// `seen`, `not seen`, `not known` or `for you`.
    pub state: &'static str,
    /// By what, or why not.
    pub words: String,
}

/// The checklist of the newest change of `route`; `None` where that was no rollback. `others` are the routes that may
/// lead to what was drained, and `unseen` why some may be missing.
pub async fn after<'a>(
    session: &Session,
    route: &Route,
    snapshot: Result<&Snapshot, &str>,
    metrics: Result<&dyn MetricSource, String>,
    others: impl IntoIterator<Item = &'a Route>,
    unseen: Option<&str>,
) -> Option<After> {
    let record = ChangeRecord::newest(route)?;
    let (rule, place) = *drained(&record, route).first()?;
    let place: RuleBackend = route.rule_backends(rule).nth(place)?;
    let recorded = session.journal.of(&route.uid).unwrap_or_default();
    let recorded = recorded.into_iter().find(|recorded| recorded.record.id == record.id);
    let rate = |snapshot: &Snapshot| snapshot.get(&place).and_then(|numbers| numbers.requests_per_second);
    let requests = snapshot.map_err(ToOwned::to_owned);
    let age =
        record.at.parse().ok().map(|at: Timestamp| session.clock.now().duration_since(at).unsigned_abs());
    let settles = age.is_some_and(|age| age < WINDOW + session.settings.timing.settle);
    let requests = requests.and_then(|snapshot| match rate(snapshot) {
        Some(_) if settles => Ok(None),
        Some(rate) => Ok(Some(rate)),
        None => Err("no data".to_owned()),
    });
    let in_flight = match metrics {
        Err(why) => Err(why),
        Ok(metrics) => match metrics.in_flight(std::slice::from_ref(&place)).await {
            Ok(count) => count.ok_or_else(|| "its metrics do not count them".to_owned()),
            Err(error) => Err(error.to_string()),
        },
    };
    let points = checklist(&AfterRollback {
        route,
        record: &record,
        ending: recorded.as_ref().and_then(|recorded| recorded.ending.as_deref()),
        requests,
        in_flight,
        paths: &remaining_paths(&[], &place.to, others),
        unseen,
        journalled: recorded.is_some(),
        ticked: recorded.as_ref().map_or(&[], |recorded| &recorded.ticked),
    })?;
    let items = points.iter().map(|Point { item, state, words }| Looked {
        item: item.name(),
        state: state.word(),
        words: words.clone(),
    });
    Some(After { brief: in_brief(&points), items: items.collect() })
}
