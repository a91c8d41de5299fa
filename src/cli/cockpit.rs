//! The cockpit: holds the terminal, gives the engine what happens to it, draws when something has changed.

mod elapsed;
mod engine;
mod perform;

use std::process::ExitCode;
use std::time::Instant;

use tokio::time::sleep_until;

use super::exit::{Exit, Failure};
use super::session::Session;
use super::themes;
use crate::app::Msg;
use crate::config::Paths;
use crate::keys::Key;
use crate::term::{Event, Events, FramePacer, Screen, install_panic_hook};
use crate::ui::theme::{Background, Depth, Theme, default_name, wants_ascii};
use crate::ui::{self, Look};
pub use engine::{Engine, Outside};

/// Set to `draw`, drawing panics: for the test that the terminal is given back then.
const TEST_PANIC: &str = "TIDEGATE_TEST_PANIC";

/// Opens the cockpit and returns when it was left.
///
/// # Errors
/// In words, with its exit code; the terminal is as it was before.
pub async fn run(session: Session, look: super::Look) -> Result<ExitCode, Failure> {
    let (look, message) = load(&look);
    install_panic_hook();
    let lost = |error: std::io::Error| Failure::error(format!("the terminal: {error}"));
    let events = Events::new().map_err(lost)?;
    let screen = Screen::open().map_err(|error| {
        Failure::usage(format!("the cockpit needs a terminal ({error}); tidegate list prints the splits"))
    })?;
    let size = crossterm::terminal::size().unwrap_or((80, 24));
    let mut cockpit = Cockpit {
        engine: Engine::start(session, size, message),
        look,
        screen,
        events,
        pacer: FramePacer::default(),
        panics: std::env::var_os(TEST_PANIC).is_some_and(|what| what == "draw"),
        ended: None,
    };
    let name = cockpit.look.theme.name().to_owned();
    cockpit.engine.take(Msg::Theme { name, trouble: None });
    let code = cockpit.work().await.map_err(lost)?;
    cockpit.engine.finish_writing().await;
    Ok(code)
}

/// The theme asked for; a broken one never keeps the cockpit from opening.
fn load(look: &super::Look) -> (Look, Option<String>) {
    let environment = |name: &str| std::env::var(name).ok();
    let depth = Depth::detect(environment);
    let fitting = default_name(environment);
    let name = look.theme.as_deref().unwrap_or(fitting);
    let mut wrong = look.warnings.clone();
    let theme = themes::load(&Paths::find(), name, depth).unwrap_or_else(|error| {
        wrong.push(error.to_string());
        Theme::built_in(fitting, depth).unwrap_or_default()
    });
    let message = match wrong.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        [first, others @ ..] => Some(format!("{first}; and {} more: tidegate config check", others.len())),
    };
    // Who starts with a theme for light terminals has one.
    let terminal = Background::detect(environment).or(theme.background()).or(Some(Background::Dark));
    (Look { theme, terminal, ascii: look.ascii || wants_ascii(environment) }, message)
}

struct Cockpit {
    engine: Engine,
    look: Look,
    // Dropped before `events`, so that signals are still caught while the terminal is given back.
    screen: Screen,
    events: Events,
    pacer: FramePacer,
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
            tokio::select! {
                biased;
                event = self.events.next() => {
                    self.happened(event?)?;
                    // What was typed meanwhile belongs to the same frame.
                    while self.ended.is_none() && let Some(event) = self.events.try_next()? {
                        self.happened(event)?;
                    }
                }
                outside = self.engine.next() => {
                    self.pacer.data();
                    self.follow(outside)?;
                }
                () = sleep_until(frame.unwrap_or(now).into()), if frame.is_some() => {}
            }
        }
    }

    fn draw(&mut self) -> std::io::Result<()> {
        let (app, look, panics) = (self.engine.app(), &self.look, self.panics);
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
        let (columns, rows) = crossterm::terminal::size().unwrap_or(self.engine.app().size);
        self.take(Msg::Resize(columns, rows))
    }

    fn take(&mut self, msg: Msg) -> std::io::Result<()> {
        let outside = self.engine.take(msg);
        self.follow(outside)
    }

    /// Does what the engine cannot.
    fn follow(&mut self, outside: Option<Outside>) -> std::io::Result<()> {
        match outside {
            Some(Outside::Quit) => self.ended = Some(Exit::Done.into()),
            Some(Outside::Copy(text)) => self.screen.copy(&text)?,
            Some(Outside::Theme(name)) => {
                let depth = Depth::detect(|name| std::env::var(name).ok());
                let trouble = match themes::load(&Paths::find(), &name, depth) {
                    Ok(theme) => {
                        self.look.theme = theme;
                        None
                    }
                    Err(error) => Some(error.to_string()),
                };
                self.engine.take(Msg::Theme { name, trouble });
            }
            Some(Outside::Suspend) => {
                self.screen.stop_job()?;
                self.pacer.key();
            }
            None => {}
        }
        Ok(())
    }
}
