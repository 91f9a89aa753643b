// SPDX-License-Identifier: MPL-2.0
//! The notices of a queue in the orders in which they are taken.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::notice::{Notice, rank};

/// The notices and their orders.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// By alarm.
    pub(super) entries: BTreeMap<Arc<str>, Entry>,
    /// The alarms in the order in which they came.
    pub(super) oldest: BTreeMap<u64, Arc<str>>,
    /// The most severe first, of these the newest.
    pub(super) severe: BTreeMap<(Reverse<usize>, Reverse<u64>), Arc<str>>,
    /// Alarms with a notice on its way.
    pub(super) on_way: BTreeSet<Arc<str>>,
    /// Alarms whose notice failed, and when each is tried again.
    pub(super) delayed: BTreeMap<Arc<str>, Instant>,
    /// Alarms whose notice waits for an answer of the engine, and for how long.
    pub(super) unanswered: BTreeMap<Arc<str>, Instant>,
    /// Alarms of which a notice was sent although the engine hadn't answered. Their further notices don't wait for an answer either, until
    /// the engine has the alarm, or the alarm is over.
    pub(super) alone: BTreeSet<Arc<str>>,
    /// The number of the next notice.
    pub(super) next: u64,
    /// Whether the next one taken is the most severe, not the oldest.
    pub(super) is_severe_next: bool,
}

impl Waiting {
    /// Adds a notice in place of that of the same alarm.
    pub(super) fn insert(&mut self, entry: Entry) {
        let alarm = Arc::clone(&entry.notice.event.episode);
        self.remove(&alarm);
        self.oldest.insert(entry.number, Arc::clone(&alarm));
        self.severe.insert(entry.severity(), Arc::clone(&alarm));
        self.entries.insert(alarm, entry);
    }

    /// Takes the notice of an alarm out of all orders.
    pub(super) fn remove(&mut self, alarm: &Arc<str>) -> Option<Entry> {
        let entry = self.entries.remove(alarm)?;
        self.oldest.remove(&entry.number);
        self.severe.remove(&entry.severity());
        self.delayed.remove(alarm);
        self.unanswered.remove(alarm);
        Some(entry)
    }
}

/// A notice that waits, as it is kept for the next run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    /// The notice.
    pub(super) notice: Arc<Notice>,
    /// Its place in the order of all.
    pub(super) number: u64,
    /// Since when it waits.
    pub(super) since: Timestamp,
    /// How often it has failed.
    #[serde(skip)]
    pub(super) failures: u32,
}

impl Entry {
    fn severity(&self) -> (Reverse<usize>, Reverse<u64>) {
        let severity = rank(&self.notice.event.defect.severity);
        (Reverse(severity), Reverse(self.number))
    }
}
