//! States made by hand, for the tests of `app/` and `ui/`.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{App, Effect, Msg, Now, Place, Start, Step, update};
use crate::cluster::{Access, Endpoints, Facts, Listed, Pods, Scope, Update};
use crate::keys::{Key, Keymap};
use crate::metrics::{Granularity, Numbers, PROVIDERS, Quantile, Snapshot, Used};
use crate::pilot::{BackendFacts, DryRun, Planned, Prepared};
use crate::rollout::{
    Check, Conventions, Course, Demand, ErrorCount, Evidence, Gate, Intent, Judged, Running, Seen, Split,
    Turn, Verdict, judged, plan,
};
use crate::route::{BackendRef, Path, PathKind, Route, RouteId, RuleBackend};
use crate::stats::{Counts, Limits, Tick, Ticks, unix_seconds};

/// An app with a clock that is moved by hand.
pub(crate) struct Bench {
    pub app: App,
    pub effects: Vec<Effect>,
    at: Duration,
}

pub(crate) fn start() -> Start {
    Start {
        note: None,
        home: Place {
            context: "prod-eu".to_owned(),
            server: "https://10.0.0.1:6443".to_owned(),
            namespace: "shop".into(),
        },
        scope: Scope::Namespace("shop".into()),
        has_metrics: true,
        metered: Vec::new(),
        refresh: super::REFRESH,
        settle: Duration::from_secs(15),
        conventions: Conventions::default(),
        keymap: Keymap::default(),
        chosen: HashMap::new(),
        unfinished: Vec::new(),
        contexts: vec!["prod-eu".into(), "prod-us".into()],
        themes: vec!["dark".into(), "light".into()],
        theme: "dark".into(),
        message: None,
    }
}

fn wall() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

impl Bench {
    pub fn new(start: Start, size: (u16, u16)) -> Self {
        let (app, effects) = App::new(start, size, wall());
        Self { app, effects, at: Duration::ZERO }
    }

    /// Connected, with these routes, ten minutes after the start.
    pub fn with(size: (u16, u16), listed: Vec<Listed>) -> Self {
        let mut bench = Self::new(start(), size);
        bench.watch(Update::Reset(listed));
        bench.watch(Update::Started);
        bench.msg(Msg::User("anna@example.com".into()));
        bench.msg(Msg::Access { namespace: "shop".into(), answer: Ok(Access::Granted) });
        bench.after(600_000);
        bench
    }

    pub fn now(&self) -> Now {
        let wall = wall() + jiff::SignedDuration::try_from(self.at).unwrap();
        Now { since_start: self.at, wall }
    }

    /// Time passes, and the runner's timer rings.
    pub fn after(&mut self, milliseconds: u64) -> &mut Self {
        self.at += Duration::from_millis(milliseconds);
        self.msg(Msg::Tick)
    }

    pub fn msg(&mut self, msg: Msg) -> &mut Self {
        let now = self.now();
        self.effects = update(&mut self.app, now, msg);
        self
    }

    pub fn watch(&mut self, update: Update) -> &mut Self {
        let generation = self.app.generation;
        self.msg(Msg::Watch { generation, update })
    }

    pub fn key(&mut self, key: Key) -> &mut Self {
        self.msg(Msg::Key(key))
    }

