// SPDX-License-Identifier: MPL-2.0
//! Judges timestamps before the decoder, since a decoder makes up times and lengths of its own.
//!
//! The buffers that go into the decoder are also passed to a detector in the chain of the stream, whose output is
//! discarded.

use gst::prelude::*;

use super::decoder;
use crate::lock::lock;

/// The pad at which the stream of that pad goes into its decoder; `None` if it isn't decoded.
pub fn before_decoder(pad: &gst::Pad) -> Option<gst::Pad> {
    let mut source = pad.clone();
    for _ in 0..MOST_ELEMENTS {
        while let Some(ghost) = source.downcast_ref::<gst::GhostPad>() {
            source = ghost.target()?;
        }
        let element = source.parent_element()?;
        let sinks = element.sink_pads();
        let [sink] = sinks.as_slice() else {
            return None;
        };
        if decoder::kind(&element).is_some() {
            // Decoders may be replaced; the pad before them stays.
            return sink.peer();
        }
        let class = element.factory()?.metadata("klass")?.to_owned();
        if ["Demux", "Parser", "Source"]
            .iter()
            .any(|c| class.contains(c))
        {
            return None;
        }
        source = sink.peer()?;
    }
    None
}

/// Most elements between a decoder and the end of its bin.
const MOST_ELEMENTS: usize = 16;

/// Passes copies of the buffers at a pad to a detector, from now on.
pub fn watch(coded: &gst::Pad, detector: &gst::Element) -> Result<(), String> {
    // Of a stream that takes the place of another, the detector has its pads already.
    let known = detector.static_pad("sink").and_then(|sink| sink.peer());
    let entry = match known {
        Some(entry) => entry,
        None => super::together::ear(detector, "sink", "src")?,
    };
    let kinds = gst::PadProbeType::BUFFER
        | gst::PadProbeType::BUFFER_LIST
        | gst::PadProbeType::EVENT_DOWNSTREAM
        | gst::PadProbeType::EVENT_FLUSH;
    let begun = std::sync::Mutex::new(false);
    coded.add_probe(kinds, move |coded, info| {
        if !std::mem::replace(&mut *lock(&begun), true) {
            // Those that came before.
            coded.sticky_events_foreach(|event| {
                entry.push_event(event.clone());
                std::ops::ControlFlow::Continue(gst::EventForeachAction::Keep)
            });
        }
        match &info.data {
            Some(gst::PadProbeData::Event(event)) => {
                entry.push_event(event.clone());
            }
            Some(gst::PadProbeData::Buffer(buffer)) => {
                let _ = entry.push(buffer.clone());
            }
            Some(gst::PadProbeData::BufferList(list)) => {
                let _ = entry.push_list(list.clone());
            }
            _ => {}
        }
        gst::PadProbeReturn::Ok
    });
    Ok(())
}
