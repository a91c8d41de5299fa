//! The split that a plan moves, in however many rules it stands: whose requests are counted, and who is compared with whom.

use jiff::Timestamp;

use crate::metrics::{Granularity, Strain};
use crate::rollout::{
    ChangeRecord, Course, Plan, Pressure, Release, RuleChange, Split, Turn, course, shares,
};
use crate::route::{BackendRef, Route, RuleBackend, destinations};
use crate::stats::{Ticks, Trials, unix_seconds};

/// The backends of a split. One that stands in several places has what is counted in all of them.
pub(super) struct Parties<'a> {
    fresh: &'a Route,
    /// The rules in which the split stands.
    changes: Vec<&'a RuleChange>,
    /// All places of these.
    pub asked: Vec<RuleBackend>,
    /// What they lead to.
    backends: Vec<BackendRef>,
    stable: usize,
}

impl<'a> Parties<'a> {
    /// Of the first rule of `plan` for which `is_wanted`, and of all others that lead to the same backends. `None` when there
    /// is no such rule, or all its backends advance.
    pub fn of(fresh: &'a Route, plan: &'a Plan, is_wanted: impl Fn(&RuleChange) -> bool) -> Option<Self> {
        let main = plan.changes().find(|change| is_wanted(change))?;
        let same = |change: &&RuleChange| {
            let all_in = |one: &RuleChange, other: &RuleChange| {
                one.backends.iter().all(|backend| other.backends.contains(backend))
            };
            all_in(change, main) && all_in(main, change)
        };
        let mut changes = vec![main];
        changes.extend(plan.changes().filter(|change| change.rule != main.rule).filter(same));
        let asked: Vec<_> = changes.iter().flat_map(|change| fresh.rule_backends(change.rule)).collect();
        let backends = destinations(&asked);
        let mut parties = Self { fresh, changes, asked, backends, stable: 0 };
        let weights: Vec<f64> = main.before.iter().copied().map(f64::from).collect();
        let weights = parties.fold(main, &weights);
        let others = parties.backends.iter().zip(weights).enumerate();
        let others = others.filter(|(_, (backend, _))| !plan.advancing.contains(backend));
        let heaviest = others.max_by(|(_, (_, one)), (_, (_, other))| one.total_cmp(other));
        parties.stable = heaviest?.0;
        Some(parties)
    }

    /// The one that the others are compared with.
    pub fn stable(&self) -> Option<&BackendRef> {
        self.backends.get(self.stable)
    }

    /// How many others have traffic now, 1 at least.
    pub fn canaries(&self) -> u32 {
        let main = self.changes.first();
        let served = |change: &&RuleChange| {
            let served = change.backends.iter().zip(&change.before).filter(|(_, weight)| **weight > 0);
            let mut served: Vec<_> = served.map(|(backend, _)| backend).collect();
            served.sort();
            served.dedup();
            u32::try_from(served.len()).unwrap_or(u32::MAX)
        };
        main.map_or(1, |main| served(main).saturating_sub(1)).max(1)
    }

