// SPDX-License-Identifier: MPL-2.0
//! Notices that a receiver refused, or that couldn't be sent in time: kept for people, who may have them sent again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::notice::Notice;
use crate::lock::lock;
use crate::service::state::{Section, StateStore};

/// So many are kept for each receiver, the newest.
const MOST: usize = 1000;

/// Those of a receiver, by key, which begins with the time.
#[derive(Debug)]
pub struct UndeliveredNotices {
    receiver: String,
    state: StateStore,
    all: Mutex<BTreeMap<String, Undelivered>>,
}

/// A notice that wasn't delivered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Undelivered {
    /// The notice.
    pub notice: Arc<Notice>,
    /// Why.
    pub why: String,
    /// When that was clear.
    pub time: Timestamp,
}

impl UndeliveredNotices {
    /// With those that an earlier run left.
    pub fn load(receiver: &str, state: &StateStore) -> Self {
        let prefix = format!("{receiver}\u{1f}");
        let all: Vec<(String, Undelivered)> = state.load(Section::Undelivered, &prefix);
        let key = |key: String| key.strip_prefix(&prefix).map(ToOwned::to_owned);
        let all = all.into_iter().filter_map(|(k, one)| Some((key(k)?, one)));
        Self {
            receiver: receiver.to_owned(),
            state: state.clone(),
            all: Mutex::new(all.collect()),
        }
    }

    /// One more.
    pub fn add(&self, notice: Arc<Notice>, why: String) {
        let time = Timestamp::now();
        let key = format!("{}/{}", time.as_microsecond(), notice.key());
        let one = Undelivered { notice, why, time };
        self.state
            .set(Section::Undelivered, &self.stored(&key), &one);
        let mut all = lock(&self.all);
        all.insert(key, one);
        while all.len() > MOST
            && let Some((key, _)) = all.pop_first()
        {
            self.state.delete(Section::Undelivered, &self.stored(&key));
        }
    }

    /// All of them, the oldest first.
    pub fn list(&self) -> Vec<Undelivered> {
        lock(&self.all).values().cloned().collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        lock(&self.all).len()
    }

    /// How many there are, and why the last is one.
    pub fn summary(&self) -> Option<(usize, String)> {
        let all = lock(&self.all);
        let (_, last) = all.last_key_value()?;
        Some((all.len(), last.why.clone()))
    }

    /// Takes out those of an alarm, or all.
    pub fn take(&self, alarm: Option<&str>) -> Vec<Undelivered> {
        let mut all = lock(&self.all);
        let is_wanted =
            |one: &Undelivered| alarm.is_none_or(|alarm| *one.notice.event.episode == *alarm);
        let taken = all.extract_if(.., |_, one| is_wanted(one));
        let taken = taken.map(|(key, one)| {
            self.state.delete(Section::Undelivered, &self.stored(&key));
            one
        });
        taken.collect()
    }

    fn stored(&self, key: &str) -> String {
        format!("{}\u{1f}{key}", self.receiver)
    }
}
