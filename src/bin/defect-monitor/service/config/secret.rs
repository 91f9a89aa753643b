// SPDX-License-Identifier: MPL-2.0
//! Passwords and keys: never in the configuration itself.

use std::path::PathBuf;

use serde::Deserialize;

/// Where a secret is to be found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Secret {
    /// In that environment variable.
    Env(String),
    /// In that file; white space at its end doesn't count.
    File(PathBuf),
}

impl Secret {
    /// Its value; an error says what is missing, never what it is.
    pub fn read(&self) -> Result<String, String> {
        match self {
            Self::Env(name) => std::env::var(name)
                .map_err(|_| format!("the environment variable {name} isn't set, or not in UTF-8")),
            Self::File(path) => std::fs::read_to_string(path)
                .map(|text| text.trim_end().to_owned())
                .map_err(|e| format!("{}: {e}", path.display())),
        }
    }
}
