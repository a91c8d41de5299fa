//! Takes up what a crash left unfinished: changes in the journal whose ending is not known.

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;

use super::Pilot;
use super::progress::{Ending, Progress, Stage};
use super::subject::Subject;
use super::write::is_ours;
use crate::rollout::ChangeRecord;
use crate::route::RouteId;

impl Pilot {
    /// The changes made from this machine whose ending is not known.
    #[must_use]
    pub fn unfinished(&self) -> Vec<ChangeRecord> {
        self.journal.unfinished().unwrap_or_default()
    }

    /// Finds out what became of an unfinished change: goes on with its proof where the route still shows it.
    pub async fn resume(&self, record: &ChangeRecord, progress: &UnboundedSender<Progress>) -> Ending {
        let id = RouteId::new(&record.namespace, &record.route);
        let subject = match self.cluster.get(&id).await {
            Ok(route) if is_ours(&route, record) => {
                Subject::taken_up(record, &route).ok_or("the route has changed since")
            }
            Ok(_) => Err("the route does not show the change: not written, or replaced since"),
            // Asked again at the next start.
            Err(trouble) => return Ending::Unproven(trouble.to_string()),
        };
        let ending = match subject {
            Ok(subject) => self.count(&subject, Timestamp::now(), Stage::Written, progress).await,
            Err(why) => Ending::Unproven(why.to_owned()),
        };
        let _ = self.journal.ended(&record.id, &ending.to_string());
        ending
    }
}
