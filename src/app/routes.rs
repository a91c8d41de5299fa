//! All routes of the scope, the rows they make, and who refers to a backend.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::msg::Now;
use super::timeline::SeenChanges;
use crate::cluster::Listed;
use crate::route::{BackendRef, BadRoute, Route, RouteId};

/// One object.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The route, or why it could not be read.
    pub listed: Result<Arc<Route>, BadRoute>,
    /// When its spec was last seen to change: what was counted since is of two splits.
    pub changed: Option<Duration>,
    /// What a filter looks at, in small letters.
    haystack: Box<str>,
}

impl Entry {
    /// The object's id.
    #[must_use]
    pub fn id(&self) -> &RouteId {
        match &self.listed {
            Ok(route) => &route.id,
            Err(bad) => &bad.id,
        }
    }

    fn new(listed: Listed, changed: Option<Duration>) -> Self {
        let haystack = haystack(&listed).to_lowercase().into();
        Self { listed: listed.map(Arc::new), changed, haystack }
    }

    /// An object seen for the first time: its last writer tells when it changed.
    fn first_seen(listed: Listed, now: Now, settling: Duration) -> Self {
        let changed = listed.as_ref().ok().and_then(|route| written(route, now, settling));
        Self::new(listed, changed)
    }
}

/// Namespace and name, backends, and the word for the state.
fn haystack(listed: &Listed) -> String {
    let route = match listed {
        Ok(route) => route,
        Err(bad) => return format!("{} cannot be read", bad.id),
    };
    let mut text = format!("{} {}", route.id, route.state().word());
    for backend in route.rules.iter().flat_map(|rule| &rule.backends) {
        text.push(' ');
        text.push_str(&backend.to.name);
    }
    if route.splits().next().is_none() {
        text.push_str(" no split");
    }
    text
}

/// When the spec was written, if it is still settling.
fn written(route: &Route, now: Now, settling: Duration) -> Option<Duration> {
    let at: Timestamp = route.last_writer.as_ref()?.at.parse().ok()?;
    let age = Duration::try_from(now.wall.duration_since(at)).ok()?;
    (age < settling).then(|| now.since_start.saturating_sub(age))
}

/// One row: an object, and which of its splits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    entry: usize,
    rule: Option<usize>,
}

/// What a row shows.
#[derive(Debug, Clone, Copy)]
pub enum Shown<'a> {
    /// A split.
    Split {
        /// Its route.
        route: &'a Arc<Route>,
        /// Index of the rule.
        rule: usize,
        /// Whether the row above is of the same route.
        continued: bool,
        /// When its spec was last seen to change.
        changed: Option<Duration>,
    },
    /// A route without a split.
    Whole(&'a Arc<Route>),
    /// An object that could not be read.
    Bad(&'a BadRoute),
}

impl<'a> Shown<'a> {
    /// The object's id.
    #[must_use]
    pub fn id(&self) -> &'a RouteId {
        match self {
            Self::Split { route, .. } | Self::Whole(route) => &route.id,
            Self::Bad(bad) => &bad.id,
        }
    }
}

/// Who refers to a backend, by its namespace and name.
type References = HashMap<(Box<str>, Box<str>), Vec<Arc<Route>>>;

/// The routes of the scope. Rows: splits and unreadable objects by name, then routes without a split; as far as
/// they are wanted.
#[derive(Debug, Default)]
pub struct Routes {
    entries: Vec<Entry>,
    rows: Vec<Row>,
    references: References,
    seen: SeenChanges,
    /// Words that a row must hold, in small letters.
    terms: Vec<String>,
    hides_quiet: bool,
    /// What was written so short ago has not settled.
    settling: Duration,
}

impl Routes {
    /// None yet. For `settling` after a write, what is counted is also of the split before.
    #[must_use]
    pub fn new(settling: Duration) -> Self {
        Self { settling, ..Self::default() }
    }

