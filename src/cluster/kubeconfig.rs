//! Finds and reads the kubeconfig: `--kubeconfig`, `$KUBECONFIG`, `~/.kube/config`, else the pod we run in.

use std::path::{Path, PathBuf};

use kube::Config;
use kube::config::{ExecAuthCluster, ExecInteractiveMode, Kubeconfig, KubeconfigError};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

use super::connect::{CONNECT_LIMIT, ConnectError, ConnectOptions};
use super::{first_line, proxy};

/// What was found.
pub(super) struct Found {
    pub config: Config,
    pub context: String,
}

/// Reads what the options and the environment point to. No network, no credential plugin.
pub(super) fn find(options: &ConnectOptions) -> Result<Found, ConnectError> {
    let mut found = match Source::choose(options.kubeconfig.as_deref())? {
        Source::Files { paths, named_by } => read(&paths, named_by, options)?,
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
    Ok(found)
}

/// The contexts that there are.
pub(super) fn contexts(options: &ConnectOptions) -> Result<Vec<String>, ConnectError> {
    let Source::Files { paths, named_by } = Source::choose(options.kubeconfig.as_deref())? else {
        return Ok(Vec::new());
    };
    let kubeconfig = merged(&paths, named_by)?;
    Ok(kubeconfig.contexts.into_iter().map(|named| named.name).collect())
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

fn read(paths: &[PathBuf], named_by: &str, options: &ConnectOptions) -> Result<Found, ConnectError> {
    let file = described(paths, named_by);
    let kubeconfig = merged(paths, named_by)?;
    let context = choose_context(&kubeconfig, options.context.as_deref(), &file)?;
    let config = config_of(&kubeconfig, &context)
        .map_err(|why| ConnectError::Unreadable { file, why: first_line(&why, 200) })?;
    Ok(Found { config, context })
}

/// The files and who named them, for messages.
fn described(paths: &[PathBuf], named_by: &str) -> String {
    let shown: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    format!("{} ({named_by})", shown.join(":"))
}

fn merged(paths: &[PathBuf], named_by: &str) -> Result<Kubeconfig, ConnectError> {
    let merged =
        paths.iter().try_fold(Kubeconfig::default(), |all, path| all.merge(Kubeconfig::read_from(path)?));
    merged.map_err(|error| {
        let why = match error {
            KubeconfigError::ReadConfig(error, _) => error.to_string(),
            other => other.to_string(),
        };
        ConnectError::Unreadable { file: described(paths, named_by), why: first_line(&why, 200) }
    })
}

/// What one context says. kube could do this too, but it stops at any entry of `NO_PROXY` that it does not know.
fn config_of(kubeconfig: &Kubeconfig, name: &str) -> Result<Config, String> {
    let context = kubeconfig.contexts.iter().find(|named| named.name == name);
    let context = context.and_then(|named| named.context.as_ref());
    let context = context.ok_or_else(|| format!("context `{name}` is empty"))?;
    let cluster = kubeconfig.clusters.iter().find(|named| named.name == context.cluster);
    let cluster = cluster.and_then(|named| named.cluster.as_ref());
    let cluster = cluster
        .ok_or_else(|| format!("context `{name}` names cluster `{}`, which is not there", context.cluster))?;
    let server =
        cluster.server.as_deref().ok_or_else(|| format!("cluster `{}` has no server", context.cluster))?;
    let url = server.parse().map_err(|_| format!("the server `{server}` is not a URL"))?;

    // decodes or reads the certificate authority as well
    let described = ExecAuthCluster::try_from(cluster).map_err(|error| error.to_string())?;
    let mut config = Config::new(url);
    if let Some(pem) = &described.certificate_authority_data {
        let certificates = CertificateDer::pem_slice_iter(pem).map(|der| Ok(der?.to_vec()));
        let certificates = certificates.collect::<Result<_, pem::Error>>();
        config.root_cert = Some(certificates.map_err(|error| format!("its certificate authority: {error}"))?);
    }
    // no user, or one that is not there, is nobody: kubectl does the same
    let user = kubeconfig.auth_infos.iter().find(|named| Some(&named.name) == context.user.as_ref());
    config.auth_info = user.and_then(|named| named.auth_info.clone()).unwrap_or_default();
    if let Some(exec) = &mut config.auth_info.exec {
        exec.cluster = exec.provide_cluster_info.then_some(described);
        // anything else would give the plugin our keyboard and let it write on our screen
        exec.interactive_mode = Some(ExecInteractiveMode::Never);
    }
    if let Some(namespace) = &context.namespace {
        config.default_namespace.clone_from(namespace);
    }
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
    config.disable_compression = cluster.disable_compression.unwrap_or(false);
    config.tls_server_name.clone_from(&cluster.tls_server_name);
    config.proxy_url =
        proxy::proxy_for(&config.cluster_url, cluster.proxy_url.as_deref(), |name| std::env::var(name).ok())?;
    Ok(config)
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

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "
apiVersion: v1
current-context: b
clusters: [{name: east, cluster: {server: 'https://east:6443', certificate-authority-data: eA==}},
  {name: west, cluster: {server: 'https://west:6443', tls-server-name: api}}]
contexts: [{name: a, context: {cluster: east, user: u}}, {name: b, context: {cluster: west, user: u, namespace: shop}},
  {name: c, context: {cluster: none, user: u}}]
users: [{name: u, user: {exec: {command: p, apiVersion: v1, interactiveMode: Always, provideClusterInfo: true}}}]
";

    fn find_in(text: &str, context: Option<&str>, namespace: Option<&str>) -> Result<Found, ConnectError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, text).unwrap();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        find(&ConnectOptions { kubeconfig: Some(path), context: owned(context), namespace: owned(namespace) })
    }

    fn words(text: &str, context: Option<&str>) -> String {
        find_in(text, context, None).err().unwrap().to_string()
    }

    #[test]
    fn the_current_context_with_its_namespace() {
        let found = find_in(FILE, None, None).unwrap();
        assert_eq!((found.context.as_str(), found.config.default_namespace.as_str()), ("b", "shop"));
        assert_eq!(found.config.cluster_url.host(), Some("west"));
        assert_eq!(found.config.tls_server_name.as_deref(), Some("api"));
        assert!(!found.config.default_retry, "writes must never be repeated");
        assert_eq!(find_in(FILE, None, Some("other")).unwrap().config.default_namespace, "other");
    }

    #[test]
    fn a_plugin_never_gets_the_terminal() {
        let exec = find_in(FILE, None, None).unwrap().config.auth_info.exec.unwrap();
        assert_eq!(exec.interactive_mode, Some(ExecInteractiveMode::Never));
        assert_eq!(exec.cluster.unwrap().server.as_deref(), Some("https://west:6443"));
    }

    #[test]
    fn each_mistake_names_the_file_and_what_to_do() {
        let unknown = words(FILE, Some("nope"));
        assert!(unknown.starts_with("no context `nope` in kubeconfig /"), "{unknown}");
        assert!(unknown.ends_with("(--kubeconfig); there is: a, b, c"), "{unknown}");
        assert!(
            words(&FILE.replace("current-context: b", ""), None).contains("give one with --context: a, b, c")
        );
        assert!(words(FILE, Some("c")).contains("context `c` names cluster `none`, which is not there"));
        assert!(words("kind: [", None).contains("cannot use kubeconfig /"));
        let missing =
            ConnectOptions { kubeconfig: Some("/no/such/file".into()), ..ConnectOptions::default() };
        let missing = find(&missing).err().unwrap().to_string();
        assert!(
            missing.starts_with("cannot use kubeconfig /no/such/file (--kubeconfig): No such file"),
            "{missing}"
        );
    }
}
