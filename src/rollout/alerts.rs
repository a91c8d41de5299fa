//! Alerts that fire, as far as they are about a route, what it leads to, or where it lives.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::gate::Check;
use crate::route::{BackendRef, Route};
use crate::stats::Verdict;

/// Labels by which alerts name a route.
pub const ROUTE_LABELS: [&str; 3] = ["route", "httproute", "route_name"];
/// Labels by which alerts name a Service.
pub const SERVICE_LABELS: [&str; 4] =
    ["service", "service_name", "exported_service", "destination_service_name"];
/// Labels by which alerts name a namespace. With the first one often that of the exporter is meant.
pub const NAMESPACE_LABELS: [&str; 3] = ["namespace", "exported_namespace", "destination_service_namespace"];

/// An alert that fires.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// What it is about; what is nearest comes first.
    pub about: About,
    /// Its name.
    pub name: String,
    /// Its label `severity`, or nothing.
    pub severity: String,
}

/// What an alert is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum About {
    /// The route itself.
    Route,
    /// A Service that the route leads to.
    Service(String),
    /// Its namespace, or something in there.
    Namespace,
}

impl Alert {
    /// Whether it keeps a canary from getting more: it is critical, and about the route or a Service of it.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.is_critical() && self.about != About::Namespace
    }

    /// Whether somebody called it critical.
    #[must_use]
    pub fn is_critical(&self) -> bool {
        self.severity.eq_ignore_ascii_case("critical")
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.about {
            About::Route => f.write_str(" on this route"),
            About::Service(name) => write!(f, " on {name}"),
            About::Namespace => f.write_str(" in this namespace"),
        }
    }
}

/// What is known of alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Firing {
    /// There is nobody who could be asked.
    NobodyToAsk,
    /// Why it is not known.
    Unknown(String),
    /// Those that fire, the nearest first.
    Known(Vec<Alert>),
}

impl Firing {
    /// Those that are known to fire.
    #[must_use]
    pub fn known(&self) -> &[Alert] {
        match self {
            Self::Known(alerts) => alerts,
            Self::NobodyToAsk | Self::Unknown(_) => &[],
        }
    }
}

/// Those of `firing`, each given by its labels, that are about `route`. Two halves of a highly available Prometheus fire
/// the same twice, and what is there to fire always says `severity="none"`.
#[must_use]
pub fn concerning(route: &Route, firing: &[BTreeMap<String, String>]) -> Vec<Alert> {
    let mut alerts: Vec<Alert> = firing.iter().filter_map(|labels| alert(route, labels)).collect();
    alerts.retain(|alert| alert.severity != "none");
    alerts.sort_by(|a, b| (!a.is_critical(), a).cmp(&(!b.is_critical(), b)));
    alerts.dedup();
    alerts
}

fn alert(route: &Route, labels: &BTreeMap<String, String>) -> Option<Alert> {
    let value = |name: &str| labels.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let named = |names: &'static [&'static str]| names.iter().filter_map(|name| value(name));
    let in_namespace = |wanted: &str| named(&NAMESPACE_LABELS).any(|name| name == wanted);
    // A namesake elsewhere is somebody else.
    let here = |wanted: &str| in_namespace(wanted) || named(&NAMESPACE_LABELS).next().is_none();
    let service = |to: &BackendRef| {
        to.is_service() && here(&to.namespace) && named(&SERVICE_LABELS).any(|name| name == &*to.name)
    };
    let about = if named(&ROUTE_LABELS).any(|name| name == &*route.id.name) && here(&route.id.namespace) {
        About::Route
    } else if let Some(to) = route.targets().find(|to| service(to)) {
        About::Service(to.name.to_string())
    } else if in_namespace(&route.id.namespace) {
        About::Namespace
    } else {
        return None;
    };
    let name = value("alertname")?.to_owned();
    Some(Alert { name, severity: value("severity").unwrap_or_default().to_owned(), about })
}

