//! `[[provider]]`: exporters of one's own, and what is otherwise of those that are known.

use std::sync::Arc;

use toml::de::DeValue;

use super::fault::Reach;
use super::section::{Faults, Section, Value, Wrong, kind, text, texts};
use crate::metrics::{Granularity, Matcher, Naming, Provider, Providers, Template, Unit};

/// All providers: those of one's own first, since somebody meant them.
pub(super) fn providers(root: &mut Section<'_, '_>, faults: &mut Faults<'_>) -> Providers {
    let mut providers = Providers::default();
    let (mut own, mut new) = (Vec::new(), 0);
    for mut section in root.tables(faults, "provider", Reach::Judging) {
        let mut name = String::new();
        section.read(faults, "name", &mut name, provider_name);
        section.require(faults, &["name"], "a provider");
        if own.contains(&name) {
            section.fault(faults, &["name"], "this provider stands here twice");
        }
        let given = Given::read(&mut section, faults);
        let known = providers.known.iter().any(|known| known.name == name);
        if !known && !name.is_empty() {
            let who = "a provider that tidegate does not know";
            section.require(faults, &["requests", "errors", "labels"], who);
        }
        section.finish(faults);
        if name.is_empty() || own.contains(&name) {
            continue;
        }
        if known {
            given.change(&mut providers.known, &name);
        } else {
            let provider = Provider { name: name.clone(), ..given.over(&Provider::default()) };
            providers.known.insert(new, Arc::new(provider));
            new += 1;
        }
        own.push(name);
    }
    providers
}

/// What `[prometheus.routes]` says: the provider of routes whose `namespace/name` is like this, in the order of the file.
pub(super) fn routes(value: &Value<'_>, known: &Providers) -> Result<Vec<(Template, String)>, Wrong> {
    let DeValue::Table(table) = value.get_ref() else {
        let message =
            format!("routes are wanted, for example {{ \"shop/*\" = \"app\" }}, not {}", kind(value));
        return Err(Wrong::new(value, message));
    };
    let mut lines: Vec<_> = table.iter().collect();
    lines.sort_by_key(|(name, _)| name.span().start);
    let line = |(name, value): (_, &Value<'_>)| {
        let name: &str = <_ as AsRef<str>>::as_ref(name);
        let like: Template = name.parse().map_err(|error| Wrong::new(value, format!("'{name}': {error}")))?;
        if like.names_anything() || !name.contains('/') {
            return Err(Wrong::new(
                value,
                format!("'{name}' is like no route; they are called namespace/name"),
            ));
        }
        let provider = known.named(text(value)?).map_err(|error| Wrong::of(value, &error))?;
        Ok((like, provider.unwrap_or_else(|| "auto".to_owned())))
    };
    lines.into_iter().map(|(name, value)| line((name.get_ref(), value))).collect()
}

/// Labels, each with what it is like: one text or several.
pub(super) fn matchers(value: &Value<'_>) -> Result<Vec<Matcher>, Wrong> {
    let all = labels(value, "{ cluster = \"prod-eu\" }")?;
    let matcher = |(label, value): (String, &Value<'_>)| {
        let likes = texts(value)?.into_iter().map(|(text, place)| fixed(text, place));
        let values = likes.collect::<Result<Vec<_>, _>>()?;
        if values.is_empty() {
            return Err(Wrong::new(value, "a value is wanted, not an empty list"));
        }
        Ok(Matcher { label, values })
    };
    all.into_iter().map(matcher).collect()
}

/// What somebody says of a provider; what is not said is `None`.
#[derive(Default)]
struct Given {
    requests: Option<String>,
    errors: Option<Vec<(String, Template)>>,
    latency: Option<String>,
    unit: Option<Unit>,
    labels: Option<Vec<(String, Template)>>,
    granularity: Option<Granularity>,
    matchers: Option<Vec<Matcher>>,
    recognise: Option<String>,
    controllers: Option<Vec<String>>,
}

impl Given {
    fn read(section: &mut Section<'_, '_>, faults: &mut Faults<'_>) -> Self {
        let mut given = Self::default();
        section.read(faults, "requests", &mut given.requests, |value| metric(value).map(Some));
        section.read(faults, "errors", &mut given.errors, |value| {
            let mut all = Vec::new();
            for (label, value) in labels(value, "{ code = \"5??\" }")? {
                for (text, place) in texts(value)? {
                    all.push((label.clone(), fixed(text, place)?));
                }
            }
            Ok(Some(all))
        });
        section.read(faults, "latency", &mut given.latency, |value| metric(value).map(Some));
        section.read(faults, "unit", &mut given.unit, |value| match text(value)? {
            "s" => Ok(Some(Unit::Seconds)),
            "ms" => Ok(Some(Unit::Milliseconds)),
            other => Err(Wrong::new(value, format!("'{other}' is no unit of latency; there are: s, ms"))),
        });
        section.read(faults, "labels", &mut given.labels, |value| {
            let named = |(label, value): (String, &Value<'_>)| {
                let like: Template = text(value)?.parse().map_err(|error| Wrong::of(value, &error))?;
                Ok((label, like))
            };
            let all = labels(value, "{ service = \"{name}\" }")?;
            let all = all.into_iter().map(named).collect::<Result<Vec<_>, Wrong>>()?;
            if all.iter().any(|(_, like)| like.names_anything()) {
                return Ok(Some(all));
            }
            Err(Wrong::new(value, "no label names a backend, for example { service = \"{name}\" }"))
        });
        let places = given.labels.clone();
        section.read(faults, "granularity", &mut given.granularity, |value| {
            granularity(value, places.as_deref()).map(Some)
        });
        section.read(faults, "matchers", &mut given.matchers, |value| matchers(value).map(Some));
        section.read(faults, "recognise", &mut given.recognise, |value| Ok(Some(text(value)?.to_owned())));
        section.read(faults, "controllers", &mut given.controllers, |value| {
            Ok(Some(texts(value)?.into_iter().map(|(text, _)| text.to_owned()).collect()))
        });
        given
    }

