//! Which columns of the list there is room for. Solved once a frame.

/// A column of the list, from left to right. Which of them leave first is another order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    Glyph,
    Name,
    Weights,
    Observed,
    Errors,
    ErrorTrend,
    P99,
    LatencyTrend,
    Rate,
    Stage,
    Lamp,
    Word,
    Owner,
}

/// A column with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placed {
    pub column: Column,
    pub x: u16,
    pub width: u16,
}

const SHORTEST_NAME: u16 = 12;
const LONGEST_NAME: u16 = 44;
/// What a name gets before there are more columns.
const LONG_NAME: u16 = 28;
/// Widest half of a trend: one version's sparkline.
const LONGEST_TREND: u16 = 18;
const TREND: u16 = 8;

impl Column {
    fn width(self, wide: bool) -> u16 {
        match self {
            Self::Glyph => 1,
            Self::Name => SHORTEST_NAME,
            Self::Weights if wide => 18,
            Self::Weights => 14,
            Self::Observed if wide => 19,
            Self::Observed | Self::Word => 15,
            Self::Errors | Self::P99 | Self::Owner => 13,
            Self::Rate => 6,
            Self::ErrorTrend | Self::LatencyTrend => TREND,
            Self::Stage => 5,
            Self::Lamp => 9,
        }
    }
}

/// The columns for `width` cells, from left to right; `names` is what the widest name needs. Without `numbers` there
/// is nothing to put into half of them.
pub(super) fn solve(width: u16, numbers: bool, names: u16) -> Vec<Placed> {
    use Column as C;
    let needed: &[Column] = if numbers {
        &[C::Glyph, C::Name, C::Weights, C::Observed, C::Errors, C::P99]
    } else {
        &[C::Glyph, C::Name, C::Weights]
    };
    let wanted: &[Column] = if numbers {
        &[C::Rate, C::ErrorTrend, C::LatencyTrend, C::Stage, C::Lamp, C::Word, C::Owner]
    } else {
        &[C::Stage, C::Lamp, C::Word, C::Owner]
    };
    let names = names.clamp(SHORTEST_NAME, LONGEST_NAME);
    let wide = width >= 130;
    let gap = if width >= 100 { 2 } else { 1 };
    let mut spare = width.saturating_sub(1);
    let mut placed: Vec<Placed> = Vec::with_capacity(needed.len() + wanted.len());
    let add = |placed: &mut Vec<Placed>, spare: &mut u16, column: Column| {
        // The glyph belongs to the name, and a trend to its numbers.
        let before = match column {
            C::Glyph | C::Name | C::ErrorTrend | C::LatencyTrend => 1,
            _ => gap,
        };
        let fits = column.width(wide) + before <= *spare || column == C::Glyph;
        if fits {
            *spare = spare.saturating_sub(column.width(wide) + before);
            placed.push(Placed { column, x: before, width: column.width(wide) });
        }
        fits
    };
    let fits = needed.iter().all(|column| add(&mut placed, &mut spare, *column));
    grow(&mut placed, &mut spare, C::Name, names.min(LONG_NAME));
    if fits {
        let _ = wanted.iter().all(|column| add(&mut placed, &mut spare, *column));
    }
    grow(&mut placed, &mut spare, C::Name, names);
    for longest in [2 * TREND + 1, 2 * LONGEST_TREND + 1] {
        for trend in [C::ErrorTrend, C::LatencyTrend] {
            grow(&mut placed, &mut spare, trend, longest);
        }
    }
    placed.sort_by_key(|placed| placed.column);
    let mut x = 0;
    for column in &mut placed {
        column.x += x;
        x = column.x + column.width;
    }
    placed
}

fn grow(placed: &mut [Placed], spare: &mut u16, column: Column, most: u16) {
    if let Some(found) = placed.iter_mut().find(|placed| placed.column == column) {
        let more = (*spare).min(most.saturating_sub(found.width));
        found.width += more;
        *spare -= more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eighty_columns_keep_what_is_needed_most() {
        use Column as C;
        let columns: Vec<Column> = solve(80, true, 30).iter().map(|placed| placed.column).collect();
        assert_eq!(columns, [C::Glyph, C::Name, C::Weights, C::Observed, C::Errors, C::P99]);
    }

    #[test]
    fn names_get_what_they_need_and_no_more() {
        let name = |width, names| solve(width, true, names)[1].width;
        assert_eq!([name(120, 16), name(200, 16), name(200, 40), name(200, 90)], [16, 16, 40, 44]);
        assert_eq!(name(80, 40), 17, "the rest of 80 is of the numbers");
    }

    #[test]
    fn columns_never_overlap_nor_leave_the_screen() {
        for width in 0..300 {
            for (numbers, names) in [(true, 0), (true, 20), (true, 60), (false, 30)] {
                let columns = solve(width, numbers, names);
                for pair in columns.windows(2) {
                    assert!(pair[0].x + pair[0].width < pair[1].x, "{width}: {pair:?}");
                }
                let end = columns.last().map_or(0, |last| last.x + last.width);
                assert!(end <= width.max(2), "{width}: {end}");
            }
        }
    }
}
