// SPDX-License-Identifier: MPL-2.0
//! Takes away timestamps of a transport stream that are a day ahead.
//!
//! Where the timestamps of a programme jump by some seconds, GStreamer's `tsdemux` (1.22) takes a few that it can't place for ones
//! behind a wraparound of the 33 bits, which is after 26 hours 30 minutes. What follows is in its place again. Parsers give a picture
//! or block without a timestamp the time behind the one before.

use std::sync::Mutex;

use gst::prelude::*;

use crate::lock::lock;

/// A step by more than half a turn of the 33 bits of 90 kHz is taken for such a mistake.
const STEP: gst::ClockTime = gst::ClockTime::from_mseconds((1 << 32) / 90);
/// Most buffers in a row that lose their timestamps: more of them aren't a mistake.
const MOST: u32 = 16;

/// Watches the demuxers of transport streams in a decoder.
pub fn mend(decoder: &gst::Element) {
    let Some(bin) = decoder.downcast_ref::<gst::Bin>() else {
        return;
    };
    bin.connect_deep_element_added(|_, _, element| {
        if element.factory().is_some_and(|f| f.name() == "tsdemux") {
            element.connect_pad_added(|_, pad| mend_pad(pad));
        }
    });
}

fn mend_pad(pad: &gst::Pad) {
    let steps = Mutex::new(Steps::default());
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        if let Some(buffer) = info.buffer_mut()
            && let Some(pts) = buffer.pts()
            && lock(&steps).is_mistake(pts)
        {
            let buffer = buffer.make_mut();
            buffer.set_pts(None);
            buffer.set_dts(None);
        }
        gst::PadProbeReturn::Ok
    });
}

/// The timestamps of a stream.
#[derive(Debug, Default)]
struct Steps {
    /// The last one that was no mistake.
    last: Option<gst::ClockTime>,
    /// Mistakes since then.
    mistakes: u32,
}

impl Steps {
    fn is_mistake(&mut self, pts: gst::ClockTime) -> bool {
        let is_far = self
            .last
            .is_some_and(|last| pts > last.saturating_add(STEP));
        if is_far && self.mistakes < MOST {
            self.mistakes += 1;
            return true;
        }
        (self.last, self.mistakes) = (Some(pts), 0);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_timestamps_a_day_ahead_are_mistakes_and_a_stream_there_is_not() {
        let seconds = gst::ClockTime::from_seconds;
        let mut steps = Steps::default();
        assert!(!steps.is_mistake(seconds(8)));
        assert!(steps.is_mistake(seconds(95_449)));
        assert!(!steps.is_mistake(seconds(12)));
        // An hour ahead is a jump of the programme.
        assert!(!steps.is_mistake(seconds(3612)));
        let far = (0..MOST + 2).map(|n| steps.is_mistake(seconds(95_449 + u64::from(n))));
        assert_eq!(far.filter(|is_mistake| *is_mistake).count(), MOST as usize);
    }
}
