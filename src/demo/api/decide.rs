//! What a request is answered: who may do what, and what becomes of it.

use http::Method;
use serde_json::{Value, json};

use super::list::list;
use super::patch::{Manner, patched};
use super::resource::{Query, Resource, Target, discovery};
use super::selector::Selector;
use super::status::{Cause, Refusal};
use super::store::Key;
use super::{Answer, ApiServer, User, uid};

const JSON_PATCH: &str = "application/json-patch+json";
const LONGEST_NOTE: usize = 1024;

impl ApiServer {
    /// The answer to all but a watch.
    pub(super) fn decide(&self, target: &Target<'_>, asked: &Asked<'_>) -> Answer {
        match (target, asked.method) {
            (Target::Version, &Method::GET) => {
                Ok((200, json!({ "major": "1", "minor": "33", "gitVersion": "v1.33.0-demo" })))
            }
            (Target::Discovery { group, version }, &Method::GET) => Ok((200, discovery(group, version))),
            (Target::Collection { resource, namespace }, method) => {
                let resource = Resource::of(resource).ok_or_else(Refusal::no_path)?;
                match *method {
                    Method::GET => {
                        let selector = Selector::read(resource.plural, *namespace, asked.query)?;
                        Ok((200, list(&self.store.look(), resource, &selector, asked.query)?))
                    }
                    Method::POST if resource.plural == "events" => {
                        self.create_event(resource, namespace.unwrap_or_default(), asked)
                    }
                    _ => Err(asked.no_right(resource, *namespace, "")),
                }
            }
            (Target::Object { resource, namespace, name }, method) => {
                let resource = Resource::of(resource).ok_or_else(Refusal::no_path)?;
                let key = Key::new(resource.plural, namespace, name);
                match *method {
                    Method::GET => match self.store.look().objects.get(&key) {
                        Some(object) => Ok((200, Value::clone(object))),
                        None => Err(Refusal::not_found(resource, name)),
                    },
                    Method::PATCH => self.patch(resource, &key, asked),
                    _ => Err(asked.no_right(resource, resource.namespaced.then_some(namespace), name)),
                }
            }
            (Target::Review(review), &Method::POST) => self.review(review, asked),
            (Target::Nothing, _) => Err(Refusal::no_path()),
            _ => Err(Refusal::not_allowed()),
        }
    }

    fn patch(&self, resource: &'static Resource, key: &Key, asked: &Asked<'_>) -> Answer {
        if !asked.user.writes || resource.plural != "httproutes" {
            let namespace = resource.namespaced.then_some(&*key.namespace);
            return Err(Refusal::forbidden(resource, asked.user.name, "patch", namespace, &key.name));
        }
        if asked.content_type != JSON_PATCH {
            return Err(Refusal::unsupported_type(JSON_PATCH));
        }
        let dry = match asked.query.get("dryRun") {
            None => false,
            Some("All") => true,
            Some(other) => return Err(Refusal::bad_dry_run(other)),
        };
        let (manager, now) = (asked.query.get("fieldManager").unwrap_or("unknown"), self.now());
        let strict = asked.query.get("fieldValidation") == Some("Strict");
        let manner = Manner { manager, at: &now, strict };
        self.store.change(|world| {
            let old = world.objects.get(key).ok_or_else(|| Refusal::not_found(resource, &key.name))?;
            let new = patched(resource, old, asked.body, &manner)?;
            if dry || new == **old {
                return Ok((200, new));
            }
            let stored = world.put(key, Some(new)).map(|object| Value::clone(&object));
            Ok((200, stored.unwrap_or_default()))
        })
    }

    fn create_event(&self, resource: &'static Resource, namespace: &str, asked: &Asked<'_>) -> Answer {
        if !asked.user.writes {
            return Err(Refusal::forbidden(resource, asked.user.name, "create", Some(namespace), ""));
        }
        let mut event = asked.object()?;
        let required = ["eventTime", "reportingController", "reportingInstance", "action", "reason", "type"];
        let mut causes: Vec<Cause> = required
            .iter()
            .filter(|field| event[**field].as_str().is_none_or(str::is_empty))
            .map(|field| Cause {
                reason: "FieldValueRequired",
                message: "Required value".to_owned(),
                field: (*field).to_owned(),
            })
            .collect();
        if event["note"].as_str().is_some_and(|note| note.len() > LONGEST_NOTE) {
            let message = "Invalid value: \"\": can have at most 1024 characters".to_owned();
            causes.push(Cause { reason: "FieldValueInvalid", message, field: "note".to_owned() });
        }
        let now = self.now();
        self.store.change(|world| {
            let number = world.version + 1;
            let metadata = &mut event["metadata"];
            let generated = metadata["generateName"].as_str().map(|prefix| format!("{prefix}{number:05x}"));
            let named = metadata["name"].as_str().map(str::to_owned).or(generated);
            let name = named.unwrap_or_default();
            metadata["name"] = json!(name);
            metadata["namespace"] = json!(namespace);
            metadata["uid"] = json!(uid(number));
            metadata["creationTimestamp"] = json!(now);
            if !causes.is_empty() {
                return Err(Refusal::invalid(resource, &name, &causes));
            }
            let key = Key::new(resource.plural, namespace, &name);
            if world.objects.contains_key(&key) {
                return Err(Refusal::exists(resource, &name));
            }
            let stored = world.put(&key, Some(event));
            Ok((201, stored.map(|object| Value::clone(&object)).unwrap_or_default()))
        })
    }

    fn review(&self, review: &str, asked: &Asked<'_>) -> Answer {
        let mut object = asked.object()?;
        object["metadata"] = json!({ "creationTimestamp": null });
        match review {
            "selfsubjectreviews" => {
                let mut groups = asked.user.groups.to_vec();
                groups.push("system:authenticated");
                object["metadata"] = json!({ "creationTimestamp": self.now() });
                object["status"] = json!({ "userInfo": { "username": asked.user.name, "groups": groups } });
            }
            "selfsubjectaccessreviews" => {
                let attributes = &object["spec"]["resourceAttributes"];
                let reads = matches!(attributes["verb"].as_str(), Some("get" | "list" | "watch"));
                let writes = asked.user.writes
                    && matches!(
                        (attributes["verb"].as_str(), attributes["resource"].as_str()),
                        (Some("patch"), Some("httproutes")) | (Some("create"), Some("events"))
                    );
                object["status"] = json!({ "allowed": reads || writes });
            }
            _ => return Err(Refusal::no_path()),
        }
        Ok((201, object))
    }
}

/// One request, but its path.
pub(super) struct Asked<'a> {
    pub user: &'a User,
    pub method: &'a Method,
    pub query: &'a Query,
    pub content_type: &'a str,
    pub body: &'a [u8],
}

impl Asked<'_> {
    /// Nobody may do more here than read, patch routes and create events.
    fn no_right(&self, resource: &Resource, namespace: Option<&str>, name: &str) -> Refusal {
        let verb = match *self.method {
            Method::POST => "create",
            Method::PUT => "update",
            _ => "delete",
        };
        Refusal::forbidden(resource, self.user.name, verb, namespace, name)
    }

    /// The body as an object.
    fn object(&self) -> Result<Value, Refusal> {
        match serde_json::from_slice(self.body) {
            Ok(Value::Object(object)) => Ok(Value::Object(object)),
            Ok(_) => Err(Refusal::bad_request("the body of the request is no object")),
            Err(error) => Err(Refusal::bad_request(&format!("the body of the request is no JSON: {error}"))),
        }
    }
}
