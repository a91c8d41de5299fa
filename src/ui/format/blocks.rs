//! Bars and sparklines as text.

/// One to eight eighths of a cell, from the left.
const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
/// Low to high; the lowest is zero and nothing else.
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_LEVELS: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// A share between 0 and 1 as a bar of `width` cells. Little is never nothing, and nearly all is never all.
#[must_use]
pub fn bar(share: f64, width: usize, ascii: bool) -> String {
    let parts = if ascii { 1 } else { EIGHTHS.len() };
    let filled = fill(share, width * parts);
    let rest = if ascii { '.' } else { ' ' };
    (0..width)
        .map(|cell| match filled.saturating_sub(cell * parts).min(parts) {
            0 => rest,
            _ if ascii => '#',
            eighths => EIGHTHS[eighths - 1],
        })
        .collect()
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
    let levels = if ascii { ASCII_LEVELS } else { LEVELS };
    samples
        .iter()
        .map(|sample| match sample {
            Some(value) if value.is_finite() => {
                // Whatever is above zero stands out from it.
                let height = value / max * 7.0;
                let level = (0u8..7).take_while(|&level| height > f64::from(level)).count();
                levels[level]
            }
            _ => ' ',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn bars() {
        let told = [0.0, 0.001, 0.1, 0.5, 0.999, 1.0].map(|share| bar(share, 4, false));
        assert_eq!(told, ["    ", "▏   ", "▍   ", "██  ", "███▉", "████"]);
        let told = [0.0, 0.001, 0.5, 0.999, 1.0, f64::NAN].map(|share| bar(share, 4, true));
        assert_eq!(told, ["....", "#...", "##..", "###.", "####", "...."]);
    }

    #[test]
    fn gaps_are_not_zeros() {
        let samples = [None, Some(0.0), Some(0.01), Some(0.5), Some(1.0), Some(9.0), Some(f64::NAN)];
        assert_eq!(sparkline(&samples, 1.0, false), " ▁▂▅██ ");
        assert_eq!(sparkline(&samples, 1.0, true), " _.=## ");
    }

    #[test]
    fn a_scale_of_nothing_shows_zeros_as_zeros() {
        assert_eq!(sparkline(&[Some(0.0), Some(0.0), None], 0.0, false), "▁▁ ");
    }

    proptest! {
        #[test]
        fn a_cell_each(share: f64, width in 0usize..200, samples: Vec<Option<f64>>, max: f64, ascii: bool) {
            prop_assert_eq!(bar(share, width, ascii).width(), width);
            prop_assert_eq!(sparkline(&samples, max, ascii).width(), samples.len());
        }
    }
}
