// SPDX-License-Identifier: MPL-2.0
//! The files of results on this machine. For a folder they stay here; for a bucket they wait here, and survive the
//! process.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;

use tokio::sync::Notify;

use super::files::{Found, files, make_folders, remove_empty_folders, repair, sync};
use super::place::EXPENDABLE;
use super::{DROPPED, DROPPED_HELP, PART, SPOOL};
use crate::lock::lock;
use crate::service::parts::{PartHealth, Parts};
use crate::service::state::folder;

mod disk;

/// Most bytes held in memory while the disk accepts nothing.
const IN_MEMORY: u64 = 64 << 20;
/// Where objects grow that wait for a bucket.
const GROWING: &str = "growing";

/// See the module.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    /// Where objects grow: in the folder itself if nothing has to wait for a bucket.
    growing: PathBuf,
    limit: u64,
    parts: Parts,
    /// Results that the disk didn't accept yet.
    held: Mutex<VecDeque<Held>>,
    /// Something is ready for the bucket.
    pub ready: Notify,
    /// Locked as long as this lives, if it waits for a bucket.
    _lock: Option<folder::Lock>,
}

#[derive(Debug)]
struct Held {
    path: String,
    content: Vec<u8>,
    /// How many results are in it.
    count: u64,
}

impl Spool {
    /// The folder in which results stay.
    pub fn in_place(folder: PathBuf, parts: &Parts) -> Result<Self, String> {
        let growing = folder.clone();
        Self::new(folder, growing, u64::MAX, None, parts)
    }

    /// The folder in which they wait for a bucket, with what an earlier run left in it.
    pub fn for_bucket(folder: PathBuf, limit: u64, parts: &Parts) -> Result<Self, String> {
        let wrong = |why: String| format!("the spool {}: {why}", folder.display());
        fs::create_dir_all(&folder).map_err(|e| wrong(e.to_string()))?;
        let lock = folder::lock(&folder)?;
        let growing = folder.join(GROWING);
        let spool = Self::new(folder, growing, limit, lock, parts)?;
        for file in files(&spool.growing) {
            repair(&spool.growing.join(&file.path));
        }
        spool.finish_objects();
        Ok(spool)
    }

    fn new(
        folder: PathBuf,
        growing: PathBuf,
        limit: u64,
        lock: Option<folder::Lock>,
        parts: &Parts,
    ) -> Result<Self, String> {
        let wrong = |e: io::Error| format!("{}: {e}", folder.display());
        fs::create_dir_all(&folder).map_err(wrong)?;
        // Fails at the start if the folder isn't writable.
        let probe = folder.join(".probe");
        match fs::write(&probe, b"") {
            Err(e) if e.kind() != io::ErrorKind::StorageFull => return Err(wrong(e)),
            _ => {}
        }
        let _ = fs::remove_file(&probe);
        Ok(Self {
            folder,
            growing,
            limit,
            parts: parts.clone(),
            held: Mutex::default(),
            ready: Notify::new(),
            _lock: lock,
        })
    }

    /// Adds to an object that grows. What the disk doesn't take becomes one of its own.
    pub fn append(&self, path: &str, content: Vec<u8>, count: u64) {
        if let Err(e) = self.try_append(path, &content) {
            let number = lock(&self.held).len();
            let own = path.replace(".jsonl.gz", &format!("-{number}.jsonl.gz"));
            let unique = jiff::Timestamp::now().as_microsecond();
            let path = own.replace(".jsonl.gz", &format!("-{unique}.jsonl.gz"));
            self.hold(
                Held {
                    path,
                    content,
                    count,
                },
                &e,
            );
        }
    }

    /// Keeps a whole object: a picture. The disk isn't waited for, since in an outage of many streams there are hundreds at once: of the
    /// pictures of the last seconds a power cut may leave empty files.
    pub fn put(&self, path: String, content: Vec<u8>, count: u64) {
        match self.write(&path, &content, false) {
            Ok(()) => self.ready.notify_one(),
            Err(e) => self.hold(
                Held {
                    path,
                    content,
                    count,
                },
                &e,
            ),
        }
    }

    /// The objects that grow are as they are to be in the bucket.
    pub fn finish_objects(&self) {
        if self.growing == self.folder {
            return;
        }
        for file in files(&self.growing) {
            let (from, to) = (self.growing.join(&file.path), self.folder.join(&file.path));
            let moved = make_folders(&to)
                .and_then(|()| fs::rename(&from, &to))
                .and_then(|()| sync(&to));
            if moved.is_ok() {
                remove_empty_folders(&self.growing, &from);
            }
        }
        self.ready.notify_one();
    }

