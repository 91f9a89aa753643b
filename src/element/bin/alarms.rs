// SPDX-License-Identifier: MPL-2.0
//! Filters the messages of a defectbin's detectors: posts, holds back or renumbers them, and reports to the
//! programme.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use super::{super::speech::Heard, DefectBin, lock, programme::Membership};
use crate::alarms::relations;
use crate::alarms::suppression::{Event, Suppression};
use crate::message::{DEFECT, DefectMessage};

/// The open alarms of a bin. No lock is held while a message is posted.
#[derive(Debug)]
pub struct Alarms {
    suppression: Mutex<Suppression<gst::Message>>,
    /// Whether an alarm is held back, so that the time of buffers has to be checked.
    holding: AtomicBool,
    membership: Mutex<Option<Arc<Membership>>>,
    numbers: Mutex<Numbers>,
}

/// The episodes of all detectors of a bin, numbered as one: detectors come and go with the caps and begin at 1 again.
#[derive(Debug, Default)]
struct Numbers {
    last: u64,
    /// Element, its number of an open episode, and the bin's.
    open: Vec<(String, u64, u64)>,
}

impl Numbers {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn of(&mut self, defect: &DefectMessage) -> u64 {
        let known = self
            .open
            .iter()
            .position(|(element, id, _)| *element == defect.element && *id == defect.id);
        match known {
            Some(i) if defect.state == "end" => self.open.swap_remove(i).2,
            Some(i) => self.open[i].2,
            None => {
                let number = self.next();
                self.open.push((defect.element.clone(), defect.id, number));
                number
            }
        }
    }
}

impl Default for Alarms {
    fn default() -> Self {
        Self {
            suppression: Mutex::new(Suppression::new(relations::implies)),
            holding: AtomicBool::new(false),
            membership: Mutex::default(),
            numbers: Mutex::default(),
        }
    }
}

impl Alarms {
    /// Joins a programme.
    pub fn join(&self, programme: &str) {
        let new = Membership::of(programme).map(Arc::new);
        let old = std::mem::replace(&mut *lock(&self.membership), new);
        // That may post a message.
        drop(old);
    }

    /// Sets whether alarms that others imply are held back.
    pub fn set_hiding(&self, hiding: bool) {
        lock(&self.suppression).set_active(hiding);
    }

    /// How many alarms were held back.
    pub fn hidden(&self) -> u64 {
        lock(&self.suppression).count()
    }

    /// Called when the bin stops: forgets what was held back, and leaves the programme.
    pub fn clear(&self) {
        let membership = lock(&self.membership).take();
        // That may post a message.
        drop(membership);
        lock(&self.suppression).clear();
        self.holding.store(false, Ordering::Release);
    }

    /// Takes a detector's message; returns it if it is to be posted.
    pub fn filter(&self, defect: &DefectMessage, message: gst::Message) -> Option<gst::Message> {
        let event = Event {
            element: defect.element.clone(),
            id: defect.id,
            kind: defect.kind.clone(),
            is_end: defect.state == "end",
            channel: defect
                .channel
                .and_then(|channel| usize::try_from(channel).ok()),
            now: defect.timestamp.saturating_add(defect.duration),
        };
        let is_silent = self.is_silent();
        let mut suppression = lock(&self.suppression);
        suppression.set_silent(is_silent, event.now);
        let posted = suppression.filter(event, message);
        self.holding
            .store(suppression.is_holding(), Ordering::Release);
        posted
    }

    /// Returns the messages held back until the time of `buffer`, as those with which their episodes begin.
    pub fn take_due(&self, buffer: Option<&gst::BufferRef>) -> Vec<gst::Message> {
        if !self.holding.load(Ordering::Acquire) {
            return Vec::new();
        }
        let Some(now) = buffer.and_then(gst::BufferRef::pts) else {
            return Vec::new();
        };
        let (is_silent, now) = (self.is_silent(), now.nseconds());
        let mut suppression = lock(&self.suppression);
        suppression.set_silent(is_silent, now);
        let due = suppression.take_due(now);
        self.holding
            .store(suppression.is_holding(), Ordering::Release);
        due.into_iter().map(as_begin).collect()
    }

    /// Tells the programme how far the stream has come, and returns it: `position` is asked for only if there is a programme.
    pub fn set_position(&self, position: impl FnOnce() -> Option<u64>) -> Option<u64> {
        let membership = lock(&self.membership).clone()?;
        let position = position()?;
        membership.set_position(position);
        Some(position)
    }

    /// Tells the programme that someone begins to speak in this stream.
    pub fn note_speech(&self, phrase: &DefectMessage) {
        let membership = lock(&self.membership).clone();
        if let (Some(membership), Some(at), "begin") =
            (membership, phrase.running_time, &*phrase.state)
        {
            membership.note_speech(at);
        }
    }

    /// What was heard in the programme since the last call.
    pub fn take_heard(&self) -> Option<Heard> {
        lock(&self.membership).clone()?.take_heard()
    }

    /// Whether the programme has no sound, as far as this bin knows.
    fn is_silent(&self) -> bool {
        lock(&self.membership)
            .as_ref()
            .is_some_and(|membership| membership.is_silent())
    }

    /// A number for an episode of the bin itself.
    pub fn next_number(&self) -> u64 {
        lock(&self.numbers).next()
    }

    /// A detector's message with the bin's number of the episode.
    pub fn renumber(&self, defect: &DefectMessage, message: &gst::MessageRef) -> gst::Message {
        let number = lock(&self.numbers).of(defect);
        let mut structure = message
            .structure()
            .map_or_else(|| gst::Structure::new_empty(DEFECT), ToOwned::to_owned);
        structure.set("id", number);
        gst::message::Element::builder(structure)
            .src_if_some(message.src())
            .seqnum(message.seqnum())
            .build()
    }

    /// Reports a posted message to the programme, whose state it may change.
    pub fn report_to_programme(&self, defect: &DefectMessage, bin: &DefectBin) {
        let member = lock(&self.membership).clone();
        if let Some(member) = member {
            member.note(defect, bin);
        }
    }
}

/// A message that was held back: the newest about its episode, but the first that is posted.
fn as_begin(mut message: gst::Message) -> gst::Message {
    message.make_mut().structure_mut().set("state", "begin");
    message
}
