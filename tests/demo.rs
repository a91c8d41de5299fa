//! The demo's stories from beginning to end, in time that stands still: seconds of them take milliseconds.
#![expect(clippy::expect_used, clippy::panic, reason = "a test panics when it fails")]

use std::sync::Arc;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tempfile::TempDir;
use tidegate::app::Msg;
use tidegate::audit::Journal;
use tidegate::cli::{Engine, demo_session};
use tidegate::clock::Clock;
use tidegate::config::Settings;
use tidegate::demo::{Demo, Scenario};
use tidegate::keys::Key;
use tidegate::pilot::{Ending, NotWritten, Pilot, Prepared, Request};
use tidegate::rollout::{ChangeRecord, Confirmation, Conventions, Direction, Intent, LogRules, Verdict};
use tidegate::route::{BackendRef, DataPlane, RouteId, RuleBackend};
use tidegate::ui::theme::{Depth, Theme};
use tidegate::ui::{self, Look};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant, advance, sleep, timeout_at};

/// A demo with somebody who changes things in it.
struct Play {
    demo: Demo,
    pilot: Pilot,
    _folder: TempDir,
}

fn play(scenario: Scenario, seed: u64) -> Play {
    play_by(scenario, seed, Conventions::default())
}

fn play_by(scenario: Scenario, seed: u64, conventions: Conventions) -> Play {
    let clock = Clock::starting_at("2026-03-14T09:00:00Z".parse().expect("a time"));
    let demo = Demo::start(scenario, seed, clock);
    let folder = TempDir::new().expect("a folder");
    let journal = Arc::new(Journal::at(folder.path().join("journal")));
    let pilot = Pilot::new(demo.cluster(), demo.metrics(), journal, conventions, Demo::timing(), "you")
        .with_clock(clock);
    Play { demo, pilot, _folder: folder }
}

fn service(name: &str) -> BackendRef {
    BackendRef::service("shop", name, 8080)
}

fn step() -> Intent {
    Intent::Step { rule: 0, direction: Direction::Next, canary: None }
}

fn rollback() -> Intent {
    Intent::Drain { from: service("checkout-canary"), into: service("checkout-stable"), other_paths: false }
}

impl Play {
    async fn prepare(&self, route: &RouteId, intent: Intent) -> Prepared {
        let request = Request { route: route.clone(), intent, related: Vec::new(), everywhere: false };
        self.pilot.prepare(&request).await.unwrap_or_else(|error| panic!("{error}"))
    }

    async fn carry(&self, prepared: Prepared, typed: &str) -> Ending {
        let given = Confirmation { reason: Some("to see it".to_owned()), typed: Some(typed.to_owned()) };
        let confirmed = prepared.confirm(given).unwrap_or_else(|error| panic!("{error}"));
        self.pilot.carry(confirmed, &unbounded_channel().0).await
    }

    async fn change(&self, intent: Intent) -> Ending {
        let prepared = self.prepare(&checkout(), intent).await;
        self.carry(prepared, "checkout-canary").await
    }

    async fn verdict_of_a_step(&self) -> Verdict {
        self.prepare(&checkout(), step()).await.gate.verdict()
    }

    /// Errors of the canary over the last ten seconds; `None` when it got no request.
    async fn errors(&self) -> Option<f64> {
        let canary = [RuleBackend {
            route: checkout(),
            rule: 0,
            index: 1,
            to: service("checkout-canary"),
            data_plane: DataPlane::default(),
        }];
        let metrics = self.demo.metrics().expect("a source");
        let snapshot = metrics.numbers(&canary, Duration::from_secs(10)).await.expect("numbers");
        snapshot.get(&canary[0]).expect("a series").error_rate
    }
}

fn checkout() -> RouteId {
    RouteId::new("shop", "checkout")
}

#[tokio::test(start_paused = true)]
async fn failing_steps_raise_errors_the_verdict_turns_and_a_rollback_stops_them() {
    let play = play(Scenario::Failing, 1);
    assert_eq!(play.verdict_of_a_step().await, Verdict::Pass, "at 5 % nothing is wrong yet");
    assert!(play.errors().await.expect("requests") < 0.02);
    let began = Instant::now();
    assert!(matches!(play.change(step()).await, Ending::Proven(_)));
    // Simulated time, which passes at once: the window holds requests of the new share alone.
    sleep(Duration::from_secs(20)).await;
    assert!(play.errors().await.expect("requests") > 0.05, "at 10 % its errors show");
    assert_eq!(play.verdict_of_a_step().await, Verdict::Fail);
    assert!(matches!(play.change(step()).await, Ending::Proven(_)), "by typing its name it gets 25 %");
    assert!(play.errors().await.expect("requests") > 0.2);
    let rolled = Instant::now();
    let ending = play.change(rollback()).await;
    assert!(matches!(ending, Ending::Proven(_)), "{ending:?}");
    assert!(rolled.elapsed() < Duration::from_secs(20), "the proof takes seconds");
    assert!(began.elapsed() < Duration::from_mins(3), "the whole story in three minutes");
    // Simulated: so old are then the canary's last requests that the window of 10 s holds none.
    sleep(Duration::from_secs(12)).await;
    assert_eq!(play.errors().await, None, "nothing reaches the canary any more");
}

