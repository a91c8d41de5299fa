//! What a person wants, and the plan that would do it: exactly which fields would be written.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::ladder::{BadLadder, Stage};
use super::weights::MOST_WEIGHT;
use crate::route::{BackendRef, RouteId};

/// Up or down the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the next stage: more traffic for the canary.
    Next,
    /// To the previous stage.
    Back,
}

/// What a person wants. An advance confirms *weights*; a drain is an intent that may be planned again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// One stage up or down, in every rule where the same backends stand at the same share.
    Step {
        /// Index of the rule that was selected.
        rule: usize,
        /// Which way.
        direction: Direction,
        /// The canary, where a person was asked because the role was guessed.
        canary: Option<Box<str>>,
    },
    /// To this stage, in the same rules as a step; at 100 % the canary is promoted.
    Stage {
        /// Index of the rule that was selected.
        rule: usize,
        /// The canary's share.
        stage: Stage,
        /// The canary, where a person was asked because the role was guessed.
        canary: Option<Box<str>>,
    },
    /// All traffic from the one of two backends that has it to the other, in every rule where the same pair
    /// stands the same way.
    Flip {
        /// Index of the rule that was selected.
        rule: usize,
    },
    /// The inverse of the newest change, as long as the weights are those that it wrote.
    Undo {
        /// Its id, so that nothing else is undone than what was looked at.
        change: Box<str>,
    },
    /// These weights in one rule, and in every rule where the same backends stand at the same shares.
    Set {
        /// Index of the rule.
        rule: usize,
        /// Weight by backend name; every backend of the rule must be named.
        weights: Vec<(Box<str>, u32)>,
    },
    /// A rollback: no more requests for `from`, in every rule in which another backend can take its share.
    Drain {
        /// The backend to drain.
        from: BackendRef,
        /// Who gets the share where nobody else has any; others keep their proportions.
        into: BackendRef,
        /// Whether rules with `from` alone and mirrors to it are taken as well.
        other_paths: bool,
    },
}

/// One rule with the weights before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleChange {
    /// Index of the rule.
    pub rule: usize,
    /// How a person calls it.
    pub label: String,
    /// Its backends, in order.
    pub backends: Vec<BackendRef>,
    /// Weights before, in the same order.
    pub before: Vec<u32>,
    /// Weights after.
    pub after: Vec<u32>,
}

impl RuleChange {
    /// Shares before and after of backend `index`, 0 to 1; `None` where all weights are 0.
    #[must_use]
    pub fn shares(&self, index: usize) -> (Option<f64>, Option<f64>) {
        let share = |weights: &[u32]| {
            let sum: u32 = weights.iter().sum();
            weights.get(index).filter(|_| sum > 0).map(|w| f64::from(*w) / f64::from(sum))
        };
        (share(&self.before), share(&self.after))
    }
}

/// One thing that would be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// The weights of one rule.
    Weights(RuleChange),
    /// The only backend of a rule is replaced: its weight cannot be 0, since gateways disagree on that.
    Redirect {
        /// Index of the rule.
        rule: usize,
        /// How a person calls it.
        label: String,
        /// Index of the backend.
        backend: usize,
        /// What it points to now.
        from: BackendRef,
        /// What it will point to.
        to: BackendRef,
    },
    /// A mirror filter is removed.
    Unmirror {
        /// Index of the rule.
        rule: usize,
        /// How a person calls it.
        label: String,
        /// JSON pointer to the filter, relative to the rule.
        pointer: Box<str>,
        /// Where it sent copies.
        to: BackendRef,
    },
}

impl Edit {
    /// The backends that gain by it.
    #[must_use]
    pub fn receivers(&self) -> Vec<BackendRef> {
        match self {
            Self::Weights(change) => {
                let gains = |index: &usize| {
                    let (before, after) = change.shares(*index);
                    after.unwrap_or(0.0) > before.unwrap_or(0.0)
                };
                let gaining = (0..change.backends.len()).filter(gains);
                gaining.filter_map(|index| change.backends.get(index).cloned()).collect()
            }
            Self::Redirect { to, .. } => vec![to.clone()],
            Self::Unmirror { .. } => Vec::new(),
        }
    }

