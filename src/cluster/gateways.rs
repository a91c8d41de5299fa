//! Reads what stands before and behind a route for the debugging walk: a Gateway, and the ports of a Service.

use super::connect::Cluster;
use super::read::segment;
use super::trouble::{Trouble, Why};
use crate::route::{BackendRef, Gateway};

impl Cluster {
    /// A Gateway as it is now.
    ///
    /// # Errors
    /// [`Trouble`], with [`Why::NotFound`] if there is none.
    pub async fn gateway(&self, namespace: &str, name: &str) -> Result<Gateway, Trouble> {
        let what = format!("read Gateway {namespace}/{name}");
        let version = self.version(&what).await?.as_str();
        let (namespace, name) = (segment(namespace, &what)?, segment(name, &what)?);
        let path =
            format!("/apis/gateway.networking.k8s.io/{version}/namespaces/{namespace}/gateways/{name}");
        let text = self.get_text(&what, &path).await?;
        Gateway::from_json(&text).map_err(|why| Trouble::new(what, Why::Unreadable(why.into())))
    }

    /// The ports of the Service that a backend points to; `None` if there is no such Service.
    ///
    /// # Errors
    /// [`Trouble`] when that cannot be known.
    pub async fn ports(&self, backend: &BackendRef) -> Result<Option<Box<[u16]>>, Trouble> {
        let service = match self.service(&backend.namespace, &backend.name).await {
            Ok(service) => service,
            Err(Trouble { why: Why::NotFound, .. }) => return Ok(None),
            Err(trouble) => return Err(trouble),
        };
        let ports = service.spec.and_then(|spec| spec.ports).unwrap_or_default();
        Ok(Some(ports.iter().filter_map(|port| u16::try_from(port.port).ok()).collect()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::{Answer, FakeServer, status_json};

    fn server() -> (FakeServer, Cluster) {
        FakeServer::start(|asked| match asked.line.split(['?', ' ']).nth(1).unwrap_or_default() {
            path if path.ends_with("/gateways/edge") => Answer::Say(
                200,
                json!({ "metadata": { "generation": 3 }, "spec": { "gatewayClassName": "c", "listeners": [
                    { "name": "http", "port": 80, "protocol": "HTTP", "hostname": "*.example" } ] },
                    "status": { "conditions": [{ "type": "Programmed", "status": "True" }], "listeners": [
                        { "name": "http", "conditions": [{ "type": "Conflicted", "status": "True",
                            "reason": "HostnameConflict", "message": "taken" }] } ] } })
                .to_string(),
            ),
            path if path.ends_with("/gateways/secret") => {
                let message = "no: User \"v\" cannot get resource \"gateways\" in API group \
                               \"gateway.networking.k8s.io\" in the namespace \"infra\"";
                Answer::Say(403, status_json(403, "Forbidden", message))
            }
            path if path.ends_with("/services/web") => Answer::Say(
                200,
                json!({ "metadata": {}, "spec": { "ports": [{ "port": 80 }, { "port": 8080 }] } })
                    .to_string(),
            ),
            _ => Answer::Say(404, status_json(404, "NotFound", "not found")),
        })
    }

    #[tokio::test]
    async fn a_gateway_with_what_is_said_of_its_listeners() {
        let (_server, cluster) = server();
        let gateway = cluster.gateway("infra", "edge").await.unwrap();
        assert_eq!((gateway.generation, &*gateway.class), (3, "c"));
        let [listener] = &*gateway.listeners else { panic!("{gateway:?}") };
        assert_eq!((listener.port, &*listener.from), (80, "Same"));
        assert!(listener.serves("a.example") && !listener.serves("a.test"));
        assert_eq!(listener.trouble().as_deref(), Some("Conflicted=True HostnameConflict: taken"));
        let absent = cluster.gateway("infra", "absent").await.unwrap_err();
        assert_eq!(absent.why, Why::NotFound);
        let denied = cluster.gateway("infra", "secret").await.unwrap_err();
        assert!(denied.to_string().contains("get gateways.gateway.networking.k8s.io in namespace infra"));
        assert_eq!(cluster.gateway("infra", "../x").await.unwrap_err().why, Why::NotFound);
    }

    #[tokio::test]
    async fn a_service_that_is_not_there_is_an_answer() {
        let (_server, cluster) = server();
        let backend = |name: &str| BackendRef::service("shop", name, 80);
        let ports = |ports: &[u16]| Some(ports.into());
        assert_eq!(cluster.ports(&backend("web")).await, Ok(ports(&[80, 8080])));
        assert_eq!(cluster.ports(&backend("wbe")).await, Ok(None));
    }
}
