//! What `show --logs` says of the errors in the logs of each version.

use serde::Serialize;

use super::session::Session;
use crate::pilot::Logged;
use crate::rollout::{LogErrors, Verdict};
use crate::route::Route;

/// The logs of one rule.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogsOfRule {
    rule_index: usize,
    /// How far back they were read.
    seconds: u64,
    backends: Vec<OfBackend>,
    /// Whether the canary's errors are more than twice stable's: `hold` or `pass`; `no data` or `not applicable` where that
    /// cannot be told, and nothing without roles.
    verdict: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OfBackend {
    name: String,
    #[serde(flatten)]
    errors: LogErrors,
    /// In the same time.
    requests: Option<f64>,
    #[serde(skip)]
    words: String,
}

/// Reads the logs behind every split of `route`.
pub async fn logs(session: &Session, route: &Route) -> Vec<LogsOfRule> {
    let pilot = session.pilot().await;
    let chosen = session.chosen_canaries();
    let chosen = chosen.get(&*route.uid).map(String::as_str);
    let mut all = Vec::new();
    for (rule, _) in route.splits() {
        let (logged, check) = pilot.logged(route, rule, chosen).await;
        let backend = |logged: Logged| OfBackend {
            words: logged.words(),
            name: logged.backend.name.to_string(),
            errors: logged.errors,
            requests: logged.requests,
        };
        all.push(LogsOfRule {
            rule_index: rule,
            seconds: session.settings.conventions.logs.since.as_secs(),
            backends: logged.into_iter().map(backend).collect(),
            verdict: check.map(|check| check.verdict.to_string()),
        });
    }
    all
}

impl LogsOfRule {
    /// The lines for people, if it is of rule `rule`.
    pub fn lines(&self, rule: usize) -> Vec<String> {
        if self.rule_index != rule {
            return Vec::new();
        }
        let mut lines = Vec::new();
        for backend in &self.backends {
            lines.push(format!("Log errors in {} s: {}", self.seconds, backend.words));
            lines.extend(backend.errors.examples.iter().map(|line| format!("  {line}")));
        }
        if self.verdict.as_deref() == Some(&*Verdict::Hold.to_string()) {
            lines.push("Log errors: more than twice stable's".to_owned());
        }
        lines
    }
}
