//! Leaves a note at a route: an Event that `kubectl describe` and others show. Best effort.

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::Api;
use kube::api::PostParams;

use super::connect::{CALL_LIMIT, Cluster};
use super::trouble::{Trouble, Why};
use crate::route::RouteId;

/// The server takes no longer ones.
const LONGEST_NOTE: usize = 1024;

/// What an Event says. Written one by one: a recorder would merge similar ones and lose the weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note<'a> {
    /// One word in `CamelCase`: `WeightsChanged`.
    pub reason: &'a str,
    /// What was done, one word: `Step`.
    pub action: &'a str,
    /// The sentence: who, before → after, why.
    pub text: &'a str,
    /// Whether it is a warning.
    pub warning: bool,
    /// When.
    pub at: jiff::Timestamp,
    /// Who reports it: host and process.
    pub instance: &'a str,
}

impl Cluster {
    /// Creates an Event about a route.
    ///
    /// # Errors
    /// [`Trouble`]. The change that the note is about stands all the same.
    pub async fn leave_note(&self, route: &RouteId, uid: &str, note: &Note<'_>) -> Result<(), Trouble> {
        let what = format!("record an event on route {route}");
        let event = Event {
            metadata: ObjectMeta {
                generate_name: Some(format!("{}-", route.name)),
                namespace: Some(route.namespace.to_string()),
                ..ObjectMeta::default()
            },
            regarding: Some(ObjectReference {
                api_version: Some(format!(
                    "gateway.networking.k8s.io/{}",
                    self.version(&what).await?.as_str()
                )),
                kind: Some("HTTPRoute".to_owned()),
                namespace: Some(route.namespace.to_string()),
                name: Some(route.name.to_string()),
                uid: Some(uid.to_owned()),
                ..ObjectReference::default()
            }),
            type_: Some(if note.warning { "Warning" } else { "Normal" }.to_owned()),
            reason: Some(note.reason.to_owned()),
            action: Some(note.action.to_owned()),
            note: Some(shortened(note.text)),
            event_time: Some(MicroTime(note.at)),
            reporting_controller: Some("tidegate.dev/tidegate".to_owned()),
            reporting_instance: Some(note.instance.to_owned()),
            ..Event::default()
        };
        // not `read`: a second try could leave the note twice
        let api: Api<Event> = Api::namespaced(self.client(), &route.namespace);
        match tokio::time::timeout(CALL_LIMIT, api.create(&PostParams::default(), &event)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Trouble::from_kube(what, &error)),
            Err(_) => Err(Trouble::new(what, Why::Silent(CALL_LIMIT))),
        }
    }
}

fn shortened(text: &str) -> String {
    if text.len() <= LONGEST_NOTE {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LONGEST_NOTE - '…'.len_utf8());
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_no_longer_than_the_server_takes() {
        assert_eq!(shortened("short"), "short");
        let long = shortened(&"→".repeat(LONGEST_NOTE));
        assert!(
            long.len() <= LONGEST_NOTE && long.len() > LONGEST_NOTE - 4 && long.ends_with("→…"),
            "{long}"
        );
    }
}
