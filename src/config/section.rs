//! Reads a TOML table key by key: what was never asked for is unknown.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Reach};

pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// A value that cannot be used.
#[derive(Debug)]
pub(super) struct Wrong {
    at: Range<usize>,
    message: String,
}

impl Wrong {
    pub fn new(value: &Value<'_>, message: impl Into<String>) -> Self {
        Self { at: value.span(), message: message.into() }
    }

    /// What is wrong, in words.
    pub fn into_message(self) -> String {
        self.message
    }

    /// In the words of `error`.
    pub fn of(value: &Value<'_>, error: &impl ToString) -> Self {
        Self::new(value, error.to_string())
    }
}

/// What is wrong so far.
pub(super) struct Faults<'t> {
    text: &'t str,
    pub found: Vec<Fault>,
}

impl<'t> Faults<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, found: Vec::new() }
    }

    pub fn add(&mut self, at: usize, key: impl Into<String>, reach: Reach, message: impl Into<String>) {
        let line = self.line(at);
        self.found.push(Fault { line, key: key.into(), message: message.into(), reach });
    }

    /// The line of a place, counted from one.
    pub fn line(&self, at: usize) -> usize {
        self.text.get(..at).unwrap_or(self.text).matches('\n').count() + 1
    }
}

/// A table of the file.
pub(super) struct Section<'a, 't> {
    /// Its name with a dot behind it; empty for the file itself.
    prefix: String,
    table: Option<&'a DeTable<'t>>,
    asked: Vec<&'static str>,
    reach: Reach,
    /// Where it begins.
    start: usize,
}

impl<'a, 't> Section<'a, 't> {
    pub fn root(table: &'a DeTable<'t>) -> Self {
        Self::new(String::new(), Some(table), Reach::Work, 0)
    }

    fn new(prefix: String, table: Option<&'a DeTable<'t>>, reach: Reach, start: usize) -> Self {
        Self { prefix, table, asked: Vec::new(), reach, start }
    }

    /// What stands under `key`.
    pub fn get(&mut self, key: &'static str) -> Option<&'a Value<'t>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.table?.get(key)
    }

    /// Puts what stands under `key` into `slot`; leaves it alone where nothing does.
    pub fn read<T>(
        &mut self,
        faults: &mut Faults<'_>,
        key: &'static str,
        slot: &mut T,
        convert: impl FnOnce(&Value<'t>) -> Result<T, Wrong>,
    ) {
        match self.get(key).map(convert) {
            None => {}
            Some(Ok(value)) => *slot = value,
            Some(Err(wrong)) => faults.add(wrong.at.start, self.path(key), self.reach, wrong.message),
        }
    }

    /// The table under `key`; empty where there is none.
    pub fn section(&mut self, faults: &mut Faults<'_>, key: &'static str, reach: Reach) -> Section<'a, 't> {
        let value = self.get(key);
        let table = value.and_then(|value| value.get_ref().as_table());
        if let Some(value) = value.filter(|_| table.is_none()) {
            let path = self.path(key);
            let message = format!("a section [{path}] is wanted, not {}", kind(value));
            faults.add(value.span().start, path, reach, message);
        }
        let start = value.map_or(0, |value| value.span().start);
        Section::new(format!("{}.", self.path(key)), table, reach, start)
    }

    /// The tables that stand under `[[key]]`.
    pub fn tables(
        &mut self,
        faults: &mut Faults<'_>,
        key: &'static str,
        reach: Reach,
    ) -> Vec<Section<'a, 't>> {
        let path = self.path(key);
        let Some(value) = self.get(key) else { return Vec::new() };
        let all = value.get_ref().as_array();
        let tables: Option<Vec<_>> = all.and_then(|all| {
            all.iter().map(|item| Some((item.span().start, item.get_ref().as_table()?))).collect()
        });
        let Some(tables) = tables else {
            let message = format!("[[{path}]] is wanted, not {}", kind(value));
            faults.add(value.span().start, path, reach, message);
            return Vec::new();
        };
        let section = |(start, table)| Section::new(format!("{path}."), Some(table), reach, start);
        tables.into_iter().map(section).collect()
    }

    /// The tables under `key` by the names that somebody gave them.
    pub fn named_sections(
        &mut self,
        faults: &mut Faults<'_>,
        key: &'static str,
        reach: Reach,
    ) -> Vec<(String, Section<'a, 't>)> {
        let all = self.section(faults, key, reach);
        let mut found = Vec::new();
        for (name, value) in all.table.into_iter().flatten() {
            let path = all.path(&format!("{:?}", name.get_ref()));
            if let Some(table) = value.get_ref().as_table() {
                let section = Section::new(format!("{path}."), Some(table), reach, value.span().start);
                found.push((name.get_ref().to_string(), section));
            } else {
                let message = format!("a section [{path}] is wanted, not {}", kind(value));
                faults.add(value.span().start, path, reach, message);
            }
        }
        found
    }

    /// What stands in the section under `key`, by the names that somebody gave it.
    pub fn named_values(
        &mut self,
        faults: &mut Faults<'_>,
        key: &'static str,
        reach: Reach,
    ) -> Vec<(String, &'a Value<'t>)> {
        let all = self.section(faults, key, reach);
        all.table.into_iter().flatten().map(|(name, value)| (name.get_ref().to_string(), value)).collect()
    }

    /// Tells which of `keys` are not there, though `who` cannot do without them.
    pub fn require(&mut self, faults: &mut Faults<'_>, keys: &[&'static str], who: &str) {
        for key in keys {
            if self.get(key).is_none() {
                faults.add(self.start, self.path(key), self.reach, format!("{who} needs `{key}`"));
            }
        }
    }

