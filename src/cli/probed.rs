//! `verify --probe`: requests of our own, and which backend answered each.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use serde::Serialize;
use tokio::time::Instant;

use super::args::Verify;
use super::exit::Failure;
use super::session::Session;
use super::voice::Voice;
use crate::cluster::Facts;
use crate::pilot::{Ending, Pilot};
use crate::probe::{BadProbe, Count, Finding, Known, Probe, REQUESTS, Tally, judge, whose};
use crate::route::{BackendRef, Route, declared_share};

/// Between two lines about how far it is.
const TELLING: Duration = Duration::from_secs(2);

/// What a probe counted, for scripts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Probed {
    requests: u32,
    backends: Vec<OfBackend>,
    /// By the version that they name.
    unknown_versions: BTreeMap<String, Count>,
    unnamed: Count,
    /// By why there was no answer.
    lost: BTreeMap<String, u32>,
}

#[derive(Serialize)]
struct OfBackend {
    name: String,
    #[serde(flatten)]
    count: Count,
}

impl From<BadProbe> for Failure {
    fn from(error: BadProbe) -> Self {
        match error {
            BadProbe::Url(_) => Self::usage(format!("--probe: {error}")),
            BadProbe::Client(_) => Self::error(error),
        }
    }
}

/// Sends the probe that `args` ask for, and judges rule `rule` of `route` by it.
///
/// # Errors
/// When nothing can be sent.
pub async fn probed(
    session: &Session,
    pilot: &Pilot,
    route: &Route,
    rule: usize,
    args: &Verify,
    voice: &Voice,
) -> Result<(Ending, Probed), Failure> {
    let probe = wanted(session, route, args)?;
    let backends = backends(session, route, rule, args).await?;
    voice.line(&format!("{:<15}  {}, {} requests", "probing", probe.in_words(), probe.requests()));
    let settling = pilot.settling(route);
    if settling > Duration::ZERO {
        let words = format!("settling for {:.0} s", settling.as_secs_f64().ceil());
        voice.line(&format!("{:<15}  {words}", "probing"));
        tokio::time::sleep(settling).await;
    }
    let mut told = Instant::now();
    let tally = probe.send(|tally| {
        if told.elapsed() >= TELLING {
            told = Instant::now();
            let words = so_far(tally, &backends);
            voice.line(&format!("{:<15}  {} of {}: {words}", "probing", tally.sent(), probe.requests()));
        }
    });
    let tally = tally.await?;
    let probed = counted(&tally, &backends);
    let split = route.rules.get(rule);
    let share = |index| split.and_then(|split| declared_share(split, index));
    let declared: Option<Vec<f64>> = (0..backends.len()).map(share).collect();
    let Some(declared) = declared else {
        let words = format!("all weights of rule {rule} are 0: no share is declared");
        return Ok((Ending::Unproven(words), probed));
    };
    let superseded = match session.cluster.get(&route.id).await {
        Ok(now) if now.generation == route.generation => None,
        Ok(now) => Some(format!(
            "superseded: {} was changed meanwhile (generation {} -> {})",
            route.id, route.generation, now.generation
        )),
        Err(trouble) => Some(trouble.to_string()),
    };
    let ending = match (judge(&declared, &backends, &tally), superseded) {
        (Finding::Proven(words) | Finding::Unproven(words) | Finding::Disproven(words), Some(why)) => {
            Ending::Unproven(format!("{why}; {words}"))
        }
        (Finding::Proven(words), None) => Ending::Proven(failed(words, &probed)),
        (Finding::Unproven(words), None) => Ending::Unproven(failed(words, &probed)),
        (Finding::Disproven(words), None) => Ending::Disproven(failed(words, &probed)),
    };
    Ok((ending, probed))
}

