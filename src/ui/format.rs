//! Numbers and names at a fixed width, and never more exact than they are.
//!
//! Three significant digits with a unit, `-` for what is unknown. A value is never rounded to nothing or to all:
//! `0 %` means none, `100 %` means every one.

mod blocks;
mod text;

use std::time::Duration;

pub use blocks::{bar, chart, scale, sparkline};
pub use text::{left, middle, right};

/// Nothing is known.
pub const NONE: &str = "-";

/// The widest [`seconds`].
pub const SECONDS_WIDTH: usize = 6;
/// The widest [`percent`].
pub const PERCENT_WIDTH: usize = 6;
/// The widest [`rate`].
pub const RATE_WIDTH: usize = 6;
/// The widest [`count`].
pub const COUNT_WIDTH: usize = 5;
/// The widest [`age`].
pub const AGE_WIDTH: usize = 4;

/// A latency or another short time: `843µs`, `12.4ms`, `1.32s`, `4m`, `-`.
#[must_use]
pub fn seconds(seconds: Option<f64>) -> String {
    let Some(seconds) = known(seconds) else { return NONE.into() };
    if seconds == 0.0 {
        return "0s".into();
    }
    let micros = seconds * 1e6;
    if micros < 1.0 {
        return "<1µs".into();
    }
    for (scale, unit) in [(1.0, "µs"), (1e3, "ms"), (1e6, "s")] {
        if let Some(digits) = three_digits(micros / scale) {
            return digits + unit;
        }
    }
    age(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

/// A ratio as percent: `0.42 %`, `12.3 %`, `100 %`, `-`. Tiny but not zero is `<.01 %`.
#[must_use]
pub fn percent(ratio: Option<f64>) -> String {
    let Some(ratio) = known(ratio) else { return NONE.into() };
    let percent = ratio * 100.0;
    if percent == 0.0 {
        "0 %".into()
    } else if percent < 0.01 {
        "<.01 %".into()
    } else if percent < 100.0 {
        // what is short of all stays short of all
        let digits = three_digits(percent).filter(|digits| digits != "100").unwrap_or_else(|| "99.9".into());
        digits + " %"
    } else {
        "100 %".into()
    }
}

/// A declared share: `10 %`, `33.3 %`, `-` when nothing has any weight.
#[must_use]
pub fn share(part: u64, total: u64) -> String {
    if total == 0 {
        return NONE.into();
    }
    let hundredfold = u128::from(part) * 100;
    if hundredfold.is_multiple_of(u128::from(total)) {
        return format!("{} %", (hundredfold / u128::from(total)).min(100));
    }
    percent(Some(as_f64(part) / as_f64(total)))
}

/// Requests a second: `0.3/s`, `120/s`, `1.2k/s`, `-`. Tiny but not zero is `<.01/s`.
#[must_use]
pub fn rate(per_second: Option<f64>) -> String {
    let Some(rate) = known(per_second) else { return NONE.into() };
    if rate == 0.0 {
        return "0/s".into();
    }
    if rate < 0.01 {
        return "<.01/s".into();
    }
    if rate < 0.095 {
        return format!("{rate:.2}/s");
    }
    for (scale, unit) in [(1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "G")] {
        match rate / scale {
            scaled if scaled < 9.95 => return format!("{scaled:.1}{unit}/s"),
            scaled if scaled < 999.5 => return format!("{scaled:.0}{unit}/s"),
            _ => {}
        }
    }
    ">1T/s".into()
}

/// How many: exact up to `9999`, then `12.3k`, `1.23M`.
#[must_use]
pub fn count(count: u64) -> String {
    if count < 10_000 {
        return count.to_string();
    }
    let count = as_f64(count);
    [(1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T"), (1e15, "P")]
        .into_iter()
        .find_map(|(scale, unit)| Some(three_digits(count / scale)? + unit))
        .unwrap_or_else(|| ">1E".into())
}

/// How long ago: `35s` in steps of five, then `4m`, `2h`, `3d`, `4y`. In steps, because a clock that ticks on
/// every row would redraw the screen for nothing.
#[must_use]
pub fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..60 => format!("{}s", seconds / 5 * 5),
        60..3600 => format!("{minutes}m"),
        3600..172_800 => format!("{hours}h"),
        _ if days < 1000 => format!("{days}d"),
        _ => format!("{}y", (days / 365).min(999)),
    }
}

/// `None` for what is no amount at all: a quantile of nothing is NaN.
fn known(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite() && *value >= 0.0)
}

/// Three significant digits of what is between one and a thousand, two decimals below; `None` above.
fn three_digits(value: f64) -> Option<String> {
    match value {
        _ if value < 9.995 => Some(format!("{value:.2}")),
        _ if value < 99.95 => Some(format!("{value:.1}")),
        _ if value < 999.5 => Some(format!("{value:.0}")),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn seconds_have_three_digits() {
        let told =
            [0.0, 2e-7, 1e-6, 0.000_843, 0.001, 0.0124, 0.099_96, 0.999_6, 1.324, 59.94, 999.4, 1000.0, 9e9]
                .map(|value| seconds(Some(value)));
        assert_eq!(
            told,
            [
                "0s", "<1µs", "1.00µs", "843µs", "1.00ms", "12.4ms", "100ms", "1.00s", "1.32s", "59.9s",
                "999s", "16m", "285y"
            ]
        );
        assert_eq!([None, Some(f64::NAN), Some(f64::INFINITY), Some(-1.0)].map(seconds), ["-"; 4]);
    }

    #[test]
    fn percent_never_rounds_to_none_or_all() {
        let told = [0.0, 1e-9, 0.0001, 0.0042, 0.0999, 0.123, 0.999_49, 0.999_99, 1.0, 1.2]
            .map(|value| percent(Some(value)));
        assert_eq!(
            told,
            ["0 %", "<.01 %", "0.01 %", "0.42 %", "9.99 %", "12.3 %", "99.9 %", "99.9 %", "100 %", "100 %"]
        );
        assert_eq!(percent(None), "-");
    }

    #[test]
    fn shares_are_whole_when_they_are() {
        assert_eq!(
            [share(10, 100), share(1, 3), share(0, 5), share(5, 5)],
            ["10 %", "33.3 %", "0 %", "100 %"]
        );
        assert_eq!(share(0, 0), "-");
        assert_eq!(share(999_999, 1_000_000), "99.9 %");
    }

    #[test]
    fn rates() {
        let told = [0.0, 0.001, 0.02, 0.3, 9.94, 9.96, 120.4, 999.6, 1234.0, 45_678.0, 2.5e6, 1e15]
            .map(|value| rate(Some(value)));
        assert_eq!(
            told,
            [
                "0/s", "<.01/s", "0.02/s", "0.3/s", "9.9/s", "10/s", "120/s", "1.0k/s", "1.2k/s", "46k/s",
                "2.5M/s", ">1T/s"
            ]
        );
        assert_eq!(rate(None), "-");
    }

    #[test]
    fn counts_are_exact_while_they_can() {
        let told = [0, 843, 9999, 10_000, 123_456, 999_960, 1_234_567, u64::MAX].map(count);
        assert_eq!(told, ["0", "843", "9999", "10.0k", "123k", "1.00M", "1.23M", ">1E"]);
    }

    #[test]
    fn ages_go_in_steps() {
        let told = [0, 4, 5, 39, 59, 60, 299, 3600, 172_799, 172_800, 86_400 * 1000, u64::MAX]
            .map(|seconds| age(Duration::from_secs(seconds)));
        assert_eq!(told, ["0s", "0s", "5s", "35s", "55s", "1m", "4m", "1h", "47h", "2d", "2y", "999y"]);
    }

    proptest! {
        #[test]
        fn no_number_is_wider_than_its_column(bits: u64, small in 0.0..2.0f64, total: u64) {
            for value in [f64::from_bits(bits), small, as_f64(bits)] {
                let value = Some(value);
                prop_assert!(seconds(value).width() <= SECONDS_WIDTH, "{}", seconds(value));
                prop_assert!(percent(value).width() <= PERCENT_WIDTH, "{}", percent(value));
                prop_assert!(rate(value).width() <= RATE_WIDTH, "{}", rate(value));
            }
            prop_assert!(count(bits).width() <= COUNT_WIDTH, "{}", count(bits));
            prop_assert!(age(Duration::from_secs(bits)).width() <= AGE_WIDTH);
            prop_assert!(share(bits, total).width() <= PERCENT_WIDTH, "{}", share(bits, total));
        }

        #[test]
        fn what_is_not_zero_never_looks_like_it(value in 1e-300..1e12f64) {
            for told in [seconds(Some(value)), percent(Some(value)), rate(Some(value))] {
                prop_assert!(told.contains(|digit| ('1'..='9').contains(&digit)), "{value} {told}");
            }
        }
    }
}
