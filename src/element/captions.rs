// SPDX-License-Identifier: MPL-2.0
//! Captions: of streams of their own, and those attached to raw or parsed pictures.

use gst_video::VideoCaptionType;

use super::{
    reader::{BufferContext, GstMedium},
    speech::Heard,
    timeline::Timeline,
    unreadable::Unreadable,
};
use crate::detector::Captions;
use crate::media::{
    LATEST, Ns, SECOND, Span,
    captions::{CaptionFormat, CaptionPackets, Packing, SpeechOnsets},
};

/// The reader for the captions of a stream.
pub struct CaptionReader {
    format: CaptionFormat,
    /// Expected start of the next buffer, if it has no timestamp.
    next: Option<Ns>,
}

/// The captions of one buffer, or what was heard.
enum Packets<'a> {
    Attached(&'a gst::BufferRef),
    Own(Packing, &'a [u8]),
    Heard(Heard),
}

impl CaptionPackets for Packets<'_> {
    fn each(&self, packet: &mut dyn FnMut(Packing, &[u8])) {
        match self {
            Self::Heard(_) => {}
            Self::Own(packing, data) => packet(*packing, data),
            Self::Attached(buffer) => {
                for meta in buffer.iter_meta::<gst_video::VideoCaptionMeta>() {
                    let packing = match meta.caption_type() {
                        VideoCaptionType::Cea608Raw => Packing::Cea608,
                        VideoCaptionType::Cea608S3341a => Packing::Cea608WithField,
                        VideoCaptionType::Cea708Raw => Packing::CcData,
                        VideoCaptionType::Cea708Cdp => Packing::Cdp,
                        _ => continue,
                    };
                    packet(packing, meta.data());
                }
            }
        }
    }

    fn speech(&self) -> Option<SpeechOnsets<'_>> {
        match self {
            Self::Heard(heard) => Some(heard.speech()),
            Self::Own(..) | Self::Attached(_) => None,
        }
    }
}

impl GstMedium for Captions {
    type Reader = CaptionReader;
    type BufferMeta = ();
    const CLASS: &'static str = "Filter/Analyzer/Video";
    const ANALYSED_BACKWARDS: bool = true;
    const CAPS: &'static str = "ANY";

    fn parse(caps: &gst::CapsRef) -> Result<(CaptionFormat, CaptionReader), Unreadable> {
        let unknown = || Unreadable::Caps(caps.to_string());
        let structure = caps.structure(0).ok_or_else(unknown)?;
        let form = structure.get::<&str>("format").unwrap_or_default();
        let packing = match (structure.name().as_str(), form) {
            ("closedcaption/x-cea-608", "s334-1a") => Some(Packing::Cea608WithField),
            ("closedcaption/x-cea-608", _) => Some(Packing::Cea608),
            ("closedcaption/x-cea-708", "cdp") => Some(Packing::Cdp),
            ("closedcaption/x-cea-708", _) => Some(Packing::CcData),
            (name, _) if name.starts_with("video/") || name.starts_with("image/") => None,
            (name, _) if is_timed_text(name) => Some(Packing::Text),
            _ => {
                return Err(Unreadable::Format(format!(
                    "{} has no captions: pictures, closedcaption/* and timed text may",
                    structure.name()
                )));
            }
        };
        let rate = structure.get::<gst::Fraction>("framerate").ok();
        let format = CaptionFormat {
            packing,
            frame_duration: rate.and_then(|rate| {
                let (n, d) = (
                    u64::try_from(rate.numer()).ok()?,
                    u64::try_from(rate.denom()).ok()?,
                );
                (n > 0).then(|| d * SECOND / n)
            }),
        };
        Ok((format, CaptionReader { format, next: None }))
    }

    fn read(
        reader: &mut CaptionReader,
        source: &BufferContext<'_>,
        unit: &mut dyn FnMut(Span, &dyn CaptionPackets),
    ) -> Result<Option<()>, Unreadable> {
        let span = span(reader, source);
        let length = reader.format.frame_duration.unwrap_or(0);
        reader.next = Some(span.end.max(span.start.saturating_add(length)));
        match reader.format.packing {
            None => unit(span, &Packets::Attached(source.buffer)),
            Some(packing) => {
                let map = source
                    .buffer
                    .map_readable()
                    .map_err(|_| Unreadable::Unmappable(source.buffer.size()))?;
                unit(span, &Packets::Own(packing, &map));
            }
        }
        Ok(None)
    }

    fn read_event(
        event: &gst::EventRef,
        timeline: &Timeline,
        unit: &mut dyn FnMut(&dyn CaptionPackets),
    ) {
        if let Some(heard) = Heard::of(event).and_then(|heard| heard.on(timeline)) {
            unit(&Packets::Heard(heard));
        }
    }

    fn span(reader: &CaptionReader, source: &BufferContext<'_>) -> Option<Span> {
        Some(span(reader, source))
    }

    fn skip(reader: &mut CaptionReader, to: Ns) {
        reader.next = Some(to);
    }

    fn reset(reader: &mut CaptionReader) {
        reader.next = None;
    }

    fn attach(_: &mut gst::Buffer, (): ()) {}
}

/// Whether streams of that type are captions or subtitles by themselves.
pub fn is_caption_stream(name: &str) -> bool {
    name.starts_with("closedcaption/") || is_timed_text(name)
}

/// Subtitles of any sort, as long as each buffer is one of them.
fn is_timed_text(name: &str) -> bool {
    name.starts_with("text/")
        || name.starts_with("subpicture/")
        || name.starts_with("application/x-subtitle")
        || [
            "application/x-ssa",
            "application/x-ass",
            "application/x-teletext",
            "application/ttml+xml",
        ]
        .contains(&name)
}

/// Empty if the buffer has no duration. Without a timestamp it is where the one before says.
fn span(reader: &CaptionReader, source: &BufferContext<'_>) -> Span {
    let start = source.time().or(reader.next).unwrap_or(0).min(LATEST);
    Span::new(start, start.saturating_add(source.duration().unwrap_or(0)))
}
