//! All settings, and what they are unless somebody says otherwise.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::bindings;
use super::fault::{Fault, Reach};
use super::probes::ProbeSetting;
use super::prometheus::Prometheus;
use super::section::{Faults, Section, Value, Wrong, boolean, kind, text, texts};
use crate::app::REFRESH;
use crate::keys::Keymap;
use crate::metrics::Providers;
use crate::pilot::Timing;
use crate::rollout::{
    Conventions, GateRules, Gates, Ladder, Link, OWN, Pattern, RulesOfSome, duration, positive,
};

/// What the settings file says. Flags and the environment come before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The theme's name; the environment decides if absent.
    pub theme: Option<String>,
    /// ASCII characters only.
    pub ascii: bool,
    /// Start with all namespaces.
    pub all_namespaces: bool,
    /// Where numbers come from, in contexts that have no section of their own.
    pub prometheus: Prometheus,
    /// Where they come from in the others.
    pub contexts: BTreeMap<String, Prometheus>,
    /// Whose series to use.
    pub providers: Providers,
    /// Where `verify --probe` sends its requests.
    pub probes: Vec<ProbeSetting>,
    /// How often numbers are asked for (5 s; 1 s to 5 min).
    pub refresh: Duration,
    /// How long a change may take to be seen and proven.
    pub timing: Timing,
    /// Ladder, role names, production.
    pub conventions: Conventions,
    /// Which key does what.
    pub keymap: Keymap,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: None,
            ascii: false,
            all_namespaces: false,
            prometheus: Prometheus::default(),
            contexts: BTreeMap::new(),
            providers: Providers::default(),
            probes: Vec::new(),
            refresh: REFRESH,
            timing: Timing::default(),
            conventions: Conventions::default(),
            keymap: Keymap::default(),
        }
    }
}

impl Settings {
    /// Reads the text of a settings file. What is wrong stays as it is by default, and is told by line.
    #[must_use]
    pub fn read(content: &str) -> (Self, Vec<Fault>) {
        let mut settings = Self::default();
        let mut faults = Faults::new(content);
        match DeTable::parse(content) {
            Ok(table) => settings.take(Section::root(table.get_ref()), &mut faults),
            Err(error) => {
                let at = error.span().unwrap_or_default().start;
                faults.add(at, "", Reach::Work, error.message().trim_end().replace('\n', ", "));
            }
        }
        let mut found = faults.found;
        found.sort_by(|a, b| (a.line, &a.key).cmp(&(b.line, &b.key)));
        (settings, found)
    }

    /// Where numbers come from in a context.
    #[must_use]
    pub fn prometheus_of(&self, context: &str) -> &Prometheus {
        self.contexts.get(context).unwrap_or(&self.prometheus)
    }

    fn take(&mut self, mut root: Section<'_, '_>, faults: &mut Faults<'_>) {
        let conventions = &mut self.conventions;
        root.look(faults, "theme", &mut self.theme, |value| {
            Ok(Some(text(value)?).filter(|name| *name != "auto").map(ToOwned::to_owned))
        });
        root.look(faults, "ascii", &mut self.ascii, boolean);
        root.read(faults, "all-namespaces", &mut self.all_namespaces, boolean);
        root.read(faults, "ladder", &mut conventions.ladder, ladder);

        let mut prometheus = root.section(faults, "prometheus", Reach::Judging);
        (self.prometheus, self.contexts) = super::prometheus::read(&mut prometheus, faults);
        self.providers = super::providers::providers(&mut root, faults);
        self.probes = super::probes::probes(&mut root, faults);
        let known = self.providers.clone();
        prometheus.read(faults, "provider", &mut self.providers.usual, |value| {
            known.named(text(value)?).map_err(|error| Wrong::of(value, &error))
        });
        prometheus.read(faults, "routes", &mut self.providers.routes, |value| {
            super::providers::routes(value, &known)
        });
        prometheus.finish(faults);

        let names = &mut conventions.names;
        let mut roles = root.section(faults, "roles", Reach::Work);
        roles.read(faults, "canary", &mut names.canary, role_names);
        roles.read(faults, "stable", &mut names.stable, role_names);
        roles.read(faults, "blue", &mut names.blue, stems);
        roles.read(faults, "green", &mut names.green, stems);
        roles.read(faults, "hints", &mut names.hints, role_names);
        roles.finish(faults);

        gates(&mut root, faults, &mut conventions.gates);

        let mut production = root.section(faults, "production", Reach::Work);
        production.read(faults, "contexts", &mut conventions.production.contexts, patterns);
        production.read(faults, "servers", &mut conventions.production.servers, patterns);
        production.read(faults, "namespaces", &mut conventions.production.namespaces, patterns);
        production.finish(faults);

        for (name, value) in root.named_values(faults, "links", Reach::Work) {
            let link =
                text(value).and_then(|url| Link::parse(&name, url).map_err(|error| Wrong::of(value, &error)));
            match link {
                Ok(link) => conventions.links.push(link),
                Err(wrong) => root.fault_at(faults, &format!("links.{name}"), value, wrong.into_message()),
            }
        }

        let mut logs = root.section(faults, "logs", Reach::Judging);
        logs.read(faults, "pattern", &mut conventions.logs.pattern, |value| {
            text(value)?.parse().map_err(|error| Wrong::of(value, &error))
        });
        logs.read(faults, "since", &mut conventions.logs.since, |value| time(value, positive));
        logs.finish(faults);

        let mut times = root.section(faults, "times", Reach::Work);
        times.read(faults, "refresh", &mut self.refresh, refresh);
        times.read(faults, "settle", &mut self.timing.settle, |value| time(value, duration));
        times.read(faults, "observe-timeout", &mut self.timing.observe, |value| time(value, positive));
        times.read(faults, "proof-timeout", &mut self.timing.proof, |value| time(value, positive));
        times.finish(faults);

        self.keymap = bindings::keymap(&mut root, faults);
        root.finish(faults);
    }
}

