use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::cluster::{Answer, ConnectOptions, FakeServer, route_json, status_json};

fn patch() -> Patch {
    serde_json::from_value(json!([
        { "op": "test", "path": "/metadata/generation", "value": 1 },
        { "op": "add", "path": "/spec/rules/0/backendRefs/0/weight", "value": 80 }
    ]))
    .unwrap()
}

async fn send(
    answer: impl Fn() -> Answer + Send + 'static,
    dry_run: bool,
) -> (FakeServer, Result<Route, WriteError>) {
    let (server, cluster) = FakeServer::start(move |_| answer());
    let outcome = Writer::new(cluster).patch(&RouteId::new("shop", "checkout"), &patch(), dry_run).await;
    (server, outcome)
}

async fn refused(code: u16, body: String) -> WriteError {
    let (server, outcome) = send(move || Answer::Say(code, body.clone()), false).await;
    assert_eq!(server.lines().len(), 1, "a write is sent once");
    outcome.unwrap_err()
}

#[tokio::test]
async fn a_patch_as_the_server_wants_it() {
    let answer = || Answer::Say(200, route_json("checkout", 2).to_string());
    let (server, outcome) = send(answer, false).await;
    assert_eq!(&*outcome.unwrap().id.name, "checkout");
    let asked = server.last();
    assert_eq!(asked.content_type, "application/json-patch+json");
    assert_eq!(serde_json::from_slice::<Patch>(&asked.body).unwrap(), patch());
    let path = "PATCH /apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/checkout";
    assert_eq!(asked.line, format!("{path}?fieldManager=tidegate&fieldValidation=Strict"));

    let (server, _) = send(answer, true).await;
    assert_eq!(server.last().line, format!("{path}?fieldManager=tidegate&fieldValidation=Strict&dryRun=All"));
}

#[tokio::test]
async fn a_failed_test_is_a_conflict() {
    let words = "the server rejected our request due to an error in our request";
    assert_eq!(refused(422, status_json(422, "Invalid", words)).await, WriteError::Conflict);
    assert_eq!(refused(409, status_json(409, "Conflict", "modified")).await, WriteError::Conflict);
}

#[tokio::test]
async fn a_broken_rule_is_invalid_with_its_causes() {
    let body = json!({ "kind": "Status", "code": 422, "reason": "Invalid", "message": "HTTPRoute is invalid",
        "details": { "causes": [
            { "reason": "FieldValueInvalid", "field": "spec.rules[0].weight", "message": "must be at most 1000000" },
            { "message": "second" },
            { "field": "<nil>", "message": "some validation rules were not checked" }
        ] } });
    let causes = vec!["spec.rules[0].weight: must be at most 1000000".to_owned(), "second".to_owned()];
    assert_eq!(refused(422, body.to_string()).await, WriteError::Invalid { causes });
}

#[tokio::test]
async fn strict_decoding_shows_the_error_not_the_object() {
    let message = "HTTPRoute in version \"v1\" cannot be handled as a HTTPRoute: {\"a\": \"whole object\"}: strict \
                   decoding error: unknown field \"spec.rules[0].wieght\", unknown field \"spec.x\"";
    let causes =
        vec!["unknown field \"spec.rules[0].wieght\"".to_owned(), "unknown field \"spec.x\"".to_owned()];
    assert_eq!(refused(400, status_json(400, "BadRequest", message)).await, WriteError::Invalid { causes });
}