    /// Index of the rule it is in.
    #[must_use]
    pub fn rule(&self) -> usize {
        match self {
            Self::Weights(change) => change.rule,
            Self::Redirect { rule, .. } | Self::Unmirror { rule, .. } => *rule,
        }
    }
}

/// What a change does to those who use the route, by its effect and not by the key that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// Raises the share of a canary, or of a backend that did not have more than half: the gate is asked.
    Advance,
    /// Lowers the canary, or changes nothing that matters: no gate.
    Retreat,
    /// Drains a canary, or returns to the previous version: never blocked.
    Rollback,
}

/// A change that was planned on one version of one route. Nothing is written yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The route.
    pub route: RouteId,
    /// Identity of the object it was planned on.
    pub uid: Box<str>,
    /// Version of the spec it was planned on.
    pub generation: i64,
    /// Whether the object had annotations.
    pub has_annotations: bool,
    /// What was asked for.
    pub intent: Intent,
    /// What would be written, by rule. Never empty.
    pub edits: Vec<Edit>,
    /// What that does.
    pub effect: Effect,
    /// The backends whose rise makes it an advance.
    pub advancing: Vec<BackendRef>,
    /// Whether it goes back to what was active before the newest change, though it is no rollback.
    pub returns: bool,
    /// The canary of the split, as far as roles are known.
    pub canary: Option<BackendRef>,
    /// Backends that fall from some traffic to none, other than the target of a rollback.
    pub silenced: Vec<BackendRef>,
    /// What a person should know about the plan.
    pub notes: Vec<String>,
}

impl Plan {
    /// What the plan writes, in words.
    #[must_use]
    pub fn edits_in_words(&self) -> String {
        self.edits.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    /// The rules whose weights change.
    pub fn changes(&self) -> impl Iterator<Item = &RuleChange> {
        self.edits.iter().filter_map(|edit| match edit {
            Edit::Weights(change) => Some(change),
            _ => None,
        })
    }

    /// The split that the person looked at (the first that changes).
    #[must_use]
    pub fn main_change(&self) -> Option<&RuleChange> {
        self.changes().next()
    }

    /// Whether none of the backends that advance has traffic now.
    #[must_use]
    pub fn starts(&self) -> bool {
        !self.changes().any(|change| {
            let mut pairs = change.backends.iter().zip(&change.before);
            pairs.any(|(backend, before)| *before > 0 && self.advancing.contains(backend))
        })
    }

    /// The backends that gain share, with their shares after, the largest first.
    #[must_use]
    pub fn gaining(&self) -> Vec<(BackendRef, f64)> {
        let mut gaining: Vec<(BackendRef, f64)> = Vec::new();
        let mut gain = |to: &BackendRef, share: f64| match gaining.iter_mut().find(|(b, _)| b == to) {
            Some((_, most)) => *most = most.max(share),
            None => gaining.push((to.clone(), share)),
        };
        for edit in &self.edits {
            match edit {
                Edit::Weights(change) => {
                    for (index, backend) in change.backends.iter().enumerate() {
                        let (before, after) = change.shares(index);
                        if let Some(after) = after.filter(|after| *after > before.unwrap_or(0.0)) {
                            gain(backend, after);
                        }
                    }
                }
                Edit::Redirect { to, .. } => gain(to, 1.0),
                Edit::Unmirror { .. } => {}
            }
        }
        gaining.sort_by(|a, b| b.1.total_cmp(&a.1));
        gaining
    }

    /// The backend that a rollback leaves without traffic; for other changes there is none.
    #[must_use]
    pub fn drained(&self) -> Option<&BackendRef> {
        if let Intent::Drain { from, .. } = &self.intent {
            return Some(from);
        }
        let emptied = |change: &'_ RuleChange, index: &usize| {
            change.before.get(*index).is_some_and(|weight| *weight > 0)
                && change.after.get(*index) == Some(&0)
        };
        let change = self.main_change().filter(|_| self.effect == Effect::Rollback)?;
        (0..change.backends.len()).find(|index| emptied(change, index)).and_then(|i| change.backends.get(i))
    }

