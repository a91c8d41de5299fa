//! A cockpit over any number of routes, with numbers, drawn into a sink that counts: no cluster, no terminal.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use tidegate::app::{App, Effect, Msg, Now, Place, Start, WINDOW, update};
use tidegate::cluster::{Access, Scope, Update};
use tidegate::keys::Keymap;
use tidegate::metrics::{
    BackendHistory, Granularity, History, Numbers, PROVIDERS, Quantile, Series, Snapshot, Used,
};
use tidegate::rollout::Conventions;
use tidegate::route::{Route, RuleBackend};
use tidegate::term::Surface;
use tidegate::ui::theme::{Depth, Theme};
use tidegate::ui::{self, Look};

/// Between samples.
pub const SAMPLE: Duration = Duration::from_secs(5);
/// Between the values of a sparkline, and how many of them a history has.
const STEP: Duration = Duration::from_secs(10);
const POINTS: u32 = 60;

/// Where the bytes of the frames go: counted, and dropped.
#[derive(Clone, Default)]
struct Counter(Rc<Cell<usize>>);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.set(self.0.get() + bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The cockpit and its terminal of 200x50.
pub struct World {
    app: App,
    look: Look,
    terminal: Terminal<Surface<Counter>>,
    bytes: Counter,
    at: Duration,
    /// Bumped with each sample, so that all numbers differ from the ones before.
    sample: u32,
}

impl World {
    /// Connected, with `routes` splits, in the namespaces `n0` to `n9`.
    pub fn new(routes: usize) -> Self {
        let (columns, rows) = (200, 50);
        let (app, _) = App::new(start(), (columns, rows), wall());
        let bytes = Counter::default();
        let viewport = Viewport::Fixed(Rect::new(0, 0, columns, rows));
        let terminal =
            Terminal::with_options(Surface::new(bytes.clone()), TerminalOptions { viewport }).unwrap();
        let theme = Theme::built_in("dark", Depth::TrueColor).unwrap();
        let look = Look { theme, terminal: None, ascii: false };
        let mut world = Self { app, look, terminal, bytes, at: Duration::ZERO, sample: 0 };
        let listed = (0..routes).map(|number| Ok(route(number, 10, 1))).collect();
        world.watch(Update::Reset(listed));
        world.watch(Update::Started);
        for namespace in 0..10 {
            let namespace = format!("n{namespace}").into();
            world.msg(Msg::Access { namespace, answer: Ok(Access::Granted) });
        }
        world
    }

    /// Takes one message, and answers the questions about numbers that follow from it.
    pub fn msg(&mut self, msg: Msg) {
        let now = Now { since_start: self.at, wall: wall() + self.at };
        for effect in update(&mut self.app, now, msg) {
            self.answer(effect, now.wall);
        }
    }

    fn answer(&mut self, effect: Effect, now: Timestamp) {
        match effect {
            Effect::Numbers { generation, backends } => {
                let found = backends.iter().map(|backend| (backend.clone(), self.numbers(now))).collect();
                let used =
                    |backend: &RuleBackend| (backend.route.clone(), Ok(Used::of(PROVIDERS[0].clone())));
                let used = backends.iter().map(used).collect();
                let answer = Ok(Snapshot {
                    evaluated_at: now,
                    window: WINDOW,
                    backends: found,
                    used,
                    warnings: Vec::new(),
                });
                self.msg(Msg::Numbers { generation, asked: backends, answer });
            }
            Effect::History { generation, backends } => {
                let found: HashMap<_, _> =
                    backends.iter().map(|backend| (backend.clone(), self.history())).collect();
                let answer = Ok(History { step: STEP, backends: found, warnings: Vec::new() });
                self.msg(Msg::History { generation, asked: backends, answer });
            }
            _ => {}
        }
    }

    /// A number that changes with each sample, from 0 to 1.
    fn noise(&self, salt: u32) -> f64 {
        f64::from((self.sample.wrapping_add(salt)).wrapping_mul(2_654_435_761) >> 8 & 0xffff) / 65_536.0
    }

    fn numbers(&self, now: Timestamp) -> Numbers {
        let quantile = |seconds: f64| Some(Quantile { seconds, bucket: (seconds / 2.0, seconds * 2.0) });
        let rate = 100.0 + 100.0 * self.noise(1);
        Numbers {
            requests_per_second: Some(rate),
            requests: Some(rate * WINDOW.as_secs_f64()),
            error_rate: Some(0.02 * self.noise(2)),
            p50: quantile(0.01 + 0.01 * self.noise(3)),
            p95: quantile(0.04 + 0.04 * self.noise(4)),
            p99: quantile(0.1 + 0.1 * self.noise(5)),
            newest_sample: Some(now),
            not_a_number: false,
            granularity: Granularity::Service,
        }
    }

    fn history(&self) -> BackendHistory {
        let series = |salt| {
            let mut series = Series::new(STEP, POINTS as usize);
            for point in 0..POINTS {
                series.push(wall() - STEP * (POINTS - point), Some(self.noise(salt + point)));
            }
            series
        };
        BackendHistory {
            requests_per_second: series(100),
            error_rate: series(200),
            p50: series(300),
            p95: series(400),
            p99: series(500),
        }
    }

    fn watch(&mut self, update: Update) {
        let generation = self.app.generation;
        self.msg(Msg::Watch { generation, update });
    }

    /// Another weight on the first route.
    pub fn one_row(&mut self, version: u32) {
        self.watch(Update::Applied(Ok(route(0, version % 2 * 5 + 5, version + 1))));
    }

    /// Time passes until the next sample, and all numbers in sight change.
    pub fn sample(&mut self) {
        self.at += SAMPLE;
        self.sample += 1;
        self.msg(Msg::Tick);
    }

    /// Draws one frame; how many bytes it was.
    pub fn draw(&mut self) -> usize {
        let before = self.bytes.0.get();
        let (app, look) = (&self.app, &self.look);
        self.terminal.draw(|frame| ui::draw(frame, app, look)).unwrap();
        self.bytes.0.get() - before
    }
}

fn wall() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn start() -> Start {
    Start {
        note: None,
        home: Place {
            context: "prod-eu".to_owned(),
            server: "https://127.0.0.1:6443".to_owned(),
            namespace: "n0".into(),
        },
        scope: Scope::All,
        has_metrics: true,
        metered: Vec::new(),
        refresh: SAMPLE,
        settle: Duration::from_secs(15),
        conventions: Conventions::default(),
        keymap: Keymap::default(),
        chosen: HashMap::new(),
        unfinished: Vec::new(),
        contexts: Vec::new(),
        themes: Vec::new(),
        theme: String::new(),
        message: None,
    }
}

fn route(number: usize, weight: u32, generation: u32) -> Route {
    let json = serde_json::json!({
        "metadata": {
            "namespace": format!("n{}", number % 10), "name": format!("route-{number}"),
            "uid": format!("uid-{number}"), "generation": generation, "resourceVersion": generation.to_string()
        },
        "spec": { "rules": [{ "backendRefs": [
            { "name": format!("svc-{number}-stable"), "port": 8080, "weight": 100 - weight },
            { "name": format!("svc-{number}-canary"), "port": 8080, "weight": weight }
        ] }] }
    });
    Route::from_json(&json.to_string()).unwrap()
}
