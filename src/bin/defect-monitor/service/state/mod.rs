// SPDX-License-Identifier: MPL-2.0
//! State that outlasts the process: alarms that are open or wait to be sent, the history of episodes, what operators
//! did, streams that the API added.
//!
//! The memory is authoritative, and a SQLite database follows it: a change is noted and the caller goes on; one
//! thread writes the changes since its last transaction in one transaction. Only callers of [`StateStore::flush`]
//! wait for the disk. While the disk accepts nothing, changes wait in memory, the last of each entry.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::UnboundedSender;

use super::outcome::{Event, Moment};
use super::parts::{PartHealth, Parts};
use crate::lock::lock;

mod database;
pub mod folder;
mod history;
mod mirror;
#[cfg(test)]
pub mod tests;
mod writer;

pub use history::{Episode, Filter};
pub use mirror::{MIRRORED, Mirror, Mirrored};

/// This part of the process.
const PART: &str = "state";
/// The database, in the folder.
const FILE: &str = "state.sqlite";
/// Longest wait of `flush` for the disk.
const PATIENCE: Duration = Duration::from_secs(if cfg!(test) { 60 } else { 10 });
/// Changes that may wait for the disk. Beyond it the history isn't continued.
const MOST_WAITING: usize = 200_000;

const DROPPED: &str = "defect_state_dropped_total";
const DROPPED_HELP: &str =
    "Changes of episodes that the history doesn't have, since the disk took nothing for too long.";

/// A kind of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Alarms of each receiver.
    Alarms,
    /// What waits to be sent to each receiver.
    Queue,
    /// What a receiver refused, or what couldn't be sent in time.
    Undelivered,
    /// Which episodes somebody has taken care of.
    Acknowledgements,
    /// What nobody is to be alarmed of for a while.
    Mutes,
    /// Streams that the API added, replaced or removed.
    Streams,
}

impl Section {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Alarms => "alarms",
            Self::Queue => "queue",
            Self::Undelivered => "undelivered",
            Self::Acknowledgements => "acknowledgements",
            Self::Mutes => "mutes",
            Self::Streams => "streams",
        }
    }
}

/// What a change is about; in order of what refers to what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Entry(Section, String),
    Episode(String),
    Picture(String, &'static str),
}

#[derive(Debug)]
enum Change {
    /// An entry has this value, as JSON.
    Set(String),
    Delete,
    /// The latest that is known of an episode.
    Episode(Box<Event>),
    /// Where the picture of an episode lies in the results.
    Picture(String),
}

/// The state. Clones are the same.
#[derive(Debug, Clone)]
pub struct StateStore(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// The writer has something to do.
    changed: Condvar,
    /// The writer has done something.
    written: Condvar,
    /// None while the database can't be opened.
    database: Mutex<Option<Connection>>,
    /// None if nothing is kept.
    folder: Option<PathBuf>,
    parts: Parts,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Who else is told of alarms.
    mirror: Mutex<Option<UnboundedSender<Mirrored>>>,
    /// The folder is locked until this is closed.
    lock: Mutex<Option<folder::Lock>>,
}

#[derive(Debug, Default)]
struct Waiting {
    changes: BTreeMap<Key, Change>,
    /// How many changes there were so far, and how many of these are on the disk.
    made: u64,
    kept: u64,
    /// How often the disk refused, and why it did last.
    refusals: u64,
    why: String,
    is_closing: bool,
    /// How many groups of changes aren't complete.
    groups: usize,
}

/// While it lives, the changes of the state wait: those of its time are written together or not at all.
#[derive(Debug)]
pub struct Together<'a>(&'a Shared);

impl Drop for Together<'_> {
    fn drop(&mut self) {
        lock(&self.0.waiting).groups -= 1;
        self.0.changed.notify_one();
    }
}

impl StateStore {
    /// The state in that folder. An error if another process has it, or if it is none of ours; a full disk is none.
    pub fn open(folder: &Path, history: Duration, parts: &Parts) -> Result<Self, String> {
        let wrong = |why: String| format!("the state folder {}: {why}", folder.display());
        std::fs::create_dir_all(folder).map_err(|e| wrong(e.to_string()))?;
        let lock = folder::lock(folder)?;
        let (database, why) = match database::open(&folder.join(FILE)) {
            Ok(database) => (Some(database), None),
            Err(e) if database::is_refusal(&e) => (None, Some(e.to_string())),
            Err(e) => return Err(wrong(e.to_string())),
        };
        let store = Self::new(database, Some(folder.to_owned()), lock, parts);
        // From the start: of a counter that isn't there before it counts, Prometheus doesn't see the first loss.
        parts.add(DROPPED, DROPPED_HELP, PART, 0.0);
        match why {
            None => parts.report(PART, PartHealth::Fine),
            Some(why) => store.0.refused(&why),
        }
        let shared = Arc::clone(&store.0);
        let thread = std::thread::Builder::new()
            .name("state".to_owned())
            .spawn(move || shared.write(history))
            .map_err(|e| wrong(format!("no thread to write: {e}")))?;
        *crate::lock::lock(&store.0.thread) = Some(thread);
        Ok(store)
    }

