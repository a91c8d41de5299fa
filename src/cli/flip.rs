//! `flip`: all traffic of a pair from the one that has it to the other.

use super::args::Flip;
use super::change;
use super::exit::{Exit, Failure};
use super::session::Session;
use super::target;
use crate::rollout::Intent;
use crate::route::RouteId;

/// Flips.
///
/// # Errors
/// In words, with its exit code.
pub async fn run(session: &Session, id: RouteId, args: &Flip) -> Result<Exit, Failure> {
    let (route, pilot, related) = change::gather_for_gate(session, &id).await?;
    let splits = target::splits(&route, args.rule.as_deref())?;
    let rule = target::split_to_change(&route, &splits, |rule| pilot.plan(&route, &Intent::Flip { rule }))?;
    change::run(&pilot, id, Intent::Flip { rule }, related, &args.change).await
}
