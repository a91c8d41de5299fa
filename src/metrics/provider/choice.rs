//! Which provider counts the requests of a route: named by somebody, else the first whose series are there.

use std::sync::Arc;

use thiserror::Error;

use super::{Matcher, PROVIDERS, Provider, Template};
use crate::route::RuleBackend;

/// All providers, and who named which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Providers {
    /// Those that there are, the first choice first.
    pub known: Vec<Arc<Provider>>,
    /// The one for all routes, whatever else is said: as of a flag.
    pub everywhere: Option<String>,
    /// The one for routes whose `namespace/name` is like this; the first that fits counts.
    pub routes: Vec<(Template, String)>,
    /// The one for all other routes. `None`: whose series are found.
    pub usual: Option<String>,
    /// Labels that all series of this cluster have.
    pub matchers: Vec<Matcher>,
}

impl Default for Providers {
    fn default() -> Self {
        Self {
            known: PROVIDERS.clone(),
            everywhere: None,
            routes: Vec::new(),
            usual: None,
            matchers: Vec::new(),
        }
    }
}

/// What a person says for "whose series are found".
const AUTO: &str = "auto";

/// A name that is no provider's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{name:?} is no metrics provider; there are: auto, {known}")]
pub struct UnknownProvider {
    /// The name that was given.
    pub name: String,
    /// Those that there are, with commas.
    pub known: String,
}

/// Who counts the requests of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// Whose series they are.
    pub provider: Arc<Provider>,
    /// What else should be known: others were found as well, or somebody else was asked first.
    pub note: Option<String>,
    /// Asked instead where those count a rule as a whole.
    instead: Option<Arc<Provider>>,
}

impl Used {
    /// That they are of `provider`, and nothing else is to be known.
    #[must_use]
    pub fn of(provider: Arc<Provider>) -> Self {
        Self { provider, note: None, instead: None }
    }

    /// Who is asked where these count a rule as a whole.
    pub(in crate::metrics) fn instead(&self) -> Option<Self> {
        let note = format!("{} counts per rule", self.provider.name);
        self.instead.clone().map(|provider| Self { provider, note: Some(note), instead: None })
    }

    /// In words: `contour counts per Service; app is found as well`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let counts = self.provider.granularity().map(|granularity| format!(" {granularity}"));
        let note = self.note.as_ref().map(|note| format!("; {note}"));
        format!("{}{}{}", self.provider.name, counts.unwrap_or_default(), note.unwrap_or_default())
    }

    /// In words: `contour (app is found as well)`.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.note {
            None => self.provider.name.clone(),
            Some(note) => format!("{} ({note})", self.provider.name),
        }
    }
}

impl Providers {
    /// A provider by its name; `None` is "whose series are found".
    ///
    /// # Errors
    /// [`UnknownProvider`].
    pub fn named(&self, name: &str) -> Result<Option<String>, UnknownProvider> {
        if name == AUTO {
            return Ok(None);
        }
        let unknown = || UnknownProvider { name: name.to_owned(), known: self.names() };
        let known = self.known.iter().find(|provider| provider.name == name);
        known.map(|provider| Some(provider.name.clone())).ok_or_else(unknown)
    }

    /// With one for all routes.
    ///
    /// # Errors
    /// [`UnknownProvider`].
    pub fn everywhere(self, name: &str) -> Result<Self, UnknownProvider> {
        Ok(match self.named(name)? {
            Some(name) => Self { everywhere: Some(name), ..self },
            // A flag that says so overrides the settings.
            None => Self { everywhere: None, routes: Vec::new(), usual: None, ..self },
        })
    }

    /// All of them, asked about series with these labels only: one Prometheus may hold many clusters.
    #[must_use]
    pub fn within(self, matchers: &[Matcher]) -> Self {
        if matchers.is_empty() {
            return self;
        }
        let known = self.known.iter().map(|provider| Arc::new(provider.within(matchers))).collect();
        Self { known, matchers: matchers.to_vec(), ..self }
    }

