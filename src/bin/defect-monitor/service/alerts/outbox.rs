// SPDX-License-Identifier: MPL-2.0
//! Events on their way, each in a file until it has arrived.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::super::outcome::Event;

/// So many events may wait; beyond it the oldest go.
const MOST: usize = 100_000;

/// A folder of events.
#[derive(Debug)]
pub struct Outbox {
    folder: PathBuf,
    next: AtomicU64,
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
        let last = numbers(folder).map_err(wrong)?.last().copied();
        Ok(Self {
            folder: folder.to_owned(),
            next: AtomicU64::new(last.map_or(0, |n| n + 1)),
        })
    }

    /// Keeps an event; gives how many older ones had to go.
    pub fn put(&self, event: &Event) -> io::Result<usize> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let part = self.folder.join(format!("{number:020}.part"));
        let mut file = fs::File::create(&part)?;
        file.write_all(&serde_json::to_vec(&Letter::of(event))?)?;
        file.sync_all()?;
        fs::rename(&part, self.path(number))?;
        fs::File::open(&self.folder)?.sync_all()?;
        let waiting = numbers(&self.folder)?;
        let surplus = waiting.len().saturating_sub(MOST);
        waiting[..surplus]
            .iter()
            .for_each(|number| self.done(*number));
        Ok(surplus)
    }

    /// The oldest that waits, and how many do.
    pub fn first(&self) -> io::Result<Option<(u64, Letter, usize)>> {
        loop {
            let waiting = numbers(&self.folder)?;
            let Some(number) = waiting.first().copied() else {
                return Ok(None);
            };
            match serde_json::from_slice(&fs::read(self.path(number))?) {
                Ok(letter) => return Ok(Some((number, letter, waiting.len()))),
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
        let _ = fs::remove_file(self.path(number));
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:020}.json"))
    }
}

fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut found: Vec<u64> = fs::read_dir(folder)?
        .flatten()
        .filter_map(|entry| {
            entry
                .file_name()
                .to_str()?
                .strip_suffix(".json")?
                .parse()
                .ok()
        })
        .collect();
    found.sort_unstable();
    Ok(found)
}
