// SPDX-License-Identifier: MPL-2.0
//! How the buffers of a medium are read: caps become a format, a buffer becomes the units that detectors see.

use super::{message::Segment, timeline::Timeline, unreadable::Unreadable};
use crate::detector::Medium;
use crate::media::{Ns, Span};

/// A medium as GStreamer carries it.
pub trait GstMedium: Medium {
    /// The reader for the buffers of one format.
    type Reader: Send;
    /// What is attached to a buffer after reading it, e.g. a grid.
    type BufferMeta;
    /// Classification of its elements.
    const CLASS: &'static str;
    /// All caps that may pass. Only some of them can be analysed, but an analyzer must not restrict the stream.
    const CAPS: &'static str;

    /// Whether the detector itself says which buffers have no timestamps.
    const JUDGES_TIMES: bool = false;

    /// Whether the buffers of a stream played backwards are analysed, each by itself.
    const ANALYSED_BACKWARDS: bool;

    /// The format of these caps and its reader.
    ///
    /// # Errors
    /// If streams with these caps can't be analysed.
    fn parse(caps: &gst::CapsRef) -> Result<(Self::Format, Self::Reader), Unreadable>;

    /// The format of a buffer that says itself that it has another one than those before; the reader is adapted to it.
    /// `None`: the same.
    fn refit(_reader: &mut Self::Reader, _buffer: &gst::BufferRef) -> Option<Self::Format> {
        None
    }

    /// Calls `unit` for every unit that the buffer completes; returns what is to be attached to the buffer.
    ///
    /// # Errors
    /// If the buffer can't be read.
    fn read(
        reader: &mut Self::Reader,
        source: &BufferContext<'_>,
        unit: &mut dyn FnMut(Span, Self::View<'_>),
    ) -> Result<Option<Self::BufferMeta>, Unreadable>;

    /// Calls `unit` with what an event says that belongs to no time of the stream, see [`Runner::push_untimed`].
    ///
    /// [`Runner::push_untimed`]: crate::detector::Runner::push_untimed
    fn read_event(
        _event: &gst::EventRef,
        _timeline: &Timeline,
        _unit: &mut dyn FnMut(Self::View<'_>),
    ) {
    }

    /// The time that an unreadable buffer covers, as far as it is known.
    fn span(reader: &Self::Reader, source: &BufferContext<'_>) -> Option<Span>;

    /// Skips to a time without data.
    fn skip(reader: &mut Self::Reader, to: Ns);

    /// Times begin anew.
    fn reset(reader: &mut Self::Reader);

    /// The stream ends at `position`: hands over the units that were held back.
    fn end(_reader: &mut Self::Reader, _position: Ns, _unit: &mut dyn FnMut(Span, Self::View<'_>)) {
    }

    /// Attaches what [`read`](Self::read) left; the memory of the buffer stays the same.
    fn attach(buffer: &mut gst::Buffer, meta: Self::BufferMeta);
}

/// A buffer with its element, pad and timeline.
pub struct BufferContext<'a> {
    /// The element that reads the buffer.
    pub element: &'a gst::Element,
    /// The buffer.
    pub buffer: &'a gst::BufferRef,
    /// Name of the pad at which it came.
    pub sink: &'static str,
    /// The timeline of the stream; `None`: times are those of the buffers.
    pub timeline: Option<&'a Timeline>,
}

/// Flags of segments in which buffers are left out on purpose.
const TRICK_MODES: gst::SegmentFlags = gst::SegmentFlags::TRICKMODE
    .union(gst::SegmentFlags::TRICKMODE_KEY_UNITS)
    .union(gst::SegmentFlags::TRICKMODE_FORWARD_PREDICTED)
    .union(gst::SegmentFlags::TRICKMODE_NO_AUDIO);

/// Whether buffers of a segment are left out on purpose.
pub fn is_trick_mode(segment: &Segment) -> bool {
    segment.flags().intersects(TRICK_MODES)
}

impl BufferContext<'_> {
    /// Presentation time of the buffer, on the timeline of the stream.
    pub fn time(&self) -> Option<Ns> {
        self.place(self.buffer.pts())
    }

    /// Decoding time, on the timeline of the stream.
    pub fn decoding_time(&self) -> Option<Ns> {
        self.place(self.buffer.dts())
    }

    /// Whether the stream is played backwards.
    pub fn is_backwards(&self) -> bool {
        self.segment().is_some_and(|segment| segment.rate() < 0.0)
    }

    /// Duration of the buffer, if it has one.
    pub fn duration(&self) -> Option<Ns> {
        self.buffer.duration().map(gst::ClockTime::nseconds)
    }

    /// Whether the segment says that buffers are left out on purpose; then the durations of buffers aren't valid.
    pub fn is_trick_mode(&self) -> bool {
        self.segment().is_some_and(is_trick_mode)
    }

    /// The segment in force; `None` if it isn't one of time.
    pub fn segment(&self) -> Option<&Segment> {
        self.timeline?.segment()
    }

    fn place(&self, time: Option<gst::ClockTime>) -> Option<Ns> {
        let time = time?.nseconds();
        Some(self.timeline.map_or(time, |line| line.of_buffer(time)))
    }
}
