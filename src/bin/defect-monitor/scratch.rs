// SPDX-License-Identifier: MPL-2.0
//! A place for files that are needed for a while.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder that goes when it is no longer needed.
pub struct Scratch(PathBuf);

impl Scratch {
    /// In that folder, or where the system has such files; `what` it is for.
    pub fn new(within: Option<&Path>, what: &str) -> Result<Self, String> {
        let within = within.map_or_else(std::env::temp_dir, Path::to_owned);
        let path = within.join(format!("defect-{what}-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Self(path))
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
