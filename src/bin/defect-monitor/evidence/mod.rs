// SPDX-License-Identifier: MPL-2.0
//! Makes heard what demuxers and decoders know of damage, but don't put on the pictures: flags those pictures as corrupted.
//!
//! What damaged transport streams give in GStreamer 1.22 (one clip in each codec, packets and slices lost, bits flipped):
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
//! None of them flags a buffer as corrupted. The flag is set in pipelines of this program alone: they end in it, nobody else sees these buffers.
//!
//! What is said while a picture is decoded is said in the thread that decodes it, if the decoder
//! has one thread only: that's how it is known whose it is.

mod marks;
mod words;

use std::sync::Arc;

use gst::prelude::*;

use super::decoder;
use marks::{Known, Marks};

/// Listens in that pipeline, to all that comes into it from now on.
pub fn listen(pipeline: &gst::Pipeline) {
    words::listen();
    let known = Arc::new(Known::default());
    if let Some(bus) = pipeline.bus() {
        let known = Arc::clone(&known);
        // At once, in the thread that found out: what it passes on next is what comes after the damage.
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

/// A warning: of a decoder about the picture that it decodes, or of a demuxer about packets that didn't come.
fn heed(message: &gst::MessageRef, known: &Arc<Known>) {
    let gst::MessageView::Warning(warning) = message.view() else {
        return;
    };
    let Some(element) = message.src().and_then(|s| s.downcast_ref::<gst::Element>()) else {
        return;
    };
    if decodes_pictures(element) {
        words::damaged();
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

/// What comes next from there isn't whole, or builds on what didn't come.
fn mark_next(pad: &gst::Pad, known: Arc<Known>) {
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

/// Follows what goes into a decoder, and flags what comes out.
fn meet(decoder: &gst::Element, known: &Arc<Known>) {
    let factory = decoder.factory().map(|f| f.name());
    let libav = factory
        .as_ref()
        .is_some_and(|name| name.starts_with("avdec_"));
    if libav {
        decoder::use_one_thread(decoder);
    }
    // That decoder says of each picture when it is whole.
    let confirms = factory.is_some_and(|name| name == "avdec_h265");
    let (Some(sink), Some(source)) = (decoder.static_pad("sink"), decoder.static_pad("src")) else {
        return;
    };
    let known = Arc::clone(known);
    let marks_of = move |pad: &gst::Pad| pad.stream_id().map(|id| known.of(&id));
    let own = marks_of.clone();
    sink.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        let time = info.buffer().and_then(|buffer| buffer.pts());
        words::decoding(own(pad), time, confirms);
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
