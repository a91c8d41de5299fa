//! Everything the cockpit knows.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use super::alerts::AlertsState;
use super::arrangement::Arrangement;
use super::changes::Changes;
use super::contexts::Switching;
use super::draining::DrainingState;
use super::facts::FactsState;
use super::freeze::Frozen;
use super::lamp::Lamps;
use super::layers::{Layer, Layers};
use super::list::List;
use super::logs::LogsRead;
use super::msg::{Effect, Now};
use super::numbers::{NumbersState, WINDOW};
use super::place::Place;
use super::preview::CountsState;
use super::routes::Routes;
use super::split_view::Screen;
use super::survey::Survey;
use super::timeline::TimelineState;
use super::word::Word;
use crate::cluster::{Access, Scope, Trouble};
use crate::keys::Keymap;
use crate::rollout::{ChangeRecord, Conventions};

/// What the cockpit starts with.
#[derive(Debug, Clone)]
pub struct Start {
    /// Where it starts. Metrics are of this cluster.
    pub home: Place,
    /// What to watch at first.
    pub scope: Scope,
    /// Whether there is a source of metrics.
    pub has_metrics: bool,
    /// The other contexts that have one, or may.
    pub metered: Vec<String>,
    /// How often numbers are asked for.
    pub refresh: Duration,
    /// After a controller has reported a change, requests of before may come for so long.
    pub settle: Duration,
    /// What holds for routes that say nothing of their own.
    pub conventions: Conventions,
    /// Which key does what.
    pub keymap: Keymap,
    /// The canary that was named on this machine last, by route uid.
    pub chosen: HashMap<String, String>,
    /// Changes in the journal whose ending is not known.
    pub unfinished: Vec<ChangeRecord>,
    /// What stands above everything as long as the program runs: that this is a demo.
    pub note: Option<&'static str>,
    /// The contexts there are.
    pub contexts: Vec<String>,
    /// The themes there are.
    pub themes: Vec<String>,
    /// The theme at first.
    pub theme: String,
    /// Something to say at first, such as what is wrong with the theme.
    pub message: Option<String>,
}

/// The connection to the cluster.
#[derive(Debug, Clone, PartialEq)]
pub enum Link {
    /// Nothing was heard yet.
    Connecting,
    /// What is shown is what the server has.
    Live,
    /// What is shown may be out of date.
    Lost {
        /// Since when.
        since: Duration,
        /// What the last attempt met.
        trouble: Trouble,
    },
}

/// How something said is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// For information.
    Plain,
    /// Good news.
    Good,
    /// Look before you go on.
    Warn,
    /// Bad news.
    Bad,
}

/// The line of messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The words.
    pub text: String,
    /// How they are meant.
    pub tone: Tone,
    /// When they were said.
    pub at: Duration,
    /// Whether the selection has moved since.
    moved: bool,
}

/// How long a message stands at least, unless it is taken away.
const STANDS: Duration = Duration::from_secs(10);
/// Good news goes by itself: a proof of a while ago would stand beside what came after it.
const GOOD_NEWS: Duration = Duration::from_mins(1);

impl Said {
    /// When it goes by itself: once somebody has had the time to read it, and has gone on.
    pub(super) fn ends(&self) -> Option<Duration> {
        let stands = match self.tone {
            _ if self.moved => STANDS,
            Tone::Good => GOOD_NEWS,
            _ => return None,
        };
        Some(self.at + stands)
    }
}

/// Something that was said, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// The time of day.
    pub at: Timestamp,
    /// What.
    pub said: Said,
}

/// How many of these are kept.
const MOST_LOGGED: usize = 500;

