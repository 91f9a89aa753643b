// SPDX-License-Identifier: MPL-2.0
//! What operators say of alarms: that somebody takes care of one, and what nobody is to be alarmed of for a while.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, to_value};

use crate::lock::lock;
use crate::service::state::{Section, StateStore};

/// Somebody takes care of an episode, and of the alarm that it is part of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Who does.
    pub who: String,
    /// What they say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub word: String,
    /// Since when.
    pub time: Timestamp,
    /// The stream of the episode.
    pub stream: String,
    /// Its kind.
    pub kind: String,
}

/// Nobody is alarmed of it for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mute {
    /// Its name.
    pub id: String,
    /// Only that stream; all without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// Only that kind; all without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// When it ends.
    pub until: Timestamp,
    /// Who wants it.
    pub who: String,
    /// What they say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub word: String,
}

/// All of it.
#[derive(Debug)]
pub struct Operations {
    /// By episode.
    acknowledgements: Mutex<BTreeMap<String, Acknowledgement>>,
    /// By name.
    mutes: Mutex<BTreeMap<String, Mute>>,
    state: StateStore,
}

impl Operations {
    /// As an earlier run left it; `since`: older acknowledgements are forgotten.
    pub fn load(state: &StateStore, since: Timestamp) -> Self {
        let all: Vec<(String, Acknowledgement)> = state.load(Section::Acknowledgements, "");
        let (kept, old): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, a)| a.time >= since);
        for (episode, _) in old {
            state.delete(Section::Acknowledgements, &episode);
        }
        Self {
            acknowledgements: Mutex::new(kept.into_iter().collect()),
            mutes: Mutex::new(state.load(Section::Mutes, "").into_iter().collect()),
            state: state.clone(),
        }
    }

    /// Somebody takes care of an episode. An error says why it won't outlast this process; it counts nevertheless.
    pub fn acknowledge(&self, episode: &str, by: Acknowledgement) -> Result<(), String> {
        // Known here before the cluster's member is told, which looks here for what to write.
        lock(&self.acknowledgements).insert(episode.to_owned(), by.clone());
        self.state.set(Section::Acknowledgements, episode, &by);
        self.state.flush()
    }

    /// Who takes care of an episode.
    pub fn acknowledgement(&self, episode: &str) -> Option<Acknowledgement> {
        lock(&self.acknowledgements).get(episode).cloned()
    }

    /// Who has taken care, since that time, of that kind of defect of a stream.
    pub fn acknowledged_since(
        &self,
        stream: &str,
        kind: &str,
        since: Timestamp,
    ) -> Option<Acknowledgement> {
        let all = lock(&self.acknowledgements);
        let fits = |a: &&Acknowledgement| a.stream == stream && a.kind == kind && a.time >= since;
        all.values().filter(fits).max_by_key(|a| a.time).cloned()
    }

    /// Nobody is alarmed of it from now on. An error says why that won't outlast this process; it counts nevertheless.
    pub fn mute(&self, mute: Mute) -> Result<(), String> {
        // Known here before the cluster's member is told, which looks here for what to write.
        lock(&self.mutes).insert(mute.id.clone(), mute.clone());
        self.state.set(Section::Mutes, &mute.id, &mute);
        self.state.flush()
    }

    /// Ends a mute; false if there is none of that name. An error says why it may be back after this process; it is over nevertheless.
    pub fn unmute(&self, id: &str) -> Result<bool, String> {
        let is_there = lock(&self.mutes).remove(id).is_some();
        if is_there {
            self.state.delete(Section::Mutes, id);
            self.state.flush()?;
        }
        Ok(is_there)
    }

    /// All mutes that last.
    pub fn mutes(&self) -> Vec<Mute> {
        let now = Timestamp::now();
        let mut mutes = lock(&self.mutes);
        for (id, _) in mutes.extract_if(.., |_, mute| mute.until <= now) {
            // Other members see by themselves that it is over.
            self.state.forget(Section::Mutes, &id);
        }
        mutes.values().cloned().collect()
    }

    /// Takes in an acknowledgement or a mute of another member of a cluster, by its section and key. `None`: it was removed. It isn't
    /// written to the state here, since the cluster keeps it.
    pub fn learn(&self, section: Section, key: &str, value: Option<&Value>) {
        match (section, value) {
            (Section::Acknowledgements, Some(value)) => {
                let Ok(by) = Acknowledgement::deserialize(value) else {
                    return;
                };
                let mut all = lock(&self.acknowledgements);
                if all.get(key).is_none_or(|known| known.time < by.time) {
                    all.insert(key.to_owned(), by);
                }
            }
            (Section::Mutes, Some(value)) => {
                if let Ok(mute) = Mute::deserialize(value) {
                    lock(&self.mutes).insert(key.to_owned(), mute);
                }
            }
            (Section::Mutes, None) => {
                self.state.forget(Section::Mutes, key);
                lock(&self.mutes).remove(key);
            }
            _ => {}
        }
    }

    /// What other members of a cluster have to know: kind, key and value of acknowledgements that aren't older than that, and of mutes that
    /// last.
    pub fn entries(&self, age: Duration) -> Vec<(Section, String, Value)> {
        let is_recent =
            |by: &Acknowledgement| Timestamp::now().duration_since(by.time).unsigned_abs() < age;
        let mut entries = Vec::new();
        for (episode, by) in lock(&self.acknowledgements).iter() {
            let value = to_value(by).ok().filter(|_| is_recent(by));
            entries.extend(value.map(|v| (Section::Acknowledgements, episode.clone(), v)));
        }
        for mute in self.mutes() {
            let value = to_value(&mute).ok();
            entries.extend(value.map(|v| (Section::Mutes, mute.id, v)));
        }
        entries
    }

    /// Whether nobody is to be alarmed of that.
    pub fn is_muted(&self, stream: &str, kind: &str) -> bool {
        let mutes = lock(&self.mutes);
        if mutes.is_empty() {
            return false;
        }
        let now = Timestamp::now();
        mutes.values().any(|mute| {
            let fits = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|w| w == is);
            mute.until > now && fits(&mute.stream, stream) && fits(&mute.kind, kind)
        })
    }
}
