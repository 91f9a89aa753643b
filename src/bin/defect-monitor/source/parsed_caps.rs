// SPDX-License-Identifier: MPL-2.0
//! Has `decodebin3` know the caps of a stream before it looks for a decoder.
//!
//! `decodebin3` looks for a decoder when a stream starts, by the caps of the `GstStream`. These are the demuxer's until the parser's caps
//! have passed, a moment later in another thread. A transport stream's H.264 has no alignment in the demuxer's caps, so in GStreamer 1.26
//! three starts in a hundred ended with "no plugin for H.264 decoder". Here the stream gets the parser's caps as soon as they are known,
//! which is before the stream starts.

use gst::prelude::*;

/// Watches the parsers in a decoder.
pub fn tell(decoder: &gst::Element) {
    let Some(bin) = decoder.downcast_ref::<gst::Bin>() else {
        return;
    };
    bin.connect_deep_element_added(|_, _, element| {
        let is_parser = element.factory().is_some_and(|f| f.name() == "parsebin");
        if is_parser {
            element.connect_pad_added(|_, pad| tell_first_caps(pad));
        }
    });
}

/// Gives the stream of a pad the first caps that pass.
fn tell_first_caps(pad: &gst::Pad) {
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, |pad, info| {
        let Some(gst::EventView::Caps(caps)) = info.event().map(|event| event.view()) else {
            return gst::PadProbeReturn::Ok;
        };
        if let Some(stream) = pad.stream() {
            stream.set_caps(Some(&caps.caps_owned()));
        }
        gst::PadProbeReturn::Remove
    });
}
