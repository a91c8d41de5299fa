//! Takes up what a crash left unfinished: changes in the journal whose ending is not known.

use tokio::sync::mpsc::UnboundedSender;

use super::Pilot;
use super::progress::{Ending, Progress, Stage};
use super::subject::Subject;
use super::write::is_ours;
use crate::cluster::Scope;
use crate::rollout::ChangeRecord;
use crate::route::{Route, RouteId};

impl Pilot {
    /// All routes that may be seen: of all namespaces, else of the route's own, and why the others are missing.
    async fn all_routes(&self, id: &RouteId) -> (Vec<Route>, Option<String>) {
        let (related, unseen) = self.related(&[], false).await;
        if unseen.is_none() {
            return (related.iter().map(|route| Route::clone(route)).collect(), None);
        }
        let listed = self.cluster.list(&Scope::Namespace(id.namespace.clone())).await;
        (listed.unwrap_or_default().into_iter().filter_map(Result::ok).collect(), unseen)
    }

    /// Finds out what became of an unfinished change: goes on with its proof where the route still shows it.
    pub async fn resume(&self, record: &ChangeRecord, progress: &UnboundedSender<Progress>) -> Ending {
        let id = RouteId::new(&record.namespace, &record.route);
        let found = match self.cluster.get(&id).await {
            Ok(route) if is_ours(&route, record) => {
                let (others, unseen) = self.all_routes(&id).await;
                let subject = Subject::taken_up(record, &route, &others, unseen);
                subject.map(|subject| (subject, route)).ok_or("the route has changed since")
            }
            Ok(_) => Err("the route does not show the change: not written, or replaced since"),
            // Asked again at the next start.
            Err(trouble) => return Ending::Unproven(trouble.to_string()),
        };
        let ending = match found {
            Ok((subject, route)) => {
                let words = format!("generation {}: taken up again", route.generation);
                let _ =
                    progress.send(Progress { route: id, stage: Stage::Written, words, fresh: Some(route) });
                self.count(&subject, self.clock.now(), Stage::Written, progress).await
            }
            Err(why) => Ending::Unproven(why.to_owned()),
        };
        let _ = self.journal.ended(&record.id, &ending.to_string());
        ending
    }
}
