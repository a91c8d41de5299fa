//! The debugging walk: from the route to its parents, its Services, the live split, errors, retries and time-outs, to
//! what to do. Facts in, steps out.
//!
//! Here: what is broken and by which evidence, and the catalogue of failures. Not here: reading the facts (`cluster/`,
//! `metrics/`; `cli/` gathers them), and drawing them (`ui/`). Pure: the time of day is a fact. What cannot be
//! known is said to be unknown, with the reason, and never passes as fine.

mod backends;
mod catalogue;
mod errors;
mod facts;
mod hazards;
mod limits;
mod parents;
mod precedence;
mod split;
mod strain;
mod traffic;
mod walk;
mod weights;

pub use catalogue::{FAILURES, Failure, failure, markdown, nearest};
pub use facts::{Behind, Facts, Gateways, Traffic, counted_since};
pub use walk::{Finding, Place, Step, Verdict, Walk};

/// Walks from the route to the requests.
#[must_use]
pub fn walk(facts: &Facts<'_>) -> Walk {
    let steps = vec![
        Step::new(
            Place::Route,
            [weights::findings(facts), precedence::findings(facts), hazards::findings(facts)],
        ),
        Step::new(Place::Parents, [parents::findings(facts)]),
        Step::new(Place::Backends, [backends::findings(facts)]),
        Step::new(Place::Split, [split::findings(facts)]),
        Step::new(Place::Errors, [errors::findings(facts)]),
        Step::new(Place::Limits, [limits::findings(facts)]),
    ];
    Walk {
        namespace: facts.route.id.namespace.clone(),
        name: facts.route.id.name.clone(),
        generation: facts.route.generation,
        steps,
    }
}

#[cfg(test)]
mod tests;
