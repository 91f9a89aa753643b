// SPDX-License-Identifier: MPL-2.0
//! What is known of every stream at the moment: written by streams, read by the page, the metrics and the API.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::outcome::Outcome;

/// The board.
#[derive(Debug, Default)]
pub struct Board {
    streams: Mutex<BTreeMap<Arc<str>, Arc<Mutex<()>>>>,
}

/// How a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
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
}

impl Board {
    /// Takes note of what a stream said.
    pub fn note(&self, _outcome: &Outcome) {}
}
