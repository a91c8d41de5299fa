//! The worst thing that is known of a row: what its glyph tells, and what sorting by it goes by.

use std::time::Duration;

use super::numbers::too_many_errors;
use super::split::Split;
use super::state::App;
use crate::pilot::{Ending, NotWritten};
use crate::route::{Route, RouteState};

/// What is wrong, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worst {
    /// All weights are 0: every request fails.
    NoWeight,
    /// A backend that gets traffic has more errors than a gate lets pass.
    Errors,
    /// No parent serves the route.
    NotAccepted,
    /// A parent refuses the newest spec and serves an older one.
    Refused,
    /// It is served, but not as it says.
    Degraded,
    /// A change goes on.
    UnderWay,
    /// The newest change ended without a proof, or with one against it, and nobody has written or verified since.
    Unproven,
    /// The controller has not reported the newest spec.
    Pending,
    /// No controller has said anything.
    NoStatus,
    /// Its numbers are old.
    Stale,
    /// A backend that should get traffic has no numbers.
    NoData,
    /// Nothing.
    Fine,
}

/// What is known of a row besides the conditions of its route.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    no_weight: bool,
    errors: bool,
    newest: Newest,
    data: Data,
}

/// How far the newest change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Newest {
    /// There is none, or nothing is left to be said of it.
    #[default]
    Settled,
    UnderWay,
    /// Nobody has seen that it is served, or even that it was written.
    Unproven,
}

/// The numbers of the backends that get traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Data {
    #[default]
    Known,
    Missing,
    Old,
}

fn worst(state: &RouteState, seen: Seen) -> Worst {
    match state {
        _ if seen.no_weight => Worst::NoWeight,
        _ if seen.errors => Worst::Errors,
        RouteState::NotAccepted(_) => Worst::NotAccepted,
        RouteState::Refused(_) => Worst::Refused,
        RouteState::Degraded(_) => Worst::Degraded,
        // Until the controller has reported it, each change is pending.
        _ if seen.newest == Newest::UnderWay => Worst::UnderWay,
        _ if seen.newest == Newest::Unproven => Worst::Unproven,
        RouteState::Pending => Worst::Pending,
        RouteState::NoStatus => Worst::NoStatus,
        RouteState::Accepted => match seen.data {
            Data::Old => Worst::Stale,
            Data::Missing => Worst::NoData,
            Data::Known => Worst::Fine,
        },
    }
}

impl App {
    /// The worst thing known of a split.
    #[must_use]
    pub fn worst_of(&self, split: &Split<'_>) -> Worst {
        let fresh = |index| self.is_fresh(split, index);
        let errors = gets_traffic(split).any(|index| fresh(index) && self.errs(split, index));
        let mut seen = Seen { errors, ..self.seen(split) };
        if gets_traffic(split).any(|index| !fresh(index)) {
            seen.data = Data::Old;
        }
        worst(&split.route.state(), seen)
    }

    /// The worst thing known of a route without a split.
    #[must_use]
    pub fn worst_of_whole(&self, route: &Route) -> Worst {
        worst(&route.state(), Seen { newest: self.newest_change(route, None), ..Seen::default() })
    }

    /// As [`App::worst_of`], however old the numbers are: those of rows out of sight grow old, and what is
    /// in sight must not hang on what is in sight.
    pub(super) fn worst_whenever(&self, split: &Split<'_>) -> Worst {
        let errors = gets_traffic(split).any(|index| self.errs(split, index));
        worst(&split.route.state(), Seen { errors, ..self.seen(split) })
    }

    /// Whether a backend that gets traffic has more errors than a gate lets pass. What a drained one still shows is
    /// of requests from before.
    #[must_use]
    pub fn errs(&self, split: &Split<'_>, index: usize) -> bool {
        let latest = split.numbers(Some(index)).and_then(|numbers| numbers.latest.as_ref());
        split.rule.backends.get(index).is_some_and(|backend| backend.weight > 0)
            && latest.is_some_and(too_many_errors)
    }

    fn seen(&self, split: &Split<'_>) -> Seen {
        let no_data = |index| split.numbers(Some(index)).is_some_and(|numbers| numbers.latest.is_none());
        let data = if gets_traffic(split).any(no_data) { Data::Missing } else { Data::Known };
        let no_weight = gets_traffic(split).next().is_none();
        Seen { no_weight, errors: false, newest: self.newest_change(split.route, split.changed), data }
    }

    /// What nobody has asked about yet is not old.
    fn is_fresh(&self, split: &Split<'_>, index: usize) -> bool {
        split.numbers(Some(index)).is_none_or(|numbers| !numbers.is_stale(self.shown_at()))
    }

    fn newest_change(&self, route: &Route, changed: Option<Duration>) -> Newest {
        let Some(change) = self.changes.of(&route.id) else { return Newest::Settled };
        match change.ending() {
            None => Newest::UnderWay,
            Some(Ending::Unproven(_) | Ending::Disproven(_)) if change.left(route) => Newest::Unproven,
            // What became of it is not known, so any new spec may be its own or another's.
            Some(Ending::NotWritten(NotWritten::Unknown(_)))
                if changed.is_none_or(|at| at <= change.since) =>
            {
                Newest::Unproven
            }
            Some(_) => Newest::Settled,
        }
    }
}

