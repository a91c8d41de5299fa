//! `[[probe]]`: where `verify --probe` sends its requests if no URL is given with it. Only a file of the person's own may
//! say so: an annotation could make tidegate send requests anywhere.

use http::{HeaderName, HeaderValue};
use toml::de::DeValue;

use super::fault::Reach;
use super::section::{Faults, Section, Value, Wrong, kind, text, texts};
use crate::probe::{FEWEST_REQUESTS, MOST_REQUESTS, Probe, REQUESTS, VersionFrom};
use crate::rollout::Pattern;
use crate::route::RouteId;

/// The probe of some routes.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeSetting {
    /// Those whose `NAMESPACE/NAME` matches one of these.
    pub routes: Vec<Pattern>,
    /// Where to.
    pub url: String,
    /// How answers name their version.
    pub version_from: VersionFrom,
    /// Sent with each request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// How many requests.
    pub requests: u32,
}

impl ProbeSetting {
    /// Whether it is for this route.
    #[must_use]
    pub fn covers(&self, id: &RouteId) -> bool {
        let name = id.to_string();
        self.routes.iter().any(|pattern| pattern.matches(&name))
    }
}

pub(super) fn probes(root: &mut Section<'_, '_>, faults: &mut Faults<'_>) -> Vec<ProbeSetting> {
    let mut all = Vec::new();
    for mut section in root.tables(faults, "probe", Reach::Judging) {
        let (mut routes, mut url, mut version_from) = (None, None, None);
        let (mut headers, mut requests) = (Vec::new(), REQUESTS);
        section.read(faults, "routes", &mut routes, |value| super::settings::patterns(value).map(Some));
        section.read(faults, "url", &mut url, |value| {
            let text = text(value)?;
            let from = VersionFrom::Json(Vec::new());
            Probe::new(text, [], REQUESTS, from).map_err(|error| Wrong::of(value, &error))?;
            Ok(Some(text.to_owned()))
        });
        section.read(faults, "version-from", &mut version_from, |value| {
            text(value)?.parse().map(Some).map_err(|error| Wrong::of(value, &error))
        });
        section.read(faults, "headers", &mut headers, |value| {
            texts(value)?.into_iter().map(|(text, place)| header(text, place)).collect()
        });
        section.read(faults, "requests", &mut requests, number);
        section.require(faults, &["routes", "url", "version-from"], "a probe");
        section.finish(faults);
        if let (Some(routes), Some(url), Some(version_from)) = (routes, url, version_from) {
            all.push(ProbeSetting { routes, url, version_from, headers, requests });
        }
    }
    all
}

fn header(text: &str, place: &Value<'_>) -> Result<(HeaderName, HeaderValue), Wrong> {
    crate::probe::header(text).map_err(|error| Wrong::new(place, format!("'{text}': {error}")))
}

fn number(value: &Value<'_>) -> Result<u32, Wrong> {
    let wrong = || {
        let range = format!("a whole number from {FEWEST_REQUESTS} to {MOST_REQUESTS} is wanted");
        Wrong::new(value, format!("{range}, not {}", kind(value)))
    };
    let DeValue::Integer(number) = value.get_ref() else { return Err(wrong()) };
    let number = number.as_str().parse().ok().filter(|n| (FEWEST_REQUESTS..=MOST_REQUESTS).contains(n));
    number.ok_or_else(|| Wrong::new(value, format!("from {FEWEST_REQUESTS} to {MOST_REQUESTS} are sent")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn a_probe_is_for_the_routes_that_it_names() {
        let (settings, faults) = Settings::read(
            "[[probe]]\nroutes = [\"shop/*\"]\nurl = \"http://10.0.0.7/\"\nversion-from = \"header:X-Version\"\n\
             headers = [\"Host: shop.example\"]\nrequests = 300\n",
        );
        assert!(faults.is_empty(), "{faults:?}");
        let [probe] = settings.probes.as_slice() else { panic!("{:?}", settings.probes) };
        assert!(probe.covers(&RouteId::new("shop", "checkout")) && !probe.covers(&RouteId::new("pay", "x")));
        assert_eq!((probe.requests, probe.headers[0].1.to_str().unwrap()), (300, "shop.example"));
    }

    #[test]
    fn what_is_wrong_with_one_is_told() {
        let told = |text: &str| -> Vec<String> {
            Settings::read(text).1.iter().map(|fault| format!("{}: {}", fault.key, fault.message)).collect()
        };
        let whole = told("[[probe]]\nurl = \"shop.example\"\nrequests = 0\n");
        assert_eq!(whole.len(), 4, "{whole:?}");
        assert!(whole.contains(&"probe.routes: a probe needs `routes`".to_owned()), "{whole:?}");
        assert!(whole.contains(&"probe.requests: from 1 to 10000 are sent".to_owned()), "{whole:?}");
    }
}
