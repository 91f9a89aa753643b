// SPDX-License-Identifier: MPL-2.0
//! Pictures: caps, mapping, and the one look at each of them.

mod caps;
mod frame;

use super::{
    grid_meta::{self, Measured},
    medium::{GstMedium, Source},
    upstream::Way,
};
use crate::detector::Video;
use crate::media::{
    LATEST, Ns, Span,
    picture::{Field, Fields, Grid, GridPool, Health, Measurer, Picture, VideoFormat},
};
use frame::Frame;

/// What it takes to look at the pictures of one format.
pub struct Feed {
    info: gst_video::VideoInfo,
    format: VideoFormat,
    measurer: Measurer,
    pool: GridPool,
    /// Where the next picture is expected, if it doesn't say.
    next: Option<Ns>,
    way: Way,
}

/// So many grids are kept for use again: those of a second in queues and in the memory of detectors, about 1 MB each at 1080p.
const MOST_GRIDS: usize = 64;

impl GstMedium for Video {
    type Feed = Feed;
    type Mark = Measured;
    const CLASS: &'static str = "Filter/Analyzer/Video";
    const CAPS: &'static str = "video/x-raw(ANY)";
    const HAS_CHANNELS: bool = false;

    fn parse(caps: &gst::CapsRef) -> Result<(VideoFormat, Feed), String> {
        caps::check_memory(caps)?;
        let info = gst_video::VideoInfo::from_caps(caps)
            .map_err(|_| format!("caps without a known picture format: {caps}"))?;
        let format = caps::format(&info)?;
        format.check().map_err(|e| e.to_string())?;
        let feed = Feed {
            measurer: Measurer::new(&format),
            pool: GridPool::new(&format, MOST_GRIDS),
            format,
            info,
            next: None,
            way: Way::default(),
        };
        Ok((format, feed))
    }

    fn read(
        feed: &mut Feed,
        source: &Source<'_>,
        unit: &mut dyn FnMut(Span, Picture<'_>),
    ) -> Result<Option<Measured>, String> {
        let known = grid_meta::of(source.buffer).filter(|known| {
            feed.way
                .leads_untouched((source.element, source.sink), &known.0)
                && describes(&known.0.grid, &feed.format)
        });
        let mark = match known {
            Some(_) => None,
            None => Some(measure(feed, source)?),
        };
        let Some(measured) = mark.as_ref().or(known.as_ref()) else {
            return Ok(None);
        };
        let span = span(feed, source);
        feed.next = Some(
            span.end
                .max(span.start + feed.format.frame_duration.unwrap_or(0)),
        );
        let frame = Frame {
            info: &feed.info,
            format: &feed.format,
            buffer: source.buffer,
        };
        unit(
            span,
            Picture {
                grid: &measured.0.grid,
                fields: fields(&feed.info, source.buffer),
                health: health(source.buffer),
                pixels: Some(&frame),
            },
        );
        Ok(mark)
    }

    fn span(feed: &Feed, source: &Source<'_>) -> Option<Span> {
        Some(span(feed, source))
    }

    fn skip(feed: &mut Feed, to: Ns) {
        feed.next = Some(to);
    }

    fn reset(feed: &mut Feed) {
        feed.next = None;
    }

    fn attach(buffer: &mut gst::Buffer, mark: Measured) {
        grid_meta::attach(buffer, mark);
    }
}

fn measure(feed: &mut Feed, source: &Source<'_>) -> Result<Measured, String> {
    let Feed {
        info,
        format,
        measurer,
        pool,
        ..
    } = feed;
    let frame = Frame {
        info,
        format,
        buffer: source.buffer,
    };
    let grid = frame.map(|planes| pool.write(|grid| measurer.measure(planes, grid)))?;
    Ok(grid_meta::measured(grid, source.element))
}

/// Whether a grid is one of pictures of that format.
fn describes(grid: &Grid, format: &VideoFormat) -> bool {
    (grid.width(), grid.height(), grid.depth()) == (format.width, format.height, format.depth())
        && grid.levels() == format.levels()
        && grid.transfer() == format.transfer
}

/// Empty if the buffer has no duration. Without a timestamp it is where the one before says.
fn span(feed: &Feed, source: &Source<'_>) -> Span {
    let start = source.time().or(feed.next).unwrap_or(0).min(LATEST);
    let duration = source.duration().unwrap_or(0);
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
        repeat_first: flags.contains(F::RFF),
        single: flags.contains(F::ONEFIELD).then_some(field),
    }
}

fn health(buffer: &gst::BufferRef) -> Health {
    Health {
        corrupted: buffer.flags().contains(gst::BufferFlags::CORRUPTED),
        discontinuous: buffer.flags().contains(gst::BufferFlags::DISCONT),
    }
}