    /// All names, with commas, each once.
    #[must_use]
    pub fn names(&self) -> String {
        let mut names: Vec<&str> = self.known.iter().map(|provider| provider.name.as_str()).collect();
        names.dedup();
        names.join(", ")
    }

    /// The one that somebody named for a route.
    fn wanted<'a>(&'a self, place: &'a RuleBackend) -> Option<&'a str> {
        let of_route = || {
            let name = place.route.to_string();
            self.routes.iter().find(|(like, _)| like.matches(&name)).map(|(_, provider)| provider.as_str())
        };
        let annotated = || place.data_plane.provider.as_deref();
        let wanted = self.everywhere.as_deref().or_else(annotated).or_else(of_route);
        wanted.or(self.usual.as_deref()).filter(|name| *name != AUTO)
    }

    fn called<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Arc<Provider>> + Clone {
        self.known.iter().filter(move |provider| provider.name == name)
    }

    /// Whether it must be known whose series are there before anybody is asked about this.
    pub(in crate::metrics) fn must_look(&self, place: &RuleBackend) -> bool {
        self.wanted(place).is_none_or(|name| self.called(name).count() > 1)
    }

    /// Who is asked about a route, where the series of `found` are there.
    ///
    /// # Errors
    /// Why nobody is, in words.
    pub(in crate::metrics) fn choose(
        &self,
        place: &RuleBackend,
        found: &[Arc<Provider>],
    ) -> Result<Used, String> {
        if let Some(name) = self.wanted(place) {
            let known = self.called(name);
            let provider = known.clone().find(|known| found.contains(known)).or_else(|| known.clone().next());
            let provider = provider
                .ok_or_else(|| UnknownProvider { name: name.to_owned(), known: self.names() }.to_string())?;
            return match provider.granularity() {
                None => Err(uncounted(provider)),
                Some(_) => Ok(Used::of(Arc::clone(provider))),
            };
        }
        let controllers = &place.data_plane.controllers;
        let serves = |provider: &Provider| controllers.iter().any(|controller| provider.is_of(controller));
        // A gateway that nobody here has heard of may count as any other does: many are made of Envoy or Istio.
        let any = !self.known.iter().any(|provider| serves(provider));
        let mut candidates =
            found.iter().filter(|provider| any || provider.controllers.is_empty() || serves(provider));
        let counting: Vec<&Arc<Provider>> =
            candidates.clone().filter(|provider| provider.granularity().is_some()).collect();
        let Some(first) = counting.first() else {
            return Err(candidates.next().map_or_else(|| strangers(found), |provider| uncounted(provider)));
        };
        let mut also: Vec<&str> = Vec::new();
        for other in found.iter().filter(|other| other.granularity().is_some() && other.name != first.name) {
            if !also.contains(&other.name.as_str()) {
                also.push(&other.name);
            }
        }
        let are = if also.len() == 1 { "is" } else { "are" };
        let note = (!also.is_empty()).then(|| format!("{} {are} found as well", also.join(", ")));
        let instead = counting.iter().skip(1).find(|other| other.controllers.is_empty());
        Ok(Used { provider: Arc::clone(first), note, instead: instead.map(|other| Arc::clone(other)) })
    }
}

fn uncounted(provider: &Provider) -> String {
    format!("{} does not count per backend; numbers need the app's own metrics", provider.name)
}