/// The backends that should get requests.
fn gets_traffic(split: &Split<'_>) -> impl Iterator<Item = usize> {
    let backends = split.rule.backends.iter().enumerate();
    backends.filter(|(_, backend)| backend.weight > 0).map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Msg;
    use crate::app::fixture::{Bench, checkout};
    use crate::cluster::Update;
    use crate::pilot::{Progress, Stage};
    use crate::rollout::{Demand, Verdict};
    use crate::route::RouteId;

    #[test]
    fn the_worst_comes_first() {
        let not_accepted = RouteState::NotAccepted(String::new());
        let refused = RouteState::Refused(String::new());
        let degraded = RouteState::Degraded(String::new());
        let all = Seen { no_weight: false, errors: true, newest: Newest::UnderWay, data: Data::Old };
        let calm = Seen { errors: false, ..all };
        let unproven = Seen { newest: Newest::Unproven, ..calm };
        let still = Seen { newest: Newest::Settled, ..calm };
        let none = Seen::default();
        let told = [
            (&not_accepted, Seen { no_weight: true, ..all }, Worst::NoWeight),
            (&not_accepted, all, Worst::Errors),
            (&RouteState::Accepted, all, Worst::Errors),
            (&not_accepted, calm, Worst::NotAccepted),
            (&refused, calm, Worst::Refused),
            (&degraded, calm, Worst::Degraded),
            (&RouteState::Pending, calm, Worst::UnderWay),
            (&RouteState::Accepted, calm, Worst::UnderWay),
            (&RouteState::Pending, unproven, Worst::Unproven),
            (&RouteState::Pending, still, Worst::Pending),
            (&RouteState::NoStatus, still, Worst::NoStatus),
            (&RouteState::Accepted, still, Worst::Stale),
            (&RouteState::Accepted, Seen { data: Data::Missing, ..none }, Worst::NoData),
            (&RouteState::Accepted, none, Worst::Fine),
        ];
        for (state, seen, expected) in told {
            assert_eq!(worst(state, seen), expected, "{state:?} {seen:?}");
        }
        let mut order: Vec<Worst> = told.iter().map(|(.., worst)| *worst).collect();
        order.dedup();
        assert!(order.is_sorted(), "sorted as it is judged: {order:?}");
    }

    #[test]
    fn a_drained_backend_hurts_nobody() {
        let worst = |stable, canary| {
            let mut bench = Bench::with((120, 40), vec![Ok(checkout(7, stable, canary))]);
            bench.numbers_with(0.12);
            bench.app.worst_of(&bench.app.split(0).unwrap())
        };
        assert_eq!(worst(95, 5), Worst::Errors);
        assert_eq!(worst(100, 0), Worst::Fine);
        assert_eq!(worst(0, 0), Worst::NoWeight, "every request fails");
    }

    #[test]
    fn what_was_not_proven_is_told_until_somebody_writes_or_verifies() {
        let unproven = || Ending::Unproven("no Prometheus is configured".to_owned());
        let worst = |bench: &Bench| bench.app.worst_of(&bench.app.split(0).unwrap());
        let rolled_back = |ending: Ending, overtaken: bool| {
            let mut bench = Bench::with((120, 40), vec![Ok(checkout(7, 95, 5))]);
            bench.keys("r").prepared(Verdict::NotApplicable, Demand::Yes).keys("y");
            let change = bench.app.changes.running().next().unwrap().id;
            if !matches!(ending, Ending::NotWritten(_)) {
                let (route, fresh) = (RouteId::new("shop", "checkout"), Some(checkout(8, 100, 0)));
                let progress = Progress { route, stage: Stage::Written, words: String::new(), fresh };
                bench.after(50).msg(Msg::Progress { change, progress });
            }
            assert_eq!(worst(&bench), Worst::UnderWay);
            if overtaken {
                bench.after(50).watch(Update::Applied(Ok(checkout(9, 50, 50))));
            }
            bench.after(1_000).msg(Msg::Ended { change, ending }).after(600_000);
            bench
        };
        let superseded = rolled_back(Ending::Unproven("superseded".to_owned()), true);
        assert_eq!(worst(&superseded), Worst::Fine, "somebody wrote before it ended");
        let rolled_back = |ending| rolled_back(ending, false);
        let mut bench = rolled_back(unproven());
        assert_eq!(worst(&bench), Worst::Unproven);
        bench.watch(Update::Applied(Ok(checkout(9, 99, 1))));
        assert_eq!(worst(&bench), Worst::Fine, "somebody wrote");

        let mut bench = rolled_back(unproven());
        for (ending, expected) in
            [(unproven(), Worst::Unproven), (Ending::Proven("100 % observed".to_owned()), Worst::Fine)]
        {
            bench.keys("v");
            let change = bench.app.changes.running().next().unwrap().id;
            bench.msg(Msg::Ended { change, ending });
            assert_eq!(worst(&bench), expected, "verified");
        }
        let unknown = NotWritten::Unknown("no answer within 10 s".to_owned());
        assert_eq!(worst(&rolled_back(Ending::NotWritten(unknown))), Worst::Unproven);
        let refused = NotWritten::Refused("webhook guard: no".to_owned());
        assert_eq!(worst(&rolled_back(Ending::NotWritten(refused))), Worst::Fine);
    }

    #[test]
    fn old_errors_are_old_and_keep_their_place() {
        let mut bench = Bench::with((120, 40), vec![Ok(checkout(7, 95, 5))]);
        bench.numbers_with(0.12).after(11_000);
        let split = bench.app.split(0).unwrap();
        assert_eq!(
            (bench.app.worst_of(&split), bench.app.worst_whenever(&split)),
            (Worst::Stale, Worst::Errors)
        );
    }
}
