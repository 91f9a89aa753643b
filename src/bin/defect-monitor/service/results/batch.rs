// SPDX-License-Identifier: MPL-2.0
//! What was said lately: compressed JSON lines, one file for each stream, hour, and events or records.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use flate2::{Compression, write::GzEncoder};
use jiff::Timestamp;
use serde::Serialize;

use super::place;
use super::spool::{self, Spool};
use crate::service::outcome::{Moment, Outcome, Snapshot};

/// So much, uncompressed, and a batch is handed over early.
const FULL: usize = 64 << 20;

/// A batch in the making.
pub struct Batch {
    /// Lines by partition; compressed when handed over, since each compressor at work takes 300 kB.
    files: BTreeMap<String, Vec<u8>>,
    bytes: usize,
    /// Of the member and this run.
    name: String,
    number: u64,
    spool: Arc<Spool>,
    line: Vec<u8>,
}

impl Batch {
    /// Of that member, for that spool.
    pub fn new(member: &str, spool: Arc<Spool>) -> Self {
        let now = Timestamp::now().as_millisecond();
        // Two machines may start in the same moment.
        let run = crate::service::chance(0.0, 65536.0) as u32;
        Self {
            files: BTreeMap::new(),
            bytes: 0,
            name: format!("{}-{now}-{run:04x}", place::file_name(member)),
            number: 0,
            spool,
            line: Vec::new(),
        }
    }

    /// Adds what a stream said.
    pub fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Defect(event) => {
                self.line(spool::EVENTS, &event.source.stream, event.time, &event);
            }
            Outcome::Second(record) => {
                self.line(spool::RECORDS, &record.source.stream, record.time, &record);
            }
            Outcome::Picture(picture) => self.picture(&picture),
        }
    }

    /// Whether it is time to hand it over, for its size.
    pub fn is_full(&self) -> bool {
        self.bytes >= FULL
    }

    /// Gives what there is to the spool.
    pub fn hand_over(&mut self) {
        self.bytes = 0;
        for (partition, lines) in std::mem::take(&mut self.files) {
            self.number += 1;
            let path = format!("{partition}/{}-{:06}.jsonl.gz", self.name, self.number);
            let mut file = GzEncoder::new(Vec::new(), Compression::default());
            // Into memory: there is nothing that could fail.
            let _ = file.write_all(&lines);
            self.spool.put(path, file.finish().unwrap_or_default());
        }
        self.spool.settle();
    }

    fn line(&mut self, section: &str, stream: &str, time: Timestamp, value: &impl Serialize) {
        self.line.clear();
        if serde_json::to_writer(&mut self.line, value).is_err() {
            return;
        }
        self.line.push(b'\n');
        self.bytes += self.line.len();
        self.files
            .entry(place::partition(section, stream, time))
            .or_default()
            .extend_from_slice(&self.line);
    }

    fn picture(&self, picture: &Snapshot) {
        let moment = match picture.moment {
            Moment::Begin => "begin",
            Moment::Worst => "worst",
        };
        let partition = place::partition(spool::PICTURES, &picture.source.stream, picture.time);
        let episode = place::file_name(&picture.episode);
        let path = format!("{partition}/{episode}-{moment}.jpg");
        self.spool.put(path, picture.jpeg.to_vec());
    }
}
