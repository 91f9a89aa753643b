// SPDX-License-Identifier: MPL-2.0
//! Acknowledgements and mutes of all members. They are in the bucket of the alarms, so that they follow a stream to another member and
//! outlast the member that received them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::engine::ALARMS;
use super::left::{entry_of, place};
use crate::service::alerts::Operations;
use crate::service::state::Mirrored;

/// Keeps the acknowledgements and mutes of this member and those in the bucket alike.
#[derive(Debug)]
pub struct SharedOperations {
    operations: Arc<Operations>,
    /// Entries of the bucket by key. `None`: the entry was removed.
    bucket: BTreeMap<String, Option<Value>>,
    /// Keys that were removed here and are still in the bucket.
    removed: BTreeSet<String>,
}

impl SharedOperations {
    /// For these operations; the bucket hasn't been read yet.
    pub fn new(operations: &Arc<Operations>) -> Self {
        Self {
            operations: Arc::clone(operations),
            bucket: BTreeMap::new(),
            removed: BTreeSet::new(),
        }
    }

    /// Forgets the entries of the bucket, before it is read again.
    pub fn clear(&mut self) {
        self.bucket.clear();
    }

    /// Takes in an entry that was read from the bucket. `None`: it was removed.
    pub fn note(&mut self, place: &str, value: Option<Value>) {
        // An entry that was removed here while the engine was away is read once more before it is removed there.
        if !self.removed.contains(place)
            && let Some((section, key)) = entry_of(place)
        {
            self.operations.learn(section, &key, value.as_ref());
        }
        self.bucket.insert(place.to_owned(), value);
    }

    /// Takes note of a change in this member. Only removals have to be noted: [`unwritten`](Self::unwritten) finds new entries by itself.
    pub fn note_own(&mut self, change: &Mirrored) {
        if change.value.is_none() {
            self.removed.insert(place(change.section, &change.key));
        }
    }

    /// Entries that have to be written to the bucket. `None`: the entry has to be removed from it.
    pub fn unwritten(&self) -> Vec<(String, Option<Value>)> {
        let known = self.operations.entries(ALARMS).into_iter();
        let known = known.map(|(section, key, value)| (place(section, &key), Some(value)));
        let missing = known.filter(|(place, value)| self.bucket.get(place) != Some(value));
        let removed = self.removed.iter().map(|place| (place.clone(), None));
        missing.chain(removed).collect()
    }

