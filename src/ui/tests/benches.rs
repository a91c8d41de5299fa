//! The screens that there are to look at.

use super::*;
use crate::diagnose;

/// A night in the shop: routes in every state.
pub(super) fn shop() -> Bench {
    let mut pending = split("payments", 3, &[("payments-stable", 50), ("payments-canary", 50)]);
    pending.generation = 4;
    let mut refused = split("search", 2, &[("search-blue", 100), ("search-green", 0)]);
    refused.status[0].conditions[0].status = crate::route::Truth::False;
    refused.status[0].conditions[0].message = "no listener matches".into();
    let bad =
        BadRoute { id: RouteId::new("shop", "legacy"), why: "invalid type: string, expected u32".into() };
    let premium: &[(&str, u32)] = &[("cart-stable", 1)];
    let cart = route(
        "cart",
        1,
        &[
            ("/", &[("cart-stable", 90), ("cart-canary", 10)]),
            ("/v2", &[("cart-v2", 3), ("cart-v3", 1)]),
            ("/p", premium),
        ],
    );
    let mut owned = split("api", 5, &[("api-v1", 95), ("api-v2", 5)]);
    owned.owners = [crate::route::Owner::ArgoCd].into();
    let listed = vec![
        Ok(checkout(7, 95, 5)),
        Ok(pending),
        Ok(refused),
        Err(bad),
        Ok(cart),
        Ok(owned),
        Ok(split("static", 1, &[("static", 1)])),
        Ok(split("triple", 1, &[("a-stable", 800), ("a-canary", 150), ("a-next", 50)])),
    ];
    let mut bench = Bench::with(LARGE, listed);
    while bench.app.selected().is_none_or(|split| &*split.route.id.name != "checkout") {
        bench.keys("j");
    }
    for _ in 0..12 {
        bench.numbers().after(10_000);
    }
    bench.numbers().facts();
    bench
}

pub(super) fn step(verdict: Verdict, demand: Demand) -> Bench {
    let mut bench = shop();
    bench.keys("s").prepared(verdict, demand).after(400);
    bench
}

pub(super) fn rollback() -> Bench {
    let mut bench = shop();
    bench.keys("r");
    let (ticket, intent) = (bench.ticket(), bench.dialog().ask.intent.clone().unwrap());
    let mut answer = prepared(&checkout(7, 95, 5), &intent, Verdict::NotApplicable, Demand::Yes);
    let path = |rule, label: &str, kind| Path {
        route: RouteId::new("shop", "beta"),
        rule,
        label: label.to_owned(),
        kind,
    };
    answer.remaining = vec![path(0, "x-beta: 1", PathKind::Alone), path(1, "/copy", PathKind::Mirror)];
    bench.msg(Msg::Prepared { ticket, answer: Ok(Box::new(answer)) });
    bench
}

pub(super) fn nobody_ready() -> Bench {
    let mut bench = shop();
    bench.keys("r");
    let (ticket, intent) = (bench.ticket(), bench.dialog().ask.intent.clone().unwrap());
    let demand = Demand::Name("checkout-stable".into());
    let mut answer = prepared(&checkout(7, 95, 5), &intent, Verdict::NotApplicable, demand);
    for known in &mut answer.backends {
        known.facts.endpoints = Ok(crate::cluster::Endpoints { ready: 0, total: 3 });
    }
    bench.msg(Msg::Prepared { ticket, answer: Ok(Box::new(answer)) }).keys("checkout-st");
    bench
}

pub(super) fn running() -> Bench {
    let mut bench = step(Verdict::Pass, Demand::Yes);
    bench.keys("y");
    let change = bench.app.changes.running().next().unwrap().id;
    let fresh: Route = checkout(8, 90, 10);
    bench.msg(Msg::Progress {
        change,
        progress: Progress {
            route: fresh.id.clone(),
            stage: Stage::Observed,
            words: "settling for 15 s".to_owned(),
            fresh: Some(fresh),
        },
    });
    bench
}

/// The split of `route`, open.
pub(super) fn open(mut bench: Bench, route: &str) -> Bench {
    bench.keys("g");
    while bench.app.selected().is_none_or(|split| &*split.route.id.name != route) {
        bench.keys("j");
    }
    bench.key(Key::Enter).counted(1234.0, 15.0);
    bench.numbers().facts();
    bench
}

/// The open splits there are.
pub(super) fn splits() -> Vec<(&'static str, Bench)> {
    let mut ladder = open(shop(), "checkout");
    ladder.key(Key::Tab);
    let mut gone = open(shop(), "checkout");
    gone.watch(Update::Deleted(RouteId::new("shop", "checkout")));
    let mut no_metrics = Bench::new(Start { has_metrics: false, ..start() }, LARGE);
    no_metrics.watch(Update::Reset(vec![Ok(checkout(7, 93, 7))])).key(Key::Enter);
    vec![
        ("split", open(shop(), "checkout")),
        ("split ladder", ladder),
        ("split of three", open(shop(), "triple")),
        ("split pair", open(shop(), "search")),
        ("split guessed", open(shop(), "api")),
        ("split under way", open(running(), "checkout")),
        ("split gone", gone),
        ("split without metrics", no_metrics),
    ]
}

