// SPDX-License-Identifier: MPL-2.0
//! Buffers as such: nothing is mapped.

use super::{
    medium::{GstMedium, Source},
    message::Segment,
};
use crate::detector::Arrivals;
use crate::media::{
    Ns, SECOND, Span,
    timestamps::{Arrival, Sequence, Stamps, StreamFormat},
};

/// What it takes to follow the timestamps of a stream.
pub struct Feed {
    sequence: Sequence,
    /// Buffers follow each other in time: not so in a segment of bytes, or when played backwards.
    even: bool,
    waited: Ns,
}

impl GstMedium for Arrivals {
    type Feed = Feed;
    type Mark = ();
    const CLASS: &'static str = "Filter/Analyzer/Generic";
    const CAPS: &'static str = "ANY";
    const HAS_CHANNELS: bool = false;
    const WAITS: bool = true;

    fn blank() -> Option<(StreamFormat, Feed)> {
        Some(with(StreamFormat::default()))
    }

    fn parse(caps: &gst::CapsRef) -> Result<(StreamFormat, Feed), String> {
        Ok(with(format(caps)))
    }

    fn read(
        feed: &mut Feed,
        source: &Source<'_>,
        unit: &mut dyn FnMut(Span, Arrival),
    ) -> Result<Option<()>, String> {
        let (span, mut arrival) = feed.sequence.next(Stamps {
            pts: source.time(),
            dts: source.decoding_time(),
            duration: source.duration(),
        });
        arrival.waited = std::mem::take(&mut feed.waited);
        if !feed.even {
            (arrival.at, arrival.unstamped) = (None, None);
        }
        unit(span, arrival);
        Ok(None)
    }

    fn span(_: &Feed, _: &Source<'_>) -> Option<Span> {
        None
    }

    fn set_segment(feed: &mut Feed, segment: Option<&Segment>) {
        feed.even = segment.is_some_and(|s| s.rate() > 0.0);
        // How far the parts of a stream lie apart isn't a matter of its timestamps.
        feed.sequence.reset();
    }

    fn waited(feed: &mut Feed, waited: Ns) {
        feed.waited = waited;
    }

    fn skip(feed: &mut Feed, to: Ns) {
        feed.sequence.skip(to);
    }

    fn reset(feed: &mut Feed) {
        feed.sequence.reset();
    }

    fn attach(_: &mut gst::Buffer, (): ()) {}
}

fn with(format: StreamFormat) -> (StreamFormat, Feed) {
    let feed = Feed {
        sequence: Sequence::new(format),
        even: false,
        waited: 0,
    };
    (format, feed)
}

fn format(caps: &gst::CapsRef) -> StreamFormat {
    let Some(structure) = caps.structure(0) else {
        return StreamFormat::default();
    };
    let name = structure.name();
    let raw = name.ends_with("/x-raw");
    let rate = structure.get::<gst::Fraction>("framerate").ok();
    let rate = rate.and_then(|f| {
        let n = u64::try_from(f.numer()).ok().filter(|n| *n > 0)?;
        Some((n, u64::try_from(f.denom()).ok()?))
    });
    StreamFormat {
        raw,
        reorders: !raw && name.starts_with("video/"),
        frame_duration: rate.map(|(n, d)| d * SECOND / n),
    }
}
