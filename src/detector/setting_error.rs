// SPDX-License-Identifier: MPL-2.0
//! Why a setting is refused.

use std::fmt;

/// Why a setting is refused. It stays as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingError {
    /// The element has no such property.
    UnknownProperty {
        /// Name of the element.
        element: &'static str,
        /// The name that it doesn't know.
        property: String,
        /// All properties that it has.
        known: Vec<&'static str>,
    },
    /// The property doesn't take that value.
    InvalidValue {
        /// Name of the property.
        property: &'static str,
        /// The value, as it was written.
        value: String,
        /// What the property takes, in words.
        possible: String,
    },
}

impl std::error::Error for SettingError {}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownProperty {
                element,
                property,
                known,
            } => {
                let known = known.join(", ");
                write!(f, "{element} has no property {property:?}; it has: {known}")
            }
            Self::InvalidValue {
                property,
                value,
                possible,
            } => write!(f, "{property} takes {possible}, not {value:?}"),
        }
    }
}
