// SPDX-License-Identifier: MPL-2.0
//! Turns warnings and FFmpeg log lines about damage into the CORRUPTED flag of the pictures concerned.
//!
//! What elements report about damaged transport streams in GStreamer 1.22 (one clip in each codec, packets and slices
//! lost, bits flipped):
//!
//! | element | packets lost | slices lost, bits flipped |
//! |---|---|---|
//! | `tsdemux` | a WARNING; the whole picture is left out, so that its time is missing | nothing |
//! | `avdec_h264`, `avdec_mpeg2video` | nothing | lines in FFmpeg's log |
//! | `avdec_h265` | lines in FFmpeg's log | lines in FFmpeg's log, or one is missing there |
//! | `libde265dec` | nothing | WARNINGs |
//! | `mpeg2dec` | nothing | DISCONT, at times |
//! | `openh264dec` | pictures are left out to the next refresh | the same |
//!
//! None of them flags a buffer as corrupted. The flag is set only in pipelines of this program, where its buffers
//! end.
//!
//! A decoder with one thread logs in the thread that decodes the picture; so a log line belongs to the picture that
//! its thread decodes.

mod ffmpeg_log;
mod marks;

use std::sync::Arc;

use gst::prelude::*;

use super::decoder;
use marks::{Marks, MarksByStream};

/// Flag of a coded key frame whose decoder lacks the pictures before it on purpose.
#[cfg(feature = "service")]
pub const NEW_START: gst::BufferFlags = START;
const START: gst::BufferFlags = gst::BufferFlags::RESYNC;

/// Follows the decoders and warnings of a pipeline from now on.
pub fn listen(pipeline: &gst::Pipeline) {
    ffmpeg_log::listen();
    let known = Arc::new(MarksByStream::default());
    if let Some(bus) = pipeline.bus() {
        let known = Arc::clone(&known);
        // Handled at once, in the thread that reports it: the data that it passes on next comes after the damage.
        bus.enable_sync_message_emission();
        bus.connect_sync_message(Some("warning"), move |_, message| heed(message, &known));
    }
    pipeline.connect_deep_element_added(move |_, _, element| {
        if decodes_pictures(element) {
            meet(element, &known);
        }
    });
}

fn decodes_pictures(element: &gst::Element) -> bool {
    decoder::kind(element) == Some(true)
}

/// Handles a warning: of a decoder about the picture that it decodes, or of a demuxer about missing packets.
fn heed(message: &gst::MessageRef, known: &Arc<MarksByStream>) {
    let gst::MessageView::Warning(warning) = message.view() else {
        return;
    };
    let Some(element) = message.src().and_then(|s| s.downcast_ref::<gst::Element>()) else {
        return;
    };
    if decodes_pictures(element) {
        ffmpeg_log::damaged();
        return;
    }
    let Some(details) = warning.details() else {
        return;
    };
    if details.get::<&str>("warning-type") != Ok("continuity-mismatch") {
        return;
    }
    let pad = details.get::<&str>("pad-name").ok();
    if let Some(pad) = pad.and_then(|name| element.static_pad(name)) {
        mark_next(&pad, Arc::clone(known));
    }
}

/// Marks the next picture from that pad: it isn't whole, or refers to missing data.
fn mark_next(pad: &gst::Pad, known: Arc<MarksByStream>) {
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        let Some(time) = info.buffer().and_then(|buffer| buffer.pts()) else {
            return gst::PadProbeReturn::Ok;
        };
        if let Some(id) = pad.stream_id() {
            known.of(&id).add(time);
        }
        gst::PadProbeReturn::Remove
    });
}

/// Watches the input of a decoder, and flags its output.
fn meet(decoder: &gst::Element, known: &Arc<MarksByStream>) {
    let factory = decoder.factory().map(|f| f.name());
    let libav = factory
        .as_ref()
        .is_some_and(|name| name.starts_with("avdec_"));
    if libav {
        decoder::use_one_thread(decoder);
    }
    // This decoder logs each undamaged picture.
    let confirms = factory.is_some_and(|name| name == "avdec_h265");
    let (Some(sink), Some(source)) = (decoder.static_pad("sink"), decoder.static_pad("src")) else {
        return;
    };
    let known = Arc::clone(known);
    let marks_of = move |pad: &gst::Pad| pad.stream_id().map(|id| known.of(&id));
    let own = marks_of.clone();
    sink.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        let buffer = info.buffer();
        let time = buffer.and_then(|buffer| buffer.pts());
        let marks = own(pad);
        let starts = buffer.is_some_and(|buffer| {
            let flags = buffer.flags();
            flags.contains(START) && !flags.contains(gst::BufferFlags::DELTA_UNIT)
        });
        // Judges the picture before.
        ffmpeg_log::decoding(marks.clone(), time, confirms);
        if starts && let Some(marks) = marks {
            marks.start_anew(time);
        }
        gst::PadProbeReturn::Ok
    });
    let entry = sink.downgrade();
    source.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let marks: Option<Arc<Marks>> = entry.upgrade().as_ref().and_then(&marks_of);
        if let (Some(marks), Some(buffer)) = (marks, info.buffer_mut())
            && buffer.pts().is_some_and(|time| marks.take(time))
        {
            // The decoder may hold on to the buffer: then a new one gets the flag, with the same memory.
            buffer.make_mut().set_flags(gst::BufferFlags::CORRUPTED);
        }
        gst::PadProbeReturn::Ok
    });
}
