//! How the height of the screen is dealt out. `ui/` draws into it; the list needs it to scroll.

use std::ops::Range;
use std::time::Duration;

use super::state::{App, Link, Tone};
use super::wrap::wrap;
use crate::keys::{Action, Context};
use crate::metrics::MetricError;

/// Rows of each part of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Panes {
    /// Title and banners.
    pub header: u16,
    /// Headings of the columns.
    pub columns: u16,
    /// Rows of the list.
    pub list: u16,
    /// What is known of the selected split.
    pub detail: u16,
    /// A row each for what is under way, messages and hints. They are always there, so that nothing moves the list.
    pub footer: u16,
}

impl Panes {
    /// Rows between header and footer.
    #[must_use]
    pub fn body(&self) -> u16 {
        self.columns + self.list + self.detail
    }
}

/// A line below the title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// How it is meant.
    pub tone: Tone,
    /// The words.
    pub text: String,
    /// Whether it goes on with the line above.
    pub continued: bool,
}

/// Ages below are not told.
pub(super) const FIRST_STEP: Duration = Duration::from_secs(5);

/// Most lines of one banner.
const MOST_LINES: usize = 2;

/// Rows below which there is no detail: a title, a table of two versions, their curves, and what may be done.
const LEAST_DETAIL: u16 = 8;

/// The same where nothing is counted, so that there are no curves.
const LEAST_WITHOUT_CURVES: u16 = 6;

/// Rows below routes that have no split, where it is said what to do.
const ADVICE: u16 = 2;

/// Rows from which on more detail would only be emptier.
const MOST_DETAIL: u16 = 24;

/// The lines below the title, the most important first.
#[must_use]
pub fn banners(app: &App) -> Vec<Banner> {
    // With room for the sign before it, and for the mark of what is cut behind it.
    let room = usize::from(app.size.0).saturating_sub(6);
    let mut lines = Vec::new();
    for (tone, text) in news(app) {
        let mut parts = wrap(&text, room);
        if parts.len() > MOST_LINES {
            parts.truncate(MOST_LINES);
            if let Some(last) = parts.last_mut() {
                last.push_str(" ~");
            }
        }
        let parts = parts.into_iter().enumerate();
        lines.extend(parts.map(|(place, text)| Banner { tone, text, continued: place > 0 }));
    }
    lines
}

/// What is not as usual.
fn news(app: &App) -> Vec<(Tone, String)> {
    let mut news = Vec::new();
    news.extend(app.start.note.map(|note| (Tone::Plain, with_keys(app, note))));
    let ago = |since: Duration| steps(app.now.since_start.saturating_sub(since));
    if let Link::Lost { since, trouble } = &app.link {
        let seen = if app.routes.is_empty() { "nothing was read yet" } else { "the last data stays" };
        let advice = trouble.advice.as_ref().map(|advice| format!("; {advice}")).unwrap_or_default();
        let why = &trouble.why;
        news.push((
            Tone::Bad,
            format!("connection lost {} ago, {seen}, trying again: {why}{advice}", ago(*since)),
        ));
    }
    if !app.numbers.has_source {
        news.push(match &app.numbers.absent {
            None => (
                Tone::Plain,
                "no metrics: with --prometheus URL there are traffic, errors and proofs".to_owned(),
            ),
            Some(MetricError::NoneFound { why }) => (
                Tone::Plain,
                format!("no metrics: no Prometheus was found ({why}); --prometheus URL names one"),
            ),
            Some(error) => (Tone::Warn, format!("no metrics: {error}")),
        });
    } else if let Some((error, since)) = &app.numbers.failing {
        let age =
            if app.numbers.answered { format!("no numbers for {}: ", ago(*since)) } else { String::new() };
        let tone = if matches!(error, MetricError::NoKnownMetrics { .. }) { Tone::Plain } else { Tone::Warn };
        news.push((tone, format!("{age}{error}")));
    } else if let Some(warning) = &app.numbers.warning {
        news.push((Tone::Warn, format!("Prometheus warns: {warning}")));
    }
    news
}

/// A text that names actions in braces, with their keys.
fn with_keys(app: &App, text: &str) -> String {
    let named = [
        ("{step}", Action::StepNext, Context::Split),
        ("{roll-back}", Action::RollBack, Context::Split),
        ("{confirm}", Action::Confirm, Context::Dialog),
        ("{help}", Action::Help, Context::Anywhere),
    ];
    named.iter().fold(text.to_owned(), |text, (name, action, context)| {
        let key = app.start.keymap.key_of(*action, *context);
        text.replace(name, &key.map(|key| key.to_string()).unwrap_or_default())
    })
}

/// An age in steps of 5 s, then minutes, so that nothing ticks.
pub(super) fn steps(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..60 => format!("{} s", seconds / 5 * 5),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

impl App {
    /// The rows of the list that are in sight.
    pub(super) fn rows_in_sight(&self) -> Range<usize> {
        let top = self.list.top();
        top..self.routes.len().min(top + usize::from(panes(self).list))
    }
}

/// Deals the height out.
#[must_use]
pub fn panes(app: &App) -> Panes {
    let height = app.size.1;
    let footer = match height {
        0..3 => height,
        3..12 => 2,
        _ => 3,
    };
    let left = height - footer;
    let banners = u16::try_from(banners(app).len()).unwrap_or(u16::MAX);
    // However many banners: there is room for some rows.
    let header = (1 + banners).min(left.saturating_sub(6).max(1)).min(left);
    let left = left - header;
    let columns = 2.min(left.saturating_sub(1));
    let left = left - columns;
    let detail = detail(app, left);
    Panes { header, columns, list: left - detail, detail, footer }
}

/// Rows of the pane below the list: its part of a high screen, and what the list leaves of any.
fn detail(app: &App, left: u16) -> u16 {
    let part = match app.size.1 {
        0..30 => 0,
        30..36 => 13,
        36..46 => 16,
        _ => 19,
    };
    // Not the rows that a filter leaves: it would move the pane with each letter.
    let rows = app.routes.len().max(app.routes.entries().len());
    if rows == 0 {
        return 0;
    }
    let mut rest = left.saturating_sub(u16::try_from(rows).unwrap_or(u16::MAX));
    if rest > 0 && app.routes.splits() == 0 {
        rest = rest.saturating_sub(ADVICE);
    }
    let least = if app.numbers.has_source { LEAST_DETAIL } else { LEAST_WITHOUT_CURVES };
    let rest = if rest < least { 0 } else { rest.min(MOST_DETAIL) };
    rest.max(part).min(left.saturating_sub(1))
}
