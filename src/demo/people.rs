//! Who else writes the routes: an owner that takes its weights back, and a colleague with `kubectl edit`.

use std::time::Duration;

use fastrand::Rng;
use tokio::time::sleep;

use super::api::ApiServer;
use super::shop::{EDITED, NAMESPACE, OWNED, set_weights};

/// How long the owner takes to see that somebody else has written.
const RECONCILE: Duration = Duration::from_secs(4);
/// The colleague's first edit, and then the pauses between two, in seconds.
const FIRST_EDIT: Duration = Duration::from_secs(12);
const PAUSES: std::ops::Range<u64> = 15..30;

/// Puts the owner's weights back whenever somebody else has changed them.
pub async fn owner(api: ApiServer) {
    let (namespace, name, weights, manager) = OWNED;
    let mut version = 0;
    loop {
        let changed = api.changed_routes(&mut version).await;
        if changed.iter().any(|r| r["metadata"]["namespace"] == namespace && r["metadata"]["name"] == name) {
            sleep(RECONCILE).await;
            api.edit_route(namespace, name, manager, |route| set_weights(route, 0, &weights));
        }
    }
}

/// Edits one route or the other now and then, back and forth.
pub async fn colleague(api: ApiServer, seed: u64) {
    let mut random = Rng::with_seed(seed);
    sleep(FIRST_EDIT).await;
    for edit in 0_usize.. {
        let (name, rule, [one, other]) = EDITED[edit % EDITED.len()];
        api.edit_route(NAMESPACE, name, "kubectl-edit", |route| {
            let first = &route["spec"]["rules"][rule]["backendRefs"][0]["weight"];
            let weights = if *first == one[0] { other } else { one };
            set_weights(route, rule, &weights);
        });
        sleep(Duration::from_secs(random.u64(PAUSES))).await;
    }
}