    /// Each character as a key.
    pub fn keys(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            self.key(Key::Char(letter));
        }
        self
    }

    /// Numbers of the demo's two backends.
    pub fn numbers(&mut self) -> &mut Self {
        self.numbers_with(0.0123)
    }

    /// The same, with another error rate of the canary.
    pub fn numbers_with(&mut self, errors: f64) -> &mut Self {
        let generation = self.app.generation;
        let asked = places();
        let evaluated_at = self.now().wall;
        let quantile = |seconds: f64| Some(Quantile { seconds, bucket: (seconds / 2.0, seconds * 2.0) });
        let numbers = |rate: f64, failed: f64, slow: f64| Numbers {
            requests_per_second: Some(rate),
            requests: Some(rate * 60.0),
            error_rate: Some(failed),
            p50: quantile(0.0031 * slow),
            p95: quantile(0.0089 * slow),
            p99: quantile(0.0124 * slow),
            newest_sample: Some(evaluated_at),
            not_a_number: false,
            granularity: Granularity::Service,
        };
        let backends = [numbers(190.0, 0.0004, 1.0), numbers(10.0, errors, 1.3)];
        let contour = PROVIDERS.iter().find(|provider| provider.name == "contour").unwrap();
        let used = asked.iter().map(|place| (place.route.clone(), Ok(Used::of(contour.clone()))));
        let answer = Ok(Snapshot {
            used: used.collect(),
            evaluated_at,
            window: super::WINDOW,
            backends: asked.iter().cloned().zip(backends).collect(),
            warnings: Vec::new(),
        });
        self.msg(Msg::Numbers { generation, asked, answer })
    }

    pub fn facts(&mut self) -> &mut Self {
        let generation = self.app.generation;
        let found = [("checkout-stable", "v1.4.1", 3), ("checkout-canary", "v1.5.0-rc2", 3)]
            .map(|(name, version, ready)| (backend(name), facts(version, ready)));
        self.msg(Msg::Facts { generation, found: found.into() })
    }

    /// So many requests of the backend that may gain were counted, and so many of them failed.
    pub fn counted(&mut self, requests: f64, errors: f64) -> &mut Self {
        let asked = self.effects.iter().find_map(|effect| match effect {
            Effect::Count { generation, plan, .. } => {
                Some((*generation, plan.advancing.first()?.clone(), plan.starts()))
            }
            _ => None,
        });
        let Some((generation, backend, starts)) = asked else { return self };
        let seen = if starts {
            Seen::Entry(ErrorCount { requests, errors, seconds: 600.0 })
        } else {
            let judged = judged_by(requests, errors, self.now().wall);
            Seen::Running(vec![Running { backend: backend.clone(), judged, pressure: Ok(None) }])
        };
        let answer = Ok(Evidence { seen, own: Vec::new() });
        self.msg(Msg::Counted { generation, backend, answer })
    }

    /// The number of the preparation that was asked for by the last message.
    pub fn ticket(&self) -> u64 {
        self.effects
            .iter()
            .find_map(|effect| match effect {
                Effect::Prepare { ticket, .. } => Some(*ticket),
                _ => None,
            })
            .unwrap_or_else(|| panic!("nothing is prepared: {:?}", self.effects))
    }

    /// Answers the preparation with what the app was asked for, on the route as it is known.
    pub fn prepared(&mut self, verdict: Verdict, demand: Demand) -> &mut Self {
        self.prepared_of("checkout", verdict, demand)
    }

    /// As [`Bench::prepared`], of another route in `shop`.
    pub fn prepared_of(&mut self, name: &str, verdict: Verdict, demand: Demand) -> &mut Self {
        let (ticket, intent) = self
            .effects
            .iter()
            .find_map(|effect| match effect {
                Effect::Prepare { ticket, request } => Some((*ticket, request.intent.clone())),
                _ => None,
            })
            .unwrap_or_else(|| panic!("nothing is prepared: {:?}", self.effects));
        let route = self.app.routes.get(&RouteId::new("shop", name)).unwrap().clone();
        let answer = Ok(Box::new(prepared(&route, &intent, verdict, demand)));
        self.msg(Msg::Prepared { ticket, answer })
    }

    /// Answers the preparation of a rollback that leaves `remaining` other paths to the canary open.
    pub fn prepared_beside(&mut self, remaining: usize) -> &mut Self {
        let ticket = self.ticket();
        let intent = self.dialog().ask.intent.clone().unwrap();
        let mut answer = prepared(&checkout(7, 95, 5), &intent, Verdict::NotApplicable, Demand::Yes);
        let path = |rule| Path {
            route: RouteId::new("shop", "beta"),
            rule,
            label: "x-beta: 1".to_owned(),
            kind: PathKind::Alone,
        };
        answer.remaining = (0..remaining).map(path).collect();
        self.msg(Msg::Prepared { ticket, answer: Ok(Box::new(answer)) })
    }

    pub fn dialog(&self) -> &super::ChangeDialog {
        self.app.layers.dialog().unwrap_or_else(|| panic!("no dialog: {:?}", self.app.layers))
    }

    pub fn is_ready(&self) -> bool {
        matches!(self.dialog().step, Step::Ready(_))
    }

    pub fn carries(&self) -> bool {
        self.effects.iter().any(|effect| matches!(effect, Effect::Carry { .. }))
    }

    pub fn said(&self) -> &str {
        self.app.said.as_ref().map_or("", |said| &said.text)
    }
}

pub(crate) fn backend(name: &str) -> BackendRef {
    BackendRef::service("shop", name, 8080)
}

/// The places of the demo's two backends.
pub(crate) fn places() -> Vec<RuleBackend> {
    checkout(7, 95, 5).rule_backends(0).collect()
}

fn facts(version: &str, ready: u32) -> Facts {
    Facts {
        endpoints: Ok(Endpoints { ready, total: 3 }),
        pods: Ok(Pods {
            versions: Box::default(),
            images: [format!("registry.example/shop/checkout:{version}").into()].into(),
            restarts: 0,
            oom_kills: 0,
            newest: None,
        }),
    }
}

/// The demo's route.
pub(crate) fn checkout(generation: i64, stable: u32, canary: u32) -> Route {
    split("checkout", generation, &[("checkout-stable", stable), ("checkout-canary", canary)])
}