#[tokio::test(start_paused = true)]
async fn healthy_the_canary_goes_up_stage_by_stage() {
    let play = play(Scenario::Healthy, 1);
    for stage in [10, 25, 50] {
        assert_eq!(play.verdict_of_a_step().await, Verdict::Pass, "before {stage} %");
        let ending = play.change(step()).await;
        assert!(matches!(ending, Ending::Proven(_)), "{stage} %: {ending:?}");
        assert_eq!(play.verdict_of_a_step().await, Verdict::Hold, "{stage} % has not baked");
        // Simulated.
        sleep(Duration::from_mins(3)).await;
    }
    assert!(play.errors().await.expect("requests") < 0.01);
    let route = play.demo.cluster().get(&checkout()).await.expect("the route");
    let noted = ChangeRecord::newest(&route).expect("a note").images;
    assert!(noted["checkout-canary"].ends_with("checkout:v1.5.0-rc2"), "which release it was: {noted:?}");
}

#[tokio::test(start_paused = true)]
async fn slow_it_takes_long_and_is_proven_all_the_same() {
    let play = play(Scenario::Slow, 1);
    let began = Instant::now();
    let ending = play.change(rollback()).await;
    assert!(matches!(ending, Ending::Proven(_)), "{ending:?}");
    assert!(began.elapsed() > Duration::from_secs(16), "controller and gateway took their time");
}

#[tokio::test(start_paused = true)]
async fn without_metrics_a_rollback_is_written_and_not_proven() {
    let play = play(Scenario::NoMetrics, 1);
    assert!(play.demo.metrics().is_none());
    assert_eq!(play.verdict_of_a_step().await, Verdict::NoData);
    assert!(matches!(play.change(rollback()).await, Ending::Unproven(_)));
}

#[tokio::test(start_paused = true)]
async fn contested_a_step_that_was_overtaken_is_not_written_and_an_owner_takes_its_weights_back() {
    let play = play(Scenario::Contested, 1);
    let prepared = play.prepare(&checkout(), step()).await;
    // Simulated: the colleague writes at least once in that time.
    sleep(Duration::from_mins(1)).await;
    let ending = play.carry(prepared, "checkout-canary").await;
    assert!(matches!(ending, Ending::NotWritten(NotWritten::Changed { .. })), "{ending:?}");
    let payments = RouteId::new("wallet", "payments");
    let prepared = play.prepare(&payments, step()).await;
    let ending = play.carry(prepared, "payments-canary").await;
    assert!(matches!(&ending, Ending::Unproven(why) if why.contains("flagger")), "{ending:?}");
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_fails_logs_more_than_twice_as_many_errors() {
    // Those of before are forgotten sooner.
    let logs = LogRules { since: Duration::from_secs(30), ..LogRules::default() };
    let mut conventions = Conventions { logs, ..Conventions::default() };
    conventions.gates.rules.set("logs", "on").expect("a rule");
    let play = play_by(Scenario::Failing, 1, conventions);
    let logged = async || {
        let route = play.demo.cluster().get(&checkout()).await.expect("the route");
        play.pilot.logged(&route, 0, None).await
    };
    let (versions, check) = logged().await;
    let read: Vec<usize> = versions.iter().map(|version| version.errors.pods).collect();
    assert_eq!(read, [5, 3], "of six pods of stable five are read");
    assert_eq!(versions[0].errors.unread, ["1 more pod"]);
    assert_eq!(check.expect("both roles are known").verdict, Verdict::Pass);
    for _ in 0..2 {
        assert!(matches!(play.change(step()).await, Ending::Proven(_)));
    }
    sleep(Duration::from_secs(30)).await;
    let (versions, check) = logged().await;
    let check = check.expect("both roles are known");
    assert_eq!(check.verdict, Verdict::Hold, "{check:?}");
    let gate = play.prepare(&checkout(), step()).await.gate;
    assert!(gate.checks.contains(&check), "{gate:?}");
    assert!(versions[1].errors.examples[0].contains("ERROR"), "{versions:?}");
}

/// The cockpit as it stands after some seconds, at 120x40.
async fn screen(seed: u64, keys: &str) -> String {
    let play = play(Scenario::Failing, seed);
    let folder = TempDir::new().expect("a folder");
    let mut engine =
        Engine::start(demo_session(&play.demo, folder.path(), Settings::default()), (120, 40), None);
    rest(&mut engine, Duration::from_secs(3)).await;
    for key in keys.chars() {
        engine.take(Msg::Key(Key::Char(key)));
        rest(&mut engine, Duration::from_secs(1)).await;
    }
    rest(&mut engine, Duration::from_secs(30)).await;
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("a terminal");
    let look = Look {
        theme: Theme::built_in("mono", Depth::Ansi16).expect("a theme"),
        terminal: None,
        ascii: false,
    };
    terminal.draw(|frame| ui::draw(frame, engine.app(), &look)).expect("a frame");
    terminal.backend().to_string()
}

async fn rest(engine: &mut Engine, time: Duration) {
    let end = Instant::now() + time;
    while timeout_at(end, engine.next()).await.is_ok() {}
    advance(Duration::ZERO).await;
}

#[tokio::test(start_paused = true)]
async fn a_seed_gives_the_same_screen_each_time() {
    let one = screen(1, "sy").await;
    assert!(one.contains("nothing is real") && one.contains("checkout"), "{one}");
    assert!(one.contains("proven"), "{one}");
    assert_eq!(one, screen(1, "sy").await);
    assert_ne!(one, screen(2, "sy").await);
}

#[tokio::test(start_paused = true)]
async fn a_cut_line_is_said_and_mended() {
    let play = play(Scenario::Healthy, 1);
    let cluster = play.demo.cluster();
    cluster.get(&checkout()).await.expect("the route");
    play.demo.api().cut(true);
    assert!(cluster.get(&checkout()).await.is_err());
    play.demo.api().cut(false);
    cluster.get(&checkout()).await.expect("the route again");
}
