//! The journal file.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::io::Errno;
use rustix::process::{Pid, getpid, test_kill_process};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::rollout::{ChangeRecord, ChecklistItem};

/// Why the journal could not be used.
#[derive(Debug, Error)]
#[error("the journal {} cannot be {doing}: {why}", path.display())]
pub struct JournalError {
    path: PathBuf,
    doing: &'static str,
    why: io::Error,
}

/// The file of changes made from this machine.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    /// Opened at the first entry, so that somebody who only looks leaves nothing behind.
    file: Mutex<Option<File>>,
}

/// One change as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// What was confirmed.
    pub record: ChangeRecord,
    /// Whether the API server accepted it.
    pub written: bool,
    /// How it ended, if that is known.
    pub ending: Option<String>,
    /// What persons have ticked off of a rollback's checklist, in words.
    pub ticked: Vec<(ChecklistItem, String)>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Entry {
    Intent(Box<ChangeRecord>),
    Written { id: String, generation: i64 },
    Ended { id: String, ending: String },
    Ticked { id: String, item: ChecklistItem, words: String },
}

impl Journal {
    /// A journal at `path`; nothing is touched until the first entry.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path, file: Mutex::new(None) }
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes down what is about to be written to the cluster.
    ///
    /// # Errors
    /// [`JournalError`] naming the file.
    pub fn intent(&self, record: &ChangeRecord) -> Result<(), JournalError> {
        self.append(&Entry::Intent(Box::new(record.clone())))
    }

    /// Writes down that the API server accepted it.
    ///
    /// # Errors
    /// [`JournalError`] naming the file.
    pub fn written(&self, id: &str, generation: i64) -> Result<(), JournalError> {
        self.append(&Entry::Written { id: id.to_owned(), generation })
    }

    /// Writes down how it ended.
    ///
    /// # Errors
    /// [`JournalError`] naming the file.
    pub fn ended(&self, id: &str, ending: &str) -> Result<(), JournalError> {
        self.append(&Entry::Ended { id: id.to_owned(), ending: ending.to_owned() })
    }

    /// Writes down that a person has looked at an item of a rollback's checklist.
    ///
    /// # Errors
    /// [`JournalError`] naming the file.
    pub fn ticked(&self, id: &str, item: ChecklistItem, words: &str) -> Result<(), JournalError> {
        self.append(&Entry::Ticked { id: id.to_owned(), item, words: words.to_owned() })
    }

    /// The changes whose ending is not known: the program ended before they did. What another run of the program
    /// still carries is not among them.
    ///
    /// # Errors
    /// [`JournalError`] naming the file; a line that cannot be read is skipped.
    pub fn unfinished(&self) -> Result<Vec<ChangeRecord>, JournalError> {
        let mut open: Vec<ChangeRecord> = Vec::new();
        self.read(|entry| match entry {
            // A rollback that was planned again stands twice; the later entry counts.
            Entry::Intent(record) => {
                open.retain(|earlier| earlier.id != record.id);
                open.push(*record);
            }
            Entry::Ended { id, .. } => open.retain(|record| record.id != id),
            Entry::Written { .. } | Entry::Ticked { .. } => {}
        })?;
        open.retain(|record| !is_carried(record));
        Ok(open)
    }

    /// The canary that was named on this machine last, by route uid. A change that was not written names none.
    ///
    /// # Errors
    /// [`JournalError`] naming the file; a line that cannot be read is skipped.
    pub fn chosen_canaries(&self) -> Result<HashMap<String, String>, JournalError> {
        let (mut named, mut chosen) = (HashMap::new(), HashMap::new());
        self.read(|entry| match entry {
            Entry::Intent(record) => {
                if let Some(canary) = record.canary {
                    named.insert(record.id, (record.uid, canary));
                }
            }
            Entry::Written { id, .. } => chosen.extend(named.remove(&id)),
            Entry::Ended { .. } | Entry::Ticked { .. } => {}
        })?;
        Ok(chosen)
    }

