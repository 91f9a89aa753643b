// SPDX-License-Identifier: MPL-2.0
//! What becomes of the detectors' messages: told, kept back, or told as part of the programme's.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use super::{DefectBin, lock, programme::Membership};
use crate::core::implied::{Event, Implied};
use crate::detectors::relations;
use crate::message::DefectMessage;

/// The open alarms of a bin. No lock is held while a message is posted.
#[derive(Debug)]
pub struct Alarms {
    implied: Mutex<Implied<gst::Message>>,
    /// Whether an alarm is kept back, so that somebody has to look at the time.
    keeping: AtomicBool,
    membership: Mutex<Option<Membership>>,
}

impl Default for Alarms {
    fn default() -> Self {
        Self {
            implied: Mutex::new(Implied::new(relations::implies)),
            keeping: AtomicBool::new(false),
            membership: Mutex::default(),
        }
    }
}

impl Alarms {
    /// Takes part in that programme from now on.
    pub fn join(&self, programme: &str) {
        *lock(&self.membership) = Membership::of(programme);
    }

    /// Whether alarms that others imply are kept back from now on.
    pub fn set_hiding(&self, hiding: bool) {
        lock(&self.implied).set_active(hiding);
    }

    /// How many were kept back.
    pub fn hidden(&self) -> u64 {
        lock(&self.implied).count()
    }

    /// The detectors have gone.
    pub fn clear(&self) {
        lock(&self.implied).clear();
        self.keeping.store(false, Ordering::Release);
    }

    /// Takes a detector's message; gives it back if it is to be posted.
    pub fn take(&self, defect: &DefectMessage, message: gst::Message) -> Option<gst::Message> {
        let event = Event {
            element: defect.element.clone(),
            id: defect.id,
            kind: defect.kind.clone(),
            is_end: defect.state == "end",
            is_whole: defect.channel.is_none_or(|channel| channel < 0),
            now: defect.timestamp.saturating_add(defect.duration),
        };
        let mut implied = lock(&self.implied);
        let told = implied.take(event, message);
        self.keeping.store(implied.is_keeping(), Ordering::Release);
        told
    }

    /// Those that were kept back and are due when that buffer passes.
    pub fn due(&self, buffer: Option<&gst::BufferRef>) -> Vec<gst::Message> {
        if !self.keeping.load(Ordering::Acquire) {
            return Vec::new();
        }
        let Some(now) = buffer.and_then(gst::BufferRef::pts) else {
            return Vec::new();
        };
        let mut implied = lock(&self.implied);
        let due = implied.due(now.nseconds());
        self.keeping.store(implied.is_keeping(), Ordering::Release);
        due
    }

    /// That was posted: it may change the state of the programme.
    pub fn note(&self, defect: &DefectMessage, bin: &DefectBin) {
        let member = lock(&self.membership).clone();
        if let Some(member) = member {
            member.note(defect, bin);
        }
    }
}
