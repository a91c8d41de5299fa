use std::time::Duration;

use serde_json::json;

use super::*;
use crate::cluster::{Answer, ConnectError, FakeServer, route_json, status_json};

fn list_of(items: &[serde_json::Value]) -> String {
    json!({ "kind": "HTTPRouteList", "metadata": { "resourceVersion": "7" }, "items": items }).to_string()
}

fn shop() -> Scope {
    Scope::Namespace("shop".into())
}

#[tokio::test]
async fn a_list_is_one_request_without_a_limit() {
    let (server, cluster) =
        FakeServer::start(|_| Answer::Say(200, list_of(&[route_json("a", 1), route_json("b", 2)])));
    let routes = cluster.list(&shop()).await.unwrap();
    let names: Vec<_> = routes.iter().map(|route| route.as_ref().unwrap().id.to_string()).collect();
    assert_eq!(names, ["shop/a", "shop/b"]);
    assert_eq!(server.lines(), ["GET /apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes"]);
}

#[tokio::test]
async fn one_bad_object_is_one_bad_row() {
    let mut bad = route_json("bad", 2);
    bad["spec"]["rules"][0]["backendRefs"] = json!("not a list");
    let list = list_of(&[route_json("a", 1), bad, route_json("c", 3)]);
    let (_, cluster) = FakeServer::start(move |_| Answer::Say(200, list.clone()));
    let routes = cluster.list(&Scope::All).await.unwrap();
    assert_eq!(routes.len(), 3);
    assert_eq!(routes[1].as_ref().unwrap_err().id.to_string(), "shop/bad");
    assert!(routes[0].is_ok() && routes[2].is_ok());
}

#[tokio::test]
async fn all_namespaces_denied_says_what_is_missing_and_what_to_do() {
    let message = "httproutes.gateway.networking.k8s.io is forbidden: User \"ann\" cannot list resource \
                   \"httproutes\" in API group \"gateway.networking.k8s.io\" at the cluster scope";
    let (_, cluster) = FakeServer::start(move |_| Answer::Say(403, status_json(403, "Forbidden", message)));
    assert_eq!(
        cluster.list(&Scope::All).await.unwrap_err().to_string(),
        "cannot list routes in all namespaces: you lack the right to list \
         httproutes.gateway.networking.k8s.io in all namespaces (403); choose one namespace with -n"
    );
}

#[tokio::test]
async fn a_list_cut_off_is_no_list() {
    let mut list = list_of(&[route_json("a", 1)]);
    list.truncate(list.len() - 1);
    let (_, cluster) = FakeServer::start(move |_| Answer::Say(200, list.clone()));
    assert!(matches!(cluster.list(&shop()).await.unwrap_err().why, Why::Broken(_)));
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_given_up() {
    let (_, cluster) = FakeServer::start(|_| Answer::Hang);
    let started = tokio::time::Instant::now();
    let trouble = cluster.get(&RouteId::new("shop", "a")).await.unwrap_err();
    assert_eq!(trouble.to_string(), "cannot read route shop/a: no answer from the API server within 10 s");
    assert!(started.elapsed() < Duration::from_secs(11));
}

#[tokio::test(start_paused = true)]
async fn a_list_that_stops_in_the_middle_is_given_up() {
    let list = list_of(&[route_json("a", 1)]);
    let (_, cluster) = FakeServer::start(move |_| Answer::Stay(vec![list[..50].to_owned()]));
    let started = tokio::time::Instant::now();
    assert!(matches!(cluster.list(&shop()).await.unwrap_err().why, Why::Silent(_)));
    assert!(started.elapsed() < Duration::from_secs(11));
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_is_asked_again() {
    let mut count = 0;
    let (server, cluster) = FakeServer::start(move |_| {
        count += 1;
        match count {
            1 => Answer::Say(429, status_json(429, "TooManyRequests", "later")),
            2 => Answer::Say(503, "<html>no backend</html>".to_owned()),
            _ => Answer::Say(200, route_json("a", 1).to_string()),
        }
    });
    assert_eq!(&*cluster.get(&RouteId::new("shop", "a")).await.unwrap().id.name, "a");
    assert_eq!(server.lines().len(), 3);
}

#[tokio::test]
async fn names_cannot_lead_elsewhere() {
    let (server, cluster) = FakeServer::start(|_| Answer::Say(200, "{}".to_owned()));
    for name in ["", "..", "a/b", "a%2Fb", "a?watch", "?"] {
        let trouble = cluster.get(&RouteId::new("shop", name)).await.unwrap_err();
        assert_eq!(trouble.why, Why::NotFound, "{name}");
    }
    assert!(server.lines().is_empty());
}

#[tokio::test]
async fn a_page_of_a_proxy_is_not_quoted() {
    let (_, cluster) = FakeServer::start(|_| Answer::Say(502, "<html>\n<body>Bad".to_owned()));
    let words = cluster.list(&shop()).await.unwrap_err().to_string();
    assert!(
        words.ends_with("refused it (502): an HTML page, probably from a proxy or a load balancer"),
        "{words}"
    );
}

#[tokio::test]
async fn an_old_cluster_serves_v1beta1() {
    let (_, cluster) = FakeServer::bare(|asked| match asked.line.as_str() {
        "GET /apis/gateway.networking.k8s.io/v1beta1" => {
            Answer::Say(200, r#"{"resources":[{"name":"httproutes"}]}"#.to_owned())
        }
        line if line.contains("/v1beta1/") => Answer::Say(200, list_of(&[])),
        _ => Answer::Say(404, "404 page not found".to_owned()),
    });
    assert!(cluster.list(&shop()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_cluster_without_the_gateway_api_is_told() {
    let (_, cluster) = FakeServer::bare(|_| Answer::Say(404, "404 page not found".to_owned()));
    assert!(matches!(cluster.discover().await, Err(ConnectError::NoGatewayApi { .. })));
    let (_, cluster) =
        FakeServer::bare(|_| Answer::Say(200, r#"{"resources":[{"name":"gateways"}]}"#.to_owned()));
    assert!(matches!(cluster.discover().await, Err(ConnectError::NoGatewayApi { .. })));
}