    /// `known`, where nothing else is said.
    fn over(&self, known: &Provider) -> Provider {
        let mut provider = known.clone();
        provider.requests = self.requests.clone().unwrap_or(provider.requests);
        provider.errors = self.errors.clone().unwrap_or(provider.errors);
        provider.latency = self.latency.clone().or(provider.latency);
        provider.latency_unit = self.unit.unwrap_or(provider.latency_unit);
        provider.matchers = self.matchers.clone().unwrap_or(provider.matchers);
        provider.recognise = self.recognise.clone().or(provider.recognise);
        provider.controllers = self.controllers.clone().unwrap_or(provider.controllers);
        if let Some(labels) = &self.labels {
            let granularity = provider.namings.first().map(|naming| naming.granularity).unwrap_or_default();
            let values = labels.iter().map(|(_, like)| like.clone()).collect();
            provider.labels = labels.iter().map(|(label, _)| label.clone()).collect();
            provider.namings = vec![Naming { values, granularity }];
        }
        for naming in &mut provider.namings {
            naming.granularity = self.granularity.unwrap_or(naming.granularity);
        }
        provider
    }

    /// Changes all that have this name. With labels of one's own there is one way to name a backend.
    fn change(&self, known: &mut Vec<Arc<Provider>>, name: &str) {
        let mut first = true;
        known.retain(|provider| {
            let keep = provider.name != name || first || self.labels.is_none();
            first &= provider.name != name;
            keep
        });
        for provider in known.iter_mut().filter(|provider| provider.name == name) {
            *provider = Arc::new(self.over(provider));
        }
    }
}

fn granularity(value: &Value<'_>, labels: Option<&[(String, Template)]>) -> Result<Granularity, Wrong> {
    let found = match text(value)? {
        "split" => Granularity::Split,
        "route" => Granularity::Route,
        "service" => Granularity::Service,
        "rule" => Granularity::Rule,
        other => {
            let message = format!("'{other}' is no granularity; there are: split, route, service, rule");
            return Err(Wrong::new(value, message));
        }
    };
    let names_route = labels.is_none_or(|labels| labels.iter().any(|(_, like)| like.names_route()));
    if found != Granularity::Service && !names_route {
        let message =
            "no label names the route: with {name} alone, other routes to the Service are counted as well";
        return Err(Wrong::new(value, message));
    }
    Ok(found)
}

fn provider_name(value: &Value<'_>) -> Result<String, Wrong> {
    let name = text(value)?;
    let is_name = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if name.is_empty() || name == "auto" || !name.chars().all(is_name) {
        let message = format!(
            "'{name}' is no name for a provider; it has lower-case letters, digits and '-', and is not auto"
        );
        return Err(Wrong::new(value, message));
    }
    Ok(name.to_owned())
}

/// The name of a metric.
fn metric(value: &Value<'_>) -> Result<String, Wrong> {
    let name = text(value)?;
    if is_label(name) || name.split(':').all(is_label) {
        return Ok(name.to_owned());
    }
    let message = format!("'{name}' is no name of a metric; labels go into `matchers`");
    Err(Wrong::new(value, message))
}

fn is_label(name: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    name.chars().all(is_letter) && name.chars().next().is_some_and(|first| !first.is_ascii_digit())
}

/// A table by label.
fn labels<'v, 't>(value: &'v Value<'t>, example: &str) -> Result<Vec<(String, &'v Value<'t>)>, Wrong> {
    let DeValue::Table(table) = value.get_ref() else {
        let message = format!("labels are wanted, for example {example}, not {}", kind(value));
        return Err(Wrong::new(value, message));
    };
    let label = |(name, value): (_, &'v Value<'t>)| {
        let name: &str = <_ as AsRef<str>>::as_ref(name);
        if is_label(name) {
            Ok((name.to_owned(), value))
        } else {
            Err(Wrong::new(value, format!("'{name}' is no name of a label")))
        }
    };
    table.iter().map(|(name, value)| label((name.get_ref(), value))).collect()
}

/// What a label is like, whatever is asked about.
fn fixed(text: &str, place: &Value<'_>) -> Result<Template, Wrong> {
    let like: Template = text.parse().map_err(|error| Wrong::of(place, &error))?;
    if like.names_anything() {
        return Err(Wrong::new(place, "nothing is put in here: braces are for `labels`"));
    }
    Ok(like)
}
