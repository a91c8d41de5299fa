//! The cockpit: holds the terminal, feeds `app::update` with what happens, draws when something has changed.

mod perform;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{sleep_until, timeout_at};

use super::exit::{Exit, Failure};
use super::session::Session;
use crate::app::{App, Effect, Msg, Now, Start, next_wake, update};
use crate::config::Paths;
use crate::keys::Key;
use crate::pilot::Stage;
use crate::rollout::Ladder;
use crate::term::{Event, Events, FramePacer, Screen, install_panic_hook};
use crate::ui::theme::{Depth, Theme, default_name};
use crate::ui::{self, Look};
use perform::Performer;

/// A write that is on its way when the program ends has this long to be answered.
const LAST_WRITE: Duration = Duration::from_secs(3);
/// Messages taken before the next look at the keys.
const BATCH: usize = 256;
/// Set to `draw`, drawing panics: for the test that the terminal is given back then.
const TEST_PANIC: &str = "TIDEGATE_TEST_PANIC";

/// Opens the cockpit and returns when it was left.
///
/// # Errors
/// In words, with its exit code; the terminal is as it was before.
pub async fn run(session: Session, look: super::Look) -> Result<ExitCode, Failure> {
    let (look, message) = load(&look);
    let start = Start {
        context: session.cluster.context().to_owned(),
        server: session.cluster.server().to_owned(),
        namespace: session.cluster.namespace().into(),
        scope: session.scope.clone(),
        has_metrics: session.metrics.is_some(),
        ladder: Ladder::default(),
        chosen: session.chosen_canaries(),
        // A journal that cannot be read only costs the memory of that.
        unfinished: session.journal.unfinished().unwrap_or_default(),
        message,
    };
    install_panic_hook();
    let lost = |error: std::io::Error| Failure::error(format!("the terminal: {error}"));
    let events = Events::new().map_err(lost)?;
    let screen = Screen::open().map_err(|error| {
        Failure::usage(format!("the cockpit needs a terminal ({error}); tidegate list prints the splits"))
    })?;
    let size = crossterm::terminal::size().unwrap_or((80, 24));
    let (messages, inbox) = unbounded_channel();
    let (app, effects) = App::new(start, size, Timestamp::now());
    let mut cockpit = Cockpit {
        app,
        look,
        screen,
        events,
        inbox,
        performer: Performer::new(session, messages),
        pacer: FramePacer::default(),
        started: Instant::now(),
        panics: std::env::var_os(TEST_PANIC).is_some_and(|what| what == "draw"),
        ended: None,
    };
    cockpit.perform(effects).map_err(lost)?;
    let code = cockpit.work().await.map_err(lost)?;
    cockpit.finish_writing().await;
    Ok(code)
}

/// The theme asked for; a broken one never keeps the cockpit from opening.
fn load(look: &super::Look) -> (Look, Option<String>) {
    let environment = |name: &str| std::env::var(name).ok();
    let depth = Depth::detect(environment);
    let name = look.theme.as_deref().unwrap_or_else(|| default_name(environment));
    let (theme, message) = match Paths::find().theme(name, depth) {
        Ok(theme) => (theme, None),
        Err(error) => (Theme::built_in("dark", depth).unwrap_or_default(), Some(error.to_string())),
    };
    (Look { theme, ascii: look.ascii }, message)
}

struct Cockpit {
    app: App,
    look: Look,
    // Dropped before `events`, so that signals are still caught while the terminal is given back.
    screen: Screen,
    events: Events,
    inbox: UnboundedReceiver<Msg>,
    performer: Performer,
    pacer: FramePacer,
    started: Instant,
    panics: bool,
    ended: Option<ExitCode>,
}

impl Cockpit {
    async fn work(&mut self) -> std::io::Result<ExitCode> {
        loop {
            if let Some(code) = self.ended {
                return Ok(code);
            }
            let now = Instant::now();
            let frame = self.pacer.due(now);
            if frame.is_some_and(|due| due <= now) {
                self.draw()?;
                continue;
            }
            let tick = next_wake(&self.app).map(|wake| self.started + wake);
            let next = [frame, tick].into_iter().flatten().min();
            let pause = sleep_until(next.unwrap_or(now).into());
            tokio::select! {
                biased;
                event = self.events.next() => {
                    self.happened(event?)?;
                    // What was typed meanwhile belongs to the same frame.
                    while self.ended.is_none() && let Some(event) = self.events.try_next()? {
                        self.happened(event)?;
                    }
                }
                Some(msg) = self.inbox.recv() => {
                    self.take(msg)?;
                    for _ in 0..BATCH {
                        let Ok(msg) = self.inbox.try_recv() else { break };
                        self.take(msg)?;
                    }
                    self.pacer.data();
                }
                () = pause, if next.is_some() => {
                    if tick.is_some_and(|tick| tick <= Instant::now()) {
                        self.take(Msg::Tick)?;
                        self.pacer.data();
                    }
                }
            }
        }
    }

    fn draw(&mut self) -> std::io::Result<()> {
        let (app, look, panics) = (&self.app, &self.look, self.panics);
        self.screen.draw(|frame| {
            assert!(!panics, "{TEST_PANIC} asks for a panic while drawing");
            ui::draw(frame, app, look);
        })?;
        self.pacer.drawn(Instant::now());
        Ok(())
    }

    fn happened(&mut self, event: Event) -> std::io::Result<()> {
        self.pacer.key();
        match event {
            Event::Key(key) => match Key::from_event(&key) {
                Some(key) => self.take(Msg::Key(key)),
                None => Ok(()),
            },
            Event::Paste(text) => self.take(Msg::Paste(text)),
            Event::Resize => self.resized(),
            Event::Continued => {
                self.screen.resume()?;
                self.resized()
            }
            Event::Quit(signal) => {
                self.ended = Some(ExitCode::from(signal.exit_code()));
                Ok(())
            }
        }
    }

    fn resized(&mut self) -> std::io::Result<()> {
        let (columns, rows) = crossterm::terminal::size().unwrap_or(self.app.size);
        self.take(Msg::Resize(columns, rows))
    }

    fn take(&mut self, msg: Msg) -> std::io::Result<()> {
        let now = Now { since_start: self.started.elapsed(), wall: Timestamp::now() };
        let effects = update(&mut self.app, now, msg);
        self.perform(effects)
    }

    fn perform(&mut self, effects: Vec<Effect>) -> std::io::Result<()> {
        for effect in effects {
            match effect {
                Effect::Quit => self.ended = Some(Exit::Done.into()),
                Effect::Suspend => {
                    self.screen.stop_job()?;
                    self.pacer.key();
                }
                effect => self.performer.perform(effect),
            }
        }
        Ok(())
    }

    /// Waits a moment for writes whose answer is not known yet: they are made either way, and the journal
    /// should say so.
    async fn finish_writing(&mut self) {
        let deadline = tokio::time::Instant::now() + LAST_WRITE;
        while self.app.changes.running().any(|change| change.stage == Stage::Writing) {
            let Ok(Some(msg)) = timeout_at(deadline, self.inbox.recv()).await else { return };
            let now = Now { since_start: self.started.elapsed(), wall: Timestamp::now() };
            // What would follow is no longer of interest.
            let _ = update(&mut self.app, now, msg);
        }
    }
}
