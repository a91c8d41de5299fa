//! Text in lines that fit.

use unicode_width::UnicodeWidthStr;

/// Breaks a text into lines of at most `room` cells, between words where it can.
#[must_use]
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let room = room.max(8);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word = word.to_owned();
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
