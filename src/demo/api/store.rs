//! The objects, and everything that ever happened to them as far back as it is remembered. One lock: what a list
//! shows and where a watch goes on from can never differ.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::watch;

/// Changes remembered for watches and for lists that are continued.
const REMEMBERED: usize = 2048;

/// Where an object is: resource, namespace (empty where it has none), name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// As in paths.
    pub resource: &'static str,
    /// Empty where it has none.
    pub namespace: Box<str>,
    /// The name.
    pub name: Box<str>,
}

impl Key {
    /// A key from its parts.
    pub fn new(resource: &'static str, namespace: &str, name: &str) -> Self {
        Self { resource, namespace: namespace.into(), name: name.into() }
    }
}

/// An object before and after one change.
#[derive(Debug, Clone)]
pub struct Change {
    pub version: u64,
    pub key: Key,
    pub old: Option<Arc<Value>>,
    pub new: Option<Arc<Value>>,
}

/// Objects by key; a snapshot is cheap.
pub type Objects = BTreeMap<Key, Arc<Value>>;

/// What the lock protects.
#[derive(Debug, Default)]
pub struct World {
    pub objects: Objects,
    /// The newest `resourceVersion`.
    pub version: u64,
    log: VecDeque<Change>,
}

impl World {
    /// The newest version of which nothing is remembered; a watch may go on from there, not from before.
    pub fn oldest(&self) -> u64 {
        self.log.front().map_or(self.version, |change| change.version - 1)
    }

    /// What came after `version`; `None` when that is no longer known.
    pub fn since(&self, version: u64) -> Option<impl Iterator<Item = &Change>> {
        (version >= self.oldest()).then(|| self.log.iter().filter(move |change| change.version > version))
    }

    /// The objects as they were at `version`; `None` when that is no longer known.
    pub fn at(&self, version: u64) -> Option<Objects> {
        let mut objects = self.objects.clone();
        let changes: Vec<&Change> = self.since(version)?.collect();
        for change in changes.into_iter().rev() {
            match &change.old {
                Some(old) => objects.insert(change.key.clone(), Arc::clone(old)),
                None => objects.remove(&change.key),
            };
        }
        Some(objects)
    }

    /// Puts an object, or takes it away, and gives it the next version. Says what it is then.
    pub fn put(&mut self, key: &Key, object: Option<Value>) -> Option<Arc<Value>> {
        self.version += 1;
        let version = self.version;
        let numbered = |mut object: Value| {
            object["metadata"]["resourceVersion"] = json!(version.to_string());
            Arc::new(object)
        };
        let new = object.map(numbered);
        let old = match &new {
            Some(new) => self.objects.insert(key.clone(), Arc::clone(new)),
            None => self.objects.remove(key),
        };
        self.log.push_back(Change { version, key: key.clone(), old, new: new.clone() });
        if self.log.len() > REMEMBERED {
            self.log.pop_front();
        }
        new
    }

    /// Forgets all history, as a server does that compacts its store.
    pub fn forget(&mut self) {
        self.log.clear();
    }
}

/// The world, and a bell that rings when it has changed.
#[derive(Debug)]
pub struct Store {
    world: Mutex<World>,
    newest: watch::Sender<u64>,
}

impl Store {
    /// An empty one.
    pub fn new() -> Self {
        Self { world: Mutex::default(), newest: watch::Sender::new(0) }
    }

    /// Looks at the world.
    pub fn look(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the world, and rings if something was put.
    pub fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.look();
        let answer = change(&mut world);
        let version = world.version;
        drop(world);
        self.newest.send_if_modified(|newest| std::mem::replace(newest, version) != version);
        answer
    }

    /// Rings with each change from now on.
    pub fn bell(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_can_be_seen_until_it_is_forgotten() {
        let mut world = World::default();
        let key = Key::new("pods", "shop", "a");
        world.put(&key, Some(json!({ "n": 1 })));
        world.put(&key, Some(json!({ "n": 2 })));
        world.put(&key, None);
        let then = |version| world.at(version).map(|objects| objects.get(&key).map(|o| o["n"].clone()));
        assert_eq!(
            [then(0), then(1), then(2), then(3)],
            [Some(None), Some(Some(json!(1))), Some(Some(json!(2))), Some(None)]
        );
        assert_eq!(world.since(1).map(Iterator::count), Some(2));
        world.forget();
        assert!(world.at(2).is_none() && world.since(2).is_none());
        assert_eq!(world.since(3).map(Iterator::count), Some(0));
    }
}
