//! A name with wildcards, such as `*-canary`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A name in which each `*` stands for any text, none included. Upper and lower case differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Box<str>);

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadPattern {
    /// No text.
    #[error("a pattern is a name, where * stands for any text, for example *-canary; this one is empty")]
    Empty,
    /// A character that no name has.
    #[error("'{0}' is no pattern: no name has blanks or control characters")]
    Blank(String),
}

impl Pattern {
    /// Whether `name` is meant.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else { return *self.0 == *name };
        let Some(mut name) = name.strip_prefix(first) else { return false };
        let mut parts: Vec<&str> = rest.split('*').collect();
        let last = parts.pop().unwrap_or_default();
        // The leftmost place of each part leaves the most for those behind it.
        for part in parts {
            let Some(place) = name.find(part) else { return false };
            name = name.get(place + part.len()..).unwrap_or_default();
        }
        name.ends_with(last)
    }

    /// What the one `*` of this pattern stands for in `name`: `web` of `web-blue` for `*-blue`.
    #[must_use]
    pub fn stem<'a>(&self, name: &'a str) -> Option<&'a str> {
        let (first, last) = self.0.split_once('*').filter(|(_, last)| !last.contains('*'))?;
        name.strip_prefix(first)?.strip_suffix(last)
    }

    /// How often it holds a `*`.
    #[must_use]
    pub fn stars(&self) -> usize {
        self.0.matches('*').count()
    }
}

impl FromStr for Pattern {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Self, BadPattern> {
        if text.is_empty() {
            return Err(BadPattern::Empty);
        }
        if text.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
            return Err(BadPattern::Blank(text.escape_debug().to_string()));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        pattern.parse::<Pattern>().unwrap().matches(name)
    }

    #[test]
    fn a_star_is_any_text() {
        for (pattern, name) in [
            ("*-canary", "web-canary"),
            ("*-canary", "-canary"),
            ("canary-*", "canary-web"),
            ("*prod*", "prod"),
            ("*prod*", "arn:aws:eks:eu:1:cluster/prod-a"),
            ("a*b*c", "abcabc"),
            ("*ab*b", "xabb"),
            ("prod", "prod"),
            ("*", ""),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*-canary", "web-canary-2"),
            ("canary-*", "a-canary-b"),
            ("prod", "prod-eu"),
            ("prod", "Prod"),
            ("*ab*b", "ab"),
            ("a*a", "a"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn a_stem_is_what_the_star_stands_for() {
        let stem = |pattern: &str, name| pattern.parse::<Pattern>().unwrap().stem(name).map(str::to_owned);
        assert_eq!(stem("*-blue", "web-blue").as_deref(), Some("web"));
        assert_eq!(stem("blue-*", "blue-web").as_deref(), Some("web"));
        assert_eq!(stem("*-blue", "web-green"), None);
        assert_eq!(stem("a*a", "a"), None);
        assert_eq!(stem("blue", "blue"), None);
    }

    #[test]
    fn refuses_what_no_name_can_be() {
        assert_eq!("".parse::<Pattern>(), Err(BadPattern::Empty));
        assert!("a b".parse::<Pattern>().unwrap_err().to_string().starts_with("'a b' is no pattern"));
    }
}
