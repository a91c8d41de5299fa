//! Text cut and filled to a number of terminal cells.

use unicode_width::UnicodeWidthStr;

/// Stands for what was cut out: one cell in every terminal, which `…` is not.
const CUT: &str = "~";

/// At most `width` cells, cut in the middle: names differ at both ends.
#[must_use]
pub fn middle(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.into();
    }
    let Some(room) = width.checked_sub(CUT.width()) else { return String::new() };
    let tail = tail(text, room / 2);
    let head = head(text, room - tail.width());
    format!("{head}{CUT}{tail}")
}

/// Exactly `width` cells: cut in the middle or filled on the right.
#[must_use]
pub fn left(text: &str, width: usize) -> String {
    let text = middle(text, width);
    let fill = " ".repeat(width.saturating_sub(text.width()));
    text + &fill
}

/// Exactly `width` cells: cut in the middle or filled on the left, as numbers are.
#[must_use]
pub fn right(text: &str, width: usize) -> String {
    let text = middle(text, width);
    " ".repeat(width.saturating_sub(text.width())) + &text
}

/// The longest beginning that fits.
fn head(text: &str, width: usize) -> &str {
    let ends = text.char_indices().map(|(end, _)| end).chain([text.len()]);
    ends.map(|end| &text[..end]).take_while(|head| head.width() <= width).last().unwrap_or_default()
}

/// The longest end that fits.
fn tail(text: &str, width: usize) -> &str {
    let starts = text.char_indices().rev().map(|(start, _)| start);
    starts.map(|start| &text[start..]).take_while(|tail| tail.width() <= width).last().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_middle_goes() {
        assert_eq!(middle("checkout-canary", 15), "checkout-canary");
        assert_eq!(middle("checkout-canary", 9), "chec~nary");
        assert_eq!(middle("checkout-canary", 8), "chec~ary");
        assert_eq!(middle("checkout-canary", 2), "c~");
        assert_eq!([middle("ab", 1), middle("ab", 0), middle("", 0)], ["~", "", ""]);
    }

    #[test]
    fn cells_count_and_not_characters() {
        assert_eq!(middle("日本語日本語", 7), "日本~語");
        assert_eq!(left("日本", 6), "日本  ");
        assert_eq!(right("日本", 6), "  日本");
    }

    proptest! {
        #[test]
        fn never_wider_than_asked(text in "\\PC{0,40}", width in 0usize..50) {
            prop_assert!(middle(&text, width).width() <= width);
        }

        #[test]
        fn columns_are_exact(text in "[a-z0-9./日-]{0,40}", width in 0usize..50) {
            prop_assert_eq!(left(&text, width).width(), width);
            prop_assert_eq!(right(&text, width).width(), width);
        }
    }
}
