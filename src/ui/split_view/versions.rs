//! A table of the backends of one split, one line each. Who needs it says which columns, and they leave from the
//! right.

use std::time::Duration;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::Part;
use super::curves::{ERRORS, Kind, P99};
use crate::app::too_many_errors;
use crate::app::{BackendNumbers, Observed};
use crate::cluster::Pods;
use crate::metrics::{Numbers, Quantile};
use crate::route::{Backend, declared_share, weight_sum};
use crate::ui::format::{self, left, right};
use crate::ui::paint::width;
use crate::ui::routes::{plain, version};
use crate::ui::theme::Role;
use crate::ui::words;

/// What a column shows of a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Column {
    /// Its role, or its name where it has none.
    Role,
    Name,
    Image,
    Ready,
    Restarts,
    OomKills,
    NewestPod,
    Weight,
    Share,
    Observed,
    Errors,
    ErrorTrend,
    P50,
    P95,
    P99,
    P99Trend,
    Rate,
}

/// Cells of a trend in the table.
const TREND: usize = 11;

impl Column {
    fn heading(self, part: &Part<'_>) -> String {
        let word = match self {
            Self::Role => "role",
            Self::Name => "backend",
            Self::Image => "image",
            Self::Ready => "ready",
            Self::Restarts => "restarts",
            Self::OomKills => "OOM kills",
            Self::NewestPod => "newest pod",
            Self::Weight => "weight",
            Self::Share => "share",
            Self::Observed => "observed in 1m",
            Self::Errors => "errors in 1m",
            Self::ErrorTrend => return ERRORS.scale(part).unwrap_or_default(),
            Self::P99Trend => return P99.scale(part).unwrap_or_default(),
            Self::P50 => "p50 1m",
            Self::P95 => "p95 1m",
            Self::P99 => "p99 1m",
            Self::Rate => "req/s",
        };
        word.to_owned()
    }

    fn is_number(self) -> bool {
        !matches!(
            self,
            Self::Role
                | Self::Name
                | Self::Image
                | Self::Observed
                | Self::Errors
                | Self::ErrorTrend
                | Self::P99Trend
        )
    }

    fn width(self, part: &Part<'_>) -> usize {
        let names =
            part.split.rule.backends.iter().map(|backend| usize::from(width(&backend.to.to_string())));
        match self {
            Self::Role | Self::OomKills => 9,
            Self::Name => names.max().unwrap_or(0).clamp(12, 32),
            Self::Image => {
                let images =
                    part.split.rule.backends.iter().map(|backend| usize::from(width(&part.image(backend).0)));
                images.max().unwrap_or(0).clamp(7, 16)
            }
            Self::Weight => 7,
            Self::Restarts => 8,
            Self::NewestPod => 10,
            Self::Observed => 15,
            Self::Errors => 18,
            Self::ErrorTrend | Self::P99Trend => TREND,
            Self::Ready => 5,
            Self::Share | Self::P50 | Self::P95 | Self::P99 | Self::Rate => 6,
        }
    }
}

/// The table under its headings.
pub(in crate::ui) fn table(part: &Part<'_>, columns: &[Column]) -> Vec<Line<'static>> {
    let mut used = 0;
    let columns: Vec<(Column, usize)> = columns
        .iter()
        .map(|column| (*column, column.width(part)))
        .take_while(|(_, width)| {
            used += width + 1;
            used <= part.room + 1
        })
        .collect();
    let cell = |text: &str, (column, width): (Column, usize)| {
        if column.is_number() { right(text, width) } else { left(text, width) }
    };
    let headings: Vec<String> = columns.iter().map(|column| cell(&column.0.heading(part), *column)).collect();
    let mut all = vec![Line::from(part.look.span(Role::Muted, headings.join(" ")))];
    let observed = part.app.observed(part.split);
    for index in 0..part.split.rule.backends.len() {
        let row = Row { part, index, observed: &observed };
        let mut line = Vec::new();
        for column in &columns {
            let (text, style) = row.cell(column.0).unwrap_or_default();
            line.extend((!line.is_empty()).then(|| Span::raw(" ")));
            line.push(Span::styled(cell(&text, *column), style));
        }
        all.push(Line::from(line));
    }
    all
}

struct Row<'a> {
    part: &'a Part<'a>,
    index: usize,
    observed: &'a Observed,
}

