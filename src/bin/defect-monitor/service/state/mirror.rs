// SPDX-License-Identifier: MPL-2.0
//! What the members of a cluster tell each other of the state.

use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::{Change, Section, StateStore, database};
use crate::lock::lock;

/// The kinds of which the members of a cluster tell each other.
pub const MIRRORED: [Section; 4] = [
    Section::Alarms,
    Section::Queue,
    Section::Acknowledgements,
    Section::Mutes,
];

/// An entry of one of these kinds has this value from now on, as JSON; none: it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirrored {
    /// Of what kind it is.
    pub section: Section,
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Option<String>,
}

/// What others are told of alarms.
#[derive(Debug)]
pub struct Mirror {
    /// What an earlier run has left of alarms and notices, alarms first.
    pub left: Vec<Mirrored>,
    /// What changes.
    pub told: UnboundedReceiver<Mirrored>,
}

impl StateStore {
    /// Tells others of alarms, unsent notices and what operators say from now on. They keep the first two: what they have is to be removed
    /// here ([`forget`](Self::forget)), so that what is left of an earlier run is what they don't have.
    pub fn mirror_alarms(&self) -> Mirror {
        let (tell, told) = mpsc::unbounded_channel();
        *lock(&self.0.mirror) = Some(tell);
        let left = [Section::Alarms, Section::Queue].map(|section| {
            let entries = self.read(|database| database::entries(database, section.name(), ""));
            let entries = entries.unwrap_or_default().into_iter();
            entries.map(move |(key, value)| Mirrored {
                section,
                key,
                value: Some(value),
            })
        });
        Mirror {
            left: left.into_iter().flatten().collect(),
            told,
        }
    }

    /// Whether others are told of alarms.
    pub fn is_mirrored(&self) -> bool {
        lock(&self.0.mirror).is_some()
    }

    /// Nothing more is told of alarms.
    pub fn end_mirror(&self) {
        drop(lock(&self.0.mirror).take());
    }

    /// Tells others of a change.
    pub(super) fn mirror(&self, section: Section, key: &str, change: &Change) {
        if let Some(mirror) = &*lock(&self.0.mirror) {
            let value = match change {
                Change::Set(value) => Some(value.clone()),
                _ => None,
            };
            let key = key.to_owned();
            let _ = mirror.send(Mirrored {
                section,
                key,
                value,
            });
        }
    }
}
