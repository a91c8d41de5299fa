//! A JSON Patch on one object: what it becomes, who owns it then, or why it is refused.

use json_patch::{Patch, PatchOperation};
use serde_json::{Value, json};

use super::resource::Resource;
use super::schema;
use super::status::Refusal;

/// How a patch is to be taken.
pub struct Manner<'a> {
    /// Who writes.
    pub manager: &'a str,
    /// When, in RFC 3339.
    pub at: &'a str,
    /// Whether fields that the schema does not know are refused.
    pub strict: bool,
}

/// What `old` becomes; `old` itself when nothing changes.
pub fn patched(resource: &Resource, old: &Value, body: &[u8], manner: &Manner<'_>) -> Result<Value, Refusal> {
    let mut patch: Patch = serde_json::from_slice(body)
        .map_err(|error| Refusal::bad_request(&format!("error decoding patch: {error}")))?;
    // The server lets a test for null pass on what is absent.
    patch.0.retain(|operation| match operation {
        PatchOperation::Test(test) if test.value.is_null() => old.pointer(test.path.as_str()).is_some(),
        _ => true,
    });
    let mut new = old.clone();
    json_patch::patch(&mut new, &patch).map_err(|_| Refusal::patch_failed())?;
    let name = old["metadata"]["name"].as_str().unwrap_or_default();
    if new["metadata"]["resourceVersion"] != old["metadata"]["resourceVersion"] {
        return Err(Refusal::conflict(resource, name));
    }
    schema::check(resource, name, &new, manner.strict)?;
    // Status is written through its own path, and these belong to the server.
    for field in ["uid", "generation", "creationTimestamp", "managedFields"] {
        new["metadata"][field] = old["metadata"][field].clone();
    }
    match old.get("status") {
        Some(status) => new["status"] = status.clone(),
        None => drop(new.as_object_mut().map(|object| object.remove("status"))),
    }
    if new == *old {
        return Ok(new);
    }
    let fields = new_fields(old, &new);
    own(&mut new, resource, manner.manager, manner.at, &fields);
    if new["spec"] != old["spec"] {
        let generation = old["metadata"]["generation"].as_i64().unwrap_or(0);
        new["metadata"]["generation"] = json!(generation + 1);
    }
    Ok(new)
}

/// Roughly what was written; rules are one field, as all lists under them are atomic.
fn new_fields(old: &Value, new: &Value) -> Value {
    let mut fields = json!({});
    if let (Some(before), Some(after)) = (old["spec"].as_object(), new["spec"].as_object()) {
        for (name, _) in after.iter().filter(|(name, value)| before.get(*name) != Some(value)) {
            fields["f:spec"][format!("f:{name}")] = json!({});
        }
    }
    if old["metadata"]["annotations"] != new["metadata"]["annotations"] {
        fields["f:metadata"]["f:annotations"] = json!({});
    }
    fields
}

/// Notes in `managedFields` who wrote this last.
pub fn own(object: &mut Value, resource: &Resource, manager: &str, at: &str, fields: &Value) {
    let entry = json!({
        "manager": manager, "operation": "Update", "apiVersion": resource.api_version(), "time": at,
        "fieldsType": "FieldsV1", "fieldsV1": fields,
    });
    let metadata = &mut object["metadata"];
    match metadata["managedFields"].as_array_mut() {
        Some(entries) => {
            entries.retain(|other| other["manager"] != manager || other.get("subresource").is_some());
            entries.push(entry);
        }
        None => metadata["managedFields"] = json!([entry]),
    }
}
