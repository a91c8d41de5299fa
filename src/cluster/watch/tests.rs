use futures::StreamExt;
use serde_json::{Value, json};

use tokio::time::timeout;

use super::*;
use crate::cluster::{Answer, FakeServer, route_json, status_json};

fn list(version: u32, names: &[&str]) -> Answer {
    let items: Vec<_> = names.iter().map(|name| route_json(name, version)).collect();
    let list = json!({ "metadata": { "resourceVersion": version.to_string() }, "items": items });
    Answer::Say(200, list.to_string())
}

fn line(kind: &str, object: &Value) -> String {
    format!("{}\n", json!({ "type": kind, "object": object }))
}

/// Answers in the given order, then nothing more.
fn server(answers: Vec<Answer>) -> (FakeServer, Cluster) {
    let mut answers = answers.into_iter();
    FakeServer::start(move |_| answers.next().unwrap_or(Answer::Hang))
}

/// What the watch tells, in short, until it tells nothing for long or has told `most`.
async fn told(cluster: &Cluster, most: usize) -> Vec<String> {
    let updates = watch(cluster, Scope::All).map(|update| match update {
        Update::Started => "started".to_owned(),
        Update::Reset(items) => {
            let names = items.iter().map(|item| item.as_ref().map_or("bad", |route| &route.id.name));
            format!("reset {}", names.collect::<Vec<_>>().join(" "))
        }
        Update::Applied(Ok(route)) => format!("applied {}", route.id.name),
        Update::Applied(Err(bad)) => format!("bad {}", bad.id.name),
        Update::Deleted(id) => format!("deleted {}", id.name),
        Update::Lost(trouble) => format!("lost {}", trouble.why),
    });
    let mut updates = std::pin::pin!(updates.take(most));
    let mut told = Vec::new();
    while let Ok(Some(update)) = timeout(Duration::from_secs(5), updates.next()).await {
        told.push(update);
    }
    told
}

fn versions_asked(server: &FakeServer) -> Vec<String> {
    let version =
        |line: String| line.split_once("resourceVersion=").map_or("list".to_owned(), |(_, v)| v.to_owned());
    server.lines().into_iter().map(version).collect()
}

#[tokio::test(start_paused = true)]
async fn list_then_changes_as_they_come() {
    let gone = line("DELETED", &route_json("a", 9));
    let (server, cluster) = server(vec![
        list(5, &["a", "b"]),
        // cut in the middle of a line, as the network pleases
        Answer::Stay(vec![
            line("MODIFIED", &route_json("b", 7)),
            line("ADDED", &route_json("c", 8)) + &gone[..20],
            gone[20..].to_owned(),
        ]),
    ]);
    assert_eq!(told(&cluster, 9).await, ["reset a b", "started", "applied b", "applied c", "deleted a"]);
    let asked = &server.lines()[1];
    assert!(asked.contains("allowWatchBookmarks=true") && asked.contains("timeoutSeconds=30"), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_ends_goes_on_after_the_last_version_without_a_word() {
    let (server, cluster) = server(vec![
        list(5, &[]),
        Answer::Say(200, line("ADDED", &route_json("a", 6)) + &line("MODIFIED", &route_json("a", 7))),
        Answer::Say(
            200,
            line("BOOKMARK", &json!({ "kind": "HTTPRoute", "metadata": { "resourceVersion": "12" } })),
        ),
        Answer::Stay(vec![]),
    ]);
    assert_eq!(told(&cluster, 9).await, ["reset ", "started", "applied a", "applied a"]);
    assert_eq!(versions_asked(&server), ["list", "5", "7", "12"]);
}

#[tokio::test(start_paused = true)]
async fn history_gone_means_all_is_told_again_at_once() {
    let gone = json!({ "kind": "Status", "code": 410, "reason": "Expired", "message": "too old" });
    let (server, cluster) = server(vec![
        list(5, &["a"]),
        Answer::Say(200, line("ERROR", &gone)),
        list(50, &["b"]),
        Answer::Stay(vec![line("ADDED", &route_json("c", 51))]),
    ]);
    assert_eq!(told(&cluster, 9).await, ["reset a", "started", "reset b", "started", "applied c"]);
    assert_eq!(versions_asked(&server), ["list", "5", "list", "50"]);
}

#[tokio::test(start_paused = true)]
async fn history_gone_may_be_an_answer_too() {
    let (server, cluster) = server(vec![
        list(5, &["a"]),
        Answer::Say(410, status_json(410, "Expired", "too old")),
        list(50, &["b"]),
        Answer::Stay(vec![]),
    ]);
    assert_eq!(told(&cluster, 9).await, ["reset a", "reset b", "started"]);
    assert_eq!(versions_asked(&server), ["list", "5", "list", "50"]);
}

#[tokio::test(start_paused = true)]
async fn one_bad_object_does_not_end_the_watch() {
    let mut bad = route_json("bad", 8);
    bad["spec"] = json!("nonsense");
    let (server, cluster) = server(vec![
        list(5, &["a"]),
        Answer::Stay(vec![line("ADDED", &bad) + &line("MODIFIED", &route_json("a", 9))]),
    ]);
    assert_eq!(told(&cluster, 9).await, ["reset a", "started", "bad bad", "applied a"]);
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_told_and_ends_where_it_began() {
    let (server, cluster) = server(vec![
        list(5, &["a"]),
        Answer::Say(200, line("MODIFIED", &route_json("a", 6))),
        Answer::Break,
        Answer::Break,
        Answer::Say(401, status_json(401, "Unauthorized", "Unauthorized")),
        Answer::Stay(vec![line("MODIFIED", &route_json("a", 7))]),
    ]);
    let told = told(&cluster, 9).await;
    assert_eq!(told[..3], ["reset a", "started", "applied a"]);
    assert!(told[3].starts_with("lost the connection broke") && told[4].starts_with("lost"), "{told:?}");
    assert!(told[5].contains("401"), "{told:?}");
    assert_eq!(told[6..], ["started", "applied a"]);
    assert_eq!(versions_asked(&server), ["list", "5", "6", "6", "6", "6"]);
}

#[tokio::test(start_paused = true)]
async fn attempts_come_no_faster_than_they_should_and_never_stop() {
    let (_, cluster) = FakeServer::start(|_| Answer::Break);
    let started = Instant::now();
    assert_eq!(told(&cluster, 20).await.len(), 20);
    let each = started.elapsed() / 20;
    assert!(each > Duration::from_secs(2) && each < Duration::from_secs(4), "{each:?}");
}

#[tokio::test(start_paused = true)]
async fn a_dead_connection_is_noticed() {
    let (server, cluster) = server(vec![list(5, &["a"]), Answer::Stay(vec![]), Answer::Break]);
    let updates = watch(&cluster, Scope::All);
    let mut updates = std::pin::pin!(updates);
    updates.next().await;
    updates.next().await;
    let silent_since = Instant::now();
    assert!(matches!(updates.next().await, Some(Update::Lost(_))));
    assert!(silent_since.elapsed() < Duration::from_secs(40));
    assert_eq!(versions_asked(&server), ["list", "5", "5"]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_ends_at_once_is_not_opened_as_fast_as_the_server_can() {
    let mut first = true;
    let (server, cluster) = FakeServer::start(move |_| {
        if std::mem::take(&mut first) { list(5, &[]) } else { Answer::Say(200, String::new()) }
    });
    assert_eq!(told(&cluster, 9).await, ["reset ", "started"]);
    assert!(server.lines().len() < 14, "{} requests in 5 s", server.lines().len());
}
