// SPDX-License-Identifier: MPL-2.0
//! The notices that wait to be sent to a receiver.
//!
//! Of each alarm only the latest notice waits: an unsent begin is replaced by its end; an end is never replaced. `take`
//! alternates between the most severe notice (of these the newest) and the oldest, so that neither waits behind the other.
//!
//! In a cluster a notice waits until the engine has said that no other member announces the same alarm. Without an answer it is sent all
//! the same after [`UNANSWERED`].

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::alarms::begun_before;
use super::notice::Notice;
use crate::lock::lock;
use crate::service::state::{Section, StateStore};

mod waiting;

use waiting::{Entry, Waiting};

/// Most notices that may wait; beyond it the oldest of the least severe are dropped.
pub const CAPACITY: usize = 100_000;
/// For how long a notice waits for an answer of the engine.
const UNANSWERED: Duration = match cfg!(test) {
    true => Duration::from_millis(500),
    false => Duration::from_secs(30),
};

/// The queue of a receiver.
#[derive(Debug)]
pub struct Queue {
    receiver: String,
    state: StateStore,
    waiting: Mutex<Waiting>,
}

/// Something to be sent.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The notice.
    pub notice: Arc<Notice>,
    /// Its serial number: another notice may replace it meanwhile.
    number: u64,
}

impl Queue {
    /// With the notices that an earlier run left. In a cluster the engine hasn't these yet: they wait for its answer.
    pub fn load(receiver: &str, state: &StateStore) -> Self {
        let mut waiting = Waiting::default();
        let left: Vec<(String, Entry)> = state.load(Section::Queue, &format!("{receiver}\u{1f}"));
        for (_, entry) in left {
            waiting.next = waiting.next.max(entry.number + 1);
            let alarm = Arc::clone(&entry.notice.event.episode);
            waiting.insert(entry);
            if state.is_mirrored() {
                let until = Instant::now() + UNANSWERED;
                waiting.unanswered.insert(alarm, until);
            }
        }
        if state.is_mirrored() {
            // What the engine hasn't, and doesn't wait here, was sent without an answer.
            let begun = begun_before(receiver, state);
            let sent = begun.filter(|alarm| !waiting.entries.contains_key(alarm));
            waiting.alone = sent.collect();
        }
        Self {
            receiver: receiver.to_owned(),
            state: state.clone(),
            waiting: Mutex::new(waiting),
        }
    }

    /// Adds a notice that another process couldn't send. False if it isn't one for this receiver.
    pub fn take_over(&self, key: &str, value: &str) -> bool {
        let Ok(entry) = serde_json::from_str::<Entry>(value) else {
            return false;
        };
        let is_mine = key == self.key(&entry.notice.event.episode);
        if is_mine {
            self.put(Arc::unwrap_or_clone(entry.notice), true);
        }
        is_mine
    }

    /// The engine has answered whether a notice is to be sent from here, which is that entry.
    pub fn answer(&self, key: &str, value: &str, is_sent_here: bool) {
        let Ok(entry) = serde_json::from_str::<Entry>(value) else {
            return;
        };
        let alarm = &entry.notice.event.episode;
        if key != self.key(alarm) {
            return;
        }
        let mut waiting = lock(&self.waiting);
        let known = waiting.entries.get(alarm);
        let is_same = known.is_some_and(|known| known.number == entry.number);
        if !is_same || waiting.unanswered.remove(alarm).is_none() {
            return;
        }
        if !is_sent_here {
            self.remove(&mut waiting, alarm);
        }
    }

    /// Whether a notice of an alarm was sent although the engine hadn't answered. It is asked once: afterwards the alarm is one like
    /// others.
    pub fn was_alone(&self, alarm: &str) -> bool {
        lock(&self.waiting).alone.remove(alarm)
    }

    /// Adds a notice; `is_certain`: whether it needs no answer of the engine. Returns how many others were dropped.
    pub fn put(&self, mut notice: Notice, is_certain: bool) -> usize {
        let mut waiting = lock(&self.waiting);
        let alarm = Arc::clone(&notice.event.episode);
        let before = waiting.entries.get(&alarm);
        let is_over = |entry: &Entry| entry.notice.event.defect.state == "end";
        if before.is_some_and(is_over) && notice.event.defect.state != "end" {
            // Sent again by somebody who doesn't know that it is over.
            return 0;
        }
        let is_unsent = !waiting.on_way.contains(&alarm);
        if let Some(before) = before.filter(|_| is_unsent)
            && before.notice.event.defect.state == "begin"
            && notice.event.defect.state == "ongoing"
        {
            notice.event.defect.state = "begin".to_owned();
        }
        let entry = Entry {
            notice: Arc::new(notice),
            number: waiting.next,
            since: Timestamp::now(),
            failures: 0,
        };
        waiting.next += 1;
        self.state.set(Section::Queue, &self.key(&alarm), &entry);
        let until = waiting.unanswered.get(&alarm).copied();
        waiting.insert(entry);
        if self.state.is_mirrored() && !is_certain && !waiting.alone.contains(&alarm) {
            let until = until.unwrap_or_else(|| Instant::now() + UNANSWERED);
            waiting.unanswered.insert(alarm, until);
        }
        let mut gone = 0;
        while waiting.entries.len() > CAPACITY
            && let Some((_, least)) = waiting.severe.last_key_value()
        {
            let least = Arc::clone(least);
            self.remove(&mut waiting, &least);
            gone += 1;
        }
        gone
    }

