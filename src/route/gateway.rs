//! A Gateway, as far as a route's way through it is told by it: listeners, and what their controller says.

use super::status::{Condition, Truth};

/// A `Gateway`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Bumped at every edit of the spec.
    pub generation: i64,
    /// `spec.gatewayClassName`.
    pub class: Box<str>,
    /// `spec.listeners`.
    pub listeners: Box<[Listener]>,
    /// `status.conditions`.
    pub conditions: Box<[Condition]>,
}

/// A listener of a Gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Its name, unique in its Gateway.
    pub name: Box<str>,
    /// The port it listens on.
    pub port: u16,
    /// The host it serves; all if absent.
    pub hostname: Option<Box<str>>,
    /// `allowedRoutes.namespaces.from`: `Same` if absent.
    pub from: Box<str>,
    /// Its conditions in the Gateway's status; none if the controller has said nothing of it.
    pub conditions: Box<[Condition]>,
}

impl Gateway {
    /// The condition of type `kind`, if there is one.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| &*condition.kind == kind)
    }
}

impl Listener {
    /// The first condition that says that nothing is served here, in words: `Conflicted=True HostnameConflict: ...`.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let bad = |condition: &&Condition| match &*condition.kind {
            "Accepted" | "Programmed" | "ResolvedRefs" => condition.status == Truth::False,
            "Conflicted" => condition.status == Truth::True,
            _ => false,
        };
        self.conditions.iter().find(bad).map(Condition::sentence)
    }

    /// Whether it serves requests for `host`, which may begin with `*.`.
    #[must_use]
    pub fn serves(&self, host: &str) -> bool {
        self.hostname.as_deref().is_none_or(|own| overlap(own, host))
    }
}

/// Whether some name fits both: `*.example` stands for any name that ends in `.example`.
fn overlap(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    let below = |wild: &str, name: &str| {
        wild.strip_prefix('*').is_some_and(|end| name.trim_start_matches('*').ends_with(end))
    };
    one == other || below(&one, &other) || below(&other, &one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_overlap_as_the_specification_says() {
        for (one, other) in [
            ("a.example", "A.example"),
            ("*.example", "a.example"),
            ("*.example", "a.b.example"),
            ("a.b.example", "*.b.example"),
            ("*.example", "*.b.example"),
        ] {
            assert!(overlap(one, other) && overlap(other, one), "{one} {other}");
        }
        for (one, other) in
            [("*.example", "example"), ("a.example", "b.example"), ("*.b.example", "a.example")]
        {
            assert!(!overlap(one, other) && !overlap(other, one), "{one} {other}");
        }
    }
}
