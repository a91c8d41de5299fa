//! What the parents say of a route.

use serde::Deserialize;

use super::{RawParent, nullable};
use crate::route::status::{Condition, ParentStatus, Truth};

#[derive(Deserialize, Default)]
pub(super) struct RawStatus {
    #[serde(default, deserialize_with = "nullable")]
    pub parents: Vec<RawParentStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawParentStatus {
    parent_ref: RawParent,
    #[serde(default)]
    controller_name: Box<str>,
    #[serde(default, deserialize_with = "nullable")]
    conditions: Vec<RawCondition>,
}

impl RawParentStatus {
    pub fn into_model(self, namespace: &str) -> ParentStatus {
        ParentStatus {
            parent: self.parent_ref.into_model(namespace),
            controller: self.controller_name,
            conditions: self.conditions.into_iter().map(RawCondition::into_model).collect(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawCondition {
    #[serde(rename = "type")]
    kind: Box<str>,
    #[serde(default, deserialize_with = "nullable")]
    status: Box<str>,
    #[serde(default, deserialize_with = "nullable")]
    reason: Box<str>,
    #[serde(default, deserialize_with = "nullable")]
    message: Box<str>,
    observed_generation: Option<i64>,
}

impl RawCondition {
    pub fn into_model(self) -> Condition {
        Condition {
            kind: self.kind,
            status: match &*self.status {
                "True" => Truth::True,
                "False" => Truth::False,
                _ => Truth::Unknown,
            },
            reason: self.reason,
            message: self.message,
            observed_generation: self.observed_generation,
        }
    }
}
