//! Which namespaces have splits: asked once a context, when there is nothing to see in this one, or when somebody
//! looks for a namespace.

use super::msg::Effect;
use super::state::{App, Link};
use crate::cluster::Scope;

/// What is known of all namespaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Survey {
    /// The question is under way.
    Asked,
    /// Each namespace that has routes, with the number of its splits.
    Known(Vec<(Box<str>, usize)>),
    /// It is not permitted, or there was no answer.
    Unknown,
}

impl App {
    /// Splits elsewhere, and in how many namespaces; `None` if that is not known.
    #[must_use]
    pub fn splits_elsewhere(&self) -> Option<(usize, usize)> {
        let Some(Survey::Known(namespaces)) = &self.survey else { return None };
        let with: Vec<usize> = namespaces.iter().map(|(_, splits)| *splits).filter(|n| *n > 0).collect();
        Some((with.iter().sum(), with.len()))
    }

    /// Whether no route of the scope has a split, as far as the server has told.
    #[must_use]
    pub fn has_no_split(&self) -> bool {
        let is_split = |entry: &super::Entry| match &entry.listed {
            Ok(route) => route.splits().next().is_some(),
            Err(_) => false,
        };
        self.link == Link::Live && !self.routes.entries().any(is_split)
    }
}

/// Asks if there is a reason to.
pub(super) fn due(app: &mut App) -> Option<Effect> {
    let empty = app.survey.is_none() && app.link == Link::Live && app.routes.splits() == 0;
    if empty && app.has_no_split() && app.scope != Scope::All { ask(app) } else { None }
}

pub(super) fn ask(app: &mut App) -> Option<Effect> {
    if app.survey.is_some() {
        return None;
    }
    app.survey = Some(Survey::Asked);
    Some(Effect::Survey { generation: app.generation })
}
