//! Which columns of the list there is room for. Solved once a frame.

/// A column of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Glyph,
    Name,
    Weights,
    Observed,
    Errors,
    P99,
    Rate,
    ErrorTrend,
    LatencyTrend,
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

/// The columns for `width` cells, from left to right: the first are kept longest. Without `numbers` there is
/// nothing to put into half of them.
pub(super) fn solve(width: u16, numbers: bool) -> Vec<Placed> {
    use Column as C;
    let order: &[Column] = if numbers {
        &[
            C::Glyph,
            C::Name,
            C::Weights,
            C::Observed,
            C::Errors,
            C::P99,
            C::Rate,
            C::ErrorTrend,
            C::LatencyTrend,
            C::Stage,
            C::Lamp,
            C::Word,
            C::Owner,
        ]
    } else {
        &[C::Glyph, C::Name, C::Weights, C::Stage, C::Lamp, C::Word, C::Owner]
    };
    let wide = width >= 130;
    let gap = if width >= 100 { 2 } else { 1 };
    let mut used = 1;
    let mut placed = Vec::with_capacity(order.len());
    for column in order {
        // The glyph belongs to the name.
        let before = if matches!(column, C::Glyph | C::Name) { 1 } else { gap };
        let needed = column.width(wide) + before;
        if used + needed > width && *column != C::Glyph {
            break;
        }
        used += needed;
        placed.push(Placed { column: *column, x: before, width: column.width(wide) });
    }
    let mut spare = width.saturating_sub(used + 1);
    let mut grow = |placed: &mut Vec<Placed>, column: Column, most: u16| {
        if let Some(found) = placed.iter_mut().find(|placed| placed.column == column) {
            let more = spare.min(most.saturating_sub(found.width));
            found.width += more;
            spare -= more;
        }
    };
    grow(&mut placed, C::Name, 28);
    for trend in [C::ErrorTrend, C::LatencyTrend] {
        grow(&mut placed, trend, 2 * TREND + 1);
    }
    grow(&mut placed, C::Name, LONGEST_NAME);
    for trend in [C::ErrorTrend, C::LatencyTrend] {
        grow(&mut placed, trend, 2 * LONGEST_TREND + 1);
    }
    let mut x = 0;
    for column in &mut placed {
        column.x += x;
        x = column.x + column.width;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eighty_columns_keep_what_is_needed_most() {
        use Column as C;
        let columns: Vec<Column> = solve(80, true).iter().map(|placed| placed.column).collect();
        assert_eq!(columns, [C::Glyph, C::Name, C::Weights, C::Observed, C::Errors, C::P99]);
    }

    #[test]
    fn columns_never_overlap_nor_leave_the_screen() {
        for width in 0..300 {
            for numbers in [true, false] {
                let columns = solve(width, numbers);
                for pair in columns.windows(2) {
                    assert!(pair[0].x + pair[0].width < pair[1].x, "{width}: {pair:?}");
                }
                let end = columns.last().map_or(0, |last| last.x + last.width);
                assert!(end <= width.max(2), "{width}: {end}");
            }
        }
    }
}
