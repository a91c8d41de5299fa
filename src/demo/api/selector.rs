//! Which objects a list or a watch shows: namespace, labels, name.

use serde_json::Value;

use super::resource::Query;
use super::status::Refusal;
use super::store::Key;

/// What an object must be.
#[derive(Debug, Clone)]
pub struct Selector {
    resource: &'static str,
    namespace: Option<Box<str>>,
    labels: Vec<Wanted>,
    fields: Vec<(Box<str>, Box<str>, bool)>,
}

#[derive(Debug, Clone)]
enum Wanted {
    Is(Box<str>, Box<str>),
    IsNot(Box<str>, Box<str>),
    Exists(Box<str>),
    Absent(Box<str>),
}

impl Selector {
    /// Reads it from a request.
    pub fn read(resource: &'static str, namespace: Option<&str>, query: &Query) -> Result<Self, Refusal> {
        let labels = query.get("labelSelector").unwrap_or_default();
        let fields = query.get("fieldSelector").unwrap_or_default();
        Ok(Self {
            resource,
            namespace: namespace.map(Into::into),
            labels: parts(labels).map(wanted).collect(),
            fields: parts(fields).map(field).collect::<Result<_, _>>()?,
        })
    }

    /// Whether this is one of them.
    pub fn takes(&self, key: &Key, object: &Value) -> bool {
        let label = |name: &str| object["metadata"]["labels"].get(name).and_then(Value::as_str);
        key.resource == self.resource
            && self.namespace.as_ref().is_none_or(|namespace| *namespace == key.namespace)
            && self.labels.iter().all(|wanted| match wanted {
                Wanted::Is(name, value) => label(name) == Some(value),
                Wanted::IsNot(name, value) => label(name) != Some(value),
                Wanted::Exists(name) => label(name).is_some(),
                Wanted::Absent(name) => label(name).is_none(),
            })
            && self.fields.iter().all(|(name, value, is)| {
                let found = if &**name == "metadata.name" { &key.name } else { &key.namespace };
                (found == value) == *is
            })
    }
}

fn parts(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn wanted(part: &str) -> Wanted {
    if let Some((name, value)) = part.split_once("!=") {
        Wanted::IsNot(name.trim().into(), value.trim().into())
    } else if let Some((name, value)) = part.split_once('=') {
        Wanted::Is(name.trim().into(), value.trim_start_matches('=').trim().into())
    } else if let Some(name) = part.strip_prefix('!') {
        Wanted::Absent(name.trim().into())
    } else {
        Wanted::Exists(part.into())
    }
}

fn field(part: &str) -> Result<(Box<str>, Box<str>, bool), Refusal> {
    let (name, value, is) = match (part.split_once("!="), part.split_once('=')) {
        (Some((name, value)), _) => (name, value, false),
        (None, Some((name, value))) => (name, value.trim_start_matches('='), true),
        (None, None) => return Err(Refusal::bad_request(&format!("invalid field selector: {part}"))),
    };
    if !matches!(name, "metadata.name" | "metadata.namespace") {
        return Err(Refusal::bad_request(&format!("field label not supported: {name}")));
    }
    Ok((name.into(), value.into(), is))
}
