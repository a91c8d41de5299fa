//! What an address means, and how it is shown: never with credentials.

use reqwest::Url;

use crate::cluster::ServiceAddress;
use crate::metrics::error::MetricError;

/// What addresses of the service proxy begin with.
const PROXY: &str = "kube://";

/// Where questions go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Over the network.
    Http(Url),
    /// Through the API server: to this Service, at this path.
    Proxy(ServiceAddress, String),
}

/// The place that an address means, and how it is shown.
pub(super) fn parse(text: &str) -> Result<(Place, String), MetricError> {
    let text = text.trim();
    match text.strip_prefix(PROXY) {
        Some(rest) => {
            let (service, path) = behind_proxy(rest).ok_or_else(|| MetricError::BadUrl {
                url: without_credentials(text),
                why: "through the API server it is kube://NAMESPACE/[SCHEME:]SERVICE:PORT[/PREFIX]"
                    .to_owned(),
            })?;
            let shown = format!("{PROXY}{service}{path}");
            Ok((Place::Proxy(service, path), shown))
        }
        None => http(text).map(|(url, shown)| (Place::Http(url), shown)),
    }
}

/// Why nothing can be asked at an address, if that is seen from it alone.
pub(in crate::metrics) fn fault(text: &str) -> Option<String> {
    match parse(text).err()? {
        MetricError::BadUrl { url, why } => Some(format!("{url}: {why}")),
        other => Some(other.to_string()),
    }
}

fn behind_proxy(text: &str) -> Option<(ServiceAddress, String)> {
    let (namespace, rest) = text.split_once('/')?;
    let (service, path) = rest.split_once('/').unwrap_or((rest, ""));
    let parts: Vec<&str> = service.split(':').collect();
    let (scheme, name, port) = match parts.as_slice() {
        [name, port] => ("", *name, *port),
        [scheme @ ("http" | "https"), name, port] => (*scheme, *name, *port),
        _ => return None,
    };
    if path.contains(['?', '#', '%']) || path.split('/').any(|part| part == "..") {
        return None;
    }
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix("api/v1").unwrap_or(path).trim_end_matches('/');
    let path = if path.is_empty() { String::new() } else { format!("/{path}") };
    Some((ServiceAddress::new(namespace, scheme, name, port)?, path))
}

fn http(text: &str) -> Result<(Url, String), MetricError> {
    let bad = |why: &str| MetricError::BadUrl { url: without_credentials(text), why: why.to_owned() };
    let mut url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("it begins neither with http:// nor with https:// nor with kube://"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("it must end before ? and #"));
    }
    // What people copy from a browser or from the API's documentation.
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/api/v1").unwrap_or(path).to_owned();
    url.set_path(&path);
    let shown = without_credentials(url.as_str());
    Ok((url, shown))
}

/// `text` without user, password, query, and the slash at its end.
pub(in crate::metrics) fn without_credentials(text: &str) -> String {
    let shown = match Url::parse(text) {
        Ok(mut url) if url.has_host() => {
            // Both fail only for URLs that cannot carry credentials.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.set_query(None);
            url.to_string()
        }
        // No URL with a host, but it may hold a password all the same.
        _ => {
            let text = text.split(['?', '#']).next().unwrap_or_default();
            text.rsplit_once('@').map_or(text, |(_, host)| host).to_owned()
        }
    };
    shown.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_cleaned_and_its_credentials_are_not_shown() {
        let (url, shown) = http("https://anna:secret@prom.example/prometheus/api/v1/").unwrap();
        assert_eq!(url.as_str(), "https://anna:secret@prom.example/prometheus");
        assert_eq!(shown, "https://prom.example/prometheus");
        let (place, shown) = parse(" http://localhost:9090/ ").unwrap();
        assert_eq!(place, Place::Http("http://localhost:9090/".parse().unwrap()));
        assert_eq!(shown, "http://localhost:9090");
    }

    #[test]
    fn a_service_behind_the_api_server() {
        for (text, service, path) in [
            ("kube://monitoring/prometheus:9090", "monitoring/prometheus:9090", ""),
            ("kube://monitoring/https:prom:web/", "monitoring/https:prom:web", ""),
            (
                "kube://vm/vmselect:8481/select/0/prometheus/api/v1",
                "vm/vmselect:8481",
                "/select/0/prometheus",
            ),
        ] {
            let (place, shown) = parse(text).unwrap();
            let Place::Proxy(found, prefix) = place else { panic!("{text}") };
            assert_eq!((found.to_string().as_str(), prefix.as_str()), (service, path));
            assert_eq!(shown, format!("kube://{service}{path}"));
        }
        for text in [
            "kube://x",
            "kube://ns/svc",
            "kube://ns/ftp:svc:1",
            "kube://../svc:1",
            "kube://ns/a:1/../x",
            "kube://ns/a:1/?q",
            "kube://Ns/a:1",
            "kube://ns/a:1:2:3",
        ] {
            let words = parse(text).unwrap_err().to_string();
            assert!(words.contains("kube://NAMESPACE/[SCHEME:]SERVICE:PORT[/PREFIX]"), "{words}");
        }
    }

    #[test]
    fn what_is_no_address_says_so_without_its_password() {
        for text in
            ["localhost:9090", "ftp://x/", "http://", "http://h/?query=up", "", "anna:secret@prom:9090"]
        {
            let words = parse(text).unwrap_err().to_string();
            assert!(words.starts_with("--prometheus "), "{words}");
            assert!(words.contains("for example --prometheus http://localhost:9090"), "{words}");
            assert!(!words.contains("secret"), "{words}");
        }
    }
}