impl Row<'_> {
    fn cell(&self, column: Column) -> Option<(String, Style)> {
        let Part { app, split, look, .. } = self.part;
        let backend = split.rule.backends.get(self.index)?;
        let (text, no_data) = (look.style(Role::Text), look.style(Role::NoData));
        let known = split.numbers(Some(self.index));
        let numbers = known.and_then(|numbers| numbers.latest).unwrap_or_default();
        let seconds = |quantile: Option<Quantile>| {
            self.number(known, format::seconds(quantile.map(|quantile| quantile.seconds)))
        };
        Some(match column {
            Column::Role => (self.part.called(self.index), look.style(version(split, self.index))),
            Column::Name => (backend.to.to_string(), text),
            Column::Image => self.part.image(backend),
            Column::Ready => self.part.ready(backend),
            Column::Restarts => self.pods(backend, |pods| {
                (pods.restarts.to_string(), if pods.restarts > 0 { Role::Warn } else { Role::Text })
            }),
            Column::OomKills => self.pods(backend, |pods| {
                (pods.oom_kills.to_string(), if pods.oom_kills > 0 { Role::Bad } else { Role::Text })
            }),
            Column::NewestPod => self.pods(backend, |pods| {
                let age = pods.newest.and_then(|at| Duration::try_from(app.now.wall.duration_since(at)).ok());
                (age.map_or(format::NONE.to_owned(), format::age), Role::Text)
            }),
            Column::Weight => (backend.weight.to_string(), text),
            Column::Share => {
                let share = declared_share(split.rule, self.index).map_or(format::NONE.to_owned(), |_| {
                    format::share(backend.weight.into(), weight_sum(split.rule))
                });
                (share, text)
            }
            Column::Observed => self.observed.share(self.index).map_or_else(
                || (self.observed.reason(15), no_data),
                |(share, interval)| {
                    let share = right(&format::percent(Some(share)), format::PERCENT_WIDTH);
                    (format!("{share} {}", words::range(interval)), text)
                },
            ),
            Column::Errors => {
                let words = errors(&numbers);
                let stale = known.is_none_or(|numbers| numbers.is_stale(app.shown_at()));
                if too_many_errors(&numbers) && !stale && !self.part.is_idle(self.index) {
                    (words, look.style(Role::Bad))
                } else {
                    self.number(known, words)
                }
            }
            Column::P50 => seconds(numbers.p50),
            Column::P95 => seconds(numbers.p95),
            Column::P99 => seconds(numbers.p99),
            Column::Rate => self.number(known, format::rate(numbers.requests_per_second)),
            Column::ErrorTrend => self.trend(&ERRORS),
            Column::P99Trend => self.trend(&P99),
        })
    }

    /// In the version's colour, as long as it is fresh.
    fn number(&self, known: Option<&BackendNumbers>, text: String) -> (String, Style) {
        let Part { app, split, look, .. } = self.part;
        let old = known.is_none_or(|numbers| numbers.is_stale(app.shown_at()));
        let missing = text == format::NONE || old || self.part.is_idle(self.index);
        let style = if missing { look.style(Role::NoData) } else { plain(look, version(split, self.index)) };
        (text, style)
    }

    fn pods(&self, backend: &Backend, told: impl Fn(&Pods) -> (String, Role)) -> (String, Style) {
        let known = self.part.app.facts.known.get(&backend.to).map(|facts| &facts.pods);
        let (text, role) = match known {
            Some(Ok(pods)) => told(pods),
            Some(Err(_)) => ("?".to_owned(), Role::NoData),
            None => ("...".to_owned(), Role::NoData),
        };
        (text, self.part.look.style(role))
    }

    fn trend(&self, kind: &Kind) -> (String, Style) {
        let Part { split, look, .. } = self.part;
        let line = kind.rows(self.part, self.index, TREND, 1).concat();
        let idle = self.part.is_idle(self.index);
        (line, if idle { look.style(Role::NoData) } else { plain(look, version(split, self.index)) })
    }
}

/// `1.22 % of 1234`, at a fixed width.
fn errors(numbers: &Numbers) -> String {
    let (Some(rate), Some(requests)) = (numbers.error_rate, numbers.requests) else {
        return format::NONE.to_owned();
    };
    let rate = right(&format::percent(Some(rate)), format::PERCENT_WIDTH);
    format!("{rate} of {}", right(&format::count(whole(requests)), format::COUNT_WIDTH))
}

/// A count by extrapolation is seldom whole.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of requests, at least 0"
)]
pub(super) fn whole(requests: f64) -> u64 {
    requests.round() as u64
}