    /// Takes the next notice; at the end also those without an answer. It counts as on its way until its result is reported.
    pub fn take(&self, is_end: bool) -> Option<Taken> {
        let mut waiting = lock(&self.waiting);
        let now = Instant::now();
        waiting.delayed.retain(|_, until| *until > now);
        let is_answered = |alarm: &Arc<str>| {
            let until = waiting.unanswered.get(alarm);
            is_end || until.is_none_or(|until| *until <= now)
        };
        let is_free = |alarm: &&Arc<str>| {
            !waiting.on_way.contains(*alarm)
                && !waiting.delayed.contains_key(*alarm)
                && is_answered(alarm)
        };
        let alarm = match waiting.is_severe_next {
            true => waiting.severe.values().find(is_free),
            false => waiting.oldest.values().find(is_free),
        };
        let alarm = Arc::clone(alarm?);
        waiting.is_severe_next = !waiting.is_severe_next;
        let entry = waiting.entries.get(&alarm)?;
        let taken = Taken {
            notice: Arc::clone(&entry.notice),
            number: entry.number,
        };
        if waiting.unanswered.remove(&alarm).is_some() {
            waiting.alone.insert(Arc::clone(&alarm));
        }
        waiting.on_way.insert(alarm);
        Some(taken)
    }

    /// When the next of those that have failed may be tried again.
    pub fn next_try(&self) -> Option<Instant> {
        let now = Instant::now();
        let waiting = lock(&self.waiting);
        let times = waiting.delayed.values().chain(waiting.unanswered.values());
        times.filter(|until| **until > now).min().copied()
    }

    /// The notice has arrived, or is done otherwise.
    pub fn done(&self, taken: &Taken) {
        let mut waiting = lock(&self.waiting);
        let alarm = &taken.notice.event.episode;
        waiting.on_way.remove(alarm);
        if taken.notice.is_end() {
            waiting.alone.remove(alarm);
        }
        if waiting
            .entries
            .get(alarm)
            .is_some_and(|entry| entry.number == taken.number)
        {
            self.remove(&mut waiting, alarm);
        }
    }

    /// The notice has failed. Unless a newer one has replaced it, it waits for `pause(failures)`.
    pub fn failed(&self, taken: &Taken, pause: impl FnOnce(u32) -> std::time::Duration) {
        let mut waiting = lock(&self.waiting);
        let alarm = &taken.notice.event.episode;
        waiting.on_way.remove(alarm);
        if let Some(entry) = waiting
            .entries
            .get_mut(alarm)
            .filter(|e| e.number == taken.number)
        {
            entry.failures += 1;
            let until = Instant::now() + pause(entry.failures);
            waiting.delayed.insert(Arc::clone(alarm), until);
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        lock(&self.waiting).entries.len()
    }

    /// Removes the notices that have waited for longer than that and aren't on their way.
    pub fn expired(&self, age: SignedDuration) -> Vec<Arc<Notice>> {
        let mut waiting = lock(&self.waiting);
        let oldest = Timestamp::now() - age;
        let old: Vec<Arc<str>> = waiting
            .oldest
            .values()
            .take_while(|alarm| {
                waiting
                    .entries
                    .get(*alarm)
                    .is_some_and(|entry| entry.since < oldest)
            })
            .filter(|alarm| !waiting.on_way.contains(*alarm))
            .cloned()
            .collect();
        let gone = old
            .iter()
            .filter_map(|alarm| self.remove(&mut waiting, alarm));
        gone.collect()
    }

    /// Notices that have failed are tried again at once.
    pub fn retry(&self) {
        lock(&self.waiting).delayed.clear();
    }

    /// Forgets all notices.
    pub fn clear(&self) {
        let mut waiting = lock(&self.waiting);
        for alarm in std::mem::take(&mut *waiting).entries.keys() {
            self.state.delete(Section::Queue, &self.key(alarm));
        }
    }

    fn remove(&self, waiting: &mut Waiting, alarm: &Arc<str>) -> Option<Arc<Notice>> {
        self.state.delete(Section::Queue, &self.key(alarm));
        waiting.remove(alarm).map(|entry| entry.notice)
    }

    fn key(&self, alarm: &str) -> String {
        format!("{}\u{1f}{alarm}", self.receiver)
    }
}