/// All of it. One owner; `ui/` draws a reference to it.
#[derive(Debug)]
pub struct App {
    /// What it started with.
    pub start: Start,
    /// The time of the newest message.
    pub now: Now,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// What is watched.
    pub scope: Scope,
    /// Bumped with each change of the scope.
    pub generation: u64,
    /// The connection.
    pub link: Link,
    /// The generation whose routes were listed last; 0 before the first.
    pub(super) listed: u64,
    /// The routes.
    pub routes: Routes,
    /// Cursor and window.
    pub list: List,
    /// The numbers.
    pub numbers: NumbersState,
    /// What stands behind the selected split.
    pub facts: FactsState,
    /// What was counted for the gate of the open split.
    pub(super) counts: CountsState,
    pub(super) alerts: AlertsState,
    /// What the drained backend of the open split is still working on.
    pub(super) draining: DrainingState,
    /// What was read last in the logs of a split's versions, and when.
    pub(super) logs: Option<(Timestamp, LogsRead)>,
    /// What was read about the past of the open split.
    pub(super) timeline: TimelineState,
    /// Who we are.
    pub user: Option<Box<str>>,
    /// Whether routes may be patched, by namespace; `None` while the question is under way.
    pub access: HashMap<Box<str>, Option<Access>>,
    /// The canary that was named on this machine last, by route uid.
    pub chosen: HashMap<String, String>,
    /// What the server said to rollbacks that nobody meant to make.
    pub lamps: Lamps,
    /// Changes under way.
    pub changes: Changes,
    /// The line of messages.
    pub said: Option<Said>,
    /// All that was said, the newest last.
    pub log: VecDeque<Logged>,
    /// Which rows are shown, and in which order.
    pub arrangement: Arrangement,
    /// The context that is being opened.
    pub switching: Option<Switching>,
    /// Where it is now.
    pub place: Place,
    /// Changes of an earlier run that were not met yet.
    pub(super) unfinished: Vec<ChangeRecord>,
    /// What is known of other namespaces.
    pub survey: Option<Survey>,
    /// Whether the screen stands still.
    pub frozen: Option<Frozen>,
    /// Name of the theme that was asked for last.
    pub theme: String,
    /// What the middle shows.
    pub screen: Screen,
    /// What lies over it.
    pub layers: Layers,
    /// The letters that came last.
    pub(super) word: Word,
    /// The last number given to a preparation or a change.
    numbered: u64,
}

impl App {
    /// The state at the start, and what is to be done first.
    #[must_use]
    pub fn new(start: Start, size: (u16, u16), wall: Timestamp) -> (Self, Vec<Effect>) {
        let mut app = Self {
            now: Now { since_start: Duration::ZERO, wall },
            size,
            scope: start.scope.clone(),
            generation: 1,
            link: Link::Connecting,
            listed: 0,
            routes: Routes::new(WINDOW + start.settle),
            list: List::default(),
            numbers: NumbersState::new(start.has_metrics, start.refresh),
            facts: FactsState::default(),
            counts: CountsState::default(),
            alerts: AlertsState::default(),
            draining: DrainingState::default(),
            logs: None,
            timeline: TimelineState::default(),
            user: None,
            access: HashMap::new(),
            chosen: start.chosen.clone(),
            lamps: Lamps::default(),
            changes: Changes::default(),
            said: None,
            log: VecDeque::new(),
            arrangement: Arrangement::default(),
            switching: None,
            place: start.home.clone(),
            unfinished: start.unfinished.clone(),
            survey: None,
            frozen: None,
            theme: start.theme.clone(),
            screen: Screen::default(),
            layers: Layers::default(),
            word: Word::default(),
            numbered: 0,
            start,
        };
        if let Some(text) = app.start.message.clone() {
            app.say(Tone::Warn, text);
        }
        let watch = Effect::Watch { generation: app.generation, scope: app.scope.clone() };
        (app, vec![watch])
    }

    pub(super) fn say(&mut self, tone: Tone, text: impl Into<String>) {
        let said = Said { text: text.into(), tone, at: self.now.since_start, moved: false };
        if self.log.len() == MOST_LOGGED {
            self.log.pop_front();
        }
        self.log.push_back(Logged { at: self.now.wall, said: said.clone() });
        self.said = Some(said);
    }

    /// Says `brief`, since the rest is on the screen already, and keeps the whole.
    pub(super) fn say_briefly(&mut self, tone: Tone, brief: String, whole: String) {
        self.say(tone, whole);
        if let Some(said) = &mut self.said {
            said.text = brief;
        }
    }

    /// Somebody has gone on to another row.
    pub(super) fn has_moved(&mut self) {
        if let Some(said) = &mut self.said {
            said.moved = true;
        }
    }

