// SPDX-License-Identifier: MPL-2.0
//! Writes results to the disk, whole or not at all, and leaves room there for alarms.

use std::fs;
use std::io::{self, Write};

use super::super::files::{make_folders, room, sync};
use super::Spool;

impl Spool {
    /// Adds to an object that grows: on the disk, or not at all.
    pub(super) fn try_append(&self, path: &str, content: &[u8]) -> io::Result<()> {
        self.check_room()?;
        let file = self.growing.join(path);
        let is_new = !file.exists();
        make_folders(&file)?;
        let mut out = fs::File::options().create(true).append(true).open(&file)?;
        let before = out.metadata()?.len();
        let written = out.write_all(content).and_then(|()| out.sync_data());
        if written.is_err() {
            let _ = out.set_len(before);
            if is_new {
                let _ = fs::remove_file(&file);
            }
            return written;
        }
        if is_new { sync(&file) } else { Ok(()) }
    }

    /// Writes all or nothing. `is_certain`: also across a power cut; the data is on the disk when this returns.
    pub(super) fn write(&self, path: &str, content: &[u8], is_certain: bool) -> io::Result<()> {
        self.check_room()?;
        let file = self.folder.join(path);
        let part = file.with_extension("part");
        let written = (|| {
            make_folders(&file)?;
            let mut out = fs::File::create(&part)?;
            out.write_all(content)?;
            if is_certain {
                out.sync_all()?;
            }
            fs::rename(&part, &file)?;
            if is_certain { sync(&file) } else { Ok(()) }
        })();
        if written.is_err() {
            let _ = fs::remove_file(&part);
        }
        written
    }

    /// Whether the disk has room for results as well.
    fn check_room(&self) -> io::Result<()> {
        let (free, reserve) = room(&self.folder)?;
        match free < reserve {
            true => Err(io::Error::other(format!(
                "{free} bytes are left, and alarms may need them"
            ))),
            false => Ok(()),
        }
    }
}
