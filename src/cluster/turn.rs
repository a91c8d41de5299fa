//! One turn of a watch: opened at a version, and read line by line until the server ends it. What is watched and what a
//! line tells is the matter of those who follow it.

use std::time::Duration;

use futures::AsyncBufReadExt;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout};

use super::call::Body;
use super::connect::Cluster;
use super::first_line;
use super::trouble::{Trouble, Why};

/// The server is asked to end each turn after this time. When not even that end arrives, the connection is dead, though
/// nobody told us; an idle watch costs one small request on an open connection in this time.
const TURN: Duration = Duration::from_secs(30);
const GRACE: Duration = Duration::from_secs(5);
/// One that ends sooner would be opened again and again as fast as the server can answer.
const SHORT: Duration = Duration::from_secs(1);

/// How far a watch is.
pub(super) enum At {
    /// Nothing is known, or what was known is too old to go on from.
    Nothing,
    /// Everything up to this version has been told.
    Version(Box<str>),
    /// A turn is open.
    Open { version: Box<str>, turn: Turn },
}

/// An open watch.
pub(super) struct Turn {
    body: Body,
    since: Instant,
}

/// The end of a turn, or a broken connection: the next attempt tells which.
pub(super) struct Ended {
    /// Whether it was hardly open.
    pub at_once: bool,
}

impl Turn {
    /// Watches from `version` on what there is at `path`, or what `selector`, a part of the query, chooses of it.
    pub async fn open(
        cluster: &Cluster,
        what: &str,
        path: &str,
        selector: &str,
        version: &str,
    ) -> Result<Self, Trouble> {
        let turn = TURN.as_secs();
        let query =
            format!("watch=true&allowWatchBookmarks=true&timeoutSeconds={turn}&resourceVersion={version}");
        let chosen = if selector.is_empty() { String::new() } else { format!("&{selector}") };
        let body = cluster.open_watch(what, &format!("{path}?{query}{chosen}")).await?;
        Ok(Self { body, since: Instant::now() })
    }

    /// The next line.
    pub async fn line(&mut self) -> Result<Vec<u8>, Ended> {
        let mut line = Vec::new();
        let read = timeout(TURN + GRACE, self.body.read_until(b'\n', &mut line)).await;
        if matches!(read, Ok(Ok(_))) && line.last() == Some(&b'\n') {
            return Ok(line);
        }
        Err(Ended { at_once: self.since.elapsed() < SHORT })
    }
}

/// One line of a watch, whatever it is about.
pub(super) struct Notice<'a> {
    pub kind: &'a str,
    /// The object.
    pub text: &'a str,
    pub metadata: Metadata,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize)]
struct Object {
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    pub resource_version: Option<Box<str>>,
    pub namespace: Option<Box<str>>,
    pub name: Option<Box<str>>,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    code: u16,
    #[serde(default)]
    message: String,
}

impl<'a> Notice<'a> {
    pub fn read(line: &'a [u8], what: &str) -> Result<Self, Trouble> {
        let unreadable = |error: serde_json::Error| {
            Trouble::new(what, Why::Unreadable(first_line(&error.to_string(), 120).into()))
        };
        let line: Line<'a> = serde_json::from_slice(line).map_err(unreadable)?;
        let text = line.object.get();
        if line.kind == "ERROR" {
            let status: Status = serde_json::from_str(text).map_err(unreadable)?;
            let why = match status.code {
                410 => Why::Gone,
                code => Why::Refused(code, first_line(&status.message, 160).into()),
            };
            return Err(Trouble::new(what, why));
        }
        let metadata = serde_json::from_str::<Object>(text).map_err(unreadable)?.metadata;
        Ok(Self { kind: line.kind, text, metadata })
    }
}
