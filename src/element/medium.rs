// SPDX-License-Identifier: MPL-2.0
//! How a medium is negotiated, mapped and divided into units.

use gst::prelude::*;

use super::{message::Segment, timeline::Timeline};
use crate::detector::{Detector, Info, Medium};
use crate::media::{Ns, Span};

/// What a detector's stream is made of.
pub type Format<D> = <<D as Detector>::Medium as Medium>::Format;

/// A medium as GStreamer carries it.
pub trait GstMedium: Medium {
    /// What it takes to read buffers of one format.
    type Feed: Send;
    /// What a look at a buffer leaves to be attached to it.
    type Mark;
    /// For the element's classification.
    const CLASS: &'static str;
    /// Everything that may pass. Only some of it can be analysed, but a watcher must not narrow what flows.
    const CAPS: &'static str;
    /// Whether messages name a channel.
    const HAS_CHANNELS: bool;

    /// Whether it matters when nothing comes, so that a timer has to watch.
    const WAITS: bool = false;

    /// What a stream is before its caps are known, if it can be watched then.
    fn blank() -> Option<(Self::Format, Self::Feed)> {
        None
    }

    /// The segment from now on.
    fn set_segment(_feed: &mut Self::Feed, _segment: Option<&Segment>) {}

    /// The next buffer came after so long by the wall clock.
    fn waited(_feed: &mut Self::Feed, _waited: Ns) {}

    /// The format of these caps, or why they can't be analysed.
    fn parse(caps: &gst::CapsRef) -> Result<(Self::Format, Self::Feed), String>;

    /// Calls `unit` for every unit that the buffer completes; says why if it can't be read.
    fn read(
        feed: &mut Self::Feed,
        source: &Source<'_>,
        unit: &mut dyn FnMut(Span, Self::View<'_>),
    ) -> Result<Option<Self::Mark>, String>;

    /// The time that an unreadable buffer covers, as far as it can be told.
    fn span(feed: &Self::Feed, source: &Source<'_>) -> Option<Span>;

    /// Time goes on to there without data.
    fn skip(feed: &mut Self::Feed, to: Ns);

    /// The timeline begins anew.
    fn reset(feed: &mut Self::Feed);

    /// Attaches what [`read`](Self::read) left; the memory stays the same.
    fn attach(buffer: &mut gst::Buffer, mark: Self::Mark);
}

/// A buffer and where it is read.
pub struct Source<'a> {
    /// The element that reads.
    pub element: &'a gst::Element,
    /// What it reads.
    pub buffer: &'a gst::BufferRef,
    /// Name of the pad at which it came.
    pub sink: &'static str,
    /// The timeline of the stream; `None`: times are those of the buffers.
    pub timeline: Option<&'a Timeline>,
}

impl Source<'_> {
    /// When the buffer is to be presented, on the timeline of the stream.
    pub fn time(&self) -> Option<Ns> {
        self.place(self.buffer.pts())
    }

    /// When it is to be decoded, on the timeline of the stream.
    pub fn decoding_time(&self) -> Option<Ns> {
        self.place(self.buffer.dts())
    }

    /// How long it says that it lasts.
    pub fn duration(&self) -> Option<Ns> {
        self.buffer.duration().map(gst::ClockTime::nseconds)
    }

    fn place(&self, time: Option<gst::ClockTime>) -> Option<Ns> {
        let time = time?.nseconds();
        Some(self.timeline.map_or(time, |line| line.of_buffer(time)))
    }
}

/// A pad that answers queries about caps and allocation with what the other side says.
pub fn pad(template: Option<gst::PadTemplate>) -> gst::PadBuilder<gst::Pad> {
    let flags = gst::PadFlags::PROXY_CAPS | gst::PadFlags::PROXY_ALLOCATION;
    match template {
        Some(template) => gst::Pad::builder_from_template(&template).flags(flags),
        None => gst::Pad::builder(gst::PadDirection::Unknown),
    }
}

/// Adds the element's pads; can't fail, since their names differ.
pub fn add_pads(element: &gst::Element, pads: [&gst::Pad; 2]) {
    for pad in pads {
        if element.add_pad(pad).is_err() {
            gst::error!(
                super::CAT,
                obj = element,
                "pad {} is there already",
                pad.name()
            );
        }
    }
}

/// The pads that every detector of that medium has.
pub fn pad_templates<M: GstMedium>() -> Vec<gst::PadTemplate> {
    let caps: gst::Caps = M::CAPS.parse().unwrap_or_else(|_| gst::Caps::new_any());
    [
        ("sink", gst::PadDirection::Sink),
        ("src", gst::PadDirection::Src),
    ]
    .into_iter()
    .filter_map(|(name, direction)| {
        gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps).ok()
    })
    .collect()
}

/// What `gst-inspect-1.0` shows on top.
pub fn metadata<M: GstMedium>(info: &Info) -> gst::subclass::ElementMetadata {
    metadata_of(M::CLASS, info)
}

/// The same, for an element of that class.
pub fn metadata_of(class: &str, info: &Info) -> gst::subclass::ElementMetadata {
    gst::subclass::ElementMetadata::new(
        info.long_name,
        class,
        info.description,
        concat!(env!("CARGO_PKG_NAME"), " maintainers"),
    )
}
