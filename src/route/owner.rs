//! Who else writes this route, from its metadata alone.
//!
//! Signs and consequences: Argo Rollouts' Gateway API plugin, Flagger's Gateway API router, Argo CD's
//! tracking annotation, Flux's and Helm's labels, and `managedFields`.

use std::fmt;

/// Somebody else who writes the route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// An Argo Rollout is moving weights now and re-applies them at each reconcile.
    ArgoRollouts,
    /// A Flagger Canary: any difference but weights resets the route to 100/0.
    Flagger {
        /// Name of the Canary, if an owner reference names it.
        canary: Option<Box<str>>,
    },
    /// Argo CD: reverted if self-heal is on.
    ArgoCd,
    /// Flux: reverted at the next reconcile, unless that is disabled on the object.
    Flux {
        /// Name of the Kustomization or `HelmRelease`.
        name: Box<str>,
        /// Whether `kustomize.toolkit.fluxcd.io/reconcile: disabled` is set.
        reconcile_disabled: bool,
    },
    /// Another controller owns the object (`controller: true`).
    Controller {
        /// Kind of the owner.
        kind: Box<str>,
        /// Name of the owner.
        name: Box<str>,
    },
    /// Helm: the next upgrade may reset it.
    Helm {
        /// The release.
        release: Box<str>,
    },
}

/// What an owner means for an advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OwnerRule {
    /// Nothing to say.
    Free,
    /// The change may be undone later: warn.
    Warn,
    /// A controller moves these weights itself: refuse an advance without a typed override.
    Refuse,
}

impl Owner {
    /// What this owner means for an advance. A rollback is never refused.
    #[must_use]
    pub fn rule(&self) -> OwnerRule {
        match self {
            Self::ArgoRollouts | Self::Flagger { .. } => OwnerRule::Refuse,
            Self::Flux { reconcile_disabled: true, .. } => OwnerRule::Free,
            _ => OwnerRule::Warn,
        }
    }

    /// The badge shown on a row.
    #[must_use]
    pub fn badge(&self) -> &'static str {
        match self {
            Self::ArgoRollouts => "argo-rollouts",
            Self::Flagger { .. } => "flagger",
            Self::ArgoCd => "argo-cd",
            Self::Flux { .. } => "flux",
            Self::Controller { .. } => "controller",
            Self::Helm { .. } => "helm",
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ArgoRollouts => {
                f.write_str("Argo Rollouts is moving this route and re-applies its weights at each reconcile")
            }
            Self::Flagger { canary } => write!(
                f,
                "Flagger{} owns this route and re-applies its weights",
                canary.as_ref().map(|name| format!(" (Canary {name})")).unwrap_or_default()
            ),
            Self::ArgoCd => f.write_str(
                "Argo CD tracks this route: with self-heal on, it reverts the change; commit it as well",
            ),
            Self::Flux { name, reconcile_disabled: false } => {
                write!(f, "Flux ({name}) reverts the change at its next reconcile; commit it as well")
            }
            Self::Flux { name, .. } => write!(f, "Flux ({name}); reconcile is disabled on this route"),
            Self::Controller { kind, name } => {
                write!(f, "{kind} {name} controls this route and may revert the change")
            }
            Self::Helm { release } => {
                write!(f, "Helm release {release} may reset the weights at its next upgrade")
            }
        }
    }
}
