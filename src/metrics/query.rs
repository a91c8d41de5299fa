//! `PromQL` for a provider and a set of backends, and dealing its answer out to them.

mod sums;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use prometheus_http_query::Selector;

use super::decode::RawSeries;
use super::provider::{Granularity, Provider, Template, escaped};
use crate::route::RuleBackend;

pub(super) use sums::LOOK_UPS;

/// Labels by which the two halves of a highly available Prometheus mark the same series.
pub(super) const REPLICA_LABELS: [&str; 2] = ["replica", "prometheus_replica"];

/// Backends a question may hold. Prometheus looks an alternation of up to 256 plain names up in its
/// index (`maxSetMatches` in its model/labels/regexp.go); above that it runs the expression over
/// every value the label has, which in a large cluster costs more than a second question.
pub(super) const BACKENDS_PER_QUESTION: usize = 256;

/// One provider asked about some backends.
pub(super) struct Question {
    provider: Arc<Provider>,
    groups: Vec<Group>,
    /// Groups by a name of theirs.
    exact: HashMap<Vec<String>, Vec<(usize, Granularity)>>,
    /// Names with wildcards.
    like: Vec<(Vec<Template>, usize, Granularity)>,
}

/// Places that have the same names: one, unless these are the names of a Service or of a whole rule.
struct Group {
    names: Vec<(Granularity, Vec<Template>)>,
    places: Vec<RuleBackend>,
}

impl Question {
    /// The questions that cover all backends a provider can name: one, unless there are very many.
    pub fn all(provider: &Arc<Provider>, backends: &[RuleBackend]) -> Vec<Self> {
        // In order of their names, so that the same backends always give the same query.
        let mut by_names: BTreeMap<Vec<(Granularity, Vec<Template>)>, Vec<RuleBackend>> = BTreeMap::new();
        for backend in backends {
            let names: Vec<_> = provider.names(backend).collect();
            if !names.is_empty() {
                let same = by_names.entry(names).or_default();
                if !same.contains(backend) {
                    same.push(backend.clone());
                }
            }
        }
        let mut groups = by_names.into_iter().map(|(names, places)| Group { names, places });
        let most = (BACKENDS_PER_QUESTION / provider.namings.len().max(1)).max(1);
        let mut questions = Vec::new();
        loop {
            let some: Vec<Group> = groups.by_ref().take(most).collect();
            if some.is_empty() {
                return questions;
            }
            questions.push(Self::of(provider, some));
        }
    }

    fn of(provider: &Arc<Provider>, groups: Vec<Group>) -> Self {
        let mut exact: HashMap<Vec<String>, Vec<(usize, Granularity)>> = HashMap::new();
        let mut like = Vec::new();
        for (index, group) in groups.iter().enumerate() {
            for (granularity, name) in &group.names {
                let plain: Option<Vec<String>> =
                    name.iter().map(|value| value.exact().map(ToOwned::to_owned)).collect();
                match plain {
                    Some(plain) => exact.entry(plain).or_default().push((index, *granularity)),
                    None => like.push((name.clone(), index, *granularity)),
                }
            }
        }
        // Two Services may have one name, as `a-b` in `c` and `b` in `c-a`: nobody can tell them apart then.
        let service = |(index, granularity): &(usize, Granularity)| {
            let to = &groups.get(*index)?.places.first()?.to;
            (*granularity == Granularity::Service).then_some((&to.namespace, &to.name))
        };
        exact.retain(|_, named| named.iter().filter_map(service).collect::<BTreeSet<_>>().len() <= 1);
        Self { provider: Arc::clone(provider), groups, exact, like }
    }

    /// Who is asked.
    pub fn provider(&self) -> &Arc<Provider> {
        &self.provider
    }

    /// Requests a second by class.
    pub fn rates(&self, window: Duration) -> String {
        let classes: Vec<&str> = self.provider.class_labels().collect();
        self.rate_by(&self.provider.requests, &classes, window)
    }

    /// Requests a second below each edge, if there is a histogram.
    pub fn buckets(&self, window: Duration) -> Option<String> {
        Some(self.rate_by(self.provider.latency.as_ref()?, &["le"], window))
    }

    /// Requests under way at this moment, where the provider counts them.
    pub fn in_flight(&self) -> Option<String> {
        let replicas = REPLICA_LABELS.join(", ");
        let selector = self.selector(self.provider.in_flight()?);
        Some(format!("sum by ({}) (max without ({replicas}) ({selector}))", self.by(&[])))
    }

