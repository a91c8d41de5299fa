//! Every way a Prometheus can fail, and the words a person then reads.

use std::net::TcpListener;
use std::time::Duration;

use jiff::Timestamp;
use tidegate::metrics::{MetricError, MetricSource as _, PrometheusSource, Providers};

use super::server::{Reply, Server};
use super::{canary, install_tls, source};

const MINUTE: Duration = Duration::from_mins(1);

fn page(status: u16) -> Reply {
    Reply::Whole(status, "text/html; charset=utf-8", "<!doctype html><title>Sign in</title>".to_owned())
}

fn json(status: u16, body: &str) -> Reply {
    Reply::Whole(status, "application/json", body.to_owned())
}

/// What `check` says to this reply, with the address replaced by `URL`.
async fn words(reply: impl Fn() -> Reply + Send + Clone + 'static) -> (String, bool) {
    let server = Server::start(move |_| reply());
    let error = source(&server.url, "auto").check().await.unwrap_err();
    (error.to_string().replace(&server.url, "URL"), error.is_wrong_address())
}

#[tokio::test]
async fn a_login_is_wanted() {
    let (words, wrong) = words(|| page(401)).await;
    assert_eq!(
        words,
        "Prometheus at URL wants another login (401). Put user and password-file, or bearer-token-file, \
         under [prometheus] of the settings"
    );
    assert!(!wrong);
}

#[tokio::test]
async fn the_login_may_not_query() {
    let (words, wrong) = words(|| page(403)).await;
    assert_eq!(
        words,
        "Prometheus at URL refuses this login (403): it may not query metrics. Ask for read access"
    );
    assert!(!wrong);
}

#[tokio::test]
async fn not_found() {
    let (words, wrong) = words(|| page(404)).await;
    assert_eq!(
        words,
        "URL has no Prometheus API (404). Check --prometheus: the path before /api/v1 must be part of it, \
         for example http://HOST/prometheus"
    );
    assert!(wrong);
}

#[tokio::test]
async fn a_web_page() {
    let expected = "URL answered with a web page, not with metrics: a login page or another server. \
                    Give --prometheus the address of Prometheus itself";
    assert_eq!(words(|| page(200)).await, (expected.to_owned(), true));
    // Some servers call everything plain text.
    let unnamed = || Reply::Whole(200, "text/plain", "\n <html></html>".to_owned());
    assert_eq!(words(unnamed).await, (expected.to_owned(), true));
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    let (words, wrong) = words(|| Reply::Redirect("https://anna:pw@sso.example/login?next=1")).await;
    assert_eq!(
        words,
        "URL redirects to https://sso.example/login instead of answering, probably to a login page. \
         Give --prometheus the address of Prometheus itself"
    );
    assert!(wrong);
}

#[tokio::test]
async fn not_json() {
    let (words, wrong) = words(|| Reply::Whole(200, "text/plain", "pong\n".to_owned())).await;
    assert_eq!(
        words,
        "URL is not Prometheus: its answer is not JSON but begins \"pong\". \
         Give --prometheus the address of Prometheus itself"
    );
    assert!(wrong);
}

#[tokio::test]
async fn json_of_something_else() {
    let (found, wrong) = words(|| json(200, r#"{"name":"elastic","version":{}}"#)).await;
    assert!(found.starts_with("URL is not Prometheus: its JSON has another shape (missing field"), "{found}");
    assert!(wrong);
    let (found, wrong) = words(|| Reply::vector(&[("{}", "2")])).await;
    assert!(found.contains("the query vector(1) gave something else than 1"), "{found}");
    assert!(wrong);
}

#[tokio::test]
async fn a_rejected_query() {
    let (words, wrong) = words(|| {
        json(422, r#"{"status":"error","errorType":"execution","error":"query processing would load too many samples into memory"}"#)
    })
    .await;
    assert_eq!(
        words,
        "Prometheus at URL rejected a query (422): query processing would load too many samples into memory"
    );
    assert!(!wrong);
}

#[tokio::test]
async fn unavailable() {
    let (found, wrong) = words(|| Reply::Whole(503, "text/plain", "no healthy upstream\n".to_owned())).await;
    assert_eq!(
        found,
        "Prometheus at URL is unable to answer now (503): no healthy upstream. tidegate asks again"
    );
    assert!(!wrong, "it may come back");
    let (found, _) = words(|| page(503)).await;
    assert_eq!(found, "Prometheus at URL is unable to answer now (503): a web page. tidegate asks again");
}

#[tokio::test]
async fn a_strange_status() {
    let (words, wrong) = words(|| Reply::Whole(418, "text/plain", "teapot".to_owned())).await;
    assert_eq!(words, "URL answered with status 418, which Prometheus does not: teapot. Check --prometheus");
    assert!(wrong);
}

#[tokio::test]
async fn an_answer_that_breaks_off() {
    let (words, wrong) = words(|| Reply::CutOff).await;
    assert!(words.starts_with("Prometheus at URL cannot be reached: "), "{words}");
    assert!(words.ends_with("Check the address, the network and the VPN"), "{words}");
    assert!(!wrong);
}

#[tokio::test]
async fn nothing_listens() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = source(&format!("http://{address}"), "auto").check().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "nothing listens at http://{address} (connection refused). Is Prometheus running, \
             and is its port-forward still open?"
        )
    );
    assert!(!error.is_wrong_address(), "it may start later");
}

