// SPDX-License-Identifier: MPL-2.0
//! A temporary folder.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder that is deleted on drop.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes a folder in that one, or in the system's folder for temporary files; `what` it is for.
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
