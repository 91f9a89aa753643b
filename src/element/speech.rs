// SPDX-License-Identifier: MPL-2.0
//! The event with which a `defectbin` tells its `captiondetect` when someone speaks in the programme. It doesn't leave the bin.

use super::timeline::Timeline;
use crate::media::{Ns, captions::SpeechOnsets};

/// Name of the event's structure.
const SPEECH: &str = "defect-speech";
/// Its fields: onsets, and until when all are known, in running time.
const ONSETS: &str = "onsets";
const UNTIL: &str = "until";

/// What was heard since the last time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// Onsets of speech, in running time.
    pub onsets: Vec<Ns>,
    /// All onsets until that running time are known.
    pub until: Ns,
}

impl Heard {
    /// The event that tells it; it overtakes buffers.
    pub fn event(&self) -> gst::Event {
        let structure = gst::Structure::builder(SPEECH)
            .field(ONSETS, gst::Array::new(&self.onsets))
            .field(UNTIL, self.until)
            .build();
        gst::event::CustomDownstreamOob::new(structure)
    }

    /// What an event tells, if it is that event.
    pub fn of(event: &gst::EventRef) -> Option<Self> {
        let structure = event.structure().filter(|s| s.name() == SPEECH)?;
        let onsets = structure.get::<gst::Array>(ONSETS).ok()?;
        Some(Self {
            onsets: onsets.iter().filter_map(|at| at.get().ok()).collect(),
            until: structure.get(UNTIL).ok()?,
        })
    }

    /// The same on the timeline of a stream; `None` if its running time isn't known.
    pub fn on(mut self, timeline: &Timeline) -> Option<Self> {
        self.until = timeline.of_running_time(self.until)?;
        for at in &mut self.onsets {
            *at = timeline.of_running_time(*at)?;
        }
        Some(self)
    }

    /// As a detector sees it.
    pub fn speech(&self) -> SpeechOnsets<'_> {
        SpeechOnsets {
            new: &self.onsets,
            until: self.until,
        }
    }
}

/// Whether it is that event.
pub fn is_speech(event: &gst::EventRef) -> bool {
    event.has_name(SPEECH)
}
