//! A connection to one cluster: which context, which server, which API version.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::trouble::{Trouble, Why};
use super::{client, kubeconfig, trouble};

/// How long one call may take.
pub(crate) const CALL_LIMIT: Duration = Duration::from_secs(10);
/// How long connecting may take; less than a call, so that `not sent` is told from `not known`.
pub(super) const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How long credentials that the server refuses are kept before new ones are asked for again.
const RENEW_PAUSE: Duration = Duration::from_secs(10);

/// Where to connect to, as given on the command line.
#[derive(Debug, Clone, Default)]
pub struct ConnectOptions {
    /// `--kubeconfig`.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`; the kubeconfig's current one if absent.
    pub context: Option<String>,
    /// `--namespace`; the context's if absent.
    pub namespace: Option<String>,
}

/// Which version of `HTTPRoute` the cluster serves. Both have the same schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Gateway API 1.0 and later.
    V1,
    /// Before 1.0.
    V1beta1,
}

impl Version {
    /// As it stands in paths.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V1beta1 => "v1beta1",
        }
    }
}

/// A cluster to talk to. Cheap to clone; all clones share the connections.
#[derive(Clone)]
pub struct Cluster {
    shared: Arc<Shared>,
}

struct Shared {
    client: RwLock<kube::Client>,
    context: String,
    server: String,
    namespace: String,
    /// The version of `HTTPRoute` to use, once it is known.
    version: RwLock<Option<Version>>,
    /// How to build the client again; none for a cluster inside the process.
    origin: Option<ConnectOptions>,
    /// When that was last done.
    renewed: Mutex<Option<Instant>>,
}

/// Why there is no cluster to work with. The caller prints it and exits with 2.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// Nothing to read.
    #[error(
        "no kubeconfig: --kubeconfig and $KUBECONFIG are not set and ~/.kube/config does not exist; give one of them"
    )]
    NoKubeconfig,
    /// A file that cannot be used.
    #[error("cannot use kubeconfig {file}: {why}")]
    Unreadable {
        /// The file and who named it.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// No context was named and the file has no current one.
    #[error("kubeconfig {file} has no current context; give one with --context: {}", contexts.join(", "))]
    NoContext {
        /// The file and who named it.
        file: String,
        /// What could be given.
        contexts: Vec<String>,
    },
    /// A context that is not in the file.
    #[error("no context `{name}` in kubeconfig {file}; there is: {}", contexts.join(", "))]
    UnknownContext {
        /// What was asked for.
        name: String,
        /// The file and who named it.
        file: String,
        /// What could be given.
        contexts: Vec<String>,
    },
    /// The server has no `HTTPRoute`s.
    #[error(
        "the cluster of context `{context}` ({server}) has no Gateway API: it serves no HTTPRoutes; install the Gateway API's CRDs or choose another --context"
    )]
    NoGatewayApi {
        /// The context.
        context: String,
        /// The server's URL.
        server: String,
    },
    /// The server does not answer, does not know us, or refuses.
    #[error("context `{context}` ({server}): {why}")]
    Server {
        /// The context.
        context: String,
        /// The server's URL.
        server: String,
        /// What happened.
        why: Why,
    },
}

