//! The cockpit without a terminal: keys go in, frames come out. Time stands still while nothing waits for it, so
//! that the same keys show the same frames each time.

use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use tidegate::app::{App, Msg};
use tidegate::cli::Engine;
use tidegate::demo::Scenario;
use tidegate::keys::Key;
use tidegate::ui::theme::{Depth, Theme};
use tidegate::ui::{self, Look};
use tokio::time::{Instant, timeout_at};

use super::world::{self, World};

/// How long to wait for something to show; it passes at once.
const PATIENCE: Duration = Duration::from_mins(10);

/// From the last key to the look at the screen: answers have come, and no dialog has expired.
const REST: Duration = Duration::from_secs(5);

/// The engine with a screen to look at.
pub struct Cockpit {
    // Before the world that it looks at.
    engine: Engine,
    _world: World,
    look: Look,
    terminal: Terminal<TestBackend>,
}

impl Cockpit {
    /// Opens it on a screen of `size` columns and rows.
    pub fn open(scenario: Scenario, size: (u16, u16), theme: &str) -> Self {
        let (world, session) = world::open(scenario);
        Self {
            engine: Engine::start(session, size, None),
            _world: world,
            look: look(theme),
            terminal: Terminal::new(TestBackend::new(size.0, size.1)).unwrap(),
        }
    }

    /// What it knows.
    pub fn app(&self) -> &App {
        self.engine.app()
    }

    /// Another theme from now on.
    pub fn wear(&mut self, theme: &str) {
        self.look = look(theme);
    }

    /// The screen has another size.
    pub fn resize(&mut self, (columns, rows): (u16, u16)) {
        self.terminal.backend_mut().resize(columns, rows);
        self.engine.take(Msg::Resize(columns, rows));
    }

    /// The frame as it is now.
    pub fn frame(&mut self) -> &Buffer {
        let (app, look) = (self.engine.app(), &self.look);
        self.terminal.draw(|frame| ui::draw(frame, app, look)).unwrap();
        self.terminal.backend().buffer()
    }

    /// Its rows, without blanks at their ends.
    pub fn text(&mut self) -> String {
        rows(self.frame())
    }

    /// Presses keys, words separated by blanks: `Enter` and `ctrl-r` are keys, `@checkout` goes down to the split of
    /// that name, all else is typed.
    pub fn press(&mut self, keys: &str) {
        for word in keys.split_whitespace() {
            if let Some(name) = word.strip_prefix('@') {
                self.go_down_to(name);
                continue;
            }
            let keys = named(word).map_or_else(|| word.chars().map(Key::Char).collect(), |key| vec![key]);
            for key in keys {
                self.engine.take(Msg::Key(key));
            }
        }
    }

    fn go_down_to(&mut self, name: &str) {
        for _ in 0..self.engine.app().routes.len() {
            if self.engine.app().selected().is_some_and(|split| &*split.route.id.name == name) {
                return;
            }
            self.engine.take(Msg::Key(Key::Down));
        }
        panic!("no split {name}:\n{}", self.text());
    }

    /// Follows a way: what must be seen, and which keys are pressed then.
    pub async fn go(&mut self, way: &[(&str, &str)]) {
        for (words, keys) in way {
            self.see(words).await;
            self.press(keys);
        }
        self.pass(REST).await;
    }

    /// Goes on until `words` are on the screen.
    pub async fn see(&mut self, words: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.text().contains(words) {
            let next = timeout_at(deadline, self.engine.next()).await;
            assert!(next.is_ok(), "never saw {words:?}:\n{}", self.text());
        }
    }

    /// Goes on until `words` are on the screen, with a look at each frame on the way.
    pub async fn watch(&mut self, words: &str, mut look: impl FnMut(&str)) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let frame = self.text();
            look(&frame);
            if frame.contains(words) {
                return;
            }
            assert!(timeout_at(deadline, self.engine.next()).await.is_ok(), "never saw {words:?}:\n{frame}");
        }
    }

    /// Lets so many seconds pass.
    pub async fn rest(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds)).await;
    }

    async fn pass(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while timeout_at(end, self.engine.next()).await.is_ok() {}
    }
}

fn look(theme: &str) -> Look {
    Look { theme: Theme::built_in(theme, Depth::TrueColor).unwrap(), terminal: None, ascii: false }
}

fn named(word: &str) -> Option<Key> {
    use Key::{
        BackTab, Backspace, Delete, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Tab, Up,
    };
    let all =
        [Up, Down, Left, Right, PageUp, PageDown, Home, End, Enter, Esc, Tab, BackTab, Backspace, Delete];
    let control = word.strip_prefix("ctrl-").and_then(|rest| rest.chars().next()).map(Key::Ctrl);
    control.or_else(|| all.into_iter().find(|key| key.to_string() == word))
}

/// The rows of a frame, without blanks at their ends.
pub fn rows(buffer: &Buffer) -> String {
    let area = buffer.area;
    let row = |y| (area.left()..area.right()).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (area.top()..area.bottom()).map(|y| row(y).trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
