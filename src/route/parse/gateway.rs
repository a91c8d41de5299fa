//! From the JSON of a Gateway to a [`Gateway`].

use serde::Deserialize;

use super::nullable;
use super::status::RawCondition;
use crate::route::gateway::{Gateway, Listener};

#[derive(Deserialize)]
struct RawGateway {
    metadata: RawMeta,
    spec: RawSpec,
    #[serde(default, deserialize_with = "nullable")]
    status: RawStatus,
}

#[derive(Deserialize)]
struct RawMeta {
    #[serde(default)]
    generation: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSpec {
    gateway_class_name: Box<str>,
    #[serde(default, deserialize_with = "nullable")]
    listeners: Vec<RawListener>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawListener {
    name: Box<str>,
    port: u16,
    hostname: Option<Box<str>>,
    allowed_routes: Option<RawAllowed>,
}

#[derive(Deserialize)]
struct RawAllowed {
    namespaces: Option<RawFrom>,
}

#[derive(Deserialize)]
struct RawFrom {
    from: Option<Box<str>>,
}

#[derive(Deserialize, Default)]
struct RawStatus {
    #[serde(default, deserialize_with = "nullable")]
    conditions: Vec<RawCondition>,
    #[serde(default, deserialize_with = "nullable")]
    listeners: Vec<RawListenerStatus>,
}

#[derive(Deserialize)]
struct RawListenerStatus {
    name: Box<str>,
    #[serde(default, deserialize_with = "nullable")]
    conditions: Vec<RawCondition>,
}

impl Gateway {
    /// Reads one `Gateway` of API version v1 or v1beta1.
    ///
    /// # Errors
    /// What is not as the schema says, and where.
    pub fn from_json(json: &str) -> Result<Self, String> {
        let raw: RawGateway = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let mut of_listeners = raw.status.listeners;
        let listeners = raw.spec.listeners.into_iter().map(|listener| {
            let said = of_listeners.iter().position(|said| said.name == listener.name);
            let said = said.map(|index| of_listeners.swap_remove(index).conditions).unwrap_or_default();
            Listener {
                name: listener.name,
                port: listener.port,
                hostname: listener.hostname.filter(|host| !host.is_empty()),
                from: listener
                    .allowed_routes
                    .and_then(|allowed| allowed.namespaces?.from)
                    .unwrap_or_else(|| "Same".into()),
                conditions: said.into_iter().map(RawCondition::into_model).collect(),
            }
        });
        Ok(Self {
            generation: raw.metadata.generation,
            class: raw.spec.gateway_class_name,
            listeners: listeners.collect(),
            conditions: raw.status.conditions.into_iter().map(RawCondition::into_model).collect(),
        })
    }
}