    /// Replaces everything.
    pub fn reset(&mut self, listed: Vec<Listed>, now: Now) {
        let before = std::mem::take(&mut self.entries);
        let mut entries: Vec<Entry> =
            listed.into_iter().map(|listed| Entry::first_seen(listed, now, self.settling)).collect();
        entries.sort_by(|a, b| a.id().cmp(b.id()));
        for entry in &mut entries {
            if let Ok(index) = before.binary_search_by(|old| old.id().cmp(entry.id())) {
                entry.changed = changed_since(&before[index], entry, now);
                note(&mut self.seen, &before[index], entry, now);
            }
        }
        drop(before);
        self.entries = entries;
        self.references.clear();
        let routes: Vec<Arc<Route>> =
            self.entries.iter().filter_map(|entry| entry.listed.as_ref().ok()).cloned().collect();
        for route in &routes {
            self.refer(route);
        }
        self.number_rows();
    }

    /// Takes one new or changed object.
    pub fn apply(&mut self, listed: Listed, now: Now) {
        let id = match &listed {
            Ok(route) => &route.id,
            Err(bad) => &bad.id,
        };
        match self.find(id) {
            Ok(index) => {
                let mut entry = Entry::new(listed, None);
                if is_older(&entry, &self.entries[index]) {
                    return;
                }
                entry.changed = changed_since(&self.entries[index], &entry, now);
                note(&mut self.seen, &self.entries[index], &entry, now);
                self.forget(index);
                self.entries[index] = entry;
                self.remember(index);
            }
            Err(index) => {
                self.entries.insert(index, Entry::first_seen(listed, now, self.settling));
                self.remember(index);
            }
        }
        self.number_rows();
    }

    /// Takes an object that somebody has read besides the watch, if it is newer than what the watch told.
    pub fn apply_fresh(&mut self, route: Route, now: Now) {
        let newer = self
            .get(&route.id)
            .is_some_and(|known| known.uid == route.uid && known.generation < route.generation);
        if newer {
            self.apply(Ok(route), now);
        }
    }

    /// Drops one object.
    pub fn delete(&mut self, id: &RouteId) {
        if let Ok(index) = self.find(id) {
            self.forget(index);
            self.entries.remove(index);
            self.number_rows();
        }
    }

    /// Keeps only one namespace.
    pub fn keep(&mut self, namespace: &str) {
        let gone: Vec<RouteId> =
            self.entries.iter().map(Entry::id).filter(|id| &*id.namespace != namespace).cloned().collect();
        for id in &gone {
            if let Ok(index) = self.find(id) {
                self.forget(index);
            }
        }
        self.entries.retain(|entry| &*entry.id().namespace == namespace);
        self.number_rows();
    }

    /// A route by its id.
    #[must_use]
    pub fn get(&self, id: &RouteId) -> Option<&Arc<Route>> {
        self.find(id).ok().and_then(|index| self.entries[index].listed.as_ref().ok())
    }

    /// What is known of an object.
    #[must_use]
    pub fn entry(&self, id: &RouteId) -> Option<&Entry> {
        self.find(id).ok().map(|index| &self.entries[index])
    }

    /// The changes that came while routes were watched.
    pub(super) fn seen(&self) -> &SeenChanges {
        &self.seen
    }

    /// Shows only rows that hold each word of `filter`, and routes without a split only if they are wanted.
    pub fn show(&mut self, filter: &str, hides_quiet: bool) {
        self.terms = filter.split_whitespace().map(str::to_lowercase).collect();
        self.hides_quiet = hides_quiet;
        self.number_rows();
    }

    /// Puts the rows in the order of `keys`, one a row; those with the same key by name.
    pub fn sort_rows<K: Ord>(&mut self, keys: Vec<K>) {
        let mut rows: Vec<(K, Row)> = keys.into_iter().zip(self.rows.iter().copied()).collect();
        rows.sort_by(|(a, one), (b, other)| {
            a.cmp(b).then_with(|| (one.entry, one.rule).cmp(&(other.entry, other.rule)))
        });
        self.rows = rows.into_iter().map(|(_, row)| row).collect();
    }

