//! `rollback`: drain the canary, or return to the previous version. Metrics, a gate, their settings or a red condition never stop it.

use super::args::Rollback;
use super::change;
use super::exit::{Exit, Failure};
use super::session::Session;
use super::target;
use crate::rollout::Intent;
use crate::route::RouteId;

/// Rolls back.
///
/// # Errors
/// In words, with its exit code.
pub async fn run(session: &Session, id: RouteId, args: &Rollback) -> Result<Exit, Failure> {
    let (route, pilot, related) = change::gather(session, &id).await?;
    let splits = target::splits(&route, args.rule.as_deref())?;
    let chosen = session.chosen_canaries();
    let chosen = chosen.get(&*route.uid).map(String::as_str);
    let (from, into) = target::rollback(
        &route,
        &splits,
        &session.settings.conventions.names,
        args.canary.as_deref(),
        chosen,
    )?;
    let intent = Intent::Drain { from, into, other_paths: args.all_paths };
    change::run(&pilot, id, intent, related, &args.change).await
}