    /// Takes note that an entry was written to the bucket. `None`: it was removed from it.
    pub fn note_written(&mut self, place: String, value: Option<Value>) {
        self.removed.remove(&place);
        self.bucket.insert(place, value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Instant;

    use jiff::{SignedDuration, Timestamp};
    use serde_json::json;
    use tokio::sync::mpsc::error::TryRecvError;

    use super::*;
    use crate::service::alerts::operations::{Acknowledgement, Mute};
    use crate::service::parts::Parts;
    use crate::service::state::{Section, StateStore};

    fn member() -> (Arc<Operations>, SharedOperations) {
        let state = StateStore::in_memory("", &Parts::default());
        let operations = Arc::new(Operations::load(&state, Timestamp::MIN));
        let shared = SharedOperations::new(&operations);
        (operations, shared)
    }

    fn by(who: &str, seconds_ago: i64) -> Acknowledgement {
        Acknowledgement {
            who: who.to_owned(),
            word: String::new(),
            time: Timestamp::now() - SignedDuration::from_secs(seconds_ago),
            stream: "a".to_owned(),
            kind: "black".to_owned(),
        }
    }

    fn mute(id: &str, minutes: i64) -> Mute {
        Mute {
            id: id.to_owned(),
            stream: Some("a".to_owned()),
            kind: None,
            until: Timestamp::now() + SignedDuration::from_mins(minutes),
            who: "anna".to_owned(),
            word: String::new(),
        }
    }

    /// Writes what one has to write, and tells the other.
    fn write(from: &mut SharedOperations, to: &mut SharedOperations) -> usize {
        let unwritten = from.unwritten();
        let count = unwritten.len();
        for (place, value) in unwritten {
            to.note(&place, value.clone());
            from.note_written(place, value);
        }
        count
    }

    #[test]
    fn what_one_member_was_told_another_knows() {
        let ((one, mut of_one), (other, mut of_other)) = (member(), member());
        one.acknowledge("x.1", by("anna", 5)).unwrap();
        one.mute(mute("7", 5)).unwrap();
        // What lasts no longer, or is too old for the bucket, isn't written.
        one.mute(mute("8", -1)).unwrap();
        one.acknowledge("x.0", by("anna", 8 * 86_400)).unwrap();
        assert_eq!(write(&mut of_one, &mut of_other), 2);
        assert_eq!(write(&mut of_one, &mut of_other), 0);
        assert_eq!(other.acknowledgement("x.1").unwrap().who, "anna");
        assert!(other.is_muted("a", "black"));
        assert_eq!(of_other.unwritten(), []);
    }

    #[test]
    fn what_a_member_is_told_of_is_found_at_once() {
        let state = StateStore::in_memory("", &Parts::default());
        let operations = Arc::new(Operations::load(&state, Timestamp::MIN));
        let mut told = state.mirror_alarms().told;
        let shared = SharedOperations::new(&operations);
        let found = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&found);
        // It waits for what it is told on its own core, so that it looks within a microsecond.
        let member = std::thread::spawn(move || {
            loop {
                match told.try_recv() {
                    Ok(_) => seen.store(shared.unwritten().len(), Ordering::Release),
                    Err(TryRecvError::Empty) => std::hint::spin_loop(),
                    Err(TryRecvError::Disconnected) => return,
                }
            }
        });
        for n in 1..=200 {
            operations.mute(mute(&n.to_string(), 5)).unwrap();
            let start = Instant::now();
            while found.load(Ordering::Acquire) < n {
                assert!(start.elapsed().as_secs() < 60, "mute {n}");
                std::hint::spin_loop();
            }
        }
        state.end_mirror();
        member.join().unwrap();
    }

    #[test]
    fn what_a_member_removes_while_the_engine_is_away_stays_removed() {
        let ((one, mut of_one), (other, mut of_other)) = (member(), member());
        one.mute(mute("7", 5)).unwrap();
        write(&mut of_one, &mut of_other);
        let (place, value) = of_one.bucket.first_key_value().unwrap();
        let (place, value) = (place.clone(), value.clone());
        assert_eq!(other.unmute("7"), Ok(true));
        of_other.note_own(&Mirrored {
            section: Section::Mutes,
            key: "7".to_owned(),
            value: None,
        });
        of_other.clear();
        of_other.note(&place, value);
        assert!(!other.is_muted("a", "black"));
        assert_eq!(write(&mut of_other, &mut of_one), 1);
        assert!(!one.is_muted("a", "black"));
        assert_eq!(of_one.unwritten(), []);
    }

    #[test]
    fn an_engine_without_its_disk_gets_all_back_and_the_latest_counts() {
        let ((one, mut of_one), (other, mut of_other)) = (member(), member());
        one.acknowledge("x.1", by("anna", 9)).unwrap();
        write(&mut of_one, &mut of_other);
        of_other.clear();
        assert_eq!(of_other.unwritten().len(), 1);
        // Somebody else took it later, while the engine was away.
        other.acknowledge("x.1", by("ben", 3)).unwrap();
        let older = serde_json::to_value(by("anna", 9)).unwrap();
        of_other.note(&place(Section::Acknowledgements, "x.1"), Some(older));
        assert_eq!(other.acknowledgement("x.1").unwrap().who, "ben");
        assert_eq!(write(&mut of_other, &mut of_one), 1);
        assert_eq!(one.acknowledgement("x.1").unwrap().who, "ben");
        // What can't be read is left as it is.
        of_one.note(&place(Section::Mutes, "9"), Some(json!("?")));
        assert!(one.mutes().is_empty());
    }
}
