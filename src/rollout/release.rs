//! What a backend's pods run, and since when: another release may have been deployed under the same name.

use jiff::Timestamp;

use super::change::ChangeRecord;

/// What the pods behind a backend run, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Release {
    /// Images of the main containers, each once; more than one while pods are replaced, none where it is not known.
    pub images: Vec<String>,
    /// When the newest pod was created.
    pub newest_pod: Option<Timestamp>,
}

impl Release {
    /// Whether all pods run another image than the backend `key` of `record` had.
    #[must_use]
    pub fn is_new_since(&self, record: &ChangeRecord, key: &str) -> bool {
        matches!((self.images.as_slice(), record.images.get(key)), ([now], Some(then)) if now != then)
    }

    /// Since when all pods run it that replaced another one after `then`: before their newest one was there, some may have run
    /// the other one. `None` where that is not known.
    #[must_use]
    pub fn whole_since(&self, then: Timestamp) -> Option<Timestamp> {
        self.newest_pod.filter(|newest| *newest > then)
    }
}