#[tokio::test]
async fn refusals_by_others_are_named() {
    let message = "admission webhook \"guard.example\" denied the request: no changes on Friday";
    assert_eq!(
        refused(403, status_json(403, "Forbidden", message)).await,
        WriteError::Denied {
            by: "webhook guard.example".to_owned(),
            message: "no changes on Friday".to_owned()
        }
    );
    let message = "Internal error occurred: failed calling webhook \"guard.example\": failed to call webhook: Post \
                   \"https://guard.shop.svc:443/\": context deadline exceeded";
    let error = refused(500, status_json(500, "InternalError", message)).await;
    assert!(matches!(&error, WriteError::Denied { by, .. } if by == "webhook guard.example"), "{error}");
    let message = "httproutes.gateway.networking.k8s.io \"checkout\" is forbidden: ValidatingAdmissionPolicy \
                   'freeze' with binding 'freeze-shop' denied request: shop is frozen";
    assert_eq!(
        refused(422, status_json(422, "Invalid", message)).await,
        WriteError::Denied { by: "policy freeze".to_owned(), message: "shop is frozen".to_owned() }
    );
}

#[tokio::test]
async fn a_webhook_with_side_effects_is_not_a_refusal() {
    let message = "admission webhook \"audit.example\" does not support dry run";
    let error = refused(400, status_json(400, "BadRequest", message)).await;
    assert_eq!(error, WriteError::DryRunUnsupported { webhook: "audit.example".to_owned() });
}

#[tokio::test]
async fn rights_and_absence() {
    let message = "httproutes.gateway.networking.k8s.io \"checkout\" is forbidden: User \"viewer\" cannot patch \
                   resource \"httproutes\" in API group \"gateway.networking.k8s.io\" in the namespace \"shop\"";
    let right = "patch httproutes.gateway.networking.k8s.io in namespace shop".to_owned();
    assert_eq!(refused(403, status_json(403, "Forbidden", message)).await, WriteError::Forbidden { right });
    assert_eq!(refused(404, status_json(404, "NotFound", "not found")).await, WriteError::NotFound);
    assert!(matches!(refused(401, status_json(401, "Unauthorized", "")).await, WriteError::Other { .. }));
}

/// The answers one after the other, the last one again and again.
async fn answered(answers: Vec<Answer>) -> (usize, Duration, Result<Route, WriteError>) {
    let mut next = 0;
    let (server, cluster) = FakeServer::start(move |_| {
        let answer = answers[next.min(answers.len() - 1)].clone();
        next += 1;
        answer
    });
    let began = Instant::now();
    let outcome = Writer::new(cluster).patch(&RouteId::new("shop", "checkout"), &patch(), false).await;
    (server.lines().len(), began.elapsed(), outcome)
}

#[tokio::test(start_paused = true)]
async fn what_a_busy_server_did_not_take_is_sent_once_more() {
    let taken = || Answer::Say(200, route_json("checkout", 2).to_string());
    let busy = || Answer::Say(429, "Too many requests, please try again later.".to_owned());
    let (times, waited, outcome) = answered(vec![busy(), taken()]).await;
    assert!(outcome.is_ok() && times == 2 && waited >= PAUSE, "{times} {waited:?} {outcome:?}");

    let asked = |seconds: u32| {
        let status = json!({ "kind": "Status", "status": "Failure", "code": 429, "reason": "TooManyRequests",
            "message": "later", "details": { "retryAfterSeconds": seconds } });
        Answer::Say(429, status.to_string())
    };
    for (later, least, most) in [
        (asked(3), 3, 4),
        (asked(3600), 5, 6),
        (Answer::Busy("3"), 3, 4),
        (Answer::Busy("3600"), 5, 6),
        (Answer::Busy("Wed, 21 Oct 2026 07:28:00 GMT"), 1, 2),
    ] {
        let (_, waited, outcome) = answered(vec![later, taken()]).await;
        let fits = waited >= Duration::from_secs(least) && waited < Duration::from_secs(most);
        assert!(outcome.is_ok() && fits, "{waited:?} of {least}..{most}");
    }

    let (times, _, outcome) = answered(vec![busy()]).await;
    assert!(matches!(outcome, Err(WriteError::Busy { .. })) && times == 2, "{times} {outcome:?}");
    let message = "admission webhook \"guard.example\" denied the request: too many changes today";
    let denied = Answer::Say(429, status_json(429, "TooManyRequests", message));
    let (times, _, outcome) = answered(vec![denied]).await;
    assert!(matches!(outcome, Err(WriteError::Denied { .. })) && times == 1, "{times} {outcome:?}");
}

