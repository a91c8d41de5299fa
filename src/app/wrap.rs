//! Text in lines that fit.

use unicode_width::UnicodeWidthStr;

/// Breaks a text into lines of at most `room` cells, between words where it can.
#[must_use]
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let room = room.max(8);
    let mut lines = Vec::new();
    let mut line = String::new();
    for mut word in words(text) {
        while word.width() > room {
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            let cut =
                word.char_indices().map(|(at, _)| at).take_while(|at| word[..*at].width() <= room).last();
            let cut = cut.filter(|at| *at > 0).unwrap_or(word.len());
            let rest = word.split_off(cut);
            lines.push(std::mem::replace(&mut word, rest));
        }
        if !line.is_empty() && line.width() + 1 + word.width() > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// The words of a text. A number stays with its `%`, and what is before an arrow with what is after it.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(last) if word.starts_with('%') || word == "->" || last.ends_with("->") => {
                last.extend([" ", word]);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_unit_and_arrows_both_sides() {
        assert_eq!(wrap("about 12.0 % failed", 10), ["about", "12.0 %", "failed"]);
        assert_eq!(wrap("weights 95 -> 100 now", 11), ["weights", "95 -> 100", "now"]);
    }
}
