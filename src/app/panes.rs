//! How the height of the screen is dealt out. `ui/` draws into it; the list needs it to scroll.

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
    /// Messages and hints.
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

/// Most changes under way that have a line of their own.
const MOST_CHANGES: usize = 3;

/// Most lines of one of them.
const MOST_LINES: usize = 2;

/// The lines below the title, the most important first.
#[must_use]
pub fn banners(app: &App) -> Vec<Banner> {
    let room = usize::from(app.size.0).saturating_sub(4);
    let mut lines = Vec::new();
    for (tone, text) in news(app) {
        let parts = wrap(&text, room).into_iter().take(MOST_LINES).enumerate();
        lines.extend(parts.map(|(place, text)| Banner { tone, text, continued: place > 0 }));
    }
    lines
}

/// What is not as usual, and what is under way.
fn news(app: &App) -> Vec<(Tone, String)> {
    let mut news = Vec::new();
    news.extend(app.start.note.map(|note| (Tone::Plain, note.to_owned())));
    let ago = |since: Duration| steps(app.now.since_start.saturating_sub(since));
    if let Some(frozen) = &app.frozen {
        let key = app.start.keymap.keys_of(Action::Freeze, Context::Split).first();
        let key = key.map(|key| format!("; {key} goes on")).unwrap_or_default();
        news.push((Tone::Warn, format!("FROZEN {} ago{key}", ago(frozen.since))));
    }
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
        let text = "no metrics: with --prometheus URL there are traffic, errors and proofs";
        news.push((Tone::Plain, text.to_owned()));
    } else if let Some((error, since)) = &app.numbers.failing {
        let age =
            if app.numbers.answered { format!("no numbers for {}: ", ago(*since)) } else { String::new() };
        let tone = if matches!(error, MetricError::NoKnownMetrics { .. }) { Tone::Plain } else { Tone::Warn };
        news.push((tone, format!("{age}{error}")));
    } else if let Some(warning) = &app.numbers.warning {
        news.push((Tone::Warn, format!("Prometheus warns: {warning}")));
    }
    for change in app.changes.running().take(MOST_CHANGES) {
        let words = if change.words.is_empty() { String::new() } else { format!(": {}", change.words) };
        let text = format!("{} {}, {}{words}", change.place(), change.what, change.stage.word());
        news.push((Tone::Good, text));
    }
    news
}

/// An age in steps of 5 s, then minutes, so that nothing ticks.
fn steps(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..60 => format!("{} s", seconds / 5 * 5),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

/// Deals the height out.
#[must_use]
pub fn panes(app: &App) -> Panes {
    let height = app.size.1;
    let footer = 2.min(height);
    let left = height - footer;
    let banners = u16::try_from(banners(app).len()).unwrap_or(u16::MAX);
    // However many banners: there is room for some rows.
    let header = (1 + banners).min(left.saturating_sub(6).max(1)).min(left);
    let left = left - header;
    let detail = match height {
        0..30 => 0,
        30..36 => 13,
        36..46 => 16,
        _ => 19,
    };
    let left = left - detail.min(left);
    let columns = 2.min(left.saturating_sub(1));
    Panes { header, columns, list: left - columns, detail, footer }
}
