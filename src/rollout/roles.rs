//! Which backend is the canary, and how sure that is.

use super::conventions::RoleNames;
use crate::route::{Owner, Route, Rule, weight_sum};

/// What a backend is in its split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The version that everybody had before.
    Stable,
    /// The version that is being tried.
    Canary,
    /// Of a blue-green pair: the one with more than half now.
    Active,
    /// Of a blue-green pair: the other one.
    Previous,
}

impl Role {
    /// The word for it, as in `list -o json`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Canary => "canary",
            Self::Active => "active",
            Self::Previous => "previous",
        }
    }
}

/// What the roles are known from, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleSource {
    /// Annotation `tidegate.dev/canary`.
    Annotation,
    /// The owner's own naming (Flagger: `<name>-primary`, `<name>-canary`).
    Owner,
    /// Names that tell roles (`-stable`, `-primary`, `-canary`) or a pair (`-blue`, `-green`).
    Name,
    /// Somebody was asked on this machine before.
    Chosen,
    /// Names that only hint (`-v2`, `-next`, `-preview`, `-experimental`).
    Hint,
    /// The present weights alone: the smaller one may be the canary.
    Weights,
}

/// The roles in one split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    /// Role of each backend of the rule, by its index; `None` for those that are neither.
    pub of: Vec<Option<Role>>,
    /// What they are known from.
    pub source: RoleSource,
}

impl Roles {
    /// Whether they are only guessed: the first change must ask for the direction.
    #[must_use]
    pub fn guessed(&self) -> bool {
        matches!(self.source, RoleSource::Hint | RoleSource::Weights)
    }

    /// Index of the (first) backend with this role.
    #[must_use]
    pub fn index(&self, role: Role) -> Option<usize> {
        self.of.iter().position(|r| *r == Some(role))
    }

    /// Index of the canary.
    #[must_use]
    pub fn canary(&self) -> Option<usize> {
        self.index(Role::Canary)
    }

    /// Whether this is a blue-green pair.
    #[must_use]
    pub fn is_pair(&self) -> bool {
        self.index(Role::Active).is_some()
    }
}

/// The roles in rule `rule` of `route`. `chosen` is the canary that somebody named on this machine.
///
/// In this order: annotation, the owner's record, names, what was chosen, hints, weights. `known` are the names that
/// tell roles.
#[must_use]
pub fn roles(route: &Route, rule: usize, known: &RoleNames, chosen: Option<&str>) -> Roles {
    let Some(rule) = route.rules.get(rule) else {
        return Roles { of: Vec::new(), source: RoleSource::Weights };
    };
    let names: Vec<&str> = rule.backends.iter().map(|b| &*b.to.name).collect();

    if let Some(canary) = route.canary.as_deref().filter(|name| is_one_object(rule, name)) {
        return with_canary(&names, known, canary, RoleSource::Annotation);
    }
    // Flagger names them itself, whatever people have agreed on.
    let flagger = route.owners.iter().any(|owner| matches!(owner, Owner::Flagger { .. }));
    let flaggers = |name: &&str| flagger && name.ends_with("-canary") && is_one_object(rule, name);
    if let Some(canary) = names.iter().copied().find(flaggers) {
        return with_canary(&names, known, canary, RoleSource::Owner);
    }
    // A pattern that fits several backends, or one that is called stable as well, tells nothing.
    let mut called = names.iter().copied().filter(|name| known.is_canary(name) && !known.is_stable(name));
    if let Some(canary) = called.next()
        && called.all(|other| other == canary)
        && is_one_object(rule, canary)
    {
        return with_canary(&names, known, canary, RoleSource::Name);
    }
    if let [one, other] = names.as_slice() {
        if let Some(canary) = other_than_stable(known, one, other) {
            return with_canary(&names, known, canary, RoleSource::Name);
        }
        if known.are_pair(one, other) {
            let sum = weight_sum(rule);
            let of = |index: usize| {
                let active = rule.backends.get(index).is_some_and(|b| u64::from(b.weight) * 2 > sum);
                Some(if active { Role::Active } else { Role::Previous })
            };
            let of = vec![of(0), of(1)];
            if of.contains(&Some(Role::Active)) {
                return Roles { of, source: RoleSource::Name };
            }
            return Roles { of: vec![None, None], source: RoleSource::Weights };
        }
    }
    if let Some(canary) = chosen.filter(|name| is_one_object(rule, name)) {
        return with_canary(&names, known, canary, RoleSource::Chosen);
    }
    if let Some(canary) = hinted(known, &names) {
        return with_canary(&names, known, canary, RoleSource::Hint);
    }
    let lightest = rule.backends.iter().rev().min_by_key(|b| b.weight).map(|b| &*b.to.name);
    with_canary(&names, known, lightest.unwrap_or_default(), RoleSource::Weights)
}

/// Whether `name` stands for one object in this rule: the same name may be there from two namespaces.
pub(super) fn is_one_object(rule: &Rule, name: &str) -> bool {
    let mut named = rule.backends.iter().map(|b| &b.to).filter(|to| &*to.name == name);
    named.next().is_some_and(|first| named.all(|other| other.same_object(first)))
}

fn with_canary(names: &[&str], known: &RoleNames, canary: &str, source: RoleSource) -> Roles {
    let role = |name: &&str| match *name {
        name if name == canary => Some(Role::Canary),
        name if names.len() == 2 || known.is_stable(name) => Some(Role::Stable),
        _ => None,
    };
    Roles { of: names.iter().map(role).collect(), source }
}

/// Of two names of which one says stable, the other.
fn other_than_stable<'a>(known: &RoleNames, one: &'a str, other: &'a str) -> Option<&'a str> {
    match (known.is_stable(one), known.is_stable(other)) {
        (true, false) => Some(other),
        (false, true) => Some(one),
        _ => None,
    }
}

/// Whether the names of rule `rule` tell a blue-green pair.
#[must_use]
pub fn names_a_pair(route: &Route, rule: usize, known: &RoleNames) -> bool {
    let names =
        route.rules.get(rule).map(|rule| rule.backends.iter().map(|b| &*b.to.name).collect::<Vec<_>>());
    matches!(names.as_deref(), Some([one, other]) if known.are_pair(one, other))
}

fn hinted<'a>(known: &RoleNames, names: &[&'a str]) -> Option<&'a str> {
    let by_word = names.iter().copied().find(|name| known.hints(name));
    let version = |name: &str| name.rsplit_once("-v").and_then(|(_, digits)| digits.parse::<u32>().ok());
    by_word.or_else(|| {
        let versions: Option<Vec<u32>> = names.iter().copied().map(version).collect();
        versions.and_then(|_| names.iter().copied().max_by_key(|name| version(name)))
    })
}
