//! Label values with places for what is asked about, and with wildcards.
//!
//! Names of backends are always generated from what is asked about and never split: `-` and `_` join their parts in
//! more than one way, and Kubernetes names may hold `-` themselves.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::route::RuleBackend;

/// A label's value such as `{namespace}_{name}_{port}`, in which `*` stands for any text and `?` for one character.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Part {
    Text(String),
    /// Any text, none included.
    Any,
    /// One character.
    One,
    /// Hexadecimal digits, at least one.
    Hash,
    Of(Field),
}

/// What is put in from the backend that is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Field {
    /// Of the backend.
    Namespace,
    /// Of the backend.
    Name,
    /// Of the backend.
    Port,
    RouteNamespace,
    Route,
    /// Index of the rule.
    Rule,
    /// Index of the backend in its rule.
    Index,
}

const FIELDS: [(&str, Field); 7] = [
    ("namespace", Field::Namespace),
    ("name", Field::Name),
    ("port", Field::Port),
    ("route-namespace", Field::RouteNamespace),
    ("route", Field::Route),
    ("rule", Field::Rule),
    ("index", Field::Index),
];
const HASH: &str = "hash";

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadTemplate {
    /// No text.
    #[error("it is empty")]
    Empty,
    /// A brace without its other half.
    #[error("a brace stands alone; a place for what is asked about is written {{name}}")]
    Brace,
    /// A place for something that is not known.
    #[error(
        "{{{0}}} is no known place; there are: {{namespace}}, {{name}}, {{port}}, {{route-namespace}}, {{route}}, \
         {{rule}}, {{index}}, {{hash}}"
    )]
    Field(String),
}

impl Template {
    /// The value for `backend`; `None` where it has no port and one is needed.
    pub(in crate::metrics) fn of(&self, backend: &RuleBackend) -> Option<Self> {
        let mut parts: Vec<Part> = Vec::new();
        for part in &self.0 {
            let part = match part {
                Part::Of(field) => Part::Text(field.of(backend)?),
                other => other.clone(),
            };
            match (parts.last_mut(), part) {
                (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
                (_, part) => parts.push(part),
            }
        }
        Some(Self(parts))
    }

    /// The only value it stands for, if there is but one.
    pub(in crate::metrics) fn exact(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether it names a rule or a route, or a place in one.
    #[must_use]
    pub fn names_route(&self) -> bool {
        let of_route = |part: &Part| {
            matches!(part, Part::Of(Field::Route | Field::RouteNamespace | Field::Rule | Field::Index))
        };
        self.0.iter().any(of_route)
    }

    /// Whether there is a place for what is asked about.
    #[must_use]
    pub fn names_anything(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Of(_)))
    }

    /// Whether `value` is of this shape. A place for what is asked about takes what such names may hold.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        matches(&self.0, value)
    }

    /// The regular expression of Prometheus for it.
    pub(in crate::metrics) fn regex(&self) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => escaped(text),
            Part::Any => ".*".to_owned(),
            Part::One => ".".to_owned(),
            Part::Hash => "[0-9a-f]+".to_owned(),
            Part::Of(field) if field.is_number() => "[0-9]+".to_owned(),
            Part::Of(_) => "[a-z0-9.-]+".to_owned(),
        };
        self.0.iter().map(part).collect()
    }
}

impl Field {
    fn of(self, backend: &RuleBackend) -> Option<String> {
        Some(match self {
            Self::Namespace => backend.to.namespace.to_string(),
            Self::Name => backend.to.name.to_string(),
            Self::Port => backend.to.port?.to_string(),
            Self::RouteNamespace => backend.route.namespace.to_string(),
            Self::Route => backend.route.name.to_string(),
            Self::Rule => backend.rule.to_string(),
            Self::Index => backend.index.to_string(),
        })
    }

    fn is_number(self) -> bool {
        matches!(self, Self::Port | Self::Rule | Self::Index)
    }

    fn may_hold(self, letter: char) -> bool {
        match letter {
            '0'..='9' => true,
            'a'..='z' | '.' | '-' => !self.is_number(),
            _ => false,
        }
    }
}

fn matches(parts: &[Part], value: &str) -> bool {
    let Some((first, rest)) = parts.split_first() else { return value.is_empty() };
    // As many letters as `may` allows, at least `least`, the fewest first.
    let run = |least: usize, may: &dyn Fn(char) -> bool| {
        let ends =
            value.char_indices().take_while(|(_, letter)| may(*letter)).map(|(at, c)| at + c.len_utf8());
        std::iter::once(0)
            .chain(ends)
            .skip(least)
            .any(|end| value.get(end..).is_some_and(|value| matches(rest, value)))
    };
    match first {
        Part::Text(text) => value.strip_prefix(text.as_str()).is_some_and(|value| matches(rest, value)),
        Part::One => {
            let mut letters = value.chars();
            letters.next().is_some() && matches(rest, letters.as_str())
        }
        Part::Any => run(0, &|_| true),
        Part::Hash => run(1, &|letter| matches!(letter, '0'..='9' | 'a'..='f')),
        Part::Of(field) => run(1, &|letter| field.may_hold(letter)),
    }
}

