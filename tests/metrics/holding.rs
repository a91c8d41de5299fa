//! What a Prometheus in trouble does to a rollout: whatever it answers, the gate holds and nothing is proven; each trouble
//! has its own words. The cluster is the demo's, the Prometheus a scripted one behind real HTTP.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tidegate::audit::Journal;
use tidegate::clock::Clock;
use tidegate::demo::{Demo, Scenario};
use tidegate::pilot::{Ending, Pilot, Request, Timing};
use tidegate::rollout::{Confirmation, Conventions, Direction, Intent, Verdict};
use tidegate::route::{BackendRef, RouteId};
use tokio::sync::mpsc::unbounded_channel;

use super::server::{Asked, Reply, Server};
use super::source;

/// What is wrong with the Prometheus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// Nothing: without this row the others would show nothing.
    None,
    Hangs,
    WantsALogin,
    Rejects,
    LoginPage,
    NotANumber,
    Empty,
    InPart,
    OldSamples,
    Restarting,
    /// It forgot everything, and has one sample of counters that are not at 0.
    RestartedEmpty,
    /// All counters begin again every three seconds.
    Resetting,
    /// The series that were read until now have ended, and those of a new pod have their first sample.
    PodRestarted,
}

/// The trouble, what the gate says of it, and what the proof says.
const TABLE: [(Trouble, &str, &str); 10] = [
    (Trouble::Hangs, "did not answer within 5 s", "did not answer within 5 s"),
    (Trouble::WantsALogin, "wants another login (401)", "wants another login (401)"),
    (
        Trouble::Rejects,
        "rejected a query (422): too many samples",
        "rejected a query (422): too many samples",
    ),
    (Trouble::LoginPage, "answered with a web page", "answered with a web page"),
    (Trouble::NotANumber, "nothing was counted at these weights", "no traffic to judge"),
    (Trouble::Empty, "no samples of this backend", "no series for checkout-canary"),
    (
        Trouble::InPart,
        "answered only in part, and nothing is decided on a part: a store is down",
        "answered only in part",
    ),
    (Trouble::OldSamples, "newest sample is 6", "no scrape since it settled"),
    (Trouble::Restarting, "unable to answer now (503): Service Unavailable", "unable to answer now (503)"),
    (Trouble::RestartedEmpty, "too few samples to tell the scrape interval", "no scrape since it settled"),
];

