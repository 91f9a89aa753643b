// SPDX-License-Identifier: MPL-2.0
//! Files that wait for the store: what is in here survives the process.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{DROPPED, DROPPED_HELP, PART, SPOOL};
use crate::service::parts::{Health, Parts};

/// Defects.
pub const EVENTS: &str = "events";
/// Seconds of detectors.
pub const RECORDS: &str = "records";
/// Pictures of defects.
pub const PICTURES: &str = "pictures";

/// The order in which things go when there is no room.
const EXPENDABLE: [&str; 3] = [RECORDS, PICTURES, EVENTS];

/// So much is held in memory while the disk takes nothing.
const IN_MEMORY: u64 = 64 << 20;

/// A folder with files as they are to be in the store.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    limit: u64,
    parts: Parts,
    /// What the disk didn't take yet.
    held: Mutex<VecDeque<(String, Vec<u8>)>>,
}

impl Spool {
    /// The spool in that folder, with what an earlier run left in it.
    pub fn open(folder: PathBuf, limit: u64, parts: &Parts) -> Result<Self, String> {
        let wrong = |e: io::Error| format!("the spool {}: {e}", folder.display());
        fs::create_dir_all(&folder).map_err(wrong)?;
        // Whoever can't write now never could: better said at the start.
        let probe = folder.join(".probe");
        match fs::write(&probe, b"") {
            Err(e) if e.kind() != io::ErrorKind::StorageFull => return Err(wrong(e)),
            _ => {}
        }
        let _ = fs::remove_file(&probe);
        Ok(Self {
            folder,
            limit,
            parts: parts.clone(),
            held: Mutex::default(),
        })
    }

    /// Keeps a file.
    pub fn put(&self, path: String, content: Vec<u8>) {
        self.held().push_back((path, content));
        self.write_held();
    }

    /// Writes what is held in memory, and makes room if there is too much: looks at all files, so it is for now and then.
    pub fn settle(&self) {
        if self.write_held() && self.make_room() {
            self.parts.report(SPOOL, Health::Fine);
        }
    }

    /// Whether nothing is held any more.
    fn write_held(&self) -> bool {
        let mut held = self.held();
        while let Some((path, content)) = held.front() {
            if let Err(e) = self.write(path, content) {
                let waiting = held.iter().map(|(_, c)| c.len() as u64).sum::<u64>();
                let text = format!(
                    "{}: {e}; {waiting} bytes wait in memory",
                    self.folder.display()
                );
                self.parts.report(SPOOL, Health::Broken(text));
                self.make_room_in_memory(&mut held);
                return false;
            }
            held.pop_front();
        }
        true
    }

    /// Paths of the files that wait, the oldest first, and then of what the disk doesn't take: a full disk is no reason to keep it from the store.
    pub fn waiting(&self) -> Vec<String> {
        let mut found = self.files();
        found.sort_by(|a, b| a.written.cmp(&b.written).then_with(|| a.path.cmp(&b.path)));
        let bytes = found.iter().map(|f| f.bytes).sum::<u64>();
        self.parts.gauge(
            "defect_results_spooled_bytes",
            "Results that wait for the store.",
            PART,
            bytes as f64,
        );
        let mut paths: Vec<String> = found.into_iter().map(|f| f.path).collect();
        paths.extend(self.held().iter().map(|(path, _)| path.clone()));
        paths
    }

    /// A file's content; none if it is gone.
    pub fn read(&self, path: &str) -> Option<Vec<u8>> {
        let held = self
            .held()
            .iter()
            .find(|h| h.0 == path)
            .map(|h| h.1.clone());
        held.or_else(|| fs::read(self.folder.join(path)).ok())
    }

    /// The store has it.
    pub fn done(&self, path: &str) {
        // Under the lock to the end: what is held may be on its way to the disk.
        let mut held = self.held();
        held.retain(|(other, _)| other != path);
        let file = self.folder.join(path);
        let _ = fs::remove_file(&file);
        // Folders that are empty now; those that aren't stay.
        for folder in file.ancestors().skip(1) {
            if folder == self.folder || fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }

    /// All of it or nothing, and on the disk.
    fn write(&self, path: &str, content: &[u8]) -> io::Result<()> {
        let file = self.folder.join(path);
        let part = file.with_extension("part");
        let written = (|| {
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut out = fs::File::create(&part)?;
            out.write_all(content)?;
            out.sync_all()?;
            fs::rename(&part, &file)?;
            sync(&file)
        })();
        if written.is_err() {
            let _ = fs::remove_file(&part);
        }
        written
    }

    /// All files of results. What else lies in the folder, such as a disk's `lost+found`, is none of them.
    fn files(&self) -> Vec<Found> {
        let mut found = Vec::new();
        for section in EXPENDABLE {
            collect(&self.folder, &self.folder.join(section), &mut found);
        }
        found
    }

    /// Whether nothing was lost for it.
    fn make_room(&self) -> bool {
        let mut found = self.files();
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
        self.lost(gone, "the spool is full");
        false
    }

    fn make_room_in_memory(&self, held: &mut VecDeque<(String, Vec<u8>)>) {
        let size = |held: &VecDeque<(String, Vec<u8>)>| {
            held.iter().map(|(_, c)| c.len() as u64).sum::<u64>()
        };
        let mut gone = 0;
        while size(held) > IN_MEMORY {
            let first = |section: &str| held.iter().position(|(path, _)| path.starts_with(section));
            let Some(i) = EXPENDABLE.iter().find_map(|section| first(section)) else {
                break;
            };
            held.remove(i);
            gone += 1;
        }
        self.lost(gone, "the disk takes nothing and memory is full");
    }

    fn lost(&self, files: u64, why: &str) {
        if files > 0 {
            let text = format!("{why}; {files} files of results were lost");
            self.parts.report(SPOOL, Health::Broken(text));
            self.parts.add(DROPPED, DROPPED_HELP, PART, files as f64);
        }
    }

    fn held(&self) -> MutexGuard<'_, VecDeque<(String, Vec<u8>)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Found {
    path: String,
    bytes: u64,
    written: std::time::SystemTime,
}

/// All files in a folder and those within; not those that are being written.
fn collect(root: &Path, folder: &Path, found: &mut Vec<Found>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(about) = entry.metadata() else {
            continue;
        };
        if about.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_none_or(|e| e != "part")
            && let Ok(inner) = path.strip_prefix(root)
        {
            found.push(Found {
                path: inner.to_string_lossy().into_owned(),
                bytes: about.len(),
                written: about.modified().unwrap_or(std::time::UNIX_EPOCH),
            });
        }
    }
}

/// Has the disk know a file by its name: the name is in the folder, not in the file.
pub fn sync(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("/"));
    fs::File::open(folder)?.sync_all()
}
