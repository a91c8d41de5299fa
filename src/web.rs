//! HTTP to others than the API server: to a Prometheus, and to a URL that is probed. Called by `metrics/` and `probe/`; what is
//! true of all HTTP here, `cluster/` uses as well.

use std::error::Error;
use std::net::IpAddr;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Url};

/// The beginnings of a client for `url`. It follows no redirect: where that leads to is another question than what answers here.
///
/// # Errors
/// In words, when the process has no TLS provider: the client would panic.
pub(crate) fn client(url: &Url) -> Result<ClientBuilder, String> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        return Err("no TLS provider is installed in this process".to_owned());
    }
    let builder = Client::builder()
        .user_agent(concat!("tidegate/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none());
    // A port-forward or tunnel of this machine: a proxy elsewhere cannot reach it.
    Ok(if url.host_str().is_some_and(is_this_machine) { builder.no_proxy() } else { builder })
}

/// Whether a host is this machine, by its name or address; that of IPv6 may stand in brackets.
pub(crate) fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The cause at the bottom, which is the one that says something: those above it repeat each other, and the URL.
pub(crate) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_never_behind_a_proxy() {
        for (host, expected) in [
            ("localhost", true),
            ("127.0.0.2", true),
            ("[::1]", true),
            ("prom.example", false),
            ("10.0.0.1", false),
            ("127.0.0.1.example", false),
        ] {
            assert_eq!(is_this_machine(host), expected, "{host}");
        }
    }
}
