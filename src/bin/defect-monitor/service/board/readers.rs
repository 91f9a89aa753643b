// SPDX-License-Identifier: MPL-2.0
//! What the page, the metrics and the API read from the board.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Board, MinuteState, State, Stream, StreamSheet, WorkerStatus};
use crate::lock::lock;

/// Age from which a thumbnail of a watched stream isn't shown.
const FRESH: Duration = Duration::from_secs(60);

impl Board {
    /// Whether [`set_configured`](Self::set_configured) was said.
    pub fn is_configured(&self) -> bool {
        self.configured.load(Ordering::Relaxed)
    }

    /// How many streams are configured, those of other members included.
    pub fn streams_configured(&self) -> usize {
        self.streams_configured.load(Ordering::Relaxed)
    }

    /// The processes that watch streams, by number.
    pub fn workers(&self) -> Vec<WorkerStatus> {
        lock(&self.workers).clone()
    }

    /// When the process started.
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// Grows with every change.
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::SeqCst)
    }

    /// The revision when a stream was removed last.
    pub fn removed(&self) -> u64 {
        self.removed.load(Ordering::SeqCst)
    }

    /// Looks at every stream, by id, each under its lock for that moment.
    pub fn each(&self, mut look: impl FnMut(&StreamSheet)) {
        for stream in self.all() {
            look(&lock(&stream.sheet));
        }
    }

    /// All that is known of every stream.
    pub fn sheets(&self) -> Vec<StreamSheet> {
        let mut sheets = Vec::new();
        self.each(|sheet| sheets.push(sheet.clone()));
        sheets
    }

    /// All that is known of a stream.
    pub fn sheet(&self, id: &str) -> Option<StreamSheet> {
        self.stream(id).map(|stream| lock(&stream.sheet).clone())
    }

    /// How a minute of a stream was: state and word.
    pub fn minute(&self, id: &str, minute: i64) -> Option<(MinuteState, u8)> {
        let stream = self.stream(id)?;
        let seen = lock(&stream.day).at(minute);
        Some((seen.state, seen.what))
    }

    /// The day of a stream up to a minute, as runs of state, word and count.
    pub fn day(&self, id: &str, until: i64) -> Option<Vec<[u16; 3]>> {
        let stream = self.stream(id)?;
        let runs = lock(&stream.day).runs(until);
        Some(runs)
    }

    /// The words that days refer to by number.
    pub fn words(&self) -> Vec<Arc<str>> {
        self.words.all()
    }

    /// The latest picture of a stream, if it isn't too old to be shown as what is on. Somebody sees it, so more will be made.
    pub fn thumbnail(&self, id: &str) -> Option<Arc<[u8]>> {
        let stream = self.stream(id)?;
        let watched = lock(&stream.sheet).state == State::Watching;
        let mut thumbnail = lock(&stream.thumbnail);
        thumbnail.viewed = Some(Instant::now());
        let (jpeg, taken) = thumbnail.jpeg.as_ref()?;
        (!watched || taken.elapsed() < FRESH).then(|| jpeg.clone())
    }

    fn all(&self) -> Vec<Arc<Stream>> {
        let streams = self.streams.read().unwrap_or_else(PoisonError::into_inner);
        streams.values().cloned().collect()
    }
}
