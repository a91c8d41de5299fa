//! The weight editor: one field a backend. It writes nothing; it only says what it would do.

use std::sync::Arc;

use tui_input::{Input, InputRequest};

use super::typing::input_request;
use crate::keys::Key;
use crate::rollout::{Conventions, Intent, MOST_WEIGHT, Plan, Refusal, plan};
use crate::route::Route;

/// One backend's field.
#[derive(Debug)]
pub struct Field {
    /// Name of the backend.
    pub name: Box<str>,
    /// What was typed.
    pub input: Input,
    /// Nothing was typed here yet: the first digit replaces what stands there.
    fresh: bool,
}

impl Field {
    /// The weight that stands there; for the shares shown, nothing counts as 0.
    fn weight(&self) -> u32 {
        self.input.value().parse().unwrap_or(if self.input.value().is_empty() { 0 } else { u32::MAX })
    }
}

/// The editor of one rule's weights.
#[derive(Debug)]
pub struct WeightEditor {
    /// The route as last seen.
    pub route: Arc<Route>,
    /// Index of the rule.
    pub rule: usize,
    /// The fields, in the order of the rule.
    pub fields: Vec<Field>,
    /// Which field is typed into.
    pub focus: usize,
    /// Why the last key did nothing.
    pub told: Option<String>,
}

impl WeightEditor {
    /// An editor filled with the weights of now.
    #[must_use]
    pub fn new(route: Arc<Route>, rule: usize) -> Self {
        let backends = route.rules.get(rule).map_or(&[][..], |rule| &rule.backends);
        let fields = backends
            .iter()
            .map(|backend| Field {
                name: backend.to.name.clone(),
                input: Input::new(backend.weight.to_string()),
                fresh: true,
            })
            .collect();
        Self { route, rule, fields, focus: 0, told: None }
    }

    /// The weight that the backend of field `index` has, on the route as last seen.
    #[must_use]
    pub fn now(&self, index: usize) -> u32 {
        let rule = self.route.rules.get(self.rule);
        rule.and_then(|rule| rule.backends.get(index)).map_or(0, |backend| backend.weight)
    }

    /// Moves between the fields.
    pub fn move_focus(&mut self, forward: bool) {
        let count = self.fields.len().max(1);
        self.focus = (self.focus + if forward { 1 } else { count - 1 }) % count;
        if let Some(field) = self.fields.get_mut(self.focus) {
            field.fresh = true;
        }
    }

    /// Takes a digit, or a key that edits.
    pub fn key(&mut self, key: Key) {
        self.told = None;
        let Some(field) = self.fields.get_mut(self.focus) else { return };
        match input_request(key) {
            Some(InputRequest::InsertChar(digit)) if digit.is_ascii_digit() => {
                if std::mem::take(&mut field.fresh) {
                    field.input.reset();
                }
                // one more than the API's maximum has, so that the refusal can say what is wrong
                if field.input.value().len() < 8 {
                    field.input.handle(InputRequest::InsertChar(digit));
                } else {
                    self.told = Some(format!("a weight is at most {MOST_WEIGHT}"));
                }
            }
            Some(InputRequest::InsertChar(letter)) => {
                self.told =
                    Some(format!("'{letter}' is no digit: weights are whole numbers, 0 to {MOST_WEIGHT}"));
            }
            None => {}
            Some(edit) => {
                field.fresh = false;
                field.input.handle(edit);
            }
        }
    }

    /// What would be asked for.
    #[must_use]
    pub fn intent(&self) -> Intent {
        // An empty field is no 0: the plan refuses a backend without a weight.
        let typed = self.fields.iter().filter(|field| !field.input.value().is_empty());
        let weights = typed.map(|field| (field.name.clone(), field.weight())).collect();
        Intent::Set { rule: self.rule, weights }
    }

    /// What that would do, on the route as last seen.
    ///
    /// # Errors
    /// [`Refusal`] with the reason.
    pub fn plan(&self, conventions: &Conventions, chosen: Option<&str>) -> Result<Plan, Refusal> {
        plan(&self.route, &self.intent(), conventions, chosen)
    }

    /// Weight and sum of the weights typed, of field `index`.
    #[must_use]
    pub fn share(&self, index: usize) -> (u64, u64) {
        let weight = |field: &Field| u64::from(field.weight());
        (self.fields.get(index).map_or(0, weight), self.fields.iter().map(weight).sum())
    }
}
