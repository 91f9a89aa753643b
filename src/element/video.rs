// SPDX-License-Identifier: MPL-2.0
//! Pictures: caps, mapping, and the one look at each of them.

use super::{
    grid_meta::{self, Measured},
    medium::{GstMedium, Source},
    upstream::Way,
};
use crate::core::{
    Ns, Span, Video,
    picture::{
        Field, Fields, Grid, GridPool, Health, Layout, Matrix, Measurer, Picture, Pixels, Planes,
        Range, Scan, Transfer, VideoFormat,
    },
};

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
        check_memory(caps)?;
        let info = gst_video::VideoInfo::from_caps(caps)
            .map_err(|_| format!("caps without a known picture format: {caps}"))?;
        let format = format(&info)?;
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
        let span = span(feed, source.buffer);
        feed.next = Some(span.end);
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

    fn span(feed: &Feed, buffer: &gst::BufferRef) -> Option<Span> {
        Some(span(feed, buffer))
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

/// Only memory that the CPU can read at full speed: reading back from a GPU would stall the stream.
fn check_memory(caps: &gst::CapsRef) -> Result<(), String> {
    let foreign = |f: &gst::CapsFeaturesRef| {
        !f.is_any()
            && f.iter().any(|name| {
                name.as_str().starts_with("memory:")
                    && name.as_str() != gst::CAPS_FEATURE_MEMORY_SYSTEM_MEMORY.as_str()
            })
    };
    match caps.features(0) {
        Some(features) if foreign(features) => Err(format!(
            "pictures in {features} can't be read by the CPU; put the detectors before the upload or behind a download"
        )),
        _ => Ok(()),
    }
}

/// A picture in a buffer.
struct Frame<'a> {
    info: &'a gst_video::VideoInfo,
    format: &'a VideoFormat,
    buffer: &'a gst::BufferRef,
}

impl Frame<'_> {
    /// What a buffer says about its planes has to be true: mapping believes it, and reads what lies behind the memory.
    fn check(&self) -> Result<(), String> {
        let Some(meta) = self.buffer.meta::<gst_video::VideoMeta>() else {
            return Ok(());
        };
        let info = self.info;
        if meta.format() != info.format()
            || meta.width() < info.width()
            || meta.height() < info.height()
        {
            return Err("its VideoMeta is of another format than the caps".into());
        }
        for (plane, (offset, stride)) in meta.offset().iter().zip(meta.stride()).enumerate() {
            let length = self.format.plane_length(plane, upright(*stride)?);
            let held = self
                .buffer
                .find_memory(*offset..)
                .and_then(|(memories, skip)| {
                    self.buffer
                        .peek_memory(memories.start)
                        .size()
                        .checked_sub(skip)
                });
            if held.is_none_or(|held| held < length) {
                return Err(format!(
                    "its VideoMeta says that plane {plane} has {length} bytes, more than there are"
                ));
            }
        }
        Ok(())
    }

    /// Maps the buffer and hands over its planes.
    fn map<R>(&self, look: impl FnOnce(&Planes<'_>) -> R) -> Result<R, String> {
        use gst_video::VideoFrameExt;
        self.check()?;
        let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(self.buffer, self.info)
            .map_err(|_| {
                format!(
                    "its memory can't be mapped as a picture ({} bytes)",
                    self.buffer.size()
                )
            })?;
        let mut planes: [(&[u8], usize); 4] = [(&[], 0); 4];
        let count = self.format.plane_count();
        for (i, plane) in planes.iter_mut().enumerate().take(count) {
            let stride = frame.plane_stride().get(i).copied().unwrap_or(0);
            let bytes = frame.plane_data(i as u32).map_err(|e| e.to_string())?;
            *plane = (bytes, upright(stride)?);
        }
        let planes = Planes::new(self.format, &planes[..count]).map_err(|e| e.to_string())?;
        Ok(look(&planes))
    }
}

impl Pixels for Frame<'_> {
    fn look(&self, look: &mut dyn FnMut(&Planes<'_>)) -> bool {
        self.map(look).is_ok()
    }
}

