use std::time::Duration;

use serde_json::json;

use super::*;
use crate::cluster::{Answer, FakeServer, route_json, status_json};

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
            { "message": "second" }
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

/// Each of these may have been written all the same.
#[tokio::test(start_paused = true)]
async fn what_is_not_known_is_called_so() {
    for code in [500, 502, 503, 504] {
        let error = refused(code, "<html>from a proxy</html>".to_owned()).await;
        assert!(matches!(error, WriteError::Unanswered { .. }), "{code}: {error}");
    }
    for answer in [|| Answer::Hang, || Answer::Break, || Answer::Stay(vec![r#"{"metadata""#.to_owned()])] {
        let started = tokio::time::Instant::now();
        let (server, outcome) = send(answer, false).await;
        assert!(matches!(outcome, Err(WriteError::Unanswered { .. })), "{outcome:?}");
        assert!(started.elapsed() < Duration::from_secs(11));
        assert_eq!(server.lines().len(), 1, "a write is sent once");
    }
}

/// A port that nobody listens on, through the real client.
#[tokio::test]
async fn what_was_never_sent_is_called_so() {
    let mut config = kube::Config::new("http://127.0.0.1:1".parse().unwrap());
    config.default_retry = false;
    let cluster = Cluster::from_client(kube::Client::try_from(config).unwrap(), "none", "http://127.0.0.1:1");
    let outcome =
        Writer::new(cluster.known_version()).patch(&RouteId::new("shop", "checkout"), &patch(), false).await;
    let Err(WriteError::Unreachable { why }) = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("refused"), "{why}");
}
