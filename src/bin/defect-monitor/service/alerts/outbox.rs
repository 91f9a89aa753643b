// SPDX-License-Identifier: MPL-2.0
//! Events on their way, each in a file until it has arrived; in memory while the disk takes none.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::super::outcome::Event;
use crate::lock::lock;

/// So many events may wait; beyond it the oldest go.
const MOST: usize = 100_000;
/// So many of these in memory.
const MOST_IN_MEMORY: usize = 10_000;

/// A folder of events. It belongs to one process.
#[derive(Debug)]
pub struct Outbox {
    folder: PathBuf,
    next: AtomicU64,
    /// Those that the disk didn't take, by number.
    memory: Mutex<BTreeMap<u64, Letter>>,
    /// Locked as long as this lives.
    _lock: fs::File,
}

/// What became of an event that was to be kept.
#[derive(Debug)]
pub struct Kept {
    /// How many older ones had to go.
    pub lost: usize,
    /// Why it is in memory only, if it is.
    pub refused: Option<String>,
}

/// An event as it is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// The same for an event that comes twice: episode and state, and for `ongoing` how long it has lasted.
    pub key: String,
    /// The stream's id.
    pub stream: String,
    /// Kind of defect.
    pub kind: String,
    /// The event as JSON.
    pub body: String,
}

impl Letter {
    fn of(event: &Event) -> Self {
        let defect = &event.defect;
        let mut key = format!("{}/{}", event.episode, defect.state);
        if defect.state == "ongoing" {
            key = format!("{key}/{}", defect.duration);
        }
        Self {
            key,
            stream: event.source.stream.to_string(),
            kind: defect.kind.clone(),
            body: serde_json::to_string(event).unwrap_or_default(),
        }
    }
}

impl Outbox {
    /// The outbox in that folder, with what an earlier run left in it.
    pub fn open(folder: &Path) -> Result<Self, String> {
        let wrong = |e: io::Error| format!("the spool {}: {e}", folder.display());
        fs::create_dir_all(folder).map_err(wrong)?;
        let lock = fs::File::create(folder.join("lock")).map_err(wrong)?;
        lock.try_lock().map_err(|e| match e {
            fs::TryLockError::WouldBlock => format!(
                "the spool {} is used by another process, or by another [[alerts]]; give each a folder with spool = \"...\"",
                folder.display()
            ),
            fs::TryLockError::Error(e) => wrong(e),
        })?;
        // What a power cut left half written.
        for number in numbers(folder, ".part").map_err(wrong)? {
            let _ = fs::remove_file(folder.join(format!("{number:020}.part")));
        }
        let last = numbers(folder, ".json").map_err(wrong)?.last().copied();
        Ok(Self {
            folder: folder.to_owned(),
            next: AtomicU64::new(last.map_or(0, |n| n + 1)),
            memory: Mutex::default(),
            _lock: lock,
        })
    }

    /// Keeps an event.
    pub fn put(&self, event: &Event) -> Kept {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let letter = Letter::of(event);
        match self.write(number, &letter) {
            Ok(lost) => Kept {
                lost,
                refused: None,
            },
            Err(e) => {
                let _ = fs::remove_file(self.part(number));
                let mut memory = lock(&self.memory);
                memory.insert(number, letter);
                let lost = memory.len().saturating_sub(MOST_IN_MEMORY);
                (0..lost).for_each(|_| drop(memory.pop_first()));
                Kept {
                    lost,
                    refused: Some(e.to_string()),
                }
            }
        }
    }

    /// Writes an event to its file; gives how many older ones had to go.
    fn write(&self, number: u64, letter: &Letter) -> io::Result<usize> {
        let mut file = fs::File::create(self.part(number))?;
        file.write_all(&serde_json::to_vec(letter)?)?;
        file.sync_all()?;
        fs::rename(self.part(number), self.path(number))?;
        // The name as well.
        let _ = fs::File::open(&self.folder).and_then(|folder| folder.sync_all());
        let waiting = numbers(&self.folder, ".json").unwrap_or_default();
        let surplus = waiting.len().saturating_sub(MOST);
        waiting[..surplus]
            .iter()
            .for_each(|number| self.done(*number));
        Ok(surplus)
    }

    /// The oldest that waits, and how many do.
    pub fn first(&self) -> io::Result<Option<(u64, Letter, usize)>> {
        let memory = lock(&self.memory);
        let (count, oldest) = (memory.len(), memory.first_key_value());
        let oldest = oldest.map(|(number, letter)| (*number, letter.clone()));
        drop(memory);
        loop {
            let waiting = numbers(&self.folder, ".json")?;
            let all = waiting.len() + count;
            let first = waiting.first().copied();
            let is_older = |n: &u64| oldest.as_ref().is_none_or(|(number, _)| n < number);
            let Some(number) = first.filter(is_older) else {
                return Ok(oldest.map(|(number, letter)| (number, letter, all)));
            };
            match serde_json::from_slice(&fs::read(self.path(number))?) {
                Ok(letter) => return Ok(Some((number, letter, all))),
                // Not one of ours.
                Err(_) => fs::rename(
                    self.path(number),
                    self.folder.join(format!("{number:020}.bad")),
                )?,
            }
        }
    }

    /// That one has arrived.
    pub fn done(&self, number: u64) {
        if lock(&self.memory).remove(&number).is_some() {
            return;
        }
        let _ = fs::remove_file(self.path(number));
    }

    fn part(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:020}.part"))
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:020}.json"))
    }
}

fn numbers(folder: &Path, ending: &str) -> io::Result<Vec<u64>> {
    let mut found: Vec<u64> = fs::read_dir(folder)?
        .flatten()
        .filter_map(|entry| {
            entry
                .file_name()
                .to_str()?
                .strip_suffix(ending)?
                .parse()
                .ok()
        })
        .collect();
    found.sort_unstable();
    Ok(found)
}