/// The probe that flags and settings ask for, in this order.
fn wanted(session: &Session, route: &Route, args: &Verify) -> Result<Probe, Failure> {
    let given = args.probe.as_deref().filter(|url| !url.is_empty());
    let set = session.settings.probes.iter().find(|set| set.covers(&route.id));
    // What is set for another URL is not meant for this one.
    let set = set.filter(|_| given.is_none());
    let Some(url) = given.or(set.map(|set| set.url.as_str())) else {
        return Err(Failure::usage(format!(
            "--probe: no [[probe]] of the settings covers route {}; give it a URL",
            route.id
        )));
    };
    let Some(from) = args.version_from.clone().or(set.map(|set| set.version_from.clone())) else {
        return Err(Failure::usage("--probe needs --version-from, to tell the versions apart"));
    };
    let mut headers = set.map(|set| set.headers.clone()).unwrap_or_default();
    // What is given with the command comes last, and stays.
    headers.extend(args.header.iter().cloned());
    let requests = args.requests.or(set.map(|set| set.requests)).unwrap_or(REQUESTS);
    Ok(Probe::new(url, headers, requests, from)?)
}

/// The backends of the rule, with what is known of their versions.
async fn backends(
    session: &Session,
    route: &Route,
    rule: usize,
    args: &Verify,
) -> Result<Vec<(BackendRef, Known)>, Failure> {
    let refs = route.rules.get(rule).map_or(&[][..], |rule| &rule.backends);
    for (name, _) in &args.version_of {
        if !refs.iter().any(|backend| backend.to.name == *name) {
            let names: Vec<&str> = refs.iter().map(|backend| &*backend.to.name).collect();
            return Err(Failure::usage(format!(
                "--version-of {name}: rule {rule} of route {} has no such backend; there are: {}",
                route.id,
                names.join(", ")
            )));
        }
    }
    let known = refs.iter().map(|backend| async {
        let Facts { endpoints, pods } = session.cluster.facts(&backend.to).await;
        let told = args.version_of.iter().filter(|(name, _)| backend.to.name == *name);
        let known = Known {
            unknown: pods.is_err() && !endpoints.is_ok_and(|endpoints| endpoints.ready == 0),
            told: told.map(|(_, version)| version.clone()).collect(),
            // What cannot be read tells nothing: then a person has to.
            of_pods: pods
                .map(|pods| pods.versions.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
        };
        (backend.to.clone(), known)
    });
    Ok(join_all(known).await)
}

fn counted(tally: &Tally, backends: &[(BackendRef, Known)]) -> Probed {
    let mut of: Vec<OfBackend> = backends
        .iter()
        .map(|(backend, _)| OfBackend { name: backend.name.to_string(), count: Count::default() })
        .collect();
    let mut unknown_versions = BTreeMap::new();
    for (version, count) in &tally.versions {
        match whose(version, backends) {
            Some(index) => {
                of[index].count.answers += count.answers;
                of[index].count.errors5xx += count.errors5xx;
            }
            None => {
                unknown_versions.insert(version.clone(), *count);
            }
        }
    }
    Probed {
        requests: tally.sent(),
        backends: of,
        unknown_versions,
        unnamed: tally.unnamed,
        lost: tally.lost.clone(),
    }
}

fn so_far(tally: &Tally, backends: &[(BackendRef, Known)]) -> String {
    let of = counted(tally, backends).backends;
    of.iter().map(|of| format!("{} {}", of.name, of.count.answers)).collect::<Vec<_>>().join(", ")
}

/// With the failed answers, who gave them.
fn failed(words: String, probed: &Probed) -> String {
    let failed = |name: &str, count: Count| {
        (count.errors5xx > 0).then(|| format!("{name} {} of {}", count.errors5xx, count.answers))
    };
    let of = probed.backends.iter().filter_map(|of| failed(&of.name, of.count));
    let rest = probed.unknown_versions.iter().filter_map(|(version, count)| failed(version, *count));
    let all: Vec<String> = of.chain(rest).chain(failed("without a version", probed.unnamed)).collect();
    if all.is_empty() { words } else { format!("{words}; answers of 5xx: {}", all.join(", ")) }
}
