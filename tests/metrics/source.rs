//! What a source makes of good answers: rates, quantiles, history, counts, and how much it asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tidegate::metrics::{Granularity, MetricSource as _};
use tidegate::route::RuleBackend;

use super::server::{Asked, Reply, Server};
use super::{canary, found, place, source, stable};

const MINUTE: Duration = Duration::from_mins(1);
const CANARY: &str = r#""envoy_cluster_name":"shop_checkout-canary_8080""#;
const STABLE: &str = r#""envoy_cluster_name":"shop_checkout-stable_8080""#;

/// Answers the three questions of a refresh by what they ask for.
fn refresh(
    asked: &Asked,
    rates: &[(&str, &str)],
    buckets: &[(&str, &str)],
    newest: &[(&str, &str)],
) -> Reply {
    let query = asked.query();
    if query.contains("timestamp(") {
        Reply::vector(newest)
    } else if query.contains("_bucket") {
        Reply::vector(buckets)
    } else {
        Reply::vector(rates)
    }
}

#[tokio::test]
async fn rows_show_rates_errors_latency_and_age() {
    let server = Server::start(|asked| {
        let labels = |backend: &str, rest: &str| format!("{{{backend},{rest}}}");
        let ok = labels(STABLE, r#""envoy_response_code_class":"2""#);
        let bad = labels(STABLE, r#""envoy_response_code_class":"5""#);
        let edges = ["100", "250", "+Inf"].map(|le| labels(STABLE, &format!(r#""le":"{le}""#)));
        refresh(
            asked,
            &[(&ok, "95"), (&bad, "5")],
            &[(&edges[0], "90"), (&edges[1], "98"), (&edges[2], "100")],
            &[(&format!("{{{STABLE}}}"), "1795262726.716")],
        )
    });
    let backends = [stable(), canary()];
    let snapshot = source(&server.url, "contour").numbers(&backends, MINUTE).await.unwrap();
    let row = snapshot.get(&stable()).unwrap();
    assert_eq!(row.requests_per_second, Some(100.0));
    assert_eq!(row.requests, Some(6000.0));
    assert_eq!(row.error_rate, Some(0.05));
    let (p50, p95, p99) = (row.p50.unwrap(), row.p95.unwrap(), row.p99.unwrap());
    assert_eq!(p50.bucket, (0.0, 0.1));
    assert!((p95.seconds - (0.1 + 0.15 * 5.0 / 8.0)).abs() < 1e-9, "milliseconds became seconds: {p95:?}");
    assert_eq!((p99.seconds, p99.bucket), (0.25, (0.25, f64::INFINITY)));
    assert_eq!(row.newest_sample, Some("2026-11-21T12:05:26.716Z".parse().unwrap()));
    assert_eq!(snapshot.evaluated_at, "2026-11-21T12:05:28.5Z".parse::<Timestamp>().unwrap());
    assert_eq!(snapshot.get(&canary()), None, "no series is no data, not 0");
}

#[tokio::test]
async fn a_canary_that_fails_every_request_shows_all_errors() {
    let server = Server::start(|asked| {
        let bad = format!(r#"{{{CANARY},"envoy_response_code_class":"5"}}"#);
        refresh(asked, &[(&bad, "3")], &[], &[])
    });
    let snapshot = source(&server.url, "contour").numbers(&[canary()], MINUTE).await.unwrap();
    let row = snapshot.get(&canary()).unwrap();
    assert_eq!((row.error_rate, row.not_a_number), (Some(1.0), false));
}

#[tokio::test]
async fn what_is_no_number_is_no_data() {
    for odd in ["NaN", "+Inf"] {
        let server = Server::start(move |asked| {
            let class = format!(r#"{{{CANARY},"envoy_response_code_class":"2"}}"#);
            let edges = ["100", "+Inf"].map(|le| format!(r#"{{{CANARY},"le":"{le}"}}"#));
            refresh(asked, &[(&class, odd)], &[(&edges[0], odd), (&edges[1], odd)], &[(&class, odd)])
        });
        let snapshot = source(&server.url, "contour").numbers(&[canary()], MINUTE).await.unwrap();
        let row = snapshot.get(&canary()).unwrap();
        assert_eq!((row.requests_per_second, row.requests, row.error_rate), (None, None, None), "{odd}");
        assert_eq!((row.p50, row.newest_sample), (None, None), "{odd}");
        assert!(row.not_a_number, "{odd}");
    }
}

#[tokio::test]
async fn no_requests_have_no_error_rate() {
    let server = Server::start(|asked| {
        let class = format!(r#"{{{CANARY},"envoy_response_code_class":"2"}}"#);
        refresh(asked, &[(&class, "0")], &[], &[])
    });
    let snapshot = source(&server.url, "contour").numbers(&[canary()], MINUTE).await.unwrap();
    let row = snapshot.get(&canary()).unwrap();
    assert_eq!((row.requests_per_second, row.error_rate), (Some(0.0), None));
}

#[tokio::test]
async fn many_backends_cost_three_questions() {
    let server = Server::start(|asked| {
        if asked.query().contains("label_replace") { found(&["app", "contour"]) } else { Reply::vector(&[]) }
    });
    let source = source(&server.url, "auto");
    let backends: Vec<RuleBackend> =
        (0..200).map(|i| place("shop", &format!("service-{i}"), 80, i)).collect();
    let snapshot = source.numbers(&backends, MINUTE).await.unwrap();
    assert_eq!(snapshot.backends.len(), 0);
    assert_eq!(server.asked().len(), 4, "one more to find the provider");
    let used = snapshot.used[&backends[0].route].as_ref().unwrap();
    assert_eq!(used.words(), "contour (app is found as well)", "what the gateway saw comes first");
    source.numbers(&backends, MINUTE).await.unwrap();
    assert_eq!(server.asked().len(), 3, "the provider is remembered");
    source.numbers(&[], MINUTE).await.unwrap();
    assert_eq!(server.asked().len(), 0);
    source.history(&backends, MINUTE * 15, Duration::from_secs(5)).await.unwrap();
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_provider_that_comes_later_is_found_later() {
    let calls = Arc::new(AtomicUsize::new(0));
    let server = Server::start(move |_| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::vector(&[]),
        _ => found(&["app"]),
    });
    let source = source(&server.url, "auto");
    source.numbers(&[canary()], MINUTE).await.unwrap_err();
    let snapshot = source.numbers(&[canary()], MINUTE).await.unwrap();
    assert_eq!(snapshot.used[&canary().route].as_ref().unwrap().words(), "app");
}

#[tokio::test]
async fn history_has_a_gap_where_a_sample_is_missing() {
    let server = Server::start(|asked| {
        assert_eq!((asked.path.as_str(), asked.field("step")), ("/api/v1/query_range", "5"));
        let start: i64 = asked.field("start").parse().unwrap();
        assert_eq!(start % 5, 0, "the same instants are asked for again");
        let values = |items: &[(i64, &str)]| {
            let items: Vec<String> =
                items.iter().map(|(i, value)| format!(r#"[{},"{value}"]"#, start + i * 5)).collect();
            items.join(",")
        };
        let item =
            |label: &str, values: String| format!(r#"{{"metric":{{{CANARY},{label}}},"values":[{values}]}}"#);
        let items = if asked.query().contains("_bucket") {
            vec![
                item(r#""le":"100""#, values(&[(0, "1"), (2, "1")])),
                item(r#""le":"+Inf""#, values(&[(0, "1"), (2, "1")])),
            ]
        } else {
            vec![
                item(r#""envoy_response_code_class":"2""#, values(&[(0, "3"), (2, "0"), (3, "NaN")])),
                item(r#""envoy_response_code_class":"5""#, values(&[(0, "1"), (2, "0"), (3, "1")])),
            ]
        };
        Reply::json("matrix", &format!("[{}]", items.join(",")))
    });
    let history = source(&server.url, "contour")
        .history(&[canary(), stable()], Duration::from_secs(20), Duration::from_secs(5))
        .await
        .unwrap();
    let lines = history.get(&canary()).unwrap();
    let values = |series: &tidegate::metrics::Series| series.iter().collect::<Vec<_>>();
    assert_eq!(values(&lines.requests_per_second), [Some(4.0), None, Some(0.0), None, None]);
    assert_eq!(values(&lines.error_rate), [Some(0.25), None, None, None, None]);
    assert_eq!(values(&lines.p99), [Some(0.099), None, Some(0.099), None, None]);
    assert_eq!(values(&lines.p50), [Some(0.05), None, Some(0.05), None, None]);
    assert_eq!(values(&lines.p95), [Some(0.095), None, Some(0.095), None, None]);
    assert_eq!(history.get(&stable()), None);
}

/// A matrix item of Contour's request counter, scraped from one Envoy.
fn raw(backend: &str, class: &str, samples: &[(i64, u32)]) -> String {
    let values: Vec<String> = samples.iter().map(|(at, value)| format!(r#"[{at}.5,"{value}"]"#)).collect();
    format!(
        r#"{{"metric":{{{backend},"envoy_response_code_class":"{class}","job":"envoy","instance":"e1"}},
            "values":[{}]}}"#,
        values.join(",")
    )
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[tokio::test]
async fn counts_are_exact_and_begin_after_the_instant() {
    let server = Server::start(|asked| {
        if asked.query().contains("\"up\"") {
            assert_eq!(asked.query(), r#"{__name__="up",job=~"envoy",instance=~"e1"}"#);
            return Reply::vector(&[(r#"{"job":"envoy","instance":"e1"}"#, "1")]);
        }
        let items = [
            // 1 before the instant, then 40 and, after a restart, 6.
            raw(STABLE, "2", &[(100, 1000), (102, 1001), (104, 1041), (106, 6)]),
            // Born late, on a target that was scraped before.
            raw(CANARY, "5", &[(104, 7), (106, 9)]),
        ];
        Reply::json("matrix", &format!("[{}]", items.join(",")))
    });
    let backends = [stable(), canary(), place("shop", "nobody", 80, 2)];
    let counts = source(&server.url, "contour").counts(&backends, second(103)).await.unwrap();

    let found = counts.get(&stable()).unwrap();
    assert_eq!((found.requests, found.errors, found.reset), (46.0, 0.0, true));
    assert_eq!((found.scrapes, found.scrape_interval), (2, Some(Duration::from_secs(2))));
    assert_eq!(found.newest, Some("1970-01-01T00:01:46.5Z".parse().unwrap()));
    assert_eq!(found.target_up, Some(true));

    let found = counts.get(&canary()).unwrap();
    assert_eq!((found.requests, found.errors, found.reset), (9.0, 9.0, false));
    assert_eq!(counts.get(&backends[2]), None);
}

#[tokio::test]
async fn nothing_new_counts_0_and_a_dead_target_is_told() {
    let server = Server::start(|asked| {
        if asked.query().contains("\"up\"") {
            return Reply::vector(&[(r#"{"job":"envoy","instance":"e1"}"#, "0")]);
        }
        Reply::json("matrix", &format!("[{}]", raw(CANARY, "2", &[(100, 8), (102, 9)])))
    });
    let counts = source(&server.url, "contour").counts(&[canary()], second(110)).await.unwrap();
    let found = counts.get(&canary()).unwrap();
    assert_eq!((found.requests, found.scrapes, found.target_up), (0.0, 0, Some(false)));
}

#[tokio::test]
async fn a_long_scrape_interval_is_asked_for_again() {
    let server = Server::start(|asked| {
        if asked.query().contains("\"up\"") {
            return Reply::vector(&[]);
        }
        Reply::json("matrix", &format!("[{}]", raw(CANARY, "2", &[(0, 1), (120, 2), (240, 3)])))
    });
    let source = source(&server.url, "contour");
    let backends = [canary()];
    let windows = |server: &Server| -> Vec<String> {
        let asked = server.asked().into_iter();
        asked.filter_map(|a| Some(a.query().rsplit_once('[')?.1.to_owned())).collect()
    };
    let counts = source.counts(&backends, Timestamp::now()).await.unwrap();
    assert_eq!(counts.get(&canary()).unwrap().target_up, None, "the server does not know");
    assert_eq!(
        windows(&server),
        ["120s]", "360s]"],
        "two of the assumed minute, then three of the measured two"
    );
    source.counts(&backends, Timestamp::now()).await.unwrap();
    assert_eq!(windows(&server), ["240s]"], "then the interval is known");
}

#[tokio::test]
async fn scrapes_so_rare_that_one_is_all_there_is() {
    let server = Server::start(|asked| {
        let samples: &[(i64, u32)] =
            if asked.query().contains("[120s]") { &[(600, 5)] } else { &[(300, 1), (600, 5)] };
        Reply::json("matrix", &format!("[{}]", raw(CANARY, "2", samples)))
    });
    let counts =
        source(&server.url, "contour").counts(&[canary()], second(i64::from(i32::MAX) * 9)).await.unwrap();
    assert_eq!(counts.get(&canary()).unwrap().scrape_interval, Some(Duration::from_mins(5)));
}

/// Envoy Gateway has one cluster for a rule; the app beside it knows the versions.
#[tokio::test]
async fn what_is_counted_per_rule_is_asked_of_the_app() {
    let whole = r#"{"envoy_cluster_name":"httproute/shop/checkout/rule/0","envoy_response_code_class":"2"}"#;
    let app = r#"{"namespace":"shop","service":"checkout-canary","status":"500"}"#;
    let server = |providers: &'static [&'static str]| {
        Server::start(move |asked| match asked.query() {
            query if query.contains("label_replace") => found(providers),
            query if query.contains("http_requests_total") => Reply::vector(&[(app, "3")]),
            query if query.contains("upstream_rq_xx") => Reply::vector(&[(whole, "100")]),
            _ => Reply::vector(&[]),
        })
    };
    let both = server(&["envoy-gateway", "app"]);
    let snapshot = source(&both.url, "auto").numbers(&[stable(), canary()], MINUTE).await.unwrap();
    let used = snapshot.used[&canary().route].as_ref().unwrap();
    assert_eq!(used.words(), "app (envoy-gateway counts per rule)");
    assert_eq!(snapshot.get(&canary()).unwrap().error_rate, Some(1.0));
    // Without the app nothing is known of a version, and nothing is decided.
    let alone = server(&["envoy-gateway"]);
    let alone = source(&alone.url, "auto");
    let snapshot = alone.numbers(&[stable(), canary()], MINUTE).await.unwrap();
    let row = snapshot.get(&canary()).unwrap();
    assert_eq!((row.granularity, row.requests, row.error_rate), (Granularity::Rule, None, None));
    let error = alone.counts(&[stable(), canary()], Timestamp::now()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "envoy-gateway counts rule 0 of shop/checkout as a whole: its backends cannot be told apart; numbers need the \
         app's own metrics"
    );
}

/// Scrapes of two answers are not on one clock: the later one must not take the place of the other.
#[tokio::test]
async fn ticks_are_of_one_answer() {
    let now = Timestamp::now().as_second();
    let series = move |labels: &str| {
        let values = format!(r#"[{},"1"],[{now},"2"]"#, now - 5);
        format!(r#"{{"metric":{{{labels},"job":"j","instance":"i"}},"values":[{values}]}}"#)
    };
    let envoy = move |name: &str| {
        series(&format!(
            r#""envoy_cluster_name":"httproute/shop/checkout/rule/{name}","envoy_response_code_class":"2""#
        ))
    };
    let app = series(r#""namespace":"shop","service":"checkout-canary","status":"200""#);
    let server = Server::start(move |asked| match asked.query() {
        query if query.contains("label_replace") => found(&["envoy-gateway", "app"]),
        query if !query.ends_with(']') => Reply::vector(&[("{}", "2")]),
        query if query.contains("http_requests_total") => Reply::json("matrix", &format!("[{app}]")),
        query if query.contains("upstream_rq_xx") => {
            let rules = [("rule/1/", "1/backend/1"), ("rule/0", "0")];
            let named = rules.into_iter().filter(|(asked, _)| query.contains(asked));
            let named: Vec<String> = named.map(|(_, name)| envoy(name)).collect();
            Reply::json("matrix", &format!("[{}]", named.join(",")))
        }
        _ => Reply::json("matrix", "[]"),
    });
    let since = Timestamp::now() - Duration::from_mins(1);
    #[expect(clippy::cast_precision_loss, reason = "whole seconds of these years are exact")]
    let newest = [None, Some(now as f64)];
    let whole = [stable(), canary()];
    let ticks = source(&server.url, "auto").ticks(&whole, since).await.unwrap();
    assert_eq!(ticks.newest, newest, "the app's");
    let apart = whole.clone().map(|place| RuleBackend { rule: 1, ..place });
    let ticks = source(&server.url, "auto").ticks(&apart, since).await.unwrap();
    assert_eq!(ticks.newest, newest, "the proxy's");
    let error = source(&server.url, "auto").ticks(&[whole, apart].concat(), since).await.unwrap_err();
    assert!(error.to_string().contains("does not count all 4 backends in one answer"), "{error}");
}

/// It gives each backend a cluster of its own as soon as the rule needs it.
#[tokio::test]
async fn a_rule_may_change_over_to_a_cluster_for_each_backend() {
    let series = |name: &str| format!(r#"{{"envoy_cluster_name":"{name}","envoy_response_code_class":"2"}}"#);
    let whole = series("httproute/shop/checkout/rule/0");
    let own = series("httproute/shop/checkout/rule/0/backend/1");
    let server = Server::start(move |asked| match asked.query() {
        query if query.contains("upstream_rq_xx") => Reply::vector(&[(&whole, "100"), (&own, "7")]),
        _ => Reply::vector(&[]),
    });
    let snapshot = source(&server.url, "envoy-gateway").numbers(&[stable(), canary()], MINUTE).await.unwrap();
    let row = snapshot.get(&canary()).unwrap();
    assert_eq!((row.granularity, row.requests_per_second), (Granularity::Split, Some(7.0)));
    assert_eq!(snapshot.get(&stable()).unwrap().requests, None, "what the rule had as a whole is nobody's");
}

/// The requests of stable and canary in ticks of two rules, where the proxy counts by these names.
async fn in_two_rules(provider: &str, names: &'static [[&'static str; 2]]) -> Vec<f64> {
    let now = Timestamp::now().as_second();
    let server = Server::start(move |asked| {
        if asked.query().contains("count(") {
            return Reply::vector(&[("{}", "4")]);
        }
        if !asked.query().contains("upstream_rq_xx") {
            return Reply::json("matrix", "[]");
        }
        let item = |name: &str, step: u32| {
            let name = format!(r#""envoy_cluster_name":"{name}""#);
            raw(&name, "2", &[(now - 6, 1), (now - 4, 1 + step), (now - 2, 1 + 2 * step)])
        };
        let items: Vec<String> =
            names.iter().flat_map(|[stable, canary]| [item(stable, 90), item(canary, 10)]).collect();
        Reply::json("matrix", &format!("[{}]", items.join(",")))
    });
    let other = |place: RuleBackend| RuleBackend { rule: 1, ..place };
    let places = [stable(), canary(), other(stable()), other(canary())];
    let ticks = source(&server.url, provider).ticks(&places, second(now - 7)).await.unwrap();
    assert_eq!(ticks.rounds.len(), 2);
    ticks.rounds[0][0].backends.iter().map(|counts| counts.requests).collect()
}

#[tokio::test]
async fn a_split_in_two_rules_is_counted_in_both_and_no_request_twice() {
    let by_service = &[["shop_checkout-stable_8080", "shop_checkout-canary_8080"]];
    assert_eq!(in_two_rules("contour", by_service).await, [90.0, 10.0]);
    let by_place = &[
        ["httproute/shop/checkout/rule/0/backend/0", "httproute/shop/checkout/rule/0/backend/1"],
        ["httproute/shop/checkout/rule/1/backend/0", "httproute/shop/checkout/rule/1/backend/1"],
    ];
    assert_eq!(in_two_rules("envoy-gateway", by_place).await, [180.0, 20.0]);
}

/// Gateways come and go: what was found holds for a minute.
#[tokio::test]
async fn it_is_looked_again_for_whose_series_are_there() {
    let calls = Arc::new(AtomicUsize::new(0));
    let server = Server::start(move |asked| match asked.query().contains("label_replace") {
        true if calls.fetch_add(1, Ordering::SeqCst) == 0 => found(&["app"]),
        true => found(&["app", "contour"]),
        false => Reply::vector(&[]),
    });
    let source = source(&server.url, "auto");
    let used = async || {
        let snapshot = source.numbers(&[canary()], MINUTE).await.unwrap();
        snapshot.used[&canary().route].as_ref().unwrap().provider.name.clone()
    };
    assert_eq!(used().await, "app");
    assert_eq!(used().await, "app");
    // Real sockets are not for paused time.
    tokio::time::pause();
    tokio::time::advance(MINUTE).await;
    tokio::time::resume();
    assert_eq!(used().await, "contour");
}
