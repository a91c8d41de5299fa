//! `undo`: the newest change is taken back, as long as the route still is as it left it.

use super::args::Undo;
use super::change;
use super::exit::{Exit, Failure};
use super::session::Session;
use crate::rollout::{Intent, undoable};
use crate::route::RouteId;

/// Undoes. Like a rollback it does not depend on metrics; the gate asks for them where it is an advance.
///
/// # Errors
/// In words, with its exit code.
pub async fn run(session: &Session, id: RouteId, args: &Undo) -> Result<Exit, Failure> {
    let (route, pilot, related) = change::gather(session, &id).await?;
    let change = undoable(&route)?.id.into();
    change::run(&pilot, id, Intent::Undo { change }, related, &args.change).await
}
