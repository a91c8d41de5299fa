//! Requests that a drained backend is still working on, asked for while its checklist is on the screen.

use std::time::Duration;

use super::msg::Effect;
use super::split::Split;
use super::state::App;
use crate::rollout::{ChangeRecord, drained};
use crate::route::RuleBackend;

/// How often they are asked for.
const REFRESH: Duration = Duration::from_secs(10);

/// What is known of them.
#[derive(Debug, Default)]
pub(super) struct DrainingState {
    of: Option<RuleBackend>,
    answer: Option<Result<Option<f64>, String>>,
    asked_at: Duration,
}

/// What the newest change has drained in a split, if that was a rollback; of several rules the one that is looked at.
pub(super) fn drained_of(split: &Split<'_>) -> Option<RuleBackend> {
    let record = ChangeRecord::newest(split.route).filter(ChangeRecord::was_rollback)?;
    let drained = drained(&record, split.route);
    let here = drained.iter().find(|(rule, _)| *rule == split.index);
    let (rule, place) = *here.or_else(|| drained.first())?;
    split.route.rule_backends(rule).nth(place)
}

impl App {
    /// How many requests a drained backend is working on, or why that is not known.
    pub(super) fn in_flight(&self, of: &RuleBackend) -> Result<f64, String> {
        if !self.numbers.has_source {
            return Err(self.numbers.without_source());
        }
        match self.draining.answer.as_ref().filter(|_| self.draining.of.as_ref() == Some(of)) {
            Some(Ok(Some(count))) => Ok(*count),
            Some(Ok(None)) => Err("its metrics do not count them".to_owned()),
            Some(Err(why)) => Err(why.clone()),
            None => Err("not asked yet".to_owned()),
        }
    }

    /// When they are to be asked for again.
    pub(super) fn draining_due(&self) -> Option<Duration> {
        self.open_split().filter(|_| self.numbers.has_source)?;
        let of = drained_of(&self.selected()?)?;
        let same = self.draining.of.as_ref() == Some(&of);
        Some(if same { self.draining.asked_at + REFRESH } else { self.now.since_start })
    }

    /// Asks for them, if it is time.
    pub(super) fn ask_draining(&mut self) -> Option<Effect> {
        self.draining_due().filter(|due| *due <= self.now.since_start)?;
        let backend = drained_of(&self.selected()?)?;
        if self.draining.of.as_ref() != Some(&backend) {
            self.draining.answer = None;
        }
        self.draining.of = Some(backend.clone());
        self.draining.asked_at = self.now.since_start;
        Some(Effect::InFlight { generation: self.generation, backend })
    }

    /// Takes the answer.
    pub(super) fn take_in_flight(&mut self, backend: &RuleBackend, answer: Result<Option<f64>, String>) {
        if self.draining.of.as_ref() == Some(backend) {
            self.draining.answer = Some(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::app::Msg;
    use crate::app::fixture::{Bench, checkout, places};

    #[test]
    fn a_frozen_screen_does_not_count_them_on() {
        let mut bench = Bench::with((80, 24), vec![Ok(checkout(7, 95, 5))]);
        let [_, canary] = &places()[..] else { panic!() };
        bench.app.draining.of = Some(canary.clone());
        let generation = bench.app.generation;
        let count = |count| Msg::InFlight { generation, backend: canary.clone(), answer: Ok(Some(count)) };
        bench.msg(count(3.0)).keys(" ").msg(count(2.0));
        assert_eq!(bench.app.in_flight(canary), Ok(3.0));
        bench.keys(" ");
        assert_eq!(bench.app.in_flight(canary), Ok(2.0));
    }
}