impl Cluster {
    /// Reads the kubeconfig and gets credentials, running a credential plugin if it names one. Asks nothing of the
    /// server; use [`Cluster::discover`] for that.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(options: &ConnectOptions) -> Result<Self, ConnectError> {
        let (client, context, server) = build(options).await?;
        Ok(Self::new(client, context, server, Some(options.clone())))
    }

    /// A cluster behind a client that somebody else made: the demo's, or a test's.
    #[must_use]
    pub fn from_client(client: kube::Client, context: &str, server: &str) -> Self {
        Self::new(client, context.to_owned(), server.to_owned(), None)
    }

    fn new(client: kube::Client, context: String, server: String, origin: Option<ConnectOptions>) -> Self {
        let namespace = client.default_namespace().to_owned();
        let (client, version, renewed) = (RwLock::new(client), RwLock::default(), Mutex::default());
        Self { shared: Arc::new(Shared { client, context, server, namespace, version, origin, renewed }) }
    }

    /// The context's name; `in-cluster` inside a pod.
    #[must_use]
    pub fn context(&self) -> &str {
        &self.shared.context
    }

    /// How it was found; `None` for a cluster inside the process.
    pub(super) fn origin(&self) -> Option<&ConnectOptions> {
        self.shared.origin.as_ref()
    }

    /// The server's URL.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.shared.server
    }

    /// The namespace given, else the context's, else `default`.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.shared.namespace
    }

    /// Asks the server which version of `HTTPRoute` it serves, and remembers the answer.
    ///
    /// # Errors
    /// [`ConnectError::NoGatewayApi`], or [`ConnectError::Server`].
    pub async fn discover(&self) -> Result<Version, ConnectError> {
        let found = self.ask_version().await.map_err(|trouble| self.server_error(trouble.why))?;
        let Some(version) = found else {
            return Err(ConnectError::NoGatewayApi {
                context: self.context().to_owned(),
                server: self.server().to_owned(),
            });
        };
        *self.shared.version.write().unwrap_or_else(PoisonError::into_inner) = Some(version);
        Ok(version)
    }

    /// Takes it that the server serves v1 if nothing is known yet, which spares the question. Where it does not,
    /// calls answer [`Why::NotFound`], and [`Cluster::discover`] tells.
    pub fn assume_v1(&self) {
        let mut known = self.shared.version.write().unwrap_or_else(PoisonError::into_inner);
        known.get_or_insert(Version::V1);
    }

    /// The version found last, asking for it if it is not known.
    pub(crate) async fn version(&self, what: &str) -> Result<Version, Trouble> {
        let known = *self.shared.version.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(version) = known {
            return Ok(version);
        }
        match self.discover().await {
            Ok(version) => Ok(version),
            Err(ConnectError::Server { why, .. }) => Err(Trouble::new(what, why)),
            Err(_) => Err(Trouble::new(what, Why::NotFound)
                .advise("the cluster serves no HTTPRoutes: the Gateway API's CRDs are missing")),
        }
    }

    /// Forgets the version: the CRDs may have changed.
    pub(super) fn forget_version(&self) {
        *self.shared.version.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Reads the kubeconfig and runs its plugin again, as the server no longer accepts what we have: a token ran out, or
    /// somebody has logged in again. Says whether there is something new to try, for a request that was sent at `sent`.
    pub(crate) async fn renew(&self, sent: Instant) -> bool {
        let Some(origin) = &self.shared.origin else { return false };
        let mut renewed = self.shared.renewed.lock().await;
        // Somebody else was refused at the same time.
        if renewed.is_some_and(|at| at > sent) {
            return true;
        }
        if renewed.is_some_and(|at| at.elapsed() < RENEW_PAUSE) {
            return false;
        }
        let built = build(origin).await;
        *renewed = Some(Instant::now());
        let Ok((client, ..)) = built else { return false };
        *self.shared.client.write().unwrap_or_else(PoisonError::into_inner) = client;
        true
    }

    pub(super) fn client(&self) -> kube::Client {
        self.shared.client.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The client, for the one place that may write.
    pub(crate) fn client_for_writing(&self, _: &crate::pilot::MayWrite) -> kube::Client {
        self.client()
    }

    fn server_error(&self, why: Why) -> ConnectError {
        ConnectError::Server { context: self.context().to_owned(), server: self.server().to_owned(), why }
    }

    async fn ask_version(&self) -> Result<Option<Version>, Trouble> {
        for version in [Version::V1, Version::V1beta1] {
            let path = format!("/apis/gateway.networking.k8s.io/{}", version.as_str());
            match self.get_text("find the Gateway API", &path).await {
                Ok(text) if serves_routes(&text) => return Ok(Some(version)),
                Ok(_) | Err(Trouble { why: Why::NotFound, .. }) => {}
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(None)
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cluster({})", self.context())
    }
}

fn serves_routes(resources: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Resources {
        resources: Vec<Resource>,
    }
    #[derive(serde::Deserialize)]
    struct Resource {
        name: String,
    }
    serde_json::from_str::<Resources>(resources)
        .is_ok_and(|list| list.resources.iter().any(|resource| resource.name == "httproutes"))
}

/// Building the client runs the credential plugin and waits for it, so it gets a thread of its own: one that the
/// runtime does not wait for when the plugin hangs.
async fn build(options: &ConnectOptions) -> Result<(kube::Client, String, String), ConnectError> {
    let kubeconfig::Found { config, context } = kubeconfig::find(options)?;
    let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    let failed = |why| ConnectError::Server { context: context.clone(), server: server.clone(), why };
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    std::thread::spawn(move || {
        let _guard = runtime.enter();
        let _ = sender.send(client::build(config));
    });
    match tokio::time::timeout(CALL_LIMIT, receiver).await {
        Ok(Ok(Ok(client))) => Ok((client, context, server)),
        Ok(Ok(Err(error))) => Err(failed(trouble::why(&error))),
        Ok(Err(_)) => Err(failed(Why::Credentials("reading them failed".into()))),
        Err(_) => Err(failed(Why::Credentials(
            format!(
                "the credential plugin of your kubeconfig gave no answer within {} s; it may wait for a login",
                CALL_LIMIT.as_secs()
            )
            .into(),
        ))),
    }
}