    /// Every backend whose endpoints matter to the plan.
    #[must_use]
    pub fn backends(&self) -> Vec<BackendRef> {
        let mut all: Vec<BackendRef> = self.changes().flat_map(|c| c.backends.clone()).collect();
        all.extend(self.gaining().into_iter().map(|(backend, _)| backend));
        all.sort();
        all.dedup();
        all
    }
}

/// Why there is no plan. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The rule is gone or has one backend.
    #[error("rule {0} of this route is no split: it has fewer than two backends")]
    NoSplit(usize),
    /// A name that is not in the rule.
    #[error("no backend '{name}' in this rule; it has {}", known.join(", "))]
    UnknownBackend {
        /// The name that was given.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// Not all backends were named.
    #[error("no weight given for {}; name every backend of the rule", .0.join(", "))]
    MissingBackend(Vec<String>),
    /// A name that stands for two backends.
    #[error("backend '{0}' stands twice in this rule, so its weight cannot be set by name")]
    AmbiguousBackend(String),
    /// The same name was given twice.
    #[error("two weights given for '{0}'")]
    Repeated(String),
    /// All weights 0: every request would get a 500.
    #[error("all weights would be 0: every request would get a 500")]
    AllZero,
    /// Above the maximum of the API.
    #[error("weight {weight} for '{name}' is out of range; weights go from 0 to {}", MOST_WEIGHT)]
    OutOfRange {
        /// The backend.
        name: String,
        /// The weight that was given.
        weight: u32,
    },
    /// All weights are 0: there is no stage to go on from.
    #[error("all weights are 0, so {0} stands at no stage; name one, or set weights")]
    AtNoStage(String),
    /// The top or the foot of the ladder.
    #[error("{name} is at {share} already; the ladder ends there")]
    EndOfLadder {
        /// The canary.
        name: String,
        /// Its share.
        share: String,
    },
    /// The route's own ladder cannot be read.
    #[error("annotation tidegate.dev/stages: {0}; mend it, or set weights")]
    Ladder(BadLadder),
    /// The one that was named is not the one that the route says.
    #[error("{canary} is the canary of this rule, not {asked}: to move {asked} by itself, set weights")]
    AnotherCanary {
        /// The backend that was named.
        asked: String,
        /// The canary.
        canary: String,
    },
    /// A pair has no ladder.
    #[error("a blue-green pair is not stepped: flip it, or set weights")]
    Pair,
    /// A flip has no meaning here: why.
    #[error("{0}")]
    NoFlip(String),
    /// There is no change that could be undone: why.
    #[error("{0}")]
    NothingToUndo(String),
    /// The route is no longer as the change left it: what is different.
    #[error("not undone: {0}")]
    UndoneElse(String),
    /// The role was only guessed: ask which of these is the canary.
    #[error("it is not known which backend is the canary; choose one of {}", .0.join(", "))]
    AskCanary(Vec<String>),
    /// Nothing would change.
    #[error("{0}")]
    Nothing(String),
    /// Nobody else could take the share.
    #[error("no weights of up to {} give this share and keep the other backends' proportions", MOST_WEIGHT)]
    TooFine,
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weights(RuleChange { label, backends, before, after, .. }) => {
                write!(f, "rule {label}: ")?;
                for (index, (backend, (before, after))) in
                    backends.iter().zip(before.iter().zip(after)).enumerate()
                {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{backend} {before} -> {after}")?;
                }
                Ok(())
            }
            Self::Redirect { label, from, to, .. } => write!(f, "rule {label}: {from} replaced by {to}"),
            Self::Unmirror { label, to, .. } => write!(f, "rule {label}: mirror to {to} removed"),
        }
    }
}

impl Intent {
    /// The word for it, in the journal and on the screen.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Step { direction: Direction::Next, .. } => "step",
            Self::Step { direction: Direction::Back, .. } => "step back",
            Self::Stage { stage, .. } if stage.is_all() => "promote",
            Self::Stage { .. } => "go to stage",
            Self::Flip { .. } => "flip",
            Self::Undo { .. } => "undo",
            Self::Set { .. } => "set weights",
            Self::Drain { .. } => "rollback",
        }
    }
}
