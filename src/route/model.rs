//! The slim route: only what is shown or decided on. About 26 MB for 10,000 routes.

use std::fmt;

use jiff::Timestamp;

use super::owner::Owner;
use super::status::ParentStatus;

/// Namespace and name of a route; printed as `namespace/name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteId {
    /// The namespace.
    pub namespace: Box<str>,
    /// The name, unique in its namespace.
    pub name: Box<str>,
}

impl RouteId {
    /// An id from its two parts.
    #[must_use]
    pub fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

impl fmt::Display for RouteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// An `HTTPRoute`, as far as tidegate reads it. Everything else stays on the server: writes are JSON
/// Patches, so what is not here is never lost.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Namespace and name.
    pub id: RouteId,
    /// The object's identity: a deleted and recreated route has another one.
    pub uid: Box<str>,
    /// When it was created: of two routes with the same match the older one gets the requests.
    pub created: Option<Timestamp>,
    /// Bumped by the API server at every edit of the spec, weights included, and by nothing else.
    pub generation: i64,
    /// `spec.hostnames`; empty means all hosts of the listener.
    pub hostnames: Box<[Box<str>]>,
    /// `spec.parentRefs`, with defaults filled in.
    pub parents: Box<[ParentRef]>,
    /// `spec.rules`.
    pub rules: Box<[Rule]>,
    /// `status.parents`, as the controllers wrote them.
    pub status: Box<[ParentStatus]>,
    /// Why `status` could not be read, if so.
    pub status_problem: Option<Box<str>>,
    /// Who else writes this route, the most dangerous first.
    pub owners: Box<[Owner]>,
    /// The newest writer of the spec in `managedFields`.
    pub last_writer: Option<Writer>,
    /// Annotation `tidegate.dev/canary`: the backend that somebody named the canary.
    pub canary: Option<Box<str>>,
    /// Annotation `tidegate.dev/stages`: the ladder, as text.
    pub stages: Option<Box<str>>,
    /// Annotation `tidegate.dev/provider`: the metrics provider that somebody named.
    pub provider: Option<Box<str>>,
    /// Annotations `tidegate.dev/gate.*`: what stands behind the dot, and the value.
    pub gate: Box<[(Box<str>, Box<str>)]>,
    /// Annotation `tidegate.dev/last-change`, as text.
    pub last_change: Option<Box<str>>,
    /// Whether `metadata.annotations` exists at all: a patch must be built otherwise when it does not.
    pub has_annotations: bool,
}

impl Route {
    /// The rules that split traffic between two or more backends, with their index.
    pub fn splits(&self) -> impl Iterator<Item = (usize, &Rule)> {
        self.rules.iter().enumerate().filter(|(_, rule)| rule.is_split())
    }

    /// Where requests or copies of them may be sent: the backends and mirrors of all rules, as often as they stand there.
    pub fn targets(&self) -> impl Iterator<Item = &BackendRef> {
        self.rules.iter().flat_map(|rule| {
            rule.backends
                .iter()
                .map(|backend| &backend.to)
                .chain(rule.mirrors.iter().map(|mirror| &mirror.to))
        })
    }

    /// How a person calls rule `index`: its name if no other rule has it, else its first match, else its number.
    #[must_use]
    pub fn rule_label(&self, index: usize) -> String {
        let Some(rule) = self.rules.get(index) else { return index.to_string() };
        if let Some(name) = &rule.name
            && self.rules.iter().filter(|r| r.name.as_ref() == Some(name)).count() == 1
        {
            return name.to_string();
        }
        rule.matches.first().map_or_else(|| index.to_string(), ToString::to_string)
    }
}

/// Who wrote the spec last, from `managedFields`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// The field manager, for example `kubectl-edit`.
    pub manager: Box<str>,
    /// RFC 3339 time of the write, as the server gave it; empty if it gave none.
    pub at: Box<str>,
}

/// One rule of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `name`: optional, and on the standard channel not checked to be unique.
    pub name: Option<Box<str>>,
    /// The matches; the API server fills in `PathPrefix /` when none is given.
    pub matches: Box<[Match]>,
    /// The backends with their weights.
    pub backends: Box<[Backend]>,
    /// `RequestMirror` filters, of the rule or of one of its backends.
    pub mirrors: Box<[Mirror]>,
    /// Whether `retry` is set: upstream request counts are then inflated.
    pub retries: bool,
    /// Whether `sessionPersistence` is set: sessions then override weights.
    pub sticky: bool,
    /// `timeouts.request`, as text (`10s`, `500ms`): a request that takes longer is answered with 504.
    pub timeout: Option<Box<str>>,
}

