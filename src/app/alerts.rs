//! The alerts that fire on the open split: asked for while it is open, and for no other.

use std::sync::Arc;
use std::time::Duration;

use super::msg::Effect;
use super::split::Split;
use super::state::App;
use crate::rollout::Firing;

/// How often they are asked for. Rules are evaluated every 15 s to 1 min.
const REFRESH: Duration = Duration::from_secs(15);

/// What was answered last.
#[derive(Debug, Default)]
pub(super) struct AlertsState {
    /// The uid of the route that was asked about.
    of: Option<Box<str>>,
    answer: Option<Firing>,
    asked_at: Option<Duration>,
    in_flight: bool,
}

impl App {
    /// What is known of the alerts on a split's route.
    #[must_use]
    pub fn firing(&self, split: &Split<'_>) -> Firing {
        if !self.numbers.has_source {
            return Firing::NobodyToAsk;
        }
        let known = self.alerts.answer.as_ref().filter(|_| self.alerts.of.as_ref() == Some(&split.route.uid));
        known.cloned().unwrap_or_else(|| Firing::Unknown("they are being asked for".to_owned()))
    }

    /// When they are to be asked for again.
    pub(super) fn alerts_due(&self) -> Option<Duration> {
        self.open_split().filter(|_| self.numbers.has_source && !self.alerts.in_flight)?;
        let split = self.selected()?;
        let same = self.alerts.of.as_ref() == Some(&split.route.uid);
        Some(self.alerts.asked_at.filter(|_| same).map_or(self.now.since_start, |at| at + REFRESH))
    }

    /// Asks for them, if it is time.
    pub(super) fn ask_alerts(&mut self) -> Option<Effect> {
        self.alerts_due().filter(|due| *due <= self.now.since_start)?;
        let route = Arc::clone(self.selected()?.route);
        if self.alerts.of.as_ref() != Some(&route.uid) {
            self.alerts.answer = None;
        }
        self.alerts.of = Some(route.uid.clone());
        self.alerts.asked_at = Some(self.now.since_start);
        self.alerts.in_flight = true;
        Some(Effect::Alerts { generation: self.generation, route })
    }

    /// Takes what was answered.
    pub(super) fn take_alerts(&mut self, uid: &str, firing: Firing) {
        self.alerts.in_flight = false;
        if self.alerts.of.as_deref() == Some(uid) {
            self.alerts.answer = Some(firing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Msg;
    use crate::app::fixture::{Bench, checkout};
    use crate::keys::Key;
    use crate::rollout::{About, Alert};

    fn asks(bench: &Bench) -> usize {
        bench.effects.iter().filter(|effect| matches!(effect, Effect::Alerts { .. })).count()
    }

    #[test]
    fn they_are_asked_for_while_a_split_is_open_and_for_it_alone() {
        let mut bench = Bench::with((120, 40), vec![Ok(checkout(7, 95, 5))]);
        bench.numbers();
        assert_eq!(asks(&bench), 0, "a list asks nobody");
        bench.key(Key::Enter);
        assert_eq!(asks(&bench), 1, "{:?}", bench.effects);
        let alert = |bench: &Bench| bench.app.firing(&bench.app.selected().unwrap());
        assert!(matches!(alert(&bench), Firing::Unknown(_)));
        let known = Firing::Known(vec![Alert {
            about: About::Route,
            name: "A".to_owned(),
            severity: "critical".to_owned(),
        }]);
        let uid = bench.app.selected().unwrap().route.uid.clone();
        let generation = bench.app.generation;
        bench.msg(Msg::Alerts { generation, uid: "other".into(), firing: Firing::NobodyToAsk });
        assert!(matches!(alert(&bench), Firing::Unknown(_)), "of another route");
        bench.msg(Msg::Alerts { generation, uid, firing: known.clone() });
        assert_eq!(alert(&bench), known);
        bench.app.numbers.has_source = false;
        assert_eq!(alert(&bench), Firing::NobodyToAsk);
    }
}