    pub(super) fn next_number(&mut self) -> u64 {
        self.numbered += 1;
        self.numbered
    }

    /// The namespace of the selected object, else the one to go to.
    #[must_use]
    pub fn namespace(&self) -> &str {
        if let Some(view) = self.open_split() {
            return &view.id.namespace;
        }
        match &self.scope {
            Scope::Namespace(namespace) => namespace,
            Scope::All => self.looked_at().map_or(&self.place.namespace, |id| &id.namespace),
        }
    }

    /// Whether the routes of all namespaces are known as they are now: only then is there no path that was not seen.
    #[must_use]
    pub fn sees_everywhere(&self) -> bool {
        self.scope == Scope::All && self.link == Link::Live && self.listed == self.generation
    }

    /// Whether keys are letters of a text now.
    #[must_use]
    pub fn is_typing(&self) -> bool {
        match self.layers.top() {
            Some(Layer::Change(dialog)) => dialog.is_typing(self.now.since_start),
            Some(Layer::Filter(_) | Layer::Palette(_)) => true,
            _ => false,
        }
    }

    /// The moment that the screen shows: while it is frozen, that of then.
    #[must_use]
    pub fn shown_at(&self) -> Duration {
        self.frozen.as_ref().map_or(self.now.since_start, |frozen| frozen.since)
    }

    /// Whether a change of the selected object wants more care: the settings call its place production.
    #[must_use]
    pub fn in_production(&self) -> bool {
        let production = &self.start.conventions.production;
        production.covers(&self.place.context, &self.place.server, self.namespace())
    }

    /// The right that is missing to change routes of `namespace`, if that is known.
    #[must_use]
    pub fn missing_right(&self, namespace: &str) -> Option<&str> {
        match self.access.get(namespace) {
            Some(Some(Access::Denied(right))) => Some(right),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::app::fixture::{Bench, checkout, split};
    use crate::app::{Msg, next_wake};
    use crate::keys::Key;
    use crate::pilot::Ending;

    fn two() -> Bench {
        let other = split("zebra", 1, &[("zebra-stable", 90), ("zebra-canary", 10)]);
        Bench::with((80, 24), vec![Ok(checkout(7, 95, 5)), Ok(other)])
    }

    #[test]
    fn a_message_stays_until_it_was_read_and_left() {
        let mut bench = two();
        bench.keys(".").after(60_000);
        assert!(bench.app.said.is_some(), "nobody has gone on");
        bench.keys("j");
        assert!(bench.app.said.is_none());
        bench.keys(".").after(3000).keys("k");
        assert!(bench.app.said.is_some(), "it is not 10 s old");
        assert!(
            next_wake(&bench.app).unwrap() <= bench.now().since_start + std::time::Duration::from_secs(7)
        );
        bench.after(7000);
        assert!(bench.app.said.is_none(), "and goes by itself");
        bench.keys(".").key(Key::Esc);
        assert!(bench.app.said.is_none());
    }

    #[test]
    fn good_news_goes_by_itself() {
        let mut bench = two();
        bench.keys("v");
        let change = bench.app.changes.running().next().unwrap().id;
        bench.msg(Msg::Ended { change, ending: Ending::Proven("5 % observed".into()) }).after(59_000);
        assert!(bench.app.said.is_some());
        bench.after(1000);
        assert!(bench.app.said.is_none());
    }

    #[test]
    fn a_proof_is_told_once_on_the_screen_and_whole_in_the_log() {
        let mut bench = two();
        bench.keys("v");
        let change = bench.app.changes.running().next().unwrap().id;
        bench.msg(Msg::Ended { change, ending: Ending::Proven("5 % observed".into()) });
        assert_eq!(bench.said(), "proven: shop/checkout verify 95/5");
        assert_eq!(
            bench.app.log.back().unwrap().said.text,
            "shop/checkout verify 95/5: proven: 5 % observed"
        );
        bench.keys("vj");
        let change = bench.app.changes.running().next().unwrap().id;
        bench.msg(Msg::Ended { change, ending: Ending::Proven("5 % observed".into()) });
        assert_eq!(
            bench.said(),
            "proven: shop/checkout verify 95/5: 5 % observed",
            "another one is selected"
        );
    }
}
