//! Where a Prometheus is and what it wants to see before it answers. Says where secrets stand, and holds none but those
//! that were typed into an address or a header; those are never printed.

use std::fmt;
use std::path::PathBuf;

use super::error::MetricError;

/// How to reach one Prometheus, or what speaks its API.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// Where, if somebody said so: `http(s)://[USER:PASSWORD@]HOST[:PORT][/PREFIX]`, or through the service proxy of
    /// the API server `kube://NAMESPACE/[SCHEME:]SERVICE:PORT[/PREFIX]`.
    pub url: Option<Address>,
    /// Certificates, for https.
    pub tls: Tls,
    /// Who we are.
    pub login: Option<Login>,
    /// More headers of each request, as `X-Scope-OrgID` for a tenant of Mimir.
    pub headers: Vec<Header>,
}

/// An address as it was given; it may hold a password, so it is not shown as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(pub String);

impl Address {
    /// Why nothing can be asked there, if that is seen from the address alone; in words that hold no password.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        super::transport::fault(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::transport::without_credentials(&self.0))
    }
}

/// Certificates, as PEM files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tls {
    /// The authorities to trust, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// The certificate to show.
    pub client_cert_file: Option<PathBuf>,
    /// Its key.
    pub client_key_file: Option<PathBuf>,
    /// Believe any certificate: whoever is in between can read everything and invent numbers.
    pub insecure_skip_verify: bool,
}

/// Who we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// `Authorization: Bearer ...`.
    Bearer(Secret),
    /// `Authorization: Basic ...`.
    Basic {
        /// The user.
        user: String,
        /// The password, if there is one.
        password: Option<Secret>,
    },
}

/// Where a secret stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// In a file, which is read for each question: tokens of pods are renewed every hour.
    File(PathBuf),
    /// In a variable of the environment.
    Env(String),
}

impl Secret {
    /// The secret as it is now, without the line's end.
    pub(super) async fn read(&self) -> Result<String, MetricError> {
        let (text, place) = match self {
            Self::File(path) => {
                let place = format!("the file {}", path.display());
                let path = path.clone();
                // A network's file may take its time, and a pipe for ever.
                let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await;
                (read.map_err(|error| error.to_string()).and_then(|r| r.map_err(|e| e.to_string())), place)
            }
            Self::Env(name) => {
                (std::env::var(name).map_err(|error| error.to_string()), format!("the variable {name}"))
            }
        };
        let unusable = |why: String| MetricError::Unusable { what: format!("the login in {place}"), why };
        let text = text.map_err(&unusable)?;
        match text.trim() {
            "" => Err(unusable("it is empty".to_owned())),
            text => Ok(text.to_owned()),
        }
    }
}

/// A header; its value may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ...", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_in_words() {
        let access = Access {
            url: Some(Address("https://anna:s3cret@prom.example/p".to_owned())),
            headers: vec![Header { name: "X-Api-Key".to_owned(), value: "s3cret".to_owned() }],
            ..Access::default()
        };
        let words = format!("{access:?}");
        assert!(!words.contains("s3cret"), "{words}");
        assert!(words.contains("https://prom.example/p") && words.contains("X-Api-Key: ..."), "{words}");
    }
}
