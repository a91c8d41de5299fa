//! The cockpit without a terminal: the state, what performs its effects, and what comes back. The loop that holds
//! the terminal drives it, and so do tests and pictures, with time that stands still.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::elapsed::Elapsed;
use super::perform::Performer;
use crate::app::{App, Effect, Msg, Now, Place, Start, next_wake, update};
use crate::cli::session::Session;
use crate::cli::source::is_metered;
use crate::cli::themes;
use crate::clock::Clock;
use crate::config::Paths;
use crate::pilot::Stage;

/// A write that is on its way when the program ends has this long to be answered.
const LAST_WRITE: Duration = Duration::from_secs(3);
/// Messages taken before the next look at the keys.
const BATCH: usize = 256;

/// What only the holder of the terminal can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outside {
    /// Send this to the terminal's clipboard.
    Copy(String),
    /// Draw with this theme, and say with [`Msg::Theme`] what came of it.
    Theme(String),
    /// Stop the job.
    Suspend,
    /// End the program.
    Quit,
}

/// State, performer and inbox.
pub struct Engine {
    app: App,
    performer: Performer,
    inbox: UnboundedReceiver<Msg>,
    started: Instant,
    /// The time of day then.
    began: Timestamp,
    elapsed: Elapsed,
    clock: Clock,
}

impl Engine {
    /// Starts on a terminal of `size` columns and rows. `message` is what to say at first.
    #[must_use]
    pub fn start(session: Session, size: (u16, u16), message: Option<String>) -> Self {
        let start = Start {
            home: Place::from(&session.cluster),
            scope: session.scope.clone(),
            has_metrics: session.metrics.is_some(),
            metered: session
                .cluster
                .contexts()
                .into_iter()
                .filter(|context| is_metered(context, &session.settings))
                .collect(),
            conventions: session.settings.conventions.clone(),
            keymap: session.settings.keymap.clone(),
            refresh: session.settings.refresh,
            settle: session.settings.timing.settle,
            chosen: session.chosen_canaries(),
            // A journal that cannot be read only costs the memory of that.
            unfinished: session.journal.unfinished().unwrap_or_default(),
            note: session.note,
            contexts: session.cluster.contexts(),
            themes: themes::names(&Paths::find()),
            theme: String::new(),
            message,
        };
        let clock = session.clock;
        let (messages, inbox) = unbounded_channel();
        let started = Instant::now();
        let began = clock.now();
        let (app, effects) = App::new(start, size, began);
        let performer = Performer::new(session, messages);
        let elapsed = Elapsed::default();
        let mut engine = Self { app, performer, inbox, started, began, elapsed, clock };
        engine.perform(effects);
        engine
    }

    /// What is to be drawn.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Takes what has happened to the terminal.
    pub fn take(&mut self, msg: Msg) -> Option<Outside> {
        let effects = self.update(msg);
        self.perform(effects)
    }

    /// Waits for the next thing that the screen may show, and takes it. May be dropped at any time.
    pub async fn next(&mut self) -> Option<Outside> {
        let wake = next_wake(&self.app).map(|wake| self.started + self.elapsed.instants(wake));
        tokio::select! {
            biased;
            Some(msg) = self.inbox.recv() => {
                let mut outside = self.take(msg);
                for _ in 0..BATCH {
                    let Ok(msg) = self.inbox.try_recv() else { break };
                    outside = outside.or(self.take(msg));
                }
                outside
            }
            () = sleep_until(wake.unwrap_or(self.started)), if wake.is_some() => self.take(Msg::Tick),
            else => std::future::pending().await,
        }
    }

    /// Waits a moment for writes whose answer is not known yet: they are made either way, and the journal
    /// should say so.
    pub async fn finish_writing(&mut self) {
        let deadline = Instant::now() + LAST_WRITE;
        while self.app.changes.running().any(|change| change.stage == Stage::Writing) {
            let Ok(Some(msg)) = timeout_at(deadline, self.inbox.recv()).await else { return };
            // What would follow is no longer of interest.
            let _ = self.update(msg);
        }
    }

    fn update(&mut self, msg: Msg) -> Vec<Effect> {
        let wall = self.clock.now();
        let by_day = wall.duration_since(self.began).try_into().unwrap_or_default();
        let now = Now { since_start: self.elapsed.of(self.started.elapsed(), by_day), wall };
        update(&mut self.app, now, msg)
    }

    fn perform(&mut self, effects: Vec<Effect>) -> Option<Outside> {
        let mut outside = None;
        for effect in effects {
            match effect {
                Effect::Quit => outside = Some(Outside::Quit),
                Effect::Copy(text) => outside = Some(Outside::Copy(text)),
                Effect::Theme(name) => outside = Some(Outside::Theme(name)),
                Effect::Suspend => outside = Some(Outside::Suspend),
                effect => self.performer.perform(effect),
            }
        }
        outside
    }
}