/// `value` as a regular expression that matches only itself.
pub(in crate::metrics) fn escaped(value: &str) -> String {
    let mut pattern = String::with_capacity(value.len());
    for c in value.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

impl FromStr for Template {
    type Err = BadTemplate;

    fn from_str(text: &str) -> Result<Self, BadTemplate> {
        if text.is_empty() {
            return Err(BadTemplate::Empty);
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let (part, length) = match letter {
                '*' => (Part::Any, 1),
                '?' => (Part::One, 1),
                '}' => return Err(BadTemplate::Brace),
                '{' => {
                    let end = rest.find('}').ok_or(BadTemplate::Brace)?;
                    (place(rest.get(1..end).unwrap_or_default())?, end + 1)
                }
                _ => {
                    let end = rest.find(['*', '?', '{', '}']).unwrap_or(rest.len());
                    (Part::Text(rest.get(..end).unwrap_or_default().to_owned()), end)
                }
            };
            parts.push(part);
            rest = rest.get(length..).unwrap_or_default();
        }
        Ok(Self(parts))
    }
}

fn place(name: &str) -> Result<Part, BadTemplate> {
    if name == HASH {
        return Ok(Part::Hash);
    }
    let known = FIELDS.iter().find(|(known, _)| *known == name);
    known.map(|(_, field)| Part::Of(*field)).ok_or_else(|| BadTemplate::Field(name.to_owned()))
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.0 {
            match part {
                Part::Text(text) => f.write_str(text)?,
                Part::Any => f.write_str("*")?,
                Part::One => f.write_str("?")?,
                Part::Hash => write!(f, "{{{HASH}}}")?,
                Part::Of(field) => {
                    let name = FIELDS.iter().find(|(_, known)| known == field).map_or("", |(name, _)| name);
                    write!(f, "{{{name}}}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::place;
    use super::*;

    fn template(text: &str) -> Template {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_is_generated_from_what_is_asked_about() {
        let backend = place("shop", "canary", 8080, 1);
        let name = template("{namespace}_{name}_{port}").of(&backend).unwrap();
        assert_eq!(name.exact(), Some("shop_canary_8080"));
        let name = template("httproute/{route-namespace}/{route}/rule/{rule}/backend/{index}").of(&backend);
        assert_eq!(name.unwrap().exact(), Some("httproute/shop/checkout/rule/0/backend/1"));
        let mut portless = backend;
        portless.to.port = None;
        assert_eq!(template("{name}_{port}").of(&portless), None);
    }

    #[test]
    fn wildcards() {
        for (pattern, value, fits) in [
            ("5*", "503", true),
            ("5*", "5", true),
            ("5*", "404", false),
            ("?*", "", false),
            ("?*", "REQUEST_TIMEOUT", true),
            ("*/{namespace}_{name}_{port}", "kube-system/gw/shop_canary_80", true),
            ("*/{namespace}_{name}_{port}", "shop_canary_80", false),
            ("{namespace}_{name}_{port}", "kube_shop_canary_80", false),
            ("gw-*-{rule}-{hash}-svc", "gw-edge-ep-web-0-af32-svc", true),
            ("gw-*-1-{hash}-svc", "gw-edge-ep-web-1-0-af32-svc", false),
        ] {
            assert_eq!(template(pattern).matches(value), fits, "{pattern} {value}");
        }
    }

    #[test]
    fn a_regular_expression_matches_nothing_else() {
        assert_eq!(template("a.b+*?").regex(), r"a\.b\+.*.");
        assert_eq!(template("{namespace}_{port}-{hash}").regex(), "[a-z0-9.-]+_[0-9]+-[0-9a-f]+");
    }

    #[test]
    fn what_is_no_template() {
        let refused = |text: &str| text.parse::<Template>().unwrap_err();
        assert_eq!(refused(""), BadTemplate::Empty);
        assert_eq!(refused("a{name"), BadTemplate::Brace);
        assert_eq!(refused("name}"), BadTemplate::Brace);
        assert_eq!(refused("{service}"), BadTemplate::Field("service".to_owned()));
        assert_eq!(template("x{hash}{rule}*").to_string(), "x{hash}{rule}*");
    }
}