    /// A fault at a value under `key`.
    pub fn fault_at(&self, faults: &mut Faults<'_>, key: &str, value: &Value<'_>, message: String) {
        faults.add(value.span().start, self.path(key), self.reach, message);
    }

    /// Tells what is wrong with the first of `keys` that is there.
    pub fn fault(&mut self, faults: &mut Faults<'_>, keys: &[&'static str], message: &str) {
        let Some((key, value)) = keys.iter().find_map(|key| Some((key, self.get(key)?))) else { return };
        faults.add(value.span().start, self.path(key), self.reach, message);
    }

    /// As a setting that touches only the look.
    pub fn look<T>(
        &mut self,
        faults: &mut Faults<'_>,
        key: &'static str,
        slot: &mut T,
        convert: impl FnOnce(&Value<'t>) -> Result<T, Wrong>,
    ) {
        let reach = std::mem::replace(&mut self.reach, Reach::Look);
        self.read(faults, key, slot, convert);
        self.reach = reach;
    }

    /// Everything must have been asked for by now: what was not is unknown.
    pub fn finish(self, faults: &mut Faults<'_>) {
        self.finish_with(faults, |_| None);
    }

    /// As [`Section::finish`]; `hint` may know better what is meant by an unknown key.
    pub fn finish_with(self, faults: &mut Faults<'_>, hint: impl Fn(&str) -> Option<String>) {
        for key in self.table.into_iter().flat_map(|table| table.keys()) {
            let name = &**key.get_ref();
            if self.asked.contains(&name) {
                continue;
            }
            let hint = hint(name)
                .or_else(|| nearest(name, &self.asked).map(|known| format!("did you mean `{known}`?")))
                .unwrap_or_else(|| format!("there are: {}", self.asked.join(", ")));
            let message = format!("unknown key; {hint}");
            faults.add(key.span().start, self.path(name), self.reach, message);
        }
    }

    pub fn path(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

/// The name that `name` may have been meant to be.
pub(super) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance = |known: &str| strsim::damerau_levenshtein(&name.to_lowercase(), known);
    let near = known.iter().map(|known| (distance(known), *known)).min()?;
    let most = (name.chars().count() / 3).clamp(1, 3);
    (near.0 <= most).then_some(near.1)
}

/// What a value is, in words.
pub(super) fn kind(value: &Value<'_>) -> &'static str {
    match value.get_ref() {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

/// The text of a value.
pub(super) fn text<'v>(value: &'v Value<'_>) -> Result<&'v str, Wrong> {
    let wrong = || Wrong::new(value, format!("a text in quotes is wanted, not {}", kind(value)));
    value.get_ref().as_str().ok_or_else(wrong)
}

pub(super) fn boolean(value: &Value<'_>) -> Result<bool, Wrong> {
    let wrong = || Wrong::new(value, format!("true or false is wanted, not {}", kind(value)));
    value.get_ref().as_bool().ok_or_else(wrong)
}

/// One text, or a list of texts; each with its place.
pub(super) fn texts<'v, 't>(value: &'v Value<'t>) -> Result<Vec<(&'v str, &'v Value<'t>)>, Wrong> {
    match value.get_ref() {
        DeValue::Array(list) => list.iter().map(|item| Ok((text(item)?, item))).collect(),
        DeValue::String(text) => Ok(vec![(text, value)]),
        _ => Err(Wrong::new(value, format!("a list of texts is wanted, not {}", kind(value)))),
    }
}
