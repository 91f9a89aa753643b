// SPDX-License-Identifier: MPL-2.0
//! The present state of every stream: written by streams, read by the page, the metrics and the API.
//!
//! Each stream has locks of its own, held for microseconds: readers copy what they need. Memory is bounded for each stream, however
//! long it runs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::outcome::{Event, Outcome, Record, Status};
use super::protocol::Footprint;
use super::stream::SPARSE;
use crate::lock::lock;

pub mod day;
pub mod detector_state;
mod readers;
mod sheet;
mod state;
#[cfg(test)]
mod tests;

pub use day::{MinuteState, ReasonWords};
pub use sheet::StreamSheet;
pub use state::{State, Track, Usage};

use day::{Day, Minute, minute_of};

/// Time after a request in which thumbnails are made.
const VIEWED: Duration = Duration::from_secs(30);

/// The board.
#[derive(Debug)]
pub struct Board {
    streams: RwLock<BTreeMap<Arc<str>, Arc<Stream>>>,
    words: ReasonWords,
    /// Grows with every change.
    revision: AtomicU64,
    /// The revision when a stream was removed last.
    removed: AtomicU64,
    configured: AtomicBool,
    /// How many streams are configured, those of other members included.
    streams_configured: AtomicUsize,
    started: Timestamp,
    workers: Mutex<Vec<WorkerStatus>>,
}

/// A process that watches streams.
#[derive(Debug, Clone)]
pub struct WorkerStatus {
    /// What it is called: the lowest number that was free when it was started.
    pub number: usize,
    /// Its process id.
    pub process: u32,
    /// What it watches.
    pub streams: Vec<Arc<str>>,
    /// What it has of the machine.
    pub footprint: Footprint,
    /// How often its streams were started again.
    pub reconnects: u64,
    /// How long it has run.
    pub lived: Duration,
}

#[derive(Debug)]
struct Stream {
    sheet: Mutex<StreamSheet>,
    day: Mutex<Day>,
    thumbnail: Mutex<Thumbnail>,
}

#[derive(Debug, Default)]
struct Thumbnail {
    jpeg: Option<(Arc<[u8]>, Instant)>,
    viewed: Option<Instant>,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            streams: RwLock::default(),
            words: ReasonWords::default(),
            revision: AtomicU64::new(0),
            removed: AtomicU64::new(0),
            configured: AtomicBool::new(false),
            streams_configured: AtomicUsize::new(0),
            started: Timestamp::now(),
            workers: Mutex::default(),
        }
    }
}

/// For streams and what runs them; what readers get is in `readers`. What is said of a stream that isn't registered is dropped.
impl Board {
    /// A stream of the configuration, `Pending` at first. One that is known keeps its history.
    pub fn register(
        &self,
        id: &str,
        uri: &str,
        labels: Arc<BTreeMap<String, String>>,
        detectors: Vec<Arc<str>>,
    ) {
        let stream = {
            let mut streams = self.streams.write().unwrap_or_else(PoisonError::into_inner);
            let id: Arc<str> = id.into();
            let stream = streams.entry(id.clone()).or_insert_with(|| {
                Arc::new(Stream {
                    sheet: Mutex::new(StreamSheet::new(id)),
                    day: Mutex::default(),
                    thumbnail: Mutex::default(),
                })
            });
            stream.clone()
        };
        self.change(&stream, |sheet| {
            sheet.uri = uri.into();
            sheet.labels = labels;
            sheet.detectors = detectors;
        });
    }

