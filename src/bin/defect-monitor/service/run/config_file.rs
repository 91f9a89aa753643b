// SPDX-License-Identifier: MPL-2.0
//! The configuration file, and whether it has changed.

use std::path::{Path, PathBuf};

/// The file and its content. The content is compared, not the time: a link that points to another file, as in mounted volumes, is a
/// change as well.
#[derive(Debug, Clone)]
pub struct ConfigFile {
    path: PathBuf,
    /// `None`: it couldn't be read.
    content: Option<Vec<u8>>,
    /// What it was when it was last looked at.
    seen: Option<Vec<u8>>,
}

impl ConfigFile {
    /// Reads the file.
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            content: std::fs::read(path).ok(),
            seen: None,
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the content differs from the one noted last, and is what it was at the last look: it may be half written. A file that can't
    /// be read at the moment is being replaced.
    pub fn has_changed(&mut self) -> bool {
        let content = std::fs::read(&self.path).ok();
        let is_whole = content.is_some() && content == self.seen;
        self.seen = content;
        is_whole && self.seen != self.content
    }

    /// Whether there is nothing in it, as after a write that failed.
    pub fn is_empty(&self) -> bool {
        let content = std::fs::read(&self.path).unwrap_or_default();
        content.iter().all(u8::is_ascii_whitespace)
    }

    /// Notes the present content.
    pub fn note(&mut self) {
        self.content = std::fs::read(&self.path).ok();
    }
}
