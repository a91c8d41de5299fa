//! `[keys]`: other keys for the actions of the table.

use std::borrow::Cow;
use std::collections::HashMap;

use super::fault::Reach;
use super::section::{Faults, Section, Value, Wrong, texts};
use crate::keys::{Action, Binding, Context, Key, Keymap};

/// The table with the keys of section `[keys]`; as shipped where anything is wrong with it.
pub(super) fn keymap(root: &mut Section<'_, '_>, faults: &mut Faults<'_>) -> Keymap {
    let shipped = Keymap::default();
    let before = faults.found.len();
    let mut keys = root.section(faults, "keys", Reach::Look);
    let mut places: HashMap<(Context, Action), usize> = HashMap::new();
    let mut rows: Vec<Binding> = Vec::new();
    for context in Context::ALL {
        let mut section = keys.section(faults, context.name(), Reach::Look);
        for row in shipped.iter().filter(|row| row.context == context) {
            let name = row.action.name();
            let mut bound = row.keys.clone();
            section.read(faults, name, &mut bound, |value| bind(row, value).map(Cow::Owned));
            if let Some(value) = section.get(name) {
                places.insert((context, row.action), value.span().start);
            }
            rows.push(Binding { keys: bound, ..row.clone() });
        }
        section.finish_with(faults, |name| elsewhere(&shipped, name));
    }
    keys.finish(faults);
    if faults.found.len() == before {
        clashes(&rows, &places, faults);
    }
    if faults.found.len() > before {
        return shipped;
    }
    // In the order of the table.
    let row = |known: &Binding| {
        rows.iter().find(|row| (row.context, row.action) == (known.context, known.action)).cloned()
    };
    shipped.iter().filter_map(row).collect()
}

/// The keys that `value` gives to `row`.
fn bind(row: &Binding, value: &Value<'_>) -> Result<Vec<Key>, Wrong> {
    let name = row.action.name();
    let mut bound = Vec::new();
    for (text, place) in texts(value)? {
        let key: Key = text.parse().map_err(|error| Wrong::of(place, &error))?;
        if row.action == Action::Confirm && key == Key::Enter {
            return Err(Wrong::new(place, "Enter never confirms: y does, in every dialog"));
        }
        if bound.contains(&key) {
            return Err(Wrong::new(place, format!("{key} stands here twice")));
        }
        let reserved = [Key::Char('y'), Key::Char('n')].contains(&key);
        if reserved && !row.context.asks() {
            return Err(Wrong::new(place, format!("{key} answers every dialog, so it opens nothing")));
        }
        if matches!(key, Key::Char(_)) && row.context.types_text() {
            return Err(Wrong::new(place, format!("{key} is a letter of what is typed here")));
        }
        bound.push(key);
    }
    if row.action.is_fixed() && bound != *row.keys {
        let keys = row.keys_text();
        return Err(Wrong::new(value, format!("`{name}` is {keys} for everybody and cannot be changed")));
    }
    if row.action.is_needed() && bound.is_empty() {
        return Err(Wrong::new(value, format!("`{name}` needs a key: without one there is no way out")));
    }
    Ok(bound)
}

/// Where an action that is unknown here belongs.
fn elsewhere(shipped: &Keymap, name: &str) -> Option<String> {
    let row = shipped.iter().find(|row| row.action.name() == name)?;
    Some(format!("`{name}` belongs to [keys.{}]", row.context.name()))
}

/// Keys that stand for two things in one place.
fn clashes(rows: &[Binding], places: &HashMap<(Context, Action), usize>, faults: &mut Faults<'_>) {
    let place = |row: &Binding| places.get(&(row.context, row.action)).copied();
    let path = |row: &Binding| format!("keys.{}.{}", row.context.name(), row.action.name());
    for (index, one) in rows.iter().enumerate() {
        for other in rows.iter().skip(index + 1) {
            // Of two that clash, the one is told that stands further down.
            let (told, known) = if place(one) > place(other) { (one, other) } else { (other, one) };
            let Some(at) = place(told) else { continue };
            let Some(key) = one.keys.iter().find(|key| other.keys.contains(key)) else { continue };
            let origin =
                place(known).map_or("as shipped".to_owned(), |at| format!("line {}", faults.line(at)));
            if one.context.overlaps(other.context) {
                let message = format!("{key} stands for `{}` already ({origin})", path(known));
                faults.add(at, path(told), Reach::Look, message);
            } else if opens(one, other) || opens(other, one) {
                let message = format!(
                    "{key} is `{}` in the dialog that opens ({origin}), and the key that opened it is swallowed there",
                    path(known)
                );
                faults.add(at, path(told), Reach::Look, message);
            }
        }
    }
}

/// Whether `one` opens the dialog in which `other` is a key.
fn opens(one: &Binding, other: &Binding) -> bool {
    one.writes && !one.context.asks() && other.context.asks() && other.context != Context::Quit
}
