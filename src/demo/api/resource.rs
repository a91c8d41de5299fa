//! The kinds of objects that the server knows, and what a path and its query ask for.

use std::collections::HashMap;

use serde_json::{Value, json};

/// One kind of objects.
#[derive(Debug)]
pub struct Resource {
    /// API group; empty is core.
    pub group: &'static str,
    /// API version.
    pub version: &'static str,
    /// As in paths.
    pub plural: &'static str,
    /// As in objects.
    pub kind: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

const GATEWAY: &str = "gateway.networking.k8s.io";

/// All that there is. Sorted by nothing: it is short.
pub static RESOURCES: &[Resource] = &[
    resource(GATEWAY, "v1", "httproutes", "HTTPRoute", true),
    resource(GATEWAY, "v1", "gateways", "Gateway", true),
    resource(GATEWAY, "v1", "gatewayclasses", "GatewayClass", false),
    resource("", "v1", "namespaces", "Namespace", false),
    resource("", "v1", "services", "Service", true),
    resource("", "v1", "pods", "Pod", true),
    resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true),
    resource("events.k8s.io", "v1", "events", "Event", true),
];

const fn resource(
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    kind: &'static str,
    namespaced: bool,
) -> Resource {
    Resource { group, version, plural, kind, namespaced }
}

impl Resource {
    /// The resource of these objects.
    pub fn of(plural: &str) -> Option<&'static Self> {
        RESOURCES.iter().find(|resource| resource.plural == plural)
    }

    /// As in `apiVersion`.
    pub fn api_version(&self) -> String {
        group_version(self.group, self.version)
    }

    /// As in messages: `httproutes.gateway.networking.k8s.io`, `pods`.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Whether it comes from a CRD: its objects then say what they are in lists as well.
    pub fn is_custom(&self) -> bool {
        self.group == GATEWAY
    }
}

/// As in `apiVersion`.
pub fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// What a path asks for.
#[derive(Debug, PartialEq)]
pub enum Target<'a> {
    /// The resources of a group version.
    Discovery { group: &'a str, version: &'a str },
    /// All objects of a resource, or those of one namespace.
    Collection { resource: &'static str, namespace: Option<&'a str> },
    /// One object.
    Object { resource: &'static str, namespace: &'a str, name: &'a str },
    /// What a pod has logged.
    Log { namespace: &'a str, pod: &'a str },
    /// What is only ever created: a review.
    Review(&'a str),
    /// The server's version.
    Version,
    /// Nothing that there is.
    Nothing,
}

impl<'a> Target<'a> {
    /// Reads a path.
    pub fn read(path: &'a str) -> Self {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            ["version"] => Self::Version,
            ["apis", "authentication.k8s.io" | "authorization.k8s.io", "v1", review] => Self::Review(review),
            ["api", version, rest @ ..] => Self::within("", version, rest),
            ["apis", group, version, rest @ ..] => Self::within(group, version, rest),
            _ => Self::Nothing,
        }
    }

    fn within(group: &'a str, version: &'a str, rest: &[&'a str]) -> Self {
        let known = |plural: &str, namespaced: bool| {
            let mut all = RESOURCES.iter();
            let found = all.find(|r| r.group == group && r.version == version && r.plural == plural)?;
            (found.namespaced || !namespaced).then_some(found)
        };
        let collection = |plural: &str, namespace: Option<&'a str>| {
            known(plural, namespace.is_some())
                .map_or(Self::Nothing, |r| Self::Collection { resource: r.plural, namespace })
        };
        match *rest {
            [] if RESOURCES.iter().any(|r| r.group == group && r.version == version) => {
                Self::Discovery { group, version }
            }
            [plural] => collection(plural, None),
            ["namespaces", namespace, plural] => collection(plural, Some(namespace)),
            ["namespaces", namespace, plural, name] => known(plural, true)
                .map_or(Self::Nothing, |r| Self::Object { resource: r.plural, namespace, name }),
            ["namespaces", namespace, "pods", pod, "log"] => Self::Log { namespace, pod },
            [plural, name] => known(plural, false)
                .filter(|r| !r.namespaced)
                .map_or(Self::Nothing, |r| Self::Object { resource: r.plural, namespace: "", name }),
            _ => Self::Nothing,
        }
    }
}

/// The answer to [`Target::Discovery`].
pub fn discovery(group: &str, version: &str) -> Value {
    let of = |resource: &&Resource| resource.group == group && resource.version == version;
    let words = |resource: &Resource| {
        json!({
            "name": resource.plural, "singularName": resource.kind.to_lowercase(),
            "namespaced": resource.namespaced, "kind": resource.kind,
            "verbs": ["get", "list", "patch", "watch"],
        })
    };
    json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version(group, version),
        "resources": RESOURCES.iter().filter(of).map(words).collect::<Vec<_>>(),
    })
}

/// What stands after the `?`.
pub struct Query(HashMap<String, String>);

impl Query {
    /// Reads it.
    pub fn read(query: Option<&str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// A value; an empty one is as good as none.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A number, if it is one.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.get(key)?.parse().ok()
    }

    /// Whether it is `true` or `1`.
    pub fn flag(&self, key: &str) -> bool {
        matches!(self.get(key), Some("true" | "1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let routes = "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes";
        assert_eq!(
            Target::read(routes),
            Target::Collection { resource: "httproutes", namespace: Some("shop") }
        );
        let one = format!("{routes}/checkout");
        let object = Target::Object { resource: "httproutes", namespace: "shop", name: "checkout" };
        assert_eq!(Target::read(&one), object);
        let namespace = Target::Object { resource: "namespaces", namespace: "", name: "shop" };
        assert_eq!(Target::read("/api/v1/namespaces/shop"), namespace);
        assert_eq!(Target::read("/api/v1/pods"), Target::Collection { resource: "pods", namespace: None });
        assert_eq!(
            Target::read("/apis/gateway.networking.k8s.io/v1"),
            Target::Discovery { group: "gateway.networking.k8s.io", version: "v1" }
        );
        for nothing in ["/", "/apis/gateway.networking.k8s.io/v2", "/api/v1/namespaces/shop/httproutes", "/x"]
        {
            assert_eq!(Target::read(nothing), Target::Nothing, "{nothing}");
        }
    }
}
