//! What a backend must show before it gets more traffic: limits from the settings, and from a route's own annotations.

use std::fmt;
use std::time::Duration;

use super::duration::duration;
use super::gate::OwnCheck;
use super::pattern::Pattern;
use crate::route::Route;
use crate::stats::Limits;

/// How the keys of own checks begin; the rest is the name.
pub const OWN: &str = "check.";

/// The rules of a gate.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GateRules {
    /// Limits of the statistics.
    pub limits: Limits,
    /// Checks that are switched off.
    pub off: Vec<Switchable>,
    /// Whether errors in logs are compared.
    pub logs: bool,
    /// Queries of a team's own.
    pub own: Vec<OwnCheck>,
    /// What of a route's annotations cannot be read, in words.
    pub faults: Vec<String>,
}

/// A check that a team may switch off. What says whether a backend is served at all cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switchable {
    /// The observed share.
    Share,
    /// Latency.
    Latency,
    /// The burn rate.
    BurnRate,
    /// Retries, time-outs and overflow.
    Saturation,
}

impl Switchable {
    const ALL: [Self; 4] = [Self::Share, Self::Latency, Self::BurnRate, Self::Saturation];
}

impl fmt::Display for Switchable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Share => "share",
            Self::Latency => "latency",
            Self::BurnRate => "burn-rate",
            Self::Saturation => "saturation",
        })
    }
}

/// The rules for all routes, and for some.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gates {
    /// For all.
    pub rules: GateRules,
    /// For some; later ones come before earlier.
    pub some: Vec<RulesOfSome>,
}

/// Rules for some routes.
#[derive(Debug, Clone, PartialEq)]
pub struct RulesOfSome {
    /// Their `NAMESPACE/NAME`.
    pub routes: Pattern,
    /// Keys and values that [`GateRules::set`] takes.
    pub pairs: Vec<(String, String)>,
}

impl Gates {
    /// The rules for a route, which settles for `settle` unless something says otherwise.
    #[must_use]
    pub fn of(&self, route: &Route, settle: Duration) -> GateRules {
        let mut rules = self.rules.clone();
        rules.limits.settle = settle.as_secs_f64();
        let name = route.id.to_string();
        for (key, value) in
            self.some.iter().filter(|some| some.routes.matches(&name)).flat_map(|some| &some.pairs)
        {
            // Read before, when the settings were.
            let _ = rules.set(key, value);
        }
        for (key, value) in &route.gate {
            if let Err(why) = rules.set(key, value) {
                rules.faults.push(format!("annotation tidegate.dev/gate.{key}: {why}"));
            }
        }
        rules
    }
}

impl GateRules {
    /// What may be set.
    pub const KEYS: [&'static str; 8] =
        ["errors", "slo", "latency-ratio", "latency-floor", "bake", "settle", "off", "logs"];

    /// Sets one rule, as the settings file and annotations name it.
    ///
    /// # Errors
    /// What is wrong with the key or the value, in words.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let limits = &mut self.limits;
        match key {
            "errors" => limits.errors = percent(value, 0.0, 100.0)?,
            // Rounded, so that 99.9 % leave 0.1 %.
            "slo" => limits.error_budget = ((1.0 - percent(value, 50.0, 99.9999)?) * 1e8).round() / 1e8,
            "latency-ratio" => {
                limits.latency_ratio =
                    number(value).filter(|ratio| (1.01..=10.0).contains(ratio)).ok_or_else(|| {
                        format!("'{value}' is no ratio from 1.01 to 10, for example 1.2 for a fifth slower")
                    })?;
            }
            "latency-floor" => limits.latency_floor_ms = seconds(value)? * 1000.0,
            "bake" => limits.bake = seconds(value)?,
            "settle" => limits.settle = seconds(value)?,
            "off" => self.off = switched_off(value)?,
            "logs" => {
                self.logs = match value.trim() {
                    "on" => true,
                    "off" => false,
                    _ => return Err(format!("'{value}' is neither on nor off")),
                };
            }
            _ => match key.strip_prefix(OWN) {
                Some(name) => {
                    let own = OwnCheck::parse(name, value)?;
                    self.own.retain(|known| known.name != name);
                    self.own.push(own);
                }
                None => return Err(format!("unknown; there are: {}, {OWN}NAME", Self::KEYS.join(", "))),
            },
        }
        Ok(())
    }

