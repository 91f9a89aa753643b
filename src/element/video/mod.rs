// SPDX-License-Identifier: MPL-2.0
//! Pictures: caps, mapping, and the single pass over each of them.

mod caps;
mod frame;

use super::{
    grid_meta::{self, Measured},
    reader::{BufferContext, GstMedium},
    unreadable::{Unreadable, refuse_negative},
    upstream::UpstreamPath,
};
use crate::detector::Video;
use crate::media::{
    LATEST, Ns, Span,
    picture::{Area, BufferFlags, Field, Fields, Grid, GridPool, Measurer, Picture, VideoFormat},
};
use frame::Frame;

/// The reader for pictures of one format.
pub struct VideoReader {
    info: gst_video::VideoInfo,
    format: VideoFormat,
    measurer: Measurer,
    pool: GridPool,
    /// Expected start of the next picture, if it has no timestamp.
    next: Option<Ns>,
    upstream: UpstreamPath,
}

/// Grids that are kept for reuse: those of a second in queues and in the memory of detectors, about 1 MB each at
/// 1080p.
const MOST_GRIDS: usize = 64;

impl GstMedium for Video {
    type Reader = VideoReader;
    type BufferMeta = Measured;
    const CLASS: &'static str = "Filter/Analyzer/Video";
    const ANALYSED_BACKWARDS: bool = true;
    const CAPS: &'static str = "video/x-raw(ANY)";

    fn parse(caps: &gst::CapsRef) -> Result<(VideoFormat, VideoReader), Unreadable> {
        caps::check_memory(caps)?;
        refuse_negative(caps)?;
        let info = gst_video::VideoInfo::from_caps(caps)
            .map_err(|_| Unreadable::Caps(caps.to_string()))?;
        let format = caps::format(caps, &info)?;
        format
            .check()
            .map_err(|e| Unreadable::Format(e.to_string()))?;
        let reader = VideoReader {
            measurer: Measurer::new(&format),
            pool: GridPool::new(&format, MOST_GRIDS),
            format,
            info,
            next: None,
            upstream: UpstreamPath::default(),
        };
        Ok((format, reader))
    }

    /// A crop meta says what will be shown; where that has another size than the caps say, the stream begins anew with it.
    fn refit(reader: &mut VideoReader, buffer: &gst::BufferRef) -> Option<VideoFormat> {
        let shown = frame::shown(&reader.info, buffer);
        let (width, height) = (shown.width as usize, shown.height as usize);
        if (width, height) == (reader.format.width, reader.format.height) {
            return None;
        }
        let format = VideoFormat {
            width,
            height,
            ..reader.format
        };
        format.check().ok()?;
        reader.measurer = Measurer::new(&format);
        reader.pool = GridPool::new(&format, MOST_GRIDS);
        reader.format = format;
        Some(format)
    }

    fn read(
        reader: &mut VideoReader,
        source: &BufferContext<'_>,
        unit: &mut dyn FnMut(Span, Picture<'_>),
    ) -> Result<Option<Measured>, Unreadable> {
        let shown = frame::shown(&reader.info, source.buffer);
        let known = grid_meta::of(source.buffer).filter(|known| {
            reader
                .upstream
                .is_unmodified((source.element, source.sink), &known.0)
                && known.0.shown == shown
                && describes(&known.0.grid, &reader.format)
        });
        let new = match known {
            Some(_) => None,
            None => Some(measure(reader, source, shown)?),
        };
        let Some(measured) = new.as_ref().or(known.as_ref()) else {
            return Ok(None);
        };
        let span = span(reader, source);
        reader.next = Some(
            span.end
                .max(span.start + reader.format.frame_duration.unwrap_or(0)),
        );
        let frame = Frame {
            info: &reader.info,
            format: &reader.format,
            shown,
            buffer: source.buffer,
        };
        unit(
            span,
            Picture {
                grid: &measured.0.grid,
                fields: fields(&reader.info, source.buffer),
                health: health(source.buffer),
                pixels: Some(&frame),
            },
        );
        Ok(new)
    }

    fn span(reader: &VideoReader, source: &BufferContext<'_>) -> Option<Span> {
        Some(span(reader, source))
    }

    fn skip(reader: &mut VideoReader, to: Ns) {
        reader.next = Some(to);
    }

    fn reset(reader: &mut VideoReader) {
        reader.next = None;
    }

    fn attach(buffer: &mut gst::Buffer, meta: Measured) {
        grid_meta::attach(buffer, meta);
    }
}

fn measure(
    reader: &mut VideoReader,
    source: &BufferContext<'_>,
    shown: Area,
) -> Result<Measured, Unreadable> {
    let VideoReader {
        info,
        format,
        measurer,
        pool,
        ..
    } = reader;
    let frame = Frame {
        info,
        format,
        shown,
        buffer: source.buffer,
    };
    let grid = frame.map(|planes| pool.write(|grid| measurer.measure(planes, grid)))?;
    Ok(grid_meta::measured(grid, shown, source.element))
}

/// Whether a grid is one of pictures of that format.
fn describes(grid: &Grid, format: &VideoFormat) -> bool {
    (grid.width(), grid.height(), grid.depth()) == (format.width, format.height, format.depth())
        && grid.levels() == format.levels()
        && grid.transfer() == format.transfer
}

/// The time of a picture: empty if the buffer has no duration, or if pictures are left out on purpose. A picture
/// without a timestamp starts where the one before ends.
fn span(reader: &VideoReader, source: &BufferContext<'_>) -> Span {
    let start = source.time().or(reader.next).unwrap_or(0).min(LATEST);
    let duration = source.duration().filter(|_| !source.is_trick_mode());
    let duration = duration.unwrap_or(0);
    Span::new(start, start.saturating_add(duration))
}

/// How the buffer's picture was scanned; in mixed streams each buffer says so itself.
fn fields(info: &gst_video::VideoInfo, buffer: &gst::BufferRef) -> Fields {
    use gst_video::{VideoBufferFlags as F, VideoInterlaceMode as M};
    let flags = gst_video::prelude::VideoBufferExt::video_flags(buffer);
    let interlaced = match info.interlace_mode() {
        M::Progressive => false,
        M::Mixed => flags.contains(F::INTERLACED),
        _ => true,
    };
    let top_first = match info.field_order() {
        gst_video::VideoFieldOrder::TopFieldFirst => true,
        gst_video::VideoFieldOrder::BottomFieldFirst => false,
        _ => flags.contains(F::TFF),
    };
    let field = if flags.contains(F::TFF) {
        Field::Top
    } else {
        Field::Bottom
    };
    Fields {
        interlaced,
        top_first,
        // Elsewhere buffers with ONEFIELD have room for both fields, of which one is shown.
        single: (info.interlace_mode() == M::Alternate).then_some(field),
    }
}

fn health(buffer: &gst::BufferRef) -> BufferFlags {
    BufferFlags {
        corrupted: buffer.flags().contains(gst::BufferFlags::CORRUPTED),
        discontinuous: buffer.flags().contains(gst::BufferFlags::DISCONT),
    }
}
