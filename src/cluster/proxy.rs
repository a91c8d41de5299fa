//! Which proxy leads to the API server. kube compares `NO_PROXY` with the proxy's own address, so we decide.

use std::net::IpAddr;

use http::Uri;

use crate::web::is_this_machine;

/// The proxy to use, as kubectl would choose it: the kubeconfig's `proxy-url` always; else the environment's, unless
/// `NO_PROXY` names the server or the server is this machine.
///
/// # Errors
/// The name of the setting that is not a URL.
pub(super) fn proxy_for(
    server: &Uri,
    from_kubeconfig: Option<&str>,
    env: impl Fn(&str) -> Option<String>,
) -> Result<Option<Uri>, String> {
    if let Some(url) = from_kubeconfig.filter(|url| !url.is_empty()) {
        return parse(url).map(Some).ok_or_else(|| "proxy-url in the kubeconfig is not a URL".to_owned());
    }
    let variable = |upper: &str| {
        let value = env(upper).filter(|value| !value.is_empty());
        value.or_else(|| env(&upper.to_ascii_lowercase()).filter(|value| !value.is_empty()))
    };
    let name = if server.scheme_str() == Some("http") { "HTTP_PROXY" } else { "HTTPS_PROXY" };
    let Some(url) = variable(name) else { return Ok(None) };
    let host = server.host().unwrap_or("").trim_matches(['[', ']']);
    let port = server.port_u16().unwrap_or(if name == "HTTP_PROXY" { 80 } else { 443 });
    if is_this_machine(host) || variable("NO_PROXY").is_some_and(|list| excepts(&list, host, port)) {
        return Ok(None);
    }
    parse(&url).map(Some).ok_or_else(|| format!("{name} is not a URL"))
}

fn parse(url: &str) -> Option<Uri> {
    let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    url.parse().ok()
}

/// Whether a `NO_PROXY` list names the host: `*`, names and their subdomains, addresses, CIDR ranges, each with an
/// optional port. Entries that make no sense are skipped, as everywhere else.
fn excepts(list: &str, host: &str, port: u16) -> bool {
    let address = host.parse::<IpAddr>().ok();
    list.split([',', ' ']).filter(|entry| !entry.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        if let (Some(address), Some((network, bits))) = (address, entry.split_once('/')) {
            return within(address, network, bits).unwrap_or(false);
        }
        if let (Some(address), Ok(entry)) = (address, entry.trim_matches(['[', ']']).parse::<IpAddr>()) {
            return address == entry;
        }
        let (name, wanted) = match entry.rsplit_once(':') {
            Some((name, digits)) if !name.contains(':') || name.ends_with(']') => (name, digits.parse().ok()),
            _ => (entry, None),
        };
        if wanted.is_some_and(|wanted: u16| wanted != port) {
            return false;
        }
        let name = name.trim_matches(['[', ']']);
        let subdomains_only = name.starts_with(['.', '*']);
        let name = name.trim_start_matches('*').trim_start_matches('.').to_ascii_lowercase();
        let host = host.to_ascii_lowercase();
        match host.strip_suffix(&name) {
            Some("") => !subdomains_only,
            Some(rest) => !name.is_empty() && rest.ends_with('.'),
            None => false,
        }
    })
}

fn within(address: IpAddr, network: &str, bits: &str) -> Option<bool> {
    let bits: u32 = bits.parse().ok()?;
    let (address, network, width) = match (address, network.parse::<IpAddr>().ok()?) {
        (IpAddr::V4(a), IpAddr::V4(n)) => (u128::from(a.to_bits()), u128::from(n.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(n)) => (a.to_bits(), n.to_bits(), 128),
        _ => return Some(false),
    };
    let host_bits = u32::checked_sub(width, bits)?;
    Some(address.checked_shr(host_bits).unwrap_or(0) == network.checked_shr(host_bits).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(server: &str, kubeconfig: Option<&str>, env: &[(&str, &str)]) -> Option<String> {
        let env = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        proxy_for(&server.parse().unwrap(), kubeconfig, env).unwrap().map(|uri| uri.to_string())
    }

    #[test]
    fn no_proxy_is_about_the_server_not_the_proxy() {
        let env = [("HTTPS_PROXY", "http://10.1.1.1:3128"), ("NO_PROXY", "10.1.1.1,.corp.example,")];
        assert!(choose("https://api.example:6443", None, &env).is_some());
        assert!(choose("https://api.corp.example:6443", None, &env).is_none());
    }

    #[test]
    fn the_kubeconfig_wins_over_the_environment() {
        let env = [("HTTPS_PROXY", "http://other:1"), ("NO_PROXY", "*")];
        let chosen = choose("https://api.example", Some("socks5://mine:1080"), &env);
        assert_eq!(chosen.as_deref(), Some("socks5://mine:1080/"));
    }

    #[test]
    fn a_proxy_without_scheme_is_http_and_this_machine_needs_none() {
        let env = [("https_proxy", "proxy:3128")];
        assert_eq!(choose("https://api.example", None, &env).as_deref(), Some("http://proxy:3128/"));
        assert_eq!(choose("https://127.0.0.1:6443", None, &env), None);
        assert_eq!(choose("https://[::1]:6443", None, &env), None);
    }

    #[test]
    fn entries_of_no_proxy() {
        for (list, host, port, expected) in [
            ("*", "api.example", 443, true),
            ("example", "api.example", 443, true),
            (".example", "example", 443, false),
            ("*.example", "api.example", 443, true),
            ("ample", "api.example", 443, false),
            ("api.example:6443", "api.example", 443, false),
            ("api.example:6443", "API.example", 6443, true),
            ("10.0.0.0/8", "10.2.3.4", 443, true),
            ("10.0.0.0/8", "11.2.3.4", 443, false),
            ("0.0.0.0/0", "11.2.3.4", 443, true),
            ("fd00::/8", "fd12::1", 443, true),
            ("10.2.3.4", "10.2.3.4", 443, true),
            ("10.0.0.0/99", "10.2.3.4", 443, false),
            ("", "api.example", 443, false),
        ] {
            assert_eq!(excepts(list, host, port), expected, "{list} {host}:{port}");
        }
    }
}
