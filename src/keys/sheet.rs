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

/// The lines of one context. Keys that move are one line, and so are those that choose by number: each alone would
/// say nothing new.
#[must_use]
pub fn sheet(keymap: &Keymap, context: Context) -> Vec<Entry> {
    let rows = || keymap.iter().filter(move |row| row.context == context && !row.keys.is_empty());
    let keys = |row: &Binding| row.keys.iter().map(ToString::to_string).collect::<Vec<_>>();
    let alone = |row: &Binding| Entry { keys: keys(row), help: row.help, writes: row.writes };
    let mut all: Vec<Entry> =
        rows().filter(|row| !moves(row.action) && choice(row.action).is_none()).map(alone).collect();
    let choices: Vec<&Binding> = rows().filter(|row| choice(row.action).is_some()).collect();
    if let [first, .., last] = &choices[..] {
        let range = [first, last].map(|row| keys(row).swap_remove(0)).join("-");
        all.push(Entry {
            keys: vec![range],
            help: "the reason, or the backend, of that number",
            writes: false,
        });
    }
    // The letters first, then the named keys.
    let moving: Vec<&Binding> = rows().filter(|row| moves(row.action)).collect();
    let mut names: Vec<String> = moving.iter().flat_map(|row| keys(row)).collect();
    names.sort_by_key(|name| name.chars().count() > 1);
    if !names.is_empty() {
        all.push(Entry { keys: names, help: "move", writes: false });
    }
    all
}

fn moves(action: Action) -> bool {
    use Action as A;
    matches!(action, A::Down | A::Up | A::Top | A::Bottom | A::PageDown | A::PageUp)
}

fn choice(action: Action) -> Option<u8> {
    match action {
        Action::Choose(number) => Some(number),
        _ => None,
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
                    || choice(row.action).is_some() && lines.iter().any(|line| line.keys == ["1-9"]);
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
