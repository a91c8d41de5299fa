//! `step`: the canary one stage on, one back, or to a share.

use super::args::Step;
use super::change;
use super::exit::{Exit, Failure};
use super::session::Session;
use super::target;
use crate::rollout::{Direction, Intent, Refusal};
use crate::route::RouteId;

/// Steps.
///
/// # Errors
/// In words, with its exit code.
pub async fn run(session: &Session, id: RouteId, args: &Step) -> Result<Exit, Failure> {
    let (route, pilot, related) = if args.back {
        change::gather(session, &id).await?
    } else {
        change::gather_for_gate(session, &id).await?
    };
    let splits = target::splits(&route, args.rule.as_deref())?;
    let intent = |rule: usize| {
        let canary = args.canary.as_deref().map(Box::from);
        match (args.to, args.back) {
            (Some(stage), _) => Intent::Stage { rule, stage, canary },
            (None, true) => Intent::Step { rule, direction: Direction::Back, canary },
            (None, false) => Intent::Step { rule, direction: Direction::Next, canary },
        }
    };
    let plan = |rule| pilot.plan(&route, &intent(rule));
    let rule = target::split_to_change(&route, &splits, plan)?;
    if let Err(Refusal::AskCanary(names)) = plan(rule) {
        return Err(Failure::usage(format!(
            "nothing says which backend of route {}, rule {} is the canary; name it with --canary NAME: {}",
            route.id,
            route.rule_label(rule),
            names.join(" or ")
        )));
    }
    change::run(&pilot, id, intent(rule), related, &args.change).await
}
