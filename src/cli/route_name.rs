//! ROUTE on the command line: `name`, `namespace/name` or, as kubectl prints it, `httproute/name`.

use std::str::FromStr;

use super::exit::Failure;
use crate::route::RouteId;

/// What kubectl calls the kind, in the forms that it takes and prints.
const KINDS: [&str; 4] = [
    "httproute",
    "httproutes",
    "httproute.gateway.networking.k8s.io",
    "httproutes.gateway.networking.k8s.io",
];

/// A route as it was named; where it is may be left to the context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteName {
    /// The namespace, if it was given.
    pub namespace: Option<Box<str>>,
    /// The name.
    pub name: Box<str>,
}

impl FromStr for RouteName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (namespace, name) = match text.split_once('/') {
            Some((kind, name)) if KINDS.contains(&kind) => (None, name),
            Some((namespace, name)) => (Some(object_name(namespace)?.into()), name),
            None => (None, text),
        };
        Ok(Self { namespace, name: object_name(name)?.into() })
    }
}

impl RouteName {
    /// The route's id; `flag` is `--namespace`, `default` the context's.
    ///
    /// # Errors
    /// When name and flag say different namespaces.
    pub fn id(&self, flag: Option<&str>, default: &str) -> Result<RouteId, Failure> {
        match (self.namespace.as_deref(), flag) {
            (Some(own), Some(flag)) if own != flag => Err(Failure::usage(format!(
                "ROUTE {own}/{} names namespace {own} and --namespace says {flag}; give one of them",
                self.name
            ))),
            (Some(own), _) => Ok(RouteId::new(own, &self.name)),
            (None, flag) => Ok(RouteId::new(flag.unwrap_or(default), &self.name)),
        }
    }
}

/// A name that the API server could have given out.
///
/// # Errors
/// What names look like.
pub fn object_name(text: &str) -> Result<String, String> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    if !text.is_empty() && text.len() <= 253 && text.bytes().all(fits) && !text.starts_with(['.', '-']) {
        return Ok(text.to_owned());
    }
    Err("names have lower-case letters, digits, '-' and '.' only".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str, flag: Option<&str>) -> Result<String, String> {
        let name: RouteName = text.parse()?;
        name.id(flag, "default").map(|id| id.to_string()).map_err(|failure| failure.message)
    }

    #[test]
    fn names_as_kubectl_takes_them() {
        assert_eq!(id("checkout", None).as_deref(), Ok("default/checkout"));
        assert_eq!(id("checkout", Some("shop")).as_deref(), Ok("shop/checkout"));
        assert_eq!(id("httproute/checkout", Some("shop")).as_deref(), Ok("shop/checkout"));
        assert_eq!(id("shop/checkout", Some("shop")).as_deref(), Ok("shop/checkout"));
        assert_eq!(
            id("shop/checkout", Some("web")).unwrap_err(),
            "ROUTE shop/checkout names namespace shop and --namespace says web; give one of them"
        );
    }

    #[test]
    fn what_is_no_name() {
        for bad in ["", "a/", "/a", "a/b/c", "Checkout", "-x", "..", "a b"] {
            assert!(id(bad, None).is_err(), "{bad}");
        }
    }
}
