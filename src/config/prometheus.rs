//! The section `[prometheus]`, and `[prometheus.contexts."NAME"]` for what is otherwise in one context.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::de::DeValue;

use super::fault::Reach;
use super::providers::matchers;
use super::section::{Faults, Section, Value, Wrong, boolean, kind, text};
use crate::metrics::{Access, Address, Header, Login, Matcher, Secret};

/// Where numbers come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prometheus {
    /// How to reach it, if its URL is known.
    pub access: Access,
    /// Whether to look for one in the cluster where no URL is known.
    pub discover: bool,
    /// Labels that all its series of this cluster have.
    pub matchers: Vec<Matcher>,
}

impl Default for Prometheus {
    fn default() -> Self {
        Self { access: Access::default(), discover: true, matchers: Vec::new() }
    }
}

impl Prometheus {
    /// With another address, as a flag gives it. Login, certificates and headers of the settings were meant for the
    /// address that stands beside them, and are shown to no other.
    #[must_use]
    pub fn at(&self, url: &str) -> Self {
        let url = Address(url.to_owned());
        let meant = self.access.url.as_ref().is_none_or(|known| *known == url);
        let access = if meant { self.access.clone() } else { Access::default() };
        Self { access: Access { url: Some(url), ..access }, ..self.clone() }
    }
}

/// The section, and what is otherwise in contexts that have one of their own.
pub(super) fn read(
    section: &mut Section<'_, '_>,
    faults: &mut Faults<'_>,
) -> (Prometheus, BTreeMap<String, Prometheus>) {
    let mut all = Prometheus::default();
    keys(section, faults, &mut all);
    let mut contexts = BTreeMap::new();
    for (name, mut section) in section.named_sections(faults, "contexts", Reach::Judging) {
        let mut one = all.clone();
        keys(&mut section, faults, &mut one);
        section.finish(faults);
        contexts.insert(name, one);
    }
    (all, contexts)
}

/// What may stand in either section. What does not stand there stays.
fn keys(section: &mut Section<'_, '_>, faults: &mut Faults<'_>, to: &mut Prometheus) {
    let access = &mut to.access;
    section.read(faults, "url", &mut access.url, |value| {
        Ok(Some(text(value)?).filter(|url| !url.is_empty()).map(|url| Address(url.to_owned())))
    });
    section.read(faults, "discover", &mut to.discover, boolean);
    section.read(faults, "matchers", &mut to.matchers, matchers);
    let tls = &mut access.tls;
    section.read(faults, "ca-file", &mut tls.ca_file, path);
    section.read(faults, "client-cert-file", &mut tls.client_cert_file, path);
    section.read(faults, "client-key-file", &mut tls.client_key_file, path);
    section.read(faults, "insecure-skip-verify", &mut tls.insecure_skip_verify, boolean);
    section.read(faults, "headers", &mut access.headers, headers);
    login(section, faults, &mut access.login);
    let url = section.get("url").zip(access.url.as_ref());
    if let Some((value, why)) = url.and_then(|(value, url)| Some((value, url.fault()?))) {
        faults.add(value.span().start, section.path("url"), Reach::Numbers, why);
    }
}

fn login(section: &mut Section<'_, '_>, faults: &mut Faults<'_>, login: &mut Option<Login>) {
    let (mut token_file, mut token_env, mut user) = (None, None, None);
    let (mut password_file, mut password_env) = (None, None);
    section.read(faults, "bearer-token-file", &mut token_file, |value| Ok(path(value)?.map(Secret::File)));
    section.read(faults, "bearer-token-env", &mut token_env, variable);
    section.read(faults, "user", &mut user, |value| {
        Ok(Some(text(value)?).filter(|user| !user.is_empty()).map(ToOwned::to_owned))
    });
    section.read(faults, "password-file", &mut password_file, |value| Ok(path(value)?.map(Secret::File)));
    section.read(faults, "password-env", &mut password_env, variable);
    let token = token_file.or(token_env);
    let password = password_file.or(password_env);
    match (token, user, password) {
        (None, None, None) => {}
        (Some(token), None, None) => *login = Some(Login::Bearer(token)),
        (None, Some(user), password) => *login = Some(Login::Basic { user, password }),
        (None, None, Some(_)) => {
            section.fault(faults, &["password-file", "password-env"], "a password needs its `user`");
        }
        (Some(_), _, _) => {
            let keys = ["user", "password-file", "password-env"];
            section.fault(faults, &keys, "there is a bearer token already: one login is enough");
        }
    }
}

fn path(value: &Value<'_>) -> Result<Option<PathBuf>, Wrong> {
    Ok(Some(text(value)?).filter(|path| !path.is_empty()).map(PathBuf::from))
}

fn variable(value: &Value<'_>) -> Result<Option<Secret>, Wrong> {
    Ok(Some(text(value)?).filter(|name| !name.is_empty()).map(|name| Secret::Env(name.to_owned())))
}

fn headers(value: &Value<'_>) -> Result<Vec<Header>, Wrong> {
    let DeValue::Table(table) = value.get_ref() else {
        let message =
            format!("headers are wanted, for example {{ X-Scope-OrgID = \"shop\" }}, not {}", kind(value));
        return Err(Wrong::new(value, message));
    };
    let header = |(name, value): (_, &Value<'_>)| {
        Ok(Header { name: <_ as AsRef<str>>::as_ref(name).to_owned(), value: text(value)?.to_owned() })
    };
    table.iter().map(|(name, value)| header((name.get_ref(), value))).collect()
}
