// SPDX-License-Identifier: MPL-2.0
//! The section `[state]`.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

/// Where the state of the service is, and for how long.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct StateConfig {
    /// A folder for this process alone; by default in the folder for state of the service or the user.
    pub path: Option<PathBuf>,
    /// For how long the history of episodes is kept, in days.
    pub history_days: u32,
}

impl Default for StateConfig {
    fn default() -> Self {
        Self {
            path: None,
            history_days: 90,
        }
    }
}

impl StateConfig {
    /// For how long the history is kept.
    pub fn history(&self) -> Duration {
        Duration::from_secs(u64::from(self.history_days) * 86_400)
    }

    /// The time before which nothing is kept.
    pub fn oldest(&self) -> Timestamp {
        let oldest = Timestamp::now().checked_sub(self.history());
        oldest.unwrap_or(Timestamp::MIN)
    }
}