#[tokio::test]
async fn a_server_that_says_nothing() {
    install_tls();
    let server = Server::start(|_| Reply::Silence);
    let patience = Duration::from_millis(200);
    let source = PrometheusSource::with_timeout(&server.url, Providers::default(), patience).unwrap();
    let error = source.check().await.unwrap_err();
    assert_eq!(
        error.to_string().replace(&server.url, "URL"),
        "Prometheus at URL did not answer within 0.2 s. It may be overloaded; tidegate asks again"
    );
}

#[tokio::test]
async fn a_password_is_sent_and_never_shown() {
    let server = Server::start(|_| page(401));
    let url = server.url.replace("http://", "http://anna:secret@");
    let source = source(&url, "auto");
    let error = source.check().await.unwrap_err();
    assert_eq!(server.asked()[0].authorization, "Basic YW5uYTpzZWNyZXQ=");
    assert!(error.to_string().contains(&format!("Prometheus at {} wants", server.url)), "{error}");
    assert!(!format!("{error:?} {source:?}").contains("secret"), "{source:?}");
}

#[tokio::test]
async fn no_known_metrics() {
    let server = Server::start(|_| Reply::vector(&[]));
    let source = source(&server.url, "auto");
    let error = source.numbers(&[canary()], MINUTE).await.unwrap_err();
    assert_eq!(
        error.to_string().replace(&server.url, "URL"),
        "Prometheus at URL has no metrics tidegate knows (looked for: contour, kgateway, \
         cilium, envoy-gateway, istio, istio-mesh, linkerd, traefik, app, nginx-gateway-fabric, kong). \
         Is the gateway scraped, and has it seen a request? tidegate looks again"
    );
    assert_eq!(source.granularity(&canary().route), None);
}

#[tokio::test]
async fn on_a_part_nothing_is_decided() {
    let partial = r#"{"status":"success","data":{"resultType":"matrix","result":[]},
        "warnings":["store eu-2 is unavailable"]}"#;
    let server = Server::start(|_| json(200, partial));
    let source = source(&server.url, "contour");
    let shown = source.numbers(&[canary()], MINUTE).await.unwrap();
    assert_eq!(shown.warnings, ["store eu-2 is unavailable"], "looking is allowed");
    let error = source.counts(&[canary()], Timestamp::now()).await.unwrap_err();
    assert_eq!(
        error.to_string().replace(&server.url, "URL"),
        "Prometheus at URL answered only in part, and nothing is decided on a part: store eu-2 is unavailable"
    );
}

#[tokio::test]
async fn namesakes_of_several_clusters() {
    let server = Server::start(|_| {
        Reply::vector(&[
            (r#"{"envoy_cluster_name":"shop_checkout-canary_8080","cluster":"eu"}"#, "1"),
            (r#"{"envoy_cluster_name":"shop_checkout-canary_8080","cluster":"us"}"#, "1"),
        ])
    });
    let error = source(&server.url, "contour").numbers(&[canary()], MINUTE).await.unwrap_err();
    assert!(
        matches!(&error, MetricError::Ambiguous { clusters, .. } if *clusters == ["eu", "us"]),
        "{error}"
    );
    assert!(error.to_string().contains("(eu, us); their numbers cannot be told apart"), "{error}");
}

#[test]
fn a_bad_url_is_refused_without_asking() {
    install_tls();
    let error = PrometheusSource::with_timeout("localhost:9090", Providers::default(), MINUTE).unwrap_err();
    assert!(error.is_wrong_address());
    assert_eq!(
        error.to_string(),
        "--prometheus localhost:9090 is not a usable URL: it begins neither with http:// nor with https:// \
         nor with kube://. Give it as http://HOST:PORT, for example --prometheus http://localhost:9090, \
         or kube://NAMESPACE/SERVICE:PORT"
    );
}
