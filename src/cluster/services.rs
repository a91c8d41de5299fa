//! The Services of all namespaces, as far as somebody who looks for one among them wants to know.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::connect::Cluster;
use super::trouble::{Trouble, Why};

/// A Service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Service {
    /// Who it is.
    pub metadata: ServiceMeta,
    /// What it leads to.
    #[serde(default)]
    pub spec: ServiceSpec,
}

/// Who a Service is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ServiceMeta {
    /// Its name.
    pub name: String,
    /// Its namespace.
    #[serde(default)]
    pub namespace: String,
    /// Its labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// What a Service leads to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ServiceSpec {
    /// `ClusterIP`, `ExternalName` and so on.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Its ports.
    #[serde(default)]
    pub ports: Vec<ServicePort>,
}

/// A port of a Service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ServicePort {
    /// Its name; empty where it is the only one and has none.
    #[serde(default)]
    pub name: String,
    /// Its number.
    pub port: u16,
}

/// Services a page: a cluster may have ten thousand.
const PAGE: usize = 500;
/// Pages that are read at most.
const PAGES: usize = 40;

#[derive(Deserialize)]
struct List {
    metadata: ListMeta,
    items: Vec<Service>,
}

#[derive(Deserialize)]
struct ListMeta {
    #[serde(default, rename = "continue")]
    rest: String,
}

impl Cluster {
    /// The Services of all namespaces.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn services(&self) -> Result<Vec<Service>, Trouble> {
        let what = "list the Services of all namespaces";
        let (mut services, mut rest) = (Vec::new(), String::new());
        for _ in 0..PAGES {
            let text = self.get_text(what, &page(&rest)).await?;
            let list: List = serde_json::from_str(&text)
                .map_err(|error| Trouble::new(what, Why::Unreadable(error.to_string().into())))?;
            services.extend(list.items);
            rest = list.metadata.rest;
            if rest.is_empty() {
                break;
            }
        }
        Ok(services)
    }
}

/// Where the page behind `rest` is; the first one where it is empty.
fn page(rest: &str) -> String {
    let mut path = format!("/api/v1/services?limit={PAGE}");
    if !rest.is_empty() {
        let rest: String = form_urlencoded::byte_serialize(rest.as_bytes()).collect();
        path = format!("{path}&continue={rest}");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Answer, FakeServer};

    #[tokio::test]
    async fn services_come_in_pages() {
        let (server, cluster) = FakeServer::start(|asked| {
            let (name, rest) = if asked.line.contains("continue=") { ("b", "") } else { ("a", "t/=&") };
            Answer::Say(
                200,
                format!(
                    r#"{{"metadata":{{"continue":"{rest}"}},"items":[{{"metadata":{{"name":"{name}"}},
                       "spec":{{"ports":[{{"port":9090,"protocol":"TCP"}}]}}}}]}}"#
                ),
            )
        });
        let names: Vec<String> =
            cluster.services().await.unwrap().into_iter().map(|service| service.metadata.name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(
            server.lines(),
            ["GET /api/v1/services?limit=500", "GET /api/v1/services?limit=500&continue=t%2F%3D%26"]
        );
    }
}
