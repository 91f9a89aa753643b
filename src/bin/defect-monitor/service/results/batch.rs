// SPDX-License-Identifier: MPL-2.0
//! Records and events of the last batch interval: JSON lines, one file for all streams, each hour, and events or
//! records. Each batch is compressed by itself and appended to its file, as gzip allows.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use flate2::{Compression, write::GzEncoder};
use jiff::Timestamp;
use serde::Serialize;

use super::place;
use super::spool::Spool;
use crate::service::outcome::{Outcome, Snapshot};
use crate::service::state::StateStore;
use crate::service::state::folder::file_name;

/// Uncompressed bytes at which a batch is handed over early.
const FULL: usize = 64 << 20;
/// Most pictures of a stream that are kept in an hour, so that a storm of defects doesn't become a storm of objects.
const MOST_PICTURES: u32 = 60;

/// A batch in the making.
pub struct Batch {
    /// By partition; compressed when handed over, since each compressor at work takes 300 kB.
    files: BTreeMap<String, Lines>,
    bytes: usize,
    /// Of the member and this run.
    name: String,
    /// Of the object.
    number: u64,
    /// By stream: the hour, and how many pictures it has.
    pictures: BTreeMap<Arc<str>, (String, u32)>,
    spool: Arc<Spool>,
    state: StateStore,
    line: Vec<u8>,
}

#[derive(Default)]
struct Lines {
    text: Vec<u8>,
    count: u64,
}

impl Batch {
    /// Of that member, for that spool. Pictures are noted in the state.
    pub fn new(member: &str, spool: Arc<Spool>, state: StateStore) -> Self {
        let now = Timestamp::now().as_millisecond();
        // Two machines may start in the same moment.
        let run = crate::service::chance(0.0, 65536.0) as u32;
        Self {
            files: BTreeMap::new(),
            bytes: 0,
            name: format!("{}-{now}-{run:04x}", file_name(member)),
            number: 1,
            pictures: BTreeMap::new(),
            spool,
            state,
            line: Vec::new(),
        }
    }

    /// Adds an outcome of a stream.
    pub fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Defect(event) => self.line(place::EVENTS, event.time, &event),
            Outcome::Second(record) => self.line(place::RECORDS, record.time, &record),
            Outcome::Picture(picture) => self.picture(&picture),
        }
    }

    /// Whether it is time to hand it over, for its size.
    pub fn is_full(&self) -> bool {
        self.bytes >= FULL
    }

    /// Appends the batch to the files.
    pub fn hand_over(&mut self) {
        self.bytes = 0;
        for (partition, lines) in std::mem::take(&mut self.files) {
            let path = format!("{partition}/{}-{:06}.jsonl.gz", self.name, self.number);
            let mut batch = GzEncoder::new(Vec::new(), Compression::default());
            // Into memory: there is nothing that could fail.
            let _ = batch.write_all(&lines.text);
            self.spool
                .append(&path, batch.finish().unwrap_or_default(), lines.count);
        }
        self.spool.settle();
    }

    /// The files are as they are to be in the store. What comes now comes into others.
    pub fn finish_objects(&mut self) {
        self.spool.finish_objects();
        self.number += 1;
    }

    fn line(&mut self, section: &str, time: Timestamp, value: &impl Serialize) {
        self.line.clear();
        if serde_json::to_writer(&mut self.line, value).is_err() {
            return;
        }
        self.line.push(b'\n');
        self.bytes += self.line.len();
        let lines = self
            .files
            .entry(place::partition(section, time))
            .or_default();
        lines.text.extend_from_slice(&self.line);
        lines.count += 1;
    }

    fn picture(&mut self, picture: &Snapshot) {
        let path = place::picture(picture);
        let hour = place::hour_of(&path);
        let stream = Arc::clone(&picture.source.stream);
        let (of, count) = self.pictures.entry(stream).or_default();
        if *of != hour {
            (*of, *count) = (hour.to_owned(), 0);
        }
        if *count < MOST_PICTURES {
            *count += 1;
            // The file is there before the history names it.
            self.spool.put(path.clone(), picture.jpeg.to_vec(), 1);
            self.state
                .record_picture(&picture.episode, picture.moment, &path);
        }
    }
}
