//! `verify`: whether a split is served as it is declared. Writes nothing.

use serde::Serialize;
use tokio::sync::mpsc::unbounded_channel;

use super::args::Verify;
use super::change;
use super::exit::{Exit, Failure};
use super::probed::{Probed, probed};
use super::session::Session;
use super::target;
use super::voice::Voice;
use crate::pilot::{self, Ending};
use crate::route::{Route, RouteId, declared_share};

/// What was found, for scripts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    /// `proven`, `unproven` or `disproven`.
    ending: &'static str,
    words: &'a str,
    namespace: &'a str,
    name: &'a str,
    generation: i64,
    rule_index: usize,
    declared: Vec<Declared<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probe: Option<Probed>,
}

#[derive(Serialize)]
struct Declared<'a> {
    name: &'a str,
    weight: u32,
    /// 0 to 1; nothing where all weights are 0.
    share: Option<f64>,
}

/// Looks what is served.
///
/// # Errors
/// In words, with its exit code.
pub async fn run(session: &Session, id: RouteId, args: &Verify) -> Result<Exit, Failure> {
    let voice = Voice::new(args.output);
    // A probe needs no Prometheus.
    let (route, pilot, related) = match args.probe {
        Some(_) => change::gather(session, &id).await?,
        None => change::gather_for_gate(session, &id).await?,
    };
    let rule = target::only(&route, &target::splits(&route, args.rule.as_deref())?)?;
    let unexpected = args.expect.as_ref().and_then(|expected| differs(&route, rule, &expected.0));
    let (ending, probe) = match unexpected {
        Some(words) => (Ending::Disproven(words), None),
        None if args.probe.is_some() => {
            let (ending, probed) = probed(session, &pilot, &route, rule, args, &voice).await?;
            (ending, Some(probed))
        }
        None => {
            let (everywhere, related) = (related.is_some(), related.unwrap_or_default());
            let generation = route.generation;
            let ask = pilot::Verify { route: id.clone(), generation, rule, related, everywhere };
            let (sender, receiver) = unbounded_channel();
            let work = async move { pilot.verify(&ask, &sender).await };
            (tokio::join!(work, voice.follow(receiver, &id)).0, None)
        }
    };
    end(&voice, &route, rule, &ending, probe)
}

fn end(
    voice: &Voice,
    route: &Route,
    rule: usize,
    ending: &Ending,
    probe: Option<Probed>,
) -> Result<Exit, Failure> {
    let (exit, words) = match ending {
        Ending::Proven(words) => (Exit::Done, words.clone()),
        Ending::Disproven(words) => (Exit::Disproven, words.clone()),
        Ending::Unproven(words) => (Exit::Unproven, words.clone()),
        // Nothing is written here.
        Ending::NotWritten(why) => (Exit::Unproven, why.to_string()),
    };
    let rules = route.rules.get(rule).into_iter();
    let declared = rules.flat_map(|rule| {
        let backends = rule.backends.iter().enumerate();
        backends.map(|(index, backend)| Declared {
            name: &backend.to.name,
            weight: backend.weight,
            share: declared_share(rule, index),
        })
    });
    let found = Found {
        ending: ending.word(),
        words: &words,
        namespace: &route.id.namespace,
        name: &route.id.name,
        generation: route.generation,
        rule_index: rule,
        declared: declared.collect(),
        probe,
    };
    voice.end(exit, ending.word(), &words, &found)
}

/// Why the declared weights do not stand in the ratio of those that are expected; `None` if they do.
fn differs(route: &Route, rule: usize, expected: &[u32]) -> Option<String> {
    let weights = route.rules.get(rule)?.weights();
    let sum = |list: &[u32]| list.iter().copied().map(u64::from).sum::<u64>();
    let (declared_sum, expected_sum) = (sum(&weights), sum(expected));
    let same = |(declared, expected): (&u32, &u32)| {
        u64::from(*declared) * expected_sum == u64::from(*expected) * declared_sum
    };
    let fits = weights.len() == expected.len() && declared_sum > 0 && weights.iter().zip(expected).all(same);
    let list = |list: &[u32]| list.iter().map(ToString::to_string).collect::<Vec<_>>().join("/");
    (!fits).then(|| format!("declared is {}, not {}; nothing was counted", list(&weights), list(expected)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(weights: &[u32]) -> Route {
        let names = ["stable", "canary", "third"];
        let refs: Vec<_> = weights
            .iter()
            .zip(names)
            .map(|(weight, name)| serde_json::json!({"name": name, "port": 80, "weight": weight}))
            .collect();
        let object = serde_json::json!({
            "metadata": {"namespace": "shop", "name": "web", "uid": "u", "generation": 1},
            "spec": {"rules": [{"backendRefs": refs}]},
        });
        Route::from_json(&object.to_string()).unwrap()
    }

    #[test]
    fn the_ratio_of_the_weights_is_what_is_expected() {
        let differs = |weights: &[u32], expected: &[u32]| differs(&route(weights), 0, expected);
        assert_eq!(differs(&[90, 10], &[90, 10]), None);
        assert_eq!(differs(&[900, 100], &[9, 1]), None);
        assert_eq!(differs(&[95, 5], &[90, 10]).unwrap(), "declared is 95/5, not 90/10; nothing was counted");
        assert!(differs(&[10, 90], &[90, 10]).is_some(), "in the order of the backends");
        assert!(differs(&[90, 10], &[90, 10, 0]).is_some());
        assert!(differs(&[0, 0], &[1, 1]).is_some(), "nothing is declared where all weights are 0");
    }
}
