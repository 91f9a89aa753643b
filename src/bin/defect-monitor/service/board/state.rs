// SPDX-License-Identifier: MPL-2.0
//! What a stream says of itself: its state, its tracks, what it uses.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The state of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// In the configuration, and not started yet.
    Pending,
    /// Trying to reach the source.
    Connecting,
    /// Data comes and is watched.
    Watching,
    /// It failed; the next try is at a known time.
    Waiting,
    /// A file that has been watched to its end.
    Over,
    /// More than this machine can watch in real time.
    Refused,
    /// Its worker failed with it again and again: it isn't watched.
    Quarantined,
    /// No member of the cluster watches it.
    Unwatched,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Connecting,
        Self::Watching,
        Self::Waiting,
        Self::Over,
        Self::Refused,
        Self::Quarantined,
        Self::Unwatched,
    ];

    /// Its name, everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Connecting => "connecting",
            Self::Watching => "watching",
            Self::Waiting => "waiting",
            Self::Over => "over",
            Self::Refused => "refused",
            Self::Quarantined => "quarantined",
            Self::Unwatched => "unwatched",
        }
    }
}

/// A picture or sound in a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// Its name in results, e.g. `video-0`.
    pub name: Arc<str>,
    /// What flows in it, in words, e.g. `h264 1920x1080 25/1`.
    pub what: String,
}

/// What a stream has used and where it is; totals since the process started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Usage {
    /// Processor time of its threads, in seconds.
    pub cpu_seconds: f64,
    /// How far the analysis is behind real time, in seconds.
    pub lag_seconds: f64,
    /// How often it had to be started again.
    pub restarts: u64,
    /// Buffers analysed.
    pub buffers: u64,
    /// Where it is, in ns of stream time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// Pictures that couldn't be made: thumbnails, and those of defects.
    pub picture_failures: u64,
}

impl Usage {
    /// With what runs before this one have used.
    pub fn after(self, before: &Self) -> Self {
        Self {
            cpu_seconds: before.cpu_seconds + self.cpu_seconds,
            restarts: before.restarts + self.restarts,
            buffers: before.buffers + self.buffers,
            picture_failures: before.picture_failures + self.picture_failures,
            ..self
        }
    }
}
