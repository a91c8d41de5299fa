//! How an answer names the version that gave it.

use std::fmt;
use std::str::FromStr;

use http::{HeaderMap, HeaderName};
use regex::Regex;
use serde_json::Value;
use thiserror::Error;

/// Where the name of the version stands.
#[derive(Debug, Clone)]
pub enum VersionFrom {
    /// In a header of the answer.
    Header(HeaderName),
    /// In a field of its JSON, by the names on the way there: `build.version`.
    Json(Vec<Box<str>>),
    /// In its body: the first group of the expression, or all that it matches.
    Regex(Regex),
}

impl PartialEq for VersionFrom {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

/// A text that says no such place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadNaming {
    /// It has another beginning.
    #[error("say header:NAME, json:FIELD or regex:EXPRESSION, for example header:X-Version")]
    Unknown,
    /// No header is called so.
    #[error("'{0}' cannot be the name of a header")]
    Header(String),
    /// A name on the way is missing.
    #[error("'{0}' names no field; for example version or build.version")]
    Field(String),
    /// It is no regular expression.
    #[error("{0}")]
    Expression(String),
}

impl FromStr for VersionFrom {
    type Err = BadNaming;

    fn from_str(text: &str) -> Result<Self, BadNaming> {
        let (kind, rest) = text.split_once(':').ok_or(BadNaming::Unknown)?;
        match kind {
            "header" => rest.trim().parse().map(Self::Header).map_err(|_| BadNaming::Header(rest.to_owned())),
            "json" if rest.split('.').all(|name| !name.is_empty()) => {
                Ok(Self::Json(rest.split('.').map(Box::from).collect()))
            }
            "json" => Err(BadNaming::Field(rest.to_owned())),
            "regex" => Regex::new(rest).map(Self::Regex).map_err(|error| {
                let words = error.to_string();
                let last = words.lines().last().unwrap_or(&words);
                BadNaming::Expression(format!("it is no regular expression: {last}"))
            }),
            _ => Err(BadNaming::Unknown),
        }
    }
}

impl fmt::Display for VersionFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "header {name}"),
            Self::Json(path) => write!(f, "JSON field {}", path.join(".")),
            Self::Regex(expression) => write!(f, "expression {expression}"),
        }
    }
}

impl VersionFrom {
    /// Whether the body is needed.
    #[must_use]
    pub fn reads_body(&self) -> bool {
        !matches!(self, Self::Header(_))
    }

    /// The version that an answer names; `None` if it names none.
    #[must_use]
    pub fn of(&self, headers: &HeaderMap, body: &[u8]) -> Option<String> {
        let named = match self {
            Self::Header(name) => {
                let mut values = headers.get_all(name).iter();
                let first = values.next()?;
                // A proxy may have added its own: whose it is cannot be told.
                if values.any(|other| other != first) {
                    return None;
                }
                first.to_str().ok()?.to_owned()
            }
            Self::Json(path) => {
                let whole: Value = serde_json::from_slice(body).ok()?;
                match path.iter().try_fold(&whole, |value, name| value.get(&**name))? {
                    Value::String(text) => text.clone(),
                    Value::Number(number) => number.to_string(),
                    _ => return None,
                }
            }
            Self::Regex(expression) => {
                let text = String::from_utf8_lossy(body);
                let found = expression.captures(&text)?;
                found.get(1).or_else(|| found.get(0))?.as_str().to_owned()
            }
        };
        let named = named.trim();
        (!named.is_empty()).then(|| named.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(from: &str, header: &str, body: &str) -> Option<String> {
        let headers = HeaderMap::from_iter([(HeaderName::from_static("x-version"), header.parse().unwrap())]);
        from.parse::<VersionFrom>().unwrap().of(&headers, body.as_bytes())
    }

    #[test]
    fn a_version_is_named_by_header_field_or_expression() {
        assert_eq!(of("header:X-Version", "v2", ""), Some("v2".to_owned()));
        assert_eq!(of("header:X-Other", "v2", ""), None);
        assert_eq!(of("header:X-Version", " ", ""), None, "a blank names nothing");
        assert_eq!(of("json:version", "", r#"{"version": "v2"}"#), Some("v2".to_owned()));
        assert_eq!(of("json:build.number", "", r#"{"build": {"number": 7}}"#), Some("7".to_owned()));
        for none in ["{}", "[]", "<html>", r#"{"version": {"a": 1}}"#, r#"{"version": null}"#] {
            assert_eq!(of("json:version", "", none), None, "{none}");
        }
        assert_eq!(of("regex:version (v[0-9]+)", "", "this is version v12!"), Some("v12".to_owned()));
        assert_eq!(of("regex:v[0-9]+", "", "this is version v12!"), Some("v12".to_owned()));
        assert_eq!(of("regex:v[0-9]+", "", "no"), None);
    }

    #[test]
    fn a_header_that_names_two_versions_names_none() {
        let of = |values: [&str; 2]| {
            let name = HeaderName::from_static("x-version");
            let headers: HeaderMap =
                values.map(|value| (name.clone(), value.parse().unwrap())).into_iter().collect();
            "header:X-Version".parse::<VersionFrom>().unwrap().of(&headers, b"")
        };
        assert_eq!(of(["v1", "v2"]), None);
        assert_eq!(of(["v1", "v1"]), Some("v1".to_owned()));
    }

    #[test]
    fn what_says_no_place_is_told() {
        let wrong = |text: &str| text.parse::<VersionFrom>().unwrap_err().to_string();
        let hint = "say header:NAME, json:FIELD or regex:EXPRESSION, for example header:X-Version";
        assert_eq!([wrong("X-Version"), wrong("cookie:x")], [hint, hint]);
        assert_eq!(wrong("header:a b"), "'a b' cannot be the name of a header");
        assert_eq!(wrong("json:a..b"), "'a..b' names no field; for example version or build.version");
        assert!(wrong("regex:(").starts_with("it is no regular expression: "));
    }
}
