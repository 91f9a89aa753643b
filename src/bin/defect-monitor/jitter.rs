// SPDX-License-Identifier: MPL-2.0
//! How long the jitter buffers of an RTSP source wait for a packet.

use gst::prelude::*;

/// Longest wait for a packet that is missing, in ms. Nothing comes out of a jitter buffer in that time: with the 2 s of GStreamer's
/// `rtspsrc` each lost packet would be a stall. Chosen: half of the time after which `stalldetect` reports one. Packets in the right
/// order are taken however late they are.
const WAIT: u32 = 1000;

/// Limits the wait in the RTSP source that `decoder` (a `uridecodebin3`) makes, if it makes one.
pub fn limit_wait(decoder: &gst::Element) {
    decoder.connect("source-setup", false, |args| {
        let source = args.get(1)?.get::<gst::Element>().ok()?;
        if source.factory().is_some_and(|f| f.name() == "rtspsrc") {
            source.set_property("latency", WAIT);
        }
        None
    });
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::*;

    #[test]
    fn a_lost_packet_is_no_stall() {
        gst::init().unwrap();
        // Nobody listens there.
        let decoder = source::whole("rtsp://127.0.0.1:9/").unwrap();
        let _ = decoder.set_state(gst::State::Paused);
        let bin = decoder.downcast_ref::<gst::Bin>().unwrap();
        let mut elements = bin.iterate_recurse().into_iter().flatten();
        let source = elements.find(|e| e.find_property("latency").is_some());
        let wait = source.map(|s| s.property::<u32>("latency"));
        decoder.set_state(gst::State::Null).unwrap();
        let stall = 2000;
        assert!(wait.unwrap() < stall);
    }
}
