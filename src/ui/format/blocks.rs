//! Bars and sparklines as text.

/// Low to high; the lowest is zero and nothing else.
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_LEVELS: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// A share between 0 and 1 as a line of `width` cells: its part, and the rest. Little is never nothing, and nearly
/// all is never all.
#[must_use]
pub fn bar(share: f64, width: usize, ascii: bool) -> (String, String) {
    let filled = fill(share, width).min(width);
    let [part, rest] = if ascii { ["=", "-"] } else { ["━", "─"] };
    (part.repeat(filled), rest.repeat(width - filled))
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between zero and the width of a terminal"
)]
fn fill(share: f64, whole: usize) -> usize {
    match share {
        _ if share >= 1.0 => whole,
        _ if share > 0.0 => ((share * whole as f64).round() as usize).min(whole.saturating_sub(1)).max(1),
        _ => 0,
    }
}

/// One cell a sample on the scale from zero to `max`; a missing sample is a gap, never a zero.
#[must_use]
pub fn sparkline(samples: &[Option<f64>], max: f64, ascii: bool) -> String {
    chart(samples, max, 1, ascii).concat()
}

/// As [`sparkline`], `rows` cells high, the uppermost row first. The top stays an eighth below the row above, so that
/// charts below each other do not grow together.
#[must_use]
pub fn chart(samples: &[Option<f64>], max: f64, rows: u8, ascii: bool) -> Vec<String> {
    let levels = if ascii { ASCII_LEVELS } else { LEVELS };
    let eighths: Vec<usize> = samples.iter().map(|sample| eighths(*sample, max, rows)).collect();
    let row = |above: u8| -> String {
        let below = usize::from(above) * levels.len();
        let cell = |eighths: &usize| match eighths.saturating_sub(below).min(levels.len()) {
            0 => ' ',
            level => levels[level - 1],
        };
        eighths.iter().map(cell).collect()
    };
    (0..rows).rev().map(row).collect()
}

/// Eighths of a cell that a sample fills: none for a gap, one for zero, and whatever is above zero stands out from it; the
/// uppermost stays empty.
fn eighths(sample: Option<f64>, max: f64, rows: u8) -> usize {
    let Some(value) = sample.filter(|value| value.is_finite()) else { return 0 };
    let steps = rows.saturating_mul(8).saturating_sub(2);
    let height = value / max * f64::from(steps);
    1 + (0..steps).take_while(|&step| height > f64::from(step)).count()
}

/// The top of a scale that holds `max`: one, two or five times a power of ten, so that it does not move with each
/// sample. `None` where there is nothing to hold.
#[must_use]
pub fn scale(max: f64) -> Option<f64> {
    if !max.is_finite() || max <= 0.0 {
        return None;
    }
    let power = 10_f64.powf(max.log10().floor());
    let fits = |top: &f64| *top >= max * (1.0 - 1e-9);
    [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(fits).or(Some(max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn bars() {
        let whole = |share, ascii| {
            let (part, rest) = bar(share, 4, ascii);
            part + &rest
        };
        let told = [0.0, 0.001, 0.1, 0.5, 0.999, 1.0].map(|share| whole(share, false));
        assert_eq!(told, ["────", "━───", "━───", "━━──", "━━━─", "━━━━"]);
        let told = [0.0, 0.001, 0.5, 0.999, 1.0, f64::NAN].map(|share| whole(share, true));
        assert_eq!(told, ["----", "=---", "==--", "===-", "====", "----"]);
    }

    #[test]
    fn gaps_are_not_zeros() {
        let samples = [None, Some(0.0), Some(0.01), Some(0.5), Some(1.0), Some(9.0), Some(f64::NAN)];
        assert_eq!(sparkline(&samples, 1.0, false), " ▁▂▄▇▇ ");
        assert_eq!(sparkline(&samples, 1.0, true), " _.-** ");
    }

    #[test]
    fn a_chart_of_several_rows_is_one_tall_line() {
        let samples = [None, Some(0.0), Some(0.01), Some(0.5), Some(1.0), Some(9.0)];
        assert_eq!(chart(&samples, 1.0, 2, false), ["    ▇▇", " ▁▂███"]);
        assert_eq!(chart(&samples, 1.0, 1, false).concat(), sparkline(&samples, 1.0, false));
        assert_eq!(chart(&[], 1.0, 0, false), Vec::<String>::new());
    }

    #[test]
    fn the_top_of_a_scale_is_round() {
        let top = |max| scale(max).map_or("-".to_owned(), |top| format!("{top:.2}"));
        let tops = [0.0123, 1.0, 1.0001, 3.0, 7.0, 99.0, 100.0, 0.0].map(top);
        assert_eq!(tops, ["0.02", "1.00", "2.00", "5.00", "10.00", "100.00", "100.00", "-"]);
        assert_eq!([f64::NAN, f64::INFINITY, -1.0].map(scale), [None; 3]);
    }

    #[test]
    fn a_scale_of_nothing_shows_zeros_as_zeros() {
        assert_eq!(sparkline(&[Some(0.0), Some(0.0), None], 0.0, false), "▁▁ ");
    }

    proptest! {
        #[test]
        fn a_cell_each(share: f64, width in 0usize..200, samples: Vec<Option<f64>>, max: f64, ascii: bool) {
            let (part, rest) = bar(share, width, ascii);
            prop_assert_eq!(part.width() + rest.width(), width);
            prop_assert_eq!(sparkline(&samples, max, ascii).width(), samples.len());
        }
    }
}
