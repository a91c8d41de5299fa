//! What the verbs that write have in common: prepare, show, confirm, write, and tell what follows.

use std::io::{self, BufRead, IsTerminal};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::termios::{QueueSelector, tcflush};
use serde::Serialize;
use tokio::sync::mpsc::unbounded_channel;

use super::args::{Change, EndingFormat};
use super::exit::{Exit, Failure};
use super::output::{self, warn};
use super::session::Session;
use super::summary;
use super::voice::Voice;
use crate::pilot::{Confirmed, DryRun, Ending, NotWritten, Pilot, Planned, PrepareError, Prepared, Request};
use crate::rollout::{Confirmation, Effect, Intent, Refusal, SHOWN_FOR};
use crate::route::{Route, RouteId};

/// What is shown besides must not hold up a change for longer.
const PATIENCE: Duration = Duration::from_secs(5);
const NOT_WAITED_FOR: &str = "proof was not waited for; --wait does";

/// How a change ended, for scripts.
#[derive(Debug, Serialize)]
struct Outcome {
    /// `proven`, `unproven`, `disproven`, `written`, `unknown`, `not written`, `dry run`, `nothing to do`.
    ending: &'static str,
    words: String,
    /// Of the route that was asked for, as written.
    generation: Option<i64>,
    /// Of the change, in the journal and in the annotation.
    id: Option<String>,
}

impl Outcome {
    fn unwritten(ending: &'static str, words: String) -> Self {
        Self { ending, words, generation: None, id: None }
    }
}

fn end(voice: &Voice, exit: Exit, outcome: &Outcome) -> Result<Exit, Failure> {
    voice.end(exit, outcome.ending, &outcome.words, outcome)
}

/// Tells a script, where it wants JSON, what a person is told of a change that cannot be said to be written.
///
/// # Errors
/// When standard output cannot be written to.
pub fn tell_failure(flags: &Change, failure: &Failure) -> Result<(), Failure> {
    let ending = if failure.exit == Exit::Unknown { "unknown" } else { "not written" };
    match flags.output {
        EndingFormat::Json => output::json(&Outcome::unwritten(ending, failure.message.clone())),
        EndingFormat::Text => Ok(()),
    }
}

/// A route, what carries its changes through, and the routes around; `None` where these are not all known.
type Gathered = (Route, Pilot, Option<Vec<Arc<Route>>>);

/// Reads what a change needs, all at once.
///
/// # Errors
/// When the route cannot be read. What is missing of the rest is a warning.
pub async fn gather(session: &Session, id: &RouteId) -> Result<Gathered, Failure> {
    // Finds the cluster and its version first: the rest relies on it.
    let route = session.route(id).await?;
    let around = tokio::time::timeout(PATIENCE, session.list_around(&id.namespace));
    let (pilot, around) = tokio::join!(session.pilot(), around);
    let related = match around {
        Ok(Ok(around)) => {
            around.note.iter().for_each(|note| warn(format_args!("other paths: {note}")));
            around.note.is_none().then(|| around.listed.into_iter().flatten().map(Arc::new).collect())
        }
        Ok(Err(failure)) => {
            warn(format_args!("other paths are not known: {}", failure.message));
            None
        }
        Err(_) => {
            warn(format_args!("other paths are not known: no list within {} s", PATIENCE.as_secs()));
            None
        }
    };
    Ok((route, pilot, related))
}

/// As [`gather`], for what a gate may judge: it would miss the numbers, so that their address is wrong is said before
/// anything else.
///
/// # Errors
/// As [`gather`], and when the URL given with the command is no Prometheus.
pub async fn gather_for_gate(session: &Session, id: &RouteId) -> Result<Gathered, Failure> {
    let (metrics, gathered) = tokio::join!(session.answering_metrics(true), gather(session, id));
    let gathered = gathered?;
    // That there are none was a warning.
    let _ = metrics?;
    Ok(gathered)
}

