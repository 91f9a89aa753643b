// SPDX-License-Identifier: MPL-2.0
//! The section `[workers]`.

use std::num::NonZeroUsize;

use serde::Deserialize;

/// How streams are shared among processes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// How many streams a worker process watches at most: so many are disturbed, for seconds, if one of them makes it
    /// fail. Each process takes some 30 MB by itself.
    pub streams_per_worker: NonZeroUsize,
    /// A worker with more memory than this is replaced.
    pub memory_limit_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            streams_per_worker: NonZeroUsize::new(8).unwrap_or(NonZeroUsize::MIN),
            memory_limit_bytes: 4 << 30,
        }
    }
}
