//! `set`: these weights in a split.

use super::args::Set;
use super::change;
use super::exit::{Exit, Failure};
use super::session::Session;
use super::target;
use crate::rollout::{Intent, Refusal};
use crate::route::RouteId;

/// What is wrong with the weights whatever the route is.
///
/// # Errors
/// In words.
pub fn check(args: &Set) -> Result<(), Failure> {
    for (position, (name, _)) in args.weights.iter().enumerate() {
        if args.weights.iter().take(position).any(|(earlier, _)| earlier == name) {
            return Err(Refusal::Repeated(name.to_string()).into());
        }
    }
    if args.weights.iter().all(|(_, weight)| *weight == 0) {
        return Err(Refusal::AllZero.into());
    }
    Ok(())
}

/// Sets the weights.
///
/// # Errors
/// In words, with its exit code.
pub async fn run(session: &Session, id: RouteId, args: &Set) -> Result<Exit, Failure> {
    let (route, pilot, related) = change::gather_for_gate(session, &id).await?;
    let names: Vec<&str> = args.weights.iter().map(|(name, _)| &**name).collect();
    let rule = target::split_with(&route, &target::splits(&route, args.rule.as_deref())?, &names)?;
    let intent = Intent::Set { rule, weights: args.weights.clone() };
    change::run(&pilot, id, intent, related, &args.change).await
}
