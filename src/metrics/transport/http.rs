//! Over the network: TLS, login and headers.

use std::error::Error as _;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Certificate, Client, Identity, Url};

use super::{LIMIT_MIB, Question, Reply, ahead};
use crate::metrics::access::{Access, Login, Tls};
use crate::metrics::error::MetricError;
use crate::web;

/// A client for one address.
#[derive(Clone)]
pub(super) struct Http {
    client: Client,
    /// With user and password, if they stand in it.
    url: Url,
    login: Option<Login>,
}

impl Http {
    pub fn new(mut url: Url, access: &Access) -> Result<Self, MetricError> {
        if access.login.is_some() {
            // One login, not two. Both fail only for URLs that cannot carry one.
            let _ = url.set_username("");
            let _ = url.set_password(None);
        }
        let builder = web::client(&url).map_err(|why| MetricError::NoClient { why })?;
        let client = tls(builder.default_headers(headers(access)?), &access.tls)?
            .build()
            .map_err(|error| MetricError::NoClient { why: web::innermost(&error) })?;
        Ok(Self { client, url, login: access.login.clone() })
    }

    /// POST: a selector of many backends does not fit the length of a URL. `shown` is the address without credentials.
    pub async fn ask(&self, question: &Question, shown: &str) -> Result<Reply, MetricError> {
        let url = format!("{}/api/v1/{}", self.url.as_str().trim_end_matches('/'), question.endpoint);
        let mut request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
            .body(question.form());
        request = match &self.login {
            Some(Login::Bearer(token)) => request.bearer_auth(token.read().await?),
            Some(Login::Basic { user, password }) => {
                let password = match password {
                    Some(password) => Some(password.read().await?),
                    None => None,
                };
                request.basic_auth(user, password)
            }
            None => request,
        };
        let broken = |error: reqwest::Error| network(shown, &error);
        let mut response = request.send().await.map_err(broken)?;
        let header = |name| {
            let value = response.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (kind, location) = (header(CONTENT_TYPE), header(LOCATION));
        let ahead = ahead(Timestamp::now(), &header(DATE));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            body.extend_from_slice(&chunk);
            if body.len() > LIMIT_MIB << 20 {
                return Err(MetricError::TooLarge { url: shown.to_owned(), limit_mib: LIMIT_MIB });
            }
        }
        Ok(Reply { status: response.status().as_u16(), kind, location, ahead, body })
    }
}

/// What the network said.
fn network(shown: &str, error: &reqwest::Error) -> MetricError {
    let url = shown.to_owned();
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused) {
            return MetricError::Refused { url };
        }
        cause = inner.source();
    }
    let why = web::innermost(error);
    match why.strip_prefix("invalid peer certificate: ") {
        Some(why) => MetricError::Certificate { url, why: why.to_owned() },
        None => MetricError::Unreachable { url, why },
    }
}

fn tls(mut builder: reqwest::ClientBuilder, tls: &Tls) -> Result<reqwest::ClientBuilder, MetricError> {
    if let Some(path) = &tls.ca_file {
        let pem = read("ca-file", path)?;
        let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| error.to_string());
        let certificates = certificates.and_then(|all| match all.as_slice() {
            [] => Err("there is no certificate in it".to_owned()),
            _ => Ok(all),
        });
        let certificates = certificates.map_err(|why| unusable("ca-file", path, why))?;
        builder = builder.tls_certs_only(certificates);
    }
    if let Some(path) = &tls.client_cert_file {
        let mut pem = read("client-cert-file", path)?;
        if let Some(key) = &tls.client_key_file {
            pem.push(b'\n');
            pem.extend(read("client-key-file", key)?);
        }
        let identity = Identity::from_pem(&pem);
        builder = builder
            .identity(identity.map_err(|error| unusable("client-cert-file", path, web::innermost(&error)))?);
    }
    if tls.insecure_skip_verify {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    Ok(builder)
}

fn read(key: &str, path: &Path) -> Result<Vec<u8>, MetricError> {
    std::fs::read(path).map_err(|error| unusable(key, path, error.to_string()))
}

fn unusable(key: &str, path: &Path, why: String) -> MetricError {
    MetricError::Unusable { what: format!("prometheus.{key} {}", path.display()), why }
}

pub(super) fn headers(access: &Access) -> Result<HeaderMap, MetricError> {
    let mut headers = HeaderMap::new();
    for header in &access.headers {
        let unusable =
            |why: String| MetricError::Unusable { what: format!("the header {}", header.name), why };
        let name: HeaderName =
            header.name.parse().map_err(|_| unusable("it is no header's name".to_owned()))?;
        let mut value = HeaderValue::from_str(&header.value)
            .map_err(|_| unusable("its value has characters that no header may have".to_owned()))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}
