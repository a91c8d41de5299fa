//! What a verb works with: the cluster, the numbers, the journal. Opened from the global flags.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::args::Global;
use super::exit::Failure;
use super::output::warn;
use super::source::source;
use crate::app::WINDOW;
use crate::audit::Journal;
use crate::clock::Clock;
use crate::cluster::{Cluster, ConnectError, ConnectOptions, Listed, Scope, Trouble, Version, Why};
use crate::config::{Paths, Settings};
use crate::metrics::{MetricError, MetricSource, Snapshot};
use crate::pilot::{Pilot, Timing};
use crate::route::{Route, RouteId, RuleBackend};

/// The cockpit does not wait longer for what it would refuse to open with.
const PREFLIGHT: Duration = Duration::from_secs(3);

/// What a verb works with.
pub struct Session {
    /// The cluster.
    pub cluster: Cluster,
    /// The routes that were asked for.
    pub scope: Scope,
    /// Where numbers come from, if a source was named that can be one.
    pub metrics: Option<Arc<dyn MetricSource>>,
    /// Whether its URL came with the command: then a wrong one ends it. One that stands in the settings only costs
    /// the numbers, since what needs none must go on.
    pub insists_on_metrics: bool,
    /// What is wrong with the URL in the settings, if it is no URL at all.
    pub bad_url: Option<String>,
    /// The journal of this machine.
    pub journal: Arc<Journal>,
    /// What flags, environment and settings file say.
    pub settings: Settings,
    /// What time of day it is.
    pub clock: Clock,
    /// What the cockpit says as long as it is open.
    pub note: Option<&'static str>,
}

/// The routes around a split, by which other requests may come.
pub struct Around {
    /// The routes, and objects that are none.
    pub listed: Vec<Listed>,
    /// Why routes of other namespaces are missing, if they are.
    pub note: Option<String>,
}

impl Session {
    /// Reads the kubeconfig and gets credentials, and goes by `settings` in which the flags are already; asks nothing of the server or of Prometheus.
    ///
    /// # Errors
    /// What is wrong with the flags or the kubeconfig.
    pub async fn open(global: &Global, settings: Settings, paths: &Paths) -> Result<Self, Failure> {
        let url = global.prometheus.as_deref();
        let cluster = Cluster::connect(&ConnectOptions {
            kubeconfig: global.kubeconfig.clone(),
            context: global.context.clone(),
            namespace: global.namespace.clone(),
        })
        .await?;
        let (metrics, bad_url) = match source(&cluster, &settings, url) {
            Ok(metrics) => (metrics, None),
            Err(error) if url.is_some() => return Err(error.into()),
            Err(error) => (None, Some(in_settings(&error))),
        };
        let scope =
            if settings.all_namespaces { Scope::All } else { Scope::Namespace(cluster.namespace().into()) };
        Ok(Self {
            cluster,
            scope,
            metrics,
            insists_on_metrics: url.is_some(),
            bad_url,
            journal: Arc::new(Journal::at(paths.journal())),
            settings,
            clock: Clock::System,
            note: None,
        })
    }

    /// What the cockpit refuses to open with: a cluster without the Gateway API, a `--prometheus` that is none.
    /// A server that does not answer is no reason: the cockpit keeps trying. Returns what is wrong with the settings.
    ///
    /// # Errors
    /// In words, before the screen is touched.
    pub async fn preflight(&self) -> Result<Option<String>, Failure> {
        let (gateway, metrics) = tokio::join!(
            tokio::time::timeout(PREFLIGHT, self.cluster.discover()),
            tokio::time::timeout(PREFLIGHT, self.check_named_metrics()),
        );
        if let Ok(Err(error @ ConnectError::NoGatewayApi { .. })) = gateway {
            return Err(error.into());
        }
        match metrics {
            Ok(Err(error)) if error.is_wrong_address() => self.wrong_address(error).map(Some),
            _ => Ok(self.bad_url.clone()),
        }
    }

    /// What is wrong with the URL of the settings, in words.
    fn wrong_address(&self, error: MetricError) -> Result<String, Failure> {
        if self.insists_on_metrics { Err(error.into()) } else { Ok(in_settings(&error)) }
    }

    /// Prints why there are no numbers, and returns it. That none were to be found is what most clusters are like.
    fn without_numbers(&self, error: MetricError) -> Result<String, Failure> {
        let nothing_to_warn_of =
            matches!(error, MetricError::NoneFound { .. } | MetricError::NotLooked { .. });
        let why = if error.is_wrong_address() { self.wrong_address(error)? } else { error.to_string() };
        if !nothing_to_warn_of {
            warn(&why);
        }
        Ok(why)
    }

    /// Nobody waits for one that has to be found first.
    async fn check_named_metrics(&self) -> Result<(), MetricError> {
        match &self.metrics {
            Some(metrics) if metrics.origin().is_some() => metrics.check().await,
            _ => Ok(()),
        }
    }

