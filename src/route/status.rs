//! `status.parents`: what the controllers say of a route, tolerant of all that they leave out.

use std::fmt;

use super::model::{ParentRef, Route};

/// A condition's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// `True`.
    True,
    /// `False`.
    False,
    /// `Unknown`, or any other text.
    Unknown,
}

/// One condition; unknown types and reasons are kept as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// `Accepted`, `ResolvedRefs`, `PartiallyInvalid`, or whatever else a controller writes.
    pub kind: Box<str>,
    /// The status.
    pub status: Truth,
    /// The reason, empty if absent.
    pub reason: Box<str>,
    /// The message, empty if absent.
    pub message: Box<str>,
    /// The generation it speaks of. Linkerd never sets it, others write 0.
    pub observed_generation: Option<i64>,
}

/// What one controller says of one parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParentStatus {
    /// The parent, with defaults filled in.
    pub parent: ParentRef,
    /// The controller's name.
    pub controller: Box<str>,
    /// Its conditions.
    pub conditions: Box<[Condition]>,
}

impl ParentStatus {
    /// The condition of type `kind`, if there is one.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| &*condition.kind == kind)
    }

    /// The generation that this status speaks of: the lowest that `Accepted` and `ResolvedRefs` name, else
    /// the highest of any condition. `None` when there is none, or only zeros.
    #[must_use]
    pub fn observed_generation(&self) -> Option<i64> {
        let named = |kind: &str| self.condition(kind).and_then(|c| c.observed_generation).filter(|g| *g > 0);
        match (named("Accepted"), named("ResolvedRefs")) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (Some(one), None) | (None, Some(one)) => Some(one),
            (None, None) => {
                self.conditions.iter().filter_map(|c| c.observed_generation).filter(|g| *g > 0).max()
            }
        }
    }
}

/// Whether a parent's controller has seen the newest spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParentState {
    /// It reports the present generation.
    Observed,
    /// It reports an older generation: not yet seen.
    Pending {
        /// The generation it reports.
        seen: i64,
    },
    /// The edit was refused, the old spec is still served (`PartiallyInvalid`, "Fall Back ...").
    Refused {
        /// The generation it reports.
        seen: i64,
    },
    /// It writes status without a usable generation: whether it has seen the edit cannot be known.
    NoGeneration,
    /// No controller has written a status for this parent.
    NoStatus,
}

/// One `parentRef` of the spec with what is said of it.
#[derive(Debug, Clone, Copy)]
pub struct ParentView<'a> {
    /// The reference.
    pub parent: &'a ParentRef,
    /// The status entry, if there is one.
    pub status: Option<&'a ParentStatus>,
    /// Whether it is current.
    pub state: ParentState,
}

/// The state of a route as one word, the worst of its parents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteState {
    /// All parents accepted it and resolved its backends.
    Accepted,
    /// A controller has not yet seen the newest spec.
    Pending,
    /// `ResolvedRefs=False` or `PartiallyInvalid=True`, with the reason.
    Degraded(String),
    /// No controller has said anything.
    NoStatus,
    /// The edit was refused and the old spec is served, with the message.
    Refused(String),
    /// `Accepted` is not `True`, with the reason.
    NotAccepted(String),
}

impl RouteState {
    /// The word for it, as in `list -o json`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Pending => "pending",
            Self::Degraded(_) => "degraded",
            Self::NoStatus => "no status",
            Self::Refused(_) => "edit refused",
            Self::NotAccepted(_) => "not accepted",
        }
    }

    fn severity(&self) -> u8 {
        match self {
            Self::Accepted => 0,
            Self::Pending => 1,
            Self::NoStatus => 2,
            Self::Degraded(_) => 3,
            Self::Refused(_) => 4,
            Self::NotAccepted(_) => 5,
        }
    }
}

impl fmt::Display for RouteState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Degraded(why) | Self::Refused(why) | Self::NotAccepted(why) if !why.is_empty() => {
                write!(f, "{}: {why}", self.word())
            }
            _ => f.write_str(self.word()),
        }
    }
}

impl Route {
    /// Each parent of the spec with its status. Entries for other parents are foreign or stale and left out.
    pub fn parent_views(&self) -> impl Iterator<Item = ParentView<'_>> {
        self.parents.iter().map(|parent| {
            let entries = self.status.iter().filter(|entry| entry.parent == *parent);
            // Entries of a controller that no longer cares for the route stay behind.
            let status = entries.max_by_key(|entry| entry.observed_generation());
            ParentView { parent, status, state: self.parent_state(status) }
        })
    }

    fn parent_state(&self, status: Option<&ParentStatus>) -> ParentState {
        let Some(status) = status.filter(|s| !s.conditions.is_empty()) else { return ParentState::NoStatus };
        match status.observed_generation() {
            None => ParentState::NoGeneration,
            Some(seen) if seen > self.generation => ParentState::NoGeneration,
            Some(seen) if seen == self.generation => ParentState::Observed,
            Some(seen) => {
                let fell_back = status
                    .condition("PartiallyInvalid")
                    .is_some_and(|c| c.status == Truth::True && c.message.starts_with("Fall Back"));
                if fell_back { ParentState::Refused { seen } } else { ParentState::Pending { seen } }
            }
        }
    }

    /// The route's state, the worst of its parents.
    #[must_use]
    pub fn state(&self) -> RouteState {
        self.parent_views()
            .map(|view| view_state(&view))
            .max_by_key(RouteState::severity)
            .unwrap_or(RouteState::NoStatus)
    }
}

fn view_state(view: &ParentView<'_>) -> RouteState {
    let Some(status) = view.status.filter(|_| view.state != ParentState::NoStatus) else {
        return RouteState::NoStatus;
    };
    let condition = |kind: &str, bad: &[Truth]| {
        status.condition(kind).filter(|c| bad.contains(&c.status)).map(Condition::words)
    };
    if let Some(why) = condition("Accepted", &[Truth::False, Truth::Unknown]) {
        return RouteState::NotAccepted(why);
    }
    if let ParentState::Refused { .. } = view.state {
        return RouteState::Refused(condition("PartiallyInvalid", &[Truth::True]).unwrap_or_default());
    }
    let degraded =
        condition("ResolvedRefs", &[Truth::False]).or_else(|| condition("PartiallyInvalid", &[Truth::True]));
    if let Some(why) = degraded {
        return RouteState::Degraded(why);
    }
    match view.state {
        ParentState::Pending { .. } => RouteState::Pending,
        _ if status.condition("Accepted").is_none() => RouteState::NoStatus,
        _ => RouteState::Accepted,
    }
}

impl Condition {
    /// The whole condition: `Accepted=False NoMatchingParent: no listener ...`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let status = match self.status {
            Truth::True => "True",
            Truth::False => "False",
            Truth::Unknown => "Unknown",
        };
        format!("{}={status} {}", self.kind, self.words()).trim_end().to_owned()
    }

    /// Reason and message, as far as they were given.
    #[must_use]
    pub fn words(&self) -> String {
        match (self.reason.is_empty(), self.message.is_empty()) {
            (false, false) => format!("{}: {}", self.reason, self.message),
            (false, true) => self.reason.to_string(),
            _ => self.message.to_string(),
        }
    }
}
