// SPDX-License-Identifier: MPL-2.0
//! What the timestamps of buffers say; no buffer is mapped.

use super::super::{
    reader::{GstMedium, Source},
    unreadable::Unreadable,
};
use crate::detector::BufferTiming;
use crate::media::{
    Ns, SECOND, Span,
    timestamps::{Sequence, Stamps, StreamFormat, TimestampCheck},
};

impl GstMedium for BufferTiming {
    type Reader = Sequence;
    type BufferMeta = ();
    const CLASS: &'static str = "Filter/Analyzer/Generic";
    const CAPS: &'static str = "ANY";

    fn parse(caps: &gst::CapsRef) -> Result<(StreamFormat, Sequence), Unreadable> {
        let format = format(caps);
        Ok((format, Sequence::new(format)))
    }

    fn read(
        sequence: &mut Sequence,
        source: &Source<'_>,
        unit: &mut dyn FnMut(Span, TimestampCheck),
    ) -> Result<Option<()>, Unreadable> {
        let (span, mut check) = sequence.next(Stamps {
            pts: source.time(),
            dts: source.decoding_time(),
            duration: source.duration(),
        });
        // Not so in a segment of bytes, nor when played backwards.
        let follow_in_time = source.segment().is_some_and(|s| s.rate() > 0.0);
        if !follow_in_time {
            (check.at, check.unstamped) = (None, None);
        }
        unit(span, check);
        Ok(None)
    }

    fn span(_: &Sequence, _: &Source<'_>) -> Option<Span> {
        None
    }

    fn skip(sequence: &mut Sequence, to: Ns) {
        sequence.skip(to);
    }

    fn reset(sequence: &mut Sequence) {
        sequence.reset();
    }

    fn attach(_: &mut gst::Buffer, (): ()) {}
}

/// A stream whose caps aren't known yet.
pub fn unknown() -> (StreamFormat, Sequence) {
    let format = StreamFormat::default();
    (format, Sequence::new(format))
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