pub(super) fn lost() -> Trouble {
    Trouble {
        what: "watch routes in namespace shop".into(),
        why: Why::Unreachable("refused".into()),
        advice: None,
    }
}

/// Every screen and dialog there is.
pub(super) fn screens() -> Vec<(&'static str, Bench)> {
    let mut all = vec![
        ("connecting", Bench::new(start(), LARGE)),
        ("routes", shop()),
        ("step", step(Verdict::Pass, Demand::Yes)),
        ("reason", step(Verdict::Hold, Demand::Reason)),
        ("name", step(Verdict::Fail, Demand::Name("checkout-canary".into()))),
        ("rollback", rollback()),
        ("nobody ready", nobody_ready()),
        ("running", running()),
        ("empty", Bench::with(LARGE, Vec::new())),
    ];
    let mut no_metrics = Bench::new(Start { has_metrics: false, scope: Scope::All, ..start() }, LARGE);
    no_metrics.watch(Update::Reset(vec![Ok(checkout(7, 95, 5))]));
    let with = |mut bench: Bench, keys: &str| {
        bench.keys(keys);
        bench
    };
    all.push(("palette", with(shop(), ":ste")));
    all.push(("filter", with(shop(), "/cart")));
    all.push(("messages", with(shop(), ".om")));
    all.push(("yaml", with(shop(), "d")));
    all.push(("walk", walked(shop())));
    all.push(("frozen", with(shop(), " ")));
    all.push(("timeline", with(shop(), "l")));
    let mut away = shop();
    away.watch(Update::Lost(lost())).after(27_000);
    let mut never = Bench::new(start(), LARGE);
    never.watch(Update::Lost(lost()));
    let mut expired = step(Verdict::Pass, Demand::Yes);
    expired.after(30_000);
    let mut failed = shop();
    failed.keys("s");
    let ticket = failed.ticket();
    failed.msg(Msg::Prepared { ticket, answer: Err(PrepareError::Gone(RouteId::new("shop", "checkout"))) });
    let mut proven = running();
    let change = proven.app.changes.running().next().unwrap().id;
    proven.msg(Msg::Ended { change, ending: Ending::Proven("9.6 % observed".into()) });
    let mut viewer = shop();
    viewer
        .msg(Msg::Access { namespace: "shop".into(), answer: Ok(Access::Denied("patch httproutes".into())) });
    let mut choose = shop();
    while choose.app.selected().is_none_or(|split| &*split.route.id.name != "api") {
        choose.keys("k");
    }
    choose.keys("s");
    let mut reason = step(Verdict::NoData, Demand::Reason);
    reason.keys("3").keys("it is the only one");
    all.extend(vec![
        ("help", with(shop(), "?")),
        ("quit", with(running(), "q")),
        ("weights", with(shop(), "w7")),
        ("preparing", with(shop(), "ry")),
        ("bad object", with(shop(), "gjjj")),
        ("whole route", with(shop(), "G")),
        ("no metrics", no_metrics),
        ("lost", away),
        ("never connected", never),
        ("expired", expired),
        ("failed", failed),
        ("proven", proven),
        ("viewer", viewer),
        ("choose", choose),
        ("typed reason", reason),
    ]);
    all.extend(splits());
    all
}

/// A debugging walk with a finding of each kind.
fn walked(mut bench: Bench) -> Bench {
    let finding = |verdict, seen: &str| diagnose::Finding {
        verdict,
        seen: seen.into(),
        advice: (verdict != diagnose::Verdict::Ok).then(|| "look at its pods and its selector".into()),
        explain: Some("none"),
    };
    let step = |place, verdict, seen: &str| diagnose::Step {
        step: place,
        verdict,
        findings: vec![finding(verdict, seen)],
    };
    bench.keys("x");
    let steps = vec![
        step(
            diagnose::Place::Route,
            diagnose::Verdict::Warning,
            "requests with x-tier: premium never come to it",
        ),
        step(diagnose::Place::Parents, diagnose::Verdict::Ok, "Gateway infra/edge is programmed"),
        step(
            diagnose::Place::Backends,
            diagnose::Verdict::Broken,
            "checkout-canary has no ready endpoint (0 of 3)",
        ),
        step(diagnose::Place::Split, diagnose::Verdict::Unknown, "no data: the metrics do not answer"),
    ];
    let route = RouteId::new("shop", "checkout");
    let walk = diagnose::Walk { namespace: "shop".into(), name: "checkout".into(), generation: 7, steps };
    let generation = bench.app.generation;
    bench.msg(Msg::Walked { generation, route, answer: Ok(Box::new(walk)) });
    bench
}
