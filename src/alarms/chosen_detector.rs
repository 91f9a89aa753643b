// SPDX-License-Identifier: MPL-2.0
//! A detector of a selection.

use std::fmt;

use super::SelectionError;
use crate::detectors::{Entry, Input};

/// A detector and what it is told.
#[derive(Debug)]
pub struct ChosenDetector {
    /// The detector.
    pub entry: Entry,
    /// Properties and values as GStreamer reads them, known to fit; later ones count.
    pub settings: Vec<(&'static str, String)>,
}

impl ChosenDetector {
    /// Whether it watches such a stream.
    pub fn fits(&self, is_video: bool) -> bool {
        match self.entry.input {
            Input::Pictures | Input::Captions => is_video,
            Input::Sound => !is_video,
            Input::Anything => true,
            Input::Pair => false,
        }
    }

    /// A setting, as a user writes it.
    ///
    /// # Errors
    ///
    /// If the detector has no such property, or it doesn't take that value.
    pub fn set(&mut self, property: &str, value: &str) -> Result<(), SelectionError> {
        let setting = self.entry.check(property, value)?;
        self.settings.push(setting);
        Ok(())
    }
}

/// As in the text of a [`Selection`](super::Selection).
impl fmt::Display for ChosenDetector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry.info.element)?;
        for (property, value) in &self.settings {
            write!(f, " {property}=\"{value}\"")?;
        }
        Ok(())
    }
}