    /// Whether this check is switched off.
    #[must_use]
    pub fn is_off(&self, check: Switchable) -> bool {
        self.off.contains(&check)
    }
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// A percentage above `least` up to `most`, as a ratio.
fn percent(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let percent =
        number(text.trim().trim_end_matches('%')).filter(|percent| *percent > least && *percent <= most);
    percent
        .map(|percent| percent / 100.0)
        .ok_or_else(|| format!("'{text}' is no percentage above {least} and up to {most}"))
}

fn seconds(text: &str) -> Result<f64, String> {
    let hint = |_| format!("'{text}' is no time up to 24h with its unit, for example 90s or 5m");
    duration(text.trim()).map(|time| time.as_secs_f64()).map_err(hint)
}

fn switched_off(text: &str) -> Result<Vec<Switchable>, String> {
    let names = text.split([',', ' ']).filter(|name| !name.is_empty());
    let known = |name: &str| {
        let found = Switchable::ALL.into_iter().find(|check| check.to_string() == name);
        found.ok_or_else(|| {
            let all = Switchable::ALL.map(|check| check.to_string()).join(", ");
            format!("'{name}' cannot be switched off; there are: {all}")
        })
    };
    names.map(known).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn route(annotations: &serde_json::Value) -> Route {
        let metadata =
            json!({"namespace": "shop", "name": "checkout", "uid": "u", "annotations": annotations});
        Route::from_json(&json!({"metadata": metadata, "spec": {"rules": []}}).to_string()).unwrap()
    }

    #[test]
    fn a_routes_annotations_come_before_the_settings_and_these_before_the_defaults() {
        let mut gates = Gates::default();
        gates.rules.set("bake", "5m").unwrap();
        gates.rules.set("errors", "2").unwrap();
        let pairs = vec![("slo".to_owned(), "99.5%".to_owned()), ("bake".to_owned(), "10m".to_owned())];
        gates.some.push(RulesOfSome { routes: "shop/*".parse().unwrap(), pairs });
        let annotations = json!({"tidegate.dev/gate.bake": "30s", "tidegate.dev/gate.off": "latency, share"});
        let rules = gates.of(&route(&annotations), Duration::from_secs(15));
        let limits = rules.limits;
        assert!((limits.bake - 30.0).abs() < 1e-9 && (limits.errors - 0.02).abs() < 1e-9);
        assert!((limits.error_budget - 0.005).abs() < 1e-9 && (limits.settle - 15.0).abs() < 1e-9);
        assert!(rules.is_off(Switchable::Latency) && !rules.is_off(Switchable::BurnRate));
        assert!(rules.faults.is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_told_and_changes_nothing() {
        let mut rules = GateRules::default();
        for (key, value) in [
            ("errors", "0"),
            ("errors", "many"),
            ("errors", "101"),
            ("slo", "100"),
            ("slo", "40"),
            ("latency-ratio", "1"),
            ("latency-floor", "5"),
            ("bake", "25h"),
            ("bake", "-5s"),
            ("off", "errors"),
            ("bakes", "5m"),
        ] {
            assert!(rules.set(key, value).is_err(), "{key} {value}");
        }
        assert_eq!(rules, GateRules::default());
        let rules = Gates::default().of(&route(&json!({"tidegate.dev/gate.bake": "soon"})), Duration::ZERO);
        let told = "annotation tidegate.dev/gate.bake: 'soon' is no time up to 24h with its unit, for example 90s or 5m";
        assert_eq!(rules.faults, [told]);
    }
}
