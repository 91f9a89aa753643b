// SPDX-License-Identifier: MPL-2.0
//! The bins of a process that watch one programme: together they know when picture and sound are gone.
//!
//! Episodes are compared while they are open, so the streams have to be played in step.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, Weak},
};

use gst::{glib, prelude::*, subclass::prelude::*};

use super::{DefectBin, lock};
use crate::alarms::outage::{Half, OutageChange, OutageTracker};
use crate::alarms::relations;
use crate::media::Ns;
use crate::message::{DEFECT, DefectMessage};

static PROGRAMMES: Mutex<BTreeMap<String, Weak<Shared>>> = Mutex::new(BTreeMap::new());

#[derive(Debug, Default)]
struct Shared(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    programme: OutageTracker,
    reporter: Option<OutageReporter>,
}

/// The bin that posted the begin of an outage and posts its end as well.
#[derive(Debug, Clone)]
struct OutageReporter {
    bin: glib::WeakRef<DefectBin>,
    /// Its number of the outage.
    id: u64,
    /// Its message that completed the outage: it relates running time to the other times.
    defect: DefectMessage,
}

/// The membership of a bin in a programme.
#[derive(Debug, Clone)]
pub struct Membership(Arc<Shared>);

impl Membership {
    /// In the programme of that name; none without a name.
    pub fn of(name: &str) -> Option<Self> {
        if name.is_empty() {
            return None;
        }
        let mut all = lock(&PROGRAMMES);
        all.retain(|_, shared| shared.strong_count() > 0);
        let known = all.get(name).and_then(Weak::upgrade);
        let shared = known.unwrap_or_else(|| {
            let new = Arc::<Shared>::default();
            all.insert(name.to_owned(), Arc::downgrade(&new));
            new
        });
        Some(Self(shared))
    }

    /// Whether the programme has no sound.
    pub fn is_silent(&self) -> bool {
        lock(&self.0.0).programme.is_silent()
    }

    /// Takes a message of a detector of that bin; posts an outage that begins or ends with it.
    pub fn note(&self, defect: &DefectMessage, bin: &DefectBin) {
        let Some(half) = half(defect) else {
            return;
        };
        // Elements of two bins may have the same name.
        let who = format!("{}/{}", bin.name(), defect.element);
        let at = defect.running_time.unwrap_or(defect.timestamp);
        let mut state = lock(&self.0.0);
        let change = if defect.state == "end" {
            let until = at.saturating_add(defect.duration);
            state.programme.back(half, &who, defect.id, until)
        } else {
            state.programme.gone(half, &who, defect.id, at)
        };
        let Some(change) = change else {
            return;
        };
        if let OutageChange::Begin { .. } = change {
            let id = bin.imp().next_number();
            let (bin, defect) = (bin.downgrade(), defect.clone());
            state.reporter = Some(OutageReporter { bin, id, defect });
        }
        let reporter = state.reporter.clone();
        drop(state);
        if let Some(reporter) = reporter {
            reporter.tell(change, defect.reason.as_deref());
        }
    }
}

fn half(defect: &DefectMessage) -> Option<Half> {
    let is_whole = defect.channel.is_none_or(|channel| channel < 0);
    let kind = defect.kind.as_str();
    if relations::NO_PICTURE.contains(&kind) {
        Some(Half::Picture)
    } else if relations::NO_SOUND.contains(&kind) && is_whole {
        Some(Half::Sound)
    } else {
        None
    }
}

impl OutageReporter {
    fn tell(&self, change: OutageChange, reason: Option<&str>) {
        let Some(bin) = self.bin.upgrade() else {
            return;
        };
        let known = self.defect.running_time.unwrap_or(self.defect.timestamp);
        let (since, until, state) = match change {
            OutageChange::Begin { since } => {
                (since, known.saturating_add(self.defect.duration), "begin")
            }
            OutageChange::End { since, at } => (since, at, "end"),
        };
        let mut s = self.structure(since, known, until.saturating_sub(since));
        s.set("state", state);
        if state == "end" {
            s.set("reason", reason.unwrap_or("cleared"));
        }
        let message = gst::message::Element::builder(s).src(&bin).build();
        // Posting fails only without a bus, when nobody listens.
        let _ = bin.post_message(message);
    }

    fn structure(&self, since: Ns, known: Ns, duration: Ns) -> gst::Structure {
        let defect = &self.defect;
        let later = |time: Ns| time.saturating_add(since).saturating_sub(known);
        let mut s = gst::Structure::builder(DEFECT)
            .field("kind", relations::OUTAGE)
            .field("id", self.id)
            .field("severity", crate::detector::Severity::Critical.nick())
            .field("timestamp", later(defect.timestamp))
            .field("duration", duration)
            // Value: seconds for which both are gone; threshold 0.
            .field("value", duration as f64 / 1e9)
            .field("threshold", 0.0)
            .field("confidence", defect.confidence)
            .build();
        if let Some(time) = defect.stream_time {
            s.set("stream-time", later(time));
        }
        if let Some(time) = defect.running_time {
            s.set("running-time", later(time));
        }
        s
    }
}