    /// Writes what is held in memory, and makes room if there is too much: looks at all files, so it is for now and then.
    pub fn settle(&self) {
        if self.write_held() && self.make_room() {
            self.parts.report(SPOOL, PartHealth::Fine);
        }
    }

    /// Paths of the waiting objects, the oldest first, and then of those that the disk doesn't accept: a full disk is
    /// no reason to keep them from the bucket.
    pub fn waiting(&self) -> Vec<String> {
        let mut found = self.finished();
        found.sort_by(|a, b| a.written.cmp(&b.written).then_with(|| a.path.cmp(&b.path)));
        let bytes = found.iter().map(|f| f.bytes).sum::<u64>();
        let help = "Results that wait for the store.";
        self.parts
            .gauge("defect_results_spooled_bytes", help, PART, bytes as f64);
        let mut paths: Vec<String> = found.into_iter().map(|f| f.path).collect();
        paths.extend(lock(&self.held).iter().map(|held| held.path.clone()));
        paths
    }

    /// A file's content; none if it is gone.
    pub fn read(&self, path: &str) -> Option<Vec<u8>> {
        let held = lock(&self.held)
            .iter()
            .find(|held| held.path == path)
            .map(|held| held.content.clone());
        held.or_else(|| fs::read(self.folder.join(path)).ok())
    }

    /// The store has it.
    pub fn done(&self, path: &str) {
        // Under the lock to the end: what is held may be on its way to the disk.
        let mut held = lock(&self.held);
        held.retain(|held| held.path != path);
        let file = self.folder.join(path);
        let _ = fs::remove_file(&file);
        remove_empty_folders(&self.folder, &file);
    }

    /// Whether nothing is held any more.
    fn write_held(&self) -> bool {
        let mut held = lock(&self.held);
        while let Some(first) = held.front() {
            if self.write(&first.path, &first.content, true).is_err() {
                return false;
            }
            held.pop_front();
            self.ready.notify_one();
        }
        true
    }

    fn hold(&self, one: Held, why: &io::Error) {
        let mut held = lock(&self.held);
        held.push_back(one);
        let waiting = size(&held);
        let place = self.folder.display();
        let text = format!("{place}: {why}; {waiting} bytes of results wait in memory");
        self.parts.report(SPOOL, PartHealth::Degraded(text));
        self.make_room_in_memory(&mut held);
        self.ready.notify_one();
    }

    /// All objects that don't grow. What else lies in the folder, such as a disk's `lost+found`, is none of them.
    fn finished(&self) -> Vec<Found> {
        files(&self.folder)
    }

    /// Whether nothing was lost for it.
    fn make_room(&self) -> bool {
        if self.limit == u64::MAX {
            return true;
        }
        let mut found = self.finished();
        let mut bytes = found.iter().map(|f| f.bytes).sum::<u64>();
        if bytes <= self.limit {
            return true;
        }
        found.sort_by_key(|f| f.written);
        let order = EXPENDABLE
            .iter()
            .flat_map(|section| found.iter().filter(move |f| f.path.starts_with(section)));
        let mut gone = 0;
        for file in order {
            if bytes <= self.limit {
                break;
            }
            self.done(&file.path);
            bytes -= file.bytes;
            gone += 1;
        }
        let text = format!("the spool is full; {gone} objects of results were lost");
        self.parts.report(SPOOL, PartHealth::Broken(text));
        let help = "Objects of results that were lost, since the spool was full.";
        self.parts.add(
            "defect_results_dropped_objects_total",
            help,
            PART,
            f64::from(gone),
        );
        false
    }

    fn make_room_in_memory(&self, held: &mut VecDeque<Held>) {
        let mut gone = 0;
        while size(held) > IN_MEMORY {
            let first = |section: &str| held.iter().position(|held| held.path.starts_with(section));
            let Some(i) = EXPENDABLE.iter().find_map(|section| first(section)) else {
                break;
            };
            gone += held.remove(i).map_or(0, |held| held.count);
        }
        if gone > 0 {
            self.parts.add(DROPPED, DROPPED_HELP, PART, gone as f64);
        }
    }
}

fn size(held: &VecDeque<Held>) -> u64 {
    held.iter().map(|held| held.content.len() as u64).sum()
}
