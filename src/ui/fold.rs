//! Styled lines in as many rows as they need.

use ratatui::style::Style;
use ratatui::text::{Line, Span, StyledGrapheme};
use unicode_width::UnicodeWidthStr;

/// Breaks a line into rows of at most `room` cells, between words where it can. Rows after the first begin with
/// `indent` blanks.
pub(super) fn fold(line: &Line<'_>, room: usize, indent: usize) -> Vec<Line<'static>> {
    fold_into(line, room, indent, usize::MAX)
}

/// As [`fold`], into at most `most` rows: the last one holds the rest, however long.
pub(super) fn fold_into(line: &Line<'_>, room: usize, indent: usize, most: usize) -> Vec<Line<'static>> {
    let letters: Vec<StyledGrapheme<'_>> = line.styled_graphemes(Style::new()).collect();
    let mut rows = Vec::new();
    let mut from = 0;
    while from < letters.len() {
        let before = if rows.is_empty() { 0 } else { indent.min(room / 2) };
        let end =
            if rows.len() + 1 >= most { letters.len() } else { end_of_row(&letters, from, room - before) };
        rows.push(row(&letters[from..end], before));
        from = end + letters[end..].iter().take_while(|letter| letter.symbol == " ").count();
    }
    if rows.is_empty() { vec![Line::default()] } else { rows }
}

/// Where the row that begins with letter `from` ends.
fn end_of_row(letters: &[StyledGrapheme<'_>], from: usize, room: usize) -> usize {
    let mut used = 0;
    let fits = letters[from..].iter().take_while(|letter| {
        used += letter.symbol.width();
        used <= room
    });
    // What is wider than the room stands alone.
    let end = from + fits.count().max(1);
    if end >= letters.len() {
        return letters.len();
    }
    (from..=end).rev().find(|at| may_break(letters, from, *at)).unwrap_or(end)
}

/// Whether a row that began with letter `from` may end before letter `at`. A number stays with its `%`, and what is
/// before an arrow with what is after it.
fn may_break(letters: &[StyledGrapheme<'_>], from: usize, at: usize) -> bool {
    let is = |at: usize, symbol: &str| letters.get(at).is_some_and(|letter| letter.symbol == symbol);
    let has_word = letters[from..at].iter().any(|letter| letter.symbol != " ");
    let after_arrow = at >= 2 && is(at - 2, "-") && is(at - 1, ">");
    let before_arrow = is(at + 1, "-") && is(at + 2, ">");
    has_word && is(at, " ") && !is(at + 1, "%") && !after_arrow && !before_arrow
}

fn row(letters: &[StyledGrapheme<'_>], before: usize) -> Line<'static> {
    let indent = (before > 0).then(|| Span::raw(" ".repeat(before)));
    let runs = letters.chunk_by(|one, two| one.style == two.style).map(|run| {
        let text: String = run.iter().map(|letter| letter.symbol).collect();
        Span::styled(text, run[0].style)
    });
    Line::from(indent.into_iter().chain(runs).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::style::Modifier;

    fn told(text: &str, room: usize, indent: usize) -> Vec<String> {
        fold(&Line::from(text.to_owned()), room, indent).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn breaks_between_words_and_indents_what_follows() {
        assert_eq!(told("gate  one two three", 12, 6), ["gate  one", "      two", "      three"]);
        assert_eq!(told("  key: a long value", 12, 4), ["  key: a", "    long", "    value"]);
        assert_eq!(told("unbreakable", 4, 2), ["unbr", "  ea", "  ka", "  bl", "  e"]);
        assert_eq!(told("", 4, 2), [""]);
    }

    #[test]
    fn numbers_keep_their_unit_and_arrows_both_sides() {
        assert_eq!(told("failed 12.0 % of", 11, 0), ["failed", "12.0 % of"]);
        assert_eq!(told("weight 95 -> 100", 12, 0), ["weight", "95 -> 100"]);
    }

    #[test]
    fn the_last_row_holds_the_rest() {
        let rows = fold_into(&Line::from("one two three four"), 9, 0, 2);
        assert_eq!(rows.iter().map(ToString::to_string).collect::<Vec<_>>(), ["one two", "three four"]);
    }

    #[test]
    fn styles_stay_with_their_words() {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let line = Line::from(vec![Span::raw("one "), Span::styled("two three", bold)]);
        let rows = fold(&line, 7, 0);
        assert_eq!(rows[1].spans, [Span::styled("three", bold)]);
    }

    proptest! {
        #[test]
        fn no_row_is_wider_than_the_room(text in "[a-z%>日 -]{0,60}", room in 2usize..40, indent in 0usize..20) {
            for row in told(&text, room, indent) {
                prop_assert!(row.width() <= room.max(3), "{row:?}");
            }
        }

        #[test]
        fn nothing_but_blanks_is_lost(text in "[a-z%>日 -]{0,60}", room in 2usize..40, indent in 0usize..20) {
            let letters = |text: &str| text.chars().filter(|letter| *letter != ' ').collect::<String>();
            prop_assert_eq!(letters(&told(&text, room, indent).concat()), letters(&text));
        }
    }
}
