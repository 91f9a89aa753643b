// SPDX-License-Identifier: MPL-2.0
//! Counts defects for the summary.

use std::collections::BTreeMap;

use gstdefect::DefectMessage;

use super::line;

/// Episodes of one source.
#[derive(Debug, Default)]
pub struct Tally {
    open: BTreeMap<(String, String, u64), String>,
    kinds: BTreeMap<String, Kind>,
    /// Every episode that is over.
    pub episodes: Vec<Episode>,
}

/// Episodes of one kind.
#[derive(Debug, Default, Clone, Copy)]
pub struct Kind {
    /// How many.
    pub count: u64,
    /// How long together, in ns.
    pub total: u64,
    /// The longest, in ns.
    pub longest: u64,
}

/// One episode.
#[derive(Debug, Clone)]
pub struct Episode {
    /// Kind of defect.
    pub kind: String,
    /// Channel of sound.
    pub channel: Option<i32>,
    /// First instant, in stream time.
    pub start: u64,
    /// First instant after it.
    pub end: u64,
}

impl Tally {
    /// Takes note of a message.
    pub fn note(&mut self, stream: &str, defect: &DefectMessage) {
        let key = (stream.to_owned(), defect.element.clone(), defect.id);
        if defect.state != "end" {
            self.open.insert(key, line::kind(defect));
            return;
        }
        self.open.remove(&key);
        let kind = self.kinds.entry(line::kind(defect)).or_default();
        kind.count += 1;
        kind.total += defect.duration;
        kind.longest = kind.longest.max(defect.duration);
        if self.episodes.len() < MOST_EPISODES {
            let start = line::start(defect);
            self.episodes.push(Episode {
                kind: defect.kind.clone(),
                channel: defect.channel,
                start,
                end: start.saturating_add(defect.duration),
            });
        }
    }

    /// Whether there was a defect.
    pub fn is_clean(&self) -> bool {
        self.open.is_empty() && self.kinds.is_empty()
    }

    /// The open episodes, e.g. `black/picture, silence (2)`.
    pub fn open(&self) -> Option<String> {
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for kind in self.open.values() {
            *kinds.entry(kind).or_default() += 1;
        }
        let words = kinds.iter().map(|(kind, n)| match n {
            1 => (*kind).to_owned(),
            n => format!("{kind} ({n})"),
        });
        let words = words.collect::<Vec<_>>().join(", ");
        (!words.is_empty()).then_some(words)
    }

    /// By kind and sub-kind.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.kinds.iter().map(|(name, kind)| (name.as_str(), *kind))
    }
}

/// Enough to compare with the demonstration programme; streams that never end don't fill the memory.
const MOST_EPISODES: usize = 1000;