/// Whether a critical alert speaks against giving a backend of the route more traffic.
pub(super) fn alerts_check(firing: &Firing) -> Check {
    let (verdict, words) = match firing {
        Firing::NobodyToAsk => (Verdict::NotApplicable, "there is nobody to ask".to_owned()),
        Firing::Unknown(why) => (Verdict::Hold, format!("it is not known which alerts fire: {why}")),
        Firing::Known(alerts) => {
            let critical: Vec<String> =
                alerts.iter().filter(|alert| alert.holds()).map(ToString::to_string).collect();
            match (critical.as_slice(), alerts.as_slice()) {
                ([], []) => (Verdict::Pass, "none fires on this route, its Services or namespace".to_owned()),
                ([], [one]) => (Verdict::Pass, format!("not critical here: {one}")),
                ([], [first, rest @ ..]) => {
                    (Verdict::Pass, format!("not critical here: {first}, and {} more", rest.len()))
                }
                (critical, _) => (Verdict::Hold, format!("critical: {}", critical.join(", "))),
            }
        }
    };
    Check { name: "alerts", verdict, words }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route() -> Route {
        Route::from_json(
            r#"{"metadata": {"namespace": "shop", "name": "checkout", "uid": "u", "generation": 1},
                "spec": {"rules": [{"backendRefs": [{"name": "stable", "port": 80},
                                                    {"name": "canary", "namespace": "next", "port": 80}]}]}}"#,
        )
        .unwrap()
    }

    fn firing(all: &[&[(&str, &str)]]) -> Firing {
        let labels: Vec<BTreeMap<String, String>> = all
            .iter()
            .map(|labels| {
                let named = [("alertname", "A")];
                named.iter().chain(*labels).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
            })
            .collect();
        Firing::Known(concerning(&route(), &labels))
    }

    fn about(labels: &[(&str, &str)]) -> Option<About> {
        firing(&[labels]).known().first().map(|alert| alert.about.clone())
    }

    #[test]
    fn an_alert_is_about_what_its_labels_name() {
        let stable = || Some(About::Service("stable".to_owned()));
        assert_eq!(about(&[("httproute", "checkout"), ("namespace", "shop")]), Some(About::Route));
        assert_eq!(about(&[("service", "stable"), ("namespace", "shop")]), stable());
        assert_eq!(about(&[("destination_service_name", "stable")]), stable(), "it names no namespace");
        let exported = [("service", "x"), ("exported_service", "stable")];
        assert_eq!(
            about(&[&exported[..], &[("namespace", "gw"), ("exported_namespace", "shop")]].concat()),
            stable()
        );
        let canary = Some(About::Service("canary".to_owned()));
        assert_eq!(
            about(&[("service", "canary"), ("namespace", "next")]),
            canary,
            "the backend's own namespace"
        );
        assert_eq!(about(&[("namespace", "shop"), ("service", "other")]), Some(About::Namespace));
    }

    #[test]
    fn namesakes_elsewhere_and_strangers_are_left_out() {
        for labels in [
            &[("service", "stable"), ("namespace", "other")][..],
            &[("route", "checkout"), ("namespace", "other")],
            &[("service", "canary"), ("namespace", "shop2")],
            &[("service", "else")],
            &[],
            &[("namespace", "shop"), ("severity", "none")],
        ] {
            assert_eq!(about(labels), None, "{labels:?}");
        }
    }

    #[test]
    fn a_critical_one_near_the_route_holds_the_gate() {
        let check = |all: &[&[(&str, &str)]]| {
            let Check { verdict, words, .. } = alerts_check(&firing(all));
            (verdict, words)
        };
        let critical = ("severity", "Critical");
        let service = [("service", "stable"), ("namespace", "shop"), critical];
        assert_eq!(
            check(&[&[("namespace", "shop"), ("severity", "warning")], &service, &service]),
            (Verdict::Hold, "critical: A on stable".to_owned())
        );
        assert_eq!(
            check(&[&[("namespace", "shop"), critical]]),
            (Verdict::Pass, "not critical here: A in this namespace".to_owned())
        );
        assert_eq!(check(&[]).0, Verdict::Pass);
        assert_eq!(alerts_check(&Firing::Unknown("no answer".to_owned())).verdict, Verdict::Hold);
        assert_eq!(alerts_check(&Firing::NobodyToAsk).verdict, Verdict::NotApplicable);
    }
}
