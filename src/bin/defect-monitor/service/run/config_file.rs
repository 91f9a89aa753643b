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
}

impl ConfigFile {
    /// Reads the file.
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            content: std::fs::read(path).ok(),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the content differs from the one noted last. A file that can't be read at the moment is being replaced.
    pub fn has_changed(&self) -> bool {
        let content = std::fs::read(&self.path).ok();
        content.is_some() && content != self.content
    }

    /// Notes the present content.
    pub fn note(&mut self) {
        self.content = std::fs::read(&self.path).ok();
    }
}