    /// A stream that is shown and isn't here has changed. Gives the revision.
    pub fn note_change(&self) -> u64 {
        self.revision.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// A stream that was shown is gone.
    pub fn note_removal(&self) {
        self.removed.store(self.note_change(), Ordering::SeqCst);
    }

    /// The number of a word in `words`.
    pub fn word(&self, word: &str) -> u8 {
        self.words.number(word)
    }

    /// A stream that is no longer watched.
    pub fn forget(&self, id: &str) {
        let mut streams = self.streams.write().unwrap_or_else(PoisonError::into_inner);
        if streams.remove(id).is_some() {
            self.note_removal();
        }
    }

    /// The configuration has been applied: all its streams are registered. Until then the process isn't ready.
    pub fn set_configured(&self) {
        self.configured.store(true, Ordering::Relaxed);
    }

    /// How many streams are configured, those of other members included.
    pub fn set_streams_configured(&self, streams: usize) {
        self.streams_configured.store(streams, Ordering::Relaxed);
    }

    /// The processes that watch streams.
    pub fn set_workers(&self, workers: Vec<WorkerStatus>) {
        *lock(&self.workers) = workers;
    }

    /// How a stream is now, and why in words.
    pub fn set_state(&self, id: &str, state: State, reason: Option<String>) {
        let Some(stream) = self.stream(id) else {
            return;
        };
        let mut sheet = lock(&stream.sheet);
        if sheet.state == state && sheet.reason == reason {
            return;
        }
        if sheet.state != state {
            sheet.since = Timestamp::now();
        }
        (sheet.state, sheet.reason) = (state, reason);
        self.bump(&mut sheet);
    }

    /// What is in a stream.
    pub fn set_tracks(&self, id: &str, tracks: Vec<Track>) {
        self.change_of(id, |sheet| sheet.tracks = tracks);
    }

    /// What a stream uses.
    pub fn set_usage(&self, id: &str, usage: Usage) {
        let Some(stream) = self.stream(id) else {
            return;
        };
        let mut sheet = lock(&stream.sheet);
        if sheet.usage.restarts != usage.restarts {
            self.bump(&mut sheet);
        }
        sheet.usage = usage;
    }

    /// A small picture of what is on, as a JPEG.
    pub fn set_thumbnail(&self, id: &str, jpeg: Arc<[u8]>) {
        if let Some(stream) = self.stream(id) {
            lock(&stream.thumbnail).jpeg = Some((jpeg, Instant::now()));
        }
    }

    /// Whether a client requested this stream's thumbnail within 30 s; only then thumbnails are made.
    pub fn wants_thumbnail(&self, id: &str) -> bool {
        let seen = |stream: Arc<Stream>| lock(&stream.thumbnail).viewed;
        let viewed = self.stream(id).and_then(seen);
        viewed.is_some_and(|at| at.elapsed() < VIEWED)
    }

    /// Takes an outcome of a stream.
    pub fn note(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Defect(event) => self.note_event(event),
            Outcome::Second(record) => self.note_second(record),
            Outcome::Picture(_) => {}
        }
    }

    fn note_event(&self, event: &Event) {
        let Some(stream) = self.stream(&event.source.stream) else {
            return;
        };
        self.change(&stream, |sheet| sheet.episode(event));
        let seen = Minute {
            state: sheet::minute_state_of(event),
            what: self.words.number(&event.defect.kind),
        };
        let minutes = (event.defect.duration / 60_000_000_000).min(day::MINUTES as u64) as i64;
        let first = minute_of(event.time);
        let mut day = lock(&stream.day);
        (first..=first + minutes).for_each(|minute| day.note(minute, seen));
    }

    fn note_second(&self, record: &Record) {
        let Some(stream) = self.stream(&record.source.stream) else {
            return;
        };
        let worst = {
            let mut sheet = lock(&stream.sheet);
            if sheet.second(record) {
                self.bump(&mut sheet);
            }
            let worst = sheet.worst();
            worst.map(|(state, event)| (state, self.words.number(&event.defect.kind)))
        };
        let (state, what) = worst.unwrap_or_else(|| self.without_defect(record));
        lock(&stream.day).note(minute_of(record.time), Minute { state, what });
    }

    /// What a second is where no episode is open. A condition that hasn't lasted long enough to be a defect isn't one.
    fn without_defect(&self, record: &Record) -> (MinuteState, u8) {
        match (record.status, &record.reason) {
            // The stream is watched by others meanwhile.
            (Status::NotAnalysed, Some(reason)) if reason == SPARSE => (MinuteState::Ok, 0),
            (Status::NotAnalysed, Some(reason)) => {
                (MinuteState::Unwatched, self.words.number(reason))
            }
            (Status::NotAnalysed | Status::Inconclusive, _) => (MinuteState::Inconclusive, 0),
            (Status::Ok | Status::Defect, _) => (MinuteState::Ok, 0),
        }
    }

    fn change_of(&self, id: &str, change: impl FnOnce(&mut StreamSheet)) {
        if let Some(stream) = self.stream(id) {
            self.change(&stream, change);
        }
    }

    fn change(&self, stream: &Stream, change: impl FnOnce(&mut StreamSheet)) {
        let mut sheet = lock(&stream.sheet);
        change(&mut sheet);
        self.bump(&mut sheet);
    }

    /// Called under the sheet's lock, so that a client that reads the revision first and the sheet then misses
    /// nothing.
    fn bump(&self, sheet: &mut StreamSheet) {
        sheet.changed = self.note_change();
    }

    fn stream(&self, id: &str) -> Option<Arc<Stream>> {
        let streams = self.streams.read().unwrap_or_else(PoisonError::into_inner);
        streams.get(id).cloned()
    }
}
