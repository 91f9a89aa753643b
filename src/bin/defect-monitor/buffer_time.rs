// SPDX-License-Identifier: MPL-2.0
//! Times of buffers at a pad, by the segment in which they come.

use std::ops::Range;

use gst::prelude::*;

/// The segment at a pad; `None` before there is one, and if it doesn't count time.
pub fn segment(pad: &gst::Pad) -> Option<gst::FormattedSegment<gst::ClockTime>> {
    let event = pad.sticky_event::<gst::event::Segment>(0)?;
    event.segment().downcast_ref::<gst::ClockTime>().cloned()
}

/// Start and end of a buffer in stream time, in ns; `None` without a time, and outside the segment.
pub fn stream_time(pad: &gst::Pad, buffer: &gst::BufferRef) -> Option<Range<u64>> {
    let start = segment(pad)?.to_stream_time(buffer.pts()?)?;
    Some(with_length(start, buffer))
}

/// Start and end of a buffer in running time, in ns; `None` without a time, and outside the segment.
pub fn running_time(pad: &gst::Pad, buffer: &gst::BufferRef) -> Option<Range<u64>> {
    let start = segment(pad)?.to_running_time(buffer.pts()?)?;
    Some(with_length(start, buffer))
}

fn with_length(start: gst::ClockTime, buffer: &gst::BufferRef) -> Range<u64> {
    let start = start.nseconds();
    let length = buffer.duration().map_or(0, gst::ClockTime::nseconds);
    start..start.saturating_add(length)
}
