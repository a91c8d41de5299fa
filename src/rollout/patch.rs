//! From a plan to one JSON Patch: optimistic lock on uid and generation, assertions on the names, and
//! nothing but the fields that were confirmed.

use json_patch::{AddOperation, Patch, PatchOperation, RemoveOperation, TestOperation, jsonptr::PointerBuf};
use serde_json::{Map, Value, json};

use super::plan::{Edit, Plan};
use crate::route::BackendRef;

/// The patch that writes `plan` and sets `annotations` in the same request.
///
/// The generation locks the spec but not the annotations. Where the object has some, single keys are added;
/// where it has none, the patch asserts that, so that a racer's annotations are not wiped.
#[must_use]
pub fn json_patch(plan: &Plan, annotations: &[(&str, String)]) -> Patch {
    let mut ops = vec![
        test(&["metadata", "uid"], json!(plan.uid)),
        test(&["metadata", "generation"], json!(plan.generation)),
    ];
    ops.extend(plan.edits.iter().flat_map(assertions));
    // Removals shift what follows them, so they go last and from the back.
    let (removals, others): (Vec<&Edit>, Vec<&Edit>) =
        plan.edits.iter().partition(|edit| matches!(edit, Edit::Unmirror { .. }));
    ops.extend(others.into_iter().flat_map(writes));
    ops.extend(removals.into_iter().rev().flat_map(writes));
    if plan.has_annotations {
        ops.extend(
            annotations.iter().map(|(key, value)| add(&["metadata", "annotations", key], json!(value))),
        );
    } else if !annotations.is_empty() {
        let all: Map<String, Value> =
            annotations.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        ops.push(test(&["metadata", "annotations"], Value::Null));
        ops.push(add(&["metadata", "annotations"], Value::Object(all)));
    }
    Patch(ops)
}

fn assertions(edit: &Edit) -> Vec<PatchOperation> {
    let name = |rule: usize, backend: usize, to: &BackendRef| {
        test(
            &["spec", "rules", &rule.to_string(), "backendRefs", &backend.to_string(), "name"],
            json!(to.name),
        )
    };
    match edit {
        Edit::Weights(change) => {
            change.backends.iter().enumerate().map(|(i, to)| name(change.rule, i, to)).collect()
        }
        Edit::Redirect { rule, backend, from, .. } => vec![name(*rule, *backend, from)],
        Edit::Unmirror { rule, pointer, to, .. } => {
            let mut path = mirror_path(*rule, pointer);
            path.extend(["requestMirror", "backendRef", "name"].map(str::to_owned));
            vec![test(&path, json!(to.name))]
        }
    }
}

fn writes(edit: &Edit) -> Vec<PatchOperation> {
    match edit {
        Edit::Weights(change) => {
            let weight = |(i, weight): (usize, &u32)| {
                let (rule, backend) = (change.rule.to_string(), i.to_string());
                add(&["spec", "rules", &rule, "backendRefs", &backend, "weight"], json!(weight))
            };
            change.after.iter().enumerate().map(weight).collect()
        }
        Edit::Redirect { rule, backend, from, to, .. } => {
            let (rule, backend) = (rule.to_string(), backend.to_string());
            let field = |name: &str, value: Value| {
                add(&["spec", "rules", &rule, "backendRefs", &backend, name], value)
            };
            let mut ops = vec![
                field("group", json!(to.group)),
                field("kind", json!(to.kind)),
                field("name", json!(to.name)),
            ];
            ops.extend(to.port.map(|port| field("port", json!(port))));
            if from.namespace != to.namespace {
                ops.push(field("namespace", json!(to.namespace)));
            }
            ops
        }
        Edit::Unmirror { rule, pointer, .. } => {
            let path = pointer_of(&mirror_path(*rule, pointer));
            vec![PatchOperation::Remove(RemoveOperation { path })]
        }
    }
}

fn mirror_path(rule: usize, pointer: &str) -> Vec<String> {
    let mut path = vec!["spec".to_owned(), "rules".to_owned(), rule.to_string()];
    path.extend(pointer.split('/').map(str::to_owned));
    path
}

fn pointer_of<S: AsRef<str>>(tokens: &[S]) -> PointerBuf {
    PointerBuf::from_tokens(tokens.iter().map(AsRef::as_ref))
}

fn test<S: AsRef<str>>(path: &[S], value: Value) -> PatchOperation {
    PatchOperation::Test(TestOperation { path: pointer_of(path), value })
}

fn add<S: AsRef<str>>(path: &[S], value: Value) -> PatchOperation {
    PatchOperation::Add(AddOperation { path: pointer_of(path), value })
}