/// An accepted route with one split.
pub(crate) fn split(name: &str, generation: i64, backends: &[(&str, u32)]) -> Route {
    route(name, generation, &[("/", backends)])
}

/// An accepted route with rules by path.
pub(crate) fn route(name: &str, generation: i64, rules: &[(&str, &[(&str, u32)])]) -> Route {
    let parent = serde_json::json!({"name": "edge", "namespace": "gateway-system"});
    let rules: Vec<_> = rules
        .iter()
        .map(|(path, backends)| {
            let refs: Vec<_> = backends
                .iter()
                .map(|(name, weight)| serde_json::json!({"name": name, "port": 8080, "weight": weight}))
                .collect();
            serde_json::json!({
                "matches": [{"path": {"type": "PathPrefix", "value": path}}],
                "backendRefs": refs,
            })
        })
        .collect();
    let condition = |kind: &str| serde_json::json!({"type": kind, "status": "True", "reason": kind, "observedGeneration": generation});
    let json = serde_json::json!({
        "metadata": {
            "namespace": "shop", "name": name, "uid": format!("uid-{name}"), "generation": generation,
            "annotations": {},
            "managedFields": [{"manager": "kubectl-edit", "operation": "Update", "time": "2026-02-28T12:00:00Z",
                "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {}}}],
        },
        "spec": {"parentRefs": [parent.clone()], "hostnames": [format!("{name}.example")], "rules": rules},
        "status": {"parents": [{
            "parentRef": parent, "controllerName": "projectcontour.io/gateway-controller",
            "conditions": [condition("Accepted"), condition("ResolvedRefs")],
        }]},
    });
    Route::from_json(&json.to_string()).unwrap()
}

/// What the pilot would answer.
pub(crate) fn prepared(route: &Route, intent: &Intent, verdict: Verdict, demand: Demand) -> Prepared {
    let plan = plan(route, intent, &Conventions::default(), None).unwrap();
    let check = |name, verdict, words: &str| Check { name, verdict, words: words.to_owned() };
    let checks = match verdict {
        Verdict::NotApplicable => Vec::new(),
        _ => vec![
            check("accepted", Verdict::Pass, "accepted, references resolved, generation observed"),
            check("endpoints", Verdict::Pass, "checkout-canary 3/3 ready"),
            check("errors", verdict, "1.22 % of 1234 failed in 10m, limit 1 % (0.61-2.10)"),
        ],
    };
    let backends = plan
        .backends()
        .into_iter()
        .map(|backend| {
            let version = if backend.name.ends_with("canary") { "v1.5.0-rc2" } else { "v1.4.1" };
            BackendFacts { backend, facts: facts(version, 3) }
        })
        .collect();
    Prepared {
        planned: vec![Planned { plan, fresh: route.clone(), dry_run: DryRun::Accepted }],
        backends,
        gate: Gate { checks, owner_refuses: false },
        demand,
        remaining: Vec::new(),
        shared: Vec::new(),
        unseen: None,
    }
}

/// Ten minutes of a rollout from 0 to 5 %, scraped every five seconds: what came of the canary's requests. Stable has 19
/// times as many, of which 4 in 10,000 failed.
fn judged_by(requests: f64, errors: f64, now: Timestamp) -> Judged {
    const TICKS: u32 = 120;
    let began = now - SignedDuration::from_secs(604);
    let of = |requests: f64, errors: f64| {
        let requests = requests / f64::from(TICKS);
        let slow = [0.5, 0.1, 0.02, 0.001].map(|share| share * requests).to_vec();
        Counts { requests, errors: errors / f64::from(TICKS), slow }
    };
    let stable = 19.0 * requests;
    let tick = |index: u32| Tick {
        end: unix_seconds(began) + f64::from(index) * 5.0,
        seconds: 5.0,
        target: 0,
        scale: 1.0,
        backends: vec![of(stable, 0.0004 * stable), of(requests, errors)],
    };
    let newest = Some(unix_seconds(now) - 4.0);
    let ticks = Ticks {
        rounds: (1..=TICKS).map(|index| vec![tick(index)]).collect(),
        edges_ms: vec![5.0, 10.0, 25.0, 100.0],
        paired: true,
        scrape_seconds: Some(5.0),
        newest: vec![newest, newest],
        ..Ticks::default()
    };
    let turn = Turn { at: began, before: vec![1.0, 0.0], after: vec![0.95, 0.05] };
    let split = Split { canary: 1, stable: 0, target: 0.1, sticky: false };
    let limits = Limits { settle: 0.0, ..Limits::default() };
    judged(&ticks, &Course { began, turns: vec![turn] }, split, limits, now)
}
