//! What holds for routes that say nothing of their own.

use super::gates::Gates;
use super::ladder::Ladder;
use super::links::Link;
use super::log_errors::LogRules;
use super::pattern::Pattern;

/// What people have agreed on: the settings file may say otherwise, and a route's annotations come before both.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conventions {
    /// The stages of routes that name none.
    pub ladder: Ladder,
    /// Which names tell roles.
    pub names: RoleNames,
    /// Where more is asked for before a change.
    pub production: Production,
    /// What a backend must show before it gets more traffic.
    pub gates: Gates,
    /// How errors in logs are counted.
    pub logs: LogRules,
    /// Where else to look, by URLs with names to fill in.
    pub links: Vec<Link>,
}

/// Which names tell roles. Each name is tried on the patterns in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleNames {
    /// The version that is being tried.
    pub canary: Vec<Pattern>,
    /// The version that everybody had before.
    pub stable: Vec<Pattern>,
    /// One of a pair. Each pattern has one `*`; what it stands for must be the same in both names.
    pub blue: Vec<Pattern>,
    /// The other of a pair, likewise.
    pub green: Vec<Pattern>,
    /// Names that only hint at a canary, so that it is asked before the first change.
    pub hints: Vec<Pattern>,
}

impl Default for RoleNames {
    fn default() -> Self {
        let patterns = |texts: &[&str]| texts.iter().filter_map(|text| text.parse().ok()).collect();
        Self {
            canary: patterns(&["*-canary"]),
            stable: patterns(&["*-stable", "*-primary"]),
            blue: patterns(&["*-blue"]),
            green: patterns(&["*-green"]),
            hints: patterns(&["*-next", "*-preview", "*-experimental"]),
        }
    }
}

impl RoleNames {
    pub(super) fn is_canary(&self, name: &str) -> bool {
        any(&self.canary, name)
    }

    pub(super) fn is_stable(&self, name: &str) -> bool {
        any(&self.stable, name)
    }

    pub(super) fn hints(&self, name: &str) -> bool {
        any(&self.hints, name)
    }

    /// Whether these are a blue-green pair, in either order.
    pub(super) fn are_pair(&self, one: &str, other: &str) -> bool {
        let pair = |blue: &str, green: &str| {
            let blue = self.blue.iter().filter_map(|pattern| pattern.stem(blue));
            let is_green = |stem| self.green.iter().any(|pattern| pattern.stem(green) == Some(stem));
            blue.into_iter().any(is_green)
        };
        pair(one, other) || pair(other, one)
    }
}

/// Where a mistake costs most: there an advance wants the receiving backend's name typed. Nothing, unless the
/// settings say so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Production {
    /// Names of contexts of the kubeconfig.
    pub contexts: Vec<Pattern>,
    /// Host names of API servers, without scheme and port.
    pub servers: Vec<Pattern>,
    /// Namespaces.
    pub namespaces: Vec<Pattern>,
}

impl Production {
    /// Whether a route of `namespace` in this cluster is production. `server` is the URL of its API.
    #[must_use]
    pub fn covers(&self, context: &str, server: &str, namespace: &str) -> bool {
        any(&self.contexts, context) || any(&self.servers, host(server)) || any(&self.namespaces, namespace)
    }
}

/// The host of a URL: what stands between `//` and the port.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split('/').next().unwrap_or_default();
    match rest.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
        Some((v6, _)) => v6,
        None => rest.split(':').next().unwrap_or_default(),
    }
}

fn any(patterns: &[Pattern], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_shares_its_stem() {
        let names = RoleNames::default();
        assert!(names.are_pair("web-blue", "web-green") && names.are_pair("web-green", "web-blue"));
        assert!(!names.are_pair("web-blue", "api-green") && !names.are_pair("web-blue", "web-blue"));
        let own =
            RoleNames { blue: vec!["a-*".parse().unwrap()], green: vec!["b-*".parse().unwrap()], ..names };
        assert!(own.are_pair("b-web", "a-web") && !own.are_pair("web-blue", "web-green"));
    }

    #[test]
    fn production_is_what_the_settings_name() {
        let nothing = Production::default();
        assert!(!nothing.covers("prod", "https://prod.example:6443", "prod"));
        let one = |text: &str| vec![text.parse().unwrap()];
        let by_context = Production { contexts: one("*prod*"), ..Production::default() };
        assert!(by_context.covers("eu-prod-1", "https://10.0.0.1", "shop"));
        assert!(!by_context.covers("staging", "https://prod.example", "prod"));
        let by_server = Production { servers: one("*.prod.example"), ..Production::default() };
        assert!(by_server.covers("c", "https://k8s.prod.example:6443/path", "shop"));
        assert!(!by_server.covers("c", "https://k8s.test.example:6443", "shop"));
        let v6 = Production { servers: one("fd00::1"), ..Production::default() };
        assert!(v6.covers("c", "https://[fd00::1]:6443", "shop"));
        let by_namespace = Production { namespaces: one("shop"), ..Production::default() };
        assert!(by_namespace.covers("c", "s", "shop") && !by_namespace.covers("c", "s", "shop-test"));
    }
}
