//! Refusals, as the API server words them.

use serde_json::{Value, json};

use super::resource::Resource;

/// A refusal: HTTP status and body.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The HTTP status.
    pub code: u16,
    /// A `Status` object.
    pub body: Value,
}

impl Refusal {
    fn new(code: u16, reason: &str, message: &str, details: Option<Value>) -> Self {
        let mut body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": code,
        });
        if let Some(details) = details {
            body["details"] = details;
        }
        Self { code, body }
    }

    /// There is no such object.
    pub fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", resource.qualified());
        Self::new(404, "NotFound", &message, Some(details(resource, name)))
    }

    /// There is no such path.
    pub fn no_path() -> Self {
        let words = "the server could not find the requested resource";
        Self::new(404, "NotFound", words, Some(json!({})))
    }

    /// A right is missing.
    pub fn forbidden(
        resource: &Resource,
        user: &str,
        verb: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> Self {
        let place = match namespace {
            Some(namespace) => format!("in the namespace \"{namespace}\""),
            None => "at the cluster scope".to_owned(),
        };
        let subject = if name.is_empty() { String::new() } else { format!(" \"{name}\"") };
        let message = format!(
            "{}{subject} is forbidden: User \"{user}\" cannot {verb} resource \"{}\" in API group \"{}\" {place}",
            resource.qualified(),
            resource.plural,
            resource.group,
        );
        Self::new(403, "Forbidden", &message, Some(details(resource, name)))
    }

    /// Somebody else was faster.
    pub fn conflict(resource: &Resource, name: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} \"{name}\": the object has been modified; please apply your changes to the latest version and try again",
            resource.qualified()
        );
        Self::new(409, "Conflict", &message, Some(details(resource, name)))
    }

    /// Such an object is there already.
    pub fn exists(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", resource.qualified());
        Self::new(409, "AlreadyExists", &message, Some(details(resource, name)))
    }

    /// The history does not reach back that far.
    pub fn expired(asked: u64, oldest: u64) -> Self {
        let message = format!("too old resource version: {asked} ({oldest})");
        Self::new(410, "Expired", &message, None)
    }

    /// A list cannot be continued that late.
    pub fn continue_expired() -> Self {
        let words = "The provided continue parameter is too old to display a consistent list result.";
        Self::new(410, "Expired", words, None)
    }

    /// A `test` of a JSON Patch failed, or a path of it does not exist.
    pub fn patch_failed() -> Self {
        let words = "the server rejected our request due to an error in our request";
        Self::new(422, "Invalid", words, Some(json!({})))
    }

    /// The schema says no.
    pub fn invalid(resource: &Resource, name: &str, causes: &[Cause]) -> Self {
        let words: Vec<String> = causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
        let listed =
            if let [one] = words.as_slice() { one.clone() } else { format!("[{}]", words.join(", ")) };
        let kind = if resource.group.is_empty() {
            resource.kind.to_owned()
        } else {
            format!("{}.{}", resource.kind, resource.group)
        };
        let message = format!("{kind} \"{name}\" is invalid: {listed}");
        let causes: Vec<Value> = causes
            .iter()
            .map(|c| json!({ "reason": c.reason, "message": c.message, "field": c.field }))
            .collect();
        let details = json!({
            "name": name, "group": resource.group, "kind": resource.kind, "causes": causes,
        });
        Self::new(422, "Invalid", &message, Some(details))
    }

    /// Fields that the schema does not know, where that was asked for.
    pub fn strict(resource: &Resource, name: &str, message: &str) -> Self {
        let cause = Cause {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {message}"),
            field: "patch".to_owned(),
        };
        Self::invalid(resource, name, &[cause])
    }

    /// A dry run of a kind that there is not.
    pub fn bad_dry_run(asked: &str) -> Self {
        let message = format!(
            "PatchOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: \"{asked}\": supported values: \"All\""
        );
        let cause = json!({
            "reason": "FieldValueNotSupported", "field": "dryRun",
            "message": format!("Unsupported value: \"{asked}\": supported values: \"All\""),
        });
        let details = json!({ "group": "meta.k8s.io", "kind": "PatchOptions", "causes": [cause] });
        Self::new(422, "Invalid", &message, Some(details))
    }

    /// The request makes no sense.
    pub fn bad_request(message: &str) -> Self {
        Self::new(400, "BadRequest", message, None)
    }

    /// A body of a kind that cannot be read.
    pub fn unsupported_type(accepted: &str) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {accepted}"
        );
        Self::new(415, "UnsupportedMediaType", &message, None)
    }

    /// This cannot be done with that.
    pub fn not_allowed() -> Self {
        let words = "the server does not allow this method on the requested resource";
        Self::new(405, "MethodNotAllowed", words, Some(json!({})))
    }

    /// The history has not come that far.
    pub fn too_new(asked: u64, newest: u64) -> Self {
        let message = format!("Timeout: Too large resource version: {asked}, current: {newest}");
        let cause = json!({ "reason": "ResourceVersionTooLarge", "message": "Too large resource version" });
        Self::new(504, "Timeout", &message, Some(json!({ "causes": [cause], "retryAfterSeconds": 1 })))
    }
}

/// What the schema found.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// Such as `FieldValueInvalid`.
    pub reason: &'static str,
    /// In words.
    pub message: String,
    /// Such as `spec.rules[0].backendRefs[0].weight`.
    pub field: String,
}

fn details(resource: &Resource, name: &str) -> Value {
    let mut details = json!({ "kind": resource.plural });
    if !name.is_empty() {
        details["name"] = json!(name);
    }
    if !resource.group.is_empty() {
        details["group"] = json!(resource.group);
    }
    details
}