    /// When the newest sample was taken, as seconds since 1970.
    pub fn newest(&self) -> String {
        let by = self.by(&[]);
        format!("max by ({by}) (timestamp({}))", self.selector(&self.provider.requests))
    }

    /// Every stored sample of the request counters in the last `window`.
    pub fn raw(&self, window: Duration) -> String {
        format!("{}[{}]", self.selector(&self.provider.requests), duration(window))
    }

    /// Every stored sample of the latency buckets in the last `window`.
    pub fn raw_buckets(&self, window: Duration) -> Option<String> {
        Some(format!("{}[{}]", self.selector(self.provider.latency.as_ref()?), duration(window)))
    }

    /// Every stored sample of what a proxy counts under strain, in the last `window`, and of requests: by those it is known
    /// that it was scraped before the first retry. `None` where it counts nothing of the kind.
    pub fn raw_strain(&self, window: Duration) -> Option<String> {
        let mut metrics: Vec<&str> = self.provider.strain()?.iter().map(|(_, metric)| *metric).collect();
        metrics.push(&self.provider.requests);
        let selector = self.selector(&self.provider.requests);
        // The same names, of other metrics.
        let (_, names) = selector.split_once(',')?;
        Some(format!("{{__name__=~\"{}\",{names}[{}]", metrics.join("|"), duration(window)))
    }

    /// How many series [`Question::raw`] and [`Question::raw_buckets`] have now.
    pub fn how_many(&self) -> String {
        let requests = self.selector(&self.provider.requests);
        match &self.provider.latency {
            Some(latency) => format!("count({requests} or {})", self.selector(latency)),
            None => format!("count({requests})"),
        }
    }

    /// The two halves of an HA pair hold the same series twice: the larger one counts, not the sum.
    fn rate_by(&self, metric: &str, labels: &[&str], window: Duration) -> String {
        format!(
            "sum by ({}) (max without ({}) (rate({}[{}])))",
            self.by(labels),
            REPLICA_LABELS.join(", "),
            self.selector(metric),
            duration(window)
        )
    }

    /// The labels to group by. `cluster` is among them to notice several clusters, see
    /// [`Question::clusters`].
    fn by(&self, labels: &[&str]) -> String {
        let names = self.provider.labels.iter().map(String::as_str);
        names.chain(labels.iter().copied()).chain(["cluster"]).collect::<Vec<_>>().join(", ")
    }

    /// With two naming labels this selects their product, which is more than was asked for;
    /// [`Question::backends_of`] leaves the rest out.
    fn selector(&self, metric: &str) -> String {
        let values = (0..self.provider.labels.len()).map(|index| {
            let names = self.groups.iter().flat_map(|group| &group.names);
            names.filter_map(|(_, name)| Some(name.get(index)?.regex())).collect::<BTreeSet<_>>()
        });
        let names = self.provider.labels.iter().map(String::as_str);
        let names = names.zip(values.map(|values| values.into_iter().collect::<Vec<_>>().join("|")));
        selector(&self.provider, metric, names.collect())
    }

    /// The groups that a series counts for.
    fn named(&self, series: &RawSeries) -> Vec<(&Group, Granularity)> {
        let name: Vec<&str> = self.provider.labels.iter().map(|label| series.label(label)).collect();
        let key: Vec<String> = name.iter().map(|value| (*value).to_owned()).collect();
        let fits = |like: &[Template]| like.iter().zip(&name).all(|(like, value)| like.matches(value));
        let like = self.like.iter().filter(|(values, _, _)| fits(values));
        let like = like.map(|(_, group, granularity)| (*group, *granularity));
        let exact = self.exact.get(&key).into_iter().flatten().copied();
        let found = exact.chain(like);
        found.filter_map(|(index, granularity)| Some((self.groups.get(index)?, granularity))).collect()
    }

    /// The backends a series belongs to: usually one, several if the provider knows no places or no ports.
    pub fn backends_of(&self, series: &RawSeries) -> Vec<&RuleBackend> {
        let named = self.named(series).into_iter();
        let of_backend = named.filter(|(_, granularity)| *granularity != Granularity::Rule);
        of_backend.flat_map(|(group, _)| &group.places).collect()
    }