    /// What stands at each place of a rule, added up by backend.
    fn fold(&self, change: &RuleChange, values: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.backends.len()];
        for (backend, value) in change.backends.iter().zip(values) {
            let own = self.backends.iter().position(|known| known == backend);
            own.and_then(|own| sums.get_mut(own)).into_iter().for_each(|sum: &mut f64| *sum += value);
        }
        sums
    }

    /// The course of `canary` in all rules: since it has traffic in the first of them, and with the present shares since they
    /// stood in the last.
    pub fn course(
        &self,
        canary: &BackendRef,
        earlier: &[ChangeRecord],
        release: &Release,
        now: Timestamp,
    ) -> Option<Course> {
        let of = |change: &&RuleChange| {
            let place = change.backends.iter().position(|backend| backend == canary)?;
            let known = course(self.fresh, change.rule, place, earlier, release, now);
            let turn = |turn: Turn| Turn {
                at: turn.at,
                before: self.fold(change, &turn.before),
                after: self.fold(change, &turn.after),
            };
            Some(Course { began: known.began, turns: known.turns.into_iter().map(turn).collect() })
        };
        let courses: Vec<Course> = self.changes.iter().filter_map(of).collect();
        let began = courses.iter().map(|course| course.began).min()?;
        let latest = courses.into_iter().max_by_key(|course| course.turns.last().map(|turn| turn.at))?;
        Some(Course { began, ..latest })
    }

    /// Who is judged, and for which share: the largest that a rule would give it.
    pub fn split(&self, canary: &BackendRef) -> Option<Split> {
        let index = self.backends.iter().position(|backend| backend == canary)?;
        let target = |change: &&RuleChange| self.fold(change, &shares(&change.after)).get(index).copied();
        let target = self.changes.iter().filter_map(target).reduce(f64::max)?;
        let mut rules = self.changes.iter().filter_map(|change| self.fresh.rules.get(change.rule));
        Some(Split { canary: index, stable: self.stable, target, sticky: rules.any(|rule| rule.sticky) })
    }

    /// What was counted besides requests since an instant, of the requests in that time. Series that do not tell rules apart
    /// say the same of each.
    pub fn pressure(
        &self,
        canary: usize,
        strained: &[Strain],
        granularity: Option<Granularity>,
        ticks: &Ticks,
        since: Timestamp,
    ) -> Vec<Pressure> {
        let since = unix_seconds(since);
        let is_told_apart = granularity == Some(Granularity::Split);
        let lately = || ticks.rounds.iter().flatten().filter(|tick| tick.end > since);
        let requests = |index: usize| {
            lately().filter_map(|tick| tick.backends.get(index)).map(|counts| counts.requests).sum::<f64>()
        };
        let of = |strain: &Strain, index: usize| {
            let mine = strain.events.iter().filter(|(place, _)| Some(&place.to) == self.backends.get(index));
            let events = mine.map(|(_, events)| *events);
            let events = if is_told_apart { events.sum() } else { events.fold(0.0, f64::max) };
            Trials { requests: requests(index), events }
        };
        let pressure = |strain: &Strain| Pressure {
            what: strain.what,
            canary: of(strain, canary),
            stable: of(strain, self.stable),
        };
        strained.iter().map(pressure).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::{Value, json};

    use super::*;
    use crate::rollout::{Conventions, Intent, plan};
    use crate::stats::{Counts, Tick};

    const NOW: &str = "2026-03-01T12:00:00Z";

    fn service(name: &str) -> BackendRef {
        BackendRef::service("shop", name, 8080)
    }

    /// Two rules with the backends in another order, and what `intent` would do.
    fn planned(rules: &[&[(&str, u32)]], intent: &Intent) -> (Route, Plan) {
        let refs = |rule: &&[(&str, u32)]| {
            let refs =
                rule.iter().map(|(name, weight)| json!({"name": name, "port": 8080, "weight": weight}));
            json!({"backendRefs": refs.collect::<Vec<Value>>()})
        };
        let document = json!({
            "metadata": {"namespace": "shop", "name": "checkout", "uid": "u-1", "generation": 1},
            "spec": {"rules": rules.iter().map(refs).collect::<Vec<Value>>()},
        });
        let route = Route::from_json(&document.to_string()).unwrap();
        let plan = plan(&route, intent, &Conventions::default(), None).unwrap();
        (route, plan)
    }

    fn set(weights: &[(&str, u32)]) -> Intent {
        let weights = weights.iter().map(|(name, weight)| ((*name).into(), *weight)).collect();
        Intent::Set { rule: 0, weights }
    }

    #[test]
    fn a_split_in_two_rules_is_one() {
        let rules: [&[(&str, u32)]; 2] = [&[("stable", 95), ("canary", 5)], &[("canary", 1), ("stable", 19)]];
        let (route, plan) = planned(&rules, &set(&[("stable", 90), ("canary", 10)]));
        let parties = Parties::of(&route, &plan, |_| true).unwrap();
        assert_eq!((parties.asked.len(), parties.canaries()), (4, 1));
        assert_eq!(parties.stable(), Some(&service("stable")));
        let canary = service("canary");
        let expected = Split { canary: 1, stable: 0, target: 0.1, sticky: false };
        assert_eq!(parties.split(&canary), Some(expected));
        let (release, now) = (Release::default(), NOW.parse().unwrap());
        let course = parties.course(&canary, &[], &release, now).unwrap();
        assert_eq!(course.turns.last().map(|turn| turn.after.clone()), Some(vec![0.95, 0.05]));

        let retries = parties.asked.iter().cloned().zip([4.0, 2.0, 2.0, 4.0]);
        let retries = Strain { what: "retries", events: retries.collect::<HashMap<_, _>>() };
        let of = |requests| Counts { requests, ..Counts::default() };
        let backends = vec![of(380.0), of(20.0)];
        let tick = Tick { end: unix_seconds(now), seconds: 5.0, target: 0, scale: 1.0, backends };
        let ticks = Ticks { rounds: vec![vec![tick]], ..Ticks::default() };
        let events = |granularity| {
            let strained = std::slice::from_ref(&retries);
            let found = parties.pressure(1, strained, Some(granularity), &ticks, Timestamp::MIN);
            found.iter().map(|one| (one.canary.events, one.stable.events)).collect::<Vec<_>>()
        };
        assert_eq!(events(Granularity::Split), [(4.0, 8.0)]);
        assert_eq!(events(Granularity::Service), [(2.0, 4.0)], "each place says the same");
    }

    #[test]
    fn every_canary_is_compared_with_the_heaviest_that_does_not_advance() {
        let rules: [&[(&str, u32)]; 1] = [&[("next", 40), ("stable", 30), ("canary", 30), ("idle", 0)]];
        let weights = [("next", 45), ("stable", 20), ("canary", 35), ("idle", 0)];
        let (route, plan) = planned(&rules, &set(&weights));
        let parties = Parties::of(&route, &plan, |_| true).unwrap();
        assert_eq!((parties.stable(), parties.canaries()), (Some(&service("stable")), 2));
    }
}