/// Each of these may have been written all the same.
#[tokio::test(start_paused = true)]
async fn what_is_not_known_is_called_so() {
    for code in [500, 502, 503, 504] {
        for from_a_proxy in ["<html>from a proxy</html>", r#"{"error": "from a proxy"}"#] {
            let error = refused(code, from_a_proxy.to_owned()).await;
            let WriteError::Unanswered { why } = &error else { panic!("{code}: {error}") };
            assert!(why.starts_with(&format!("the server answered {code}: ")), "{why}");
        }
    }
    for answer in [|| Answer::Hang, || Answer::Break, || Answer::Stay(vec![r#"{"metadata""#.to_owned()])] {
        let started = tokio::time::Instant::now();
        let (server, outcome) = send(answer, false).await;
        assert!(matches!(outcome, Err(WriteError::Unanswered { .. })), "{outcome:?}");
        assert!(started.elapsed() < Duration::from_secs(11));
        assert_eq!(server.lines().len(), 1, "a write is sent once");
    }
}

/// Through the real client, to this port.
async fn send_to(port: u16) -> Result<Route, WriteError> {
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("config");
    let server = format!("http://127.0.0.1:{port}");
    let text = json!({ "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "contexts": [{ "name": "c", "context": { "cluster": "c" } }],
        "clusters": [{ "name": "c", "cluster": { "server": server } }] });
    std::fs::write(&kubeconfig, text.to_string()).unwrap();
    let options = ConnectOptions { kubeconfig: Some(kubeconfig), ..ConnectOptions::default() };
    let cluster = Cluster::connect(&options).await.unwrap();
    Writer::new(cluster).patch(&RouteId::new("shop", "checkout"), &patch(), false).await
}

#[tokio::test]
async fn what_was_never_sent_is_called_so() {
    let Err(WriteError::Unreachable { why }) = send_to(1).await else { panic!("nobody listens there") };
    assert!(why.contains("refused"), "{why}");
}

/// A server on a port, which answers what `answer_to` says to the first patch, the second, and so on; without an answer
/// it takes the patch and closes the connection. And how many patches it has seen.
async fn listen(answer_to: fn(u32) -> Option<(&'static str, String)>) -> (u16, Arc<AtomicU32>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let patches = Arc::new(AtomicU32::new(0));
    let count = patches.clone();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let count = count.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                while let Ok(length @ 1..) = connection.read(&mut request).await {
                    let answer = if request[..length].starts_with(b"PATCH") {
                        answer_to(count.fetch_add(1, Ordering::Relaxed))
                    } else {
                        Some(("200 OK", r#"{"resources":[{"name":"httproutes"}]}"#.to_owned()))
                    };
                    let Some((status, body)) = answer else { break };
                    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                    connection.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (port, patches)
}

/// The token has run out; the kubeconfig, read again, has another one by now.
#[tokio::test]
async fn what_a_server_refused_to_hear_is_sent_once_more_with_new_credentials() {
    let (port, patches) = listen(|before| {
        Some(match before {
            0 => ("401 Unauthorized", status_json(401, "Unauthorized", "Unauthorized")),
            _ => ("200 OK", route_json("checkout", 2).to_string()),
        })
    })
    .await;
    let outcome = send_to(port).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(patches.load(Ordering::Relaxed), 2);
}

/// The server takes the patch on a connection that is already open, and closes it: the client must not open another one
/// and send the patch again.
#[tokio::test]
async fn a_patch_is_not_sent_again_when_the_connection_breaks() {
    let (port, patches) = listen(|_| None).await;
    let outcome = send_to(port).await;
    assert!(matches!(outcome, Err(WriteError::Unanswered { .. })), "{outcome:?}");
    assert_eq!(patches.load(Ordering::Relaxed), 1);
}