    /// The source of numbers if it is `wanted` and answers; else the reason, for which a warning was printed.
    ///
    /// # Errors
    /// When the URL given with the command is no Prometheus.
    pub async fn answering_metrics(
        &self,
        wanted: bool,
    ) -> Result<Result<&dyn MetricSource, String>, Failure> {
        if !wanted {
            return Ok(Err("--no-metrics was given".to_owned()));
        }
        let Some(metrics) = self.metrics.as_deref() else {
            self.bad_url.iter().for_each(warn);
            return Ok(Err(self.bad_url.clone().unwrap_or_else(|| "no --prometheus was given".to_owned())));
        };
        match metrics.check().await {
            Ok(()) => Ok(Ok(metrics)),
            Err(error) => self.without_numbers(error).map(Err),
        }
    }

    /// The numbers of the newest window; else the reason why there are none, for which a warning was printed.
    ///
    /// # Errors
    /// When the URL given with the command is no Prometheus.
    pub async fn numbers(
        &self,
        metrics: Result<&dyn MetricSource, String>,
        backends: &[RuleBackend],
    ) -> Result<Result<Snapshot, String>, Failure> {
        let source = match metrics {
            Ok(source) => source,
            Err(why) => return Ok(Err(why)),
        };
        match source.numbers(backends, WINDOW).await {
            Ok(snapshot) => {
                snapshot.warnings.iter().for_each(|warning| warn(format_args!("Prometheus: {warning}")));
                Ok(Ok(snapshot))
            }
            Err(error) => self.without_numbers(error).map(Err),
        }
    }

    /// The routes of a scope.
    ///
    /// # Errors
    /// In words, with the exit code for what happened.
    pub async fn list(&self, scope: &Scope) -> Result<Vec<Listed>, Failure> {
        self.try_list(scope).await?.map_err(|trouble| Failure::trouble(&self.cluster, &trouble))
    }

    /// One route as it is now.
    ///
    /// # Errors
    /// In words, with the exit code for what happened.
    pub async fn route(&self, id: &RouteId) -> Result<Route, Failure> {
        let outcome = self.with_version(|| self.cluster.get(id)).await?;
        outcome.map_err(|trouble| match trouble.why {
            Why::NotFound => Failure::error(format!(
                "no route {} in namespace {} (context `{}`); tidegate list -n {} shows what there is",
                id.name,
                id.namespace,
                self.cluster.context(),
                id.namespace
            )),
            _ => Failure::trouble(&self.cluster, &trouble),
        })
    }

    /// The routes of all namespaces if that is permitted, else those of one.
    ///
    /// # Errors
    /// As [`Session::list`].
    pub async fn list_around(&self, namespace: &str) -> Result<Around, Failure> {
        match self.try_list(&Scope::All).await? {
            Ok(listed) => Ok(Around { listed, note: None }),
            Err(Trouble { why: Why::Forbidden(right), .. }) => {
                let listed = self.list(&Scope::Namespace(namespace.into())).await?;
                let note = format!("only routes of namespace {namespace} are known: no right to {right}");
                Ok(Around { listed, note: Some(note) })
            }
            Err(trouble) => Err(Failure::trouble(&self.cluster, &trouble)),
        }
    }

    async fn try_list(&self, scope: &Scope) -> Result<Result<Vec<Listed>, Trouble>, Failure> {
        self.with_version(|| self.cluster.list(scope)).await
    }

    /// Reads without asking for the API's version first: nearly every server has v1. Where there is nothing, it
    /// is asked after all.
    async fn with_version<T, F>(&self, read: impl Fn() -> F) -> Result<Result<T, Trouble>, Failure>
    where
        F: Future<Output = Result<T, Trouble>>,
    {
        self.cluster.assume_v1();
        match read().await {
            Err(trouble) if trouble.why == Why::NotFound => match self.cluster.discover().await? {
                Version::V1 => Ok(Err(trouble)),
                Version::V1beta1 => Ok(read().await),
            },
            outcome => Ok(outcome),
        }
    }

    /// The canaries that were named on this machine, by uid of the route. A journal that cannot be read only
    /// costs the memory of that.
    #[must_use]
    pub fn chosen_canaries(&self) -> HashMap<String, String> {
        self.journal.chosen_canaries().unwrap_or_else(|error| {
            warn(&error);
            HashMap::new()
        })
    }

    /// What carries the changes of verbs through.
    pub async fn pilot(&self) -> Pilot {
        // Servers before 1.28 cannot tell who we are; that is no reason not to roll back.
        let user = self.cluster.whoami().await.map(|user| user.name);
        let actor = user.ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".into());
        self.pilot_for(&actor, Timing { watch_on: Duration::ZERO, ..self.settings.timing })
    }

    /// What carries changes through in the name of `actor`.
    #[must_use]
    pub fn pilot_for(&self, actor: &str, timing: Timing) -> Pilot {
        let (cluster, metrics, journal) =
            (self.cluster.clone(), self.metrics.clone(), Arc::clone(&self.journal));
        Pilot::new(cluster, metrics, journal, self.settings.conventions.clone(), timing, actor)
            .with_clock(self.clock)
    }
}

/// What is wrong with what the settings say of Prometheus.
fn in_settings(error: &MetricError) -> String {
    match error {
        MetricError::Unusable { .. } => format!("there are no numbers: {error}"),
        _ => format!("there are no numbers, since prometheus.url of the settings is wrong: {error}"),
    }
}
