//! Links out of the cockpit: to graphs, traces, a runbook, each as a URL with names to fill in.

use thiserror::Error;

use super::roles::{Role, Roles};
use crate::route::{Route, RouteId};

/// What may stand in a template.
const NAMES: [&str; 6] = ["context", "namespace", "route", "service", "stable", "canary"];

/// A link as the settings have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it is called.
    pub name: String,
    /// Its URL, with names in double braces.
    template: String,
}

/// A template that cannot become a URL.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadLink {
    /// It begins otherwise.
    #[error("a link begins with http:// or https://")]
    Scheme,
    /// A control character or a blank.
    #[error("a link has no blanks and no control characters")]
    Blank,
    /// A name that nobody knows.
    #[error("there is no {{{{{0}}}}}; there are: {1}")]
    Name(String, String),
    /// Braces that are not closed.
    #[error("{{{{ is not closed by }}}}")]
    Open,
}

/// What is filled in.
struct LinkTo<'a> {
    context: &'a str,
    route: &'a RouteId,
    /// The backend on the safe side, if it is known.
    stable: Option<&'a str>,
    /// The backend that is looked at, if it is known.
    canary: Option<&'a str>,
}

impl Link {
    /// Reads a template.
    ///
    /// # Errors
    /// [`BadLink`].
    pub fn parse(name: &str, template: &str) -> Result<Self, BadLink> {
        if !["http://", "https://"].iter().any(|scheme| template.starts_with(scheme)) {
            return Err(BadLink::Scheme);
        }
        if template.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(BadLink::Blank);
        }
        let mut rest = template;
        while let Some((_, behind)) = rest.split_once("{{") {
            let (name, after) = behind.split_once("}}").ok_or(BadLink::Open)?;
            if !NAMES.contains(&name) {
                let known = NAMES.map(|name| format!("{{{{{name}}}}}")).join(", ");
                return Err(BadLink::Name(name.to_owned(), known));
            }
            rest = after;
        }
        Ok(Self { name: name.to_owned(), template: template.to_owned() })
    }

    /// The URL for a split; `None` where it wants a backend that is not known. `{{service}}` is the canary, else stable.
    fn url(&self, to: &LinkTo<'_>) -> Option<String> {
        let values = [
            Some(to.context),
            Some(&*to.route.namespace),
            Some(&*to.route.name),
            to.canary.or(to.stable),
            to.stable,
            to.canary,
        ];
        let mut url = self.template.clone();
        for (name, value) in NAMES.iter().zip(values) {
            let placeholder = format!("{{{{{name}}}}}");
            if url.contains(&placeholder) {
                url = url.replace(&placeholder, &encoded(value?));
            }
        }
        Some(url)
    }
}

/// Those of `links` that can be filled in for a split: names and URLs.
#[must_use]
pub fn links(
    links: &[Link],
    context: &str,
    route: &Route,
    rule: usize,
    roles: &Roles,
) -> Vec<(String, String)> {
    let backends = route.rules.get(rule).map_or(&[][..], |rule| &rule.backends);
    let name = |index: usize| backends.get(index).map(|backend| &*backend.to.name);
    let canary = roles.canary().or_else(|| roles.index(Role::Previous));
    let stable = roles.index(Role::Stable).or_else(|| roles.index(Role::Active));
    let to =
        LinkTo { context, route: &route.id, stable: stable.and_then(name), canary: canary.and_then(name) };
    links.iter().filter_map(|link| Some((link.name.clone(), link.url(&to)?))).collect()
}

/// A name as part of a URL: those of contexts may hold anything.
fn encoded(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(template: &str, canary: Option<&str>) -> Option<String> {
        let route = &RouteId::new("shop", "web");
        let to = LinkTo { context: "arn:aws:eks:eu/prod eu", route, stable: Some("web-stable"), canary };
        Link::parse("grafana", template).unwrap().url(&to)
    }

    #[test]
    fn names_are_filled_in_and_encoded() {
        assert_eq!(
            url("https://g/d/x?ns={{namespace}}&r={{route}}&c={{context}}&s={{service}}", None).unwrap(),
            "https://g/d/x?ns=shop&r=web&c=arn%3Aaws%3Aeks%3Aeu%2Fprod%20eu&s=web-stable"
        );
        assert_eq!(url("https://g/{{service}}", Some("web-canary")).unwrap(), "https://g/web-canary");
        assert_eq!(url("https://g/{{canary}}", None), None, "nobody knows it");
    }

    #[test]
    fn what_is_no_link_is_told() {
        for (template, words) in [
            ("javascript:alert(1)", "a link begins with http:// or https://"),
            ("https://g/ x", "a link has no blanks and no control characters"),
            ("https://g/\u{1b}[2J", "a link has no blanks and no control characters"),
            ("https://g/{{pod}}", "there is no {{pod}}; there are: {{context}}, {{namespace}}"),
            ("https://g/{{pod", "{{ is not closed by }}"),
        ] {
            let said = Link::parse("x", template).unwrap_err().to_string();
            assert!(said.starts_with(words), "{said}");
        }
    }
}
