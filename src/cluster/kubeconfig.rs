//! Finds and reads the kubeconfig: `--kubeconfig`, `$KUBECONFIG`, `~/.kube/config`, else the pod we run in.

use std::path::{Path, PathBuf};

use kube::Config;
use kube::config::{ExecInteractiveMode, KubeConfigOptions, Kubeconfig};

use super::connect::{CONNECT_LIMIT, ConnectError, ConnectOptions};
use super::{first_line, proxy};

/// What was found.
pub(super) struct Found {
    pub config: Config,
    pub context: String,
}

/// Reads what the options and the environment point to. No network, no credential plugin.
pub(super) async fn find(options: &ConnectOptions) -> Result<Found, ConnectError> {
    let mut found = match Source::choose(options.kubeconfig.as_deref())? {
        Source::Files { paths, named_by } => read(&paths, named_by, options).await?,
        Source::Pod => {
            let config = Config::incluster().map_err(|error| ConnectError::Unreadable {
                file: "the service account of this pod".into(),
                why: first_line(&error.to_string(), 200),
            })?;
            Found { config, context: "in-cluster".to_owned() }
        }
    };
    if let Some(namespace) = &options.namespace {
        found.config.default_namespace.clone_from(namespace);
    }
    let config = &mut found.config;
    config.connect_timeout = Some(CONNECT_LIMIT);
    // kube would repeat writes too; who may be repeated is decided call by call
    config.default_retry = false;
    if let Some(exec) = &mut config.auth_info.exec {
        // anything else would give the plugin our keyboard and let it write on our screen
        exec.interactive_mode = Some(ExecInteractiveMode::Never);
    }
    Ok(found)
}

enum Source {
    Files { paths: Vec<PathBuf>, named_by: &'static str },
    Pod,
}

impl Source {
    fn choose(flag: Option<&Path>) -> Result<Self, ConnectError> {
        if let Some(path) = flag {
            return Ok(Self::Files { paths: vec![path.to_owned()], named_by: "--kubeconfig" });
        }
        let listed = std::env::var_os("KUBECONFIG").unwrap_or_default();
        let listed: Vec<_> = std::env::split_paths(&listed).filter(|p| !p.as_os_str().is_empty()).collect();
        if !listed.is_empty() {
            // like kubectl: of several files some may be missing, but not all
            let present: Vec<_> = listed.iter().filter(|path| path.exists()).cloned().collect();
            let paths = if present.is_empty() { listed } else { present };
            return Ok(Self::Files { paths, named_by: "$KUBECONFIG" });
        }
        let home = etcetera::home_dir().ok().map(|home| home.join(".kube/config"));
        match home {
            Some(path) if path.exists() => Ok(Self::Files { paths: vec![path], named_by: "the default" }),
            _ if std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() => Ok(Self::Pod),
            _ => Err(ConnectError::NoKubeconfig),
        }
    }
}

async fn read(paths: &[PathBuf], named_by: &str, options: &ConnectOptions) -> Result<Found, ConnectError> {
    let shown: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    let file = format!("{} ({named_by})", shown.join(":"));
    let unreadable =
        |why: String| ConnectError::Unreadable { file: file.clone(), why: first_line(&why, 200) };
    let merged =
        paths.iter().try_fold(Kubeconfig::default(), |all, path| all.merge(Kubeconfig::read_from(path)?));
    let kubeconfig = merged.map_err(|error| unreadable(kubeconfig_error(&error)))?;

    let context = choose_context(&kubeconfig, options.context.as_deref(), &file)?;
    let cluster = kubeconfig
        .contexts
        .iter()
        .find(|named| named.name == context)
        .and_then(|named| named.context.as_ref())
        .and_then(|context| kubeconfig.clusters.iter().find(|named| named.name == context.cluster))
        .and_then(|named| named.cluster.as_ref());
    let own_proxy = cluster.and_then(|cluster| cluster.proxy_url.clone());

    let chosen = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &chosen)
        .await
        .map_err(|error| unreadable(kubeconfig_error(&error)))?;
    config.proxy_url =
        proxy::proxy_for(&config.cluster_url, own_proxy.as_deref(), |name| std::env::var(name).ok())
            .map_err(unreadable)?;
    Ok(Found { config, context })
}

fn choose_context(kubeconfig: &Kubeconfig, flag: Option<&str>, file: &str) -> Result<String, ConnectError> {
    let contexts = || kubeconfig.contexts.iter().map(|named| named.name.clone()).collect();
    let current = || kubeconfig.current_context.as_deref().filter(|name| !name.is_empty());
    let Some(name) = flag.or_else(current) else {
        return Err(ConnectError::NoContext { file: file.to_owned(), contexts: contexts() });
    };
    if kubeconfig.contexts.iter().any(|named| named.name == name) {
        return Ok(name.to_owned());
    }
    Err(ConnectError::UnknownContext { name: name.to_owned(), file: file.to_owned(), contexts: contexts() })
}

fn kubeconfig_error(error: &kube::config::KubeconfigError) -> String {
    use kube::config::KubeconfigError as E;
    match error {
        E::ReadConfig(error, _) => error.to_string(),
        E::ParseNoProxy(error) => {
            format!("NO_PROXY has an entry that cannot be read: {error:?}; correct or unset it")
        }
        other => other.to_string(),
    }
}