impl Rule {
    /// Whether this rule has two or more weighted backends: the unit a person steps.
    #[must_use]
    pub fn is_split(&self) -> bool {
        self.backends.len() >= 2
    }

    /// The weights of its backends, in their order.
    #[must_use]
    pub fn weights(&self) -> Vec<u32> {
        self.backends.iter().map(|backend| backend.weight).collect()
    }
}

/// A `RequestMirror` filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// Where the copies go.
    pub to: BackendRef,
    /// JSON pointer to the filter, relative to the rule: `filters/0` or `backendRefs/1/filters/0`.
    pub pointer: Box<str>,
    /// Which part of the requests is copied, as numerator and denominator: `percent` or `fraction`; 1 of 1 if absent.
    pub part: (u32, u32),
}

/// One weighted backend of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// What it points to.
    pub to: BackendRef,
    /// 0 to 1,000,000; 1 when the manifest says nothing. A share only after division by the rule's sum.
    pub weight: u32,
}

/// What a backend points to. Usually a Service.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BackendRef {
    /// API group; empty is core.
    pub group: Box<str>,
    /// Kind, `Service` by default.
    pub kind: Box<str>,
    /// Namespace, the route's own by default.
    pub namespace: Box<str>,
    /// Name.
    pub name: Box<str>,
    /// Port of the Service; backends of other kinds may have none.
    pub port: Option<u16>,
}

impl BackendRef {
    /// A core Service.
    #[must_use]
    pub fn service(namespace: &str, name: &str, port: u16) -> Self {
        Self {
            group: "".into(),
            kind: "Service".into(),
            namespace: namespace.into(),
            name: name.into(),
            port: Some(port),
        }
    }

    /// Whether this is a Service, whose endpoints and pods can be read.
    #[must_use]
    pub fn is_service(&self) -> bool {
        self.group.is_empty() && &*self.kind == "Service"
    }

    /// Whether both lead to the same object, whatever the port.
    #[must_use]
    pub fn same_object(&self, other: &Self) -> bool {
        self.group == other.group
            && self.kind == other.kind
            && self.namespace == other.namespace
            && self.name == other.name
    }
}

impl fmt::Display for BackendRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_service() {
            write!(f, "{} ", self.kind)?;
        }
        f.write_str(&self.name)
    }
}

/// A Gateway (or Service, for meshes) the route attaches to, with defaults filled in so that equal
/// references compare equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ParentRef {
    /// `gateway.networking.k8s.io` when absent; empty is core.
    pub group: Box<str>,
    /// `Gateway` when absent.
    pub kind: Box<str>,
    /// The route's namespace when absent.
    pub namespace: Box<str>,
    /// Name.
    pub name: Box<str>,
    /// A listener's name, if the reference is to one.
    pub section: Option<Box<str>>,
    /// A listener's port, if the reference is to one.
    pub port: Option<u16>,
}

impl fmt::Display for ParentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if &*self.kind != "Gateway" {
            write!(f, "{} ", self.kind)?;
        }
        write!(f, "{}/{}", self.namespace, self.name)?;
        if let Some(section) = &self.section {
            write!(f, "#{section}")?;
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        Ok(())
    }
}

/// One match of a rule: all of its parts must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Match {
    /// The path, if it is matched.
    pub path: Option<PathMatch>,
    /// The HTTP method, if it is matched.
    pub method: Option<Box<str>>,
    /// Headers; names are compared without case.
    pub headers: Box<[HeaderMatch]>,
    /// Query parameters.
    pub query: Box<[HeaderMatch]>,
}

/// How the path is matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathMatch {
    /// `Exact`, `PathPrefix` or `RegularExpression`.
    pub kind: Box<str>,
    /// What it is compared with.
    pub value: Box<str>,
}

/// How one header or query parameter is matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderMatch {
    /// `Exact` or `RegularExpression`.
    pub kind: Box<str>,
    /// Name.
    pub name: Box<str>,
    /// Value.
    pub value: Box<str>,
}

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(method) = &self.method {
            parts.push(method.to_string());
        }
        match &self.path {
            Some(path) if &*path.kind == "Exact" => parts.push(format!("= {}", path.value)),
            Some(path) if &*path.kind == "RegularExpression" => parts.push(format!("~ {}", path.value)),
            Some(path) => parts.push(path.value.to_string()),
            None => {}
        }
        parts.extend(self.headers.iter().map(|h| format!("{}: {}", h.name, h.value)));
        parts.extend(self.query.iter().map(|q| format!("?{}={}", q.name, q.value)));
        if parts.is_empty() { f.write_str("all requests") } else { f.write_str(&parts.join(" ")) }
    }
}
