// SPDX-License-Identifier: MPL-2.0
//! The state of a detector on a track.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::super::outcome::{Record, Status};

/// Age from which a detector's report is of a track that has gone: detectors report every second.
const CURRENT: SignedDuration = SignedDuration::from_secs(10);

/// The state of a detector on a track.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DetectorState {
    /// The track; empty for the stream as a whole.
    pub track: Arc<str>,
    /// The element.
    pub detector: Arc<str>,
    /// Time of its last report.
    pub heard: Timestamp,
    /// Status of the last second.
    pub status: Status,
    /// Seconds so far with each status.
    pub seconds: Seconds,
    /// What it measured last.
    pub measures: BTreeMap<String, f64>,
}

impl DetectorState {
    /// Of a detector with its first record.
    pub fn new(record: &Record, now: Timestamp) -> Self {
        Self {
            track: record.source.track.clone(),
            detector: record.detector.clone(),
            heard: now,
            status: record.status,
            seconds: Seconds::default(),
            measures: BTreeMap::new(),
        }
    }

    /// Takes the record of a second.
    pub fn note(&mut self, record: &Record, now: Timestamp) {
        self.status = record.status;
        self.heard = now;
        *self.seconds.of(record.status) += 1;
        // The names are the same every second; only the numbers are copied.
        if self.measures.len() == record.measures.len()
            && self.measures.keys().eq(record.measures.keys())
        {
            for (old, new) in self.measures.values_mut().zip(record.measures.values()) {
                *old = *new;
            }
        } else {
            self.measures.clone_from(&record.measures);
        }
    }

    /// Whether it is about now: a track may have gone since.
    pub fn is_current(&self, now: Timestamp) -> bool {
        now.duration_since(self.heard) < CURRENT
    }
}

/// Seconds with each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Seconds {
    /// Nothing wrong.
    pub ok: u64,
    /// A defect.
    pub defect: u64,
    /// The content couldn't be judged.
    pub inconclusive: u64,
    /// Nothing was analysed.
    pub not_analysed: u64,
}

impl Seconds {
    /// Those with a status.
    pub fn of(&mut self, status: Status) -> &mut u64 {
        match status {
            Status::Ok => &mut self.ok,
            Status::Defect => &mut self.defect,
            Status::Inconclusive => &mut self.inconclusive,
            Status::NotAnalysed => &mut self.not_analysed,
        }
    }
}