    /// A state that ends with the process.
    pub fn in_memory(why: &str, parts: &Parts) -> Self {
        if !why.is_empty() {
            let text = format!("nothing outlasts this process: {why}");
            parts.report(PART, PartHealth::Degraded(text));
        }
        Self::new(None, None, None, parts)
    }

    fn new(
        database: Option<Connection>,
        folder: Option<PathBuf>,
        lock: Option<folder::Lock>,
        parts: &Parts,
    ) -> Self {
        Self(Arc::new(Shared {
            waiting: Mutex::default(),
            changed: Condvar::new(),
            written: Condvar::new(),
            database: Mutex::new(database),
            folder,
            parts: parts.clone(),
            thread: Mutex::default(),
            mirror: Mutex::default(),
            lock: Mutex::new(lock),
        }))
    }

    /// The folder of this process alone; none if nothing is kept.
    pub fn folder(&self) -> Option<&Path> {
        self.0.folder.as_deref()
    }

    /// All entries of a section whose keys begin so, as the process before this one left them.
    pub fn load<V: DeserializeOwned>(&self, section: Section, prefix: &str) -> Vec<(String, V)> {
        let entries = self.read(|database| database::entries(database, section.name(), prefix));
        let entries = entries.unwrap_or_default().into_iter();
        // What another version wrote may not be readable.
        entries
            .filter_map(|(key, value)| Some((key, serde_json::from_str(&value).ok()?)))
            .collect()
    }

    /// An entry has a value from now on.
    pub fn set(&self, section: Section, key: &str, value: &impl Serialize) {
        if let Ok(value) = serde_json::to_string(value) {
            self.change(Key::Entry(section, key.to_owned()), Change::Set(value));
        }
    }

    /// An entry is gone from here alone.
    pub fn forget(&self, section: Section, key: &str) {
        self.note(Key::Entry(section, key.to_owned()), Change::Delete);
    }

    /// An entry is gone.
    pub fn delete(&self, section: Section, key: &str) {
        self.change(Key::Entry(section, key.to_owned()), Change::Delete);
    }

    /// Takes an event into the history.
    pub fn record(&self, event: &Event) {
        let key = Key::Episode(event.episode.to_string());
        self.change(key, Change::Episode(Box::new(event.clone())));
    }

    /// Where the picture of an episode lies in the results.
    pub fn record_picture(&self, episode: &str, moment: Moment, path: &str) {
        let key = Key::Picture(episode.to_owned(), moment.name());
        self.change(key, Change::Picture(path.to_owned()));
    }

    /// Begins a group of changes that a crash must not part.
    pub fn together(&self) -> Together<'_> {
        lock(&self.0.waiting).groups += 1;
        Together(&self.0)
    }

    /// Waits until all that was changed before is on the disk; an error says why it isn't. Not from an asynchronous
    /// task. Where nothing is kept there is nothing to wait for.
    pub fn flush(&self) -> Result<(), String> {
        let shared = &self.0;
        if shared.folder.is_none() {
            return Ok(());
        }
        let mut waiting = lock(&shared.waiting);
        let (made, refusals) = (waiting.made, waiting.refusals);
        let until = Instant::now() + PATIENCE;
        while waiting.kept < made {
            if waiting.refusals > refusals {
                return Err(waiting.why.clone());
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err("the disk doesn't answer".to_owned());
            }
            waiting = match shared.written.wait_timeout(waiting, left) {
                Ok((waiting, _)) => waiting,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        Ok(())
    }

    /// Writes what is left, and leaves the folder to others. Nothing is kept from then on.
    pub fn close(&self) {
        lock(&self.0.waiting).is_closing = true;
        self.0.changed.notify_all();
        let thread = lock(&self.0.thread).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
        drop(lock(&self.0.database).take());
        drop(lock(&self.0.lock).take());
    }

    /// Reads from the database; it may have to wait for the disk.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, String> {
        let database = lock(&self.0.database);
        let database = database.as_ref().ok_or("the database can't be opened")?;
        read(database).map_err(|e| e.to_string())
    }

    fn change(&self, key: Key, change: Change) {
        if let Key::Entry(section, key) = &key
            && MIRRORED.contains(section)
        {
            self.mirror(*section, key, &change);
        }
        self.note(key, change);
    }

    fn note(&self, key: Key, change: Change) {
        if self.0.folder.is_none() {
            return;
        }
        let mut waiting = lock(&self.0.waiting);
        if waiting.is_closing {
            return;
        }
        let is_history = matches!(key, Key::Episode(_) | Key::Picture(..));
        if is_history && waiting.changes.len() >= MOST_WAITING {
            return self.0.parts.add(DROPPED, DROPPED_HELP, PART, 1.0);
        }
        waiting.made += 1;
        waiting.changes.insert(key, change);
        drop(waiting);
        self.0.changed.notify_one();
    }
}
