// SPDX-License-Identifier: MPL-2.0
//! The folder of the state. It belongs to one process at a time.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// A name that is safe as that of a file: what isn't a letter, digit, `-`, `_` or `.` becomes `_`.
pub fn file_name(text: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    text.chars()
        .map(|c| if is_safe(c) { c } else { '_' })
        .collect()
}

/// The folder that systemd gives, or else the user's (XDG Base Directory Specification).
pub fn default_folder() -> Result<PathBuf, String> {
    let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
    if let Some(folder) = variable("STATE_DIRECTORY") {
        return Ok(folder.into());
    }
    let base = variable("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".local").join("state")));
    base.map(|base| base.join("defect-monitor")).ok_or_else(|| {
        "there is no folder for the state: none of STATE_DIRECTORY, XDG_STATE_HOME and HOME is set; set `path` in [state]"
            .to_owned()
    })
}

/// A folder that is locked as long as this lives.
#[derive(Debug)]
pub struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file isn't enough: a process that another thread starts just now has it open until it runs its program.
        let _ = self.0.unlock();
    }
}

/// Locks a folder for this process. None if there can't be a lock in it.
pub fn lock(folder: &Path) -> Result<Option<Lock>, String> {
    let Ok(file) = File::create(folder.join("lock")) else {
        return Ok(None);
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock(file))),
        Err(TryLockError::Error(_)) => Ok(None),
        Err(TryLockError::WouldBlock) => Err(format!(
            "the state folder {} is used by another process; give each one a folder of its own with `path` in [state]",
            folder.display()
        )),
    }
}
