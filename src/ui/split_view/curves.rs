//! The kinds of curves there are, and the scale that all versions share for each of them.

use super::Part;
use crate::metrics::{BackendHistory, Numbers, Quantile, Series};
use crate::ui::format;
use crate::ui::format::right;

/// One kind of curve.
pub(in crate::ui) struct Kind {
    pub name: &'static str,
    pub pick: fn(&BackendHistory) -> &Series,
    /// The newest value, in words.
    pub value: fn(&Numbers) -> String,
    /// The top of the scale, in words.
    pub words: fn(f64) -> String,
    /// The scale reaches at least to here: errors far below the limit are no mountains.
    least: f64,
}

pub(in crate::ui) const ERRORS: Kind = Kind {
    name: "errors",
    pick: |past| &past.error_rate,
    value: |numbers| format::percent(numbers.error_rate),
    words: |rate| format!("{:.0} %", rate * 100.0),
    least: 0.01,
};
const P50: Kind = Kind { name: "p50", pick: |past| &past.p50, value: |numbers| quantile(numbers.p50), ..P99 };
const P95: Kind = Kind { name: "p95", pick: |past| &past.p95, value: |numbers| quantile(numbers.p95), ..P99 };
pub(in crate::ui) const P99: Kind = Kind {
    name: "p99",
    pick: |past| &past.p99,
    value: |numbers| quantile(numbers.p99),
    words: |seconds| format::seconds(Some(seconds)),
    least: 0.0,
};
pub(in crate::ui) const RATE: Kind = Kind {
    name: "req/s",
    pick: |past| &past.requests_per_second,
    value: |numbers| format::rate(numbers.requests_per_second),
    words: |rate| format::rate(Some(rate)),
    least: 0.0,
};

/// All of them, in the order of a panel.
pub(super) const ALL: [Kind; 5] = [ERRORS, P50, P95, P99, RATE];

fn quantile(quantile: Option<Quantile>) -> String {
    format::seconds(quantile.map(|quantile| quantile.seconds))
}

impl Kind {
    /// The top of the scale that all versions of the split share; `None` where there is nothing yet.
    pub fn top(&self, part: &Part<'_>) -> Option<f64> {
        let all = 0..part.split.rule.backends.len();
        let known = all.filter_map(|index| part.split.numbers(Some(index)));
        let most = known.filter_map(|numbers| (self.pick)(&numbers.series).max()).reduce(f64::max)?;
        format::scale(most.max(self.least))
    }

    /// The whole scale, in words.
    pub fn scale(&self, part: &Part<'_>) -> Option<String> {
        self.top(part).map(|top| format!("0-{}", (self.words)(top)))
    }

    /// The newest values of a backend as a curve of `cells` by `rows`, the newest on the right; the uppermost row first.
    pub fn rows(&self, part: &Part<'_>, index: usize, cells: usize, rows: u8) -> Vec<String> {
        let known = part.split.numbers(Some(index));
        let values: Vec<Option<f64>> =
            known.map(|known| (self.pick)(&known.series).iter().collect()).unwrap_or_default();
        let newest = &values[values.len().saturating_sub(cells)..];
        let top = self.top(part).unwrap_or(1.0);
        let curve = format::chart(newest, top, rows, part.look.ascii);
        curve.iter().map(|row| right(row, cells)).collect()
    }
}
