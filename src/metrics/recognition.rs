//! Whose series are there, and so who is asked about which route.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::decode::RawSeries;
use super::error::MetricError;
use super::provider::{Granularity, Provider, Providers, Used};
use super::query::{self, Question};
use super::transport::Transport;
use crate::route::{RouteId, RuleBackend};

/// What was found holds for so long: gateways come and go, and an exporter's labels change with its version.
const HOLDS: Duration = Duration::from_mins(1);

/// Which providers there are, and which of them were found.
#[derive(Debug)]
pub(super) struct Recognition {
    pub providers: Providers,
    found: Mutex<Option<(Instant, Vec<Arc<Provider>>)>>,
}

/// Who is asked about what.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// By route; or why nobody is.
    pub used: HashMap<RouteId, Result<Used, String>>,
    /// What is still to be asked.
    groups: Vec<(Arc<Provider>, Vec<RuleBackend>)>,
}

impl Recognition {
    pub fn new(providers: Providers) -> Self {
        Self { providers, found: Mutex::new(None) }
    }

    /// Deals `backends` out to those who count them. One question at most, and that once a minute.
    ///
    /// # Errors
    /// When nothing that is known is there, or nobody answers.
    pub async fn deal(&self, transport: &Transport, backends: &[RuleBackend]) -> Result<Asked, MetricError> {
        let look = backends.iter().any(|backend| self.providers.must_look(backend));
        let found = if look { self.found(transport).await? } else { Vec::new() };
        let mut asked = Asked::default();
        for backend in backends {
            let used = asked
                .used
                .entry(backend.route.clone())
                .or_insert_with(|| self.providers.choose(backend, &found));
            if let Ok(used) = used {
                let provider = Arc::clone(&used.provider);
                asked.add(&provider, backend);
            }
        }
        Ok(asked)
    }

    /// The providers whose series are there. That there are none is not remembered: the gateway may get its first
    /// request, or its first scrape, a moment later.
    async fn found(&self, transport: &Transport) -> Result<Vec<Arc<Provider>>, MetricError> {
        // One question at a time: who comes meanwhile takes its answer.
        let mut known = self.found.lock().await;
        if let Some((_, found)) = known.as_ref().filter(|(at, _)| at.elapsed() < HOLDS) {
            return Ok(found.clone());
        }
        let all = &self.providers.known;
        let answer = transport.instant(&query::recognise(all)).await;
        let found: Result<Vec<Arc<Provider>>, MetricError> = answer.map(|answer| {
            let numbers: Vec<&str> =
                answer.series.iter().map(|series| series.label(query::PROVIDER_LABEL)).collect();
            let is_found = |(index, _): &(usize, &Arc<Provider>)| numbers.contains(&&*index.to_string());
            all.iter().enumerate().filter(is_found).map(|(_, provider)| Arc::clone(provider)).collect()
        });
        let found = match (found, known.as_ref()) {
            (Ok(found), _) if !found.is_empty() => found,
            // What was seen a minute ago is better than nothing.
            (_, Some((_, before))) => before.clone(),
            (Ok(_), None) => {
                let (url, known) = (transport.url().to_owned(), self.providers.names());
                return Err(MetricError::NoKnownMetrics { url, known });
            }
            (Err(error), None) => return Err(error),
        };
        *known = Some((Instant::now(), found.clone()));
        Ok(found)
    }
}

impl Asked {
    fn add(&mut self, provider: &Arc<Provider>, backend: &RuleBackend) {
        match self.groups.iter_mut().find(|(known, _)| Arc::ptr_eq(known, provider)) {
            Some((_, backends)) => backends.push(backend.clone()),
            None => self.groups.push((Arc::clone(provider), vec![backend.clone()])),
        }
    }

    /// The questions that are still to be put, at most `most` backends in each.
    pub fn next(&mut self, most: usize) -> Vec<Question> {
        let groups = std::mem::take(&mut self.groups);
        groups
            .iter()
            .flat_map(|(provider, backends)| {
                backends.chunks(most).flat_map(|some| Question::all(provider, some))
            })
            .collect()
    }

    /// Notes which rules were counted as a whole in an answer: where somebody else may know their backends, that is the
    /// next question. The others are returned.
    pub fn counted_whole<'s>(
        &mut self,
        question: &Question,
        series: impl IntoIterator<Item = &'s RawSeries>,
    ) -> Vec<RuleBackend> {
        let mut nobodys = Vec::new();
        let told = question.granularities(series);
        // One that has just changed over to a cluster for each backend has both for a while.
        let apart = |backend: &RuleBackend| {
            let same = |other: &RuleBackend| other.route == backend.route && other.rule == backend.rule;
            told.iter().any(|(other, granularity)| *granularity != Granularity::Rule && same(other))
        };
        for (backend, granularity) in &told {
            if *granularity != Granularity::Rule || apart(backend) {
                continue;
            }
            let used = self.used.get(&backend.route).and_then(|used| used.as_ref().ok());
            let Some(instead) = used.and_then(Used::instead) else {
                nobodys.push((*backend).clone());
                continue;
            };
            if !Arc::ptr_eq(&instead.provider, question.provider()) {
                self.add(&instead.provider.clone(), backend);
            }
        }
        for backend in self.groups.iter().flat_map(|(_, backends)| backends) {
            let used = self.used.get(&backend.route).and_then(|used| used.as_ref().ok());
            if let Some(instead) = used.and_then(Used::instead) {
                self.used.insert(backend.route.clone(), Ok(instead));
            }
        }
        nobodys
    }

    /// Why something of what is to be decided on cannot be counted; `None` if all of it can.
    pub fn uncounted(&self) -> Option<MetricError> {
        let why = self.used.values().find_map(|used| used.as_ref().err())?;
        Some(MetricError::NotCounted { why: why.clone() })
    }

    /// What is told apart where nothing else is known.
    pub fn granularity(&self, route: &RouteId) -> Option<Granularity> {
        self.used.get(route)?.as_ref().ok()?.provider.granularity()
    }
}
