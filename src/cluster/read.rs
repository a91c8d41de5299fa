//! Reads routes: all of them in one request, parsed while it arrives, or one of them fresh.

use std::fmt;

use futures::AsyncReadExt;
use serde::Deserialize;

use super::call::Body;
use super::connect::{CALL_LIMIT, Cluster};
use super::splitter::Splitter;
use super::trouble::{Trouble, Why};
use crate::route::{BadRoute, Route, RouteId};

/// One row of the list: a route, or one object that could not be read as one.
pub type Listed = Result<Route, BadRoute>;

/// Which routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Those of all namespaces.
    All,
    /// Those of one.
    Namespace(Box<str>),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all namespaces"),
            Self::Namespace(name) => write!(f, "namespace {name}"),
        }
    }
}

/// A list, and the version of the world that it shows: where a watch goes on.
pub(super) struct Listing {
    pub items: Vec<Listed>,
    pub version: Box<str>,
}

impl Cluster {
    /// All routes of a scope, in the server's order.
    ///
    /// # Errors
    /// [`Trouble`]; one bad object is not trouble but a row.
    pub async fn list(&self, scope: &Scope) -> Result<Vec<Listed>, Trouble> {
        Ok(self.listing(scope, "").await?.items)
    }

    /// One route as it is now.
    ///
    /// # Errors
    /// [`Trouble`], with [`Why::NotFound`] if there is none and [`Why::Unreadable`] if it is no proper route.
    pub async fn get(&self, id: &RouteId) -> Result<Route, Trouble> {
        let what = format!("read route {id}");
        let text = self.get_json(id).await?;
        Route::from_json(&text).map_err(|bad| Trouble::new(what, Why::Unreadable(bad.why)))
    }

    /// One route as it is now, with everything that the server knows of it, as JSON.
    ///
    /// # Errors
    /// [`Trouble`], with [`Why::NotFound`] if there is none.
    pub async fn get_json(&self, id: &RouteId) -> Result<String, Trouble> {
        let what = format!("read route {id}");
        let path = self.route_path(id, &what).await?;
        self.get_text(&what, &path).await
    }

    /// Where one route is.
    pub(crate) async fn route_path(&self, id: &RouteId, what: &str) -> Result<String, Trouble> {
        let in_namespace = self.routes_path(&Scope::Namespace(id.namespace.clone()), what).await?;
        Ok(format!("{in_namespace}/{}", segment(&id.name, what)?))
    }

    /// Where the routes of a scope are.
    pub(super) async fn routes_path(&self, scope: &Scope, what: &str) -> Result<String, Trouble> {
        let root = format!("/apis/gateway.networking.k8s.io/{}", self.version(what).await?.as_str());
        Ok(match scope {
            Scope::All => format!("{root}/httproutes"),
            Scope::Namespace(name) => format!("{root}/namespaces/{}/httproutes", segment(name, what)?),
        })
    }

    /// The list with its version, of those routes that `selector` chooses (a part of the query; empty for all). One
    /// request without a limit: the server answers it from its cache.
    pub(super) async fn listing(&self, scope: &Scope, selector: &str) -> Result<Listing, Trouble> {
        let what = format!("list routes in {scope}");
        let mut path = self.routes_path(scope, &what).await?;
        if !selector.is_empty() {
            path = format!("{path}?{selector}");
        }
        let advise = |trouble: Trouble| match (&trouble.why, scope) {
            (Why::Forbidden(_), Scope::All) => trouble.advise("choose one namespace with -n"),
            _ => trouble,
        };
        let body = self.open(&what, &path).await.map_err(advise)?;
        self.parse(body, &what).await
    }

    /// The limit of a call holds for each pause between two pieces: a long list over a slow line is not a failure.
    async fn parse(&self, mut body: Body, what: &str) -> Result<Listing, Trouble> {
        let (mut splitter, mut items) = (Splitter::default(), Vec::new());
        let mut piece = vec![0; 64 * 1024];
        loop {
            let read = tokio::time::timeout(CALL_LIMIT, body.read(&mut piece))
                .await
                .map_err(|_| Trouble::new(what, Why::Silent(CALL_LIMIT)))?
                .map_err(|error| Trouble::from_kube(what, &kube::Error::ReadEvents(error)))?;
            if read == 0 {
                break;
            }
            splitter.feed(&piece[..read], |item| items.push(listed(item)));
        }
        if !splitter.is_complete() {
            return Err(Trouble::new(what, Why::Broken("the list was cut off".into())));
        }
        let meta = splitter.metadata().and_then(|json| serde_json::from_slice::<ListMeta>(json).ok());
        let Some(ListMeta { resource_version }) = meta else {
            return Err(Trouble::new(what, Why::Unreadable("the list has no resourceVersion".into())));
        };
        Ok(Listing { items, version: resource_version })
    }
}

/// The `metadata` of a list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListMeta {
    pub resource_version: Box<str>,
}

fn listed(item: &[u8]) -> Listed {
    match std::str::from_utf8(item) {
        Ok(text) => Route::from_json(text),
        Err(_) => Err(BadRoute { id: RouteId::new("?", "?"), why: "not UTF-8".into() }),
    }
}

/// A name as part of a path. Only what the server would accept as a name; above all no `/` and no `..`.
pub(super) fn segment<'a>(name: &'a str, what: &str) -> Result<&'a str, Trouble> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    if !name.is_empty() && name.bytes().all(fits) && name.starts_with(|c: char| c != '.') {
        return Ok(name);
    }
    Err(Trouble::new(what, Why::NotFound).advise("names have lower-case letters, digits, `-` and `.` only"))
}

#[cfg(test)]
mod tests;
