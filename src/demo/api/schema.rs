//! What the schema of an `HTTPRoute` says, as far as a change of weights can break it.

use serde_json::Value;

use super::resource::Resource;
use super::status::{Cause, Refusal};

const MOST_RULES: usize = 16;
const MOST_BACKENDS: usize = 16;
const MOST_WEIGHT: i64 = 1_000_000;

const SPEC: &[&str] = &["parentRefs", "hostnames", "rules", "useDefaultGateways"];
const RULE: &[&str] =
    &["name", "matches", "filters", "backendRefs", "timeouts", "retry", "sessionPersistence"];
const BACKEND: &[&str] = &["group", "kind", "name", "namespace", "port", "weight", "filters"];

/// Refuses what the schema refuses.
pub fn check(resource: &Resource, name: &str, object: &Value, strict: bool) -> Result<(), Refusal> {
    if resource.plural != "httproutes" {
        return Ok(());
    }
    let (mut causes, mut unknown) = (Vec::new(), Vec::new());
    let spec = &object["spec"];
    unknown_fields(spec, "spec", SPEC, &mut unknown);
    let rules = spec["rules"].as_array().map_or(&[][..], Vec::as_slice);
    too_many(rules.len(), MOST_RULES, "spec.rules", &mut causes);
    for (index, rule) in rules.iter().enumerate() {
        let place = format!("spec.rules[{index}]");
        unknown_fields(rule, &place, RULE, &mut unknown);
        let backends = rule["backendRefs"].as_array().map_or(&[][..], Vec::as_slice);
        too_many(backends.len(), MOST_BACKENDS, &format!("{place}.backendRefs"), &mut causes);
        for (index, backend) in backends.iter().enumerate() {
            let place = format!("{place}.backendRefs[{index}]");
            unknown_fields(backend, &place, BACKEND, &mut unknown);
            check_backend(backend, &place, &mut causes);
        }
    }
    if strict && !unknown.is_empty() {
        let message = format!("strict decoding error: {}", unknown.join(", "));
        return Err(Refusal::strict(resource, name, &message));
    }
    if causes.is_empty() { Ok(()) } else { Err(Refusal::invalid(resource, name, &causes)) }
}

fn unknown_fields(value: &Value, place: &str, known: &[&str], unknown: &mut Vec<String>) {
    for name in value.as_object().into_iter().flat_map(|object| object.keys()) {
        if !known.contains(&name.as_str()) {
            unknown.push(format!("unknown field \"{place}.{name}\""));
        }
    }
}

fn too_many(number: usize, most: usize, field: &str, causes: &mut Vec<Cause>) {
    if number > most {
        causes.push(Cause {
            reason: "FieldValueTooMany",
            message: format!("Too many: {number}: must have at most {most} items"),
            field: field.to_owned(),
        });
    }
}

fn check_backend(backend: &Value, place: &str, causes: &mut Vec<Cause>) {
    let field = format!("{place}.weight");
    let mut invalid = |reason, shown: &str, words: String| {
        let message = format!("Invalid value: {shown}: {field} in body {words}");
        causes.push(Cause { reason, message, field: field.clone() });
    };
    match &backend["weight"] {
        Value::Null => {}
        Value::Number(number) if number.as_i64().is_some() => match number.as_i64().unwrap_or(0) {
            weight if weight < 0 => {
                let words = "should be greater than or equal to 0".to_owned();
                invalid("FieldValueInvalid", &weight.to_string(), words);
            }
            weight if weight > MOST_WEIGHT => {
                let words = format!("should be less than or equal to {MOST_WEIGHT}");
                invalid("FieldValueInvalid", &weight.to_string(), words);
            }
            _ => {}
        },
        other => {
            let kind = match other {
                Value::String(_) => "string",
                Value::Bool(_) => "boolean",
                Value::Number(_) => "number",
                Value::Array(_) => "array",
                _ => "object",
            };
            let words = format!("must be of type integer: \"{kind}\"");
            invalid("FieldValueTypeInvalid", &format!("\"{kind}\""), words);
        }
    }
    if backend["name"].as_str().is_none() {
        causes.push(Cause {
            reason: "FieldValueRequired",
            message: "Required value".to_owned(),
            field: format!("{place}.name"),
        });
    }
}