    /// What is told apart of each backend that any of these series names: the coarsest that is not a whole rule, or that
    /// if there is nothing else.
    pub fn granularities<'s>(
        &self,
        series: impl IntoIterator<Item = &'s RawSeries>,
    ) -> HashMap<&RuleBackend, Granularity> {
        let mut of: HashMap<&RuleBackend, Granularity> = HashMap::new();
        for (group, granularity) in series.into_iter().flat_map(|series| self.named(series)) {
            for place in &group.places {
                let known = of.entry(place).or_insert(granularity);
                *known = match (*known, granularity) {
                    (Granularity::Rule, other) | (other, Granularity::Rule) => other,
                    (one, other) => one.max(other),
                };
            }
        }
        of
    }

    /// The values of `cluster` if one backend has several: a Thanos or Mimir may hold its namesakes in
    /// other clusters, and the sum of those would be a number of nothing.
    pub fn clusters(&self, series: &[RawSeries]) -> Option<Vec<String>> {
        let mut of: HashMap<&RuleBackend, BTreeSet<&str>> = HashMap::new();
        for series in series {
            for backend in self.backends_of(series) {
                of.entry(backend).or_default().insert(series.label("cluster"));
            }
        }
        let several = of.into_values().find(|clusters| clusters.len() > 1)?;
        Some(
            several
                .into_iter()
                .map(|name| if name.is_empty() { "(none)" } else { name }.to_owned())
                .collect(),
        )
    }
}

/// Series of a provider's metric whose labels are like these expressions.
fn selector(provider: &Provider, metric: &str, names: Vec<(&str, String)>) -> String {
    let fixed = provider.matchers.iter().map(|matcher| (matcher.label.as_str(), matcher.regex()));
    let all: Vec<(&str, String)> =
        fixed.chain(names).map(|(label, expression)| (label, quoted(&expression))).collect();
    let start = Selector::new().metric(metric);
    all.iter().fold(start, |selector, (label, expression)| selector.regex_eq(label, expression)).to_string()
}

/// The label by which the answer to [`recognise`] numbers providers.
pub(super) const PROVIDER_LABEL: &str = "tidegate_provider";

/// Which of `providers` have series, as one question; each is answered by its place among them.
pub(super) fn recognise(providers: &[Arc<Provider>]) -> String {
    providers
        .iter()
        .enumerate()
        .map(|(index, provider)| {
            let series = recognised_by(provider);
            format!("label_replace(count({series}), \"{PROVIDER_LABEL}\", \"{index}\", \"\", \"\")")
        })
        .collect::<Vec<_>>()
        .join(" or ")
}

/// A selector of a provider's own series: its counter, with a class and with names of the right shape.
fn recognised_by(provider: &Provider) -> String {
    if let Some(selector) = &provider.recognise {
        return selector.clone();
    }
    let shape = |index: usize| {
        let values = provider.namings.iter().filter_map(|naming| Some(naming.values.get(index)?.regex()));
        values.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("|")
    };
    let names = provider.labels.iter().enumerate().map(|(index, label)| (label.as_str(), shape(index)));
    let class = provider.class_labels().next().map(|label| (label, ".+".to_owned()));
    selector(provider, &provider.requests, names.chain(class).collect())
}

/// Whether the targets of these jobs and instances are up; `None` if there are none to ask for.
pub(super) fn up((jobs, instances): &(Vec<&str>, Vec<&str>)) -> Option<String> {
    if jobs.is_empty() || instances.is_empty() {
        return None;
    }
    let (jobs, instances) = (one_of(jobs), one_of(instances));
    Some(Selector::new().metric("up").regex_eq("job", &jobs).regex_eq("instance", &instances).to_string())
}

/// A pattern, as the inside of a `PromQL` string, that these values match and no others.
pub(super) fn one_of(values: &[impl AsRef<str>]) -> String {
    quoted(&values.iter().map(|value| escaped(value.as_ref())).collect::<Vec<_>>().join("|"))
}

/// `text` as the inside of a `PromQL` string in double quotes.
pub(super) fn quoted(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// A `PromQL` duration, to the millisecond and at least one.
fn duration(duration: Duration) -> String {
    let milliseconds = duration.as_millis().max(1);
    if milliseconds.is_multiple_of(1000) {
        format!("{}s", milliseconds / 1000)
    } else {
        format!("{milliseconds}ms")
    }
}

#[cfg(test)]
mod tests;
