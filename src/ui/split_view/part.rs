//! What each part is made from, and the few words that several of them use.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::{App, Split};
use crate::route::{Backend, declared_share, weight_sum};
use crate::ui::format;
use crate::ui::paint::{Look, cut};
use crate::ui::routes::{plain, version};
use crate::ui::theme::Role;
use crate::ui::words::{self, Sign};

/// Cells of the labels on the left.
pub(super) const LABEL: usize = 9;

/// With fewer cells nothing is cut to fit into a line.
pub(super) const NARROW: usize = 60;

/// A split to be drawn into lines of `room` cells.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Part<'a> {
    pub app: &'a App,
    pub split: &'a Split<'a>,
    pub look: &'a Look,
    pub room: usize,
}

impl Part<'_> {
    /// The same for another width.
    pub fn with(&self, room: usize) -> Self {
        Self { room, ..*self }
    }

    pub(super) fn label(&self, text: &str) -> Span<'static> {
        self.look.span(Role::Muted, format::left(text, LABEL))
    }

    /// What a backend is called in a few cells: its role if it has one, else its name.
    pub(in crate::ui) fn called(&self, index: usize) -> String {
        let role = self.split.roles.of.get(index).copied().flatten();
        let guess = if self.split.roles.guessed() { "?" } else { "" };
        let name = || self.split.rule.backends.get(index).map(|backend| backend.to.name.to_string());
        role.map(|role| format!("{}{guess}", role.word())).or_else(name).unwrap_or_default()
    }

    /// A sentence in at most `room` cells, unless all is narrow: then it takes more lines.
    pub(super) fn cut(&self, text: &str, room: usize) -> String {
        if self.room < NARROW { text.to_owned() } else { cut(text, room) }
    }

    /// Whether a backend is to get no traffic: its numbers are of requests of before, and hurt nobody any more.
    pub(super) fn is_idle(&self, index: usize) -> bool {
        self.split.rule.backends.get(index).is_some_and(|backend| backend.weight == 0)
    }

    /// The version behind a backend.
    pub(super) fn image(&self, backend: &Backend) -> (String, Style) {
        let (text, no_data) = (self.look.style(Role::Text), self.look.style(Role::NoData));
        match self.app.facts.known.get(&backend.to).map(|facts| &facts.pods) {
            Some(Ok(pods)) => {
                let more = match pods.images.len() {
                    0 | 1 => String::new(),
                    images => format!(" +{}", images - 1),
                };
                (format!("{}{more}", pods.version().unwrap_or("?")), text)
            }
            Some(Err(_)) => ("unknown".to_owned(), no_data),
            None => ("...".to_owned(), no_data),
        }
    }

    /// Whether a rollback would work right now.
    pub(in crate::ui) fn lamp(&self) -> Line<'static> {
        let lamp = self.app.rollback_ready(self.split);
        let (sign, _) = words::lamp(&lamp, self.look);
        let label = self.label("rollback");
        let room = self.room.saturating_sub(label.content.chars().count() + 2);
        Line::from(vec![
            label,
            self.look.span(sign.role, format!("{} ", sign.glyph)),
            self.look.span(Role::Text, self.cut(&lamp.words(), room)),
        ])
    }

    /// How many of its endpoints are ready.
    pub(super) fn ready(&self, backend: &Backend) -> (String, Style) {
        let style = |role| self.look.style(role);
        match self.app.facts.known.get(&backend.to).map(|facts| &facts.endpoints) {
            Some(Ok(ends)) => {
                let role = match ends.ready {
                    0 => Role::Bad,
                    ready if ready < ends.total => Role::Warn,
                    _ => Role::Text,
                };
                (format!("{}/{}", ends.ready, ends.total), style(role))
            }
            Some(Err(_)) => ("?".to_owned(), style(Role::NoData)),
            None => ("...".to_owned(), style(Role::NoData)),
        }
    }

    /// Why facts are not known: each reason once.
    pub(super) fn unknown(&self) -> Vec<Line<'static>> {
        let mut reasons: Vec<&str> = Vec::new();
        for backend in &self.split.rule.backends {
            let Some(facts) = self.app.facts.known.get(&backend.to) else { continue };
            let why = [facts.endpoints.as_ref().err(), facts.pods.as_ref().err()];
            for why in why.into_iter().flatten() {
                if !reasons.contains(&&**why) {
                    reasons.push(why);
                }
            }
        }
        reasons.into_iter().flat_map(|why| self.wrapped(Role::NoData, "? ", why)).collect()
    }

    /// A sentence on as many lines as it needs, behind something that stands on the first.
    pub(super) fn wrapped(&self, role: Role, before: &str, text: &str) -> Vec<Line<'static>> {
        let indent = before.chars().count();
        let pieces = crate::app::wrap(text, self.room.saturating_sub(indent));
        let first = |place: usize| if place == 0 { before.to_owned() } else { " ".repeat(indent) };
        pieces
            .into_iter()
            .enumerate()
            .map(|(place, piece)| Line::from(self.look.span(role, format!("{}{piece}", first(place)))))
            .collect()
    }

    /// A sentence behind a sign.
    pub(super) fn signed(&self, sign: Sign, text: &str) -> Vec<Line<'static>> {
        let mut all = self.wrapped(Role::Text, "  ", text);
        if let Some(first) = all.first_mut() {
            let rest: String = first.spans.iter().flat_map(|span| span.content.chars()).skip(2).collect();
            let sign = self.look.span(sign.role, format!("{} ", sign.glyph));
            *first = Line::from(vec![sign, self.look.span(Role::Text, rest)]);
        }
        all
    }

    /// The weights as a bar and numbers, and the share that the canary really gets.
    pub(super) fn weights(&self) -> Line<'static> {
        let Self { app, split, look, room } = self;
        let mut line = vec![self.label("weights")];
        let focus = split.canary().unwrap_or(split.rule.backends.len().saturating_sub(1));
        let declared = declared_share(split.rule, focus);
        let cells = if *room < 100 { 10 } else { 20 };
        line.extend(look.bar(declared.unwrap_or(0.0), cells, plain(look, version(split, focus))));
        line.push(Span::raw("  "));
        for (index, backend) in split.rule.backends.iter().enumerate() {
            line.push(look.span(Role::Muted, if index > 0 { "/" } else { "" }));
            line.push(Span::styled(backend.weight.to_string(), look.style(version(split, index))));
        }
        let part = split.rule.backends.get(focus).map_or(0, |backend| backend.weight.into());
        let share = format::share(part, weight_sum(split.rule));
        line.push(look.span(Role::Text, format!("   {} {share}", self.called(focus))));
        let observed = app.observed(split);
        match observed.share(focus) {
            None => {
                line.push(look.span(Role::Muted, ", observed: "));
                line.push(look.span(Role::NoData, observed.reason(usize::MAX)));
            }
            Some((seen, interval)) => {
                let off = declared.is_some_and(|declared| declared < interval.lo || declared > interval.hi);
                let role = if off { Role::Warn } else { Role::Text };
                line.push(look.span(Role::Muted, ", observed "));
                let mark = if off { "!" } else { "" };
                let seen = format::percent(Some(seen));
                line.push(look.span(role, format!("{seen} in 1m ({}){mark}", words::range(interval))));
            }
        }
        Line::from(line)
    }
}
