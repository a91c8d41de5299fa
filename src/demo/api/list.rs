//! A list: all of it, or a page of what it was at the version of the first page.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::resource::{Query, Resource};
use super::selector::Selector;
use super::status::Refusal;
use super::store::{Key, World};

/// Where a list goes on. Opaque to clients.
#[derive(Serialize, Deserialize)]
struct Continue {
    version: u64,
    namespace: Box<str>,
    name: Box<str>,
}

/// The answer to a list.
pub fn list(
    world: &World,
    resource: &'static Resource,
    selector: &Selector,
    query: &Query,
) -> Result<Value, Refusal> {
    let token = query.get("continue").map(read_token).transpose()?;
    let version = token.as_ref().map_or(world.version, |token| token.version);
    let then = world.at(version).ok_or_else(Refusal::continue_expired)?;
    let after =
        token.map(|token| Key { resource: resource.plural, namespace: token.namespace, name: token.name });
    let mut rest = then
        .iter()
        .filter(|(key, object)| selector.takes(key, object))
        .filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after))
        .peekable();
    let limit = query.number("limit").filter(|limit| *limit > 0).unwrap_or(u64::MAX);
    let (mut items, mut last) = (Vec::new(), None);
    while (items.len() as u64) < limit
        && let Some((key, object)) = rest.next()
    {
        items.push(item(resource, object));
        last = Some(key);
    }
    let mut metadata = json!({ "resourceVersion": version.to_string() });
    if let (Some(last), Some(_)) = (last, rest.peek()) {
        let token = Continue { version, namespace: last.namespace.clone(), name: last.name.clone() };
        metadata["continue"] = json!(write_token(&token));
        if query.get("labelSelector").or(query.get("fieldSelector")).is_none() {
            metadata["remainingItemCount"] = json!(rest.count());
        }
    }
    Ok(json!({
        "kind": format!("{}List", resource.kind), "apiVersion": resource.api_version(),
        "metadata": metadata, "items": items,
    }))
}

/// Objects of built-in kinds do not say what they are when they stand in a list.
fn item(resource: &Resource, object: &Value) -> Value {
    let mut item = object.clone();
    if !resource.is_custom()
        && let Some(fields) = item.as_object_mut()
    {
        fields.remove("kind");
        fields.remove("apiVersion");
    }
    item
}

fn write_token(token: &Continue) -> String {
    let json = serde_json::to_vec(token).unwrap_or_default();
    json.iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|half| char::from_digit(half.into(), 16))
        .collect()
}

fn read_token(token: &str) -> Result<Continue, Refusal> {
    let bytes: Option<Vec<u8>> =
        (0..token.len()).step_by(2).map(|at| u8::from_str_radix(token.get(at..at + 2)?, 16).ok()).collect();
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| Refusal::bad_request("continue key is not valid"))
}