/// What a backend must show before it gets more traffic: for all routes, and for some.
fn gates(root: &mut Section<'_, '_>, faults: &mut Faults<'_>, gates: &mut Gates) {
    let mut gate = root.section(faults, "gate", Reach::Judging);
    // That of all routes stands in [times].
    let general: Vec<&'static str> = GateRules::KEYS.into_iter().filter(|key| *key != "settle").collect();
    for (key, value) in rules(&mut gate, faults, &general) {
        // Tried when it was read.
        let _ = gates.rules.set(&key, &value);
    }
    for (pattern, mut section) in gate.named_sections(faults, "routes", Reach::Judging) {
        let pairs = rules(&mut section, faults, &GateRules::KEYS);
        match pattern.parse() {
            Ok(routes) => gates.some.push(RulesOfSome { routes, pairs }),
            Err(error) => section.fault(faults, &GateRules::KEYS, &format!("{error}")),
        }
        section.finish(faults);
    }
    gate.finish(faults);
}

/// The rules of one section that can be used.
fn rules(
    section: &mut Section<'_, '_>,
    faults: &mut Faults<'_>,
    keys: &[&'static str],
) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for &key in keys {
        let mut rule = None;
        section.read(faults, key, &mut rule, |value| {
            let text = match value.get_ref() {
                DeValue::Integer(number) => number.as_str().to_owned(),
                DeValue::Float(number) => number.as_str().to_owned(),
                _ => texts(value)?.into_iter().map(|(text, _)| text).collect::<Vec<_>>().join(","),
            };
            GateRules::default().set(key, &text).map_err(|error| Wrong::new(value, error))?;
            Ok(Some(text))
        });
        found.extend(rule.map(|text| (key.to_owned(), text)));
    }
    for (name, value) in section.named_values(faults, "checks", Reach::Judging) {
        let key = format!("{OWN}{name}");
        let read = text(value).and_then(|text| {
            GateRules::default().set(&key, text).map_err(|error| Wrong::new(value, error))?;
            Ok(text.to_owned())
        });
        match read {
            Ok(text) => found.push((key, text)),
            Err(wrong) => section.fault_at(faults, &format!("checks.{name}"), value, wrong.into_message()),
        }
    }
    found
}

/// The shortest and the longest pause between two questions.
const REFRESHES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(5));

fn refresh(value: &Value<'_>) -> Result<Duration, Wrong> {
    let pause = time(value, positive)?;
    if (REFRESHES.0..=REFRESHES.1).contains(&pause) {
        return Ok(pause);
    }
    Err(Wrong::new(value, "numbers are asked for every 1s to 5m"))
}

fn time(value: &Value<'_>, parse: impl Fn(&str) -> Result<Duration, String>) -> Result<Duration, Wrong> {
    if matches!(value.get_ref(), DeValue::Integer(_) | DeValue::Float(_)) {
        return Err(Wrong::new(value, "a time needs its unit, in quotes, for example \"15s\""));
    }
    let text = text(value)?;
    parse(text).map_err(|error| Wrong::new(value, format!("'{text}': {error}")))
}

fn ladder(value: &Value<'_>) -> Result<Ladder, Wrong> {
    let example = "for example [0, 1, 5, 10, 25, 50, 100]";
    let Some(list) = value.get_ref().as_array() else {
        return Err(Wrong::new(
            value,
            format!("a list of percentages is wanted, {example}, not {}", kind(value)),
        ));
    };
    let mut stages = Vec::new();
    for item in list {
        let share = match item.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            _ => {
                return Err(Wrong::new(
                    item,
                    format!("a percentage is a number, {example}, not {}", kind(item)),
                ));
            }
        };
        // Told at the stage that is wrong.
        Ladder::parse(share).map_err(|error| Wrong::of(item, &error))?;
        stages.push(share);
    }
    Ladder::parse(&stages.join(" ")).map_err(|error| Wrong::of(value, &error))
}

pub(super) fn patterns(value: &Value<'_>) -> Result<Vec<Pattern>, Wrong> {
    let pattern = |(text, place): (&str, &Value<'_>)| text.parse().map_err(|error| Wrong::of(place, &error));
    texts(value)?.into_iter().map(pattern).collect()
}

/// Patterns that do not call every name the same.
fn role_names(value: &Value<'_>) -> Result<Vec<Pattern>, Wrong> {
    let patterns = patterns(value)?;
    match patterns.iter().find(|pattern| pattern.matches("")) {
        Some(all) => Err(Wrong::new(value, format!("'{all}' matches every name, so it tells no role"))),
        None => Ok(patterns),
    }
}

/// Patterns whose `*` stands for what the names of a pair share.
fn stems(value: &Value<'_>) -> Result<Vec<Pattern>, Wrong> {
    let patterns = role_names(value)?;
    match patterns.iter().find(|pattern| pattern.stars() != 1) {
        Some(bad) => Err(Wrong::new(
            value,
            format!("'{bad}' needs one *, for what the names of a pair share, for example *-blue"),
        )),
        None => Ok(patterns),
    }
}

#[cfg(test)]
mod tests;
