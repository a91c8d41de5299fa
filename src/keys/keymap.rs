//! The table with the keys that are in force.

use std::sync::Arc;

use super::action::Action;
use super::context::Context;
use super::key::Key;
use super::table::{Binding, TABLE};

/// Every action with the keys that stand for it now. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap(Arc<[Binding]>);

impl Default for Keymap {
    /// The keys of [`TABLE`].
    fn default() -> Self {
        Self(TABLE.into())
    }
}

impl Keymap {
    /// The rows of [`TABLE`] in its order, each with the keys in force: for help, hints, palette and tables.
    pub fn iter(&self) -> std::slice::Iter<'_, Binding> {
        self.0.iter()
    }

    /// What `key` asks for in `context`.
    #[must_use]
    pub fn lookup(&self, context: Context, key: Key) -> Option<Action> {
        let here = |binding: &&Binding| [context, Context::Anywhere].contains(&binding.context);
        self.iter().filter(here).find(|binding| binding.keys.contains(&key)).map(|binding| binding.action)
    }

    /// The keys of `action` in `context`, the usual one first; none where it has none.
    #[must_use]
    pub fn keys_of(&self, action: Action, context: Context) -> &[Key] {
        let mut rows = self.iter().filter(|binding| binding.context == context);
        rows.find(|binding| binding.action == action).map_or(&[], |binding| &binding.keys)
    }

    /// The usual key of `action` in `context`; `None` where it has none.
    #[must_use]
    pub fn key_of(&self, action: Action, context: Context) -> Option<Key> {
        self.keys_of(action, context).first().copied()
    }
}

impl FromIterator<Binding> for Keymap {
    /// A keymap of these rows, which should be those of [`TABLE`].
    fn from_iter<I: IntoIterator<Item = Binding>>(rows: I) -> Self {
        Self(rows.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a Keymap {
    type Item = &'a Binding;
    type IntoIter = std::slice::Iter<'a, Binding>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Key::Char;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        let keymap = Keymap::default();
        for (index, one) in keymap.iter().enumerate() {
            let others = keymap.iter().skip(index + 1).filter(|other| one.context.overlaps(other.context));
            for other in others {
                for key in one.keys.iter() {
                    assert!(!other.keys.contains(key), "{key} in {:?}: {one:?} and {other:?}", one.context);
                }
            }
        }
    }

    #[test]
    fn enter_confirms_nothing_and_y_opens_nothing() {
        for binding in &Keymap::default() {
            assert!(!(binding.action == Action::Confirm && binding.keys.contains(&Key::Enter)));
            let outside = !matches!(binding.context, Context::Dialog | Context::Quit);
            assert!(!(outside && binding.keys.iter().any(|key| [Char('y'), Char('n')].contains(key))));
        }
    }

    #[test]
    fn finds_an_action_by_its_key_and_its_keys_by_the_action() {
        let keymap = Keymap::default();
        for binding in &keymap {
            assert_eq!(keymap.keys_of(binding.action, binding.context), &*binding.keys);
            for key in binding.keys.iter() {
                assert_eq!(keymap.lookup(binding.context, *key), Some(binding.action), "{binding:?}");
            }
        }
    }
}
