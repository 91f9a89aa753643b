// SPDX-License-Identifier: MPL-2.0
//! What is wrong with the text of a selection.

use std::fmt;

use crate::detector::SettingError;

/// What is wrong with the text of a [`Selection`](super::Selection). Its text says what is possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectionError {
    /// No detector has that name.
    UnknownDetector {
        /// The name, as it was written.
        name: String,
        /// The names of all detectors.
        known: Vec<&'static str>,
    },
    /// A word after the name of a detector isn't `PROPERTY=VALUE`.
    NoSetting {
        /// The detector, as it was written.
        name: String,
        /// The word.
        word: String,
    },
    /// A word follows a detector that is taken away.
    SettingOfRemoved {
        /// The detector, as it was written, without its minus.
        name: String,
        /// The word.
        word: String,
    },
    /// The detector takes sound and pictures together, and the selection is for one stream.
    NeedsBothMedia {
        /// The detector.
        element: &'static str,
    },
    /// A detector refuses a setting.
    Setting(SettingError),
}

impl std::error::Error for SelectionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Setting(error) => Some(error),
            _ => None,
        }
    }
}

impl From<SettingError> for SelectionError {
    fn from(error: SettingError) -> Self {
        Self::Setting(error)
    }
}

/// For programs that only show the text.
impl From<SelectionError> for String {
    fn from(error: SelectionError) -> Self {
        error.to_string()
    }
}

impl fmt::Display for SelectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownDetector { name, known } => {
                let known = known.join(", ");
                write!(f, "there is no detector {name:?}; there are: {known}")
            }
            Self::NoSetting { name, word } => {
                write!(f, "{name}: {word:?} isn't of the form PROPERTY=VALUE")
            }
            Self::SettingOfRemoved { name, word } => {
                write!(f, "-{name} takes no settings, but {word:?} follows")
            }
            Self::NeedsBothMedia { element } => write!(
                f,
                "{element} takes sound and pictures together, not one stream"
            ),
            Self::Setting(error) => error.fmt(f),
        }
    }
}
