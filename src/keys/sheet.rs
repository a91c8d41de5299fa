//! The keys as people read them: what belongs together on one line.

use super::{Action, Binding, Context, Keymap};

/// One line of a list of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its keys, the usual ones first: `j down k up`, `1-9`.
    pub keys: Vec<String>,
    /// What they do.
    pub help: &'static str,
    /// Whether that leads to a change of the cluster.
    pub writes: bool,
}

/// The lines of one context. Keys that move are one line, and so are those that choose by number and those that go
/// from field to field: each alone would say nothing new.
#[must_use]
pub fn sheet(keymap: &Keymap, context: Context) -> Vec<Entry> {
    let rows = || keymap.iter().filter(move |row| row.context == context && !row.keys.is_empty());
    let keys = |row: &Binding| row.keys.iter().map(ToString::to_string).collect::<Vec<_>>();
    let alone = |row: &Binding| Entry { keys: keys(row), help: row.help, writes: row.writes };
    let mut all: Vec<Entry> = rows().filter(|row| kind(row.action) == Kind::Other).map(alone).collect();
    let choices: Vec<&Binding> = rows().filter(|row| kind(row.action) == Kind::Choice).collect();
    if let [first, .., last] = &choices[..] {
        let range = [first, last].map(|row| keys(row).swap_remove(0)).join("-");
        all.push(Entry {
            keys: vec![range],
            help: "the reason, or the backend, of that number",
            writes: false,
        });
    }
    let fields: Vec<String> = rows().filter(|row| kind(row.action) == Kind::Field).flat_map(keys).collect();
    if !fields.is_empty() {
        all.push(Entry { keys: fields, help: "another backend", writes: false });
    }
    // The letters first, then the named keys.
    let of = |wanted: Kind| rows().filter(move |row| kind(row.action) == wanted).flat_map(keys);
    let (mut names, mut pages): (Vec<String>, Vec<String>) =
        (of(Kind::Move).collect(), of(Kind::Page).collect());
    if pages.len() <= 2 {
        names.append(&mut pages);
    }
    names.sort_by_key(|name| name.chars().count() > 1);
    let lines = [(names, "move"), (pages, "a page")].into_iter().filter(|(names, _)| !names.is_empty());
    all.extend(lines.map(|(keys, help)| Entry { keys, help, writes: false }));
    all
}

/// What belongs together on one line.
#[derive(PartialEq, Eq)]
enum Kind {
    Move,
    Page,
    Choice,
    Field,
    /// A line of its own.
    Other,
}

fn kind(action: Action) -> Kind {
    use Action as A;
    match action {
        A::Down | A::Up | A::Top | A::Bottom => Kind::Move,
        A::PageDown | A::PageUp => Kind::Page,
        A::Choose(_) => Kind::Choice,
        A::NextField | A::PreviousField => Kind::Field,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_is_on_a_line() {
        let keymap = Keymap::default();
        for row in &keymap {
            let lines = sheet(&keymap, row.context);
            for key in row.keys.iter().map(ToString::to_string) {
                let told = lines.iter().any(|line| line.keys.contains(&key))
                    || kind(row.action) == Kind::Choice && lines.iter().any(|line| line.keys == ["1-9"]);
                assert!(told, "{key} in {:?}", row.context);
            }
        }
    }

    #[test]
    fn what_writes_is_told() {
        let keymap = Keymap::default();
        for context in Context::ALL {
            let rows =
                keymap.iter().filter(|row| row.context == context && row.writes && !row.keys.is_empty());
            let lines = sheet(&keymap, context);
            assert_eq!(rows.count(), lines.iter().filter(|line| line.writes).count(), "{context:?}");
        }
    }
}