/// Carries `intent` from preparation to its ending, as the flags say.
///
/// # Errors
/// In words, with its exit code.
pub async fn run(
    pilot: &Pilot,
    route: RouteId,
    intent: Intent,
    related: Option<Vec<Arc<Route>>>,
    flags: &Change,
) -> Result<Exit, Failure> {
    let voice = Voice::new(flags.output);
    let (everywhere, related) = (related.is_some(), related.unwrap_or_default());
    let request = Request { route, intent, related, everywhere };
    let given = Confirmation { reason: flags.reason.clone(), typed: flags.confirm.clone() };
    let mut asked = flags.yes;
    loop {
        let prepared = match pilot.prepare(&request).await {
            Ok(prepared) => prepared,
            Err(PrepareError::Refused(Refusal::Nothing(why))) => {
                return end(&voice, Exit::Done, &Outcome::unwritten("nothing to do", why));
            }
            Err(error) => return Err(error.into()),
        };
        let shown = Instant::now();
        for line in summary::lines(&prepared) {
            voice.line(&line);
        }
        let met = prepared.demand.met_by(&given);
        let demanded = summary::demanded(&prepared, flags.confirm.as_deref());

        forbidden(&prepared)?;
        if flags.dry_run {
            return ended_dry(&voice, &prepared, (!met).then_some(demanded));
        }
        let unmet = || Failure::new(Exit::Gate, format!("nothing was written: {demanded}"));
        if !met {
            return Err(unmet());
        }
        if !asked {
            let answer = ask(&voice)?;
            let rollback = prepared.main().is_some_and(|main| main.plan.effect == Effect::Rollback);
            match taken(&answer, shown.elapsed(), rollback)? {
                Answer::Yes => {}
                // What was meant is still meant: it is prepared on what there is now.
                Answer::Late => {
                    asked = true;
                    continue;
                }
            }
        }
        let confirmed = prepared.confirm(given).map_err(|_| unmet())?;
        return carry(pilot, confirmed, &request.route, flags.wait, &voice).await;
    }
}

/// What the server would refuse for the lack of a right needs no question. Of several routes it only costs those for
/// which the right is missing.
fn forbidden(prepared: &Prepared) -> Result<(), Failure> {
    let is_forbidden = |planned: &Planned| matches!(planned.dry_run, DryRun::Forbidden(_));
    let all = prepared.planned.iter().all(is_forbidden);
    for planned in &prepared.planned {
        match &planned.dry_run {
            DryRun::Forbidden(why) if all => {
                let words = format!("nothing was written: {why}; ask for it, or choose another --context");
                return Err(Failure::new(Exit::NotPermitted, words));
            }
            DryRun::Forbidden(why) => warn(format_args!("{} stays as it is: {why}", planned.plan.route)),
            _ => {}
        }
    }
    Ok(())
}

fn ended_dry(voice: &Voice, prepared: &Prepared, demanded: Option<String>) -> Result<Exit, Failure> {
    let refused = prepared.planned.iter().find_map(|planned| match &planned.dry_run {
        DryRun::Refused(why) => Some(why),
        _ => None,
    });
    if let Some(why) = refused {
        return Err(Failure::error(format!(
            "dry run: nothing was written, and the server refuses it: {why}"
        )));
    }
    if let Some(demanded) = demanded {
        voice.line(&format!("to write it: {demanded}"));
    }
    end(voice, Exit::Done, &Outcome::unwritten("dry run", "nothing was written".to_owned()))
}

/// What was answered.
#[derive(Debug, PartialEq)]
enum Answer {
    Yes,
    /// Yes, to a rollback that was shown too long ago.
    Late,
}

/// What an answer means that came `waited` after the change was shown.
fn taken(answer: &str, waited: Duration, rollback: bool) -> Result<Answer, Failure> {
    let yes = matches!(answer, "y" | "Y" | "yes");
    match (yes, waited < SHOWN_FOR) {
        (false, _) => Err(Failure::error("nothing was written: you did not answer y")),
        (true, true) => Ok(Answer::Yes),
        (true, false) if rollback => Ok(Answer::Late),
        (true, false) => Err(Failure::error(format!(
            "expired: repeat it; nothing was written, since what was shown is older than {} s",
            SHOWN_FOR.as_secs()
        ))),
    }
}