    /// All objects, shown or not.
    #[must_use]
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Whether there is such an object, shown or not.
    pub(super) fn has(&self, id: &RouteId) -> bool {
        self.find(id).is_ok()
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no row is shown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Number of objects that have a row.
    #[must_use]
    pub fn routes_shown(&self) -> usize {
        let mut entries: Vec<usize> = self.rows.iter().map(|row| row.entry).collect();
        entries.sort_unstable();
        entries.dedup();
        entries.len()
    }

    /// Number of splits.
    #[must_use]
    pub fn splits(&self) -> usize {
        self.rows.iter().filter(|row| row.rule.is_some()).count()
    }

    /// What row `index` shows.
    #[must_use]
    pub fn shown(&self, index: usize) -> Option<Shown<'_>> {
        let row = *self.rows.get(index)?;
        let entry = self.entries.get(row.entry)?;
        Some(match (&entry.listed, row.rule) {
            (Ok(route), Some(rule)) => {
                let above = index.checked_sub(1).and_then(|above| self.rows.get(above));
                let continued = above.is_some_and(|above| above.entry == row.entry);
                Shown::Split { route, rule, continued, changed: entry.changed }
            }
            (Ok(route), None) => Shown::Whole(route),
            (Err(bad), _) => Shown::Bad(bad),
        })
    }

    /// The routes that refer to any of `backends`, each once: only these can hold a path to one.
    #[must_use]
    pub fn related<'a>(&'a self, backends: impl IntoIterator<Item = &'a BackendRef>) -> Vec<Arc<Route>> {
        let mut found: Vec<Arc<Route>> = Vec::new();
        for backend in backends {
            for route in self.references.get(&key(backend)).into_iter().flatten() {
                if !found.iter().any(|known| Arc::ptr_eq(known, route)) {
                    found.push(Arc::clone(route));
                }
            }
        }
        found
    }

    fn find(&self, id: &RouteId) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| entry.id().cmp(id))
    }

    fn number_rows(&mut self) {
        self.rows.clear();
        let mut quiet = Vec::new();
        for (entry, object) in self.entries.iter().enumerate() {
            if !self.terms.iter().all(|term| object.haystack.contains(term.as_str())) {
                continue;
            }
            match &object.listed {
                Ok(route) => {
                    let before = self.rows.len();
                    self.rows.extend(route.splits().map(|(rule, _)| Row { entry, rule: Some(rule) }));
                    if self.rows.len() == before {
                        quiet.push(Row { entry, rule: None });
                    }
                }
                Err(_) => self.rows.push(Row { entry, rule: None }),
            }
        }
        if !self.hides_quiet {
            self.rows.append(&mut quiet);
        }
    }

    fn remember(&mut self, index: usize) {
        if let Ok(route) = &self.entries[index].listed {
            let route = Arc::clone(route);
            self.refer(&route);
        }
    }

    fn refer(&mut self, route: &Arc<Route>) {
        for key in keys(route) {
            let known = self.references.entry(key).or_default();
            if !known.last().is_some_and(|last| Arc::ptr_eq(last, route)) {
                known.push(Arc::clone(route));
            }
        }
    }

    fn forget(&mut self, index: usize) {
        let Ok(route) = &self.entries[index].listed else { return };
        for key in keys(route) {
            if let Some(known) = self.references.get_mut(&key) {
                known.retain(|other| !Arc::ptr_eq(other, route));
                if known.is_empty() {
                    self.references.remove(&key);
                }
            }
        }
    }
}

/// Namespace and name: kinds are told apart by those who ask.
fn key(backend: &BackendRef) -> (Box<str>, Box<str>) {
    (backend.namespace.clone(), backend.name.clone())
}

fn keys(route: &Route) -> impl Iterator<Item = (Box<str>, Box<str>)> + '_ {
    route.targets().map(key)
}

/// Whether `new` is an earlier state of the object that `old` shows.
fn is_older(new: &Entry, old: &Entry) -> bool {
    matches!((&new.listed, &old.listed),
        (Ok(new), Ok(old)) if new.uid == old.uid && new.generation < old.generation)
}

fn note(seen: &mut SeenChanges, old: &Entry, new: &Entry, now: Now) {
    if let (Ok(old), Ok(new)) = (&old.listed, &new.listed) {
        seen.note(old, new, now);
    }
}

fn changed_since(old: &Entry, new: &Entry, now: Now) -> Option<Duration> {
    match (&old.listed, &new.listed) {
        (Ok(before), Ok(after)) if before.uid == after.uid && before.generation == after.generation => {
            old.changed
        }
        _ => Some(now.since_start),
    }
}