/// The last `seconds` of a counter, one scrape a second; `at` is when the trouble began.
fn matrix(trouble: Trouble, metric: &str, canary_per_second: i64, seconds: i64, at: i64) -> String {
    let now = Timestamp::now().as_second();
    let series = |name: &str, instance: &str, samples: Vec<(i64, String)>| {
        let values: Vec<String> = samples.iter().map(|(at, value)| format!(r#"[{at},"{value}"]"#)).collect();
        let one = |label: &str| {
            format!(
                r#"{{"metric":{{"__name__":"{metric}","envoy_cluster_name":"{name}","job":"envoy",
                   "instance":"{instance}",{label}}},"values":[{}]}}"#,
                values.join(",")
            )
        };
        if metric.ends_with("_bucket") {
            format!("{},{}", one(r#""le":"10""#), one(r#""le":"+Inf""#))
        } else {
            one(r#""envoy_response_code_class":"2""#)
        }
    };
    let of = |name: &str, per_second: i64| -> Vec<String> {
        // It began long ago.
        let total = |at: i64| (per_second * (at % 10_000_000)).to_string();
        let range = |from: i64, to: i64| (from..=to).map(|at| (at, total(at))).collect();
        match trouble {
            Trouble::Empty => Vec::new(),
            Trouble::NotANumber => {
                vec![series(name, "a", (now - seconds..=now).map(|at| (at, "NaN".to_owned())).collect())]
            }
            Trouble::OldSamples => vec![series(name, "a", range(now - seconds, now - 60))],
            Trouble::RestartedEmpty => vec![series(name, "a", range(at, at))],
            Trouble::Resetting => {
                let value = |at: i64| (per_second * (at % 3)).to_string();
                vec![series(name, "a", (now - seconds..=now).map(|at| (at, value(at))).collect())]
            }
            Trouble::PodRestarted => vec![
                series(name, "a", range(now - seconds, at)),
                series(name, "b", vec![(at + 1, (per_second / 2).to_string())]),
            ],
            _ => vec![series(name, "a", range(now - seconds, now))],
        }
    };
    let all = [of("shop_checkout-stable_8080", 190), of("shop_checkout-canary_8080", canary_per_second)];
    format!("[{}]", all.concat().join(","))
}

fn answer(trouble: Trouble, canary_per_second: i64, at: i64, asked: &Asked) -> Reply {
    let query = asked.query();
    let metric = if query.contains("_bucket") {
        "envoy_cluster_upstream_rq_time_bucket"
    } else {
        "envoy_cluster_upstream_rq_xx"
    };
    let seconds = query
        .rsplit_once('[')
        .and_then(|(_, window)| window.trim_end_matches(['s', ']', 'm']).parse::<i64>().ok());
    match (trouble, seconds) {
        (Trouble::Hangs, _) => Reply::Silence,
        (Trouble::WantsALogin, _) => Reply::Whole(401, "text/plain", "Unauthorized".to_owned()),
        (Trouble::Rejects, _) => Reply::Whole(
            422,
            "application/json",
            r#"{"status":"error","errorType":"execution","error":"too many samples"}"#.to_owned(),
        ),
        (Trouble::LoginPage, _) => Reply::Whole(200, "text/html", "<html>Log in</html>".to_owned()),
        (Trouble::Restarting, _) => Reply::Whole(503, "text/plain", "Service Unavailable".to_owned()),
        (_, None) if query.contains("up") => Reply::vector(&[
            (r#"{"job":"envoy","instance":"a"}"#, "1"),
            (r#"{"job":"envoy","instance":"b"}"#, "1"),
        ]),
        (_, None) => Reply::vector(&[]),
        (Trouble::InPart, Some(seconds)) => Reply::Whole(
            200,
            "application/json",
            format!(
                r#"{{"status":"success","data":{{"resultType":"matrix","result":{}}},"warnings":["a store is down"]}}"#,
                matrix(trouble, metric, canary_per_second, seconds.min(700), at)
            ),
        ),
        (_, Some(seconds)) => {
            Reply::json("matrix", &matrix(trouble, metric, canary_per_second, seconds.min(700), at))
        }
    }
}

struct Rollout {
    pilot: Pilot,
    _demo: Demo,
    _server: Server,
    _folder: tempfile::TempDir,
}

/// A rollout at 95/5 that is judged by a Prometheus in trouble.
fn rollout(trouble: Trouble, canary_per_second: i64) -> Rollout {
    let at = Timestamp::now().as_second();
    let server = Server::start(move |asked| answer(trouble, canary_per_second, at, asked));
    let demo = Demo::start(Scenario::Healthy, 1, Clock::System);
    let folder = tempfile::tempdir().unwrap();
    let journal = Arc::new(Journal::at(folder.path().join("journal")));
    let source = source(&server.url, "contour");
    let timing = Timing {
        settle: Duration::ZERO,
        observe: Duration::from_secs(10),
        proof: Duration::from_secs(6),
        watch_on: Duration::ZERO,
    };
    let pilot =
        Pilot::new(demo.cluster(), Some(Arc::new(source)), journal, Conventions::default(), timing, "ann");
    Rollout { pilot, _demo: demo, _server: server, _folder: folder }
}

fn request(intent: Intent) -> Request {
    Request { route: RouteId::new("shop", "checkout"), intent, related: Vec::new(), everywhere: false }
}

/// The gate of the next step.
async fn gate(trouble: Trouble) -> (Verdict, String) {
    let rollout = rollout(trouble, 10);
    let step = Intent::Step { rule: 0, direction: Direction::Next, canary: None };
    let prepared = rollout.pilot.prepare(&request(step)).await.unwrap();
    (prepared.gate.verdict(), prepared.gate.words())
}

/// How a rollback ends, after which the canary gets nothing.
async fn ending(trouble: Trouble) -> Ending {
    let rollout = rollout(trouble, 0);
    let service = |name: &str| BackendRef::service("shop", name, 8080);
    let drain = Intent::Drain {
        from: service("checkout-canary"),
        into: service("checkout-stable"),
        other_paths: false,
    };
    let prepared = rollout.pilot.prepare(&request(drain)).await.unwrap();
    let confirmed = prepared.confirm(Confirmation::default()).unwrap();
    let (progress, _told) = unbounded_channel();
    rollout.pilot.carry(confirmed, &progress).await
}

#[tokio::test]
async fn a_healthy_prometheus_passes_and_proves() {
    let (gate, ending) = tokio::join!(Box::pin(gate(Trouble::None)), Box::pin(ending(Trouble::None)));
    assert_eq!(gate.0, Verdict::Pass, "{}", gate.1);
    assert!(matches!(ending, Ending::Proven(_)), "{ending}");
}

#[tokio::test]
async fn one_in_trouble_holds_and_proves_nothing() {
    let rows = TABLE.into_iter().map(|(trouble, at_gate, at_proof)| async move {
        let (gate, ending) = tokio::join!(Box::pin(gate(trouble)), Box::pin(ending(trouble)));
        println!("{trouble:?}\n  gate   {}: {}\n  ending {ending}", gate.0, gate.1);
        let mut wrong = Vec::new();
        if matches!(gate.0, Verdict::Pass | Verdict::Fail | Verdict::NotApplicable)
            || !gate.1.contains(at_gate)
        {
            wrong.push(format!("{trouble:?}: the gate is {}: {}", gate.0, gate.1));
        }
        if !matches!(&ending, Ending::Unproven(words) if words.contains(at_proof)) {
            wrong.push(format!("{trouble:?}: {ending}"));
        }
        wrong
    });
    let wrong = futures::future::join_all(rows).await.concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Who begins to count anew has lost something: the gate waits, and a pod of which one sample is known proves nothing. What
/// is counted between two restarts was seen by somebody, and may prove.
#[tokio::test]
async fn restarts_of_what_is_counted_hold_and_prove_nothing() {
    let (resetting, restarted, ending) = tokio::join!(
        Box::pin(gate(Trouble::Resetting)),
        Box::pin(gate(Trouble::PodRestarted)),
        Box::pin(ending(Trouble::PodRestarted)),
    );
    let anew = "began to count anew";
    assert!(resetting.0 == Verdict::Hold && resetting.1.contains(anew), "{resetting:?}");
    // On a slow machine the new pod's only sample is old by now.
    let (verdict, words) = restarted;
    assert!(matches!(verdict, Verdict::Hold | Verdict::NoData), "{verdict}: {words}");
    assert!(words.contains(anew) || words.contains("newest sample is"), "{words}");
    assert!(matches!(&ending, Ending::Unproven(_)), "{ending}");
}
