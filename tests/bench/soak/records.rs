// SPDX-License-Identifier: MPL-2.0
//! What the service has written down: whether no second is missing, and who wasn't watched when.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

/// The streams of a worker that was killed may miss so many seconds before and after.
const BEFORE: i64 = 2;
const AFTER: i64 = 15;

/// All records so far.
#[derive(Default)]
pub struct Records {
    /// First second, last second, and how many, of each stream, track and detector.
    lines: BTreeMap<String, (i64, i64, i64)>,
    /// Seconds of each stream in which a detector analysed nothing, but for the seams of loops.
    unwatched: BTreeMap<String, BTreeSet<i64>>,
    /// When each stream was watched first.
    watched: BTreeMap<String, i64>,
    count: u64,
}

/// When a worker was killed, and what it watched.
pub struct Kill {
    at: i64,
    streams: Vec<String>,
}

/// The kills that a log tells of.
pub fn kills(log: &str) -> Vec<Kill> {
    let kill = |line: &str| {
        let (before, streams) = line.split_once(" was ended by SIGKILL; it watched ")?;
        let time: jiff::Timestamp = before.split_whitespace().next()?.parse().ok()?;
        Some(Kill {
            at: time.as_second(),
            streams: streams.split(", ").map(ToOwned::to_owned).collect(),
        })
    };
    log.lines().filter_map(kill).collect()
}

impl Records {
    /// Takes note of what is in the files, and takes those away.
    pub fn read(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.read(&path);
            } else if path.extension().is_some_and(|e| e == "gz") {
                let mut text = String::new();
                let file = std::fs::File::open(&path).unwrap();
                flate2::read::MultiGzDecoder::new(file)
                    .read_to_string(&mut text)
                    .unwrap();
                text.lines().for_each(|line| self.note(line));
                std::fs::remove_file(&path).unwrap();
            }
        }
    }

    fn note(&mut self, line: &str) {
        let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let text = |key: &str| record[key].as_str().unwrap_or_default();
        let time: jiff::Timestamp = text("time").parse().expect("a time");
        let (at, stream) = (time.as_second(), text("stream").to_owned());
        let key = format!("{stream} {} {}", text("track"), text("detector"));
        let known = self.lines.entry(key).or_insert((at, at, 0));
        *known = (known.0.min(at), known.1.max(at), known.2 + 1);
        self.count += 1;
        match (text("status"), text("reason")) {
            // A second between two rounds that neither fills.
            ("not-analysed", "gap") => {}
            ("not-analysed", _) => {
                self.unwatched.entry(stream).or_default().insert(at);
            }
            _ => {
                let first = self.watched.entry(stream).or_insert(at);
                *first = at.min(*first);
            }
        }
    }

    /// Prints what is missing; `is_steady`: whether a stream is to be watched all the time.
    pub fn report(&self, kills: &[Kill], is_steady: impl Fn(&str) -> bool) {
        let missing = self.lines.values();
        let missing: i64 = missing
            .map(|(first, last, n)| (last - first + 1 - n).abs())
            .sum();
        println!(
            "{} records of {} detectors of tracks: {missing} seconds missing or there twice",
            self.count,
            self.lines.len()
        );
        let steady = self.watched.iter().filter(|(name, _)| is_steady(name));
        let (mut longest, mut killed, mut others) = (0, 0, 0);
        for (name, first) in steady.clone() {
            let unwatched = self.unwatched.get(name).into_iter().flatten();
            let unwatched: Vec<i64> = unwatched.copied().filter(|at| at >= first).collect();
            let near = |at: i64, kill: &Kill| (kill.at - BEFORE..kill.at + AFTER).contains(&at);
            let own: Vec<&Kill> = kills.iter().filter(|k| k.streams.contains(name)).collect();
            killed += own.len();
            for kill in &own {
                let missed = unwatched.iter().filter(|at| near(**at, kill)).count();
                longest = longest.max(missed);
            }
            let elsewhere = unwatched
                .iter()
                .filter(|at| !own.iter().any(|kill| near(**at, kill)));
            others += elsewhere.count();
        }
        println!(
            "{} workers killed with {killed} steady streams: unwatched for {longest} s at most; other seconds of {} steady streams \
            unwatched: {others}",
            kills.len(),
            steady.count()
        );
    }
}
