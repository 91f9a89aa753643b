// SPDX-License-Identifier: MPL-2.0
//! What leaves a `defectbin`: the time of its buffers, at which alarms that were held back are posted and captions are
//! told of speech, and the events that don't go further.

use std::sync::atomic::Ordering;

use gst::{prelude::*, subclass::prelude::*};

use super::super::{guarded::lock, speech};
use super::Imp;
use crate::media::{Ns, SECOND};
use crate::message::DefectMessage;

impl Imp {
    /// Looks at all that leaves from now on.
    pub(super) fn watch(&self) {
        let kinds = gst::PadProbeType::BUFFER
            | gst::PadProbeType::BUFFER_LIST
            | gst::PadProbeType::EVENT_DOWNSTREAM
            | gst::PadProbeType::EVENT_FLUSH;
        let bin = self.obj().downgrade();
        self.src.add_probe(kinds, move |_, info| {
            let Some(bin) = bin.upgrade() else {
                return gst::PadProbeReturn::Ok;
            };
            match &info.data {
                Some(gst::PadProbeData::Buffer(buffer)) => bin.imp().pass(Some(buffer)),
                Some(gst::PadProbeData::BufferList(list)) => bin.imp().pass(list.get(0)),
                Some(gst::PadProbeData::Event(event)) if speech::is_speech(event) => {
                    return gst::PadProbeReturn::Handled;
                }
                Some(gst::PadProbeData::Event(event)) => bin.imp().note_flush(event),
                _ => {}
            }
            gst::PadProbeReturn::Ok
        });
    }

    /// Where the stream is after that buffer, in running time.
    fn position(&self, buffer: &gst::BufferRef) -> Option<u64> {
        let event = self.src.sticky_event::<gst::event::Segment>(0)?;
        let segment = event.segment().downcast_ref::<gst::ClockTime>()?;
        // Subtitles last longer than it takes until the next one.
        let duration = buffer.duration().unwrap_or_default();
        let duration = duration.min(gst::ClockTime::SECOND);
        let end = buffer.pts()?.saturating_add(duration);
        segment.to_running_time(end).map(gst::ClockTime::nseconds)
    }

    /// Posts alarms that were held back until the time of `buffer`, and tells the programme of that time.
    fn pass(&self, buffer: Option<&gst::BufferRef>) {
        for message in self.alarms.take_due(buffer) {
            if let Ok(defect) = DefectMessage::try_from(&*message) {
                self.tell(&defect, &message);
            }
        }
        let position = self
            .alarms
            .set_position(|| buffer.and_then(|buffer| self.position(buffer)));
        if let Some(position) = position {
            self.tell_speech(position);
        }
    }

    /// Tells the detector of captions every second of the stream what was heard in the programme.
    fn tell_speech(&self, position: Ns) {
        let second = position / SECOND;
        if self.told.swap(second, Ordering::AcqRel) == second {
            return;
        }
        let captions = lock(&self.chain).captions();
        let sink = captions.and_then(|captions| captions.static_pad("sink"));
        if let (Some(sink), Some(heard)) = (sink, self.alarms.take_heard()) {
            // It comes to nothing at the end of the bin.
            let _ = sink.send_event(heard.event());
        }
    }

    /// After a flush running time begins again.
    fn note_flush(&self, event: &gst::EventRef) {
        if let gst::EventView::FlushStop(stop) = event.view()
            && stop.resets_time()
        {
            self.alarms.set_position(|| Some(0));
        }
    }
}
