//! How a Prometheus is reached: what is sent so that it answers, and what is asked of servers that only speak its API.

use std::fs;

use jiff::Timestamp;
use tidegate::cluster::Cluster;
use tidegate::metrics::{
    Access, Address, Header, Login, MetricError, MetricSource as _, PrometheusSource, Providers, Secret, Tls,
};

use super::server::{Asked, Reply, Server};
use super::{canary, install_tls, source};

/// A cluster that is never asked.
fn no_cluster() -> Cluster {
    install_tls();
    let nobody = tower::service_fn(|_: http::Request<kube::client::Body>| async {
        Err::<http::Response<kube::client::Body>, _>(std::io::Error::other("nobody"))
    });
    Cluster::from_client(kube::Client::new(nobody, "shop"), "none", "none")
}

fn try_reach(access: &Access) -> Result<PrometheusSource, MetricError> {
    let Address(url) = access.url.as_ref().unwrap();
    PrometheusSource::reach(url, access, &no_cluster(), Providers::default())
}

fn reach(access: &Access) -> PrometheusSource {
    try_reach(access).unwrap()
}

fn at(url: &str) -> Access {
    Access { url: Some(Address(url.to_owned())), ..Access::default() }
}

fn one() -> impl Fn(&Asked) -> Reply + Send + Clone + 'static {
    |_| Reply::vector(&[("{}", "1")])
}

#[tokio::test]
async fn a_token_is_read_again_when_it_was_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, "first\n").unwrap();
    let server = Server::start(one());
    let login = Some(Login::Bearer(Secret::File(file.clone())));
    // What stands in the URL is not sent beside it.
    let source = reach(&Access { login, ..at(&server.url.replace("http://", "http://ann:pw@")) });
    source.check().await.unwrap();
    fs::write(&file, "second\n").unwrap();
    source.check().await.unwrap();
    fs::remove_file(&file).unwrap();
    let gone = source.check().await.unwrap_err();
    let asked: Vec<String> = server.asked().into_iter().map(|asked| asked.authorization).collect();
    assert_eq!(asked, ["Bearer first", "Bearer second"]);
    let words = gone.to_string();
    assert!(
        words.starts_with(&format!("the login in the file {} cannot be used: ", file.display())),
        "{words}"
    );
    assert!(!gone.is_wrong_address(), "it may be written again");
}

#[tokio::test]
async fn user_tenant_and_prefix_are_sent_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    fs::write(&file, "s3cret").unwrap();
    let server = Server::start(one());
    let login = Login::Basic { user: "ann".to_owned(), password: Some(Secret::File(file)) };
    let headers = vec![Header { name: "X-Scope-OrgID".to_owned(), value: "s3cret-tenant".to_owned() }];
    let access = Access { login: Some(login), headers, ..at(&format!("{}/prometheus/", server.url)) };
    let source = reach(&access);
    source.check().await.unwrap();
    let asked = &server.asked()[0];
    assert_eq!(asked.path, "/prometheus/api/v1/query");
    assert_eq!(asked.authorization, "Basic YW5uOnMzY3JldA==");
    assert_eq!(asked.tenant, "s3cret-tenant");
    let words = format!("{access:?} {source:?}");
    assert!(!words.contains("s3cret"), "{words}");
}

#[tokio::test]
async fn what_is_decided_on_is_asked_for_whole_and_new() {
    let server = Server::start(|_| Reply::json("matrix", "[]"));
    let source = source(&server.url, "contour");
    source.counts(&[canary()], Timestamp::now()).await.unwrap();
    source.numbers(&[canary()], std::time::Duration::from_mins(1)).await.unwrap();
    let asked = server.asked();
    let of = |index: usize| {
        ["latency_offset", "partial_response", "nocache"].map(|name| asked[index].field(name).to_owned())
    };
    // VictoriaMetrics 1.110 rejects 0s: "latency_offset=0ms is out of allowed range [1ms ... 3153600000000ms]".
    assert_eq!(of(0), ["1ms", "false", "1"], "counts");
    assert_eq!(of(1), ["1ms", "", ""], "rates are for looking");
}

/// The error bodies of servers that only speak the API, as they were seen.
#[tokio::test]
async fn others_refuse_in_their_own_way() {
    let said = |status: u16, kind: &'static str, body: &'static str| async move {
        let server = Server::start(move |_| Reply::Whole(status, kind, body.to_owned()));
        let error = source(&server.url, "auto").check().await.unwrap_err();
        error.to_string().replace(&server.url, "URL")
    };
    assert_eq!(
        said(401, "text/plain; charset=utf-8", "no org id\n").await,
        "Prometheus at URL wants to know the tenant (401). Name it under [prometheus] of the settings, \
         headers = { X-Scope-OrgID = \"TENANT\" }",
        "Mimir"
    );
    assert_eq!(
        said(400, "text/plain", "missing route for \"/api/v1/query\"\n").await,
        "Prometheus at URL rejected a query (400): missing route for \"/api/v1/query\"",
        "vmauth"
    );
    assert_eq!(
        said(422, "application/json", r#"{"status":"error","errorType":"422","error":"too many series"}"#)
            .await,
        "Prometheus at URL rejected a query (422): too many series",
        "VictoriaMetrics"
    );
    assert_eq!(
        said(503, "application/json", r#"{"status":"error","errorType":"execution","error":"no StoreAPIs"}"#)
            .await,
        "Prometheus at URL is unable to answer now (503): no StoreAPIs. tidegate asks again",
        "Thanos"
    );
}

#[tokio::test]
async fn a_part_is_told_by_victoria_metrics_in_its_own_word() {
    let body = r#"{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[]}}"#;
    let server = Server::start(move |_| Reply::Whole(200, "application/json", body.to_owned()));
    let error = source(&server.url, "contour").counts(&[canary()], Timestamp::now()).await.unwrap_err();
    assert_eq!(
        error.to_string().replace(&server.url, "URL"),
        "Prometheus at URL answered only in part, and nothing is decided on a part: \
         some of its storages did not answer"
    );
}

#[tokio::test]
async fn certificates_that_are_none_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("ca.pem");
    fs::write(&empty, "").unwrap();
    let said = |tls| {
        let access = Access { tls, ..at("https://prom.example") };
        try_reach(&access).unwrap_err().to_string()
    };
    let words = said(Tls { ca_file: Some(empty.clone()), ..Tls::default() });
    let expected =
        format!("prometheus.ca-file {} cannot be used: there is no certificate in it", empty.display());
    assert_eq!(words, expected);
    let words = said(Tls { client_cert_file: Some("/nowhere".into()), ..Tls::default() });
    assert!(words.starts_with("prometheus.client-cert-file /nowhere cannot be used: "), "{words}");
}

#[tokio::test]
async fn a_login_does_not_go_through_the_api_server() {
    let login = Some(Login::Bearer(Secret::Env("TOKEN".to_owned())));
    let access = Access { login, ..at("kube://monitoring/prometheus:9090") };
    let error = try_reach(&access).unwrap_err();
    assert!(error.to_string().contains("the API server passes no login on"), "{error}");
}