/// Asks on the terminal.
fn ask(voice: &Voice) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "nothing was written: there is no terminal to ask on; add --yes to write without asking",
        ));
    }
    // What was typed before answers something else. If it cannot be dropped, the question is asked all the same.
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    voice.prompt("write this? [y/N] ");
    let mut answer = String::new();
    // What cannot be read is no yes.
    let read = io::stdin().lock().read_line(&mut answer);
    Ok(if read.is_ok() { answer.trim().to_owned() } else { String::new() })
}

/// Writes, and with `wait` follows the change to its proof.
async fn carry(
    pilot: &Pilot,
    confirmed: Confirmed,
    route: &RouteId,
    wait: bool,
    voice: &Voice,
) -> Result<Exit, Failure> {
    let (sender, receiver) = unbounded_channel();
    let work = async move {
        if wait {
            return Some(pilot.carry(confirmed, &sender).await);
        }
        let written = pilot.write_only(confirmed, &sender).await;
        let ending = match written {
            Ok(written) => {
                pilot.leave(&written);
                written.unwritten().map(|words| Ending::Unproven(format!("{words}; {NOT_WAITED_FOR}")))
            }
            Err(why) => Some(Ending::NotWritten(why)),
        };
        pilot.finish().await;
        ending
    };
    let (ending, (generation, id)) = tokio::join!(work, voice.follow(receiver, route));
    let outcome = |ending, words| Outcome { ending, words, generation, id };
    match ending {
        None => end(voice, Exit::Done, &outcome("written", NOT_WAITED_FOR.to_owned())),
        Some(Ending::Proven(words)) => end(voice, Exit::Done, &outcome("proven", words)),
        Some(Ending::Unproven(words)) => end(voice, Exit::Unproven, &outcome("unproven", words)),
        // It was written, which is what this code says; 6 would say that not even that is known.
        Some(Ending::Disproven(words)) => end(voice, Exit::Unproven, &outcome("disproven", words)),
        Some(Ending::NotWritten(why)) => Err(Failure::new(Exit::from(&why), not_written(&why))),
    }
}

/// What happened, and what to do now.
fn not_written(why: &NotWritten) -> String {
    let advice = match why {
        NotWritten::Changed { fresh: Some(fresh), .. } => {
            format!("; now it has {}: look and repeat", weights(fresh))
        }
        NotWritten::Changed { fresh: None, .. } | NotWritten::Refused(_) | NotWritten::NoJournal(_) => {
            String::new()
        }
        NotWritten::Forbidden(_) => "; ask for it, or choose another --context".to_owned(),
        NotWritten::Unreachable(_) => "; check the network and repeat".to_owned(),
        NotWritten::Unknown(_) => "; look at it with tidegate show before you repeat".to_owned(),
    };
    format!("{why}{advice}")
}

fn weights(route: &Route) -> String {
    let rule = |(index, rule): (usize, &crate::route::Rule)| {
        let pairs = rule.backends.iter().map(|b| format!("{}={}", b.to.name, b.weight));
        format!("rule {} {}", route.rule_label(index), pairs.collect::<Vec<_>>().join(" "))
    };
    route.splits().map(rule).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_old_is_not_written() {
        let after = |seconds: u64, rollback| {
            taken("y", Duration::from_secs(seconds), rollback).map_err(|failure| failure.message)
        };
        assert_eq!(after(29, false), Ok(Answer::Yes));
        assert_eq!(
            after(30, false).unwrap_err(),
            "expired: repeat it; nothing was written, since what was shown is older than 30 s"
        );
        assert_eq!(after(30, true), Ok(Answer::Late), "a rollback is prepared again and goes on");
        for no in ["", "n", "yy"] {
            assert!(taken(no, Duration::ZERO, true).is_err());
        }
    }
}
