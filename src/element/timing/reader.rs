// SPDX-License-Identifier: MPL-2.0
//! Reads the timestamps of buffers; nothing else of them but a byte or two of VP8 and VP9.

use super::super::{
    reader::{BufferContext, GstMedium},
    unreadable::{Unreadable, refuse_negative},
};
use super::hidden::Hiding;
use crate::detector::BufferTiming;
use crate::media::{
    Ns, SECOND, Span,
    timestamps::{Content, Sequence, Stamps, StreamFormat, TimestampCheck},
};

/// The reader for the timestamps of a stream.
pub struct Reader {
    sequence: Sequence,
    /// Samples per second and bytes per sample of raw sound.
    samples: Option<(u64, u64)>,
    hiding: Hiding,
}

impl GstMedium for BufferTiming {
    type Reader = Reader;
    type BufferMeta = ();
    const CLASS: &'static str = "Filter/Analyzer/Generic";
    const JUDGES_TIMES: bool = true;
    const ANALYSED_BACKWARDS: bool = true;
    const CAPS: &'static str = "ANY";

    fn parse(caps: &gst::CapsRef) -> Result<(StreamFormat, Reader), Unreadable> {
        let format = format(caps);
        let samples = samples(caps);
        let name = caps.structure(0).map_or("", |s| s.name().as_str());
        let reader = Reader {
            sequence: Sequence::new(format),
            samples,
            hiding: Hiding::of(name),
        };
        Ok((format, reader))
    }

    fn read(
        reader: &mut Reader,
        source: &BufferContext<'_>,
        unit: &mut dyn FnMut(Span, TimestampCheck),
    ) -> Result<Option<()>, Unreadable> {
        if reader.hiding.hides(source.buffer) {
            return Ok(None);
        }
        let (span, mut check) = reader.sequence.next(Stamps {
            pts: source.time(),
            dts: source.decoding_time(),
            duration: reader.counted(source.buffer).or(source.duration()),
            discontinuous: source.buffer.flags().contains(gst::BufferFlags::DISCONT),
        });
        if !follow_in_time(source) {
            (check.late, check.broken, check.unstamped) = (None, None, None);
        }
        unit(span, check);
        Ok(None)
    }

    fn end(reader: &mut Reader, position: Ns, unit: &mut dyn FnMut(Span, TimestampCheck)) {
        let broken = reader.sequence.end();
        if broken.is_some() {
            let check = TimestampCheck {
                broken,
                ..TimestampCheck::default()
            };
            unit(Span::new(position, position), check);
        }
    }

    fn span(_: &Reader, _: &BufferContext<'_>) -> Option<Span> {
        None
    }

    fn skip(reader: &mut Reader, to: Ns) {
        reader.sequence.skip(to);
    }

    fn reset(reader: &mut Reader) {
        reader.sequence.reset();
    }

    fn attach(_: &mut gst::Buffer, (): ()) {}
}

/// Whether buffers follow each other in time: not so in a segment of bytes, backwards, and in trick modes.
fn follow_in_time(source: &BufferContext<'_>) -> bool {
    let is_forward = source.segment().is_some_and(|s| s.rate() > 0.0);
    is_forward && !source.is_trick_mode()
}

/// A stream whose caps aren't known yet.
pub fn unknown() -> (StreamFormat, Reader) {
    let format = StreamFormat::default();
    let reader = Reader {
        sequence: Sequence::new(format),
        samples: None,
        hiding: Hiding::Flags,
    };
    (format, reader)
}

impl Reader {
    /// Length of raw sound by its samples, in ns.
    fn counted(&self, buffer: &gst::BufferRef) -> Option<Ns> {
        let (rate, bytes) = self.samples?;
        let samples = buffer.size() as u64 / bytes;
        Some((u128::from(samples) * u128::from(SECOND) / u128::from(rate)) as Ns)
    }
}

/// Coded pictures that needn't come in the order in which they are shown.
const REORDERED: &[&str] = &[
    "video/mpeg",
    "video/x-h264",
    "video/x-h265",
    "video/x-h266",
    "video/x-divx",
    "video/x-xvid",
    "video/x-msmpeg",
    "video/x-wmv",
    "video/x-cavs",
    "video/x-pn-realvideo",
];

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
        content: content(structure),
        raw,
        reorders: content(structure) == Content::Pictures && REORDERED.contains(&name.as_str()),
        parts: has_parts(structure, raw),
        frame_duration: rate.map(|(n, d)| d * SECOND / n),
    }
}

/// Whether a picture may come in several buffers: decoded fields, coded fields, and what is smaller than a picture.
fn has_parts(structure: &gst::StructureRef, raw: bool) -> bool {
    let interlaced = structure.get::<&str>("interlace-mode").ok();
    let unit = structure.get::<&str>("alignment").ok();
    // Frames of AV1 that aren't shown come before one that is, with its time.
    let is_frame_of_av1 = structure.name() == "video/x-av1" && unit == Some("frame");
    match (raw, interlaced) {
        (true, mode) => mode == Some("alternate"),
        (false, mode) => {
            is_frame_of_av1
                || mode.is_some_and(|mode| mode != "progressive")
                || unit.is_some_and(|unit| !["au", "frame", "tu"].contains(&unit))
        }
    }
}

/// Streams that have others in them.
const CONTAINERS: &[&str] = &[
    "audio/ogg",
    "audio/webm",
    "audio/x-matroska",
    "audio/x-wav",
    "video/mj2",
    "video/mpegts",
    "video/ogg",
    "video/quicktime",
    "video/webm",
    "video/x-flv",
    "video/x-matroska",
    "video/x-ms-asf",
    "video/x-msvideo",
];

fn content(structure: &gst::StructureRef) -> Content {
    let name = structure.name().as_str();
    let is_container = CONTAINERS.contains(&name) || structure.get("systemstream") == Ok(true);
    match name.split_once('/') {
        _ if is_container => Content::Other,
        Some(("video" | "image", _)) => Content::Pictures,
        Some(("audio", _)) => Content::Sound,
        _ => Content::Other,
    }
}

/// Samples per second and bytes per sample, if it is raw sound.
fn samples(caps: &gst::CapsRef) -> Option<(u64, u64)> {
    refuse_negative(caps).ok()?;
    let info = gst_audio::AudioInfo::from_caps(caps).ok()?;
    Some((u64::from(info.rate()), u64::from(info.bpf())))
        .filter(|(rate, bytes)| rate.min(bytes) > &0)
}