fn upright(stride: i32) -> Result<usize, String> {
    usize::try_from(stride).map_err(|_| "it is upside down (negative stride)".to_owned())
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

fn span(feed: &Feed, buffer: &gst::BufferRef) -> Span {
    let start = buffer
        .pts()
        .map(gst::ClockTime::nseconds)
        .or(feed.next)
        .unwrap_or(0);
    let duration = buffer
        .duration()
        .map(gst::ClockTime::nseconds)
        .or(feed.format.frame_duration)
        .unwrap_or(0);
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

fn format(info: &gst_video::VideoInfo) -> Result<VideoFormat, String> {
    let colorimetry = info.colorimetry();
    let layout = layout(info.format())
        .ok_or_else(|| format!("pictures of format {} aren't known", info.format()))?;
    let rgb = info.format_info().is_rgb();
    Ok(VideoFormat {
        layout,
        width: info.width() as usize,
        height: if info.interlace_mode() == gst_video::VideoInterlaceMode::Alternate {
            info.field_height()
        } else {
            info.height()
        } as usize,
        range: match colorimetry.range() {
            gst_video::VideoColorRange::Range0_255 => Range::Full,
            gst_video::VideoColorRange::Range16_235 => Range::Limited,
            _ if rgb => Range::Full,
            _ => Range::Limited,
        },
        matrix: match colorimetry.matrix() {
            gst_video::VideoColorMatrix::Bt709 => Matrix::Bt709,
            gst_video::VideoColorMatrix::Bt2020 => Matrix::Bt2020,
            gst_video::VideoColorMatrix::Bt601 => Matrix::Bt601,
            // By the size of the picture, as GStreamer does: over 576 lines it is HD.
            _ if info.height() > 576 => Matrix::Bt709,
            _ => Matrix::Bt601,
        },
        transfer: match colorimetry.transfer() {
            gst_video::VideoTransferFunction::Smpte2084 => Transfer::Pq,
            gst_video::VideoTransferFunction::AribStdB67 => Transfer::Hlg,
            _ => Transfer::Sdr,
        },
        scan: match info.interlace_mode() {
            gst_video::VideoInterlaceMode::Progressive => Scan::Progressive,
            gst_video::VideoInterlaceMode::Mixed => Scan::Mixed,
            gst_video::VideoInterlaceMode::Alternate => Scan::Alternate,
            _ => Scan::Interleaved,
        },
        frame_duration: frame_duration(info),
    })
}

fn frame_duration(info: &gst_video::VideoInfo) -> Option<Ns> {
    let (n, d) = (
        u64::try_from(info.fps().numer()).ok()?,
        u64::try_from(info.fps().denom()).ok()?,
    );
    (n > 0).then(|| d * crate::core::SECOND / n)
}

fn layout(format: gst_video::VideoFormat) -> Option<Layout> {
    use gst_video::VideoFormat as F;
    Some(match format {
        F::Gray8 => Layout::Gray8,
        F::I420 => Layout::I420,
        F::Yv12 => Layout::Yv12,
        F::Nv12 => Layout::Nv12,
        F::Nv21 => Layout::Nv21,
        F::Nv16 => Layout::Nv16,
        F::Y42b => Layout::Y42b,
        F::Y444 => Layout::Y444,
        F::Yuy2 => Layout::Yuy2,
        F::Uyvy => Layout::Uyvy,
        F::Ayuv => Layout::Ayuv,
        F::Rgb => Layout::Rgb,
        F::Bgr => Layout::Bgr,
        F::Rgba => Layout::Rgba,
        F::Bgra => Layout::Bgra,
        F::Rgbx => Layout::Rgbx,
        F::Bgrx => Layout::Bgrx,
        F::Gray16Le => Layout::Gray16Le,
        F::I42010le => Layout::I42010Le,
        F::I42210le => Layout::I42210Le,
        F::Y44410le => Layout::Y44410Le,
        F::P01010le => Layout::P01010Le,
        F::V210 => Layout::V210,
        _ => return None,
    })
}