    /// The changes of one object, the oldest first, as far as they were made from this machine.
    ///
    /// # Errors
    /// [`JournalError`] naming the file; a line that cannot be read is skipped.
    pub fn of(&self, uid: &str) -> Result<Vec<Recorded>, JournalError> {
        let mut all: Vec<Recorded> = Vec::new();
        self.read(|entry| match entry {
            Entry::Intent(record) if record.uid == uid => {
                all.retain(|earlier| earlier.record.id != record.id);
                all.push(Recorded { record: *record, written: false, ending: None, ticked: Vec::new() });
            }
            Entry::Intent(_) => {}
            Entry::Written { id, .. } => {
                all.iter_mut().filter(|one| one.record.id == id).for_each(|one| one.written = true);
            }
            Entry::Ended { id, ending } => {
                let ended = all.iter_mut().filter(|one| one.record.id == id);
                ended.for_each(|one| one.ending = Some(ending.clone()));
            }
            Entry::Ticked { id, item, words } => {
                let ticked = all.iter_mut().filter(|one| one.record.id == id);
                ticked.for_each(|one| one.ticked.push((item, words.clone())));
            }
        })?;
        Ok(all)
    }

    fn read(&self, mut each: impl FnMut(Entry)) -> Result<(), JournalError> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(why) => return Err(self.error("read", why)),
        };
        for line in BufReader::new(file).split(b'\n') {
            let line = line.map_err(|why| self.error("read", why))?;
            if let Ok(entry) = serde_json::from_slice(&line) {
                each(entry);
            }
        }
        Ok(())
    }

    fn append(&self, entry: &Entry) -> Result<(), JournalError> {
        let json = serde_json::to_vec(entry).map_err(|why| self.error("written", why.into()))?;
        // A line that a crash cut off must not swallow the next one; empty lines are skipped.
        let line = [b"\n", json.as_slice(), b"\n"].concat();
        let mut slot = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &mut *slot {
            Some(file) => file,
            empty => empty.insert(self.open().map_err(|why| self.error("opened", why))?),
        };
        // One write an entry: lines of two programs that append at once do not mix.
        file.write_all(&line).and_then(|()| file.sync_data()).map_err(|why| self.error("written", why))
    }

    fn open(&self) -> io::Result<File> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        OpenOptions::new().create(true).append(true).open(&self.path)
    }

    fn error(&self, doing: &'static str, why: io::Error) -> JournalError {
        JournalError { path: self.path.clone(), doing, why }
    }
}

/// Whether another run of the program is still at it: the id ends in its process. One of somebody else lives too.
fn is_carried(record: &ChangeRecord) -> bool {
    let process = record.id.rsplit_once('-').and_then(|(_, hex)| i32::from_str_radix(hex, 16).ok());
    let other = process.and_then(Pid::from_raw).filter(|id| *id != getpid());
    other.is_some_and(|id| test_kill_process(id) != Err(Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn naming(id: &str, canary: &str) -> ChangeRecord {
        let record = json!({
            "id": id, "namespace": "shop", "route": "checkout", "uid": "u-1", "actor": "ada",
            "at": "2026-03-01T12:00:00Z", "action": "step", "verdict": "pass", "canary": canary,
            "before": {}, "after": {},
        });
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn only_what_was_written_names_the_canary() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::at(folder.path().join("journal.jsonl"));
        journal.intent(&naming("a", "one")).unwrap();
        journal.ended("a", "nothing was written").unwrap();
        assert!(journal.chosen_canaries().unwrap().is_empty(), "it was refused");
        journal.intent(&naming("b", "two")).unwrap();
        journal.written("b", 8).unwrap();
        journal.intent(&naming("c", "one")).unwrap();
        assert_eq!(journal.chosen_canaries().unwrap().get("u-1").map(String::as_str), Some("two"));
    }

    #[test]
    fn what_persons_ticked_off_stands_beside_their_change() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::at(folder.path().join("journal.jsonl"));
        journal.intent(&naming("a", "one")).unwrap();
        journal.intent(&naming("b", "one")).unwrap();
        journal.ticked("b", ChecklistItem::Flag, "ada at 12:03").unwrap();
        let ticked: Vec<_> = journal.of("u-1").unwrap().into_iter().map(|one| one.ticked).collect();
        assert_eq!(ticked, [vec![], vec![(ChecklistItem::Flag, "ada at 12:03".to_owned())]]);
        assert_eq!(journal.unfinished().unwrap().len(), 2, "it ends nothing");
    }

    #[test]
    fn what_another_run_still_carries_is_not_left_over() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::at(folder.path().join("journal.jsonl"));
        // The first process lives as long as the machine; none has the other number.
        for id in ["a-1", "b-fffffff0", &format!("c-{:x}", std::process::id())] {
            journal.intent(&naming(id, "one")).unwrap();
        }
        let open: Vec<String> = journal.unfinished().unwrap().into_iter().map(|record| record.id).collect();
        assert_eq!(open, ["b-fffffff0".to_owned(), format!("c-{:x}", std::process::id())]);
    }
}