fn strangers(found: &[Arc<Provider>]) -> String {
    let mut names: Vec<&str> = found.iter().map(|provider| provider.name.as_str()).collect();
    names.dedup();
    format!("the metrics that are there ({}) are not those of this route's gateway", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{named, place};
    use super::*;

    /// A place in a route that these controllers serve.
    fn served_by(controllers: &[&str]) -> RuleBackend {
        let mut place = place("shop", "canary", 80, 1);
        place.data_plane.controllers = controllers.iter().map(|name| (*name).into()).collect();
        place
    }

    fn chosen(providers: &Providers, place: &RuleBackend, found: &[&str]) -> Result<String, String> {
        let found: Vec<_> = found.iter().map(|name| named(name)).collect();
        providers.choose(place, &found).map(|used| used.words())
    }

    fn auto(controllers: &[&str], found: &[&str]) -> Result<String, String> {
        chosen(&Providers::default(), &served_by(controllers), found)
    }

    #[test]
    fn what_the_gateway_saw_comes_before_what_the_app_says() {
        assert_eq!(auto(&[], &["contour", "app"]), Ok("contour (app is found as well)".to_owned()));
        assert_eq!(auto(&[], &["app"]), Ok("app".to_owned()));
    }

    #[test]
    fn a_route_is_counted_by_the_gateway_that_serves_it() {
        let both = ["contour", "linkerd", "app"];
        let linkerd = Ok("linkerd (contour, app are found as well)".to_owned());
        assert_eq!(auto(&["linkerd.io/policy-controller"], &both), linkerd);
        let contour = Ok("contour (linkerd, app are found as well)".to_owned());
        assert_eq!(auto(&["projectcontour.io/gateway-controller"], &both), contour);
        assert_eq!(auto(&["example.com/unheard-of"], &both), contour);
        let app = Ok("app (contour is found as well)".to_owned());
        assert_eq!(auto(&["traefik.io/gateway-controller"], &["contour", "app"]), app);
        let refused = auto(&["traefik.io/gateway-controller"], &["contour"]).unwrap_err();
        assert_eq!(refused, "the metrics that are there (contour) are not those of this route's gateway");
    }

    #[test]
    fn a_gateway_that_does_not_count_is_named_or_the_app_is_asked() {
        let refused = auto(&[], &["kong"]).unwrap_err();
        assert_eq!(refused, "kong does not count per backend; numbers need the app's own metrics");
        assert_eq!(auto(&["konghq.com/kic-gateway-controller"], &["app", "kong"]), Ok("app".to_owned()));
        let kong = Providers::default().everywhere("kong").unwrap();
        assert!(chosen(&kong, &served_by(&[]), &["app"]).is_err());
    }

    #[test]
    fn what_somebody_named_counts_in_this_order() {
        let all = ["contour", "app"];
        let mut providers = Providers { usual: Some("linkerd".to_owned()), ..Providers::default() };
        let mut place = served_by(&[]);
        assert_eq!(chosen(&providers, &place, &all), Ok("linkerd".to_owned()));
        providers.routes = vec![("shop/*".parse().unwrap(), "istio".to_owned())];
        assert_eq!(chosen(&providers, &place, &all), Ok("istio".to_owned()));
        place.data_plane.provider = Some("app".into());
        assert_eq!(chosen(&providers, &place, &all), Ok("app".to_owned()));
        let flag = providers.clone().everywhere("contour").unwrap();
        assert_eq!(chosen(&flag, &place, &all), Ok("contour".to_owned()));
        place.data_plane.provider = Some("haproxy".into());
        let refused = chosen(&providers, &place, &all).unwrap_err();
        assert!(
            refused.starts_with("\"haproxy\" is no metrics provider; there are: auto, contour,"),
            "{refused}"
        );
    }

    #[test]
    fn of_several_ways_to_scrape_one_exporter_the_one_that_is_found_is_used() {
        let providers = Providers::default().everywhere("traefik").unwrap();
        let place = served_by(&[]);
        assert!(providers.must_look(&place));
        let ways: Vec<_> = providers.called("traefik").cloned().collect();
        assert_eq!(providers.choose(&place, &ways[1..]).unwrap().provider.labels, ["exported_service"]);
        assert_eq!(providers.choose(&place, &[]).unwrap().provider.labels, ["service"]);
        assert!(!Providers::default().everywhere("app").unwrap().must_look(&place));
    }

    #[test]
    fn a_name_is_checked() {
        let all = Providers::default();
        assert_eq!(all.named("auto"), Ok(None));
        assert_eq!(all.named("app"), Ok(Some("app".to_owned())));
        assert!(all.named("nginx").unwrap_err().to_string().ends_with(
            "auto, contour, kgateway, cilium, envoy-gateway, istio, istio-mesh, linkerd, traefik, app, \
             nginx-gateway-fabric, kong"
        ));
    }
}
