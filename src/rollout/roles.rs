//! Which backend is the canary, and how sure that is.

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
/// In this order: annotation, the owner's record, names, what was chosen, hints, weights.
#[must_use]
pub fn roles(route: &Route, rule: usize, chosen: Option<&str>) -> Roles {
    let Some(rule) = route.rules.get(rule) else {
        return Roles { of: Vec::new(), source: RoleSource::Weights };
    };
    let names: Vec<&str> = rule.backends.iter().map(|b| &*b.to.name).collect();

    if let Some(canary) = route.canary.as_deref().filter(|name| is_one_object(rule, name)) {
        return with_canary(&names, canary, RoleSource::Annotation);
    }
    let by_suffix = names.iter().copied().find(|name| name.ends_with("-canary"));
    if let Some(canary) = by_suffix {
        let flagger = route.owners.iter().any(|owner| matches!(owner, Owner::Flagger { .. }));
        return with_canary(&names, canary, if flagger { RoleSource::Owner } else { RoleSource::Name });
    }
    if let [one, other] = names.as_slice() {
        if let Some(canary) = other_than_stable(one, other) {
            return with_canary(&names, canary, RoleSource::Name);
        }
        if is_blue_green(one, other) {
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
        return with_canary(&names, canary, RoleSource::Chosen);
    }
    if let Some(canary) = hinted(&names) {
        return with_canary(&names, canary, RoleSource::Hint);
    }
    let lightest = rule.backends.iter().rev().min_by_key(|b| b.weight).map(|b| &*b.to.name);
    with_canary(&names, lightest.unwrap_or_default(), RoleSource::Weights)
}

/// Whether `name` stands for one object in this rule: the same name may be there from two namespaces.
pub(super) fn is_one_object(rule: &Rule, name: &str) -> bool {
    let mut named = rule.backends.iter().map(|b| &b.to).filter(|to| &*to.name == name);
    named.next().is_some_and(|first| named.all(|other| other.same_object(first)))
}

fn with_canary(names: &[&str], canary: &str, source: RoleSource) -> Roles {
    let said_stable = |name: &str| name.ends_with("-stable") || name.ends_with("-primary");
    let role = |name: &&str| match *name {
        name if name == canary => Some(Role::Canary),
        name if names.len() == 2 || said_stable(name) => Some(Role::Stable),
        _ => None,
    };
    Roles { of: names.iter().map(role).collect(), source }
}

/// Of two names of which one says stable, the other.
fn other_than_stable<'a>(one: &'a str, other: &'a str) -> Option<&'a str> {
    let stable = |name: &str| name.ends_with("-stable") || name.ends_with("-primary");
    match (stable(one), stable(other)) {
        (true, false) => Some(other),
        (false, true) => Some(one),
        _ => None,
    }
}

fn is_blue_green(one: &str, other: &str) -> bool {
    let stem = |name: &str, suffix: &str| name.strip_suffix(suffix).map(str::to_owned);
    let pair = |blue: &str, green: &str| {
        stem(blue, "-blue").is_some() && stem(blue, "-blue") == stem(green, "-green")
    };
    pair(one, other) || pair(other, one)
}

/// Whether the names of rule `rule` tell a blue-green pair.
#[must_use]
pub fn names_a_pair(route: &Route, rule: usize) -> bool {
    let names =
        route.rules.get(rule).map(|rule| rule.backends.iter().map(|b| &*b.to.name).collect::<Vec<_>>());
    matches!(names.as_deref(), Some([one, other]) if is_blue_green(one, other))
}

fn hinted<'a>(names: &[&'a str]) -> Option<&'a str> {
    let by_word = names
        .iter()
        .copied()
        .find(|name| ["-next", "-preview", "-experimental"].iter().any(|hint| name.ends_with(hint)));
    let version = |name: &str| name.rsplit_once("-v").and_then(|(_, digits)| digits.parse::<u32>().ok());
    by_word.or_else(|| {
        let versions: Option<Vec<u32>> = names.iter().copied().map(version).collect();
        versions.and_then(|_| names.iter().copied().max_by_key(|name| version(name)))
    })
}
